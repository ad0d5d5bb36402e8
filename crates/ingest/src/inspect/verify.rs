//! Verifying every byte of a spool and of its dead letters.

use std::ops::Range;
use std::path::Path;

use tradekeep_store_traits::Table;

use super::{disk, folder, holder, manifest, name};
use crate::codec;
use crate::config::IngestConfig;
use crate::dead_letter::DeadLetters;
use crate::error::Result;
use crate::fs::RealFs;
use crate::log::Frame;
use crate::log::check::{Checked, check};
use crate::slots::Slots;
use crate::spool::cursors::{self, Cursors};
use crate::spool::manifest as manifest_file;

/// Payloads that cannot be read, and are listed, at most.
const MAX_LISTED: usize = 100;

/// What is in a spool.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The process that holds it, where one does.
    pub holder: Option<String>,
    /// The records.
    pub spool: LogVerified,
    /// Records that can be read, of each table that has some.
    pub tables: Vec<(Table, u64)>,
    /// The dead letters.
    pub dead_letters: LogVerified,
    /// The file that says what spool it is.
    pub manifest: SlotsVerified,
    /// The file that says how far each sink has come.
    pub cursors: SlotsVerified,
}

/// What is in the segments of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogVerified {
    /// Segments that something was written to.
    pub segments: u64,
    /// Bytes of them, all of which were read.
    pub bytes: u64,
    /// Records that are whole.
    pub records: u64,
    /// Records that do not count: they were refused when they could not be written whole, or stand
    /// again behind.
    pub void: u64,
    /// Places that are no records.
    pub damaged: Vec<Damage>,
    /// The end of an append that was under way when its process ended, or is now; no record is lost.
    pub torn: Option<Damage>,
    /// Whole records that this program cannot read.
    pub unreadable: u64,
    /// The first hundred of those.
    pub unreadable_first: Vec<Unreadable>,
    /// Files beside the segments that keep what was found damaged before.
    pub beside: Vec<String>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// The file's name.
    pub file: String,
    /// Its bytes.
    pub bytes: Range<u64>,
}

/// A record that is whole, and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its number.
    pub seq: u64,
    /// Where it belongs, where that is known.
    pub table: Option<Table>,
    /// Why, without its values.
    pub reason: String,
}

/// What is in a file of two slots, of which one is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotsVerified {
    /// Slots that are whole.
    pub whole: u8,
    /// Slots that are not, and hold something.
    pub broken: u8,
    /// Whether the newest whole one can be read.
    pub readable: bool,
}

impl LogVerified {
    /// Whether nothing is damaged.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.unreadable == 0
    }

    fn of(checked: Checked) -> Self {
        let damage = |(file, bytes)| Damage { file, bytes };
        Self {
            segments: checked.segments - checked.blank,
            bytes: checked.bytes,
            records: checked.records,
            void: checked.void,
            damaged: checked.damaged.into_iter().map(damage).collect(),
            torn: checked.torn.map(damage),
            unreadable: 0,
            unreadable_first: Vec::new(),
            beside: checked.beside,
        }
    }
}

impl Verified {
    /// Whether nothing is damaged.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        // Cursors are made with the first record that is done with.
        let cursors = self.cursors.readable || self.cursors.broken == 0;
        self.spool.is_sound() && self.dead_letters.is_sound() && self.manifest.readable && cursors
    }
}

/// Reads every byte of the spool in the folder `data`, and of its dead letters.
///
/// # Errors
/// `NoSpool` where there is none; `Disk` when it cannot be read.
pub fn verify(data: &Path) -> Result<Verified> {
    let folder = folder(data)?;
    let found = manifest(&folder)?;
    let log = name(&folder, found.as_ref())?;
    let mut counts: Vec<_> = Table::ALL.iter().map(|table| (*table, 0)).collect();
    let (mut unreadable, mut first) = (0, Vec::new());
    let checked = check(&RealFs, &folder, log.as_deref(), &mut |frame| match read(frame) {
        Ok(table) => counts[table as usize].1 += 1,
        Err(reason) => {
            unreadable += 1;
            if first.len() < MAX_LISTED {
                let (seq, table) = (frame.head.seq, Table::of_number(frame.head.kind));
                first.push(Unreadable { seq, table, reason });
            }
        }
    })
    .map_err(disk(&folder))?;
    let spool = LogVerified { unreadable, unreadable_first: first, ..LogVerified::of(checked) };
    let slots = |file: &str, size, readable| {
        let (whole, broken) =
            Slots::count(&RealFs, &folder.join(file), size).map_err(disk(&folder))?;
        Ok::<_, crate::IngestError>(SlotsVerified { whole, broken, readable })
    };
    let content = Slots::peek(&RealFs, &folder.join(cursors::FILE), cursors::SLOT);
    let content = content.map_err(disk(&folder))?;
    counts.retain(|(_, count)| *count > 0);
    Ok(Verified {
        holder: holder(data)?,
        spool,
        tables: counts,
        dead_letters: dead_letters(data)?,
        manifest: slots(manifest_file::FILE, manifest_file::SLOT, found.is_some())?,
        cursors: slots(
            cursors::FILE,
            cursors::SLOT,
            content.as_deref().and_then(Cursors::read).is_some(),
        )?,
    })
}

/// The table of a record that can be read.
fn read(frame: &Frame<'_>) -> std::result::Result<Table, String> {
    let kind = frame.head.kind;
    let table = Table::of_number(kind)
        .ok_or_else(|| format!("kind {kind} of records is not known to this program"))?;
    let read = codec::read(table, frame.head.version, frame.payload);
    read.map(|_| table).map_err(|error| error.reason)
}

fn dead_letters(data: &Path) -> Result<LogVerified> {
    let folder = IngestConfig::new(data).dead_letter_folder();
    if !folder.is_dir() {
        return Ok(LogVerified::default());
    }
    let (mut unreadable, mut first) = (0, Vec::new());
    let checked = check(&RealFs, &folder, None, &mut |frame| {
        if !DeadLetters::is_entry(frame) {
            unreadable += 1;
            if first.len() < MAX_LISTED {
                let reason = "is no entry of a journal of dead letters".to_owned();
                first.push(Unreadable { seq: frame.head.seq, table: None, reason });
            }
        }
    })
    .map_err(disk(&folder))?;
    Ok(LogVerified { unreadable, unreadable_first: first, ..LogVerified::of(checked) })
}
