//! Several stores as one: each record goes to the store of its table, and comes from there.

mod metrics;
mod roles;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_models::{Day, StreamId, Table, Timestamp};
use tradekeep_store_traits::{
    Ack, Batch, Capabilities, Delivery, ErrorKind, LayerConfig, Layered, Maintenance, Partition,
    PartitionAdmin, RecordSink, Result, SeriesStore, Stage, StoreError, TableStats, Token,
};

use crate::Role;

/// Its name in errors.
const STORE: &str = "tradekeep";

/// The stores, each once.
pub(crate) struct Routed {
    stores: Vec<Arc<dyn SeriesStore>>,
    /// The same, behind the layers that reads pass.
    reads: Vec<Layered<dyn SeriesStore>>,
    /// The place of each role's store, in the order of [`Role::ALL`].
    of: [usize; Role::ALL.len()],
}

impl Routed {
    /// The stores, each with its name in metrics and errors, and the place of each role's store; `layers` are what
    /// reads pass. Writes do not: delivery repeats by itself, and keeps the order of batches.
    pub(crate) fn new(
        stores: Vec<(&'static str, Arc<dyn SeriesStore>)>,
        of: [usize; Role::ALL.len()],
        layers: LayerConfig,
    ) -> Self {
        let reads =
            stores.iter().map(|(name, store)| Layered::new(name, Arc::clone(store), layers));
        let reads = reads.collect();
        Self { stores: stores.into_iter().map(|(_, store)| store).collect(), reads, of }
    }

    /// What reads the store with this role.
    fn of(&self, role: Role) -> &Layered<dyn SeriesStore> {
        &self.reads[self.of[role.place()]]
    }

    /// Whether one store has both roles.
    const fn share(&self, one: Role, other: Role) -> bool {
        self.of[one.place()] == self.of[other.place()]
    }

    /// Each store with its roles.
    pub(crate) fn stores(&self) -> impl Iterator<Item = (&Arc<dyn SeriesStore>, Vec<Role>)> {
        let roles =
            move |place| Role::ALL.into_iter().filter(move |role| self.of[role.place()] == place);
        self.stores.iter().enumerate().map(move |(place, store)| (store, roles(place).collect()))
    }

    fn place_of(&self, table: Table) -> usize {
        self.of[Role::of(table).place()]
    }
}

#[async_trait]
impl RecordSink for Routed {
    fn capabilities(&self, table: Table) -> Capabilities {
        self.stores[self.place_of(table)].capabilities(table)
    }

    async fn ping(&self) -> Result<()> {
        for store in &self.stores {
            store.ping().await?;
        }
        Ok(())
    }

    fn prepare(&self, batch: &Batch) {
        self.stores[self.place_of(batch.records().table())].prepare(batch);
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        let place = self.place_of(batch.records().table());
        let ack = self.stores[place].write(batch).await?;
        let token = self.outer(place, ack.token).ok_or_else(|| {
            let context = "the store numbers its batches too high to tell them from another's: \
                           name one store for all series";
            StoreError::new(ErrorKind::Unsupported, STORE, "write", context)
                .with_delivery(Delivery::Unknown)
        })?;
        Ok(Ack { token, ..ack })
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        let mut stages = vec![Stage::Acked; tokens.len()];
        for (place, store) in self.stores.iter().enumerate() {
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

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        self.stores[self.place_of(table)].watermark(stream, epoch, table).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>> {
        self.stores[self.place_of(table)].durable_watermark(stream, epoch, table).await
    }

    async fn checkpoint(&self) -> Result<()> {
        let mut outcome = Ok(());
        for store in &self.stores {
            outcome = outcome.and(store.checkpoint().await);
        }
        outcome
    }

    async fn close(&self) -> Result<()> {
        let mut outcome = Ok(());
        for store in &self.stores {
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
        self.stores[self.place_of(table)].partitions(table).await
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        self.stores[self.place_of(table)].drop_partitions(table, days).await
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        self.stores[self.place_of(table)].floor(table).await
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        self.stores[self.place_of(table)].set_floor(table, floor).await
    }
}

#[async_trait]
impl Maintenance for Routed {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        let mut tables = Vec::new();
        for (place, store) in self.stores.iter().enumerate() {
            let found = store.table_stats().await?;
            tables.extend(found.into_iter().filter(|stats| self.place_of(stats.table) == place));
        }
        tables.sort_by_key(|stats| stats.table);
        Ok(tables)
    }

    async fn optimize(&self) -> Result<()> {
        for store in &self.stores {
            store.optimize().await?;
        }
        Ok(())
    }
}
