//! One trade, told twice.

use std::collections::HashMap;

use tradekeep_models::record::Record;
use tradekeep_models::{NANOS_PER_SECOND, Tick, TimeUnit, TradeId};
use tradekeep_store_traits::contradicts;

use super::group::Group;
use super::{Met, other_kind, second};

/// Ticks in a coarser unit than the others of their group that are looked for by themselves, at most.
const FEW: usize = 64;

/// The ticks of a group, and those of them that are told elsewhere too.
#[derive(Debug)]
pub(super) struct Twins<'a> {
    ticks: &'a [Tick],
    pub(super) group: &'a Group,
    /// What was found, by their places.
    pub(super) met: HashMap<usize, Met>,
    /// Stored ticks that are told otherwise, and have nothing to tell them by.
    nameless: usize,
}

impl<'a> Twins<'a> {
    pub(super) fn new(ticks: &'a [Tick], group: &'a Group) -> Self {
        Self { ticks, group, met: HashMap::new(), nameless: 0 }
    }

    /// Holds the ticks of the group against each other: of two that are one, the later is not to be stored.
    pub(super) fn among_themselves(&mut self) {
        let mut of_id: HashMap<&TradeId, Vec<usize>> = HashMap::new();
        for (place, tick) in self.ticks.iter().enumerate().filter(|(_, tick)| self.group.has(tick))
        {
            if let Some(id) = tick.trade_id() {
                of_id.entry(id).or_default().push(place);
            }
        }
        for places in of_id.into_values().filter(|places| places.len() > 1) {
            for (nth, place) in places.iter().enumerate() {
                let before = places[..nth]
                    .iter()
                    .find_map(|other| self.verdict(*place, &self.ticks[*other]));
                self.met.extend(before.map(|met| (*place, met)));
            }
        }
    }

    /// Holds the ticks of the group against stored ones, in order of time; answers whether these are of another kind.
    pub(super) fn meet(&mut self, stored: &[Tick]) -> bool {
        let group = self.group;
        let (Some(first), Some(last)) = (stored.first(), stored.last()) else { return false };
        if stored.iter().any(|tick| tick.is_aggregated() != group.aggregated) {
            self.are_of_other_kind();
            return true;
        }
        let seconds = second(first.ts())..second(last.ts()) + NANOS_PER_SECOND;
        let mut of_id: HashMap<&TradeId, Vec<&Tick>> = HashMap::with_capacity(stored.len());
        for tick in stored {
            match tick.trade_id() {
                Some(id) => of_id.entry(id).or_default().push(tick),
                None => self.nameless += usize::from(TimeUnit::of(tick.ts()) != self.group.unit),
            }
        }
        let near = |tick: &Tick| seconds.contains(&tick.ts().as_nanos()) && group.has(tick);
        for (place, tick) in self.ticks.iter().enumerate().filter(|(_, tick)| near(tick)) {
            let Some(id) = tick.trade_id() else {
                self.nameless += usize::from(!of_id.is_empty());
                continue;
            };
            for other in of_id.get(id).into_iter().flatten() {
                let met = self.verdict(place, other);
                self.met.extend(met.map(|met| (place, met)));
            }
        }
        false
    }

    /// None of them is to be stored.
    pub(super) fn are_of_other_kind(&mut self) {
        let (group, met) = (self.group, Met::OtherKind(other_kind(self.group)));
        let of_it = self.ticks.iter().enumerate().filter(|(_, tick)| group.has(tick));
        self.met = of_it.map(|(place, _)| (place, met.clone())).collect();
    }

    /// Where the stretches of time are that those stand for which are told in a coarser unit; nothing where they are
    /// many.
    pub(super) fn few_coarse(&self) -> Vec<(i64, TimeUnit)> {
        let of_it = self.ticks.iter().filter(|tick| self.group.has(tick));
        let told = of_it.map(|tick| (tick.ts().as_nanos(), TimeUnit::of(tick.ts())));
        let coarse: Vec<_> =
            told.filter(|(_, unit)| *unit < self.group.unit).take(FEW + 1).collect();
        if coarse.len() > FEW { Vec::new() } else { coarse }
    }

    /// Whether so much is stored that is told otherwise, and has no id, that it may well be the same.
    pub(super) fn seems_doubled(&self) -> bool {
        self.nameless > 0 && self.nameless * 20 > self.group.count
    }

    /// What a tick of the group is to another one of its id; nothing where that is another trade, or stands at the same
    /// time to the nanosecond, of which the store tells.
    fn verdict(&self, place: usize, other: &Tick) -> Option<Met> {
        let tick = &self.ticks[place];
        let unit = TimeUnit::of(tick.ts()).min(TimeUnit::of(other.ts())).nanos();
        let is_at = |tick: &Tick| tick.ts().as_nanos().div_euclid(unit);
        if tick.ts() == other.ts() || is_at(tick) != is_at(other) {
            return None;
        }
        Some(match tick.conflicts_in(other).as_slice() {
            [] => Met::Same,
            differing => Met::Conflict(contradicts(Tick::TABLE, differing)),
        })
    }
}
