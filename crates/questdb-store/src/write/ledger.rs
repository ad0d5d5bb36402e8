//! Batches that the server has taken, until they are seen applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tradekeep_models::Table;
use tradekeep_store_traits::{Origin, Token};

use super::keys::Keys;

/// A batch that is taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) table: Table,
    pub(crate) keys: Arc<Keys>,
    /// Where it came from, when its rows are to be counted once it is applied.
    pub(crate) origin: Option<Numbers>,
}

/// Where the rows of a batch came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) stream: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Numbers {
    /// Of a batch that has rows.
    pub(crate) fn of(origin: &Origin) -> Option<Self> {
        let (first, last) = (*origin.seqs.first()?, *origin.seqs.last()?);
        Some(Self { stream: super::shape::stream(origin), first, last })
    }
}

#[derive(Debug)]
struct Open {
    taken: Taken,
    /// The transaction that it is in, or a later one; nothing before the log was looked at.
    transaction: Option<i64>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The log has it, or is to be looked at.
    Open,
    Applied,
    /// The server had taken it, and does not have it.
    Lost,
    /// There never was one.
    Unknown,
}

/// Every batch that was taken.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The token of the batch taken last; 0 is nobody's.
    last: u64,
    open: BTreeMap<u64, Open>,
    lost: BTreeSet<u64>,
}

impl Ledger {
    /// Notes a batch that was taken.
    pub(crate) fn take(&mut self, taken: Taken) -> Token {
        self.last += 1;
        self.open.insert(self.last, Open { taken, transaction: None });
        Token(self.last)
    }

    /// A token for a batch that had nothing to be taken.
    pub(crate) fn nothing(&mut self) -> Token {
        self.last += 1;
        Token(self.last)
    }

    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn state(&self, token: Token) -> State {
        match token.0 {
            number if self.open.contains_key(&number) => State::Open,
            number if self.lost.contains(&number) => State::Lost,
            number if (1..=self.last).contains(&number) => State::Applied,
            _ => State::Unknown,
        }
    }

    /// The table of a batch that is open.
    pub(crate) fn table(&self, token: Token) -> Option<Table> {
        self.open.get(&token.0).map(|open| open.taken.table)
    }

    /// The open batches of a table.
    pub(crate) fn of(&self, table: Table) -> impl Iterator<Item = (Token, &Taken)> {
        let here = move |(_, open): &(&u64, &Open)| open.taken.table == table;
        self.open.iter().filter(here).map(|(number, open)| (Token(*number), &open.taken))
    }

    /// A look at the log of `table`, when the batch taken last was `last`: what it has taken, and applied.
    /// Answers the batches that are applied, which stay open until they are [`closed`](Self::close).
    pub(crate) fn look(
        &mut self,
        table: Table,
        last: u64,
        (taken, applied): (i64, i64),
    ) -> Vec<(Token, Taken)> {
        let here = self.open.range_mut(..=last).filter(|(_, open)| open.taken.table == table);
        let mut done = Vec::new();
        for (number, open) in here {
            if *open.transaction.get_or_insert(taken) <= applied {
                done.push((Token(*number), open.taken.clone()));
            }
        }
        done
    }

    /// These are applied.
    pub(crate) fn close(&mut self, tokens: impl IntoIterator<Item = Token>) {
        for token in tokens {
            self.open.remove(&token.0);
        }
    }

    /// These are lost.
    pub(crate) fn lose(&mut self, tokens: &[Token]) {
        for token in tokens {
            if self.open.remove(&token.0).is_some() {
                self.lost.insert(token.0);
            }
        }
    }

    /// All open ones of `table` are lost; answers how many.
    pub(crate) fn lose_all(&mut self, table: Table) -> usize {
        let tokens: Vec<_> = self.of(table).map(|(token, _)| token).collect();
        self.lose(&tokens);
        tokens.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(table: Table) -> Taken {
        Taken { table, keys: Arc::default(), origin: None }
    }

    fn done(found: &[(Token, Taken)]) -> Vec<u64> {
        found.iter().map(|(token, _)| token.0).collect()
    }

    #[test]
    fn a_batch_is_applied_once_the_log_is_past_what_it_had_taken() {
        let mut ledger = Ledger::default();
        let first = ledger.take(taken(Table::Ticks));
        let before = ledger.last();
        // Taken while the log was looked at: it may be in no transaction that was seen.
        let second = ledger.take(taken(Table::Ticks));
        let other = ledger.take(taken(Table::Trades));
        assert_eq!(done(&ledger.look(Table::Ticks, before, (7, 6))), [0; 0]);
        assert_eq!(done(&ledger.look(Table::Ticks, ledger.last(), (9, 7))), [first.0]);
        assert_eq!(ledger.state(first), State::Open);
        ledger.close([first]);
        assert_eq!(done(&ledger.look(Table::Ticks, ledger.last(), (12, 9))), [second.0]);
        assert_eq!(ledger.lose_all(Table::Ticks), 1);
        let nothing = ledger.nothing();
        let states = [first, second, other, nothing, Token(0), Token(9)];
        assert_eq!(
            states.map(|token| ledger.state(token)),
            [
                State::Applied,
                State::Lost,
                State::Open,
                State::Applied,
                State::Unknown,
                State::Unknown
            ]
        );
        assert_eq!((ledger.table(other), ledger.table(first)), (Some(Table::Trades), None));
    }
}
