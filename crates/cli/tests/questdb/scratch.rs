//! A folder to run the binary in, and tables on a server that belong to one test.

use tokio::runtime::Runtime;
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_test_servers::prefix;

use crate::support::{Folder, Run};

/// A folder whose `questdb.toml` names the server, with a prefix of its own, `duckdb.toml` an embedded
/// store, and `both.toml` the embedded one with the server besides. The tables are dropped with it.
pub(crate) struct Scratch {
    pub(crate) folder: Folder,
    pub(crate) url: String,
}

impl Scratch {
    pub(crate) fn on(server: &str) -> Self {
        let url = format!("{server}&table_prefix={}", prefix());
        let folder = Folder::new();
        folder.write("questdb.toml", format!("[stores]\nseries = '{url}'\n"));
        folder.write("duckdb.toml", "[stores]\nseries = 'duckdb://embedded'\n");
        folder.write(
            "both.toml",
            format!("[stores]\nseries = 'duckdb://embedded'\n[ingest]\nalso = ['{url}']\n"),
        );
        Self { folder, url }
    }

    /// The binary on the server.
    pub(crate) fn on_server(&self, args: &str) -> Run {
        self.folder.run(&format!("--config questdb.toml {args}"))
    }

    /// The binary on the embedded store.
    pub(crate) fn embedded(&self, args: &str) -> Run {
        self.folder.run(&format!("--config duckdb.toml {args}"))
    }

    /// Both stores print the same for each of `queries`, and something.
    pub(crate) fn answer_alike(&self, queries: &[&str]) {
        for query in queries {
            let (one, other) = (self.on_server(query).ok(), self.embedded(query).ok());
            assert!(!one.stdout.is_empty(), "{query}");
            assert_eq!(one.stdout, other.stdout, "{query}");
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let config = QuestDbConfig::from_url(&self.url).unwrap();
        let dropped =
            Runtime::new().unwrap().block_on(QuestDbStore::new(config).unwrap().drop_tables());
        // A test that fails already says why.
        assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
    }
}
