//! Ticks of one series and kind, and how they are told.

use tradekeep_models::{Symbol, Tick, TimeUnit, Timestamp, Venue};

/// Ticks of one series, all aggregated or none.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: (Venue, Symbol),
    pub(super) aggregated: bool,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// The coarsest unit in which all their times are whole.
    pub(super) unit: TimeUnit,
    pub(super) count: usize,
    /// How many are whole in each unit, and in no coarser one.
    whole: [usize; TimeUnit::ALL.len()],
    /// How many came before them, and were told in a coarser unit than the others.
    before: (usize, usize),
}

impl Group {
    fn of(tick: &Tick) -> Self {
        Self {
            name: (tick.venue().clone(), tick.symbol().clone()),
            aggregated: tick.is_aggregated(),
            first: tick.ts(),
            last: tick.ts(),
            unit: TimeUnit::Seconds,
            count: 0,
            whole: [0; _],
            before: (0, 0),
        }
    }

    pub(super) fn has(&self, tick: &Tick) -> bool {
        let (venue, symbol) = &self.name;
        symbol == tick.symbol() && venue == tick.venue() && self.aggregated == tick.is_aggregated()
    }

    fn add(&mut self, ts: Timestamp) {
        self.first = self.first.min(ts);
        self.last = self.last.max(ts);
        let unit = TimeUnit::of(ts);
        self.unit = self.unit.max(unit);
        self.whole[unit as usize] += 1;
        self.count += 1;
    }

    /// These follow others of their series, so many of which so many were told in a coarser unit.
    pub(super) fn follow(&mut self, unit: TimeUnit, count: usize, coarse: usize) {
        self.unit = self.unit.max(unit);
        self.before = (count, coarse);
    }

    /// All so far, and how many of them were told in a coarser unit than the others.
    pub(super) fn told(&self) -> (usize, usize) {
        (self.before.0 + self.count, self.before.1 + self.coarse())
    }

    /// How many are told in a coarser unit than the others, or so by chance, as one of a thousand is.
    fn coarse(&self) -> usize {
        self.whole[..self.unit as usize].iter().sum()
    }

    /// Whether many are told in a coarser unit than the others.
    pub(super) fn is_mixed(&self) -> bool {
        self.coarse() > 3 && self.coarse() * 100 > self.count
    }

    /// Whether one of them may be told in a coarser unit than the others: more than chance has it.
    pub(super) fn may_repeat(&self) -> bool {
        let (count, coarse) = self.told();
        self.coarse() > 0 && coarse * 200 > count
    }
}

/// The groups of `ticks`.
pub(super) fn groups(ticks: &[Tick]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let mut last = 0;
    for tick in ticks {
        // Most are of the series of the one before.
        if !groups.get(last).is_some_and(|group| group.has(tick)) {
            let key = (tick.venue(), tick.symbol(), tick.is_aggregated());
            last = *places.entry(key).or_insert_with(|| {
                groups.push(Group::of(tick));
                groups.len() - 1
            });
        }
        groups[last].add(tick.ts());
    }
    groups
}
