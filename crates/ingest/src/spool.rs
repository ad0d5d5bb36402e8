//! The spool: records on their way into the stores, in a folder.
//!
//! `manifest` says what stream it is and which numbers may be in use, `cursors` how far each sink has
//! come, segments (`….seg`) hold the records, `lock` names the process that has it all. What is found
//! damaged is kept beside as `….damaged`.

pub(crate) mod cursors;
pub(crate) mod manifest;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradekeep_models::StreamId;
use tradekeep_store_traits::{BadRow, Records, Table, with_records};

use self::cursors::Cursors;
use self::manifest::Manifest;
use crate::clock::Clock;
use crate::codec;
use crate::error::{IngestError, Result};
use crate::fs::{FileSystem, Lock, make_folder};
use crate::log::{Access, AppendError, Entries, Log, LogConfig, Reader, Segment};
use crate::slots::Slots;

/// Numbers that are reserved at once. They are lost when the process ends; there are 2^64.
pub(crate) const RESERVE: u64 = 1 << 20;

/// A spool that is open; its records, and what is known of them.
#[derive(Debug)]
pub(crate) struct Spool {
    pub(crate) log: Arc<Log>,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    manifest: Mutex<(Manifest, Slots)>,
    cursors: Mutex<Slots>,
    /// No number from here on was ever given out by an earlier run.
    pub(crate) first_seq: u64,
    lock: Mutex<Option<Lock>>,
}

/// What a spool is opened with.
#[derive(Debug, Clone)]
pub(crate) struct SpoolConfig {
    pub(crate) folder: PathBuf,
    pub(crate) segment_bytes: u64,
}

/// A spool that this process has locked, and whose records are still to be read.
#[derive(Debug)]
pub(crate) struct LockedSpool {
    fs: Arc<dyn FileSystem>,
    config: SpoolConfig,
    manifest: (Manifest, Slots),
    cursor_slots: Slots,
    lock: Lock,
    /// How far each sink has come.
    pub(crate) cursors: Cursors,
}

impl LockedSpool {
    /// Locks the spool of a folder, and makes it where there is none.
    pub(crate) fn lock(fs: &Arc<dyn FileSystem>, config: SpoolConfig) -> Result<Self> {
        let folder = &config.folder;
        let disk = |error| {
            IngestError::disk(format!("{}: the spool cannot be opened", folder.display()))(error)
        };
        make_folder(&**fs, folder).map_err(disk)?;
        let lock = fs.lock(&folder.join("lock")).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                IngestError::Held { folder: folder.clone(), holder: error.to_string() }
            }
            _ => disk(error),
        })?;
        let (slots, content) =
            Slots::open(&**fs, &folder.join(manifest::FILE), manifest::SLOT).map_err(disk)?;
        let found = content.as_deref().and_then(Manifest::read);
        let name = Log::name_in(&**fs, folder).map_err(disk)?;
        if found.is_none() && name.is_some() {
            tracing::error!(
                folder = %folder.display(),
                "the spool's manifest is lost: what is held is delivered again, as a new stream"
            );
        }
        let manifest = (found.unwrap_or_else(|| Manifest::new(name)), slots);
        let (cursor_slots, content) =
            Slots::open(&**fs, &folder.join(cursors::FILE), cursors::SLOT).map_err(disk)?;
        let cursors = content.as_deref().and_then(Cursors::read);
        let cursors = cursors.unwrap_or_else(|| Cursors { version: 1, ..Cursors::default() });
        Ok(Self { fs: Arc::clone(fs), config, manifest, cursor_slots, lock, cursors })
    }

    /// Opens it, and tells `visit` of each record that it holds: its table and number. It always
    /// opens, unless the disk fails.
    pub(crate) fn open(
        self,
        clock: Arc<dyn Clock>,
        visit: &mut dyn FnMut(Table, u64),
    ) -> Result<Spool> {
        let SpoolConfig { folder, segment_bytes } = self.config;
        let disk = |error| {
            IngestError::disk(format!("{}: the spool cannot be opened", folder.display()))(error)
        };
        let (mut manifest, mut slots) = self.manifest;
        let log = LogConfig { folder: folder.clone(), name: manifest.log.clone(), segment_bytes };
        let (log, found) = Log::open(self.fs, log, Access::Write, &mut |frame| {
            if let Some(table) = Table::of_number(frame.head.kind) {
                visit(table, frame.head.seq);
            }
        })
        .map_err(disk)?;
        if found.torn > 0 {
            tracing::info!(
                bytes = found.torn,
                "the end of an append that was under way was cut off, and is kept beside"
            );
        }
        // A manifest that was lost, or brought back older than the segments, knows too little.
        let delivered = self.cursors.sinks.values().flat_map(|sink| sink.tables.values());
        let delivered = delivered.map(|cursor| cursor.seq).max().unwrap_or_default();
        let first_seq = manifest.bound.max(log.end().next_seq).max(delivered + 1);
        manifest.bound = first_seq + RESERVE;
        manifest.write(&mut slots).map_err(disk)?;
        log.start_numbers_at(first_seq);
        log.allow_below(manifest.bound);
        Ok(Spool {
            log: Arc::new(log),
            folder,
            clock,
            manifest: Mutex::new((manifest, slots)),
            cursors: Mutex::new(self.cursor_slots),
            first_seq,
            lock: Mutex::new(Some(self.lock)),
        })
    }
}

impl Spool {
    /// Takes records: all of them, or none. Answers the number of the first; the others follow it.
    /// They survive the end of the process from now on. `before` is told the first number before
    /// anything is written.
    pub(crate) fn append(
        &self,
        records: &Records,
        mut before: impl FnMut(u64) -> io::Result<()>,
    ) -> Result<u64> {
        let table = records.table();
        let time = self.now();
        let (kind, version, count) = (table.number(), codec::version(table), records.len());
        loop {
            let appended = with_records!(records, rows => {
                let payload = |place: usize, out: &mut Vec<u8>| codec::encode(&rows[place], out).is_ok();
                self.log.append(&Entries { time, kind, version, count, payload }, &mut before)
            });
            return match appended {
                Ok(first) => Ok(first),
                Err(AppendError::Exhausted) => {
                    self.reserve(count as u64)?;
                    continue;
                }
                Err(AppendError::Refused(index)) => {
                    let too_long = || vec![BadRow::new(index, "is longer than 1 MiB".into())];
                    let rows = BadRow::check(records).err().unwrap_or_else(too_long);
                    Err(IngestError::Invalid { table, rows })
                }
                Err(AppendError::Io(error)) => {
                    let doing = format!(
                        "{}: records cannot be written (the next file takes {} KiB)",
                        self.folder.display(),
                        self.log.segment_bytes() >> 10
                    );
                    Err(IngestError::disk(doing)(error))
                }
            };
        }
    }

    /// Makes sure that there are numbers for `count` records and some time to come.
    pub(crate) fn reserve(&self, count: u64) -> Result<()> {
        let mut manifest = self.manifest();
        let (manifest, slots) = &mut *manifest;
        let end = self.log.end();
        if end.next_seq + count + RESERVE / 2 <= end.bound {
            return Ok(());
        }
        let bound = end.next_seq + count + RESERVE;
        let wider = Manifest { bound, ..manifest.clone() };
        wider.write(slots).map_err(|error| {
            let doing = format!("{}: numbers cannot be reserved", self.folder.display());
            IngestError::disk(doing)(error)
        })?;
        *manifest = wider;
        self.log.allow_below(bound);
        Ok(())
    }

    /// Makes what sinks have done durable.
    pub(crate) fn save_cursors(&self, cursors: &Cursors) -> Result<()> {
        let mut slots = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        self.ensure_locked()?;
        cursors.write(&mut slots).map_err(|error| {
            let doing = format!("{}: cursors cannot be written", self.folder.display());
            IngestError::disk(doing)(error)
        })
    }

    /// Lets watermarks count anew from the next number on. An operator's act.
    pub(crate) fn new_epoch(&self) -> Result<u64> {
        let mut manifest = self.manifest();
        let (manifest, slots) = &mut *manifest;
        // A name of its own: a copy of this spool may begin a new epoch too.
        let Manifest { stream, .. } = Manifest::new(None);
        let next = Manifest { stream, epoch: manifest.epoch + 1, ..manifest.clone() };
        next.write(slots).map_err(|error| {
            let doing = format!("{}: the epoch cannot be moved", self.folder.display());
            IngestError::disk(doing)(error)
        })?;
        *manifest = next;
        Ok(manifest.epoch)
    }

    /// The stream that stores keep a watermark of, and its epoch.
    pub(crate) fn stream(&self) -> Result<(StreamId, u64)> {
        let manifest = self.manifest();
        Ok((StreamId::new(&manifest.0.stream)?, manifest.0.epoch))
    }

    /// Reads records of one table, numbered above `after`.
    pub(crate) fn reader(&self, table: Table, after: u64) -> Reader {
        Reader::new(Arc::clone(&self.log), after, Some(table.number()))
    }

    /// The number of the oldest record that is held; of the next one where none is.
    pub(crate) fn oldest_seq(&self) -> Result<u64> {
        let next = self.log.end().next_seq;
        let mut oldest = Reader::new(Arc::clone(&self.log), 0, None);
        let oldest = oldest.next().map_err(|error| {
            let doing = format!("{}: the spool cannot be read", self.folder.display());
            IngestError::disk(doing)(error)
        })?;
        Ok(oldest.map_or(next, |frame| frame.head.seq))
    }

    /// The stream's name, and its epoch.
    pub(crate) fn stream_text(&self) -> (String, u64) {
        let manifest = self.manifest();
        (manifest.0.stream.clone(), manifest.0.epoch)
    }

    /// Removes segments whose records `is_done` says yes to, from the oldest on. The cursors that say
    /// so are durable; the manifest becomes so first, for the numbers in what is removed.
    pub(crate) fn trim(&self, is_done: impl Fn(&Segment) -> bool) -> Result<usize> {
        let disk = |error| {
            let doing = format!("{}: segments cannot be removed", self.folder.display());
            IngestError::disk(doing)(error)
        };
        self.ensure_locked()?;
        let Some((index, last)) = self.log.trimmable(is_done) else { return Ok(0) };
        {
            let mut manifest = self.manifest();
            let (manifest, slots) = &mut *manifest;
            for (kind, last) in last.into_iter().enumerate().filter(|(_, last)| *last > 0) {
                manifest.removed.insert(kind, last);
            }
            manifest.write(slots).map_err(disk)?;
        }
        self.log.trim(|segment| segment.index <= index).map_err(disk)
    }

    /// Whether it holds all records of `table` that it ever took and that are numbered above `seq`.
    pub(crate) fn holds_all_behind(&self, table: Table, seq: u64) -> bool {
        let removed = self.manifest().0.removed.get(&usize::from(table.number())).copied();
        removed.unwrap_or_default() <= seq
    }

    /// Files that keep what was found damaged, now or before.
    pub(crate) fn damaged(&self) -> Vec<String> {
        self.log.damaged().unwrap_or_default()
    }

    /// Gives back the room that was made for more. The caller appends no more.
    pub(crate) fn close(&self) {
        if let Err(error) = self.log.close() {
            tracing::warn!(%error, "the spool keeps more room than it needs until it is opened again");
        }
    }

    /// Releases the lock, for another process: cursors are not written any more, nor is anything trimmed.
    /// The caller appends no more, and nobody trims meanwhile.
    pub(crate) fn release(&self) {
        let _cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Refuses once the lock is released: a job on another thread may come late, when another process has
    /// the spool.
    fn ensure_locked(&self) -> Result<()> {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() { Ok(()) } else { Err(IngestError::Closed) }
    }

    /// The time now, in nanoseconds.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_nanos()
    }

    fn manifest(&self) -> MutexGuard<'_, (Manifest, Slots)> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
