//! The parts of a batch that are still to be sent, and the rows of it that are rejected. No I/O.
//!
//! Parts go out in the order of their numbers, always: once a sink has a record, its watermark is
//! past everything before.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use tradekeep_store_traits::BadRow;

use crate::dead_letter::Class;

/// Failures in a row of one part, while the sink is well, that make a row of it suspect.
const STRIKES: u32 = 5;
/// A single record that fails for so long, and as often, is suspect without any evidence: a store that
/// writes nothing for that long is watched by somebody.
const STUBBORN_FOR: Duration = Duration::from_secs(600);
const STUBBORN: u32 = 30;
/// Suspects in a row that one success behind or before them is evidence against; where the sink takes
/// nothing in between, it may be the sink after all.
const CREDIT: u32 = 16;

/// A part of a batch that is sent as a whole: the indices of its rows, which increase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) rows: Vec<usize>,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// Failures in a row.
    strikes: u32,
    /// The first of them, of a single record.
    since: Option<Instant>,
}

/// A row that is rejected, and becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RejectedRow {
    pub(crate) row: usize,
    pub(crate) class: Class,
    pub(crate) reason: String,
    pub(crate) attempts: u32,
}

#[derive(Debug)]
pub(crate) struct RetryQueue {
    pending: VecDeque<Part>,
    rejected: Vec<RejectedRow>,
    /// Single rows that fail, passed over to see whether what comes behind them fares better.
    suspects: Vec<(Part, String)>,
    /// How many more rows may be rejected as suspect: the sink took something since it began to fail, so
    /// that the row is at fault.
    credit: u32,
}

impl RetryQueue {
    pub(crate) fn new(rows: Vec<usize>) -> Self {
        let part = Part { rows, attempts: 0, strikes: 0, since: None };
        let pending = VecDeque::from([part]);
        Self { pending, rejected: Vec::new(), suspects: Vec::new(), credit: 0 }
    }

    /// What is to be sent next; nothing at the end.
    pub(crate) fn next(&mut self) -> Option<Part> {
        loop {
            let Some(part) = self.pending.pop_front() else {
                // Nothing is behind these suspects to compare them with: they are tried again.
                self.requeue_suspects();
                return self.pending.pop_front();
            };
            if !part.rows.is_empty() {
                return Some(part);
            }
        }
    }

    /// The rows that are rejected, and the suspects, which may still be taken.
    pub(crate) fn rejected_so_far(&self) -> Vec<RejectedRow> {
        let suspects = self.suspects.iter();
        let suspects = suspects.flat_map(|(part, reason)| rejected(part, Class::Suspect, reason));
        self.rejected.iter().cloned().chain(suspects).collect()
    }

    /// The rows that are rejected.
    pub(crate) fn into_rejected(self) -> Vec<RejectedRow> {
        self.rejected
    }

    /// The sink took a part.
    pub(crate) fn succeeded(&mut self) {
        self.credit = CREDIT;
        for (part, reason) in std::mem::take(&mut self.suspects) {
            self.reject_part(&part, Class::Suspect, &reason);
        }
    }

    /// The sink did not take `part` for a reason that may pass: it is sent again, and the suspects before
    /// it.
    pub(crate) fn retry(&mut self, part: Part) {
        self.pending.push_front(part);
        self.requeue_suspects();
    }

    /// The sink named bad rows of `part`: they are rejected, and the rest is sent again.
    pub(crate) fn reject(&mut self, mut part: Part, class: Class, mut rows: Vec<BadRow>) {
        rows.sort_by_key(|row| row.index);
        rows.dedup_by_key(|row| row.index);
        let attempts = part.attempts;
        let last_first = rows.into_iter().rev().map(|BadRow { index, reason, .. }| {
            let row = part.rows.remove(index);
            RejectedRow { row, class, reason, attempts }
        });
        let bad: Vec<_> = last_first.collect();
        self.rejected.extend(bad.into_iter().rev());
        (part.strikes, part.since) = (0, None);
        self.retry(part);
    }

    /// The sink refuses `part` as a whole: it is sent in halves, and a single row is rejected.
    pub(crate) fn split(&mut self, part: Part, class: Class, reason: &str) {
        if part.rows.len() == 1 {
            self.reject_part(&part, class, reason);
        } else {
            self.split_part(part, 0);
        }
    }

    /// The sink fails at `part`, though it is well otherwise. Gives
    /// the part back where that makes no row of it suspect: it is to be sent again.
    pub(crate) fn strike(
        &mut self,
        mut part: Part,
        reason: &str,
        now: Instant,
    ) -> Result<(), Part> {
        part.strikes += 1;
        let since = *part.since.get_or_insert(now);
        if part.strikes < STRIKES {
            return Err(part);
        }
        if part.rows.len() > 1 {
            // One more failure is enough for each half; a single record has all its chances again.
            self.split_part(part, STRIKES - 1);
            return Ok(());
        }
        let is_stubborn = part.strikes >= STUBBORN && now - since >= STUBBORN_FOR;
        if self.credit > 0 || is_stubborn {
            self.credit = self.credit.saturating_sub(1);
            self.reject_part(&part, Class::Suspect, reason);
            return Ok(());
        }
        let is_last = self.pending.iter().all(|later| later.rows.is_empty());
        if is_last || self.suspects.len() >= CREDIT as usize {
            return Err(part);
        }
        self.suspects.push((part, reason.to_owned()));
        Ok(())
    }

    fn split_part(&mut self, mut part: Part, strikes: u32) {
        let right = part.rows.split_off(part.rows.len() / 2);
        let attempts = part.attempts;
        for rows in [right, part.rows] {
            let strikes = if rows.len() == 1 { 0 } else { strikes };
            self.pending.push_front(Part { rows, attempts, strikes, since: None });
        }
    }

    fn requeue_suspects(&mut self) {
        for (part, _) in self.suspects.drain(..).rev() {
            self.pending.push_front(part);
        }
    }

    fn reject_part(&mut self, part: &Part, class: Class, reason: &str) {
        self.rejected.extend(rejected(part, class, reason));
    }
}

fn rejected(part: &Part, class: Class, reason: &str) -> impl Iterator<Item = RejectedRow> {
    let attempts = part.attempts;
    let one =
        move |row: &usize| RejectedRow { row: *row, class, reason: reason.to_owned(), attempts };
    part.rows.iter().map(one)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A sink that fails at batches with one of these records.
    fn deliver(
        rows: usize,
        poison: &[usize],
        healthy: impl Fn(usize) -> bool,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut queue = RetryQueue::new((0..rows).collect());
        let (mut stored, mut now) = (Vec::new(), Instant::now());
        for round in 0..100_000 {
            now += Duration::from_secs(1);
            let Some(mut part) = queue.next() else {
                let mut rejected: Vec<_> =
                    queue.into_rejected().iter().map(|rejected| rejected.row).collect();
                rejected.sort_unstable();
                return (stored, rejected);
            };
            part.attempts += 1;
            if !healthy(round) {
                queue.retry(part);
            } else if part.rows.iter().any(|row| poison.contains(row)) {
                if let Err(part) = queue.strike(part, "no", now) {
                    queue.retry(part);
                }
            } else {
                stored.extend(&part.rows);
                queue.succeeded();
            }
        }
        panic!("no end");
    }

    proptest! {
        #[test]
        fn just_the_poison_is_given_up(
            rows in 2usize..300,
            poison in prop::collection::btree_set(0usize..300, 0..5),
            every in 2usize..9,
        ) {
            let poison: Vec<_> = poison.into_iter().filter(|row| *row < rows).collect();
            prop_assume!(poison.len() < rows);
            let (stored, rejected) = deliver(rows, &poison, |round| round % every != 0);
            prop_assert_eq!(&rejected, &poison);
            prop_assert!(stored.is_sorted(), "out of order");
            prop_assert_eq!(stored.len() + rejected.len(), rows);
        }
    }

    #[test]
    fn bad_rows_by_place() {
        let mut queue = RetryQueue::new((10..20).collect());
        let part = queue.next().unwrap();
        let row = |index| BadRow::new(index, format!("row {index}"));
        queue.reject(part, Class::Invalid, vec![row(9), row(0), row(0)]);
        assert_eq!(queue.next().unwrap().rows, (11..19).collect::<Vec<_>>());
        assert!(queue.next().is_none());
        let rejected: Vec<_> = queue.rejected.iter().map(|row| (row.row, &*row.reason)).collect();
        assert_eq!(rejected, [(10, "row 0"), (19, "row 9")]);
    }

    #[test]
    fn a_sink_that_takes_nothing_makes_nothing_suspect() {
        let mut queue = RetryQueue::new((0..8).collect());
        for _ in 0..STRIKES * 400 {
            let part = queue.next().unwrap();
            if let Err(part) = queue.strike(part, "no", Instant::now()) {
                queue.retry(part);
            }
        }
        assert!(queue.rejected.is_empty());
    }

    #[test]
    fn a_stubborn_record_does_not_block_for_ever() {
        let mut queue = RetryQueue::new(vec![0]);
        let (mut sent, began) = (0, Instant::now());
        while let Some(part) = queue.next() {
            if let Err(part) = queue.strike(part, "no", began + sent * Duration::from_secs(15)) {
                queue.retry(part);
            }
            sent += 1;
        }
        assert_eq!((sent, queue.rejected.len()), (41, 1));
    }

    #[test]
    fn what_is_refused_as_a_whole_is_halved_down_to_a_row() {
        let mut queue = RetryQueue::new((0..5).collect());
        let mut sent = 0;
        while let Some(part) = queue.next() {
            sent += 1;
            if part.rows.contains(&3) {
                queue.split(part, Class::TooLarge, "too large");
            } else {
                queue.succeeded();
            }
        }
        assert_eq!(queue.rejected.iter().map(|row| row.row).collect::<Vec<_>>(), [3]);
        assert!(sent < 9);
    }
}
