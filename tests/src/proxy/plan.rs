//! What is to happen, from the seed alone. No I/O.

use super::fault::{Direction, Fault, Kind};
use crate::seed::mix;

/// Where a fault is thrown.
#[derive(Debug, Clone, Copy)]
pub(super) struct FaultSite {
    pub(super) seed: u64,
    pub(super) connection: u64,
}

impl FaultSite {
    /// The faults of this connection, or of one of its exchanges, that happen, each with randomness of
    /// its own for what else it has to choose.
    fn thrown(
        self,
        exchange: Option<u64>,
        faults: &[Fault],
    ) -> impl Iterator<Item = (Kind, fastrand::Rng)> {
        // Exchange 0 is another site than the connection itself.
        let exchange = exchange.map_or(0, |number| number + 1);
        faults.iter().zip(0..).filter_map(move |(fault, index)| {
            let number = mix(&[self.seed, self.connection, exchange, index]);
            let mut random = fastrand::Rng::with_seed(number);
            (random.f64() < fault.probability).then_some((fault.kind, random))
        })
    }

    pub(super) fn is_refused(self, faults: &[Fault]) -> bool {
        self.thrown(None, faults).any(|(kind, _)| kind == Kind::Refuse)
    }

    pub(super) fn is_stalled(self, faults: &[Fault]) -> bool {
        self.thrown(None, faults).any(|(kind, _)| kind == Kind::Stall)
    }

    /// Bytes a second, by the slowest of the throttles.
    pub(super) fn rate(self, faults: &[Fault]) -> Option<u32> {
        let rates = self.thrown(None, faults).filter_map(|(kind, _)| match kind {
            Kind::Throttle { bytes_per_second } => Some(bytes_per_second.max(1)),
            _ => None,
        });
        rates.min()
    }

    fn plan(self, exchange: u64, faults: &[Fault]) -> Plan {
        let mut plan = Plan::default();
        for (kind, mut random) in self.thrown(Some(exchange), faults) {
            match kind {
                Kind::Reset { after } => plan.reset = Some(after),
                Kind::HalfClose { direction, after } => plan.half_close = Some((direction, after)),
                Kind::Corrupt { direction, within } => {
                    let at = random.u64(0..within.max(1));
                    plan.corrupt = Some((direction, at, random.u8(1..)));
                }
                Kind::DropReply => plan.drop_reply = true,
                Kind::None | Kind::Refuse | Kind::Stall | Kind::Throttle { .. } => {}
            }
        }
        plan
    }
}

/// What is to happen to one exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Plan {
    reset: Option<u64>,
    half_close: Option<(Direction, u64)>,
    /// Where, and what the byte is XORed with.
    corrupt: Option<(Direction, u64, u8)>,
    drop_reply: bool,
}

/// What to do with the bytes just read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// So many of them are forwarded.
    pub(super) pass: usize,
    /// What comes after those.
    pub(super) then: Then,
    pub(super) begins_exchange: bool,
    pub(super) corrupted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    Reset,
    HalfClose,
    DropReply,
}

/// The conversation on one connection: where it is, and what is to happen in it.
#[derive(Debug)]
pub(super) struct Talk {
    site: FaultSite,
    /// Exchanges begun.
    exchanges: u64,
    /// Whether the server said something since the client last did.
    replied: bool,
    plan: Plan,
    /// Bytes of this exchange, to the server and to the client.
    passed: [u64; 2],
}

impl Talk {
    pub(super) fn new(site: FaultSite) -> Self {
        Self { site, exchanges: 0, replied: false, plan: Plan::default(), passed: [0; 2] }
    }

    /// What to do with `bytes`, which were read; the byte to change is changed.
    pub(super) fn step(
        &mut self,
        direction: Direction,
        bytes: &mut [u8],
        faults: &[Fault],
    ) -> Step {
        let asks = direction == Direction::ToServer;
        let begins_exchange = self.exchanges == 0 || (asks && self.replied);
        if begins_exchange {
            self.plan = self.site.plan(self.exchanges, faults);
            self.exchanges += 1;
            self.passed = [0; 2];
        }
        self.replied = !asks;

        let (pass, then) = self.cut(direction, bytes.len());
        let corrupted = self.corrupt(direction, &mut bytes[..pass]);
        self.passed[usize::from(!asks)] += pass as u64;
        Step { pass, then, begins_exchange, corrupted }
    }

    fn cut(&self, direction: Direction, len: usize) -> (usize, Then) {
        let asks = direction == Direction::ToServer;
        if self.plan.drop_reply && !asks {
            return (0, Then::DropReply);
        }
        let here = self.passed[usize::from(!asks)];
        let both: u64 = self.passed.iter().sum();
        let reset = self.plan.reset.map(|after| (after.saturating_sub(both), Then::Reset));
        let half_close = match self.plan.half_close {
            Some((which, after)) if which == direction => {
                Some((after.saturating_sub(here), Then::HalfClose))
            }
            _ => None,
        };
        let first = [reset, half_close].into_iter().flatten().min_by_key(|(left, _)| *left);
        match first {
            // What does not fit a usize is beyond these bytes.
            Some((left, then)) => match usize::try_from(left) {
                Ok(left) if left <= len => (left, then),
                _ => (len, Then::GoOn),
            },
            None => (len, Then::GoOn),
        }
    }

    fn corrupt(&self, direction: Direction, bytes: &mut [u8]) -> bool {
        let Some((which, at, mask)) = self.plan.corrupt else { return false };
        let before = self.passed[usize::from(direction == Direction::ToClient)];
        let index = at.checked_sub(before).and_then(|offset| usize::try_from(offset).ok());
        match index.and_then(|offset| bytes.get_mut(offset)) {
            Some(byte) if which == direction => {
                *byte ^= mask;
                true
            }
            _ => false,
        }
    }
}
