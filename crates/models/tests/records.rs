//! Every record goes by its columns: what is read back from a row is the same record.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::collections::HashSet;

use proptest::prelude::*;
use tradekeep_models::record::{Kind, Naming, Record, Value};
use tradekeep_models::*;

const TS: &str = "2024-08-08T10:00:05.000000001Z";

fn ts() -> Timestamp {
    TS.parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn trade() -> Trade {
    Trade::builder()
        .ts(ts())
        .trader_id(TraderId::new("arb-1").unwrap())
        .mode(TradingMode::Live)
        .action(TradeAction::Swap)
        .base_token(Symbol::new("SOL").unwrap())
        .quote_token(Symbol::new("USDC").unwrap())
        .base_amount("2.5".parse().unwrap())
        .quote_amount("375.25".parse().unwrap())
        .executed_price("150.1".parse().unwrap())
        .metadata(Json::new("{\"hops\": 2}").unwrap())
        .build()
}

fn fill() -> Fill {
    Fill::builder()
        .ts(ts())
        .order_id(trade().id)
        .venue(Venue::unknown())
        .market(Market::new("0x1").unwrap())
        .side(Side::Sell)
        .price("0.52".parse().unwrap())
        .quantity("50".parse().unwrap())
        .fee("-0.1".parse().unwrap())
        .fee_currency(Symbol::new("USDC").unwrap())
        .build()
}

fn row<R: Record>(record: &R) -> Vec<Value<'_>> {
    (0..R::COLUMNS.len()).map(|column| record.value(column)).collect()
}

fn reads_back<R: Record>(record: &R) {
    assert_eq!(&R::from_row(row(record)).unwrap(), record);
    for (column, value) in R::COLUMNS.iter().zip(row(record)) {
        let kind = match value {
            Value::Null => {
                assert!(!column.required, "{}", column.name);
                continue;
            }
            Value::Text(_) => Kind::Text,
            Value::Int(_) => Kind::Int,
            Value::Float(_) => Kind::Float,
            Value::Bool(_) => Kind::Bool,
            Value::Decimal(_) => Kind::Decimal,
            Value::Time(_) => Kind::Time,
            Value::Uuid(_) => Kind::Uuid,
        };
        assert_eq!(kind, column.kind, "{}", column.name);
        assert_eq!(Value::parse(kind, &value.to_string()).unwrap(), value, "{}", column.name);
    }
}

fn reads_back_with_holes<R: Record>(record: &R) {
    reads_back(record);
    for missing in 0..R::COLUMNS.len() {
        let mut holed = row(record);
        holed[missing] = Value::Null;
        let column = R::COLUMNS[missing];
        match R::from_row(holed) {
            Ok(_) => assert!(!column.required || column.default, "{}", column.name),
            Err(error) => {
                assert!(column.required && !column.default, "{}", column.name);
                assert_eq!(error.to_string(), format!("{}: is missing", column.name));
            }
        }
    }
}

#[test]
fn every_record_reads_back() {
    let order = Order::builder()
        .ts(ts())
        .venue(Venue::unknown())
        .market(Market::new("0x1").unwrap())
        .side(Side::Buy)
        .order_type(OrderType::StopLimit)
        .quantity("1".parse().unwrap())
        .client_order_id(name("c-1"))
        .build();
    let position = Position::builder()
        .ts(ts())
        .trader_id(TraderId::new("mm-1").unwrap())
        .market(Market::new("0x1").unwrap())
        .amount("-1".parse().unwrap())
        .cost_basis("0".parse().unwrap())
        .build();
    let mev = MevEvent::builder()
        .ts(ts())
        .stream(StreamId::new("s").unwrap())
        .seq(-1)
        .sandwich_probability(0.1)
        .estimated_loss_bps(-3)
        .avoided(false)
        .build();
    let health = NodeHealth::builder().ts(ts()).node(name("rpc-1")).latency_ms(1).build();
    let tick = Tick::builder(Symbol::new("X").unwrap(), ts())
        .price("1.5".parse().unwrap())
        .quantity("2".parse().unwrap())
        .build()
        .unwrap();
    reads_back_with_holes(&trade());
    reads_back_with_holes(&order);
    reads_back_with_holes(&fill());
    reads_back_with_holes(&position);
    reads_back_with_holes(&Metric::new(ts(), name("lag"), -0.0).with_symbol("X").unwrap());
    reads_back_with_holes(&Latency::new(ts(), name("router"), name("quote"), u64::MAX >> 1));
    reads_back_with_holes(&mev);
    reads_back_with_holes(&SystemEvent::info(ts(), Message::new("a\nb").unwrap()));
    reads_back_with_holes(&health);
    reads_back_with_holes(&tick);
}

/// Random records of a type read back, and some pairs of them are what stores have to tell apart.
macro_rules! random_records_read_back {
    ($($record:ident),+ $(,)?) => { $(
        mod $record {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4) })]
                #[test]
                fn reads_back(records in prop::collection::vec(strategies::$record(), 200)) {
                    for record in &records {
                        record.validate().unwrap();
                        super::reads_back(record);
                    }
                    collide(&records);
                }
            }
        }
    )+ };
}

/// Two records have one identity.
fn collide<R: Record>(records: &[R]) {
    let key = |record: &R| R::IDENTITY.iter().map(|name| record.named(name).into_owned()).collect();
    let identities: HashSet<Vec<Value<'static>>> = records.iter().map(key).collect();
    assert!(identities.len() < records.len(), "{}", R::TABLE);
}

random_records_read_back!(
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

#[test]
fn columns_are_sound() {
    fn check<R: Record>() {
        assert_eq!(R::TABLE.columns(), R::COLUMNS);
        let named = |name: &str| R::COLUMNS.iter().find(|column| column.name == name);
        let order: Vec<_> = R::TABLE.order().map(|column| column.name).collect();
        let rest = R::IDENTITY.iter().copied().filter(|name| *name != "ts");
        match R::TABLE {
            Table::Ticks => assert_eq!(order, ["ts", "sequence", "key", "venue", "symbol"]),
            _ => assert_eq!(order, ["ts"].into_iter().chain(rest).collect::<Vec<_>>()),
        }
        for name in order.iter().chain(R::SUBJECT) {
            assert!(named(name).is_some_and(|column| column.required), "{} {name}", R::TABLE);
        }
        if !R::SUBJECT.is_empty() {
            // Of its states, version and time tell which is the latest.
            let states: HashSet<_> = R::SUBJECT.iter().copied().chain(["version", "ts"]).collect();
            assert_eq!(R::IDENTITY.iter().copied().collect::<HashSet<_>>(), states);
        }
        // Stores look for them by this column.
        assert!(!R::is_timeless() || R::IDENTITY.len() == 1, "{}", R::TABLE);
        let json: Vec<_> = R::COLUMNS.iter().filter(|c| c.json).map(|c| c.name).collect();
        assert!(json.iter().all(|name| ["labels", "metadata", "data"].contains(name)), "{json:?}");
        match R::NAMING {
            Naming::Given => {}
            Naming::Uuid { column, of, .. } => {
                let mut of = of.iter().copied().flatten();
                assert!(R::IDENTITY.contains(&column) && of.all(|of| named(of).is_some()));
            }
            Naming::Position => assert_eq!(R::IDENTITY, ["ts", "stream", "seq"]),
        }
    }
    check::<Tick>();
    check::<Trade>();
    assert!(Trade::COLUMNS.iter().any(|c| c.json) && Metric::COLUMNS.iter().any(|c| c.json));
    check::<Order>();
    check::<Fill>();
    check::<Position>();
    check::<Metric>();
    check::<Latency>();
    check::<MevEvent>();
    check::<SystemEvent>();
    check::<NodeHealth>();
}

#[test]
fn rules_name_the_field() {
    let refused = |trade: Trade| trade.validate().unwrap_err().to_string();
    let negative = "-1".parse().unwrap();
    assert_eq!(refused(Trade { base_amount: negative, ..trade() }), "base_amount: is negative");
    let fee = Some(u64::MAX);
    assert_eq!(
        refused(Trade { transaction_fee: fee, ..trade() }),
        "transaction_fee: is larger than 2^63 - 1"
    );
    let wrong = Fill { notional: negative, ..fill() };
    assert_eq!(wrong.validate().unwrap_err().to_string(), "notional: is not price x quantity");
    let nan = Metric::new(ts(), name("lag"), f64::NAN).validate().unwrap_err();
    assert_eq!(nan.to_string(), "value: is not a finite number");
    let mut odd = Latency::new(ts(), name("a"), name("b"), 1);
    odd.error_type = Some(name("timeout"));
    assert!(odd.validate().is_err());
    assert!(Latency::new(ts(), name("a"), name("b"), 1).with_error(name("x")).validate().is_ok());
}

#[test]
fn a_cursor_is_of_one_list_in_one_order() {
    let query = ListQuery::new(&TradeFilter::default());
    let page = query.page(vec![trade(), trade()]);
    assert_eq!((page.items.len(), page.next), (2, None));
    let short = ListQuery { limit: 1, ..query.clone() };
    let next = short.page(vec![trade(), trade()]).next.unwrap();
    assert_eq!(query.cursor(&next.to_string()).unwrap(), next);
    let other_order = ListQuery { newest_first: false, ..query.clone() };
    assert!(other_order.cursor(&next.to_string()).is_err());
    assert!(ListQuery { after: Some(next.clone()), ..other_order }.validate().is_err());
    let other_list = ListQuery::new(&FillFilter::default());
    assert!(other_list.cursor(&next.to_string()).is_err() && query.cursor("x").is_err());
}

#[test]
fn filters_match_all_their_parts() {
    let token = |text: &str| TradeFilter {
        token: Some(Symbol::new(text).unwrap()),
        ..TradeFilter::default()
    };
    assert!(token("SOL").matches(&trade()) && token("USDC").matches(&trade()));
    assert!(!token("BTC").matches(&trade()));
    let both = TradeFilter { mode: Some(TradingMode::Paper), ..token("SOL") };
    assert!(!both.matches(&trade()));
    let no_request = TradeFilter { request_id: Some(name("r")), ..TradeFilter::default() };
    assert!(!no_request.matches(&trade()));
    let labelled = Metric::new(ts(), name("lag"), 1.0).with_symbol("X").unwrap();
    let wanted = MetricFilter { labels: labelled.labels.clone(), ..MetricFilter::default() };
    assert!(wanted.matches(&labelled) && !wanted.matches(&Metric::new(ts(), name("lag"), 1.0)));
}
