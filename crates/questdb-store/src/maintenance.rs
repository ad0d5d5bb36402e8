//! What the tables hold, and putting them in order.

use async_trait::async_trait;
use tradekeep_store_traits::{Maintenance, Result, TableStats};

use crate::QuestDbStore;

#[async_trait]
impl Maintenance for QuestDbStore {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        unimplemented!()
    }

    async fn optimize(&self) -> Result<()> {
        unimplemented!()
    }
}
