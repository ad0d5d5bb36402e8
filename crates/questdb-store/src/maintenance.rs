//! What the tables hold, and putting them in order.

use async_trait::async_trait;
use tradekeep_store_traits::{Maintenance, Result, Table, TableStats};

use crate::partitions::parts;
use crate::rows::Cells;
use crate::{QuestDbStore, wal};

#[async_trait]
impl Maintenance for QuestDbStore {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        const OP: &str = "table_stats";
        let pool = self.ready().await?;
        let mut stats = Vec::new();
        for table in Table::ALL {
            let name = self.table(*table);
            let bytes = parts(pool, OP, &name).await?.iter().map(|part| part.bytes).sum();
            let sql = format!("SELECT count(), min(t.ts)::long, max(t.ts)::long FROM \"{name}\" t");
            for row in pool.query(OP, &sql, &[]).await? {
                let cells = Cells::of(OP, &row);
                stats.push(TableStats {
                    table: *table,
                    rows: cells.count(0)?,
                    bytes,
                    first_ts: cells.maybe_time(1)?,
                    last_ts: cells.maybe_time(2)?,
                });
            }
        }
        Ok(stats)
    }

    /// Waits until all that was taken is applied. The server itself keeps rows in order of time, and gives
    /// back the space of what it has merged: there is nothing to be told to it. `VACUUM TABLE` looks for
    /// what a crash has left behind, which is its operator's business.
    async fn optimize(&self) -> Result<()> {
        let pool = self.ready().await?;
        for table in Table::ALL {
            wal::settled(pool, "optimize", &self.table(*table), self.patience()).await?;
        }
        Ok(())
    }
}
