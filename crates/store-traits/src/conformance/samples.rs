//! Made records of every kind, for cases that are the same for all of them.

mod executions;

use tradekeep_models::record::{Column, Record, Value};
use tradekeep_models::{
    BreakerStatus, Decimal, Json, Labels, Latency, LatencyFilter, ListQuery, Message, Metric,
    MetricFilter, MevEvent, MevFilter, NodeHealth, NodeHealthFilter, Severity, Side, StoredCandle,
    StoredCandleFilter, StreamId, SystemEvent, SystemEventFilter, Tick, TickFilter, TimeRange,
    Timestamp, TradeId,
};
use uuid::Uuid;

use super::{at, name, symbol, trader, venue};

/// A record that cases can make and read without knowing what it is.
pub(super) trait Sample: Record {
    /// Record `n` of a series with one a second. Every column has a value, and another one than in
    /// the record before.
    fn full(n: i64) -> Self;

    /// Records that break one rule each, and the field that the rule is about.
    fn broken() -> Vec<(Self, &'static str)> {
        Vec::new()
    }

    /// All of a range of time.
    fn during(range: TimeRange) -> ListQuery;

    /// The same as [`full`](Self::full) with nothing in it that may be absent.
    fn bare(n: i64) -> Self {
        let kept = |(column, value): (&Column, Value<'static>)| {
            if column.required { value } else { Value::Null }
        };
        let full = row(&Self::full(n));
        Self::from_row(Self::COLUMNS.iter().zip(full).map(kept).collect()).unwrap()
    }

    /// This record at another time.
    fn at(&self, ts: Timestamp) -> Self {
        with(self, "ts", Value::Time(ts)).unwrap()
    }
}

/// The values of all columns. They tell -0 from 0, where equality of records does not.
pub(super) fn row<R: Record>(record: &R) -> Vec<Value<'static>> {
    (0..R::COLUMNS.len()).map(|column| record.value(column).into_owned()).collect()
}

/// This record with another value in a column; nothing where the record does not take it.
pub(super) fn with<R: Record>(record: &R, column: &str, value: Value<'static>) -> Option<R> {
    let mut row = row(record);
    row[R::index_of(column).unwrap()] = value;
    if let Some(notional) = R::index_of("notional").filter(|_| column != "notional") {
        // Follows from price and quantity when it is not given.
        row[notional] = Value::Null;
    }
    R::from_row(row).ok()
}

/// UUIDs whose order is not that of `n`, and of which every second has its highest bit set.
pub(super) fn uuid(n: i64) -> Uuid {
    let n = u128::try_from(n).unwrap();
    Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// Numbers of both signs, whose order is not that of `n`.
fn scattered(n: i64) -> i64 {
    (n * 37) % 101 - 50
}

fn text(prefix: &str, n: i64) -> String {
    format!("{prefix}{}", (n * 37) % 101)
}

/// Not negative, with digits in all 18 places.
fn amount(n: i64) -> Decimal {
    Decimal::from_scaled(i128::from(n + 1) * 1_234_567_890_123_456_789).unwrap()
}

fn choice<T: Copy>(all: &[T], n: i64) -> T {
    all[usize::try_from(n).unwrap() % all.len()]
}

fn when(n: i64) -> Timestamp {
    at(n, 123_456_789 + n)
}

fn some_side(n: i64) -> Side {
    choice(&[Side::Buy, Side::Sell], n)
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap()
}

fn small(n: i64) -> u32 {
    u32::try_from(n).unwrap()
}

/// Lists generic functions of a module as cases, one for each record; `need` is as in `list_cases`.
macro_rules! list_cases_of {
    ([$($record:ident $table:ident),+]: $module:ident $need:expr, $names:tt) => {
        [$(list_cases_of!(@ $record $table $module $need, $names)),+].concat()
    };
    (@ $record:ident $table:ident $module:ident $need:expr, [$($name:ident),+ $(,)?]) => {
        vec![$(super::Case {
            name: concat!(
                stringify!($module), "::", stringify!($table), "::", stringify!($name)
            ),
            need: $need,
            test: |store| Box::pin($name::<$record>(store)),
        }),+]
    };
}
pub(super) use list_cases_of;

/// What every sample has alike: its filter by time.
macro_rules! filtered_by {
    ($filter:ident) => {
        fn during(range: TimeRange) -> ListQuery {
            ListQuery::new(&$filter { range, ..$filter::default() })
        }
    };
}
use filtered_by;

impl Sample for Tick {
    filtered_by!(TickFilter);

    fn full(n: i64) -> Self {
        let (id, price) = (TradeId::new(text("id-", n)).unwrap(), Decimal::from(n + 1));
        Tick::builder(symbol(&text("SYM-", n)), when(n))
            .venue(venue(&text("venue-", n)))
            .trade_id(id)
            .received_ts(when(n + 7))
            .sequence(scattered(n))
            .price(price)
            .quantity("0.5".parse().unwrap())
            .side(some_side(n))
            .aggregated(n % 2 == 0)
            .build()
            .unwrap()
    }

    fn at(&self, ts: Timestamp) -> Self {
        let mut row = row(self);
        row[Self::index_of("ts").unwrap()] = Value::Time(ts);
        Self::from_row(row).unwrap()
    }
}

impl Sample for StoredCandle {
    filtered_by!(StoredCandleFilter);

    fn full(n: i64) -> Self {
        let price = scattered(n);
        Self {
            ts: when(n),
            venue: venue(&text("venue-", n)),
            symbol: symbol(&text("symbol-", n)),
            interval: if n % 2 == 0 { "1m" } else { "60s" }.parse().unwrap(),
            source: name(&text("source-", n)),
            version: small(n % 3),
            open: price.into(),
            high: (price + 2).into(),
            low: (price - 1).into(),
            close: (price + 1).into(),
            volume: amount(n),
            notional: Some(amount(n + 1)),
            count: Some(small(n).into()),
            vwap: Some(price.into()),
        }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        let full = Self::full(90);
        let above = full.high.add(Decimal::from(1)).unwrap();
        vec![
            (Self { open: above, ..full.clone() }, "low"),
            (Self { close: above, ..full.clone() }, "low"),
            (Self { high: full.low, low: full.high, ..Self::full(91) }, "low"),
            (Self { volume: Decimal::from(-1), ..Self::full(92) }, "volume"),
        ]
    }
}

fn stream(n: i64) -> StreamId {
    StreamId::new(text("stream-", n)).unwrap()
}

fn float(n: i64) -> f64 {
    0.1 + f64::from(small(n))
}

impl Sample for Metric {
    filtered_by!(MetricFilter);

    fn full(n: i64) -> Self {
        let labels = Labels::default().with("venue", text("v", n)).unwrap().with("n", "").unwrap();
        let (stream, seq) = (stream(n), scattered(n));
        Self { ts: when(n), stream, seq, name: name(&text("metric-", n)), value: float(n), labels }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
            .map(|value| (Self { value, ..Self::full(90) }, "value"))
            .to_vec()
    }
}

impl Sample for Latency {
    filtered_by!(LatencyFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            stream: stream(n),
            seq: scattered(n),
            service: name(&text("service-", n)),
            operation: name(&text("operation-", n)),
            latency_ns: count(n) * 1_000,
            // What succeeded has no error: so half of the series has none.
            success: n % 2 == 1,
            error_type: (n % 2 == 0).then(|| name(&text("error-", n))),
        }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        vec![
            (Self { success: true, ..Self::full(90) }, "error_type"),
            (Self { latency_ns: u64::MAX, ..Self::full(91) }, "latency_ns"),
        ]
    }
}

impl Sample for MevEvent {
    filtered_by!(MevFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            stream: stream(n),
            seq: scattered(n),
            trade_id: Some(uuid(n)),
            trader_id: Some(trader(&text("trader-", n))),
            token_pair: Some(symbol(&text("SOL/", n))),
            trade_size: Some(amount(n)),
            sandwich_probability: float(n % 100) / 200.0,
            estimated_loss_bps: i32::try_from(scattered(n)).unwrap(),
            actual_loss_bps: Some(i32::try_from(scattered(n + 1)).unwrap()),
            protection_used: Some(n % 2 == 0),
            priority_fee_lamports: Some(count(n)),
            avoided: n % 2 == 1,
        }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        let likely =
            |p| (Self { sandwich_probability: p, ..Self::full(90) }, "sandwich_probability");
        let fee = Some(u64::MAX);
        vec![
            likely(-0.1),
            likely(1.000_000_1),
            likely(f64::NAN),
            (Self { trade_size: Some(Decimal::from(-1)), ..Self::full(91) }, "trade_size"),
            (Self { priority_fee_lamports: fee, ..Self::full(92) }, "priority_fee_lamports"),
        ]
    }
}

impl Sample for SystemEvent {
    filtered_by!(SystemEventFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            stream: stream(n),
            seq: scattered(n),
            severity: choice(Severity::ALL, n),
            event_type: Some(name(&text("kind-", n))),
            source: Some(name(&text("source-", n))),
            message: Message::new(text("message ", n)).unwrap(),
            data: Some(Json::new(format!("{{\"n\": {n}}}")).unwrap()),
        }
    }
}

impl Sample for NodeHealth {
    filtered_by!(NodeHealthFilter);

    fn full(n: i64) -> Self {
        Self {
            ts: when(n),
            node: name(&text("node-", n)),
            latency_ms: small(n),
            error_rate: Some(Decimal::from_scaled(i128::from(n + 1)).unwrap()),
            circuit_breaker_status: Some(choice(BreakerStatus::ALL, n)),
            last_failure: Some(when(n + 7)),
        }
    }

    fn broken() -> Vec<(Self, &'static str)> {
        let rate = |text: &str| {
            (Self { error_rate: Some(text.parse().unwrap()), ..Self::full(90) }, "error_rate")
        };
        vec![rate("1.000000000000000001"), rate("-0.000000000000000001")]
    }
}
