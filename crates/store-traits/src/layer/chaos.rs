//! Disturbances for tests: what a network and a server do on a bad day.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use derive_setters::Setters;

use super::{Call, Kind};
use crate::{ErrorKind, Result};

/// Disturbs a store by a seed, for tests: the n-th attempt of a run meets the same fate in every run
/// with that seed. `health` is left alone.
///
/// Probabilities are from 0 (never) to 1 (always).
#[derive(Debug, Clone, Copy, Default, PartialEq, Setters)]
#[setters(prefix = "with_")]
#[non_exhaustive]
pub struct Chaos {
    /// Where the fates come from.
    #[setters(skip)]
    pub seed: u64,
    /// How likely an attempt fails before the store sees it: kind `Connection`, delivery
    /// `NotApplied`, act `Retry`.
    pub failures: f64,
    /// How likely the reply of an attempt that the store served is lost: kind `Connection`, act
    /// `Retry`, and for a write delivery `Unknown`.
    pub lost_replies: f64,
    /// How likely an attempt that the store served reaches it a second time, as a proxy or a driver
    /// that repeats by itself would have it. The answer is the first one's.
    pub repeats: f64,
    /// Attempts are held up for a random time up to this.
    #[setters(rename = "with_delays")]
    pub max_delay: Duration,
}

impl Chaos {
    /// No disturbance yet, with this seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, failures: 0.0, lost_replies: 0.0, repeats: 0.0, max_delay: Duration::ZERO }
    }
}

/// What happens to one attempt.
struct Fate {
    delay: Duration,
    fails: bool,
    reply_is_lost: bool,
    comes_twice: bool,
}

/// Throws the fate of each attempt.
#[derive(Debug)]
pub(super) struct Dice {
    chaos: Chaos,
    random: Mutex<fastrand::Rng>,
}

impl Dice {
    pub(super) fn new(chaos: Chaos) -> Self {
        Self { chaos, random: Mutex::new(fastrand::Rng::with_seed(chaos.seed)) }
    }

    /// Takes four numbers whatever they lead to: the fate of an attempt hangs on nothing but its
    /// place.
    fn throw(&self) -> Fate {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Fate {
            delay: self.chaos.max_delay.mul_f64(random.f64()),
            fails: random.f64() < self.chaos.failures,
            reply_is_lost: random.f64() < self.chaos.lost_replies,
            comes_twice: random.f64() < self.chaos.repeats,
        }
    }
}

/// The layer.
pub(super) async fn disturbed<R, Attempt>(
    dice: Option<&Dice>,
    call: Call,
    next: impl Fn() -> Attempt,
) -> Result<R>
where
    Attempt: Future<Output = Result<R>>,
{
    let Some(dice) = dice.filter(|_| call.kind != Kind::Health) else { return next().await };
    let fate = dice.throw();
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    let failure = |what| call.error(ErrorKind::Connection, format!("chaos: {what}"));
    if fate.fails {
        return Err(failure("not sent"));
    }
    let reply = next().await?;
    if fate.comes_twice {
        // Nobody hears the answer to what was not asked.
        let _ = next().await;
    }
    if fate.reply_is_lost {
        return Err(failure("the reply was lost").with_delivery(call.delivery_without_answer()));
    }
    Ok(reply)
}
