//! Connections that a store keeps, and lends.

/// How a pool of connections is used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct PoolStats {
    /// Reads that may run at once.
    pub most: usize,
    /// Reads that run.
    pub in_use: usize,
    /// Connections kept for the next read.
    pub idle: usize,
}
