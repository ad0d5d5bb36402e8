//! Dead letters of an ingest: listed, replayed, resolved, purged.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tradekeep_store_traits::{Records, Table};

use super::Ingest;
use crate::dead_letter::{DeadLetter, DeadLetterFilter, Replayed};
use crate::error::{IngestError, Result};
use crate::log::Reader;
use crate::pipeline::Pipeline;

/// Letters replayed by one append.
const BATCH: usize = 1_000;

impl Ingest {
    /// The dead letters that `filter` means, oldest first.
    ///
    /// # Errors
    /// `Disk` when they cannot be read.
    pub async fn dead_letters(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>> {
        let filter = filter.clone();
        self.blocking(move |pipeline| pipeline.dead.list(&filter)).await
    }

    /// Puts the open dead letters that `filter` means into the spool again, as new records with the
    /// same identity: for every sink, which keeps them single. With `dry_run` nothing is done.
    ///
    /// Each letter is put there once, however often this is asked and whatever ends the process
    /// meanwhile. What a sink refuses again is a new dead letter.
    ///
    /// # Errors
    /// `Disk` when the disk fails; `Closed` after shutdown. Letters that were not put there stay open.
    pub async fn replay(&self, filter: &DeadLetterFilter, dry_run: bool) -> Result<Replayed> {
        let filter = filter.clone();
        self.blocking(move |pipeline| pipeline.replay(&filter, dry_run)).await
    }

    /// Closes the open dead letters that `filter` means, without sending them again: somebody has decided that
    /// nothing is to be done about them. Answers how many.
    ///
    /// # Errors
    /// `Disk` when the disk fails; `Closed` after shutdown. They stay open then.
    pub async fn resolve(&self, filter: &DeadLetterFilter) -> Result<u64> {
        let filter = filter.clone();
        self.blocking(move |pipeline| {
            // Not one whose replay begins meanwhile.
            let _maintenance = pipeline.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            pipeline.dead.resolve(&filter, pipeline.appender.spool.now())
        })
        .await
    }

    /// Removes the dead letters that were replayed or resolved; answers how many. One whose batch is still on its
    /// way stays until that is done.
    ///
    /// # Errors
    /// `Disk` when the disk fails; nothing open is lost then.
    pub async fn purge_resolved(&self) -> Result<u64> {
        self.blocking(|pipeline| {
            let _maintenance = pipeline.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            let cursors = pipeline.cursors();
            pipeline.appender.spool.save_cursors(&cursors)?;
            let is_past = |sink: &str, table, seq| cursors.are_past(sink, table, seq);
            let spool = &pipeline.appender.spool;
            pipeline.dead.purge(spool.now(), spool.oldest_seq()?, is_past)
        })
        .await
    }

    /// Finishes the replays that an earlier process began: letters that are in the spool are done with, the
    /// others go there now.
    pub(super) async fn finish_replays(&self) -> Result<()> {
        let unfinished = self.pipeline.dead.unfinished();
        if unfinished.is_empty() {
            return Ok(());
        }
        self.blocking(move |pipeline| {
            let again = DeadLetterFilter::ids(unfinished.iter().map(|(id, _)| *id));
            pipeline.replay(&again, false).map(drop)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Pipeline) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let pipeline = Arc::clone(&self.pipeline);
        tokio::task::spawn_blocking(move || job(&pipeline))
            .await
            .map_err(|_| IngestError::Closed)?
    }
}

impl Pipeline {
    fn replay(&self, filter: &DeadLetterFilter, dry_run: bool) -> Result<Replayed> {
        // One at a time: two would both find a letter open. And no trim meanwhile: a segment with replayed
        // records must stay until the letters are noted as resolved.
        let _maintenance = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        if !dry_run {
            self.finish_replays()?;
        }
        let mut by_table: Vec<(Table, Vec<u64>, Vec<Records>)> = Vec::new();
        let mut failed = None;
        let done = self.dead.replayable(filter, |id, table, record| {
            if dry_run {
                return true;
            }
            let place = by_table.iter().position(|(known, ..)| *known == table);
            let place = place.unwrap_or_else(|| {
                by_table.push((table, Vec::new(), Vec::new()));
                by_table.len() - 1
            });
            let (_, ids, records) = &mut by_table[place];
            ids.push(id);
            records.push(record);
            if ids.len() >= BATCH {
                let (ids, records) = (std::mem::take(ids), std::mem::take(records));
                failed = self.put_back(&ids, records).err();
            }
            failed.is_none()
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        for (_, ids, records) in by_table {
            self.put_back(&ids, records)?;
        }
        Ok(done)
    }

    /// Letters whose replay was cut short, and whose records are in the spool all the same, are done
    /// with.
    fn finish_replays(&self) -> Result<()> {
        let unfinished: BTreeMap<u64, u64> =
            self.dead.unfinished().into_iter().map(|(id, seq)| (seq, id)).collect();
        let Some((first, last)) = unfinished.keys().next().zip(unfinished.keys().next_back())
        else {
            return Ok(());
        };
        let spool = &self.appender.spool;
        let mut reader = Reader::new(Arc::clone(&spool.log), first - 1, None);
        let mut there = Vec::new();
        let disk = || IngestError::disk("the spool cannot be read");
        while let Some(frame) = reader.next().map_err(disk())? {
            there.extend(unfinished.get(&frame.head.seq));
            if frame.head.seq >= *last {
                break;
            }
        }
        spool.log.sync().map_err(IngestError::disk("the spool cannot be synced"))?;
        self.dead.resolved(&there, spool.now())
    }

    /// Puts letters of one table into the spool, in three steps, each durable before the next: the journal
    /// notes that the replay begins, the records are appended, the journal notes that it is done.
    fn put_back(&self, ids: &[u64], records: Vec<Records>) -> Result<()> {
        let Some(records) = records.into_iter().reduce(joined) else { return Ok(()) };
        let spool = &self.appender.spool;
        let now = spool.now();
        self.appender.append_always(&records, |first| {
            self.dead.replaying(ids, first, now).map_err(std::io::Error::other)
        })?;
        spool.log.sync().map_err(IngestError::disk("the spool cannot be synced"))?;
        self.dead.resolved(ids, now)
    }
}

/// Records of one kind, together.
fn joined(mut one: Records, other: Records) -> Records {
    // They are of one table.
    let _ = one.extend(other);
    one
}
