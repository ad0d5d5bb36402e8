//! QuestDB's errors, classified, over either protocol. The only files that name the drivers' error types.

mod http;
mod pg;

use tradekeep_store_traits::{Act, ErrorKind, Failure};

pub(crate) use self::http::{not_answered, not_encoded, refused, roots_unreadable};
pub(crate) use self::pg::classify;

/// What an answer means that left nothing behind.
fn verdict(kind: ErrorKind, act: Act, context: impl Into<String>) -> Failure {
    Failure::new(kind, context).with_act(act)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use questdb::ErrorCode;

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
            let over_http = super::http::of_batch(ErrorCode::ServerFlushError, &answer);
            for verdict in [over_http, super::pg::of(&answer)] {
                let told = format!("{} {:?}", verdict.context, verdict.act);
                prop_assert!(!told.contains("CANARY"), "{told}");
            }
        }
    }
}
