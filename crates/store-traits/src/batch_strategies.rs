//! Strategies for property tests of stores: records of every kind, in batches that meet each other.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tradekeep_models::strategies as models;

use crate::Records;

/// Records of one kind that batches are drawn from: few enough to be drawn again, and for some to be
/// versions or contradictions of others.
const POOL: usize = 24;

/// A pool of each kind of record, in the order of [`Table::ALL`](crate::Table::ALL).
fn pools() -> Vec<BoxedStrategy<Records>> {
    fn pool<S>(record: S) -> BoxedStrategy<Records>
    where
        S: Strategy + 'static,
        Vec<S::Value>: Into<Records>,
    {
        vec(record, 1..=POOL).prop_map(Into::into).boxed()
    }
    vec![
        pool(models::tick()),
        pool(models::trade()),
        pool(models::order()),
        pool(models::fill()),
        pool(models::position()),
        pool(models::metric()),
        pool(models::latency()),
        pool(models::mev_event()),
        pool(models::system_event()),
        pool(models::node_health()),
        pool(models::stored_candle()),
    ]
}

/// The records of a pool at some places.
fn drawn(pool: &Records, places: &[Index]) -> Records {
    pool.select(places.iter().map(|place| place.index(pool.len())))
}

/// Up to `most` records of any one kind, in no order, repeats included.
pub fn records(most: usize) -> impl Strategy<Value = Records> {
    let pool = proptest::strategy::Union::new(pools());
    (pool, vec(any::<Index>(), 0..=most)).prop_map(|(pool, places)| drawn(&pool, &places))
}

/// Up to `batches` batches of up to `most` records each, of all kinds, which overlap, repeat and
/// contradict each other.
pub fn batches(batches: usize, most: usize) -> impl Strategy<Value = Vec<Records>> {
    let batch = (any::<Index>(), vec(any::<Index>(), 0..=most));
    (pools(), vec(batch, 0..=batches)).prop_map(|(pools, batches)| {
        batches.iter().map(|(kind, places)| drawn(kind.get(&pools), places)).collect()
    })
}
