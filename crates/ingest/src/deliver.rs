//! Delivery: out of the spool into each sink, a lane for each table, so that what one table waits for
//! holds up no other.

pub(crate) mod breaker;
mod failure;
pub(crate) mod lane;
mod retry_queue;
pub(crate) mod sink;
mod spool_batch;
