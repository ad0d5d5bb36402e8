//! What tests do to their tables.

use std::future::Future;
use std::time::Duration;

pub(crate) use crate::scratch::Scratch;

/// Longer than anything here takes, unless it never comes.
pub(crate) const LONG: Duration = Duration::from_secs(60);
/// Between two looks at what nothing tells of.
pub(crate) const LOOK: Duration = Duration::from_millis(5);

impl Scratch {
    /// A table's name on the server.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Carries out statements; `{}` in them stands for the prefix.
    pub(crate) async fn execute(&self, statements: &[&str]) {
        let client = self.client().await;
        for statement in statements {
            let statement = statement.replace("{}", &self.prefix);
            client.batch_execute(&statement).await.unwrap_or_else(|error| {
                panic!("{statement}: {error:?}");
            });
        }
    }

    /// A number that the server answers with.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = sql.replace("{}", &self.prefix);
        self.client().await.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// Waits until the server answers `sql` with `number`.
    pub(crate) async fn until(&self, sql: &str, number: i64) {
        let waiting = async {
            while self.number(sql).await != number {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(LONG, waiting).await.unwrap();
    }

    /// Suspends a table, and waits until it stays so.
    ///
    /// Told so while it applies a transaction, the server says that the table is suspended, and takes it for
    /// one that goes on once that transaction is applied (tried on 9.3.4): then it is told again.
    pub(crate) async fn suspend(&self, table: &str) {
        let table = self.table(table);
        let applying = format!(
            "SELECT count() FROM writer_pool() WHERE table_name = '{table}' AND owner_thread_id IS NOT NULL"
        );
        let suspended =
            format!("SELECT count() FROM wal_tables() WHERE name = '{table}' AND suspended");
        let telling = async {
            loop {
                // Asked first: who applies nothing and is suspended afterwards begins nothing. It is an error
                // now and then, while another table is made.
                let asked = self.client().await.query_one(&applying, &[]).await;
                let is_idle = asked.is_ok_and(|row| row.get::<_, i64>(0) == 0);
                if self.number(&suspended).await == 0 {
                    self.execute(&[&format!("ALTER TABLE \"{table}\" SUSPEND WAL")]).await;
                } else if is_idle {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(LONG, telling).await.unwrap();
    }

    /// Drops what has its prefix.
    async fn clear(&self) {
        let client = self.client().await;
        let sql = "SELECT table_name FROM tables() WHERE starts_with(table_name, $1)";
        for row in client.query(sql, &[&self.prefix]).await.unwrap() {
            let table: String = row.get(0);
            client.batch_execute(&format!("DROP TABLE \"{table}\"")).await.unwrap();
        }
    }
}

/// Runs a test on tables of its own, which are dropped whatever becomes of it.
pub(crate) fn run<F, Running>(url: &str, test: F)
where
    F: FnOnce(Scratch) -> Running,
    Running: Future<Output = ()>,
{
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = Scratch::new(url);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(test(scratch.clone()));
    }));
    runtime.block_on(scratch.clear());
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}
