//! How the stores are doing.

use tradekeep_store_traits::Health;

use crate::Role;

/// One store's condition, and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreReport {
    /// Its URL, without users and passwords.
    pub name: String,
    /// Its roles, in the order of [`Role::ALL`]; none where it only gets what is ingested too.
    pub roles: Vec<Role>,
    /// Its condition.
    pub health: Health,
}

/// Every store's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One entry a store, ordered by its first role; those without one come last.
    pub stores: Vec<StoreReport>,
}

impl Report {
    /// Whether nothing is wrong anywhere.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.stores.iter().all(|store| store.health.is_healthy())
    }
}
