//! What is tried again, how often, and after how long. The clock is paused: nobody waits.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tradekeep_store_traits::mock::{MockMaintenance, MockProbe, MockRecordSink};
use tradekeep_store_traits::{
    Act, BadRow, Batch, Delivery, ErrorKind, Health, LayerConfig, Layered, Maintenance, Probe,
    RecordSink, Records, Result, RetryPolicy, StoreError, retry,
};

const SECOND: Duration = Duration::from_secs(1);

fn refused() -> StoreError {
    StoreError::new(ErrorKind::Connection, "mock", "ask", "refused")
        .with_act(Act::Retry { after: None })
}

/// Fails with `error` for ever: how often it was asked, how long that took, and the last answer.
async fn hopeless(
    policy: RetryPolicy,
    error: impl Fn() -> StoreError,
) -> (u32, Duration, StoreError) {
    let (attempts, started) = (AtomicU32::new(0), Instant::now());
    let answer: Result<()> = retry(policy, || {
        attempts.fetch_add(1, Ordering::Relaxed);
        let error = error();
        async { Err(error) }
    })
    .await;
    (attempts.into_inner(), started.elapsed(), answer.unwrap_err())
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_tried_again() {
    let mut attempt = 0;
    let answer = retry(RetryPolicy::new(5), || {
        attempt += 1;
        let answer = if attempt < 3 { Err(refused()) } else { Ok("success") };
        async { answer }
    })
    .await;
    assert_eq!(answer.unwrap(), "success");
    assert_eq!(attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn no_retries_are_one_attempt() {
    let (attempts, waited, error) = hopeless(RetryPolicy::new(0), refused).await;
    assert_eq!((attempts, waited), (1, Duration::ZERO));
    assert_eq!(error.context, "refused");
}

#[tokio::test(start_paused = true)]
async fn last_error_says_how_often_it_was_tried() {
    let (attempts, _, error) = hopeless(RetryPolicy::new(2), refused).await;
    assert_eq!(attempts, 3);
    assert_eq!(error.to_string(), "mock ask: refused (3 attempts)");
    assert_eq!(error.kind, ErrorKind::Connection);
}

#[tokio::test(start_paused = true)]
async fn only_what_may_help_is_tried_again() {
    let row = BadRow::new(0, "price: is negative".to_owned());
    for (act, kind, again) in [
        (Act::Retry { after: None }, ErrorKind::Timeout, true),
        (Act::Retry { after: Some(SECOND) }, ErrorKind::PoolExhausted, true),
        // Somebody else holds it, for now.
        (Act::Retry { after: None }, ErrorKind::Conflict, true),
        (Act::Probe, ErrorKind::Connection, true),
        (Act::BadRows(vec![row.clone()]), ErrorKind::InvalidInput, false),
        (Act::BadRows(vec![row]), ErrorKind::Conflict, false),
        (Act::Split, ErrorKind::Write, false),
        (Act::Halt, ErrorKind::Authentication, false),
        (Act::Never, ErrorKind::InvalidInput, false),
        (Act::Never, ErrorKind::Query, false),
    ] {
        let error = || StoreError::new(kind, "mock", "ask", "no").with_act(act.clone());
        let (attempts, ..) = hopeless(RetryPolicy::new(1), error).await;
        assert_eq!(attempts, if again { 2 } else { 1 }, "{kind:?} {act:?}");
        assert_eq!(error().is_transient(), again, "{kind:?} {act:?}");
        assert_eq!(error().is_permanent(), !again, "{kind:?} {act:?}");
    }
}

/// The waits of many runs of a policy, from a clock that nobody waits for.
async fn waits(policy: RetryPolicy, error: impl Fn() -> StoreError) -> Vec<Duration> {
    let mut waits = Vec::new();
    for _ in 0..200 {
        waits.push(hopeless(policy, &error).await.1);
    }
    waits.sort();
    waits
}

#[tokio::test(start_paused = true)]
async fn waits_are_anywhere_between_nothing_and_a_bound() {
    let waits = waits(RetryPolicy::new(1).with_first(SECOND), refused).await;
    // Of 200, each misses its half with a chance of 2^-200; tokio's clock has milliseconds.
    assert!(waits[0] < SECOND / 2, "{:?}", waits[0]);
    assert!(waits[199] > SECOND / 2, "{:?}", waits[199]);
    assert!(waits[199] <= SECOND + Duration::from_millis(1), "{:?}", waits[199]);
}

#[tokio::test(start_paused = true)]
async fn bounds_start_at_100_ms_double_and_stop_at_30_s() {
    let default = RetryPolicy::default();
    assert_eq!(default, RetryPolicy::new(3));
    assert_eq!((default.first, default.cap), (Duration::from_millis(100), 30 * SECOND));
    // 0.1 + 0.2 + 0.4 + 0.8 + ... + 25.6 are 51.1 s, and each one more is 30 s.
    for (retries, bound) in [(1, 0.1), (2, 0.3), (3, 0.7), (9, 51.1), (10, 81.1), (11, 111.1)] {
        let longest = waits(RetryPolicy::new(retries), refused).await[199];
        let bound = Duration::from_secs_f64(bound);
        let rounding = Duration::from_millis(1) * retries;
        assert!(longest <= bound + rounding, "{retries}: {longest:?}");
        // The longest of 200 sums comes near; a policy that does not double stays far below.
        assert!(longest > bound.mul_f64(0.6), "{retries}: {longest:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_wait_is_capped_too() {
    let policy = RetryPolicy::new(1).with_first(10 * SECOND).with_cap(SECOND);
    assert!(waits(policy, refused).await[199] <= SECOND + Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_says_when_is_not_asked_earlier() {
    let error = || refused().with_act(Act::Retry { after: Some(7 * SECOND) });
    let waits = waits(RetryPolicy::new(1), error).await;
    assert!(waits[0] >= 7 * SECOND, "{:?}", waits[0]);
    // The jitter of 100 ms is within it.
    assert!(waits[199] <= 7 * SECOND + Duration::from_millis(1), "{:?}", waits[199]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_wants_longer_than_the_cap_is_left_alone() {
    let error = || refused().with_act(Act::Retry { after: Some(31 * SECOND) });
    let (attempts, waited, error) = hopeless(RetryPolicy::new(9), error).await;
    assert_eq!((attempts, waited), (1, Duration::ZERO));
    assert_eq!(error.act, Act::Retry { after: Some(31 * SECOND) });
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_is_unknown_once_stays_unknown() {
    let mut attempt = 0;
    let answer: Result<()> = retry(RetryPolicy::new(1), || {
        attempt += 1;
        let lost = if attempt == 1 { Delivery::Unknown } else { Delivery::NotApplied };
        async move { Err(refused().with_delivery(lost)) }
    })
    .await;
    assert_eq!(attempt, 2);
    assert_eq!(answer.unwrap_err().delivery, Delivery::Unknown);
}

fn layered<T>(store: T) -> Layered<T> {
    let config = LayerConfig::default().with_retry(RetryPolicy::new(2));
    Layered::new("mock", Arc::new(store), config)
}

#[tokio::test(start_paused = true)]
async fn writes_are_repeated_with_the_same_batch() {
    let mut store = MockRecordSink::new();
    let seen = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&seen);
    store.expect_write().times(3).returning(move |batch| {
        assert_eq!(batch.records().len(), 0);
        count.fetch_add(1, Ordering::Relaxed);
        Err(refused().with_delivery(Delivery::Unknown))
    });
    let error = layered(store).write(&Batch::new(Records::Ticks(Vec::new()))).await.unwrap_err();
    assert_eq!(seen.load(Ordering::Relaxed), 3);
    assert_eq!(error.delivery, Delivery::Unknown);
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated() {
    let mut store = MockMaintenance::new();
    store.expect_table_stats().times(2).returning(|| Err(refused()));
    store.expect_table_stats().times(1).returning(|| Ok(Vec::new()));
    assert_eq!(layered(store).table_stats().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn health_is_asked_once() {
    let mut store = MockProbe::new();
    let health = Health::builder()
        .store("mock")
        .readable(false)
        .writable(false)
        .troubles(Vec::new())
        .build();
    let answer = health.clone();
    store.expect_health().times(1).returning(move || answer.clone());
    assert_eq!(layered(store).health().await, health);
}
