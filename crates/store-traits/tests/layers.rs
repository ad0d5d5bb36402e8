//! Each layer around the reference store passes the suite, and so do all of them at once.
//!
//! The runtime's clock is paused: it jumps ahead whenever everybody waits, so nobody does.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use tradekeep_store_traits::conformance::{self, Case};
use tradekeep_store_traits::{
    Chaos, LayerConfig, Layered, Limit, MemoryStore, RetryPolicy, SeriesStore,
};

/// The seed of every disturbance.
const SEED: u64 = 20_240_808;

fn main() -> ExitCode {
    let none = LayerConfig::default();
    let stubborn = RetryPolicy::new(100);
    let narrow = Limit::new(NonZeroUsize::MIN, Duration::from_secs(3_600));
    let delays = Chaos::seeded(SEED).with_delays(Duration::from_millis(20));
    let failures = delays.with_failures(0.3);
    let bad_day = failures.with_lost_replies(0.3);
    let stacks = [
        ("no_layer", none),
        ("metrics", none.with_metrics()),
        ("retry", none.with_retry(stubborn)),
        ("timeout", none.with_timeout(Duration::from_secs(5))),
        ("limit", none.with_limit(narrow)),
        ("chaos", none.with_chaos(delays)),
        ("failures_and_retry", none.with_chaos(failures).with_retry(stubborn)),
        ("chaos_and_retry", none.with_chaos(bad_day).with_retry(stubborn)),
        (
            "all",
            none.with_metrics()
                .with_retry(stubborn)
                // Some attempts take too long.
                .with_timeout(Duration::from_millis(15))
                .with_limit(narrow)
                .with_chaos(failures),
        ),
    ];
    let trials = stacks.iter().flat_map(|&(name, config)| {
        conformance::cases().into_iter().map(move |case| trial(name, config, case))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn trial(stack: &str, config: LayerConfig, case: Case) -> Trial {
    Trial::test(format!("{stack}::{}", case.name), move || {
        let store: Arc<dyn SeriesStore> =
            Arc::new(Layered::new("memory", Arc::new(MemoryStore::new()), config));
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?
            .block_on(case.run(store));
        Ok(())
    })
}
