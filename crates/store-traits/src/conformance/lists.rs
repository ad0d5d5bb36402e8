//! Cases of every list of records: order, pages, cursors, limits, ranges.

use tradekeep_models::record::{Record, Value};
use tradekeep_models::{
    Cursor, Fill, Latency, ListQuery, Metric, MevEvent, NodeHealth, Order, Position, StoredCandle,
    SystemEvent, Tick, TimeRange, Timestamp, Trade,
};

use super::samples::{Sample, list_cases_of};
use super::{Case, Store, at, between, page_of, pages};
use crate::{Delivery, ErrorKind, Table};

/// The cases of this file.
pub(super) fn cases() -> Vec<Case> {
    list_cases_of!([Tick ticks, Trade trades, Order orders, Fill fills, Position positions, Metric metrics,
        Latency latencies, MevEvent mev_events, SystemEvent system_events,
        NodeHealth node_health, StoredCandle candles]: lists None, [
        empty_store_answers_nothing,
        ordered_by_time_then_identity,
        pages_cover_everything_once,
        new_rows_do_not_disturb_pages,
        full_last_page_has_no_cursor,
        cursor_and_range_both_hold,
        cursor_of_another_list_is_refused,
        limit_out_of_range_is_invalid_input,
        ranges_are_half_open,
        reads_see_what_was_written,
        closed_store_answers_connection,
    ])
}

async fn save<R: Sample>(store: &Store, rows: &[R]) {
    store.save(R::into_records(rows.to_vec())).await.unwrap();
}

fn query<R: Sample>(newest_first: bool) -> ListQuery {
    let mut query = R::during(TimeRange::ALL);
    query.newest_first = newest_first;
    query
}

/// In order of time, then of the identity's other columns, each as its type orders; ticks by their sequence
/// first.
fn in_order<R: Sample>(mut rows: Vec<R>) -> Vec<R> {
    let columns = match R::TABLE {
        Table::Ticks => &["sequence", "key", "venue", "symbol"],
        _ => R::IDENTITY,
    };
    let rest = |row: &R| -> Vec<Value<'static>> {
        let columns = columns.iter().filter(|column| **column != "ts");
        columns.map(|column| row.named(column).into_owned()).collect()
    };
    rows.sort_by_key(|row| (row.ts(), rest(row)));
    rows
}

fn newest_first<R: Sample>(rows: Vec<R>) -> Vec<R> {
    let mut rows = in_order(rows);
    rows.reverse();
    rows
}

/// Twelve records, four at each of three moments that are a nanosecond apart.
fn ties<R: Sample>() -> Vec<R> {
    (0..12).map(|n| R::full(n).at(at(0, n / 4))).collect()
}

async fn empty_store_answers_nothing<R: Sample>(store: Store) {
    for newest_first in [false, true] {
        for history in [false, true] {
            let query = ListQuery { history, ..query::<R>(newest_first) };
            let page = page_of::<R>(&store, &query).await.unwrap();
            assert!(page.items.is_empty() && page.next.is_none());
        }
    }
}

async fn ordered_by_time_then_identity<R: Sample>(store: Store) {
    save(&store, &ties::<R>()).await;
    assert_eq!(pages::<R>(&store, query::<R>(false)).await, in_order(ties::<R>()));
    assert_eq!(pages::<R>(&store, query::<R>(true)).await, newest_first(ties::<R>()));
    let usual = R::during(TimeRange::ALL);
    let first = page_of::<R>(&store, &usual).await.unwrap().items.remove(0);
    let newest_first = matches!(R::TABLE, Table::Trades | Table::Orders | Table::SystemEvents);
    assert_eq!(first.ts(), if newest_first { at(0, 2) } else { at(0, 0) });
}

async fn pages_cover_everything_once<R: Sample>(store: Store) {
    save(&store, &ties::<R>()).await;
    for limit in [1, 3, 5, 11, 12] {
        for history in [false, true] {
            let up = ListQuery { limit, history, ..query::<R>(false) };
            assert_eq!(pages::<R>(&store, up).await, in_order(ties::<R>()), "pages of {limit}");
            let down = ListQuery { limit, history, ..query::<R>(true) };
            assert_eq!(
                pages::<R>(&store, down).await,
                newest_first(ties::<R>()),
                "pages of {limit}"
            );
        }
    }
}

async fn new_rows_do_not_disturb_pages<R: Sample>(store: Store) {
    let rows: Vec<R> = (10..20).map(R::full).collect();
    save(&store, &rows).await;
    let mut up = ListQuery { limit: 4, ..query::<R>(false) };
    let mut down = ListQuery { limit: 4, ..query::<R>(true) };
    let first_up = page_of::<R>(&store, &up).await.unwrap();
    let first_down = page_of::<R>(&store, &down).await.unwrap();
    let (early, late) = (R::full(5), R::full(25));
    save(&store, &[late.clone(), early.clone()]).await;
    (up.after, down.after) = (first_up.next, first_down.next);
    let found = [first_up.items, pages::<R>(&store, up).await].concat();
    assert_eq!(found, [rows.clone(), vec![late]].concat());
    let found = [first_down.items, pages::<R>(&store, down).await].concat();
    assert_eq!(found, newest_first([vec![early], rows].concat()));
}

async fn full_last_page_has_no_cursor<R: Sample>(store: Store) {
    let rows: Vec<R> = (0..5).map(R::full).collect();
    save(&store, &rows).await;
    let mut query = ListQuery { limit: 5, ..query::<R>(false) };
    assert_eq!(page_of::<R>(&store, &query).await.unwrap().next, None);
    query.limit = 4;
    let page = page_of::<R>(&store, &query).await.unwrap();
    assert_eq!(page.items, rows[..4]);
    query.after = page.next;
    assert!(query.after.is_some(), "a cut answer says so");
    let rest = page_of::<R>(&store, &query).await.unwrap();
    assert_eq!((rest.items, rest.next), (rows[4..].to_vec(), None));
}

async fn cursor_and_range_both_hold<R: Sample>(store: Store) {
    let rows: Vec<R> = (0..9).map(R::full).collect();
    save(&store, &rows).await;
    let list = async |at: usize, newest_first, from, to| {
        let after = Some(Cursor::at(&rows[at], newest_first));
        let of_range = R::during(between(from, to));
        let query = ListQuery { after, newest_first, ..of_range };
        page_of::<R>(&store, &query).await.unwrap().items
    };
    assert_eq!(list(1, false, 3, 5).await, rows[3..5]);
    assert_eq!(list(3, false, 3, 5).await, rows[4..5]);
    assert_eq!(list(7, false, 3, 5).await, []);
    assert_eq!(list(7, true, 3, 5).await, [rows[4].clone(), rows[3].clone()]);
    assert_eq!(list(4, true, 3, 5).await, rows[3..4]);
    assert_eq!(list(1, true, 3, 5).await, []);
}

async fn cursor_of_another_list_is_refused<R: Sample>(store: Store) {
    save(&store, &ties::<R>()).await;
    let of_fills = Cursor::at(&Fill::full(1), false);
    let of_trades = Cursor::at(&Trade::full(1), false);
    let of_others = if R::TABLE == Trade::TABLE { of_fills } else { of_trades };
    let other_way = Cursor::at(&R::full(1), true);
    for cursor in [of_others, other_way] {
        let query = ListQuery { after: Some(cursor), ..query::<R>(false) };
        let error = page_of::<R>(&store, &query).await.unwrap_err();
        assert_eq!((error.kind, error.delivery), (ErrorKind::InvalidInput, Delivery::NotApplied));
        assert!(error.to_string().contains("cursor"), "{error}");
    }
}

async fn limit_out_of_range_is_invalid_input<R: Sample>(store: Store) {
    for limit in [0, 10_001, usize::MAX] {
        let error =
            page_of::<R>(&store, &ListQuery { limit, ..query::<R>(false) }).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidInput);
        assert!(error.to_string().contains("limit"), "{error}");
    }
    assert!(page_of::<R>(&store, &ListQuery { limit: 10_000, ..query::<R>(true) }).await.is_ok());
}

async fn ranges_are_half_open<R: Sample>(store: Store) {
    let rows: Vec<R> = (0..5).map(|n| R::full(n).at(at(0, n))).collect();
    save(&store, &rows).await;
    for (from, to, expected) in [
        (Some(1), Some(3), 1..3),
        (None, Some(3), 0..3),
        (Some(3), None, 3..5),
        (Some(2), Some(2), 2..2),
        (Some(0), Some(5), 0..5),
    ] {
        let range = TimeRange::new(from.map(|n| at(0, n)), to.map(|n| at(0, n))).unwrap();
        for history in [false, true] {
            let all = R::during(range);
            let query = ListQuery { history, newest_first: false, ..all };
            let found = page_of::<R>(&store, &query).await.unwrap().items;
            assert_eq!(found, rows[expected.clone()], "{from:?}..{to:?}");
        }
    }
    let ends: Vec<R> = vec![R::full(8).at(Timestamp::MIN), R::full(9).at(Timestamp::MAX)];
    save(&store, &ends).await;
    let last = TimeRange::new(Timestamp::MAX, None).unwrap();
    let found = page_of::<R>(&store, &R::during(last)).await.unwrap().items;
    assert_eq!(found, ends[1..]);
}

async fn reads_see_what_was_written<R: Sample>(store: Store) {
    // The same questions again and again: no answer may be kept from an earlier state.
    for count in 0..4i64 {
        let found = pages::<R>(&store, query::<R>(false)).await;
        assert_eq!(found, (0..count).map(R::full).collect::<Vec<_>>());
        let second = R::during(between(1, 2));
        let found = page_of::<R>(&store, &second).await.unwrap().items;
        assert_eq!(found.len(), usize::from(count > 1));
        save(&store, &[R::full(count)]).await;
    }
}

async fn closed_store_answers_connection<R: Sample>(store: Store) {
    save(&store, &[R::full(0)]).await;
    store.close().await.unwrap();
    let error = store.save(R::into_records(vec![R::full(1)])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    let error = page_of::<R>(&store, &query::<R>(false)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
    let error = store.partitions(R::TABLE).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connection);
}
