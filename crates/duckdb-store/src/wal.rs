//! DuckDB's write-ahead log, read as a file: whether there is one, and whether it is torn.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The log of the database in `file`.
pub(crate) fn path(file: &Path) -> PathBuf {
    file.with_extension("duckdb.wal")
}

/// Whether a checkpoint of the database in `file` was cut off while others wrote: DuckDB 1.5 has a second
/// log for them, and joins the two when it opens the database to write.
pub(crate) fn has_cut_checkpoint(file: &Path) -> bool {
    ["wal.checkpoint", "wal.recovery"]
        .iter()
        .any(|ending| file.with_extension(format!("duckdb.{ending}")).exists())
}

/// Whether nothing is in a log: all that is committed to the database in `file` is in that file. While a
/// checkpoint is under way the log is still there, and so it is where one was cut off.
pub(crate) fn is_empty(file: &Path) -> bool {
    let empty = match fs::metadata(path(file)) {
        Ok(log) => log.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    empty && !has_cut_checkpoint(file)
}

/// A path in `quarantine/` beside `file`, for its log as it is now.
pub(crate) fn quarantine_path(file: &Path) -> io::Result<PathBuf> {
    let folder = file.with_file_name("quarantine");
    fs::create_dir_all(&folder)?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut name = path(file).file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", since.as_nanos()));
    Ok(folder.join(name))
}

/// Copies the log of `file` into quarantine where it is torn; answers the copy's path.
pub(crate) fn copy_if_torn(file: &Path) -> io::Result<Option<PathBuf>> {
    let log = path(file);
    let copied = is_torn(&log).and_then(|torn| {
        if !torn {
            return Ok(None);
        }
        let copy = quarantine_path(file)?;
        fs::copy(&log, &copy).map(|_| Some(copy))
    });
    match copied {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        outcome => outcome,
    }
}

/// How the first entry of a log of version 2 begins: field 100 its kind (98), field 101 the version.
const VERSION_2: [u8; 6] = [0x64, 0, 98, 0x65, 0, 2];
/// How every entry ends.
const END: [u8; 2] = [0xff, 0xff];
/// The longest first entry: with field 102, the database's identifier, 16 bytes of two each; and field 103, the
/// checkpoint that it follows.
const LONGEST_FIRST: usize = 64;
/// The entry that ends a transaction: field 100 its kind (100), end.
const FLUSH: [u8; 5] = [0x64, 0, 100, 0xff, 0xff];

/// Whether the log is torn: it holds bytes behind its last commit.
///
/// DuckDB 1.5.6 takes them for a transaction that was never committed, and removes them without a
/// word; a cut in what was committed looks just the same. Entries are size, checksum (8 bytes each,
/// little-endian) and data. A log of another version is not judged.
pub(crate) fn is_torn(log: &Path) -> io::Result<bool> {
    let file = File::open(log)?;
    let mut left = file.metadata()?.len();
    if left == 0 {
        return Ok(false);
    }
    let mut reader = BufReader::new(file);
    let first = reader.fill_buf()?;
    let first = &first[..first.len().min(LONGEST_FIRST)];
    let Some(rest) = first.strip_prefix(&VERSION_2) else {
        // A log of another version has the same first bytes; anything else is no log, or was cut.
        return Ok(first.len() < VERSION_2.len() || first[..5] != VERSION_2[..5]);
    };
    let Some(length) = fields(rest).map(|length| VERSION_2.len() + length) else { return Ok(true) };
    reader.consume(length);
    left -= length as u64;
    let mut committed = true;
    while left > 0 {
        let mut head = [0; 16];
        if left < 16 {
            return Ok(true);
        }
        reader.read_exact(&mut head)?;
        left -= 16;
        let [a, b, c, d, e, f, g, h, ..] = head;
        let size = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        if size > left {
            return Ok(true);
        }
        left -= size;
        let mut data = [0; FLUSH.len()];
        committed = size == FLUSH.len() as u64 && {
            reader.read_exact(&mut data)?;
            data == FLUSH
        };
        if size != FLUSH.len() as u64 {
            reader.seek_relative(i64::try_from(size).unwrap_or(i64::MAX))?;
        }
    }
    Ok(!committed)
}

/// The length of what follows the version in the first entry, its end included; nothing where that is not whole.
fn fields(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let varint = |at: &mut usize| -> Option<usize> {
        let more = bytes.get(*at..)?.iter().position(|byte| byte & 0x80 == 0)?;
        let value = bytes[*at..].iter().take(more + 1).rev();
        let value = value.fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
        *at += more + 1;
        Some(value)
    };
    loop {
        let field = bytes.get(at..at + 2)?;
        at += 2;
        match field {
            [0x66, 0] => {
                for _ in 0..varint(&mut at)? {
                    varint(&mut at)?;
                }
            }
            [0x67, 0] => drop(varint(&mut at)?),
            _ => return (field == END).then_some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torn(bytes: &[u8]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, bytes).unwrap();
        is_torn(&log).unwrap()
    }

    #[test]
    fn empty_is_a_log_without_bytes_and_no_checkpoint_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tradekeep.duckdb");
        assert!(is_empty(&file), "none at all");
        for beside in ["wal", "wal.checkpoint", "wal.recovery"] {
            let beside = file.with_extension(format!("duckdb.{beside}"));
            fs::write(&beside, first()).unwrap();
            assert!(!is_empty(&file), "{}", beside.display());
            fs::remove_file(&beside).unwrap();
        }
        fs::write(path(&file), "").unwrap();
        assert!(is_empty(&file));
        // Where the system gives no answer the log is not taken to be empty.
        assert!(!is_empty(&path(&file).join("below")));
    }

    fn entry(data: &[u8]) -> Vec<u8> {
        [&(data.len() as u64).to_le_bytes(), &[7; 8], data].concat()
    }

    /// The first entry of a log that says nothing of its database.
    fn first() -> Vec<u8> {
        [&VERSION_2[..], &END].concat()
    }

    /// Of one that does: two bytes each for numbers from 128 on.
    fn of_a_database() -> Vec<u8> {
        let id = (0..8).flat_map(|n| [n, 0x80 | n, 1]);
        let named: Vec<u8> = [0x66, 0, 16].into_iter().chain(id).collect();
        [&VERSION_2[..], &named, &[0x67, 0, 0x82, 1], &END].concat()
    }

    #[test]
    fn only_a_whole_commit_ends_a_log() {
        for first in [first(), of_a_database()] {
            let whole = [first.clone(), entry(b"rows"), entry(&FLUSH)].concat();
            assert!(!torn(b"") && !torn(&first) && !torn(&whole));
            for cut in (1..whole.len()).filter(|cut| whole.len() - cut != first.len()) {
                assert!(torn(&whole[..whole.len() - cut]), "without its last {cut} bytes");
            }
        }
        let whole = [first(), entry(b"rows"), entry(&FLUSH)].concat();
        assert!(torn(&[whole, entry(b"more")].concat()) && torn(&[1; 100]));
        assert!(!torn(&[0x64, 0, 98, 0x65, 0, 3, 1, 2, 3]), "another version is not judged");
    }
}
