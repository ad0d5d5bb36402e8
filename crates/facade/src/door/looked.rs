//! Stored ticks that are told otherwise, read ahead: of the same unit they are one of a thousand.

use tradekeep_models::{
    NANOS_PER_SECOND, Symbol, Tick, TickFilter, TimeRange, Timestamp, Told, Venue,
};
use tradekeep_store_traits::{Result, SeriesStore};

use super::group::Group;
use super::second;

/// Ticks of a page of what is stored.
const PAGE: usize = 10_000;

/// What a stretch of a series has of such ticks.
#[derive(Debug, Default)]
pub(super) struct Looked {
    of: Option<((Venue, Symbol), Option<Told>)>,
    from: i64,
    to: i64,
    ticks: Vec<Tick>,
}

impl Looked {
    /// Those from `at` on that are unlike some, or all, and where what is known of them ends: at `to`, or before.
    ///
    /// What is read is twice as far as what was read before it, up to `end`, for what comes next.
    pub(super) async fn at(
        &mut self,
        store: &dyn SeriesStore,
        group: &Group,
        unlike: Option<Told>,
        (at, to): (i64, i64),
        end: i64,
    ) -> Result<(&[Tick], i64)> {
        let is_same =
            self.of.as_ref().is_some_and(|(name, told)| *name == group.name && *told == unlike);
        if !(is_same && self.from <= at && at < self.to) {
            let before = if is_same && self.to == at { self.to - self.from } else { 0 };
            let far = at.saturating_add(before.saturating_mul(2)).max(to).min(end.max(to));
            let (ticks, to) = read(store, group, unlike, (at, far)).await?;
            *self = Self { of: Some((group.name.clone(), unlike)), from: at, to, ticks };
        }
        let first = self.ticks.partition_point(|tick| tick.ts().as_nanos() < at);
        let last = self.ticks.partition_point(|tick| tick.ts().as_nanos() < to);
        Ok((&self.ticks[first..last.max(first)], to.min(self.to)))
    }
}

/// The stored ticks of a range, `unlike` some or all; where they are many those of its first seconds, and where these
/// end.
async fn read(
    store: &dyn SeriesStore,
    group: &Group,
    unlike: Option<Told>,
    (from, to): (i64, i64),
) -> Result<(Vec<Tick>, i64)> {
    let (start, end) = (Timestamp::from_nanos(from).ok(), Timestamp::from_nanos(to).ok());
    let range = TimeRange::new(start.unwrap_or(Timestamp::MIN), end).unwrap_or(TimeRange::ALL);
    let (venue, symbol) = group.name.clone();
    let filter = TickFilter { venue: Some(venue), symbol: Some(symbol), range, unlike };
    let (mut ticks, mut after) = (Vec::new(), None);
    loop {
        let page = store.ticks(filter.clone()).limit(PAGE).after(after).page().await?;
        ticks.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok((ticks, to));
        }
        // The last second may go on behind the page.
        let last = ticks.last().map_or(to, |tick: &Tick| second(tick.ts()));
        if last >= from + NANOS_PER_SECOND {
            ticks.truncate(ticks.partition_point(|tick| tick.ts().as_nanos() < last));
            return Ok((ticks, last));
        }
    }
}
