//! QuestDB passes the suite, but for conflicts and watermarks, on tables of its own for each case.

use std::process::ExitCode;
use std::sync::Arc;

use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::conformance::{Fresh, trials};
use tradekeep_store_traits::{ErrorKind, StoreError};
use tradekeep_test_servers::{harness, prefix, questdb::QUESTDB};

fn main() -> ExitCode {
    let tests = harness::on(&QUESTDB, |url| {
        let url = url.to_owned();
        trials(move || {
            let config = QuestDbConfig::from_url(&url).map(|it| it.with_table_prefix(prefix()));
            async {
                let wrong = |e| StoreError::new(ErrorKind::InvalidInput, "questdb", "open", e);
                let config = config.map_err(|error| wrong(error.to_string()))?;
                let store = Arc::new(QuestDbStore::connect(config.clone()).await?);
                let clean = async { QuestDbStore::new(config)?.drop_tables().await };
                Ok(Fresh::cleaned_by(store, clean))
            }
        })
    });
    // A case waits for the server most of its time.
    harness::main_with(8, tests)
}
