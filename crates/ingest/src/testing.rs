//! What tests of several modules share.

use tradekeep_models::{Metric, Name, Symbol, Tick, Timestamp};
use tradekeep_store_traits::Records;

pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_nanos(i64::try_from(second).unwrap() * 1_000_000_000).unwrap()
}

/// Ticks of the seconds `from..from + count`: each is told from all others by its time.
pub(crate) fn ticks(from: u64, count: u64) -> Records {
    let tick = |second: u64| {
        let draft = Tick::builder(Symbol::new("X").unwrap(), at(second));
        draft.price(100.into()).quantity(1.into()).build().unwrap()
    };
    (from..from + count).map(tick).collect::<Vec<_>>().into()
}

/// Metrics of the seconds `from..from + count`.
pub(crate) fn metrics(from: u64, count: u64) -> Records {
    let metric = |second| Metric::new(at(second), Name::new("m").unwrap(), 1.5);
    (from..from + count).map(metric).collect::<Vec<_>>().into()
}

/// Each record alone.
pub(crate) fn singles(records: &Records) -> Vec<Records> {
    tradekeep_store_traits::with_records!(records, rows => {
        rows.iter().map(|row| vec![row.clone()].into()).collect()
    })
}
