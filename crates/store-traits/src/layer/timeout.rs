//! At most so long for one attempt.

use std::time::Duration;

use super::{Call, Kind};
use crate::{ErrorKind, Result};

/// The layer: drops `work` when it takes longer than `timeout`.
pub(super) async fn bounded<R>(
    timeout: Option<Duration>,
    call: Call,
    work: impl Future<Output = Result<R>>,
) -> Result<R> {
    match timeout {
        // These take as long as the store is large; whoever closes has a deadline of their own.
        _ if matches!(call.kind, Kind::Optimize | Kind::Close) => work.await,
        None => work.await,
        Some(timeout) => tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            let context = format!("no answer within {timeout:?}: ask for less, or allow more time");
            let error = call.error(ErrorKind::Timeout, context);
            Err(error.with_delivery(call.delivery_without_answer()))
        }),
    }
}
