//! QuestDB's errors, classified, over either protocol. The only files that name the drivers' error types.

mod http;
mod pg;

use tradekeep_store_traits::{Act, Delivery, ErrorKind, StoreError};

pub(crate) use self::http::{not_answered, not_encoded, refused};
pub(crate) use self::pg::{classify, closed, unexpected};
use crate::STORE;

/// What an answer means.
struct Verdict {
    kind: ErrorKind,
    act: Act,
    delivery: Delivery,
    context: String,
}

impl Verdict {
    /// One that left nothing behind.
    fn new(kind: ErrorKind, act: Act, context: impl Into<String>) -> Self {
        Self { kind, act, delivery: Delivery::NotApplied, context: context.into() }
    }

    /// One that may have been carried out.
    fn unknown(self) -> Self {
        Self { delivery: Delivery::Unknown, ..self }
    }

    fn into_error(self, op: &'static str) -> StoreError {
        StoreError::new(self.kind, STORE, op, self.context)
            .with_act(self.act)
            .with_delivery(self.delivery)
    }
}
