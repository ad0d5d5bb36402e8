//! All cases as a test program.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::{Builder, Runtime};

use super::{Case, Store, cases};
use crate::{Capabilities, Result, Table};

/// A fresh, empty store for a case, and how to remove what the case leaves behind.
pub struct Fresh {
    store: Store,
    clean: Option<Pin<Box<dyn Future<Output = Result<()>>>>>,
}

impl Fresh {
    /// One with a place of its own, where other cases have theirs: `clean` runs after the case, whatever
    /// became of it.
    pub fn cleaned_by(store: Store, clean: impl Future<Output = Result<()>> + 'static) -> Self {
        Self { store, clean: Some(Box::pin(clean)) }
    }
}

impl From<Store> for Fresh {
    /// One that leaves nothing behind.
    fn from(store: Store) -> Self {
        Self { store, clean: None }
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh").field("is_cleaned", &self.clean.is_some()).finish_non_exhaustive()
    }
}

/// The `main` of a test program that runs all cases, each on a store that `open` makes for it. Those that
/// need what the store does not promise are ignored, with the reason.
pub fn run<F, Opened, S>(open: F) -> ExitCode
where
    F: Fn() -> Opened + Clone + Send + 'static,
    Opened: Future<Output = Result<S>>,
    S: Into<Fresh>,
{
    libtest_mimic::run(&Arguments::from_args(), trials(open)).exit_code()
}

/// The tests that [`run`] runs, for a harness of your own.
pub fn trials<F, Opened, S>(open: F) -> Vec<Trial>
where
    F: Fn() -> Opened + Clone + Send + 'static,
    Opened: Future<Output = Result<S>>,
    S: Into<Fresh>,
{
    // Known once any store was open: the others need not be opened to say the same.
    let known: Arc<OnceLock<HashMap<Table, Capabilities>>> = Arc::default();
    let trial = |case: Case| {
        let (open, known) = (open.clone(), Arc::clone(&known));
        Trial::ignorable_test(case.name, move || {
            let excuse = move |can: &HashMap<_, _>| case.excuse(|table| can[&table]);
            if let Some(reason) = known.get().and_then(excuse) {
                return Ok(Completion::ignored_with(reason));
            }
            let runtime = Builder::new_current_thread().enable_all().build()?;
            within(LONGEST, move || {
                let fresh: Fresh = runtime.block_on(open()).map_err(Failed::from)?.into();
                let of = |table: &Table| (*table, fresh.store.capabilities(*table));
                let excuse = excuse(known.get_or_init(|| Table::ALL.iter().map(of).collect()));
                let is_excused = excuse.is_some();
                tried(&runtime, fresh, |store| async move {
                    if !is_excused {
                        case.run(store).await;
                    }
                })?;
                Ok(excuse.map_or(Completion::Completed, Completion::ignored_with))
            })
        })
    };
    cases().into_iter().map(trial).collect()
}

/// Tries a case, and removes what it leaves behind, whatever became of it.
fn tried<Running: Future<Output = ()>>(
    runtime: &Runtime,
    Fresh { store, clean }: Fresh,
    case: impl FnOnce(Store) -> Running,
) -> std::result::Result<(), Failed> {
    let tried = catch_unwind(AssertUnwindSafe(|| runtime.block_on(case(store))));
    let cleaned = clean.map_or(Ok(()), |clean| runtime.block_on(clean));
    // What the case found is said first.
    tried.unwrap_or_else(|panic| resume_unwind(panic));
    cleaned.map_err(|error| format!("what it left is still there: {error}").into())
}

/// How long a case may take. Most take milliseconds: one that takes longer waits for something that
/// will not come, or goes through pages that do not end.
const LONGEST: Duration = Duration::from_secs(60);

/// What `test` answers, or that it does not end; then it is left to itself.
fn within<F>(limit: Duration, test: F) -> std::result::Result<Completion, Failed>
where
    F: FnOnce() -> std::result::Result<Completion, Failed> + Send + 'static,
{
    // Closes when the test ends, however it does.
    let (testing, tested) = channel::<()>();
    let thread = std::thread::spawn(move || {
        let _testing = testing;
        test()
    });
    if tested.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
        return Err(format!("it did not end within {limit:?}").into());
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::{ErrorKind, MemoryStore, StoreError};

    #[test]
    fn what_does_not_end_fails() {
        let (never, waiting) = channel::<()>();
        let endless = move || {
            // Until the sender is gone.
            let _ = waiting.recv();
            Ok(Completion::Completed)
        };
        let failed = within(Duration::from_millis(1), endless).err().unwrap();
        assert_eq!(failed.message(), Some("it did not end within 1ms"));
        drop(never);
        assert!(within(LONGEST, || Err("no store".into())).is_err());
        assert!(within(LONGEST, || Ok(Completion::Completed)).is_ok());
    }

    #[test]
    fn what_a_case_leaves_is_removed_whatever_became_of_it() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let store = || Arc::new(MemoryStore::new()) as Store;
        let cleaned = Rc::new(Cell::new(0));
        let fresh = |outcome: Result<()>| {
            let cleaned = Rc::clone(&cleaned);
            Fresh::cleaned_by(store(), async move {
                cleaned.set(cleaned.get() + 1);
                outcome
            })
        };
        assert!(tried(&runtime, store().into(), |_| async {}).is_ok());
        assert!(tried(&runtime, fresh(Ok(())), |_| async {}).is_ok());
        let broken =
            AssertUnwindSafe(|| tried(&runtime, fresh(Ok(())), |_| async { panic!("no") }));
        assert!(catch_unwind(broken).is_err());
        let gone = StoreError::new(ErrorKind::Connection, "memory", "clean", "nobody listens");
        let failed = tried(&runtime, fresh(Err(gone)), |_| async {}).unwrap_err();
        assert!(failed.message().unwrap().contains("nobody listens"));
        assert_eq!(cleaned.get(), 3);
    }
}
