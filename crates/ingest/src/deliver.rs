//! Delivery: out of the spool into each sink, a lane for each table, so that what one table waits for
//! holds up no other.

pub(crate) mod breaker;
pub(crate) mod lane;
pub(crate) mod sink;
mod take;
mod verdict;
mod work;
