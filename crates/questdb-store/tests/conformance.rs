//! QuestDB passes the suite, but for conflicts and watermarks, on tables of its own for each case. Where there
//! is no server, the cases are reported as ignored, with the reason.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use libtest_mimic::{Arguments, Completion, Trial};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{Result, SeriesStore, StoreError, conformance};
use tradekeep_test_servers::{is_required, questdb};

/// Cases at once.
const AT_ONCE: usize = 8;

/// Stores of cases, and how to reach their tables.
#[derive(Default)]
struct Used(Mutex<Vec<(Weak<QuestDbStore>, QuestDbConfig)>>);

impl Used {
    async fn open(&self, url: &str) -> Result<Arc<dyn SeriesStore>> {
        self.clear().await?;
        let config = QuestDbConfig::from_url(url)
            .map_err(|error| Failure::invalid(&error).at("questdb", "open"))?
            .with_table_prefix(questdb::prefix());
        let store = Arc::new(QuestDbStore::connect(config.clone()).await?);
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((Arc::downgrade(&store), config));
        Ok(store)
    }

    /// Drops the tables of cases that are over: the server looks at all there are, again and again.
    async fn clear(&self) -> Result<()> {
        for config in self.over() {
            QuestDbStore::new(config)?.drop_tables().await?;
        }
        Ok(())
    }

    fn over(&self) -> Vec<QuestDbConfig> {
        let is_over = |(store, _): &mut (Weak<QuestDbStore>, _)| store.strong_count() == 0;
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.extract_if(.., is_over).map(|(_, config)| config).collect()
    }
}

fn main() -> ExitCode {
    let url = match questdb::url() {
        Ok(url) => url,
        Err(reason) => return absent(&reason),
    };
    let used = Arc::new(Used::default());
    let open = Arc::clone(&used);
    let trials = conformance::trials(move || {
        let (used, url) = (Arc::clone(&open), url.clone());
        async move { used.open(&url).await }
    });
    let mut arguments = Arguments::from_args();
    // A case waits for the server most of its time.
    arguments.test_threads.get_or_insert(AT_ONCE);
    let outcome = libtest_mimic::run(&arguments, trials).exit_code();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map(|runtime| runtime.block_on(used.clear())) {
        Ok(Ok(())) => outcome,
        failed => {
            eprintln!("tables are left behind: {failed:?}");
            ExitCode::FAILURE
        }
    }
}

/// Every case is ignored, or fails where a server was asked for.
fn absent(reason: &str) -> ExitCode {
    let trials = conformance::cases().into_iter().map(|case| {
        let reason = reason.to_owned();
        Trial::ignorable_test(case.name, move || {
            if is_required("questdb") {
                return Err(reason.into());
            }
            Ok(Completion::ignored_with(reason))
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
