//! Values that columns of many records have.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::str::FromStr;

use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::{Decimal, Json, Labels, Message, Name, Timestamp};

/// Text of type `T`: mostly one of `few`, so that filters find it, else anything, hostile included.
pub fn text<T>(few: &'static [&'static str]) -> impl Strategy<Value = T>
where
    T: FromStr + Debug,
{
    prop_oneof![
        6 => select(few).prop_map(str::to_owned),
        1 => "[!-~]{1,64}",
        1 => "\\PC{1,16}",
    ]
    .prop_filter_map("valid", |text| text.parse().ok())
}

/// A name of one of four services, operations or nodes, or anything.
pub fn name() -> impl Strategy<Value = Name> {
    text(&["router", "quote", "rpc-1", "O'Hara \"x\""])
}

/// Text for people, line breaks and quotes included.
pub fn message() -> impl Strategy<Value = Message> {
    "[^\0]{1,80}".prop_filter_map("valid", |text| Message::new(text).ok())
}

/// A JSON object in one of several spellings.
pub fn json() -> impl Strategy<Value = Json> {
    prop_oneof![
        select(&["{}", "{\"hops\": 2,\n \"exact\": 0.10}", "{\"a\":{\"b\":[null,1e400]}}"])
            .prop_map(str::to_owned),
        "\\PC{0,16}".prop_map(|text| serde_json::json!({ "note": text }).to_string()),
    ]
    .prop_filter_map("valid", |text| Json::new(text).ok())
}

/// Up to three labels.
pub fn labels() -> impl Strategy<Value = Labels> {
    let name = select(&["symbol", "operation", "token", "a.b/c-d_9"]).prop_map(str::to_owned);
    let value = prop_oneof![
        2 => select(&["SOL", "quote", "", "\",\"token\":\"SOL"]).prop_map(str::to_owned),
        1 => "\\PC{0,16}",
    ];
    btree_map(name, value, 0..=3)
        .prop_filter_map("valid", |map: BTreeMap<_, _>| Labels::try_from(map).ok())
}

/// One of the first `count` of an endless list of UUIDs.
pub fn uuid(count: u32) -> impl Strategy<Value = Uuid> {
    (0..count).prop_map(nth_uuid)
}

/// Their order as text is not that of their numbers in the list.
pub(super) fn nth_uuid(n: u32) -> Uuid {
    let mixed = u128::from(n.wrapping_mul(0x9E37_79B1));
    Uuid::from_u128((mixed << 96) | 0x7000_8000_0000_0000_0000 | u128::from(n))
}

/// Any finite number, zeros of both signs and subnormal ones included.
pub fn float() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

/// A moment of four seconds mostly, so that equal times are common; else one of few days.
pub fn crowded_timestamp() -> impl Strategy<Value = Timestamp> {
    let second = |n: i64| {
        let nanos = 1_723_075_200_000_000_000 + n * 1_000_000_000;
        Timestamp::from_nanos(nanos).ok()
    };
    prop_oneof![
        3 => (0i64..4).prop_filter_map("fits", second),
        1 => super::near_timestamp(),
    ]
}

/// A number of quarters.
pub(super) fn quarters() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -40i64..40, 1 => -4_000_000_000i64..4_000_000_000]
}

/// Basis points, in quarters.
pub(super) fn basis_points() -> impl Strategy<Value = Decimal> {
    quarters().prop_filter_map("fits", |n| Decimal::from_parts(i128::from(n) * 25, 2).ok())
}

/// A number that fits a signed integer of 64 bits.
pub(super) fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0u64..50_000, 1 => 0..=i64::MAX.unsigned_abs()]
}
