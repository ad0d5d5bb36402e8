//! Settling: the cursor moves over what the store has applied, in order.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tradekeep_store_traits::{Act, ErrorKind, Result as StoreResult, Stage, StoreError, Token};

use super::{Lane, no_answer};
use crate::metrics;

/// Batches that are settled at once, while as many are sent behind them.
pub(super) const MAX_IN_FLIGHT: usize = 8;

/// Between two questions to a store that answers at once that it has not applied a batch yet.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// A batch that was sent, and is not known to be applied.
#[derive(Debug)]
pub(super) struct InFlight {
    /// The number of its last record.
    pub(super) last: u64,
    /// Records of it.
    pub(super) count: u64,
    /// Those of them that were new to the store.
    pub(super) inserted: u64,
    /// Those of them that became dead letters.
    pub(super) dead: u64,
    /// Records that went bad on the disk before they could be sent.
    lost: u64,
    /// The number of the last record that the store took.
    pub(super) stored: Option<u64>,
    /// Tokens of what the store has taken and not yet applied.
    pub(super) tokens: Vec<Token>,
    since: Instant,
}

impl InFlight {
    pub(super) fn new() -> Self {
        Self {
            last: 0,
            count: 0,
            inserted: 0,
            dead: 0,
            lost: 0,
            stored: None,
            tokens: Vec::new(),
            since: Instant::now(),
        }
    }

    /// So many records up to `last` went bad on the disk.
    pub(super) fn lost(last: u64, records: u64) -> Self {
        Self { last, lost: records, ..Self::new() }
    }
}

impl Lane {
    /// Moves the cursor over what was sent, as it is applied; ends when the store has lost something.
    pub(super) async fn settle(&self, mut receiver: mpsc::Receiver<InFlight>) {
        let mut open = VecDeque::new();
        let (mut pause, mut failing) = (FIRST_PAUSE, false);
        loop {
            if open.is_empty() {
                // The sender is never closed: `feed` has no end.
                let Some(sent) = receiver.recv().await else { return };
                open.push_back(sent);
            }
            while open.len() < MAX_IN_FLIGHT
                && let Ok(sent) = receiver.try_recv()
            {
                open.push_back(sent);
            }
            let tokens: Vec<Token> = open.iter().flat_map(|sent| &sent.tokens).copied().collect();
            let stages = match self.stages(&tokens).await {
                Ok(stages) => stages,
                Err(error) if is_lost(&error) => {
                    tracing::warn!(
                        sink = self.sink.name, table = %self.table(), %error,
                        "what was sent is not stored: it is sent again"
                    );
                    self.back_off(&error).await;
                    return;
                }
                Err(error) => {
                    failing = true;
                    self.settling_failed(&error).await;
                    continue;
                }
            };
            if std::mem::take(&mut failing) || self.sink.breaker.is_open() {
                self.mark_healthy();
            }
            let mut stages = stages.into_iter();
            let mut moved = false;
            while let Some(sent) = open.front() {
                let own: Vec<Stage> = stages.by_ref().take(sent.tokens.len()).collect();
                if own.len() < sent.tokens.len() || own.iter().any(|stage| *stage < Stage::Applied)
                {
                    break;
                }
                self.finish(sent);
                open.pop_front();
                moved = true;
            }
            if moved {
                pause = FIRST_PAUSE;
            } else {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Waits until the store has applied all of these; answers whether it has, or has lost some.
    pub(super) async fn settle_all(&self, tokens: &[Token]) -> bool {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.stages(tokens).await {
                Ok(stages) if stages.iter().all(|stage| *stage == Stage::Applied) => return true,
                Ok(_) => sleep(pause).await,
                Err(error) if is_lost(&error) => return false,
                Err(error) => self.settling_failed(&error).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn stages(&self, tokens: &[Token]) -> StoreResult<Vec<Stage>> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        self.sink.breaker.permit().await;
        let limit = self.config.write_timeout;
        let asked = timeout(limit, self.sink.store.settle(tokens)).await;
        asked.unwrap_or_else(|_| Err(no_answer("settle", limit)))
    }

    /// The store does not say what it has applied: waits before it is asked again.
    async fn settling_failed(&self, error: &StoreError) {
        match error.act {
            Act::Retry { .. } | Act::Probe => self.back_off(error).await,
            _ => self.halt(&error.to_string()).await,
        }
    }

    /// All of a batch is applied, or a dead letter: moves the cursor.
    fn finish(&self, sent: &InFlight) {
        if sent.lost > 0 {
            return self.state.lost(sent.last, sent.lost);
        }
        if let Some(last) = sent.stored {
            self.state.applied(last);
        }
        self.state.advance(sent.last, sent.count - sent.dead, sent.inserted, sent.dead);
        let took = sent.since.elapsed();
        metrics::flushed(&self.sink.id, self.table(), took);
        tracing::debug!(
            sink = self.sink.name, table = %self.table(), rows = sent.count, dead = sent.dead,
            micros = took.as_micros(), "flushed"
        );
    }
}

/// Whether the store has lost what it took.
fn is_lost(error: &StoreError) -> bool {
    matches!(error.kind, ErrorKind::Transaction | ErrorKind::NotFound)
}
