//! Days of tables.

use async_trait::async_trait;
use tradekeep_models::{Day, Timestamp};
use tradekeep_store_traits::{Partition, PartitionAdmin, Result, Table};

use crate::QuestDbStore;

#[async_trait]
impl PartitionAdmin for QuestDbStore {
    async fn partitions(&self, _table: Table) -> Result<Vec<Partition>> {
        unimplemented!()
    }

    async fn drop_partitions(&self, _table: Table, _days: &[Day]) -> Result<u64> {
        unimplemented!()
    }

    async fn floor(&self, _table: Table) -> Result<Option<Timestamp>> {
        unimplemented!()
    }

    async fn set_floor(&self, _table: Table, _floor: Option<Timestamp>) -> Result<()> {
        unimplemented!()
    }
}
