//! Again, after a while, what failed for the moment.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use derive_setters::Setters;

use super::{Call, Kind, metrics};
use crate::{Act, Delivery, Result, StoreError};

/// How often, and after how long, something is tried again.
///
/// The wait before the first retry is random between 0 and `first`, the bound doubles with each
/// retry up to `cap` ("full jitter": many clients that failed together do not come back together).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Retries after the first attempt; 0 is one attempt.
    #[setters(skip)]
    pub max_retries: u32,
    /// Longest wait before the first retry.
    pub first: Duration,
    /// Longest wait before any retry.
    pub cap: Duration,
}

impl RetryPolicy {
    /// Up to `max_retries` retries, from 100 ms, up to 30 s.
    #[must_use]
    pub const fn new(max_retries: u32) -> Self {
        Self { max_retries, first: Duration::from_millis(100), cap: Duration::from_secs(30) }
    }

    /// The bounds of the waits, one for each retry.
    fn bounds(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first.min(self.cap))
            .with_max_delay(self.cap)
            .with_max_times(usize::try_from(self.max_retries).unwrap_or(usize::MAX))
    }

    /// How long to wait when `bound` is the longest wait; `None` where the store wants to be left
    /// alone for longer than any wait of this policy.
    fn wait(&self, error: &StoreError, bound: Duration) -> Option<Duration> {
        // backon's own jitter adds up to the bound on top of it: that would pass the cap, and
        // clients that failed together would still come back in one wave.
        let wait = bound.mul_f64(fastrand::f64());
        match error.act {
            Act::Retry { after: Some(after) } if after > self.cap => None,
            Act::Retry { after: Some(after) } => Some(wait.max(after)),
            _ => Some(wait),
        }
    }
}

impl Default for RetryPolicy {
    /// Three retries, from 100 ms, up to 30 s.
    fn default() -> Self {
        Self::new(3)
    }
}

/// Does `operation`, and does it again as long as its error says that this may help
/// ([`StoreError::is_transient`]) and `policy` allows it.
///
/// Waits at least as long as `Act::Retry { after }` asks for; where that is longer than the policy's
/// cap, the error is answered at once. Bad input, bad rows, conflicts of records and whatever needs
/// a person are never tried again, because their `act` is another one.
///
/// It runs in a tokio runtime with time enabled.
///
/// # Errors
/// That of the last attempt, which says how many there were. Its `delivery` is `Unknown` when that of
/// any attempt was.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use tradekeep_store_traits::{Act, ErrorKind, RetryPolicy, StoreError, retry};
///
/// let mut attempts = 0;
/// let answer = retry(RetryPolicy::new(5), || {
///     attempts += 1;
///     let answer = if attempts < 3 {
///         Err(StoreError::new(ErrorKind::Connection, "example", "ask", "refused")
///             .with_act(Act::Retry { after: None }))
///     } else {
///         Ok("success")
///     };
///     async move { answer }
/// })
/// .await?;
/// assert_eq!((answer, attempts), ("success", 3));
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn retry<R, Attempt>(policy: RetryPolicy, operation: impl FnMut() -> Attempt) -> Result<R>
where
    Attempt: Future<Output = Result<R>>,
{
    retry_and_tell(policy, operation, || ()).await
}

/// [`retry`] that calls `retrying` before each retry.
async fn retry_and_tell<R, Attempt>(
    policy: RetryPolicy,
    operation: impl FnMut() -> Attempt,
    retrying: impl Fn(),
) -> Result<R>
where
    Attempt: Future<Output = Result<R>>,
{
    let mut attempts = 0_u64;
    let mut delivery = Delivery::NotApplied;
    let answer = operation
        .retry(policy.bounds())
        .when(|error| {
            attempts += 1;
            if error.delivery == Delivery::Unknown {
                delivery = Delivery::Unknown;
            }
            error.is_transient()
        })
        .adjust(|error, bound| policy.wait(error, bound?))
        .notify(|_, _| retrying())
        .await;
    answer.map_err(|mut error| {
        if attempts > 1 {
            error.context = format!("{} ({attempts} attempts)", error.context);
        }
        error.with_delivery(delivery)
    })
}

/// The layer: health is asked once, everything else as `policy` says.
pub(super) async fn retried<R, Attempt>(
    policy: Option<RetryPolicy>,
    call: Call,
    attempt: impl Fn() -> Attempt,
) -> Result<R>
where
    Attempt: Future<Output = Result<R>>,
{
    match policy {
        Some(policy) if call.kind != Kind::Health => {
            retry_and_tell(policy, attempt, || metrics::retrying(call)).await
        }
        _ => attempt().await,
    }
}
