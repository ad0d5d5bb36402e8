//! Cases of positions.

use tradekeep_models::{Position, PositionFilter, Venue};

use super::{Store, at, between, market, saved, trader, venue};

super::list_cases!(positions:
    unknown_position_is_nothing,
    history_of_a_position,
    corrected_position_is_answered_once,
    latest_position_is_whoever_holds_it,
    latest_position_of_equal_times_is_the_last_traders,
    positions_are_filtered_by_all_parts,
);

/// What `who` holds of a market on `v`.
fn position(who: &str, of: &str, second: i64, amount: i64) -> Position {
    Position::builder()
        .ts(at(second, 0))
        .trader_id(trader(who))
        .venue(venue("v"))
        .market(market(of))
        .amount(amount.into())
        .cost_basis(100.into())
        .build()
}

async fn positions(store: &Store, filter: PositionFilter) -> Vec<Position> {
    store.positions(filter).page().await.unwrap().items
}

async fn unknown_position_is_nothing(store: Store) {
    store.save(vec![position("t", "m", 1, 5)]).await.unwrap();
    assert_eq!(store.latest_position(venue("v"), market("M")).await.unwrap(), None);
    assert_eq!(store.latest_position(venue("w"), market("m")).await.unwrap(), None);
}

async fn history_of_a_position(store: Store) {
    let held: Vec<_> = (1..=5).map(|n| position("t", "m", n, -n)).collect();
    let other = position("t", "other", 3, 7);
    store.save([held.clone(), vec![other.clone()]].concat()).await.unwrap();
    let of = |of: &str, range| PositionFilter {
        market: Some(market(of)),
        range,
        ..PositionFilter::default()
    };
    assert_eq!(positions(&store, of("m", between(2, 5))).await, held[1..4]);
    assert_eq!(positions(&store, of("other", between(0, 9))).await, [other]);
}

async fn corrected_position_is_answered_once(store: Store) {
    let first = position("t", "m", 1, 5);
    let corrected = Position { version: 2, amount: 6.into(), ..first.clone() };
    let late = Position { version: 1, amount: 7.into(), ..first.clone() };
    store.save(vec![first.clone()]).await.unwrap();
    assert_eq!(store.save(vec![corrected.clone()]).await.unwrap(), saved(1, 0));
    assert_eq!(store.save(vec![late.clone()]).await.unwrap(), saved(1, 0));
    assert_eq!(
        positions(&store, PositionFilter::default()).await,
        std::slice::from_ref(&corrected)
    );
    let all = store.positions(PositionFilter::default());
    let versions = all.history().page().await.unwrap().items;
    assert_eq!(versions, [first, late, corrected.clone()]);
    let latest = store.latest_position(venue("v"), market("m")).await.unwrap();
    assert_eq!(latest, Some(corrected));
}

async fn latest_position_is_whoever_holds_it(store: Store) {
    let elsewhere = Position { venue: Venue::unknown(), ..position("t", "m", 9, 4) };
    let rows = vec![
        position("t", "m", 1, 1),
        position("u", "m", 3, 2),
        position("t", "m", 2, 3),
        position("t", "n", 8, 5),
        elsewhere.clone(),
    ];
    store.save(rows.clone()).await.unwrap();
    let latest = async |v: Venue| store.latest_position(v, market("m")).await.unwrap();
    assert_eq!(latest(venue("v")).await, Some(rows[1].clone()));
    assert_eq!(latest(venue("unknown")).await, Some(elsewhere));
}

async fn latest_position_of_equal_times_is_the_last_traders(store: Store) {
    let latest = async |of| store.latest_position(venue("v"), market(of)).await.unwrap();
    let corrected =
        |who, version| Position { version, ..position(who, "m", 5, 10 + i64::from(version)) };
    // Bytes order them: capitals first, then what is not ASCII last. Neither the order of arrival counts
    // nor, between traders, the version.
    for who in ["a", "Z"] {
        store.save(vec![position(who, "m", 5, 1)]).await.unwrap();
    }
    assert_eq!(latest("m").await, Some(position("a", "m", 5, 1)));
    for row in [corrected("é", 2), corrected("é", 1), corrected("z", 9), position("zz", "m", 4, 1)]
    {
        store.save(vec![row]).await.unwrap();
    }
    assert_eq!(latest("m").await, Some(corrected("é", 2)));
    // In one batch as well.
    let both = ["b", "c", "B"].map(|who| position(who, "n", 5, 1));
    store.save(both.to_vec()).await.unwrap();
    assert_eq!(latest("n").await, Some(position("c", "n", 5, 1)));
}

async fn positions_are_filtered_by_all_parts(store: Store) {
    let wanted = position("t", "m", 5, 1);
    let others = vec![
        position("T", "m", 5, 2),
        position("t", "M", 5, 3),
        Position { venue: venue("w"), ..position("t", "m", 5, 4) },
        position("t", "m", 4, 5),
        position("t", "m", 6, 6),
    ];
    store.save([vec![wanted.clone()], others].concat()).await.unwrap();
    let filter = PositionFilter {
        trader_id: Some(trader("t")),
        venue: Some(venue("v")),
        market: Some(market("m")),
        range: between(5, 6),
    };
    assert_eq!(positions(&store, filter).await, [wanted]);
}
