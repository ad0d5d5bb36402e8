mod exchanges;
mod plans;
mod server;
mod streams;

use std::future::Future;
use std::time::Duration;

/// Bounded in time: what hangs fails.
async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it hangs")
}
