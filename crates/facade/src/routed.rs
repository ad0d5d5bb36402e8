//! Several stores as one: each record goes to the store of its table, and comes from there.

mod metrics;
mod roles;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_models::{Day, StreamId, Table, Timestamp};
use tradekeep_store_traits::{
    Ack, ApproxLatencies, Batch, CandleViews, Capabilities, Delivery, ErrorKind, Maintenance,
    Partition, PartitionAdmin, Position, RecordSink, RecordStore, Result, Run, Stage, StoreError,
    TableStats, Token,
};

pub(crate) use self::store::Store;

use crate::Role;

/// Its name in errors.
const STORE: &str = "tradekeep";

/// The stores, each once.
pub(crate) struct Routed {
    stores: Vec<Store>,
    /// The place of each role's store, in the order of [`Role::ALL`].
    of: [usize; Role::ALL.len()],
}

impl Routed {
    /// The stores, and the place of each role's.
    pub(crate) const fn new(stores: Vec<Store>, of: [usize; Role::ALL.len()]) -> Self {
        Self { stores, of }
    }

    /// The store with this role.
    fn of(&self, role: Role) -> &Store {
        &self.stores[self.of[role.place()]]
    }

    /// The store of this table, written to directly.
    fn holds(&self, table: Table) -> &dyn RecordStore {
        &*self.of(Role::of(table)).records
    }

    /// Each store, to be asked for something that is no read.
    fn all(&self) -> impl Iterator<Item = &dyn RecordStore> {
        self.stores.iter().map(|store| &*store.records)
    }

    /// What keeps candles beside the ticks.
    pub(crate) fn candle_views(&self) -> Result<&dyn CandleViews> {
        self.of(Role::Ticks).candle_views()
    }

    /// What tells latencies without sorting them.
    pub(crate) fn approx_latencies(&self) -> Result<&dyn ApproxLatencies> {
        self.of(Role::Metrics).approx_latencies()
    }

    /// Whether one store has both roles.
    const fn share(&self, one: Role, other: Role) -> bool {
        self.of[one.place()] == self.of[other.place()]
    }

    /// Each store with its roles.
    pub(crate) fn stores(&self) -> impl Iterator<Item = (&Arc<dyn RecordStore>, Vec<Role>)> {
        let roles =
            move |place| Role::ALL.into_iter().filter(move |role| self.of[role.place()] == place);
        let stores = self.stores.iter().enumerate();
        stores.map(move |(place, store)| (&store.records, roles(place).collect()))
    }

    fn place_of(&self, table: Table) -> usize {
        self.of[Role::of(table).place()]
    }
}

#[async_trait]
impl RecordSink for Routed {
    fn capabilities(&self, table: Table) -> Capabilities {
        self.holds(table).capabilities(table)
    }

    async fn ping(&self) -> Result<()> {
        for store in self.all() {
            store.ping().await?;
        }
        Ok(())
    }

    fn prepare(&self, batch: &Batch) {
        self.holds(batch.records().table()).prepare(batch);
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        let place = self.place_of(batch.records().table());
        let mut ack = self.stores[place].records.write(batch).await?;
        ack.token = self.outer(place, ack.token).ok_or_else(|| {
            let context = "the store numbers its batches too high to tell them from another's: \
                           name one store for all series";
            StoreError::new(ErrorKind::Unsupported, STORE, "write", context)
                .with_delivery(Delivery::Unknown)
        })?;
        Ok(ack)
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        let mut stages = vec![Stage::Acked; tokens.len()];
        for (place, store) in self.all().enumerate() {
            let here = |(_, token): &(usize, &Token)| self.inner(**token).0 == place;
            let (asked, inner): (Vec<_>, Vec<_>) = (tokens.iter().enumerate().filter(here))
                .map(|(asked, token)| (asked, self.inner(*token).1))
                .unzip();
            // Asked for none, each still says whether it is open.
            if !inner.is_empty() || tokens.is_empty() {
                let found = store.settle(&inner).await?;
                asked.into_iter().zip(found).for_each(|(asked, stage)| stages[asked] = stage);
            }
        }
        Ok(stages)
    }

    async fn position(&self, table: Table, run: &Run) -> Result<Position> {
        self.holds(table).position(table, run).await
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        self.holds(table).watermark(stream, epoch, table).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>> {
        self.holds(table).durable_watermark(stream, epoch, table).await
    }

    async fn checkpoint(&self) -> Result<()> {
        let mut outcome = Ok(());
        for store in self.all() {
            outcome = outcome.and(store.checkpoint().await);
        }
        outcome
    }

    async fn close(&self) -> Result<()> {
        let mut outcome = Ok(());
        for store in self.all() {
            outcome = outcome.and(store.close().await);
        }
        outcome
    }
}

/// A store's token and its place in one number, so that nothing has to be kept of either.
impl Routed {
    fn outer(&self, place: usize, token: Token) -> Option<Token> {
        let stores = u64::try_from(self.stores.len()).ok()?;
        token.0.checked_mul(stores)?.checked_add(u64::try_from(place).ok()?).map(Token)
    }

    fn inner(&self, token: Token) -> (usize, Token) {
        let stores = self.stores.len() as u64;
        let place = usize::try_from(token.0 % stores).unwrap_or_default();
        (place, Token(token.0 / stores))
    }
}

#[async_trait]
impl PartitionAdmin for Routed {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        self.holds(table).partitions(table).await
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        self.holds(table).drop_partitions(table, days).await
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        self.holds(table).floor(table).await
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        self.holds(table).set_floor(table, floor).await
    }
}

#[async_trait]
impl Maintenance for Routed {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        let mut tables = Vec::new();
        for (place, store) in self.all().enumerate() {
            let found = store.table_stats().await?;
            tables.extend(found.into_iter().filter(|stats| self.place_of(stats.table) == place));
        }
        tables.sort_by_key(|stats| stats.table);
        Ok(tables)
    }

    async fn optimize(&self) -> Result<()> {
        for store in self.all() {
            store.optimize().await?;
        }
        Ok(())
    }
}
