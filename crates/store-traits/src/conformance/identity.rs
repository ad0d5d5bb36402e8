//! Cases of one thing, one row: each tells a store some records in one batch, and one by one, and expects the same.

use tradekeep_models::{
    Fill, ListQuery, Order, OrderFilter, OrderStatus, Side, TimeRange, Trade, TradeFilter, TradeId,
    TradeStatus,
};

use super::executions::{fill, order};
use super::samples::{Sample, uuid};
use super::trades::trade;
use super::{Case, Need, Store, at, bad_places, decimal, name, page_of, saved, symbol};
use crate::{DUPLICATE_WINDOW, ErrorKind};

/// How records are told.
#[derive(Debug, Clone, Copy)]
enum Way {
    InABatch,
    OneByOne,
}

/// What a store makes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    New,
    Again,
    Conflict,
}
use Told::{Again, Conflict, New};

const CONFLICTS: Option<Need> = Some(("conflicts", |capabilities| capabilities.conflicts));

macro_rules! both_ways {
    ($($name:ident),+ $(,)?) => {
        /// The cases of this file.
        pub(super) fn cases() -> Vec<Case> {
            vec![$(
                Case {
                    name: concat!("identity::", stringify!($name), "_in_a_batch"),
                    need: CONFLICTS,
                    test: |store| Box::pin($name(store, Way::InABatch)),
                },
                Case {
                    name: concat!("identity::", stringify!($name), "_one_by_one"),
                    need: CONFLICTS,
                    test: |store| Box::pin($name(store, Way::OneByOne)),
                },
            )+]
        }
    };
}

both_ways!(
    updates_without_versions_are_one_order,
    updates_without_versions_are_one_trade,
    a_higher_version_counts_whatever_its_time,
    a_state_told_again_is_a_duplicate,
    a_fill_told_twice_is_one_fill,
    a_fill_of_other_content_is_a_conflict,
    a_fill_is_looked_for_within_the_window,
    client_order_ids_are_looked_for_within_the_window,
    what_is_refused_does_not_count,
    a_tick_of_other_content_is_a_conflict,
);

/// Tells the store these records, and expects it to make that of them, and to have the new ones in the end besides
/// those that it had.
async fn tell<R: Sample>(store: &Store, way: Way, told: &[(R, Told)]) {
    let mut expected = history::<R>(store).await;
    let rows = |keep: &dyn Fn(Told) -> bool| -> Vec<R> {
        told.iter().filter(|(_, told)| keep(*told)).map(|(row, _)| row.clone()).collect()
    };
    let new = rows(&|told| told == New);
    match way {
        Way::OneByOne => {
            for (place, (row, told)) in told.iter().enumerate() {
                let answer = store.save(R::into_records(vec![row.clone()])).await;
                match told {
                    New => assert_eq!(answer.unwrap(), saved(1, 0), "{place}: {row:?}"),
                    Again => assert_eq!(answer.unwrap(), saved(0, 1), "{place}: {row:?}"),
                    Conflict => {
                        assert_eq!(bad_places(answer.unwrap_err(), ErrorKind::Conflict), [0]);
                    }
                }
            }
        }
        Way::InABatch => {
            let conflicts: Vec<_> =
                (0..told.len()).filter(|place| told[*place].1 == Conflict).collect();
            if !conflicts.is_empty() {
                let error = store.save(R::into_records(rows(&|_| true))).await.unwrap_err();
                assert_eq!(bad_places(error, ErrorKind::Conflict), conflicts);
                assert_eq!(history::<R>(store).await, expected, "nothing of it is stored");
            }
            let rest = rows(&|told| told != Conflict);
            let duplicates = rest.len() - new.len();
            let answer = store.save(R::into_records(rest)).await.unwrap();
            assert_eq!(answer, saved(new.len() as u64, duplicates as u64));
        }
    }
    let order = ListQuery { newest_first: false, ..R::during(TimeRange::ALL) };
    expected.extend(new);
    expected.sort_by(|a, b| order.compare(a, b));
    assert_eq!(history::<R>(store).await, expected);
}

/// Every row of the table, oldest first.
async fn history<R: Sample>(store: &Store) -> Vec<R> {
    let query = ListQuery { history: true, newest_first: false, ..R::during(TimeRange::ALL) };
    page_of::<R>(store, &query).await.unwrap().items
}

fn state(of: &Order, status: OrderStatus, second: i64) -> Order {
    Order { status, ts: at(second, 0), ..of.clone() }
}

async fn updates_without_versions_are_one_order(store: Store, way: Way) {
    let pending = order(1, 1);
    let open = state(&pending, OrderStatus::Open, 2);
    let filled = state(&pending, OrderStatus::Filled, 5);
    let late = state(&pending, OrderStatus::PartiallyFilled, 3);
    let updates = [&pending, &open, &filled, &late].map(|order| (order.clone(), New));
    tell(&store, way, &updates).await;
    let all = store.orders(OrderFilter::default()).all().await.unwrap();
    assert_eq!(all, std::slice::from_ref(&filled));
    assert_eq!(store.order(uuid(1)).await.unwrap(), Some(filled.clone()));
    let found = store.order_by_client_id(name("c-1")).await.unwrap();
    assert_eq!(found, Some(filled.clone()));
    let history = store.order_history(uuid(1)).all().await.unwrap();
    assert_eq!(history, [pending, open, late, filled]);
}

async fn updates_without_versions_are_one_trade(store: Store, way: Way) {
    let with = |status, second| Trade { status, ts: at(second, 0), ..trade(1, 1) };
    let submitted = with(TradeStatus::Submitted, 1);
    let failed = with(TradeStatus::Failed, 2);
    tell(&store, way, &[(submitted, New), (failed.clone(), New), (trade(2, 1), New)]).await;
    assert_eq!(store.trade(uuid(1)).await.unwrap(), Some(failed));
    // Numbers go by the latest state too.
    let numbers = store.performance(&TradeFilter::default()).await.unwrap();
    assert_eq!((numbers.trades, numbers.failed), (1, 1));
    let summary = store.summary(TimeRange::ALL).await.unwrap();
    assert_eq!(summary.total_trades, 2);
}

async fn a_higher_version_counts_whatever_its_time(store: Store, way: Way) {
    let version =
        |version, second| Order { version, ..state(&order(1, 1), OrderStatus::Open, second) };
    let rows = [version(1, 9), version(2, 3), version(2, 4), version(0, 10)];
    tell(&store, way, &rows.clone().map(|row| (row, New))).await;
    assert_eq!(store.order(uuid(1)).await.unwrap(), Some(rows[2].clone()));
}

async fn a_state_told_again_is_a_duplicate(store: Store, way: Way) {
    let pending = order(1, 1);
    let open = state(&pending, OrderStatus::Open, 2);
    tell(
        &store,
        way,
        &[
            (pending.clone(), New),
            (open.clone(), New),
            (pending.clone(), Again),
            (open.clone(), Again),
            (state(&pending, OrderStatus::Rejected, 2), Conflict),
            (Order { venue_order_id: Some(name("7")), ..open }, Conflict),
        ],
    )
    .await;
    // A trade is told from another by the same three.
    let submitted = trade(1, 1);
    let failed = Trade { status: TradeStatus::Failed, ..submitted.clone() };
    tell(&store, way, &[(submitted.clone(), New), (submitted, Again), (failed, Conflict)]).await;
}

async fn a_tick_of_other_content_is_a_conflict(store: Store, way: Way) {
    let id = |text: &str| TradeId::new(text).unwrap();
    let draft = |second| super::draft(at(second, 0)).trade_id(id("7"));
    let (first, nameless) = (draft(1).side(Side::Buy), super::draft(at(3, 0)));
    tell(
        &store,
        way,
        &[
            (first.clone().build().unwrap(), New),
            // Not every feed tells all of it.
            (draft(1).build().unwrap(), Again),
            (first.clone().received_ts(at(9, 0)).sequence(9).build().unwrap(), Again),
            (first.clone().price(7.into()).build().unwrap(), Conflict),
            (first.clone().quantity(7.into()).build().unwrap(), Conflict),
            (first.side(Side::Sell).build().unwrap(), Conflict),
            // The same id at another time is another trade.
            (draft(2).price(7.into()).build().unwrap(), New),
            // What has no id is told apart by its content.
            (nameless.clone().build().unwrap(), New),
            (nameless.price(7.into()).build().unwrap(), New),
        ],
    )
    .await;
}

/// The same fill at another time.
fn told_at(second: i64, nanos: i64) -> Fill {
    Fill { ts: at(second, nanos), ..fill(1, 1, 0) }
}

async fn a_fill_told_twice_is_one_fill(store: Store, way: Way) {
    let first = told_at(1, 0);
    tell(
        &store,
        way,
        &[
            (first.clone(), New),
            // By the feed, and by a request afterwards.
            (told_at(1, 1_000_000), Again),
            (told_at(0, 999_999_999), Again),
            (Fill { venue_fill_id: Some(name("v-1")), trader_id: None, ..told_at(2, 0) }, Again),
            (Fill { order_id: uuid(2), ..told_at(1, 0) }, Again),
            (Fill { fill_id: uuid(2), ..told_at(1, 0) }, New),
        ],
    )
    .await;
    assert_eq!(store.fills_of(uuid(1)).all().await.unwrap().len(), 2, "the first one stays");
}

async fn a_fill_of_other_content_is_a_conflict(store: Store, way: Way) {
    let first = told_at(1, 0);
    let twice = first.notional.add(first.notional).unwrap();
    let other = told_at(2, 0);
    let others = [
        Fill { side: Side::Sell, ..other.clone() },
        Fill { price: decimal("1"), notional: twice, ..other.clone() },
        Fill { quantity: 4.into(), notional: twice, ..other.clone() },
        Fill { fee: decimal("0.02"), ..other.clone() },
        Fill { fee_currency: symbol("USDT"), ..first.clone() },
    ];
    let told = others.map(|other| (other, Conflict));
    tell(&store, way, &[vec![(first, New)], told.to_vec(), vec![(other, Again)]].concat()).await;
}

async fn a_fill_is_looked_for_within_the_window(store: Store, way: Way) {
    let window = i64::try_from(DUPLICATE_WINDOW.as_secs()).unwrap();
    tell(
        &store,
        way,
        &[
            (told_at(0, 0), New),
            (told_at(window, 0), Again),
            (told_at(-window, 0), Again),
            // Beyond it there are others.
            (told_at(window, 1), New),
            (told_at(-window, -1), New),
            (told_at(2 * window, 1), Again),
            (told_at(2 * window, 2), New),
            (Fill { fee: 7.into(), ..told_at(-1, 0) }, Conflict),
            (Fill { fee: 7.into(), ..told_at(3 * window, 3) }, New),
        ],
    )
    .await;
}

async fn client_order_ids_are_looked_for_within_the_window(store: Store, way: Way) {
    let window = i64::try_from(DUPLICATE_WINDOW.as_secs()).unwrap();
    let like = |n, second| Order { client_order_id: name("c-1"), ..order(n, second) };
    tell(
        &store,
        way,
        &[
            (order(1, 0), New),
            (like(2, 1), Conflict),
            (like(2, window), Conflict),
            (like(2, -window), Conflict),
            // Its own states may be anywhere.
            (state(&order(1, 0), OrderStatus::Open, window), New),
            (like(2, -window - 1), New),
            (like(3, window + 1), Conflict),
            (like(3, 2 * window + 1), New),
        ],
    )
    .await;
    let error = store.order_by_client_id(name("c-1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "told on read");
}

async fn what_is_refused_does_not_count(store: Store, way: Way) {
    let like = |n, second, of: &str| Order { client_order_id: name(of), ..order(n, second) };
    tell(
        &store,
        way,
        &[
            (like(1, 10, "a"), New),
            (like(2, 10, "a"), Conflict),
            (like(2, 10, "b"), New),
            (like(1, 10, "c"), Conflict),
            (like(3, 10, "c"), New),
        ],
    )
    .await;
    let (other, first) = (Fill { fee: 7.into(), ..told_at(1, 0) }, told_at(2, 0));
    tell(&store, way, &[(first, New), (other.clone(), Conflict), (other, Conflict)]).await;
}
