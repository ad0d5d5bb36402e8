//! What is left to send of a batch, and what is given up of it. No I/O.
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

/// Part of a batch that is sent as a whole: places in it, which increase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) places: Vec<usize>,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// Failures in a row.
    strikes: u32,
    /// The first of them, of a single record.
    since: Option<Instant>,
}

/// A record that is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GivenUp {
    pub(crate) place: usize,
    pub(crate) class: Class,
    pub(crate) reason: String,
    pub(crate) attempts: u32,
}

#[derive(Debug)]
pub(crate) struct Work {
    todo: VecDeque<Part>,
    given_up: Vec<GivenUp>,
    /// Single records that fail, passed over to see whether what comes behind them fares better.
    suspects: Vec<(Part, String)>,
    /// How many more records may be given up as suspect: the sink took something since it began to fail,
    /// so that it is the record.
    credit: u32,
}

impl Work {
    pub(crate) fn new(places: Vec<usize>) -> Self {
        let part = Part { places, attempts: 0, strikes: 0, since: None };
        let todo = VecDeque::from([part]);
        Self { todo, given_up: Vec::new(), suspects: Vec::new(), credit: 0 }
    }

    /// What is to be sent next; nothing at the end.
    pub(crate) fn next(&mut self) -> Option<Part> {
        loop {
            let Some(part) = self.todo.pop_front() else {
                // Behind the last suspects there is nothing to compare them with.
                self.go_back();
                return self.todo.pop_front();
            };
            if !part.places.is_empty() {
                return Some(part);
            }
        }
    }

    /// The records that are given up, for good or for as long as nothing else is known of them.
    pub(crate) fn passed(&self) -> Vec<GivenUp> {
        let suspects = self.suspects.iter();
        let suspects = suspects.flat_map(|(part, reason)| given_up(part, Class::Suspect, reason));
        self.given_up.iter().cloned().chain(suspects).collect()
    }

    /// The records that are given up.
    pub(crate) fn into_given_up(self) -> Vec<GivenUp> {
        self.given_up
    }

    /// The sink took a part.
    pub(crate) fn taken(&mut self) {
        self.credit = CREDIT;
        for (part, reason) in std::mem::take(&mut self.suspects) {
            self.give_up(&part, Class::Suspect, &reason);
        }
    }

    /// The sink did not take `part` for a reason that may pass: it goes out again, and before it what
    /// was passed over.
    pub(crate) fn again(&mut self, part: Part) {
        self.todo.push_front(part);
        self.go_back();
    }

    /// Rows of `part` are bad: the rest goes out again.
    pub(crate) fn bad(&mut self, mut part: Part, class: Class, mut rows: Vec<BadRow>) {
        rows.sort_by_key(|row| row.index);
        rows.dedup_by_key(|row| row.index);
        let attempts = part.attempts;
        let last_first = rows.into_iter().rev().map(|BadRow { index, reason }| {
            let place = part.places.remove(index);
            GivenUp { place, class, reason, attempts }
        });
        let bad: Vec<_> = last_first.collect();
        self.given_up.extend(bad.into_iter().rev());
        (part.strikes, part.since) = (0, None);
        self.again(part);
    }

    /// The sink refuses `part` as a whole: it goes out in halves, and a single record is given up.
    pub(crate) fn halve(&mut self, part: Part, class: Class, reason: &str) {
        if part.places.len() == 1 {
            self.give_up(&part, class, reason);
        } else {
            self.split(part, 0);
        }
    }

    /// The sink fails at `part`, though it is well otherwise. Answers whether that makes a record of it
    /// suspect; where not, it is to be sent again.
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
        if part.places.len() > 1 {
            // One more failure is enough for each half; a single record has all its chances again.
            self.split(part, STRIKES - 1);
            return Ok(());
        }
        let is_stubborn = part.strikes >= STUBBORN && now - since >= STUBBORN_FOR;
        if self.credit > 0 || is_stubborn {
            self.credit = self.credit.saturating_sub(1);
            self.give_up(&part, Class::Suspect, reason);
            return Ok(());
        }
        let is_last = self.todo.iter().all(|later| later.places.is_empty());
        if is_last || self.suspects.len() >= CREDIT as usize {
            return Err(part);
        }
        self.suspects.push((part, reason.to_owned()));
        Ok(())
    }

    fn split(&mut self, mut part: Part, strikes: u32) {
        let right = part.places.split_off(part.places.len() / 2);
        let attempts = part.attempts;
        for places in [right, part.places] {
            let strikes = if places.len() == 1 { 0 } else { strikes };
            self.todo.push_front(Part { places, attempts, strikes, since: None });
        }
    }

    fn go_back(&mut self) {
        for (part, _) in self.suspects.drain(..).rev() {
            self.todo.push_front(part);
        }
    }

    fn give_up(&mut self, part: &Part, class: Class, reason: &str) {
        self.given_up.extend(given_up(part, class, reason));
    }
}

fn given_up(part: &Part, class: Class, reason: &str) -> impl Iterator<Item = GivenUp> {
    let attempts = part.attempts;
    let one =
        move |place: &usize| GivenUp { place: *place, class, reason: reason.to_owned(), attempts };
    part.places.iter().map(one)
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
        let mut work = Work::new((0..rows).collect());
        let (mut stored, mut now) = (Vec::new(), Instant::now());
        for round in 0..100_000 {
            now += Duration::from_secs(1);
            let Some(mut part) = work.next() else {
                let mut given_up: Vec<_> =
                    work.into_given_up().iter().map(|given_up| given_up.place).collect();
                given_up.sort_unstable();
                return (stored, given_up);
            };
            part.attempts += 1;
            if !healthy(round) {
                work.again(part);
            } else if part.places.iter().any(|place| poison.contains(place)) {
                if let Err(part) = work.strike(part, "no", now) {
                    work.again(part);
                }
            } else {
                stored.extend(&part.places);
                work.taken();
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
            let poison: Vec<_> = poison.into_iter().filter(|place| *place < rows).collect();
            prop_assume!(poison.len() < rows);
            let (stored, given_up) = deliver(rows, &poison, |round| round % every != 0);
            prop_assert_eq!(&given_up, &poison);
            prop_assert!(stored.is_sorted(), "out of order");
            prop_assert_eq!(stored.len() + given_up.len(), rows);
        }
    }

    #[test]
    fn bad_rows_by_place() {
        let mut work = Work::new((10..20).collect());
        let part = work.next().unwrap();
        let row = |index| BadRow { index, reason: format!("row {index}") };
        work.bad(part, Class::Invalid, vec![row(9), row(0), row(0)]);
        assert_eq!(work.next().unwrap().places, (11..19).collect::<Vec<_>>());
        assert!(work.next().is_none());
        let given_up: Vec<_> = work.given_up.iter().map(|row| (row.place, &*row.reason)).collect();
        assert_eq!(given_up, [(10, "row 0"), (19, "row 9")]);
    }

    #[test]
    fn a_sink_that_takes_nothing_makes_nothing_suspect() {
        let mut work = Work::new((0..8).collect());
        for _ in 0..STRIKES * 400 {
            let part = work.next().unwrap();
            if let Err(part) = work.strike(part, "no", Instant::now()) {
                work.again(part);
            }
        }
        assert!(work.given_up.is_empty());
    }

    #[test]
    fn a_stubborn_record_does_not_block_for_ever() {
        let mut work = Work::new(vec![0]);
        let (mut sent, began) = (0, Instant::now());
        while let Some(part) = work.next() {
            if let Err(part) = work.strike(part, "no", began + sent * Duration::from_secs(15)) {
                work.again(part);
            }
            sent += 1;
        }
        assert_eq!((sent, work.given_up.len()), (41, 1));
    }

    #[test]
    fn what_is_refused_as_a_whole_is_halved_down_to_a_row() {
        let mut work = Work::new((0..5).collect());
        let mut sent = 0;
        while let Some(part) = work.next() {
            sent += 1;
            if part.places.contains(&3) {
                work.halve(part, Class::TooLarge, "too large");
            } else {
                work.taken();
            }
        }
        assert_eq!(work.given_up.iter().map(|row| row.place).collect::<Vec<_>>(), [3]);
        assert!(sent < 9);
    }
}
