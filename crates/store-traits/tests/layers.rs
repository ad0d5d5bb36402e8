//! Each layer around the reference store passes the suite, and so do all of them at once.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Trial};
use tradekeep_store_traits::conformance::{self, Case};
use tradekeep_store_traits::{
    Chaos, LayerConfig, Layered, Limit, MemoryStore, RetryPolicy, SeriesStore,
};

/// The seed of every disturbance.
const SEED: u64 = 20_240_808;

/// Cases that look at how many records a call stored or dropped. When the reply of the attempt that did
/// it is lost, the one after it answers that nothing was left to do, and that is what they would see.
/// What is stored is compared in `tests/chaos.rs`.
const COUNTING: &[&str] = &[
    "bad_rows_are_named_at_once",
    "client_order_id_belongs_to_one_order",
    "client_order_id_is_free_when_its_order_is_gone",
    "conflicts_are_named_at_once",
    "corrected_position_is_answered_once",
    "days_are_listed_and_dropped",
    "deletes_whole_days_only",
    "drop_takes_whole_days_and_no_more",
    "dropped_rows_can_come_back",
    "first_and_last_day_can_go",
    "highest_version_is_answered_once",
    "highest_version_of_an_order_is_answered_once",
    "hundred_writers_at_once",
    "hundred_writers_of_every_record",
    "lower_version_may_come_late",
    "of_one_version_the_latest_time_is_answered",
    "optimize_keeps_what_is_known_of_records",
    "optimize_of_an_empty_store",
    "overlapping_batches_add_what_is_new",
    "partly_replayed_batch_adds_its_rest",
    "partly_stored_batch_adds_its_rest",
    "replays_are_dropped_by_watermark",
    "streams_epochs_have_their_own_watermarks",
    "tables_share_no_watermark",
    "versions_of_an_order_share_its_client_order_id",
    "wide_batch_meets_its_duplicates",
];

fn main() -> ExitCode {
    let none = LayerConfig::default();
    let millisecond = Duration::from_millis(1);
    let stubborn = RetryPolicy::new(1_000).with_first(millisecond).with_cap(millisecond);
    let minute = Duration::from_secs(60);
    let narrow = Limit::new(NonZeroUsize::MIN, minute);
    let chaos = Chaos::seeded(SEED).with_delays(2 * millisecond).with_repeats(0.3);
    let stacks = [
        ("metrics", none.with_metrics()),
        ("retry", none.with_retry(stubborn)),
        ("timeout", none.with_timeout(minute)),
        ("limit", none.with_limit(narrow)),
        ("chaos", none.with_chaos(chaos)),
        (
            "all",
            none.with_metrics()
                .with_retry(stubborn)
                .with_timeout(minute)
                .with_limit(narrow)
                .with_chaos(chaos.with_failures(0.3)),
        ),
        (
            "lost_replies",
            none.with_retry(stubborn).with_chaos(Chaos::seeded(SEED).with_lost_replies(0.9)),
        ),
    ];
    let trials = stacks.iter().flat_map(|&(name, config)| {
        conformance::cases().into_iter().map(move |case| trial(name, config, case))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn trial(stack: &str, config: LayerConfig, case: Case) -> Trial {
    // A paused clock jumps ahead whenever everybody waits, so that nobody does; but not while a
    // thread of its own is at work, which these cases have.
    let paused = !case.name.starts_with("crowd::");
    let (module, name) = case.name.split_once("::").unwrap_or_default();
    let name = name.rsplit("::").next().unwrap_or_default();
    // Those of identity all do.
    let counting = module == "identity" || COUNTING.contains(&name);
    let loses = config.chaos.is_some_and(|chaos| chaos.lost_replies > 0.0);
    Trial::ignorable_test(format!("{stack}::{}", case.name), move || {
        if counting && loses {
            return Ok(Completion::ignored_with("looks at counts, which lost replies change"));
        }
        let store: Arc<dyn SeriesStore> =
            Arc::new(Layered::new("memory", Arc::new(MemoryStore::new()), config));
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(paused)
            .build()?
            .block_on(case.run(store));
        Ok(Completion::Completed)
    })
}
