//! Ticks, candles and series, against the reference. Rows are put in by SQL.

use proptest::prelude::*;
use tradekeep_models::{
    CandleQuery, GapFill, ListQuery, Symbol, Tick, TickFilter, TimeRange, Timestamp, strategies,
};
use tradekeep_store_traits::{MemoryStore, RecordSinkExt, RecordSource, Records, TickStore};

use crate::Test;
use crate::insert::{insert, made};
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] = &[
    ("ticks_come_back_as_they_are_page_by_page", |url| run(url, any_ticks)),
    ("candles_and_series_equal_the_reference", |url| run(url, candles)),
];

async fn reference(ticks: &[Tick]) -> MemoryStore {
    let memory = MemoryStore::new();
    memory.save(ticks.to_vec()).await.unwrap();
    memory
}

/// Every page, joined.
async fn pages(store: &impl RecordSource, mut query: ListQuery) -> Records {
    let mut all = Records::empty(query.table);
    loop {
        let page = store.page(&query).await.unwrap();
        assert!(page.records.len() <= query.limit);
        all.extend(page.records).unwrap();
        let Some(next) = page.next else { return all };
        query.after = Some(next);
    }
}

async fn any_ticks(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    // Many of one moment, and anything else that a tick may be.
    let mut ticks = made(&prop::collection::vec(strategies::tick(), 150..151));
    let of_a_moment = ticks.iter().take(40).cloned().collect::<Vec<_>>();
    ticks.extend(made(&strategies::ticks(150)));
    // What QuestDB takes for none.
    let least = Tick::builder(Symbol::new("X").unwrap(), Timestamp::MIN).sequence(i64::MIN);
    ticks.push(least.price(1.into()).quantity(1.into()).build().unwrap());
    insert(&scratch, &ticks).await;
    let memory = reference(&ticks).await;
    let mut filters = vec![TickFilter::default()];
    for tick in of_a_moment.iter().step_by(10) {
        let range = TimeRange::new(Timestamp::MIN, tick.ts()).unwrap();
        filters.push(TickFilter { range, ..TickFilter::default() });
        filters.push(TickFilter {
            venue: Some(tick.venue().clone()),
            symbol: Some(tick.symbol().clone()),
            ..TickFilter::default()
        });
    }
    for filter in filters {
        let expected = pages(&memory, ListQuery::new(&filter)).await;
        for limit in [1, 2, 7, 100, 10_000] {
            let query = ListQuery { limit, ..ListQuery::new(&filter) };
            assert_eq!(pages(&store, query).await, expected, "{filter:?} by {limit}");
        }
    }
}

async fn candles(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    // Ties at every edge: several ticks a moment, which arrive against their order.
    let symbol = Symbol::new("BTC-USD").unwrap();
    let tick = |n: i64| {
        let ts = Timestamp::from_nanos(1_723_111_205_000_000_000 + n / 4 * 7_000_000_001).unwrap();
        Tick::builder(symbol.clone(), ts)
            .sequence(n)
            .price((100 + (n * 7) % 13).into())
            .quantity("0.000000000000000001".parse().unwrap())
            .build()
            .unwrap()
    };
    let ticks: Vec<_> = (0..400).rev().map(tick).collect();
    insert(&scratch, &ticks).await;
    let memory = reference(&ticks).await;
    assert_eq!(store.series().await.unwrap(), memory.series().await.unwrap());
    let venue = ticks[0].venue().clone();
    for interval in ["1s", "7m", "1h", "1d", "1w", "1M"] {
        for fill in [GapFill::None, GapFill::Previous, GapFill::Zero] {
            for limit in [1, 3, 1_000] {
                let mut query =
                    CandleQuery::new(venue.clone(), symbol.clone(), interval.parse().unwrap());
                (query.fill, query.limit) = (fill, limit);
                let found = store.candle_page(&query).await.unwrap();
                let expected = memory.candle_page(&query).await.unwrap();
                assert_eq!(found, expected, "{interval} {fill:?}");
                assert!(!found.items.is_empty());
            }
        }
    }
}
