//! Counting rows that nothing tells apart, in bounded memory.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use tradekeep_models::{InvalidInput, Symbol, TickKey, Timestamp, Venue};

/// Distinct groups, of one series and time each, whose rows are remembered.
pub(crate) const WINDOW_GROUPS: usize = 262_144;
/// Distinct rows that are remembered in all of them.
const WINDOW_ROWS: usize = 1_048_576;
/// Distinct series in a file.
const MOST_SERIES: usize = 1_048_576;

/// What was counted before a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Rows of the same series and time before it.
    pub(crate) ordinal: u32,
    /// Equal rows among them.
    pub(crate) occurrence: u32,
}

/// Counts rows by series and time; a series of ticks is a venue and a symbol.
///
/// Groups leave in the order in which they came, so files in time order, up or down, are counted
/// exactly whatever their size; so are files that are out of order by less than the window. A row
/// that might belong to a group that has left is refused rather than miscounted.
#[derive(Debug)]
pub(crate) struct Occurrences<S = (Venue, Symbol)> {
    names: HashMap<S, usize>,
    series: Vec<SeriesTimes<S>>,
    /// The series of the last row.
    last: usize,
    /// Every remembered group, oldest first. The front one has the number `forgotten`.
    window: VecDeque<Slot>,
    forgotten: u64,
    /// The numbers of the groups, made when a row first comes out of order: most files need none.
    index: Option<HashMap<(usize, i64), u64>>,
    /// Kinds of rows in all of them.
    rows: usize,
    limits: Limits,
    words: Words,
}

/// What people call a series, and what would tell its rows apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) series: &'static str,
    pub(crate) id: &'static str,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    groups: usize,
    rows: usize,
    series: usize,
}

/// The times of one series.
#[derive(Debug)]
struct SeriesTimes<S> {
    name: S,
    /// Time and number of the last row's group.
    current: Option<(i64, u64)>,
    /// The times of all groups so far are within these, and those of the forgotten ones.
    seen: Option<(i64, i64)>,
    left: Option<(i64, i64)>,
}

/// A group and whose it is.
#[derive(Debug)]
struct Slot {
    series: usize,
    ts: i64,
    group: Group,
}

/// The rows of one series and time.
#[derive(Debug, Default)]
struct Group {
    rows: u32,
    kinds: Kinds,
}

/// How many rows there are of each kind, by a hash of their content.
#[derive(Debug, Default)]
enum Kinds {
    #[default]
    None,
    One(i64, u32),
    #[expect(clippy::box_collection, reason = "most groups are one row, and there are many")]
    Many(Box<HashMap<i64, u32>>),
}

impl Kinds {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(..) => 1,
            Self::Many(counts) => counts.len(),
        }
    }

    /// Counts a row of `kind`, and answers how many there were before.
    fn count(&mut self, kind: i64) -> u32 {
        match self {
            Self::None => *self = Self::One(kind, 1),
            Self::One(only, count) if *only == kind => return post_increment(count),
            Self::One(only, count) => {
                *self = Self::Many(Box::new(HashMap::from([(*only, *count), (kind, 1)])));
            }
            Self::Many(counts) => return post_increment(counts.entry(kind).or_default()),
        }
        0
    }
}

const fn post_increment(count: &mut u32) -> u32 {
    let before = *count;
    *count = before.saturating_add(1);
    before
}

fn widen(range: &mut Option<(i64, i64)>, ts: i64) {
    *range = Some(range.map_or((ts, ts), |(low, high)| (low.min(ts), high.max(ts))));
}

fn covers(range: Option<(i64, i64)>, ts: i64) -> bool {
    range.is_some_and(|(low, high)| low <= ts && ts <= high)
}

const LIMITS: Limits = Limits { groups: WINDOW_GROUPS, rows: WINDOW_ROWS, series: MOST_SERIES };

const OF_TICKS: Words = Words { series: "symbol", id: "trade_id" };

impl Default for Occurrences {
    fn default() -> Self {
        Self::new(OF_TICKS)
    }
}

impl Occurrences {
    /// Counts a tick. `kind` is the key it has when no tick before equals it; ticks that have a key of
    /// their own give none.
    pub(crate) fn count(
        &mut self,
        venue: &Venue,
        symbol: &Symbol,
        ts: Timestamp,
        kind: Option<TickKey>,
    ) -> Result<Counted, InvalidInput> {
        let is_last = |(v, s): &(Venue, Symbol)| s == symbol && v == venue;
        let name = || (venue.clone(), symbol.clone());
        self.count_in(is_last, name, ts, kind.map(|key| key.0))
    }
}

impl<S: Clone + Eq + Hash> Occurrences<S> {
    pub(crate) fn new(words: Words) -> Self {
        Self::with_limits(LIMITS, words)
    }

    fn with_limits(limits: Limits, words: Words) -> Self {
        Self {
            names: HashMap::new(),
            series: Vec::new(),
            last: 0,
            window: VecDeque::new(),
            forgotten: 0,
            index: None,
            rows: 0,
            limits,
            words,
        }
    }

    /// Counts a row of the series that `is` answers true for, or else has the name `name`. Rows that
    /// are told apart by themselves are of no `kind`.
    pub(crate) fn count_in(
        &mut self,
        is: impl Fn(&S) -> bool,
        name: impl FnOnce() -> S,
        ts: Timestamp,
        kind: Option<i64>,
    ) -> Result<Counted, InvalidInput> {
        let ts = ts.as_nanos();
        let id = self.series(is, name)?;
        let number = self.number(id, ts)?;
        let number = self.make_room(number)?;
        let Some(slot) = self.slot(number) else {
            return Err(out_of_order(self.limits.groups));
        };
        let before = slot.group.kinds.len();
        let occurrence = kind.map_or(0, |kind| slot.group.kinds.count(kind));
        let ordinal = post_increment(&mut slot.group.rows);
        let after = slot.group.kinds.len();
        self.rows += after - before;
        Ok(Counted { ordinal, occurrence })
    }

    fn series(
        &mut self,
        is: impl Fn(&S) -> bool,
        name: impl FnOnce() -> S,
    ) -> Result<usize, InvalidInput> {
        if self.series.get(self.last).is_some_and(|last| is(&last.name)) {
            return Ok(self.last);
        }
        let name = name();
        let next = self.series.len();
        self.last = match self.names.get(&name) {
            Some(id) => *id,
            None if next >= self.limits.series => {
                let series = self.words.series;
                return Err(InvalidInput::new(
                    series,
                    format!("is beyond the {next} {series}s of one file: split it by {series}"),
                ));
            }
            None => {
                let series =
                    SeriesTimes { name: name.clone(), current: None, seen: None, left: None };
                self.series.push(series);
                self.names.insert(name, next);
                next
            }
        };
        Ok(self.last)
    }

    /// The number of the group of series `id` at `ts`, a new one if need be.
    fn number(&mut self, id: usize, ts: i64) -> Result<u64, InvalidInput> {
        let series = &self.series[id];
        let is_current = |(at, number): &(i64, u64)| *at == ts && *number >= self.forgotten;
        if let Some((_, number)) = series.current.filter(is_current) {
            return Ok(number);
        }
        // Beyond all times so far nothing can be remembered or forgotten.
        let known = covers(series.seen, ts).then(|| self.find(id, ts)).flatten();
        let number = match known {
            Some(number) => number,
            None if covers(self.series[id].left, ts) => {
                return Err(out_of_order(self.limits.groups));
            }
            None => {
                if self.window.len() >= self.limits.groups {
                    self.forget_oldest();
                }
                widen(&mut self.series[id].seen, ts);
                self.push(Slot { series: id, ts, group: Group::default() })
            }
        };
        self.series[id].current = Some((ts, number));
        Ok(number)
    }

    fn find(&mut self, id: usize, ts: i64) -> Option<u64> {
        let numbered = || self.window.iter().zip(self.forgotten..);
        let index = self.index.get_or_insert_with(|| {
            numbered().map(|(slot, number)| ((slot.series, slot.ts), number)).collect()
        });
        index.get(&(id, ts)).copied()
    }

    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let place = number.checked_sub(self.forgotten)?;
        self.window.get_mut(usize::try_from(place).ok()?)
    }

    fn push(&mut self, slot: Slot) -> u64 {
        let number = self.forgotten + u64::try_from(self.window.len()).unwrap_or(u64::MAX);
        if let Some(index) = &mut self.index {
            index.insert((slot.series, slot.ts), number);
        }
        self.window.push_back(slot);
        number
    }

    fn pop(&mut self) -> Option<Slot> {
        let slot = self.window.pop_front()?;
        self.forgotten += 1;
        if let Some(index) = &mut self.index {
            index.remove(&(slot.series, slot.ts));
        }
        Some(slot)
    }

    fn forget_oldest(&mut self) {
        if let Some(slot) = self.pop() {
            widen(&mut self.series[slot.series].left, slot.ts);
            self.rows -= slot.group.kinds.len();
        }
    }

    /// Forgets the oldest groups, but not the one of `number`, until the rows are within their
    /// limit; answers the number it has then.
    fn make_room(&mut self, mut number: u64) -> Result<u64, InvalidInput> {
        while self.rows > self.limits.rows {
            if number != self.forgotten {
                self.forget_oldest();
            } else if self.window.len() > 1
                && let Some(slot) = self.pop()
            {
                let (id, ts) = (slot.series, slot.ts);
                number = self.push(slot);
                self.series[id].current = Some((ts, number));
            } else {
                return Err(InvalidInput::new(
                    "ts",
                    format!(
                        "is shared by more than {} different rows: give them a {}",
                        self.limits.rows, self.words.id
                    ),
                ));
            }
        }
        Ok(number)
    }
}

fn out_of_order(groups: usize) -> InvalidInput {
    InvalidInput::new(
        "ts",
        format!("is out of time order by more than {groups} distinct times: sort the file by time"),
    )
}

#[cfg(test)]
mod tests;
