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
                Row::Record(numbered(tick, last))
            }
            row => row,
        }));
    }
}

fn series(tick: &Tick) -> (Venue, Symbol) {
    (tick.venue().clone(), tick.symbol().clone())
}

/// The tick with its number counted from `last` down.
fn numbered(tick: Tick, last: i64) -> Tick {
    let again = Tick::builder(tick.symbol().clone(), tick.ts())
        .venue(tick.venue().clone())
        .price(tick.price())
        .quantity(tick.quantity())
        .side(tick.side())
        .trade_id(tick.trade_id().cloned())
        .received_ts(tick.received_ts())
        .sequence(last - tick.sequence())
        .key(tick.key())
        .build();
    // It was a tick before.
    again.unwrap_or(tick)
}
