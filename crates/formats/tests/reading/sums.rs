//! Whatever a file holds: a time in digits that is no likely one is not taken for one, and what is accepted has the
//! volume that the rows say, added up in another way.

use std::time::{SystemTime, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;
use tradekeep_models::{Tick, Timestamp};

use crate::door::plain;
use crate::read_with;

/// Digits that may be a time: of any length, or near one of a likely length.
fn digits() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,20}",
        "1[67][0-9]{8}",
        "1[67][0-9]{11}",
        "1[67][0-9]{14}",
        "1[67][0-9]{17}",
        "20[0-9]{6}",
        "20[0-9]{12}",
        "-?[0-9]{1,12}\\.[0-9]{1,9}",
    ]
}

/// A quantity as text.
fn quantity() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,6}",
        "[0-9]{1,6}\\.[0-9]{1,9}",
        "[0-9]e-?[0-9]",
        "-[0-9]{1,3}",
        "[a-z]{0,2}"
    ]
}

/// A quantity x 10^18, by hand.
fn scaled(text: &str) -> i128 {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = 18 + exponent.parse::<i32>().unwrap() - i32::try_from(fraction.len()).unwrap();
    let number: i128 = format!("{whole}{fraction}").parse().unwrap();
    number * 10i128.pow(places.try_into().unwrap())
}

fn is_likely(ts: Timestamp) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let last = i64::try_from(now.as_nanos()).unwrap() + 25 * 3_600 * 1_000_000_000;
    ("2000-01-01".parse::<Timestamp>().unwrap().as_nanos()..last).contains(&ts.as_nanos())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_accepted_is_what_the_rows_say(
        rows in vec((digits(), quantity(), "[0-9]{1,4}"), 1..40),
        ids: bool,
        json: bool,
    ) {
        let line = |(number, (ts, quantity, price)): (usize, &(String, String, String))| {
            let id = if ids { number.to_string() } else { String::new() };
            if json {
                format!(
                    "{{\"ts\":\"{ts}\",\"symbol\":\"X\",\"price\":\"{price}\",\"quantity\":\"{quantity}\",\
                     \"trade_id\":{}}}\n",
                    if ids { id } else { "null".into() }
                )
            } else {
                format!("{ts},X,{price},{quantity},{id}\n")
            }
        };
        let lines: Vec<_> = rows.iter().enumerate().map(line).collect();
        let header = if json { "" } else { "ts,symbol,price,quantity,trade_id\n" };
        let file = format!("{header}{}", lines.concat());
        let outcome = read_with(file, &plain());
        let unlikely = outcome.ticks.iter().find(|tick: &&Tick| !is_likely(tick.ts()));
        prop_assert!(unlikely.is_none(), "{unlikely:?}");
        if outcome.error.is_some() {
            // All fail alike, and nothing of it is taken.
            prop_assert_eq!(outcome.ticks.len(), 0);
            return Ok(());
        }
        prop_assert_eq!(outcome.ticks.len() + outcome.rejects.len(), rows.len());
        let first = if json { 1 } else { 2 };
        let is_rejected = |place: usize| {
            outcome.rejects.iter().any(|reject| reject.line == (place + first) as u64)
        };
        let accepted = rows.iter().enumerate().filter(|(place, _)| !is_rejected(*place));
        let expected: i128 = accepted.map(|(_, (_, quantity, _))| scaled(quantity)).sum();
        let sum: i128 = outcome.ticks.iter().map(|tick| tick.quantity().scaled()).sum();
        prop_assert_eq!(sum, expected);
    }
}
