//! QuestDB passes the suite, but for conflicts and watermarks, on tables that cases use one after another.
#![allow(clippy::unwrap_used, reason = "test code")]

#[path = "conformance/tables.rs"]
mod tables;

use std::process::ExitCode;
use std::sync::Arc;

use tradekeep_store_traits::conformance::{Fresh, trials};
use tradekeep_test_servers::{harness, questdb::QUESTDB};

use crate::tables::Tables;

fn main() -> ExitCode {
    let tests = harness::on(&QUESTDB, |url| {
        let url = url.to_owned();
        trials(move || {
            let tables = Tables::take(&url);
            async { Ok(Fresh::cleaned_by(Arc::new(tables.open().await?), tables.put_back())) }
        })
    });
    // A case waits for the server most of its time.
    let outcome = harness::main_with(8, tests);
    tables::drop_all();
    outcome
}
