//! Sending a batch until each row is taken or a dead letter, and what is done about each failure.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tradekeep_store_traits::{Ack, Batch, Delivery, Result as StoreResult, Stage, StoreError};

use super::settle::InFlight;
use super::slow::SLOW;
use super::{DISK_RETRY, Elsewhere, Lane, no_answer};
use crate::dead_letter::{DeadLetters, RejectedRecord};
use crate::deliver::breaker::Change;
use crate::deliver::failure::FailureAction;
use crate::deliver::retry_queue::{RejectedRow, RetryQueue};
use crate::deliver::sink::LaneStatus;
use crate::deliver::spool_batch::SpoolBatch;
use crate::error::Result;
use crate::throttle::Throttle;

impl Lane {
    /// Sends these rows of `from` until each is taken by the store, or a dead letter.
    pub(super) async fn send_rows(
        &self,
        from: &mut SpoolBatch,
        rows: Vec<usize>,
    ) -> std::result::Result<InFlight, Elsewhere> {
        let mut queue = RetryQueue::new(rows);
        let (mut kept, mut sent) = (BTreeSet::new(), InFlight::new());
        while let Some(mut part) = queue.next() {
            // Rejected rows become dead letters before what is behind them is sent: once the sink has
            // that, its watermark says that it has them too, and a restart would not send them again.
            self.keep(from, queue.rejected_so_far(), &mut kept).await;
            if self.sink.has_watermarks(self.table()) {
                from.batch.expect_watermark(self.expected());
            }
            let batch = if part.rows.len() == from.seqs().len() {
                Cow::Borrowed(&from.batch)
            } else {
                Cow::Owned(from.batch.select(&part.rows))
            };
            part.attempts += 1;
            let last = part.rows.last().map(|row| from.seqs()[*row]).unwrap_or_default();
            let error = match self.send(&batch, part.attempts).await {
                Ok(ack) => {
                    self.mark_healthy();
                    self.taken.fetch_max(last, Ordering::SeqCst);
                    self.sent.fetch_max(last, Ordering::SeqCst);
                    sent.stored = Some(last);
                    sent.inserted += ack.inserted;
                    sent.tokens.extend((ack.stage < Stage::Applied).then_some(ack.token));
                    queue.succeeded();
                    continue;
                }
                Err(error) => error,
            };
            if error.delivery == Delivery::Unknown {
                self.sent.fetch_max(last, Ordering::SeqCst);
            }
            match FailureAction::of(&error, part.rows.len()) {
                FailureAction::Retry
                    if FailureAction::may_be_poison(&error) && self.ping().await.is_ok() =>
                {
                    if let Err(part) = queue.strike(part, &error.context, Instant::now()) {
                        self.back_off(&error).await;
                        queue.retry(part);
                    } else {
                        self.mark_healthy();
                    }
                }
                FailureAction::Retry => {
                    self.back_off(&error).await;
                    queue.retry(part);
                }
                FailureAction::Reconnect => {
                    tracing::info!(sink = self.sink.name, table = %self.table(), %error, "elsewhere");
                    return Err(Elsewhere);
                }
                FailureAction::Halt => {
                    self.halt(&error.to_string()).await;
                    queue.retry(part);
                }
                FailureAction::Reject(class, rows) => {
                    self.mark_healthy();
                    queue.reject(part, class, rows);
                }
                FailureAction::Split(class) => {
                    self.mark_healthy();
                    queue.split(part, class, &error.context);
                }
            }
        }
        let rejected = queue.into_rejected();
        sent.dead = rejected.len() as u64;
        self.keep(from, rejected.clone(), &mut kept).await;
        // Suspects that the sink took when they were sent again are dead letters no more.
        let delivered = kept.into_iter().filter(|row| rejected.iter().all(|it| it.row != *row));
        self.withdraw(delivered.filter_map(|row| from.seqs().get(row).copied()).collect()).await;
        Ok(sent)
    }

    /// Where the store's watermark must stand: it has all that it took, and nothing that this run could have
    /// sent and did not. What is numbered lower than that may come from an earlier run, whenever it arrives.
    fn expected(&self) -> RangeInclusive<u64> {
        let (taken, sent) = (self.taken.load(Ordering::SeqCst), self.sent.load(Ordering::SeqCst));
        taken..=taken.max(sent).max(self.spool.first_seq.saturating_sub(1))
    }

    /// Keeps those of `rows` as dead letters that are not in `kept` yet.
    async fn keep(&self, from: &SpoolBatch, rows: Vec<RejectedRow>, kept: &mut BTreeSet<usize>) {
        let new = rows.iter().filter(|row| kept.insert(row.row));
        let record = |row: &RejectedRow| from.reject(row.row, row.class, &row.reason, row.attempts);
        self.keep_rejected(new.map(record).collect()).await;
    }

    /// Sends one batch.
    async fn send(&self, batch: &Batch, attempt: u32) -> StoreResult<Ack> {
        let waiting = Instant::now();
        self.sink.breaker.permit().await;
        let waited = waiting.elapsed();
        let started = Instant::now();
        let limit = self.config.write_timeout;
        let outcome = timeout(limit, self.sink.store.write(batch))
            .await
            .unwrap_or_else(|_| Err(no_answer("write", limit).with_delivery(Delivery::Unknown)));
        let took = started.elapsed();
        if took + waited > SLOW {
            self.log_slow(batch.records().len(), attempt, took, waited);
        }
        outcome
    }

    /// Logs a slow flush, with its cause.
    fn log_slow(&self, rows: usize, attempt: u32, took: Duration, waited: Duration) {
        let (sink, table) = (&self.sink.name, self.table());
        let (store_ms, waited_ms) = (took.as_millis(), waited.as_millis());
        let cause = if waited > took { "the breaker was open" } else { "the store took its time" };
        match self.slow.warning(took + waited) {
            Some(others) => tracing::warn!(
                sink, %table, rows, attempt, store_ms, waited_ms, "a flush was slow: {cause}{others}"
            ),
            None => tracing::debug!(
                sink, %table, rows, attempt, store_ms, waited_ms, "a flush was slow: {cause}"
            ),
        }
    }

    /// Keeps rejected records as dead letters; the cursor does not move before that is durable.
    pub(super) async fn keep_rejected(&self, rejected: Vec<RejectedRecord>) {
        if rejected.is_empty() {
            return;
        }
        let (sink, died) = (Arc::clone(&self.sink), self.spool.now());
        let why = rejected.first().map(|first| format!("{}: {}", first.class, first.reason));
        self.write_dead_letters(move |dead| {
            dead.add(sink.id.as_str(), &sink.name, died, &rejected)
        })
        .await;
        if !self.told_dead.swap(true, Ordering::SeqCst) {
            self.events.dead_letter(&self.sink.name, self.table(), &why.unwrap_or_default());
        }
    }

    /// Withdraws the dead letters of records that the sink has taken after all.
    async fn withdraw(&self, seqs: Vec<u64>) {
        if seqs.is_empty() {
            return;
        }
        let (sink, now) = (Arc::clone(&self.sink), self.spool.now());
        self.write_dead_letters(move |dead| dead.delivered(sink.id.as_str(), &seqs, now)).await;
    }

    /// Writes to the dead letters, and tries again until that works.
    async fn write_dead_letters(
        &self,
        write: impl Fn(&DeadLetters) -> Result<()> + Send + Sync + 'static,
    ) {
        let (write, throttle) = (Arc::new(write), Throttle::default());
        loop {
            let (dead, write) = (Arc::clone(&self.dead), Arc::clone(&write));
            match tokio::task::spawn_blocking(move || write(&dead)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => {
                    if let Some(more) = throttle.tell() {
                        tracing::error!(%error, more, "dead letters cannot be kept: delivery waits");
                    }
                }
                Err(error) => tracing::error!(%error, "dead letters cannot be kept"),
            }
            sleep(DISK_RETRY).await;
        }
    }

    /// The sink was reached, whatever it said.
    fn mark_reached(&self) {
        if self.sink.breaker.succeeded() == Some(Change::Closed) {
            self.events.breaker_closed(&self.sink.name);
        }
    }

    /// The sink works.
    pub(super) fn mark_healthy(&self) {
        self.mark_reached();
        if let LaneStatus::Halted { .. } = self.state.set_status(LaneStatus::Delivering) {
            self.events.resumed(&self.sink.name, self.table());
        }
    }

    /// The sink fails for a reason that may pass: waits before the next try.
    pub(super) async fn back_off(&self, error: &StoreError) {
        let reason = error.to_string();
        tracing::info!(sink = self.sink.name, table = %self.table(), %error, "to be sent again");
        self.state.set_status(LaneStatus::Retrying { reason: reason.clone() });
        let (wait, change) = self.sink.breaker.failed(error, self.config.probe_every);
        if change == Some(Change::Opened) {
            self.events.breaker_opened(&self.sink.name, &reason);
        }
        // Where the breaker is open, its `permit` waits instead, for all lanes.
        if !self.sink.breaker.is_open() {
            sleep(wait).await;
        }
    }

    /// The sink takes nothing of this table until an operator repairs it: says so, and waits.
    pub(super) async fn halt(&self, reason: &str) {
        // The breaker stays as it is: the sink did answer, and may take other tables.
        self.sink.breaker.release();
        let halted = LaneStatus::Halted { reason: reason.to_owned() };
        if !matches!(self.state.set_status(halted), LaneStatus::Halted { .. }) {
            self.events.halted(&self.sink.name, self.table(), reason);
        }
        tokio::select! {
            () = sleep(self.config.halt_retry) => {}
            () = self.state.resume.notified() => {}
        }
    }
}
