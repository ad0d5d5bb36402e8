//! Cases of [`TradeStore`](crate::TradeStore): filters, order, deletion. Versions have theirs in `versions`.

use tradekeep_models::{
    ListQuery, Name, TimeRange, Trade, TradeAction, TradeFilter, TradeStatus, TradingMode,
};
use uuid::Uuid;

use super::samples::uuid;
use super::{Store, at, bad_places, bad_rows, between, decimal, name, pages, symbol, time, trader};
use crate::{ErrorKind, Table};

super::list_cases!(trades:
    unknown_trade_is_nothing,
    request_id_finds_the_earliest,
    token_matches_base_or_quote,
    trader_and_mode_match_exactly,
    all_parts_of_a_filter_must_match,
    newest_first_then_by_id_and_version,
    newest_few_by_token_and_trader,
    filtered_pages_cover_everything_once,
    deletes_whole_days_only;
    conflicts:
    conflict_is_found_whatever_the_times_of_its_batch,
    errors_show_no_values,
);

/// Trade number `n` with nothing but what is required: 1 SOL for 100 USDC.
pub(super) fn trade(n: i64, second: i64) -> Trade {
    Trade::builder()
        .ts(at(second, 0))
        .id(uuid(n))
        .trader_id(trader("t"))
        .mode(TradingMode::Live)
        .action(TradeAction::Buy)
        .base_token(symbol("SOL"))
        .quote_token(symbol("USDC"))
        .base_amount(1.into())
        .quote_amount(100.into())
        .executed_price(100.into())
        .build()
}

/// Another version of a trade, at another time.
pub(super) fn version(of: &Trade, version: u32, second: i64) -> Trade {
    Trade { version, ts: at(second, 0), ..of.clone() }
}

pub(super) fn any() -> TradeFilter {
    TradeFilter::default()
}

pub(super) async fn found(store: &Store, filter: TradeFilter) -> Vec<Trade> {
    store.trades(filter).oldest_first().all().await.unwrap()
}

pub(super) async fn history(store: &Store, filter: TradeFilter) -> Vec<Trade> {
    store.trades(filter).oldest_first().history().all().await.unwrap()
}

/// The trades of a range of time, newest first.
pub(super) async fn trades_in(store: &Store, range: TimeRange) -> Vec<Trade> {
    store.trades(TradeFilter { range, ..any() }).all().await.unwrap()
}

fn of_token(token: &str) -> TradeFilter {
    TradeFilter { token: Some(symbol(token)), ..any() }
}

fn of_trader(id: &str) -> TradeFilter {
    TradeFilter { trader_id: Some(trader(id)), ..any() }
}

pub(super) fn request(text: &str) -> Option<Name> {
    Some(name(text))
}

async fn unknown_trade_is_nothing(store: Store) {
    store.save(vec![trade(1, 1)]).await.unwrap();
    assert_eq!(store.trade(uuid(2)).await.unwrap(), None);
    assert_eq!(store.trade_history(uuid(2)).all().await.unwrap(), []);
    assert_eq!(store.trade_by_request_id(name("r")).await.unwrap(), None);
    assert_eq!(found(&store, of_token("sol")).await, []);
    assert_eq!(found(&store, of_trader("T")).await, []);
    assert_eq!(trades_in(&store, between(2, 9)).await, []);
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(trade(1, 1)));
}

async fn request_id_finds_the_earliest(store: Store) {
    let asked = |n, second| Trade { request_id: request("r"), ..trade(n, second) };
    // Numbers 2 and 4 have the same time; the id of 2 is the smaller one.
    assert!(uuid(2) < uuid(4));
    let later = version(&asked(1, 1), 1, 9);
    store.save(vec![asked(3, 7), asked(4, 5), asked(2, 5)]).await.unwrap();
    store.save(vec![asked(1, 1), later, trade(5, 0)]).await.unwrap();
    assert_eq!(store.trade_by_request_id(name("r")).await.unwrap(), Some(asked(2, 5)));
    assert_eq!(store.trade_by_request_id(name("R")).await.unwrap(), None);
}

fn pair(n: i64, base: &str, quote: &str) -> Trade {
    Trade { base_token: symbol(base), quote_token: symbol(quote), ..trade(n, n) }
}

async fn token_matches_base_or_quote(store: Store) {
    let trades = [
        pair(1, "SOL", "USDC"),
        pair(2, "USDC", "SOL"),
        pair(3, "SOL", "SOL"),
        pair(4, "BTC", "USDC"),
        pair(5, "sol", "SO"),
    ];
    store.save(trades.to_vec()).await.unwrap();
    for (token, expected) in
        [("SOL", &trades[..3]), ("BTC", &trades[3..4]), ("SO", &trades[4..]), ("S%", &[])]
    {
        let filter = TradeFilter { token: Some(symbol(token)), ..any() };
        assert_eq!(found(&store, filter).await, expected, "{token}");
    }
}

async fn trader_and_mode_match_exactly(store: Store) {
    let of = |n, name: &str, mode| Trade { trader_id: trader(name), mode, ..trade(n, n) };
    let (live, paper) = (TradingMode::Live, TradingMode::Paper);
    let trades = [of(1, "a", live), of(2, "a", paper), of(3, "A", live), of(4, "a'b", paper)];
    store.save(trades.to_vec()).await.unwrap();
    let by = |name: &str| TradeFilter { trader_id: Some(trader(name)), ..any() };
    assert_eq!(found(&store, by("a")).await, trades[..2]);
    assert_eq!(found(&store, by("a'b")).await, trades[3..]);
    assert_eq!(found(&store, by("_")).await, []);
    let paper = found(&store, TradeFilter { mode: Some(paper), ..any() }).await;
    assert_eq!(paper, [trades[1].clone(), trades[3].clone()]);
}

async fn all_parts_of_a_filter_must_match(store: Store) {
    let wanted = Trade { request_id: request("r"), ..trade(1, 5) };
    let others = [
        Trade { id: uuid(3), ..wanted.clone() },
        Trade { id: uuid(2), request_id: None, ..wanted.clone() },
        Trade { id: uuid(4), base_token: symbol("BTC"), ..wanted.clone() },
        Trade { id: uuid(5), trader_id: trader("u"), ..wanted.clone() },
        Trade { id: uuid(6), mode: TradingMode::Paper, ..wanted.clone() },
        Trade { id: uuid(7), ts: at(6, 0), ..wanted.clone() },
    ];
    store.save([vec![wanted.clone()], others.to_vec()].concat()).await.unwrap();
    let filter = TradeFilter {
        id: None,
        request_id: request("r"),
        token: Some(symbol("SOL")),
        trader_id: Some(trader("t")),
        mode: Some(TradingMode::Live),
        range: between(5, 6),
    };
    assert_eq!(found(&store, filter.clone()).await, [wanted.clone(), others[0].clone()]);
    let one = TradeFilter { id: Some(uuid(1)), ..filter };
    assert_eq!(found(&store, one).await, [wanted]);
}

async fn newest_first_then_by_id_and_version(store: Store) {
    let id = |text: &str| Trade { id: text.parse::<Uuid>().unwrap(), ..trade(1, 5) };
    let in_order = [
        Trade { ts: at(4, 999_999_999), ..id("ffffffff-ffff-ffff-ffff-ffffffffffff") },
        id("00000000-0000-0000-0000-000000000000"),
        id("7fffffff-ffff-ffff-ffff-ffffffffffff"),
        id("80000000-0000-0000-0000-000000000000"),
        version(&id("80000000-0000-0000-0000-000000000000"), 2, 5),
        version(&id("80000000-0000-0000-0000-000000000000"), 10, 5),
        id("ffffffff-ffff-ffff-ffff-fffffffffffe"),
    ];
    let mixed = [5, 1, 6, 0, 3, 2, 4].map(|place: usize| in_order[place].clone());
    store.save(mixed.to_vec()).await.unwrap();
    assert_eq!(history(&store, any()).await, in_order);
    let mut backwards = in_order.to_vec();
    backwards.reverse();
    assert_eq!(store.trades(any()).history().all().await.unwrap(), backwards);
}

async fn newest_few_by_token_and_trader(store: Store) {
    let trades: Vec<_> = (1..=5).map(|n| trade(n, n)).collect();
    store.save(trades.clone()).await.unwrap();
    let newest = [trade(5, 5), trade(4, 4)];
    for filter in [of_token("USDC"), of_trader("t")] {
        let page = store.trades(filter.clone()).limit(2).page().await.unwrap();
        assert_eq!(page.items, newest);
        assert!(page.next.is_some(), "a cut answer says so");
        assert_eq!(store.trades(filter).limit(2).all().await.unwrap(), newest);
    }
    assert_eq!(trades_in(&store, between(4, 6)).await, newest);
    let none = store.trades(of_trader("t")).limit(0);
    assert_eq!(none.clone().page().await.unwrap_err().kind, ErrorKind::InvalidInput);
    assert_eq!(none.all().await.unwrap_err().kind, ErrorKind::InvalidInput);
}

async fn filtered_pages_cover_everything_once(store: Store) {
    let tokens = ["SOL", "BTC", "ETH"].iter().cycle();
    let trades: Vec<_> = tokens.zip(0..30).map(|(token, n)| pair(n, token, "USDC")).collect();
    store.save(trades.clone()).await.unwrap();
    let expected: Vec<_> = (0..10).rev().map(|n| trades[3 * n + 1].clone()).collect();
    for limit in [1, 3, 9, 10] {
        let mut query = ListQuery::new(&of_token("BTC"));
        query.limit = limit;
        assert_eq!(pages::<Trade>(&store, query).await, expected, "pages of {limit}");
    }
}

pub(super) fn dated(n: i64, ts: &str) -> Trade {
    Trade { ts: time(ts), ..trade(n, 0) }
}

async fn deletes_whole_days_only(store: Store) {
    let old = dated(1, "2024-08-08T10:00:00Z");
    let trades = vec![
        Trade { version: 1, ..old.clone() },
        old,
        dated(2, "2024-08-09T00:00:00Z"),
        dated(3, "2024-08-09T23:59:59.999999999Z"),
        dated(4, "2024-08-10T00:00:00Z"),
    ];
    store.save(trades.clone()).await.unwrap();
    store.save(super::seconds(3)).await.unwrap();
    for (before, gone, left) in [
        ("2024-08-08T23:59:59.999999999Z", 0, &trades[..]),
        ("2024-08-09T23:59:59.999999999Z", 2, &trades[2..]),
        ("2024-08-09T00:00:00Z", 0, &trades[2..]),
        ("2024-08-10T00:00:00Z", 2, &trades[4..]),
        ("1970-01-01T00:00:00Z", 0, &trades[4..]),
    ] {
        assert_eq!(
            store.delete_before(Table::Trades, time(before)).await.unwrap(),
            gone,
            "{before}"
        );
        assert_eq!(history(&store, any()).await.len(), left.len(), "{before}");
    }
    assert_eq!(found(&store, any()).await, trades[4..]);
    assert_eq!(store.partitions(Table::Ticks).await.unwrap().len(), 1, "ticks stay");
}

async fn conflict_is_found_whatever_the_times_of_its_batch(store: Store) {
    store.save(vec![trade(1, 5)]).await.unwrap();
    let forgot_the_version = || Trade { status: TradeStatus::Failed, ..trade(1, 5) };
    // The stored one stands at the only, the last, the first moment of the batch, or between them.
    for (batch, expected) in [
        (vec![forgot_the_version()], 0),
        (vec![trade(2, 1), forgot_the_version()], 1),
        (vec![forgot_the_version(), trade(2, 9)], 0),
        (vec![trade(2, 1), trade(3, 9), forgot_the_version()], 2),
    ] {
        let error = store.save(batch).await.unwrap_err();
        assert_eq!(bad_places(error, ErrorKind::Conflict), [expected]);
        assert_eq!(found(&store, any()).await, [trade(1, 5)]);
    }
}

async fn errors_show_no_values(store: Store) {
    let secret = Trade {
        trader_id: trader("canary"),
        request_id: request("canary"),
        base_amount: decimal("31337.31337"),
        ..trade(1, 1)
    };
    store.save(vec![secret.clone()]).await.unwrap();
    let other = Trade { tx_signature: request("canary"), ..secret.clone() };
    let negative = Trade { base_amount: decimal("-31337.31337"), ..secret };
    for (bad, kind) in [(other, ErrorKind::Conflict), (negative, ErrorKind::InvalidInput)] {
        let error = store.save(vec![bad]).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary") && !shown.contains("31337"), "{shown}");
        assert!(bad_rows(error, kind).iter().all(|row| !row.reason.is_empty()));
    }
}
