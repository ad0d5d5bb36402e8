//! The kill runner: feeds a child lines, and kills it with SIGKILL in the midst of them.
//!
//! The child reads lines from stdin, and says on stdout what it has made durable: one receipt a line,
//! `{"line":7,"seq":70}`. What was receipted before a kill has to be there after it; lines that were
//! fed without a receipt may be there or not.

mod pipes;
mod run;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::process::Command;
use std::time::Duration;

use thiserror::Error;

pub use self::run::{Receipt, Run};

use crate::seed::Told;

/// When a child is killed. It may end by itself before that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Point {
    /// Once it has written so many receipts.
    Receipts(u64),
    /// Once it was fed so many bytes, which as a rule is in the midst of a line.
    Bytes(u64),
    /// So long after its start.
    After(Duration),
    /// Not at all: it reads all lines, and ends by itself.
    #[default]
    Never,
}

/// Where a seed may choose a [`Point`] from: one of the three, then a value of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Receipts.
    pub receipts: RangeInclusive<u64>,
    /// Bytes fed.
    pub bytes: RangeInclusive<u64>,
    /// Microseconds since the start.
    pub micros: RangeInclusive<u64>,
}

/// A run that came to nothing. The message names the seed.
#[derive(Debug, Error)]
#[error("run {run}, to be killed at {point:?}: {reason}. {seed}")]
pub struct KillError {
    run: u64,
    point: Point,
    seed: String,
    /// What went wrong.
    #[source]
    pub reason: Reason,
}

/// What went wrong with a run.
#[derive(Debug, Error)]
pub enum Reason {
    /// The child cannot be started, or not be heard.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Neither the child nor whoever holds its stdout ended in time. They were killed.
    #[error("not done after {limit:?}, with {receipts} receipts; it last said {said:?}")]
    TimedOut {
        /// The time it had.
        limit: Duration,
        /// The receipts it wrote.
        receipts: usize,
        /// The last line of its stderr.
        said: String,
    },
}

/// Runs children and kills them, one after the other, at points that come from one seed.
///
/// ```
/// use std::process::Command;
/// use tradekeep_tests::kill::{Killer, Point};
///
/// let mut killer = Killer::new(tradekeep_tests::seed::from_env());
/// let script = r#"n=0; while read -r _; do n=$((n+1)); echo "{\"line\":$n,\"seq\":$n}"; done"#;
/// let lines = (0..).map(|number| format!("row {number}"));
/// let run = killer.run(Command::new("sh").args(["-c", script]), lines, Point::Receipts(3))?;
/// assert!(run.was_killed() && run.receipts.len() >= 3);
/// # Ok::<(), tradekeep_tests::kill::KillError>(())
/// ```
#[derive(Debug)]
pub struct Killer {
    told: Told,
    random: fastrand::Rng,
    limit: Duration,
    runs: u64,
}

impl Killer {
    /// With a minute for each run.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self {
            told: Told::new("kill runner", seed),
            random,
            limit: Duration::from_secs(60),
            runs: 0,
        }
    }

    /// With this time for each run.
    #[must_use]
    pub const fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The seed it was made with.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.told.seed()
    }

    /// The next point of this seed.
    pub fn point(&mut self, bounds: &Bounds) -> Point {
        let random = &mut self.random;
        match random.u8(0..3) {
            0 => Point::Receipts(random.u64(bounds.receipts.clone())),
            1 => Point::Bytes(random.u64(bounds.bytes.clone())),
            _ => Point::After(Duration::from_micros(random.u64(bounds.micros.clone()))),
        }
    }

    /// Starts `command`, feeds it `lines` (a newline is put after each), kills it at `point` together
    /// with the processes it started, and reaps it. Its stdin, stdout and stderr are pipes.
    ///
    /// Receipts that the child wrote and nobody had read when it was killed are read, and count.
    ///
    /// # Errors
    /// When it cannot be started, or is not done in time.
    pub fn run<L>(
        &mut self,
        command: &mut Command,
        lines: L,
        point: Point,
    ) -> Result<Run, KillError>
    where
        L: IntoIterator<Item = String>,
        L::IntoIter: Send + 'static,
    {
        self.runs += 1;
        run::run(command, lines.into_iter(), point, self.limit).map_err(|reason| KillError {
            run: self.runs,
            point,
            seed: self.told.advice(),
            reason,
        })
    }
}
