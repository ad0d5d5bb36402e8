//! The way in.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use tradekeep_models::StreamId;
use tradekeep_models::record::Record;

use super::tables::{Held, State};
use super::{Limits, MemoryStore, STORE};
use crate::{
    Ack, Act, At as _, BadRow, Batch, Capabilities, ErrorKind, Failure, Origin, Position,
    RecordSink, Records, Result, Run, Stage, StoreError, Table, Token, Verdicts, check_watermark,
    judge, with_records,
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
        let expected = batch.expected_watermark();
        with_records!(records, rows => state.write(rows, origin, expected, self.limits))
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        let state = self.enter("settle").await?;
        if tokens.iter().any(|token| !(1..=state.last_token).contains(&token.0)) {
            let context = "the token is not of this store";
            return Err(StoreError::new(ErrorKind::NotFound, STORE, "settle", context));
        }
        Ok(vec![Stage::Applied; tokens.len()])
    }

    async fn position(&self, _: Table, _: &Run) -> Result<Position> {
        let store = self.enter("position").await?.id;
        Ok(Position { store, table: 0, changes: 0 })
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
        expected: Option<&RangeInclusive<u64>>,
        Limits { capacity, duplicate_window }: Limits,
    ) -> Result<Ack> {
        let stream = origin.map(|origin| (origin.stream.clone(), origin.epoch, R::TABLE));
        let seen = stream.as_ref().and_then(|stream| self.watermarks.get(stream).copied());
        check_watermark(expected, seen).at(STORE, "write")?;
        let replayed = origin.map_or(0, |origin| origin.replayed(seen));
        self.check_floor(rows, replayed)?;
        let fresh = &rows[replayed..];
        let stored = R::rows(&self.tables).met(fresh);
        let Verdicts { new, mut conflicts } =
            judge(fresh, stored.iter().map(AsRef::as_ref), duplicate_window);
        if !conflicts.is_empty() {
            conflicts.iter_mut().for_each(|row| row.index += replayed);
            return Err(refused(ErrorKind::Conflict)(conflicts));
        }
        if self.tables.len() + new.len() > capacity {
            let context = format!("the store is full: it holds {capacity} records at most");
            return Err(
                StoreError::new(ErrorKind::Write, STORE, "write", context).with_act(Act::Halt)
            );
        }
        let inserted = new.len();
        let table = R::rows_mut(&mut self.tables);
        new.into_iter().for_each(|index| table.insert(&fresh[index]));
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
