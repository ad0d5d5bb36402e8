//! What a trading system did on the made-up market.

mod events;
mod executions;
mod measurements;
mod trades;

use tradekeep_models::{
    Day, Decimal, Fill, Latency, Metric, MevEvent, NANOS_PER_DAY, NodeHealth, Order, Position,
    StreamId, SystemEvent, Timestamp, Trade,
};

use uuid::{Builder, Uuid};

use super::random::Random;
use executions::Executions;

/// The stream of what is measured and what happens.
const STREAM: &str = "demo";

/// A UTC day of a made-up trading system's own activity, beside the
/// [`SampleMarket`](crate::SampleMarket): what it traded, what it measured, what happened to it.
///
/// Every list is in time order, and has the same seed and day for ever the same rows: everything is
/// integer arithmetic on a generator whose output is fixed. Fills are of its orders, positions follow
/// from its fills, MEV events are of its trades.
///
/// ```
/// use tradekeep_formats::SampleActivity;
/// use tradekeep_models::TradeStatus;
///
/// let activity = SampleActivity::new(7, "2024-08-08".parse()?);
/// let trades = activity.trades();
/// assert!(trades.iter().any(|trade| trade.status == TradeStatus::Failed));
/// assert_eq!(trades, activity.trades());
/// assert_eq!(activity.latencies().len(), 20_000);
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleActivity {
    seed: u64,
    day: Day,
}

impl SampleActivity {
    /// The activity of `seed` on `day`.
    #[must_use]
    pub const fn new(seed: u64, day: Day) -> Self {
        Self { seed, day }
    }

    /// 2,000 trades of several tokens. Some have two versions, submitted and then confirmed or failed.
    #[must_use]
    pub fn trades(&self) -> Vec<Trade> {
        in_order(trades::trades(self), |trade| trade.ts)
    }

    /// 400 orders, with a version for each change of their status.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        in_order(Executions::of(self).orders, |order| order.ts)
    }

    /// What was filled of the [`orders`](Self::orders), at once or in parts.
    #[must_use]
    pub fn fills(&self) -> Vec<Fill> {
        in_order(Executions::of(self).fills, |fill| fill.ts)
    }

    /// What the [`fills`](Self::fills) left each trader with, after each of them. The cost basis is
    /// what was paid less what was received.
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        executions::positions(&self.fills())
    }

    /// 20,000 latencies of some services, one in a hundred of them a failure.
    #[must_use]
    pub fn latencies(&self) -> Vec<Latency> {
        measurements::latencies(self)
    }

    /// 5,000 measured values with labels.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        measurements::metrics(self)
    }

    /// 500 sandwiches of the [`trades`](Self::trades) that were likely, and what came of them.
    #[must_use]
    pub fn mev_events(&self) -> Vec<MevEvent> {
        events::mev_events(self)
    }

    /// Some 100 events of all severities.
    #[must_use]
    pub fn system_events(&self) -> Vec<SystemEvent> {
        events::system_events(self)
    }

    /// How four nodes were, every five minutes.
    #[must_use]
    pub fn node_health(&self) -> Vec<NodeHealth> {
        in_order(events::node_health(self), |health| health.ts)
    }

    /// A generator for one kind of record; those below 100 are the market's.
    fn random(&self, number: u8) -> Random {
        Random::new(self.seed, self.day, number)
    }

    /// The moment of the `number`-th of `count` events of the day, which are spread over all of it but
    /// its last half hour, in which what began is ended.
    fn moment(&self, random: &mut Random, number: u64, count: u64) -> Option<Timestamp> {
        let spread = u64::try_from(NANOS_PER_DAY / 48 * 47).ok()?;
        let part = spread.checked_div(count)?;
        self.after(part * number + random.below(part))
    }

    /// The moment `nanos` nanoseconds into the day; nothing where that is over.
    fn after(&self, nanos: u64) -> Option<Timestamp> {
        later(self.day.start(), nanos).filter(|ts| ts.day() == self.day)
    }
}

fn stream() -> Option<StreamId> {
    StreamId::new(STREAM).ok()
}

fn later(ts: Timestamp, nanos: u64) -> Option<Timestamp> {
    let nanos = ts.as_nanos().checked_add_unsigned(nanos)?;
    Timestamp::from_nanos(nanos).ok()
}

/// The decimal `mantissa` x 10^-`scale`.
fn decimal(mantissa: impl Into<i128>, scale: u32) -> Option<Decimal> {
    Decimal::from_parts(mantissa.into(), scale).ok()
}

/// As UUIDs of version 7 are, but always the same.
fn id(random: &mut Random, ts: Timestamp) -> Option<Uuid> {
    let millis = u64::try_from(ts.as_nanos() / 1_000_000).ok()?;
    Some(Builder::from_unix_timestamp_millis(millis, &random.bytes()).into_uuid())
}

/// Rows of equal time keep their order.
fn in_order<R>(mut rows: Vec<R>, ts: impl Fn(&R) -> Timestamp) -> Vec<R> {
    rows.sort_by_key(ts);
    rows
}
