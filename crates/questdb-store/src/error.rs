//! QuestDB's errors, classified, over either protocol. The only files that name the drivers' error types.

mod http;
mod pg;

use tradekeep_store_traits::{Act, Delivery, ErrorKind, StoreError};

pub(crate) use self::http::{not_answered, not_encoded, refused, roots_unreadable};
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use questdb::ErrorCode;

    use super::*;

    /// A text like the server's, with a row's value in it.
    fn answer() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("error in line ".to_owned()),
            Just("column: ".to_owned()),
            Just("\"code\":\"invalid\",".to_owned()),
            Just("cast error; ".to_owned()),
            Just("CANARY".to_owned()),
            "[0-9]{0,30}",
            ".{0,9}",
        ];
        prop::collection::vec(part, 0..9).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_answer_is_classified_and_no_value_repeated(answer in answer()) {
            let over_http = Verdict::of_batch(ErrorCode::ServerFlushError, &answer);
            for verdict in [over_http, Verdict::of(&answer)] {
                let told = format!("{} {:?}", verdict.context, verdict.act);
                prop_assert!(!told.contains("CANARY"), "{told}");
            }
        }
    }
}
