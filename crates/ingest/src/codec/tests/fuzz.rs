//! Any bytes at all are a record or are refused.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;
use tradekeep_models::record::{Kind, Record};
use tradekeep_models::{Decimal, Table, Timestamp, strategies};
use tradekeep_store_traits::{Records, with_records};

use super::{encoded, payload_of};
use crate::codec::cell::Cell;
use crate::codec::{push, read, version};

/// A record that was read is whole: it is written, and read again.
fn is_read_or_refused(table: Table, version: u16, payload: &[u8]) {
    let mut records = Records::empty(table);
    match push(&mut records, version, payload) {
        Err(refused) => assert!(records.is_empty() && !refused.reason.is_empty()),
        Ok(()) => {
            assert_eq!(records.len(), 1);
            records.validate().unwrap();
            let again = with_records!(&records, rows => encoded(&rows[0]));
            assert_eq!(read(table, crate::codec::version(table), &again).unwrap(), records);
        }
    }
}

/// Boxed: ten strategies side by side are more than the stack of a test holds.
fn payload() -> impl Strategy<Value = (Table, Vec<u8>)> {
    fn of<R: Record>(
        record: impl Strategy<Value = R> + 'static,
    ) -> BoxedStrategy<(Table, Vec<u8>)> {
        record.prop_map(|record| (R::TABLE, encoded(&record))).boxed()
    }
    prop_oneof![
        of(strategies::tick()),
        of(strategies::trade()),
        of(strategies::order()),
        of(strategies::fill()),
        of(strategies::position()),
        of(strategies::metric()),
        of(strategies::latency()),
        of(strategies::mev_event()),
        of(strategies::system_event()),
        // It takes ten.
        prop_oneof![of(strategies::node_health()), of(strategies::stored_candle())],
    ]
}

/// Content of a cell of any kind: the kind is made to fit its column mostly.
type Content = (Kind, bool, String, i64, u64, i128);

fn content() -> impl Strategy<Value = Content> {
    let kinds = vec![Kind::Text, Kind::Int, Kind::Float, Kind::Bool, Kind::Decimal, Kind::Time];
    let text = prop_oneof![
        "\\PC{0,140}",
        "[\0-\u{7f}]{0,8}",
        "\\{\"[a-z]\":\"?[0-9e]{0,4}\"?\\}",
        "[0-9a-f]{8}-0000-7000-8000-000000000000",
        select(&["buy", "open", "live", "market", "info", "closed", "confirmed"])
            .prop_map(Into::into),
    ];
    let whole = prop_oneof![
        any::<i64>(),
        -2i64..3,
        select(vec![i64::MIN, i64::MAX, Timestamp::MAX.as_nanos(), Timestamp::MAX.as_nanos() + 1]),
    ];
    let most = Decimal::MAX.scaled();
    let decimal = prop_oneof![
        any::<i128>(),
        -2i128..3,
        select(vec![i128::MIN, i128::MAX, most, most + 1, -most, -most - 1]),
    ];
    let bits = prop_oneof![any::<u64>(), (0.0..1.0f64).prop_map(f64::to_bits)];
    let odd = prop::bool::weighted(0.1);
    (select(kinds), odd, text, whole, bits, decimal)
}

fn cell(column: Kind, (kind, odd, text, whole, bits, decimal): &Content) -> Cell<'_> {
    match if *odd { *kind } else { column } {
        Kind::Text | Kind::Uuid if text.is_empty() => Cell::Null,
        // A UUID is its text here.
        Kind::Text | Kind::Uuid => Cell::Text(text),
        Kind::Int => Cell::Int(*whole),
        Kind::Float => Cell::Float(f64::from_bits(*bits)),
        Kind::Bool => Cell::Bool(bits % 2 == 0),
        Kind::Decimal => Cell::Decimal(*decimal),
        Kind::Time => Cell::Time(*whole),
    }
}

fn cells(table: Table, payload: &[u8]) -> Vec<Cell<'_>> {
    let mut cells = postcard::Deserializer::from_bytes(payload);
    table.columns().iter().map(|_| Cell::deserialize(&mut cells).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn random_bytes(bytes in vec(prop_oneof![0u8..8, any::<u8>()], 0..300), other in any::<u16>()) {
        for &table in Table::ALL {
            is_read_or_refused(table, version(table), &bytes);
            is_read_or_refused(table, other, &bytes);
        }
    }

    #[test]
    fn records_with_bytes_changed(
        (table, payload) in payload(),
        changes in vec((any::<Index>(), any::<u8>()), 1..4),
        (cut, more) in (any::<Index>(), vec(any::<u8>(), 0..4)),
    ) {
        let mut changed = payload.clone();
        for (at, byte) in changes {
            *at.get_mut(&mut changed) = byte;
            is_read_or_refused(table, version(table), &changed);
        }
        changed.truncate(cut.index(changed.len()));
        changed.extend(&more);
        is_read_or_refused(table, version(table), &changed);
        for &other in Table::ALL {
            is_read_or_refused(other, version(other), &payload);
        }
    }

    #[test]
    fn rows_with_values_changed(
        (table, payload) in payload(),
        contents in vec((any::<Index>(), content()), 1..4),
    ) {
        let mut cells = cells(table, &payload);
        for (at, content) in &contents {
            let at = at.index(cells.len());
            cells[at] = cell(table.columns()[at].kind, content);
            is_read_or_refused(table, version(table), &payload_of(&cells));
        }
    }
}
