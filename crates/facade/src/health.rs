//! How the stores are doing, by role.

use tradekeep_store_traits::Health;

/// One store's condition, and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreReport {
    /// The role: `ticks`.
    pub role: &'static str,
    /// Its store's condition.
    pub health: Health,
}

/// Every store's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One entry a role.
    pub stores: Vec<StoreReport>,
}

impl Report {
    /// Whether nothing is wrong anywhere.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.stores.iter().all(|store| store.health.is_healthy())
    }
}
