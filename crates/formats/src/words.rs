//! The words that venues have for sides and states.

use std::borrow::Cow;

use tradekeep_models::{InvalidInput, Side};

/// What a side is called, with FIX's numbers and the letters of Databento; the aggressor's of an auction is none.
const BUY: [&str; 7] = ["buy", "b", "bid", "buyer", "bought", "1", "+"];
const SELL: [&str; 9] = ["sell", "s", "ask", "a", "seller", "sold", "offer", "2", "-"];
const NONE: [&str; 7] = ["unknown", "n", "none", "neutral", "0", "null", "na"];

/// The states of an order, each with the words for it.
const STATES: [(&str, &[&str]); 5] = [
    ("open", &["new", "active", "accepted", "live", "resting", "working"]),
    (
        "partially_filled",
        &["partial", "partial_fill", "part_filled", "partiallyfilled", "partial-filled"],
    ),
    ("filled", &["closed", "executed", "fully_filled", "full_fill", "fullyfilled"]),
    ("cancelled", &["canceled"]),
    ("expired", &["expired_in_match"]),
];

/// What venues call types of orders.
const ORDER_TYPES: [(&str, &[&str]); 3] = [
    ("limit", &["limit_maker", "post_only"]),
    ("stop", &["stop_market", "stop-market", "stop_loss", "stop-loss"]),
    ("stop_limit", &["stop-limit", "stoplimit", "stop_loss_limit", "stop-loss-limit"]),
];

/// The side in `text`; nothing where it says that there is none.
pub(crate) fn side(text: &[u8]) -> Result<Option<Side>, InvalidInput> {
    let is = |names: &[&str]| names.iter().any(|name| text.eq_ignore_ascii_case(name.as_bytes()));
    if is(&BUY) {
        Ok(Some(Side::Buy))
    } else if is(&SELL) {
        Ok(Some(Side::Sell))
    } else if is(&NONE) {
        Ok(None)
    } else {
        Err(InvalidInput::new("side", "is neither buy nor sell"))
    }
}

/// The other side.
pub(crate) const fn other(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

/// `true` or `false` in any case, or as numbers or first letters.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    let is = |names: [&str; 3]| names.iter().any(|name| text.eq_ignore_ascii_case(name.as_bytes()));
    if is(["true", "t", "1"]) { Some(true) } else { is(["false", "f", "0"]).then_some(false) }
}

/// The word of ours for what a venue calls so in this column; the text itself where it is none of theirs.
pub(crate) fn canonical<'a>(column: &str, text: Cow<'a, str>) -> Cow<'a, str> {
    match column {
        "side" => match side(text.as_bytes()) {
            Ok(Some(side)) => Cow::Borrowed(side.as_str()),
            _ => text,
        },
        "status" => among(&STATES, text),
        "order_type" => among(&ORDER_TYPES, text),
        _ => text,
    }
}

/// The first word of the list that `text` is in; the text itself where it is in none.
fn among<'a>(lists: &[(&'static str, &[&str])], text: Cow<'a, str>) -> Cow<'a, str> {
    let is = |word: &&str| word.eq_ignore_ascii_case(&text);
    let found = lists.iter().find(|(_, words)| words.iter().any(&is));
    found.map_or(text, |(ours, _)| Cow::Borrowed(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known() {
        for (words, expected) in
            [(&BUY[..], Some(Side::Buy)), (&SELL[..], Some(Side::Sell)), (&NONE[..], None)]
        {
            for word in words {
                assert_eq!(side(word.to_uppercase().as_bytes()), Ok(expected), "{word}");
            }
        }
        for word in ["", "both", "long", "3", "buysell"] {
            assert!(side(word.as_bytes()).is_err(), "{word}");
        }
        assert_eq!(
            (boolean(b"True"), boolean(b"0"), boolean(b"maybe")),
            (Some(true), Some(false), None)
        );
        for (word, state) in [
            ("NEW", "open"),
            ("canceled", "cancelled"),
            ("closed", "filled"),
            ("PARTIALLY_FILLED", "PARTIALLY_FILLED"),
            ("done", "done"),
        ] {
            assert_eq!(canonical("status", word.into()), state);
        }
        for (word, kind) in [
            ("STOP_MARKET", "stop"),
            ("limit_maker", "limit"),
            ("stop-limit", "stop_limit"),
            ("x", "x"),
        ] {
            assert_eq!(canonical("order_type", word.into()), kind);
        }
        assert_eq!(canonical("side", "ASK".into()), "sell");
        assert_eq!(canonical("venue", "ask".into()), "ask");
    }
}
