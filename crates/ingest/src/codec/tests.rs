mod fuzz;
mod golden;

use std::borrow::Cow;

use proptest::prelude::*;
use tradekeep_models::record::{Kind, Record, Value};
use tradekeep_models::{
    Latency, Metric, Name, NodeHealth, Symbol, Table, Tick, Timestamp, TradeId, strategies,
};
use tradekeep_store_traits::{Records, with_records};

use super::cell::Cell;
use super::{Layout, Undecodable};

fn encoded<R: Record>(record: &R) -> Vec<u8> {
    let mut payload = Vec::new();
    super::encode(record, &mut payload).unwrap();
    payload
}

fn row<R: Record>(record: &R) -> Vec<Value<'_>> {
    (0..R::COLUMNS.len()).map(|column| record.value(column)).collect()
}

/// Rows are compared too: they tell zeros of both signs apart, where numbers do not.
fn assert_same<R: Record>(found: &R, expected: &R) {
    assert_eq!(found, expected);
    assert_eq!(row(found), row(expected));
}

fn payload_of(cells: &[Cell<'_>]) -> Vec<u8> {
    cells.iter().flat_map(|cell| postcard::to_stdvec(cell).unwrap()).collect()
}

fn tick() -> Tick {
    Tick::builder(Symbol::new("BTC-USD").unwrap(), Timestamp::MAX)
        .trade_id(TradeId::new("1001").unwrap())
        .received_ts(Timestamp::MIN)
        .price("25741.02".parse().unwrap())
        .quantity("0.02188038".parse().unwrap())
        .build()
        .unwrap()
}

fn health() -> NodeHealth {
    NodeHealth::builder()
        .ts(Timestamp::MIN)
        .node(Name::new("rpc-1").unwrap())
        .latency_ms(42)
        .build()
}

#[test]
fn kinds_are_what_they_were() {
    let kinds: Vec<_> =
        (0..=u16::MAX).filter_map(|kind| Table::of_number(kind).zip(Some(kind))).collect();
    let named: Vec<_> = kinds.iter().map(|(table, kind)| (*kind, table.as_str())).collect();
    let expected = [
        (1, "ticks"),
        (2, "trades"),
        (3, "orders"),
        (4, "fills"),
        (5, "positions"),
        (6, "metrics"),
        (7, "latencies"),
        (8, "mev_events"),
        (9, "system_events"),
        (10, "node_health"),
        (11, "candles"),
    ];
    assert_eq!(named, expected);
    assert!(kinds.iter().all(|(table, kind)| table.number() == *kind));
    assert_eq!(kinds.len(), Table::ALL.len());
}

#[test]
fn the_newest_layouts_have_the_columns_of_today() {
    for &table in Table::ALL {
        let version = super::version(table);
        let layout = super::layouts::layout(table, version).unwrap();
        // A UUID is written as its text.
        let written = |kind| if kind == Kind::Uuid { Kind::Text } else { kind };
        let today: Vec<_> =
            table.columns().iter().map(|column| (column.name, written(column.kind))).collect();
        let next = version + 1;
        assert!(
            layout == today,
            "the columns of {table} changed: add version {next} to layouts.rs and a golden file",
        );
    }
}

#[test]
fn payloads_follow_what_is_there() {
    let mut both = encoded(&tick());
    super::encode(&health(), &mut both).unwrap();
    assert_eq!(both, [encoded(&tick()), encoded(&health())].concat());
}

#[test]
fn a_record_that_breaks_a_rule_leaves_no_byte() {
    let infinite = Metric::new(Timestamp::MIN, Name::new("lag").unwrap(), f64::INFINITY);
    let mut payload = vec![7];
    let refused = super::encode(&infinite, &mut payload).unwrap_err();
    assert_eq!(refused.to_string(), "value: is not a finite number");
    assert_eq!(payload, [7]);
}

#[test]
fn ticks_are_written_from_where_they_are() {
    let tick = tick();
    let owned = row(&tick).iter().any(|value| matches!(value, Value::Text(Cow::Owned(_))));
    assert!(!owned, "a text of a tick is allocated to be written");
}

#[test]
fn one_byte_less_or_more_is_undecodable() {
    let whole = encoded(&tick());
    for cut in 0..whole.len() {
        assert!(super::decode::<Tick>(2, &whole[..cut]).is_err(), "{cut}");
    }
    let more = [whole.as_slice(), &[0]].concat();
    let refused = super::decode::<Tick>(2, &more).unwrap_err();
    assert_eq!(refused.reason, "bytes after the last column: 1");
}

#[test]
fn versions_yet_to_come_are_undecodable() {
    for version in [0, 3, u16::MAX] {
        let refused = super::decode::<Tick>(version, &encoded(&tick())).unwrap_err();
        let expected = format!("version {version} of ticks is not known to this program");
        assert_eq!(refused.reason, expected);
    }
}

/// The record of cells in a layout that has never been.
fn upgraded<R: Record>(layout: Layout, cells: &[Cell<'_>]) -> Result<R, Undecodable> {
    let payload = payload_of(cells);
    super::record(super::upgrade::<R>(layout, super::read_row(layout, &payload)?))
}

#[test]
fn old_layouts_are_upgraded() {
    // Columns that are no longer there, that have moved, and that were not there yet.
    let old: Layout = &[
        ("latency_ms", Kind::Int),
        ("region", Kind::Text),
        ("node", Kind::Text),
        ("ts", Kind::Time),
    ];
    let cells = [Cell::Int(42), Cell::Text("eu"), Cell::Text("rpc-1"), Cell::Time(0)];
    assert_same(&upgraded(old, &cells).unwrap(), &health());
    // A default of today.
    let old: Layout = &[
        ("ts", Kind::Time),
        ("stream", Kind::Text),
        ("seq", Kind::Int),
        ("service", Kind::Text),
        ("operation", Kind::Text),
        ("latency_ns", Kind::Int),
    ];
    let texts = [Cell::Text("a"), Cell::Text("b")];
    let cells = [&[Cell::Time(0), Cell::Text("s"), Cell::Int(-1)], &texts[..], &[Cell::Int(5)]];
    let latency: Latency = upgraded(old, &cells.concat()).unwrap();
    assert!(latency.success && latency.error_type.is_none() && latency.latency_ns == 5);
    // A column without which there is no record.
    let refused = upgraded::<NodeHealth>(&[("ts", Kind::Time)], &[Cell::Time(0)]).unwrap_err();
    assert_eq!(refused.reason, "node: is missing");
}

#[test]
fn a_record_is_not_named_anew_each_time_it_is_read() {
    for table in [Table::Trades, Table::Orders, Table::Fills] {
        let layout = super::layouts::layout(table, 1).unwrap();
        let cells = vec![Cell::Null; layout.len()];
        let refused = super::read(table, 1, &payload_of(&cells)).unwrap_err();
        let id = ["id", "order_id", "fill_id"].map(|id| format!("{id}: is missing"));
        assert!(id.contains(&refused.reason), "{refused}");
    }
}

#[test]
fn reasons_name_the_column_and_no_value() {
    let layout = super::layouts::layout(Table::NodeHealth, 1).unwrap();
    let good = [Cell::Time(0), Cell::Text("CANARY"), Cell::Int(42)];
    let cases = [
        (0, Cell::Text("CANARY"), "ts: is not of type time"),
        (0, Cell::Time(-1), "ts: is outside the years 1970 to 2261"),
        (1, Cell::Text(" CANARY"), "node: has space around it"),
        (2, Cell::Int(-4_242), "latency_ms: is out of range"),
        (
            3,
            Cell::Decimal(i128::MIN),
            "error_rate: is too large: it has more than 20 digits before the point",
        ),
        (3, Cell::Decimal(-4_242), "error_rate: is not between 0 and 1"),
        (4, Cell::Text("CANARY"), "circuit_breaker_status: is none of closed, open, half_open"),
    ];
    for (place, cell, reason) in cases {
        let mut cells = good.to_vec();
        cells.resize(layout.len(), Cell::Null);
        cells[place] = cell;
        assert_eq!(upgraded::<NodeHealth>(layout, &cells).unwrap_err().reason, reason);
    }
    let not_utf8 = [&payload_of(&good[..1])[..], &[1, 1, 0xFF]].concat();
    let no_variant = [&payload_of(&good[..1])[..], &[7]].concat();
    let claims_more =
        [&payload_of(&good[..1])[..], &[1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, b'C']].concat();
    for payload in [not_utf8, no_variant, claims_more] {
        let refused = super::decode::<NodeHealth>(1, &payload).unwrap_err();
        assert!(refused.reason.starts_with("node: "), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_short_way_for_ticks_reads_what_the_long_one_does(
        tick in strategies::tick(), at in any::<prop::sample::Index>(), byte: u8, cut: bool,
    ) {
        let mut payload = encoded(&tick);
        prop_assert_eq!(super::tick::read(2, &payload), Some(tick));
        let at = at.index(payload.len());
        if cut {
            payload.truncate(at);
        } else {
            payload[at] = byte;
        }
        prop_assert_eq!(super::tick::read(2, &payload), super::decode::<Tick>(2, &payload).ok());
        payload.push(byte);
        prop_assert_eq!(super::tick::read(2, &payload), super::decode::<Tick>(2, &payload).ok());
    }

    #[test]
    fn ticks_of_before_are_read_the_short_way_too(tick in strategies::tick()) {
        let mut payload = encoded(&tick);
        // The last cell is new: a variant and a truth.
        payload.truncate(payload.len() - 2);
        let read = super::tick::read(1, &payload);
        prop_assert!(read.is_some());
        prop_assert_eq!(read, super::decode::<Tick>(1, &payload).ok());
    }
}

/// Every record that there may be reads back, alone and among others of its table.
macro_rules! reads_back {
    ($($record:ident),+ $(,)?) => { $(
        proptest! {
            #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]
            #[test]
            fn $record(records in prop::collection::vec(strategies::$record(), 0..100)) {
                all_read_back(&records);
            }
        }
    )+ };
}

mod reads_back {
    use super::*;

    fn all_read_back<R: Record>(records: &[R]) {
        let mut decoded = Records::empty(R::TABLE);
        for record in records {
            let payload = encoded(record);
            assert_same(
                &super::super::decode::<R>(super::super::version(R::TABLE), &payload).unwrap(),
                record,
            );
            super::super::push(&mut decoded, super::super::version(R::TABLE), &payload).unwrap();
            // What cannot be read adds nothing.
            super::super::push(&mut decoded, 0, &payload).unwrap_err();
        }
        assert_eq!(decoded.len(), records.len());
        assert_eq!(decoded.table(), R::TABLE);
        let payloads: Vec<_> = with_records!(&decoded, rows => rows.iter().map(encoded).collect());
        assert_eq!(payloads, records.iter().map(encoded).collect::<Vec<_>>());
    }

    reads_back!(
        tick,
        trade,
        order,
        fill,
        position,
        metric,
        latency,
        mev_event,
        system_event,
        node_health,
        stored_candle,
    );
}
