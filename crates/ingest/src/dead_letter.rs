//! Records that a store will not take: kept with the reason, until a person decides.

mod class;
mod entry;
mod filter;
mod index;
mod purge;
mod replay;
mod resolve;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tradekeep_models::Timestamp;
use tradekeep_store_traits::{Records, Table};

pub use self::class::Class;
use self::entry::{
    CLOSED, Closed, LETTER, Letter, PURGED, Purged, REPLAYING, RESOLVED, Replaying, Resolved,
    TOMBSTONES, Tombstones, VERSION,
};
pub use self::filter::DeadLetterFilter;
use self::index::{Index, State};
pub use self::replay::Replayed;
use crate::codec;
use crate::error::{IngestError, Result};
use crate::fs::{FileSystem, make_folder};
use crate::log::{Access, AppendError, Entries, Frame, Log, LogConfig, Reader};

/// The name of the journal's log.
const NAME: &str = "dead-letters";
/// Bytes of one of its segments.
const SEGMENT: u64 = 4 << 20;

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadState {
    /// It waits for a decision.
    Open,
    /// It was appended to the spool again, as the record of this number.
    Replayed {
        /// Its new number.
        seq: u64,
    },
    /// Somebody decided that nothing is to be done.
    Resolved,
}

impl DeadState {
    /// Its word: `open`, `replayed` or `resolved`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed { .. } => "replayed",
            Self::Resolved => "resolved",
        }
    }

    /// The record that it is in the spool now, by its number.
    #[must_use]
    pub const fn replayed_as(self) -> Option<u64> {
        match self {
            Self::Open | Self::Resolved => None,
            Self::Replayed { seq } => Some(seq),
        }
    }
}

/// A record that a sink does not take, and why.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its number among dead letters.
    pub id: u64,
    /// What became of it.
    pub state: DeadState,
    /// The sink that does not take it, by its id.
    pub sink: String,
    /// What people know the sink by.
    pub sink_name: String,
    /// Its number in the spool.
    pub seq: u64,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// When it was given up.
    pub died: Timestamp,
    /// Where it belongs, where that is known.
    pub table: Option<Table>,
    /// Why, in a word.
    pub class: Class,
    /// Why, without its values.
    pub reason: String,
    /// How often it was sent.
    pub attempts: u32,
    /// The record; nothing where it cannot be read by this program.
    pub record: Option<Records>,
}

/// A record that is to become a dead letter.
#[derive(Debug, Clone)]
pub(crate) struct RejectedRecord {
    pub(crate) seq: u64,
    pub(crate) accepted: i64,
    pub(crate) class: Class,
    pub(crate) reason: String,
    pub(crate) attempts: u32,
    pub(crate) kind: u16,
    pub(crate) version: u16,
    pub(crate) payload: Vec<u8>,
}

/// The journal of dead letters.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    log: Arc<Log>,
    folder: PathBuf,
    index: Mutex<Index>,
    /// Held by the one who writes; true once the journal is closed.
    writing: Mutex<bool>,
}

impl DeadLetters {
    /// Opens the journal in `folder`; to look, the folder must be there and is left as it is.
    pub(crate) fn open(fs: &Arc<dyn FileSystem>, folder: &Path, access: Access) -> Result<Self> {
        Self::open_with(fs, folder, access, SEGMENT)
    }

    fn open_with(
        fs: &Arc<dyn FileSystem>,
        folder: &Path,
        access: Access,
        segment_bytes: u64,
    ) -> Result<Self> {
        let doing = format!("{}: dead letters cannot be opened", folder.display());
        let disk = |error| IngestError::disk(doing.clone())(error);
        if access == Access::Write {
            make_folder(&**fs, folder).map_err(disk)?;
        }
        let config = LogConfig { folder: folder.to_owned(), name: NAME.into(), segment_bytes };
        let mut index = Index { next_id: 1, ..Index::default() };
        let (log, _) = Log::open(Arc::clone(fs), config, access, &mut |frame| {
            index.apply(frame.head.kind, frame.payload);
        })
        .map_err(disk)?;
        log.allow_below(u64::MAX);
        let (folder, index, writing) = (folder.to_owned(), Mutex::new(index), Mutex::new(false));
        Ok(Self { log: Arc::new(log), folder, index, writing })
    }

    /// Whether what stands in a journal is an entry of one.
    pub(crate) fn is_entry(frame: &Frame<'_>) -> bool {
        let payload = frame.payload;
        frame.head.version == VERSION
            && match frame.head.kind {
                LETTER => entry::read::<Letter<'_>>(payload).is_some(),
                REPLAYING => entry::read::<Replaying>(payload).is_some(),
                RESOLVED => entry::read::<Resolved>(payload).is_some(),
                CLOSED => entry::read::<Closed>(payload).is_some(),
                PURGED => entry::read::<Purged>(payload).is_some(),
                TOMBSTONES => entry::read::<Tombstones<'_>>(payload).is_some(),
                _ => false,
            }
    }

    /// Whether this record of this sink is one, or was until it was purged: the sink is not sent it
    /// again.
    pub(crate) fn has(&self, sink: &str, seq: u64) -> bool {
        self.index().has(sink, seq)
    }

    /// How many there are: open, and decided on.
    pub(crate) fn count(&self) -> (u64, u64) {
        let index = self.index();
        let is_open = |state: &&State| matches!(state, State::Open | State::Replaying(_));
        let open = index.letters.values().filter(is_open).count();
        (open as u64, (index.letters.len() - open) as u64)
    }

    /// Keeps records that `sink` does not take; they survive a loss of power when this has answered.
    /// One that is kept already is not kept twice.
    pub(crate) fn add(
        &self,
        sink: &str,
        sink_name: &str,
        died: i64,
        rejected: &[RejectedRecord],
    ) -> Result<()> {
        let _one = self.writing()?;
        let new: Vec<_> = {
            let mut index = self.index();
            let unknown = rejected.iter().filter(|record| !index.has(sink, record.seq));
            let new: Vec<_> = (index.next_id..).zip(unknown).collect();
            // Used up even where this fails: what was written may be there all the same.
            index.next_id += new.len() as u64;
            new
        };
        if new.is_empty() {
            return Ok(());
        }
        self.append(LETTER, died, new.len(), |place, out| {
            let (id, record) = new[place];
            let letter = Letter {
                id,
                sink,
                sink_name,
                seq: record.seq,
                accepted: record.accepted,
                died,
                class: record.class.as_str(),
                reason: &record.reason,
                attempts: record.attempts,
                kind: record.kind,
                version: record.version,
                payload: &record.payload,
            };
            entry::write(&letter, out)
        })?;
        self.sync()?;
        let mut index = self.index();
        for (id, record) in new {
            index.letters.insert(id, State::Open);
            index.by_seq.insert((sink.to_owned(), record.seq), id);
        }
        Ok(())
    }

    /// Notes durably that `sink` took these records after all: their letters are done with.
    pub(crate) fn delivered(&self, sink: &str, seqs: &[u64], now: i64) -> Result<()> {
        let _one = self.writing()?;
        let open: Vec<_> = {
            let index = self.index();
            let letter = |seq: &u64| {
                let id = *index.by_seq.get(&(sink.to_owned(), *seq))?;
                (index.letters.get(&id) == Some(&State::Open)).then_some((id, *seq))
            };
            seqs.iter().filter_map(letter).collect()
        };
        if open.is_empty() {
            return Ok(());
        }
        self.append(REPLAYING, now, open.len(), |place, out| {
            let (id, seq) = open[place];
            entry::write(&Replaying { ids: vec![id], first: seq }, out)
        })?;
        let done = Resolved { ids: open.iter().map(|(id, _)| *id).collect() };
        self.append(RESOLVED, now, 1, |_, out| entry::write(&done, out))?;
        self.sync()?;
        let mut index = self.index();
        open.iter().for_each(|(id, seq)| index.set(*id, State::Replayed(*seq)));
        Ok(())
    }

    /// Letters from now on are numbered so.
    pub(crate) fn next_id(&self) -> u64 {
        self.index().next_id
    }

    /// Gives each letter, oldest first, to `each`, which answers whether to go on.
    pub(crate) fn read(&self, mut each: impl FnMut(DeadLetter) -> bool) -> Result<()> {
        let mut reader = Reader::new(Arc::clone(&self.log), 0, Some(LETTER));
        let mut told = std::collections::HashSet::new();
        while let Some(frame) = reader.next().map_err(self.disk("cannot be read"))? {
            let Some(letter) = entry::read::<Letter<'_>>(frame.payload) else { continue };
            let state = self.index().letters.get(&letter.id).copied();
            // Passed over: one that was purged, or stands here twice since a purge was cut short.
            let Some(state) = state.filter(|_| told.insert(letter.id)) else { continue };
            if !each(DeadLetter::of(&letter, state)) {
                break;
            }
        }
        Ok(())
    }

    /// The letters that `filter` means, oldest first.
    pub(crate) fn list(&self, filter: &DeadLetterFilter) -> Result<Vec<DeadLetter>> {
        let mut letters = Vec::new();
        self.read(|letter| {
            let more = (letters.len() as u64) < filter.most();
            if more && filter.is_match(&letter) {
                letters.push(letter);
            }
            more
        })?;
        Ok(letters)
    }

    /// Letters whose replay was begun and not finished, each with the number it was to get.
    pub(crate) fn unfinished(&self) -> Vec<(u64, u64)> {
        let index = self.index();
        let unfinished = index.letters.iter().filter_map(|(id, state)| match state {
            State::Replaying(seq) => Some((*id, *seq)),
            _ => None,
        });
        unfinished.collect()
    }

    /// Notes durably that letters are about to be in the spool, from number `first` on.
    pub(crate) fn replaying(&self, ids: &[u64], first: u64, now: i64) -> Result<()> {
        let _one = self.writing()?;
        let entry = Replaying { ids: ids.to_vec(), first };
        self.append(REPLAYING, now, 1, |_, out| entry::write(&entry, out))?;
        self.sync()?;
        let mut index = self.index();
        ids.iter().zip(first..).for_each(|(id, seq)| index.set(*id, State::Replaying(seq)));
        Ok(())
    }

    /// Notes durably that letters are in the spool, where they survive a loss of power.
    pub(crate) fn resolved(&self, ids: &[u64], now: i64) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let _one = self.writing()?;
        let entry = Resolved { ids: ids.to_vec() };
        self.append(RESOLVED, now, 1, |_, out| entry::write(&entry, out))?;
        self.sync()?;
        let mut index = self.index();
        ids.iter().for_each(|id| index.resolve(*id));
        Ok(())
    }

    fn append(
        &self,
        kind: u16,
        time: i64,
        count: usize,
        payload: impl Fn(usize, &mut Vec<u8>) -> bool,
    ) -> Result<u64> {
        let entries = Entries { time, kind, version: VERSION, count, payload };
        self.log.append(&entries, |_| Ok(())).map_err(|error| {
            let error = match error {
                AppendError::Io(error) => error,
                AppendError::Exhausted => io::Error::other("there are no numbers left"),
                AppendError::Refused(_) => io::Error::other("a record is too long"),
            };
            self.disk("cannot be written")(error)
        })
    }

    fn sync(&self) -> Result<()> {
        self.log.sync().map(drop).map_err(self.disk("cannot be synced"))
    }

    fn disk(&self, what: &'static str) -> impl FnOnce(io::Error) -> IngestError {
        IngestError::disk(format!("{}: dead letters {what}", self.folder.display()))
    }

    /// Nothing is written any more once this has answered.
    pub(crate) fn close(&self) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn writing(&self) -> Result<MutexGuard<'_, bool>> {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if *writing { Err(IngestError::Closed) } else { Ok(writing) }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeadLetter {
    fn of(letter: &Letter<'_>, state: State) -> Self {
        let table = Table::of_number(letter.kind);
        let record =
            table.and_then(|table| codec::read(table, letter.version, letter.payload).ok());
        let time = |nanos| Timestamp::from_nanos(nanos).unwrap_or(Timestamp::MIN);
        Self {
            id: letter.id,
            state: match state {
                State::Replayed(seq) => DeadState::Replayed { seq },
                State::Open | State::Replaying(_) => DeadState::Open,
                State::Closed => DeadState::Resolved,
            },
            sink: letter.sink.to_owned(),
            sink_name: letter.sink_name.to_owned(),
            seq: letter.seq,
            accepted: time(letter.accepted),
            died: time(letter.died),
            table,
            class: letter.class.parse().unwrap_or(Class::Refused),
            reason: letter.reason.to_owned(),
            attempts: letter.attempts,
            record,
        }
    }
}
