//! The one error of this crate.

use std::borrow::Cow;

/// Input that breaks a rule of the model: which field, and why.
///
/// The reason never repeats the offending value, so that it can be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
#[non_exhaustive]
pub struct InvalidInput {
    /// The field or argument at fault, as users know it: `price`, `interval`, `cursor`.
    pub field: Cow<'static, str>,
    /// What is wrong and what would be right.
    pub reason: Cow<'static, str>,
}

impl InvalidInput {
    /// An error for `field` with its `reason`.
    pub fn new(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}
