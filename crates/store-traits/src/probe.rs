//! How a store is doing.

use async_trait::async_trait;
#[cfg(feature = "serde")]
use serde::ser::SerializeStruct as _;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Trouble {
    /// What is wrong, and why as far as is known.
    pub cause: String,
    /// What to do next.
    pub remedy: String,
}

impl Trouble {
    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }
}

/// A store's condition.
#[derive(Debug, Clone, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct Health {
    /// Which store: `duckdb`.
    pub store: &'static str,
    /// Its version, where it answers.
    pub version: Option<String>,
    /// Whether a read works.
    pub readable: bool,
    /// Whether a write would work, from here: who may only look at a store is told so, which is no trouble of it.
    pub writable: bool,
    /// What is wrong; empty when all is well.
    pub troubles: Vec<Trouble>,
}

impl Health {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.readable && self.troubles.is_empty()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Health {
    /// Its fields, and `healthy`, which follows from them.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Health", 6)?;
        object.serialize_field("store", self.store)?;
        object.serialize_field("version", &self.version)?;
        object.serialize_field("healthy", &self.is_healthy())?;
        object.serialize_field("readable", &self.readable)?;
        object.serialize_field("writable", &self.writable)?;
        object.serialize_field("troubles", &self.troubles)?;
        object.end()
    }
}

/// A store that can say how it is.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Probe: Send + Sync {
    /// Its condition now. It answers, never fails: what fails is in the troubles.
    async fn health(&self) -> Health;
}
