//! Files whose newest row comes first: of rows of one time, the last came first too.

use std::collections::{HashMap, VecDeque};

use tradekeep_models::{Symbol, Tick, Timestamp, Venue};

use crate::Row;

/// Rows of one time that are held, to be numbered from their end. What has more of them is read as it stands.
const MOST: usize = 65_536;

/// Numbers rows of one time from their end, as long as times only fall.
#[derive(Debug)]
pub(crate) struct Backwards {
    times: Times,
    /// The time of the rows that are held.
    ts: Option<Timestamp>,
    /// They, and whether their number was counted here.
    held: Vec<(Row<Tick>, bool)>,
    ready: VecDeque<Row<Tick>>,
}

/// Which way the times of a file go.
#[derive(Debug, PartialEq, Eq)]
enum Times {
    /// All rows so far have the same.
    Alike,
    /// They fell at each change.
    Fall,
    /// They rose once.
    Rise,
}

impl Backwards {
    pub(crate) const fn new() -> Self {
        Self { times: Times::Alike, ts: None, held: Vec::new(), ready: VecDeque::new() }
    }

    /// The next row whose number is known.
    pub(crate) fn ready(&mut self) -> Option<Row<Tick>> {
        self.ready.pop_front()
    }

    /// Whether rows come as they stand from here on.
    pub(crate) fn is_over(&self) -> bool {
        self.times == Times::Rise && self.ready.is_empty()
    }

    /// Takes a row. `is_counted` says that its number is its place among the rows of its time.
    pub(crate) fn take(&mut self, row: Row<Tick>, is_counted: bool) {
        if let Row::Record(tick) = &row {
            let ts = tick.ts();
            match self.ts {
                Some(before) if ts < before => {
                    self.times = Times::Fall;
                    self.release();
                }
                Some(before) if ts > before => {
                    self.times = Times::Rise;
                    self.release();
                }
                _ => {}
            }
            self.ts = Some(ts);
        }
        self.held.push((row, is_counted));
        if self.held.len() > MOST {
            self.times = Times::Rise;
        }
        if self.times == Times::Rise {
            self.release();
        }
    }

    /// There are no more rows.
    pub(crate) fn end(&mut self) {
        self.release();
    }

    /// Lets go of the rows that are held.
    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        if self.times != Times::Fall {
            self.ready.extend(held.into_iter().map(|(row, _)| row));
            return;
        }
        let mut last: HashMap<(Venue, Symbol), i64> = HashMap::new();
        for (row, is_counted) in &held {
            if let (Row::Record(tick), true) = (row, is_counted) {
                let last = last.entry(series(tick)).or_default();
                *last = tick.sequence().max(*last);
            }
        }
        self.ready.extend(held.into_iter().map(|(row, is_counted)| match row {
            Row::Record(tick) if is_counted => {
                let last = last.get(&series(&tick)).copied().unwrap_or_default();
                let place = last - tick.sequence();
                Row::Record(tick.with_sequence(place))
            }
            row => row,
        }));
    }
}

fn series(tick: &Tick) -> (Venue, Symbol) {
    (tick.venue().clone(), tick.symbol().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_number_changes() {
        let tick = |id: &str, second: i64, place| {
            let ts = Timestamp::from_nanos(second * 1_000_000_000).unwrap();
            let tick = Tick::builder(Symbol::new("X").unwrap(), ts).price(1.into());
            let tick = tick.quantity(2.into()).received_ts(Timestamp::MAX).aggregated(true);
            tick.trade_id(id.parse::<tradekeep_models::TradeId>().unwrap()).sequence(place).build()
        };
        let mut order = Backwards::new();
        for (id, second, place) in [("c", 2, 0), ("b", 1, 0), ("a", 1, 1)] {
            order.take(Row::Record(tick(id, second, place).unwrap()), true);
        }
        order.end();
        let expected = [("c", 2, 0), ("b", 1, 1), ("a", 1, 0)];
        for (id, second, place) in expected {
            assert_eq!(order.ready(), Some(Row::Record(tick(id, second, place).unwrap())));
        }
    }
}
