//! QuestDB passes the suite, but for conflicts and watermarks, on tables that cases use one after another.
#![allow(clippy::unwrap_used, reason = "test code")]

#[path = "support/scratch.rs"]
mod scratch;
#[path = "conformance/tables.rs"]
mod tables;

use std::process::ExitCode;
use std::sync::Arc;

use tradekeep_store_traits::conformance::{Fresh, trials};
use tradekeep_test_servers::{harness, questdb::QUESTDB};

fn main() -> ExitCode {
    let tests = harness::on(&QUESTDB, |url| {
        let url = url.to_owned();
        trials(move || {
            let tables = tables::take(&url);
            async {
                let store = Arc::new(tables.open().await?);
                Ok(Fresh::cleaned_by(store, tables::put_back(tables)))
            }
        })
    });
    // A case waits for the server most of its time.
    let outcome = harness::main_with(8, tests);
    tables::drop_all();
    outcome
}
