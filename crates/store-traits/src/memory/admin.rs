//! What is stored, and how the store is.

use async_trait::async_trait;
use tradekeep_models::{Day, Timestamp};

use super::{MemoryStore, STORE};
use crate::{
    Health, Maintenance, Partition, PartitionAdmin, Probe, Result, Table, TableStats, Trouble,
};

#[async_trait]
impl PartitionAdmin for MemoryStore {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        Ok(self.enter("partitions").await?.tables.named(table).partitions())
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        Ok(self.enter("drop_partitions").await?.tables.named_mut(table).drop_days(days))
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        Ok(self.enter("floor").await?.floors.get(&table).copied())
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        let floors = &mut self.enter("set_floor").await?.floors;
        match floor {
            Some(floor) => floors.insert(table, floor),
            None => floors.remove(&table),
        };
        Ok(())
    }
}

#[async_trait]
impl Maintenance for MemoryStore {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        let state = self.enter("table_stats").await?;
        Ok(Table::ALL.iter().map(|table| state.tables.named(*table).stats()).collect())
    }

    async fn optimize(&self) -> Result<()> {
        // It is in order already.
        self.enter("optimize").await.map(drop)
    }
}

#[async_trait]
impl Probe for MemoryStore {
    async fn health(&self) -> Health {
        let held = self.enter("health").await.map(|state| state.tables.len());
        let full = held.as_ref().is_ok_and(|held| *held >= self.limits.capacity);
        let mut troubles = Vec::new();
        if let Err(error) = &held {
            troubles.push(Trouble::new(&error.context, "open a new one"));
        }
        if full {
            let cause = format!("the store holds its {} records", self.limits.capacity);
            troubles.push(Trouble::new(cause, "drop old days, or open it with a larger capacity"));
        }
        Health {
            store: STORE,
            version: None,
            readable: held.is_ok(),
            writable: held.is_ok() && !full,
            troubles,
        }
    }
}
