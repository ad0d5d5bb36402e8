//! What the tables hold, and putting them in order.

use tradekeep_store_traits::sql::Row as _;
use tradekeep_store_traits::{Inner, Table, TableStats};

use crate::partitions::parts;
use crate::sql::Sql;
use crate::{QuestDbStore, wal};

pub(crate) async fn table_stats(store: &QuestDbStore) -> Inner<Vec<TableStats>> {
    let pool = store.readable().await?;
    let mut stats = Vec::new();
    for table in Table::ALL {
        let name = store.table(*table);
        let bytes = parts(pool, &name).await?.iter().map(|part| part.bytes).sum();
        let sql = format!("SELECT count(), min(t.ts)::long, max(t.ts)::long FROM \"{name}\" t");
        for row in pool.ask(&Sql::plain(sql)).await? {
            stats.push(
                TableStats::builder()
                    .table(*table)
                    .rows(row.count(0)?)
                    .bytes(bytes)
                    .maybe_first_ts(row.maybe_time(1)?)
                    .maybe_last_ts(row.maybe_time(2)?)
                    .build(),
            );
        }
    }
    Ok(stats)
}

/// Waits until all that was taken is applied. The server itself keeps rows in order of time, and gives back the
/// space of what it has merged: there is nothing to be told to it. `VACUUM TABLE` looks for what a crash has left
/// behind, which is its operator's business.
pub(crate) async fn optimize(store: &QuestDbStore) -> Inner<()> {
    let pool = store.ready().await?;
    for table in Table::ALL {
        wal::settled(pool, &store.table(*table), store.patience()).await?;
    }
    Ok(())
}
