//! Ticks on their way in, held against what is stored of their series.

mod group;
mod looked;
mod twin;

use std::collections::HashMap;

use tradekeep_models::{
    NANOS_PER_SECOND, Symbol, Tick, TickFilter, TimeRange, TimeUnit, Timestamp, Told, Venue,
};
use tradekeep_store_traits::{ErrorKind, Result, SeriesStore, TickSeries};

use self::group::{Group, groups};
use self::looked::Looked;
use self::twin::Twins;

/// Finds the ticks that a store has already, told otherwise: in another unit of time, or several as one.
///
/// A store tells ticks apart by venue, symbol, time and id. A trade of 10:00:05.250866 that a stream tells as of
/// 10:00:05.250 has another time, and would be stored beside itself, and be in every volume twice. So what comes in is
/// held against what is stored within its range of time, where that is told otherwise; ticks later than all that is
/// stored, as live ones are, cost nothing. [`import`](crate::import()) does it by itself.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
/// use tradekeep::prelude::*;
/// use tradekeep::{Met, TickDoor};
///
/// let tick = |ts: &str| -> std::result::Result<Tick, Box<dyn std::error::Error>> {
///     let tick = Tick::builder(Symbol::new("BTC-USD")?, ts.parse()?).trade_id(TradeId::new("7")?);
///     Ok(tick.price("61837.63".parse()?).quantity("0.02".parse()?).build()?)
/// };
/// let keep = Tradekeep::open(&Config::from_url("memory://")?).await?;
/// keep.save(vec![tick("2024-08-08T10:00:05.250Z")?]).await?;
/// let more = [tick("2024-08-08T10:00:05.250866Z")?];
/// assert_eq!(TickDoor::default().check(&*keep.store(), &more).await?, [(0, Met::Same)]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct TickDoor {
    stored: Option<Stored>,
    /// What came in, of each series.
    own: HashMap<(Venue, Symbol), Own>,
    /// What was looked at last.
    looked: Looked,
    note: Option<String>,
}

/// What a tick is that is not to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Met {
    /// The same trade, told before in another unit of time.
    Same,
    /// A trade of its id and time is told with other content: what is wrong.
    Conflict(String),
    /// The store has single trades where this is several, or the other way round: what is wrong.
    OtherKind(String),
}

/// What was stored when it was first asked for.
#[derive(Debug)]
struct Stored {
    /// The latest tick of all.
    newest: Option<Timestamp>,
    series: Option<HashMap<(Venue, Symbol), TickSeries>>,
}

/// What came in of a series.
#[derive(Debug, Clone, Copy)]
struct Own {
    aggregated: bool,
    unit: TimeUnit,
    first: Timestamp,
    last: Timestamp,
    count: usize,
    coarse: usize,
}

impl TickDoor {
    /// Answers which of `ticks` are not to be stored, by their places, in order.
    ///
    /// A trade is the same where its id is, and its time as far as the coarser of the two units goes. Ticks without an
    /// id are not told so: see [`note`](Self::note).
    ///
    /// # Errors
    /// When the store cannot be read. Nothing is known of these ticks then, and they may be asked for again.
    pub async fn check(
        &mut self,
        store: &dyn SeriesStore,
        ticks: &[Tick],
    ) -> Result<Vec<(usize, Met)>> {
        let mut met = Vec::new();
        for mut group in groups(ticks) {
            let own = self.own.get(&group.name).copied();
            if let Some(own) = own {
                group.follow(own.unit, own.count, own.coarse);
            }
            let mut twins = Twins::new(ticks, &group);
            let kind = match own {
                Some(own) => Some(own.aggregated),
                None => self.kind(store, &group).await?,
            };
            if kind.is_some_and(|aggregated| aggregated != group.aggregated) {
                twins.are_of_other_kind();
                met.extend(twins.met);
                continue;
            }
            if group.may_repeat() {
                twins.among_themselves();
            }
            if let Some(overlap) = self.overlap(store, &group, own).await? {
                self.look(store, &group, &overlap, &mut twins).await?;
                if overlap.unit != group.unit && twins.seems_doubled() {
                    self.note.get_or_insert_with(|| doubled(&group, overlap.unit));
                }
            }
            met.extend(twins.met);
            let (count, coarse) = group.told();
            let Group { aggregated, first, last, unit, .. } = group;
            let (first, last) =
                own.map_or((first, last), |own| (own.first.min(first), own.last.max(last)));
            self.own.insert(group.name, Own { aggregated, unit, first, last, count, coarse });
        }
        met.sort_unstable_by_key(|(place, _)| *place);
        Ok(met)
    }

    /// What people are to know: ticks without an id seem to be stored already, told otherwise, and nothing tells.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether what is stored of the series of `group` is aggregated: the last tick before the group, or else the first
    /// behind it. Nothing where nothing is stored.
    async fn kind(&mut self, store: &dyn SeriesStore, group: &Group) -> Result<Option<bool>> {
        if self.newest(store).await?.is_none() {
            return Ok(None);
        }
        let list = |range| {
            let (venue, symbol) = group.name.clone();
            let (venue, symbol) = (Some(venue), Some(symbol));
            store.ticks(TickFilter { venue, symbol, range, unlike: None })
        };
        let behind = Timestamp::from_nanos(group.first.as_nanos() + 1).ok();
        let before = TimeRange::new(Timestamp::MIN, behind).unwrap_or(TimeRange::ALL);
        let found = match list(before).newest_first().first().await? {
            None => {
                list(TimeRange::new(group.first, None).unwrap_or(TimeRange::ALL)).first().await?
            }
            before => before,
        };
        Ok(found.map(|tick| tick.is_aggregated()))
    }

    /// The time of the latest tick of all that were stored when this was first asked.
    async fn newest(&mut self, store: &dyn SeriesStore) -> Result<Option<Timestamp>> {
        if self.stored.is_none() {
            let newest = store.ticks(TickFilter::default()).newest_first().first().await;
            let newest = match newest {
                // There are no tables yet.
                Err(error) if error.kind == ErrorKind::NotFound => None,
                newest => newest?.map(|tick| tick.ts()),
            };
            self.stored = Some(Stored { newest, series: None });
        }
        Ok(self.stored.as_ref().and_then(|stored| stored.newest))
    }

    /// Where ticks like those of `group` may be stored that are told otherwise.
    async fn overlap(
        &mut self,
        store: &dyn SeriesStore,
        group: &Group,
        own: Option<Own>,
    ) -> Result<Option<Overlap>> {
        let (from, to) = (second(group.first), second(group.last) + NANOS_PER_SECOND);
        let mut found: Option<Overlap> = None;
        if let Some(series) = self.series(store, group, from).await? {
            let is_alike = series.unit == TimeUnit::Seconds && group.unit == TimeUnit::Seconds;
            let of_its_kind = if group.aggregated { series.count } else { 0 };
            let end = second(series.last_ts) + NANOS_PER_SECOND;
            let (from, to) = (from.max(second(series.first_ts)), to.min(end));
            if from < to && (!is_alike || series.aggregated != of_its_kind) {
                found = Some(Overlap { from, to, end, unit: series.unit, is_still: true });
            }
        }
        // What came in itself is told as before, as long as nothing speaks against it.
        if let Some(own) = own.filter(|own| own.unit != group.unit || group.is_mixed()) {
            let end = second(own.last) + NANOS_PER_SECOND;
            let (from, to) = (from.max(second(own.first)), to.min(end));
            if from < to {
                let stored =
                    found.unwrap_or(Overlap { from, to, end, unit: own.unit, is_still: false });
                let (from, to) = (stored.from.min(from), stored.to.max(to));
                let unit = stored.unit.max(own.unit);
                found = Some(Overlap { from, to, end: to, unit, is_still: false });
            }
        }
        Ok(found)
    }

    /// What is stored of the series of `group`, unless all of it is before `from`.
    async fn series(
        &mut self,
        store: &dyn SeriesStore,
        group: &Group,
        from: i64,
    ) -> Result<Option<&TickSeries>> {
        if self.newest(store).await?.is_none_or(|newest| newest.as_nanos() < from) {
            return Ok(None);
        }
        let Some(stored) = &mut self.stored else { return Ok(None) };
        if stored.series.is_none() {
            let all = store.series().await?.into_iter();
            let all = all.map(|series| ((series.venue.clone(), series.symbol.clone()), series));
            stored.series = Some(all.collect());
        }
        Ok(stored.series.as_ref().and_then(|series| series.get(&group.name)))
    }

    /// Holds the group against what is stored in a range, as far as it may be told otherwise.
    async fn look(
        &mut self,
        store: &dyn SeriesStore,
        group: &Group,
        overlap: &Overlap,
        twins: &mut Twins<'_>,
    ) -> Result<()> {
        let like = Told { unit: group.unit, aggregated: group.aggregated };
        let unlike = Some(like).filter(|_| !group.is_mixed());
        if !overlap.is_still {
            self.looked = Looked::default();
        }
        let range = (overlap.from, overlap.to);
        if hold(&mut self.looked, store, unlike, range, overlap.end, twins).await? {
            return Ok(());
        }
        // The few that are told in a coarser unit than the others.
        if unlike.is_some() && group.may_repeat() {
            for (start, unit) in twins.few_coarse() {
                let range = (start.max(overlap.from), (start + unit.nanos()).min(overlap.to));
                if hold(&mut Looked::default(), store, None, range, range.1, twins).await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Holds a group against what is stored of it in a range, `unlike` some or all; answers whether that is of another
/// kind. The stored ones end at `end`.
async fn hold(
    looked: &mut Looked,
    store: &dyn SeriesStore,
    unlike: Option<Told>,
    (mut at, to): (i64, i64),
    end: i64,
    twins: &mut Twins<'_>,
) -> Result<bool> {
    while at < to {
        let (ticks, known) = looked.at(store, twins.group, unlike, (at, to), end).await?;
        if twins.meet(ticks) {
            return Ok(true);
        }
        at = known;
    }
    Ok(false)
}

/// Where ticks of a series may be stored that are told otherwise, in whole seconds, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Overlap {
    from: i64,
    to: i64,
    /// Where the stored ones end.
    end: i64,
    /// The finest unit in which they are told.
    unit: TimeUnit,
    /// Whether all of it was stored before anything came in.
    is_still: bool,
}

/// The second that a time is in.
fn second(ts: Timestamp) -> i64 {
    ts.as_nanos().div_euclid(NANOS_PER_SECOND) * NANOS_PER_SECOND
}

fn other_kind(group: &Group) -> String {
    let (venue, symbol) = &group.name;
    let (theirs, ours, name) = if group.aggregated {
        ("single trades", "aggregates of several", "aggregated")
    } else {
        ("aggregates of several trades", "single trades", "single")
    };
    format!(
        "{venue} {symbol} has {theirs}, and these are {ours}: in one series each trade would be in the volume twice; \
         give these a venue of their own, as {venue}-{name} (--venue of import, --set venue= of record), or leave them \
         out"
    )
}

fn doubled(group: &Group, unit: TimeUnit) -> String {
    let (venue, symbol) = &group.name;
    format!(
        "{venue} {symbol} is stored in {unit} where this is in {}, and not both have a trade_id: what is the same \
         trade cannot be told, and may be stored twice now",
        group.unit
    )
}
