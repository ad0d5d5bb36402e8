//! The reference store: every promise in the plainest code, in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Day, InvalidInput, Page, StreamId, Symbol, Tick, TickCursor,
    TickFilter, TickKey, TickQuery, Timestamp, Venue,
};

use crate::{
    Ack, Act, Batch, ErrorKind, Health, Partition, PartitionAdmin, Probe, RecordSink, Records,
    Result, Stage, StoreError, Table, TickSeries, TickStore, Token,
};

const STORE: &str = "memory";

/// Ticks that a [`MemoryStore`] holds unless told otherwise.
const DEFAULT_CAPACITY: usize = 10_000_000;

/// A store in memory: the reference that others are compared with, and `memory://`.
///
/// It is bounded: a batch that would pass its capacity is refused whole. Everything is gone when it
/// is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use tradekeep_models::{Symbol, Tick, TickFilter, TickQuery};
/// use tradekeep_store_traits::{MemoryStore, RecordSinkExt, TickStore};
///
/// let store = MemoryStore::new();
/// let tick = Tick::builder(Symbol::new("BTC-USD")?, "2024-08-08".parse()?)
///     .price("61837.63".parse()?)
///     .quantity("0.02".parse()?)
///     .build()?;
/// store.save_ticks(vec![tick.clone()]).await?;
/// let page = store.ticks(&TickQuery::new(TickFilter::default())).await?;
/// assert_eq!(page.items, [tick]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MemoryStore {
    capacity: usize,
    state: Mutex<State>,
}

type Order = (Timestamp, i64, TickKey, Venue, Symbol);
type Identity = (Venue, Symbol, Timestamp, TickKey);

#[derive(Debug, Default)]
struct State {
    ticks: BTreeMap<Order, Tick>,
    identities: HashSet<Identity>,
    watermarks: HashMap<(StreamId, u64, Table), u64>,
    last_token: u64,
    closed: bool,
}

fn identity(tick: &Tick) -> Identity {
    (tick.venue().clone(), tick.symbol().clone(), tick.ts(), tick.key())
}

fn order(tick: &Tick) -> Order {
    let (ts, sequence, key, venue, symbol) = tick.order();
    (ts, sequence, key, venue.clone(), symbol.clone())
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store for up to ten million ticks.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// An empty store for up to `capacity` ticks.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    fn open(&self, op: &'static str) -> Result<MutexGuard<'_, State>> {
        // The state is changed only in steps that cannot panic half-way.
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::new(ErrorKind::Connection, STORE, op, "the store is closed"));
        }
        Ok(state)
    }
}

impl State {
    fn matching<'a>(&'a self, filter: &'a TickFilter) -> impl Iterator<Item = &'a Tick> {
        self.ticks.values().filter(move |tick| filter.matches(tick))
    }
}

#[async_trait]
impl RecordSink for MemoryStore {
    async fn write(&self, batch: &Batch) -> Result<Ack> {
        let mut state = self.open("write")?;
        let Records::Ticks(ticks) = batch.records();
        let table = batch.records().table();
        let position = batch.origin().map(|o| (o.stream.clone(), o.epoch, table));
        let seen = position.as_ref().and_then(|position| state.watermarks.get(position).copied());
        let mut identities = HashSet::new();
        let replayed = batch.origin().map_or(0, |origin| origin.replayed(seen));
        let new: Vec<&Tick> = ticks[replayed..]
            .iter()
            .filter(|tick| !state.identities.contains(&identity(tick)))
            .filter(|tick| identities.insert(identity(tick)))
            .collect();
        if state.ticks.len() + new.len() > self.capacity {
            let context = format!("the store is full: it holds {} ticks at most", self.capacity);
            return Err(
                StoreError::new(ErrorKind::Write, STORE, "write", context).with_act(Act::Halt)
            );
        }
        let inserted = new.len();
        state.ticks.extend(new.into_iter().map(|tick| (order(tick), tick.clone())));
        state.identities.extend(identities);
        if let (Some(position), Some(last)) =
            (position, batch.origin().and_then(|origin| origin.seqs.last().copied()))
        {
            let mark = state.watermarks.entry(position).or_default();
            *mark = last.max(*mark);
        }
        state.last_token += 1;
        let token = Token(state.last_token);
        let duplicates = (ticks.len() - inserted) as u64;
        Ok(Ack { stage: Stage::Applied, token, inserted: inserted as u64, duplicates })
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        let state = self.open("settle")?;
        if tokens.iter().any(|token| !(1..=state.last_token).contains(&token.0)) {
            let context = "the token is not of this store";
            return Err(StoreError::new(ErrorKind::NotFound, STORE, "settle", context));
        }
        Ok(vec![Stage::Applied; tokens.len()])
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        let position = (stream.clone(), epoch, table);
        Ok(self.open("watermark")?.watermarks.get(&position).copied())
    }

    async fn close(&self) -> Result<()> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        Ok(())
    }
}

fn invalid(op: &'static str) -> impl Fn(InvalidInput) -> StoreError {
    move |error| StoreError::invalid(STORE, op, &error)
}

#[async_trait]
impl TickStore for MemoryStore {
    async fn ticks(&self, query: &TickQuery) -> Result<Page<Tick, TickCursor>> {
        query.validate().map_err(invalid("ticks"))?;
        let state = self.open("ticks")?;
        let behind = |tick: &&Tick| query.after.as_ref().is_none_or(|at| at.is_before(tick));
        let rows = state.matching(&query.filter).filter(behind).take(query.limit + 1);
        Ok(query.page(rows.cloned().collect()))
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        query.validate().map_err(invalid("candles"))?;
        let filter = TickFilter {
            venue: Some(query.venue.clone()),
            symbol: Some(query.symbol.clone()),
            range: query.tick_range(),
        };
        let state = self.open("candles")?;
        let mut found =
            Candle::from_ticks(query.interval, state.matching(&filter)).map_err(|error| {
                StoreError::new(ErrorKind::Query, STORE, "candles", error.to_string())
            })?;
        found.truncate(query.limit + 1);
        Ok(query.page(found))
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        let mut series: BTreeMap<(&Venue, &Symbol), TickSeries> = BTreeMap::new();
        let state = self.open("series")?;
        for tick in state.ticks.values() {
            let (venue, symbol, ts) = (tick.venue(), tick.symbol(), tick.ts());
            let entry = series.entry((venue, symbol)).or_insert_with(|| TickSeries {
                venue: venue.clone(),
                symbol: symbol.clone(),
                count: 0,
                first_ts: ts,
                last_ts: ts,
            });
            entry.count += 1;
            entry.last_ts = ts;
        }
        Ok(series.into_values().collect())
    }
}

#[async_trait]
impl PartitionAdmin for MemoryStore {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        let Table::Ticks = table;
        let mut days: BTreeMap<Day, Partition> = BTreeMap::new();
        let state = self.open("partitions")?;
        for tick in state.ticks.values() {
            let day = tick.ts().day();
            let entry = days.entry(day).or_insert(Partition { day, rows: 0, bytes: 0 });
            entry.rows += 1;
            entry.bytes += size_of::<Tick>() as u64;
        }
        Ok(days.into_values().collect())
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        let Table::Ticks = table;
        let mut state = self.open("drop")?;
        let before = state.ticks.len();
        let keep = |ts: Timestamp| !days.contains(&ts.day());
        state.ticks.retain(|_, tick| keep(tick.ts()));
        state.identities.retain(|(_, _, ts, _)| keep(*ts));
        Ok((before - state.ticks.len()) as u64)
    }
}

#[async_trait]
impl Probe for MemoryStore {
    async fn health(&self) -> Health {
        let open = self.open("health");
        let full = open.as_ref().is_ok_and(|state| state.ticks.len() >= self.capacity);
        let trouble = |cause: String, remedy: &str| crate::Trouble { cause, remedy: remedy.into() };
        let mut troubles = Vec::new();
        if let Err(error) = &open {
            troubles.push(trouble(error.context.clone(), "open a new one"));
        }
        if full {
            let cause = format!("the store holds its {} ticks", self.capacity);
            troubles.push(trouble(cause, "drop old days, or open it with a larger capacity"));
        }
        Health {
            store: STORE,
            version: None,
            readable: open.is_ok(),
            writable: open.is_ok() && !full,
            troubles,
        }
    }
}
