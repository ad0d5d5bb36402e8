//! A statement, and what is bound to it.

use tokio_postgres::types::{ToSql, Type};

/// A statement's text, and the value of each `$n` in it.
#[derive(Debug, Clone)]
pub struct Sql {
    /// The text.
    pub text: String,
    /// The value of `$1`, of `$2`, and so on.
    pub values: Vec<Bind>,
}

/// A value that is bound, with its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    /// `VARCHAR`
    Text(String),
    /// `INT8`
    Int(i64),
}

impl Bind {
    pub(crate) const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::VARCHAR,
            Self::Int(_) => Type::INT8,
        }
    }

    pub(crate) fn value(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Text(text) => text,
            Self::Int(number) => number,
        }
    }
}
