//! How the stores are doing.

use tradekeep_store_traits::Health;

use crate::Role;

/// One store's condition, and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct StoreReport {
    /// Its URL, without users and passwords.
    pub name: String,
    /// Its roles, in the order of [`Role::ALL`]; none where it only gets what is ingested too.
    pub roles: Vec<Role>,
    /// Its condition.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub health: Health,
}

/// Every store's condition.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
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

#[cfg(all(test, feature = "serde"))]
mod tests {
    use tradekeep_store_traits::Trouble;

    use super::*;

    #[test]
    fn a_report_is_json_with_all_of_it() {
        let trouble = Trouble::new("a", "b");
        let troubles = vec![trouble];
        let health = Health::builder()
            .store("memory")
            .readable(true)
            .writable(true)
            .troubles(troubles)
            .build();
        let store = StoreReport { name: "memory://".into(), roles: vec![Role::Ticks], health };
        assert_eq!(
            serde_json::to_string(&Report { stores: vec![store] }).unwrap(),
            r#"{"stores":[{"name":"memory://","roles":["ticks"],"store":"memory","version":null,"healthy":false,"readable":true,"writable":true,"troubles":[{"cause":"a","remedy":"b"}]}]}"#
        );
    }
}
