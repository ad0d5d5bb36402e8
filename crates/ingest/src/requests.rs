//! Requests of other processes to the one that holds a spool: files in `DATA/requests`.
//!
//! A client writes `ID.tmp` and renames it to `ID.request.json`, ID a UUID of version 7. The holder lists
//! the folder every 100 ms, renames a request that it begins to `ID.working.json`, and answers in
//! `ID.answer.json`, which the client removes. A request says until when its client waits, and is not
//! begun after that. All of them may be sent twice: a dead letter that was replayed is not replayed
//! again.

mod serve;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use tradekeep_models::new_id;
use uuid::Uuid;

pub(crate) use serve::run;

use crate::clock::{Clock, SystemClock};
use crate::dead_letter::{DeadLetterFilter, Replayed};
use crate::error::{IngestError, Result};
use crate::fs::{FileExt, FileSystem, RealFs};
use crate::inspect;
use crate::stats::IngestStats;

/// Between two looks for an answer, and for whether the spool still has a holder.
const POLL: Duration = Duration::from_millis(20);
const POLL_HOLDER: Duration = Duration::from_millis(100);
/// The longest time that a client waits.
const MAX_WAIT: Duration = Duration::from_secs(3600);
/// Bytes of the largest file that can be one of ours.
const MAX_BYTES: u64 = 4 << 20;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Request {
    /// As [`Ingest::replay`](crate::Ingest::replay).
    Replay {
        /// Which letters.
        #[serde(default)]
        filter: DeadLetterFilter,
        /// Whether nothing is done, and only told what would be.
        #[serde(default)]
        dry_run: bool,
    },
    /// As [`Ingest::resolve`](crate::Ingest::resolve).
    Resolve {
        /// Which letters.
        filter: DeadLetterFilter,
    },
    /// As [`Ingest::purge_resolved`](crate::Ingest::purge_resolved).
    PurgeResolved,
    /// As [`Ingest::flush`](crate::Ingest::flush).
    Flush {
        /// For how long at most.
        ms: u64,
    },
    /// As [`Ingest::resume`](crate::Ingest::resume).
    Resume,
    /// As [`Ingest::stats`](crate::Ingest::stats).
    Stats,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// To [`Request::Replay`].
    Replayed(Replayed),
    /// To [`Request::Resolve`].
    Resolved {
        /// Letters that were closed.
        letters: u64,
    },
    /// To [`Request::PurgeResolved`].
    Purged {
        /// Letters that were removed.
        letters: u64,
    },
    /// To [`Request::Flush`]: how things stand.
    Flushed(Box<IngestStats>),
    /// To [`Request::Resume`].
    Resumed,
    /// To [`Request::Stats`].
    Stats(Box<IngestStats>),
    /// Nobody holds the spool, and nothing was done: the client can open it.
    #[serde(skip)]
    NobodyThere,
}

/// The content of a request's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    /// Layout of this file.
    version: u32,
    /// Until when the client waits, in milliseconds since 1970.
    until: i64,
    request: Request,
}

/// The content of an answer's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerFile {
    Done(Answer),
    /// Why not, and what to do.
    Refused(String),
}

/// The files of a request, by its id.
#[derive(Debug, Clone)]
struct Files {
    folder: PathBuf,
    id: Uuid,
}

impl Files {
    fn of(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{}.{what}", self.id))
    }

    fn request(&self) -> PathBuf {
        self.of(REQUEST)
    }

    fn working(&self) -> PathBuf {
        self.of(WORKING)
    }

    fn answer(&self) -> PathBuf {
        self.of(ANSWER)
    }
}

const REQUEST: &str = "request.json";
const WORKING: &str = "working.json";
const ANSWER: &str = "answer.json";

/// Where requests are.
fn folder(data: &Path) -> PathBuf {
    data.join("requests")
}

fn now() -> i64 {
    SystemClock.now().as_nanos() / 1_000_000
}

/// Asks the process that holds the spool in the folder `data`, and waits for its answer for `patience`
/// at most, an hour at most. Where nobody holds it, or nobody does any more before it was answered,
/// that is the answer: [`Answer::NobodyThere`].
///
/// # Errors
/// `NoAnswer` when the time is over; `Refused` when it could not be done; `Disk` when the request
/// cannot be written, or the answer not be read.
///
/// # Cancel safety
/// Dropping the future takes the request back, if it was not begun.
pub async fn ask(data: &Path, request: &Request, patience: Duration) -> Result<Answer> {
    let Some(mut holder) = inspect::holder(data)? else { return Ok(Answer::NobodyThere) };
    let pending = PendingRequest::begin(data, request, patience.min(MAX_WAIT))?;
    let (started, mut looked) = (Instant::now(), Instant::now());
    loop {
        if let Some(answer) = pending.answer()? {
            return answer;
        }
        if started.elapsed() >= patience {
            let (waited, begun) = (started.elapsed(), !pending.cancel());
            return Err(IngestError::NoAnswer { holder, waited, begun });
        }
        if looked.elapsed() >= POLL_HOLDER {
            looked = Instant::now();
            match inspect::holder(data)? {
                Some(name) => holder = name,
                None => {
                    // The holder may have answered just before it ended.
                    let answer = pending.answer()?.unwrap_or(Ok(Answer::NobodyThere));
                    pending.clear();
                    return answer;
                }
            }
        }
        sleep(POLL).await;
    }
}

/// A request whose answer is waited for; dropping it removes its files.
#[derive(Debug)]
struct PendingRequest {
    files: Files,
}

impl PendingRequest {
    fn begin(data: &Path, request: &Request, patience: Duration) -> Result<Self> {
        let folder = folder(data);
        let disk = |error| {
            IngestError::disk(format!("{}: a request cannot be written", folder.display()))(error)
        };
        RealFs.create_dir_all(&folder).map_err(disk)?;
        let patience = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let until = now().saturating_add(patience);
        let content = RequestFile { version: 1, until, request: request.clone() };
        let pending = Self { files: Files { folder: folder.clone(), id: new_id() } };
        let content = serde_json::to_vec(&content).map_err(io::Error::from).map_err(disk)?;
        put(&RealFs, &pending.files.of("tmp"), &pending.files.request(), &content).map_err(disk)?;
        Ok(pending)
    }

    /// The answer, where it is there; what was refused is an error.
    fn answer(&self) -> Result<Option<Result<Answer>>> {
        let path = self.files.answer();
        let disk = |error| {
            IngestError::disk(format!("{}: an answer cannot be read", path.display()))(error)
        };
        let content = match get(&RealFs, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            content => content.map_err(disk)?,
        };
        let answer = serde_json::from_slice(&content).map_err(io::Error::from).map_err(disk)?;
        Ok(Some(match answer {
            AnswerFile::Done(answer) => Ok(answer),
            AnswerFile::Refused(reason) => Err(IngestError::Refused { reason }),
        }))
    }

    /// Takes the request back; answers whether that came before the holder began it.
    fn cancel(&self) -> bool {
        RealFs.remove(&self.files.request()).is_ok()
    }

    /// Removes the file of a request that a holder began before it ended.
    fn clear(&self) {
        // There is none where it was answered, or never begun.
        let _ = RealFs.remove(&self.files.working());
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.cancel();
        for path in [self.files.of("tmp"), self.files.answer()] {
            // Most of the time it is not there.
            let _ = RealFs.remove(&path);
        }
    }
}

/// Writes a file so that it is there as a whole or not.
fn put(fs: &dyn FileSystem, temporary: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    let written = fs
        .create(temporary, 0)
        .and_then(|file| file.write_all_at(content, 0))
        .and_then(|()| fs.rename(temporary, path));
    written.inspect_err(|_| {
        // The error is what counts; what is left is removed in an hour.
        let _ = fs.remove(temporary);
    })
}

/// The content of a file that is not larger than any of ours.
fn get(fs: &dyn FileSystem, path: &Path) -> io::Result<Vec<u8>> {
    let file = fs.open(path)?;
    let length = file.len()?;
    if length > MAX_BYTES {
        return Err(io::Error::other(format!("{length} bytes are more than any may have")));
    }
    let mut content = vec![0; usize::try_from(length).unwrap_or_default()];
    let read = file.read_up_to(&mut content, 0)?;
    content.truncate(read);
    Ok(content)
}
