//! Cases of [`ExecutionStore`](crate::ExecutionStore): orders and fills.

use tradekeep_models::{Fill, FillFilter, Order, OrderFilter, OrderStatus, OrderType, Side};
use uuid::Uuid;

use super::samples::uuid;
use super::{
    Store, at, bad_places, bad_rows, between, decimal, market, name, saved, symbol, trader, venue,
};
use crate::{ErrorKind, Table};

super::list_cases!(executions:
    unknown_order_is_nothing,
    highest_version_of_an_order_is_answered_once,
    history_of_an_order_is_by_time_then_version,
    orders_are_filtered_by_all_parts,
    order_filters_look_at_the_highest_version,
    versions_of_an_order_share_its_client_order_id,
    client_order_id_of_several_orders_is_a_conflict_to_read,
    fills_of_an_order_are_oldest_first,
    fills_are_filtered_by_all_parts,
    notional_is_half_even_and_comes_back,
    wrong_notional_is_refused,
    fees_may_be_negative_and_quantities_zero;
    conflicts:
    client_order_id_belongs_to_one_order,
    client_order_id_is_free_when_its_order_is_gone,
);

/// Order number `n`: buy 10 at 0.5 of market `m` on `v`.
pub(super) fn order(n: i64, second: i64) -> Order {
    Order::builder()
        .ts(at(second, 0))
        .order_id(uuid(n))
        .trader_id(trader("t"))
        .venue(venue("v"))
        .market(market("m"))
        .side(Side::Buy)
        .order_type(OrderType::Limit)
        .quantity(10.into())
        .client_order_id(name(&format!("c-{n}")))
        .build()
        .with_price(decimal("0.5"))
}

fn version(of: &Order, version: u32, status: OrderStatus, second: i64) -> Order {
    Order { version, status, ts: at(second, 0), ..of.clone() }
}

async fn orders(store: &Store, filter: OrderFilter) -> Vec<Order> {
    store.orders(filter).oldest_first().page().await.unwrap().items
}

/// Fill number `n` of an order: 2 at 0.5.
pub(super) fn fill(n: i64, of: i64, second: i64) -> Fill {
    Fill::builder()
        .ts(at(second, 0))
        .fill_id(uuid(n))
        .order_id(uuid(of))
        .trader_id(trader("t"))
        .venue(venue("v"))
        .market(market("m"))
        .side(Side::Buy)
        .price(decimal("0.5"))
        .quantity(2.into())
        .fee(decimal("0.01"))
        .fee_currency(symbol("USDC"))
        .build()
}

async fn fills(store: &Store, filter: FillFilter) -> Vec<Fill> {
    store.fills(filter).page().await.unwrap().items
}

async fn unknown_order_is_nothing(store: Store) {
    store.save(vec![order(1, 1)]).await.unwrap();
    assert_eq!(store.order(uuid(2)).await.unwrap(), None);
    assert_eq!(store.order_history(uuid(2)).all().await.unwrap(), []);
    assert_eq!(store.fills_of(uuid(1)).all().await.unwrap(), []);
}

async fn highest_version_of_an_order_is_answered_once(store: Store) {
    let sent = order(1, 1);
    let filled = version(&sent, 2, OrderStatus::Filled, 3);
    let late = version(&sent, 1, OrderStatus::Open, 9);
    store.save(vec![sent, order(2, 2)]).await.unwrap();
    store.save(vec![filled.clone()]).await.unwrap();
    assert_eq!(store.save(vec![late]).await.unwrap(), saved(1, 0));
    assert_eq!(store.order(uuid(1)).await.unwrap(), Some(filled.clone()));
    let newest_first = store.orders(OrderFilter::default()).page().await.unwrap();
    assert_eq!(newest_first.items, [filled, order(2, 2)]);
}

async fn history_of_an_order_is_by_time_then_version(store: Store) {
    let sent = order(1, 5);
    let versions = [
        version(&sent, 3, OrderStatus::Cancelled, 4),
        sent.clone(),
        version(&sent, 9, OrderStatus::Open, 5),
        version(&sent, 10, OrderStatus::Filled, 5),
    ];
    let mixed = [2, 0, 3, 1].map(|place: usize| versions[place].clone());
    store.save([mixed.to_vec(), vec![order(2, 5)]].concat()).await.unwrap();
    assert_eq!(store.order_history(uuid(1)).all().await.unwrap(), versions);
}

async fn orders_are_filtered_by_all_parts(store: Store) {
    let wanted = order(1, 5);
    let others = [
        Order { trader_id: None, ..order(2, 5) },
        Order { venue: venue("V"), ..order(3, 5) },
        Order { market: market("mm"), ..order(4, 5) },
        Order { side: Side::Sell, ..order(5, 5) },
        Order { status: OrderStatus::Open, ..order(6, 5) },
        order(7, 6),
    ];
    store.save([vec![wanted.clone()], others.to_vec()].concat()).await.unwrap();
    let filter = OrderFilter {
        order_id: None,
        client_order_id: None,
        trader_id: Some(trader("t")),
        venue: Some(venue("v")),
        market: Some(market("m")),
        side: Some(Side::Buy),
        status: Some(OrderStatus::Pending),
        range: between(5, 6),
    };
    assert_eq!(orders(&store, filter).await, [wanted]);
    let by_client =
        |id: &str| OrderFilter { client_order_id: Some(name(id)), ..OrderFilter::default() };
    assert_eq!(orders(&store, by_client("c-4")).await, others[2..3]);
    assert_eq!(orders(&store, by_client("C-4")).await, []);
    let by_id = OrderFilter { order_id: Some(uuid(7)), ..OrderFilter::default() };
    assert_eq!(orders(&store, by_id).await, others[5..]);
}

async fn order_filters_look_at_the_highest_version(store: Store) {
    let sent = order(1, 1);
    store.save(vec![version(&sent, 1, OrderStatus::Open, 5), sent]).await.unwrap();
    let status = |status| OrderFilter { status: Some(status), ..OrderFilter::default() };
    assert_eq!(orders(&store, status(OrderStatus::Pending)).await, []);
    assert_eq!(orders(&store, status(OrderStatus::Open)).await.len(), 1);
    let early = OrderFilter { range: between(0, 5), ..OrderFilter::default() };
    assert_eq!(orders(&store, early.clone()).await, []);
    assert_eq!(store.orders(early).history().page().await.unwrap().items, [order(1, 1)]);
}

async fn versions_of_an_order_share_its_client_order_id(store: Store) {
    let sent = order(1, 1);
    let open = version(&sent, 1, OrderStatus::Open, 2);
    let filled = version(&sent, 2, OrderStatus::Filled, 3);
    assert_eq!(store.save(vec![sent, open]).await.unwrap(), saved(2, 0));
    // Behind the others, and around them.
    assert_eq!(store.save(vec![filled]).await.unwrap(), saved(1, 0));
    let around = vec![order(2, 0), version(&order(1, 1), 3, OrderStatus::Expired, 9)];
    assert_eq!(store.save(around).await.unwrap(), saved(2, 0));
}

async fn client_order_id_of_several_orders_is_a_conflict_to_read(store: Store) {
    store.save(vec![order(1, 1), order(2, 2)]).await.unwrap();
    let filled = version(&order(1, 1), 1, OrderStatus::Filled, 3);
    store.save(vec![filled.clone()]).await.unwrap();
    let found = store.order_by_client_id(name("c-1")).await.unwrap();
    assert_eq!(found, Some(filled), "in its highest version");
    assert_eq!(store.order_by_client_id(name("c-3")).await.unwrap(), None);
    // So far from the other one that no store looks there.
    let far = 48 * 3_600 + 4;
    let other = Order { client_order_id: name("c-1"), ..order(4, far) };
    store.save(vec![other]).await.unwrap();
    let error = store.order_by_client_id(name("c-1")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    for order_id in [uuid(1), uuid(4)] {
        assert!(error.to_string().contains(&order_id.to_string()), "{error}");
    }
}

async fn client_order_id_belongs_to_one_order(store: Store) {
    store.save(vec![order(1, 5)]).await.unwrap();
    let like = |n, second, of: i64| Order {
        client_order_id: name(&format!("c-{of}")),
        ..order(n, second)
    };
    let batch = vec![order(2, 4), like(3, 5, 1), like(4, 6, 2), order(5, 7), like(6, 8, 5)];
    let error = store.save(batch.clone()).await.unwrap_err();
    assert_eq!(bad_places(error, ErrorKind::Conflict), [1, 2, 4]);
    assert_eq!(orders(&store, OrderFilter::default()).await, [order(1, 5)]);
    let rest = vec![batch[0].clone(), batch[3].clone()];
    assert_eq!(store.save(rest).await.unwrap(), saved(2, 0));
}

async fn client_order_id_is_free_when_its_order_is_gone(store: Store) {
    store.save(vec![order(1, 5)]).await.unwrap();
    store.drop_partitions(Table::Orders, &[at(5, 0).day()]).await.unwrap();
    let other = Order { client_order_id: name("c-1"), ..order(2, 5) };
    store.save(vec![other.clone()]).await.unwrap();
    assert_eq!(orders(&store, OrderFilter::default()).await, [other]);
}

async fn fills_of_an_order_are_oldest_first(store: Store) {
    let id =
        |text: &str, second| Fill { fill_id: text.parse::<Uuid>().unwrap(), ..fill(0, 1, second) };
    let in_order = [
        id("ffffffff-ffff-ffff-ffff-ffffffffffff", 1),
        id("7fffffff-ffff-ffff-ffff-ffffffffffff", 2),
        id("80000000-0000-0000-0000-000000000000", 2),
        id("00000000-0000-0000-0000-000000000001", 3),
    ];
    let mixed = [3, 1, 2, 0].map(|place: usize| in_order[place].clone());
    let elsewhere = [fill(8, 2, 1), fill(9, 2, 2)];
    store.save([mixed.to_vec(), elsewhere.to_vec()].concat()).await.unwrap();
    assert_eq!(store.fills_of(uuid(1)).all().await.unwrap(), in_order);
    assert_eq!(store.fills_of(uuid(2)).all().await.unwrap(), elsewhere);
}

async fn fills_are_filtered_by_all_parts(store: Store) {
    let wanted = fill(1, 1, 5);
    let others = vec![
        fill(2, 2, 5),
        Fill { trader_id: Some(trader("T")), ..fill(3, 1, 5) },
        Fill { trader_id: None, ..fill(4, 1, 5) },
        Fill { venue: venue("w"), ..fill(5, 1, 5) },
        Fill { market: market("n"), ..fill(6, 1, 5) },
        fill(7, 1, 4),
        fill(8, 1, 6),
    ];
    store.save([vec![wanted.clone()], others].concat()).await.unwrap();
    let filter = FillFilter {
        order_id: Some(uuid(1)),
        trader_id: Some(trader("t")),
        venue: Some(venue("v")),
        market: Some(market("m")),
        range: between(5, 6),
    };
    assert_eq!(fills(&store, filter).await, [wanted]);
}

fn priced(n: i64, price: &str, quantity: &str, notional: &str) -> Fill {
    let (price, quantity, notional) = (decimal(price), decimal(quantity), decimal(notional));
    Fill { price, quantity, notional, ..fill(n, 1, n) }
}

async fn notional_is_half_even_and_comes_back(store: Store) {
    let tiny = "0.000000000000000001";
    let rows = vec![
        priced(1, "0.52", "50", "26"),
        priced(2, tiny, "0.5", "0"),
        priced(3, tiny, "1.5", "0.000000000000000002"),
        priced(4, tiny, "2.5", "0.000000000000000002"),
        priced(5, "-0.3", "0.333333333333333333", "-0.1"),
        priced(
            6,
            "99999999999999999999.999999999999999999",
            "1",
            "99999999999999999999.999999999999999999",
        ),
    ];
    assert_eq!(store.save(rows.clone()).await.unwrap(), saved(6, 0));
    assert_eq!(store.fills_of(uuid(1)).all().await.unwrap(), rows);
}

async fn wrong_notional_is_refused(store: Store) {
    let wrong = [
        priced(2, "0.52", "50", "26.000000000000000001"),
        priced(3, "0.52", "50", "-26"),
        priced(4, "0.000000000000000001", "2.5", "0.000000000000000003"),
    ];
    let batch = [vec![fill(1, 1, 1)], wrong.to_vec(), vec![fill(5, 1, 5)]].concat();
    let named = bad_rows(store.save(batch).await.unwrap_err(), ErrorKind::InvalidInput);
    assert_eq!(named.iter().map(|row| row.index).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(named.iter().all(|row| row.reason.starts_with("notional: ")), "{named:?}");
    assert_eq!(store.fills_of(uuid(1)).all().await.unwrap(), []);
}

async fn fees_may_be_negative_and_quantities_zero(store: Store) {
    let rebate = Fill { fee: decimal("-0.000000000000000001"), ..fill(1, 1, 1) };
    let empty = priced(2, "-5", "0", "0");
    store.save(vec![rebate.clone(), empty.clone()]).await.unwrap();
    assert_eq!(store.fills_of(uuid(1)).all().await.unwrap(), [rebate, empty]);
}
