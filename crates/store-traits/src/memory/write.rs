//! The way in.

use std::collections::HashMap;

use async_trait::async_trait;
use tradekeep_models::StreamId;
use tradekeep_models::record::{Record, Value};

use super::rows::{Key, Rows, Window};
use super::tables::{Held, State};
use super::{MemoryStore, STORE};
use crate::{
    Ack, Act, BadRow, Batch, Capabilities, ErrorKind, Failure, Origin, RecordSink, Records, Result,
    Stage, StoreError, Table, Token, with_records,
};

#[async_trait]
impl RecordSink for MemoryStore {
    fn capabilities(&self, _: Table) -> Capabilities {
        Capabilities::all().without_log()
    }

    async fn ping(&self) -> Result<()> {
        self.enter("ping").await.map(drop)
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        let (records, origin) = (batch.records(), batch.origin());
        check(records)?;
        let mut state = self.enter("write").await?;
        with_records!(records, rows => state.write(rows, origin, self.capacity))
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        let state = self.enter("settle").await?;
        if tokens.iter().any(|token| !(1..=state.last_token).contains(&token.0)) {
            let context = "the token is not of this store";
            return Err(StoreError::new(ErrorKind::NotFound, STORE, "settle", context));
        }
        Ok(vec![Stage::Applied; tokens.len()])
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        let stream = (stream.clone(), epoch, table);
        Ok(self.enter("watermark").await?.watermarks.get(&stream).copied())
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>> {
        let stream = (stream.clone(), epoch, table);
        Ok(self.enter("durable_watermark").await?.watermarks.get(&stream).copied())
    }

    async fn checkpoint(&self) -> Result<()> {
        self.enter("checkpoint").await.map(drop)
    }

    async fn close(&self) -> Result<()> {
        self.faults.before("close").await?;
        if let Ok(mut state) = self.open("close") {
            state.closed = true;
        }
        Ok(())
    }
}

/// Refuses records that break a rule.
pub(super) fn check(records: &Records) -> Result<()> {
    BadRow::check(records).map_err(refused(ErrorKind::InvalidInput))
}

fn refused(kind: ErrorKind) -> impl Fn(Vec<BadRow>) -> StoreError {
    move |rows| Failure::bad_rows(kind, rows).at(STORE, "write")
}

impl State {
    /// Stores the records of a batch that are new: all of them or, with an error, none.
    pub(super) fn write<R: Held>(
        &mut self,
        rows: &[R],
        origin: Option<&Origin>,
        capacity: usize,
    ) -> Result<Ack> {
        let stream = origin.map(|origin| (origin.stream.clone(), origin.epoch, R::TABLE));
        let seen = stream.as_ref().and_then(|stream| self.watermarks.get(stream).copied());
        let replayed = origin.map_or(0, |origin| origin.replayed(seen));
        self.check_floor(rows, replayed)?;
        let new =
            R::rows(&self.tables).new_of(rows, replayed).map_err(refused(ErrorKind::Conflict))?;
        if self.tables.len() + new.len() > capacity {
            let context = format!("the store is full: it holds {capacity} records at most");
            return Err(
                StoreError::new(ErrorKind::Write, STORE, "write", context).with_act(Act::Halt)
            );
        }
        let inserted = new.len();
        let table = R::rows_mut(&mut self.tables);
        new.into_iter().for_each(|(identity, row)| table.insert(identity, row));
        if let Some((stream, last)) = stream.zip(origin.and_then(|origin| origin.seqs.last())) {
            let mark = self.watermarks.entry(stream).or_default();
            *mark = (*last).max(*mark);
        }
        self.last_token += 1;
        Ok(Ack {
            stage: Stage::Applied,
            token: Token(self.last_token),
            inserted: inserted as u64,
            duplicates: (rows.len() - inserted) as u64,
        })
    }
}

impl State {
    /// Refuses the rows behind the first `replayed` that are before the floor of their table.
    fn check_floor<R: Record>(&self, rows: &[R], replayed: usize) -> Result<()> {
        let Some(floor) = self.floors.get(&R::TABLE) else { return Ok(()) };
        let expired = rows.iter().enumerate().skip(replayed).filter(|(_, row)| row.ts() < *floor);
        let expired: Vec<_> = expired.map(|(index, _)| BadRow::expired(index, *floor)).collect();
        if expired.is_empty() { Ok(()) } else { Err(refused(ErrorKind::Expired)(expired)) }
    }
}

/// What a record of a batch is to what is stored and comes before it in the batch. Records are looked
/// at one after another, as if each was written alone; those that are refused do not count.
enum Verdict {
    New,
    Duplicate,
    Conflict(String),
}

/// Records of a batch that are new, as far as it was looked at.
struct New<'a, R> {
    /// By identity.
    rows: HashMap<Key, &'a R>,
    /// Whose each value is in the column that no two subjects share.
    taken: HashMap<Value<'static>, Key>,
}

impl<R: Record> Rows<R> {
    /// Those of `rows` behind the first `replayed` that are new, by identity; or all that conflict.
    fn new_of<'a>(
        &self,
        rows: &'a [R],
        replayed: usize,
    ) -> std::result::Result<HashMap<Key, &'a R>, Vec<BadRow>> {
        let mut new = New { rows: HashMap::new(), taken: HashMap::new() };
        let mut bad = Vec::new();
        let times = || rows[replayed..].iter().map(R::ts);
        let Some(window) = times().min().zip(times().max()) else {
            return Ok(new.rows);
        };
        for (index, row) in rows.iter().enumerate().skip(replayed) {
            let identity = self.identity(row);
            match self.verdict(row, &identity, &new, window) {
                Verdict::Duplicate => {}
                Verdict::Conflict(reason) => bad.push(BadRow { index, reason }),
                Verdict::New => {
                    new.rows.insert(identity, row);
                    new.taken.extend(self.unique(row).map(|value| (value, self.subject(row))));
                }
            }
        }
        if bad.is_empty() { Ok(new.rows) } else { Err(bad) }
    }

    fn verdict(&self, row: &R, identity: &Key, new: &New<'_, R>, window: Window) -> Verdict {
        let in_batch = new.rows.get(identity).copied();
        let mut known = self.of_identity(identity, window).chain(in_batch).peekable();
        if known.peek().is_some() {
            // Equal to any is enough: what was stored once can be sent again.
            return if !R::CONFLICTS || known.any(|other| other == row) {
                Verdict::Duplicate
            } else {
                let columns = R::IDENTITY.join(", ");
                Verdict::Conflict(format!("{columns}: is stored with other content"))
            };
        }
        let Some(value) = self.unique(row) else {
            return Verdict::New;
        };
        let subject = self.subject(row);
        let in_batch = new.taken.get(&value).is_some_and(|owner| *owner != subject);
        if in_batch || self.is_taken(&value, &subject, window) {
            let column = R::UNIQUE.unwrap_or_default();
            let thing = R::TABLE.as_str().trim_end_matches('s');
            return Verdict::Conflict(format!("{column}: is the id of another {thing}"));
        }
        Verdict::New
    }
}
