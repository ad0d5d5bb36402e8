//! Cases of states, on trades: which one is answered. Orders and positions have some of their own in
//! `executions`.

use tradekeep_models::{ListQuery, TimeRange, Trade, TradeFilter, TradeStatus, TradingMode};

use super::samples::uuid;
use super::trades::{any, dated, found, history, request, trade, trades_in, version};
use super::{Store, between, name, page_of, pages, saved, symbol, time, trader};
use crate::Table;

super::list_cases!(versions:
    highest_version_is_answered_once,
    highest_version_may_be_the_earliest,
    lower_version_may_come_late,
    of_one_version_the_latest_time_is_answered,
    versions_order_as_numbers,
    history_answers_every_version,
    filters_look_at_the_highest_version,
    range_looks_at_the_highest_version,
    history_filters_each_version_by_itself,
    pages_count_things_and_not_versions,
    deleted_versions_are_gone,
);

async fn highest_version_is_answered_once(store: Store) {
    let sent = trade(1, 1);
    let done = Trade { status: TradeStatus::Failed, ..version(&sent, 1, 5) };
    assert_eq!(store.save(vec![sent, trade(2, 3)]).await.unwrap(), saved(2, 0));
    assert_eq!(store.save(vec![done.clone()]).await.unwrap(), saved(1, 0));
    assert_eq!(found(&store, any()).await, [trade(2, 3), done.clone()]);
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(done));
}

async fn highest_version_may_be_the_earliest(store: Store) {
    let first = trade(1, 9);
    let corrected = version(&first, 1, 2);
    store.save(vec![first, corrected.clone()]).await.unwrap();
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(corrected.clone()));
    assert_eq!(trades_in(&store, TimeRange::ALL).await, [corrected]);
}

async fn lower_version_may_come_late(store: Store) {
    let first = trade(1, 1);
    let third = version(&first, 2, 3);
    store.save(vec![third.clone()]).await.unwrap();
    let late = vec![version(&first, 1, 2), first.clone()];
    assert_eq!(store.save(late).await.unwrap(), saved(2, 0));
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(third));
    assert_eq!(store.trade_history(uuid(1)).all().await.unwrap().len(), 3);
}

async fn of_one_version_the_latest_time_is_answered(store: Store) {
    let (early, late) = (trade(1, 1), trade(1, 50));
    store.save(vec![late.clone()]).await.unwrap();
    assert_eq!(store.save(vec![early.clone()]).await.unwrap(), saved(1, 0));
    assert_eq!(found(&store, any()).await, std::slice::from_ref(&late));
    assert_eq!(trades_in(&store, between(0, 50)).await, []);
    assert_eq!(store.trade_history(uuid(1)).all().await.unwrap(), [early, late]);
    let higher = version(&trade(1, 1), 1, 20);
    store.save(vec![higher.clone()]).await.unwrap();
    assert_eq!(found(&store, any()).await, [higher]);
}

async fn versions_order_as_numbers(store: Store) {
    let numbers = [9, 10, 99, 100, u32::MAX];
    let versions = numbers.map(|number| version(&trade(1, 1), number, 1));
    let mut backwards = versions.to_vec();
    backwards.reverse();
    store.save(backwards).await.unwrap();
    assert_eq!(store.trade(uuid(1)).await.unwrap().unwrap().version, u32::MAX);
    assert_eq!(store.trade_history(uuid(1)).all().await.unwrap(), versions);
}

async fn history_answers_every_version(store: Store) {
    let (a, b) = (trade(1, 1), trade(2, 2));
    let (a1, b1) = (version(&a, 1, 3), version(&b, 1, 0));
    store.save(vec![a.clone(), b.clone()]).await.unwrap();
    store.save(vec![a1.clone(), b1.clone()]).await.unwrap();
    assert_eq!(history(&store, any()).await, [b1.clone(), a.clone(), b.clone(), a1.clone()]);
    assert_eq!(store.trade_history(uuid(1)).all().await.unwrap(), [a.clone(), a1.clone()]);
    let mut newest = ListQuery::new(&any());
    (newest.history, newest.limit) = (true, 1);
    assert_eq!(pages::<Trade>(&store, newest).await, [a1, b, a, b1]);
}

async fn filters_look_at_the_highest_version(store: Store) {
    let old = Trade {
        trader_id: trader("old"),
        mode: TradingMode::Paper,
        base_token: symbol("OLD"),
        request_id: request("old"),
        ..trade(1, 1)
    };
    let new = Trade {
        trader_id: trader("new"),
        mode: TradingMode::Live,
        base_token: symbol("NEW"),
        request_id: request("new"),
        ..version(&old, 1, 2)
    };
    store.save(vec![old, new.clone()]).await.unwrap();
    for (trader_id, mode, token, asked, expected) in [
        (Some("old"), None, None, None, vec![]),
        (None, Some(TradingMode::Paper), None, None, vec![]),
        (None, None, Some("OLD"), None, vec![]),
        (None, None, None, Some("old"), vec![]),
        (Some("new"), Some(TradingMode::Live), Some("NEW"), Some("new"), vec![new.clone()]),
    ] {
        let filter = TradeFilter {
            trader_id: trader_id.map(trader),
            mode,
            token: token.map(symbol),
            request_id: asked.map(name),
            ..any()
        };
        assert_eq!(found(&store, filter.clone()).await, expected, "{filter:?}");
    }
    assert_eq!(store.trade_by_request_id(name("old")).await.unwrap(), None);
}

async fn range_looks_at_the_highest_version(store: Store) {
    let old = trade(1, 1);
    let new = version(&old, 1, 10);
    store.save(vec![old, new.clone()]).await.unwrap();
    assert_eq!(trades_in(&store, between(0, 10)).await, []);
    assert_eq!(trades_in(&store, between(2, 11)).await, [new]);
}

async fn history_filters_each_version_by_itself(store: Store) {
    let old = trade(1, 1);
    let new = Trade { trader_id: trader("new"), ..version(&old, 1, 10) };
    store.save(vec![old.clone(), new]).await.unwrap();
    let early = TradeFilter { range: between(0, 10), ..any() };
    assert_eq!(history(&store, early).await, [trade(1, 1)]);
    let by_trader = TradeFilter { trader_id: Some(trader("t")), ..any() };
    assert_eq!(history(&store, by_trader).await, [old]);
}

async fn pages_count_things_and_not_versions(store: Store) {
    for number in 0..4 {
        let versions = (1..=5).map(|n| version(&trade(n, n), number, 10 * n + i64::from(number)));
        store.save(versions.collect::<Vec<_>>()).await.unwrap();
    }
    let mut query = ListQuery::new(&any());
    (query.limit, query.newest_first) = (2, false);
    let mut sizes = Vec::new();
    loop {
        let page = page_of::<Trade>(&store, &query).await.unwrap();
        assert!(page.items.iter().all(|trade| trade.version == 3));
        sizes.push(page.items.len());
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}

async fn deleted_versions_are_gone(store: Store) {
    let first = dated(1, "2024-08-10T10:00:00Z");
    let highest = Trade { version: 1, ..dated(1, "2024-08-09T10:00:00Z") };
    store.save(vec![first.clone(), highest.clone()]).await.unwrap();
    store.delete_before(Table::Trades, time("2024-08-10")).await.unwrap();
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(first));
    // Its number is free again, also for other content.
    let other = Trade { status: TradeStatus::Failed, ..highest };
    assert_eq!(store.save(vec![other.clone()]).await.unwrap(), saved(1, 0));
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(other));
}
