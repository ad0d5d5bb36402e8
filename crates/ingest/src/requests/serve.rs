//! The holder's side: looks for requests, does what they ask, and answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    ANSWER, Answer, Answered, Asked, Files, LONGEST, REQUEST, Request, WORKING, folder, get, now,
    put,
};
use crate::error::{IngestError, Result};
use crate::fs::FileSystem;
use crate::ingest::{Ingest, Pipeline};

/// Between two looks.
const PACE: Duration = Duration::from_millis(100);
/// Requests at once.
const MOST: usize = 16;

/// A request that is to be done, or why it cannot be.
struct Taken {
    files: Files,
    request: std::result::Result<Request, String>,
}

/// Serves requests until the pipeline is dropped, or this task is aborted.
pub(crate) async fn run(pipeline: Weak<Pipeline>, fs: Arc<dyn FileSystem>, data: PathBuf) {
    let folder = folder(&data);
    let mut at_work = JoinSet::new();
    let mut first = true;
    loop {
        while at_work.try_join_next().is_some() {}
        let (of_thread, at, room) = (Arc::clone(&fs), folder.clone(), MOST - at_work.len());
        let looked = tokio::task::spawn_blocking(move || look(&*of_thread, &at, first, room)).await;
        first = false;
        // Waiting for requests does not keep the pipeline alive.
        let Some(pipeline) = pipeline.upgrade() else { return };
        match looked {
            Ok(Ok(taken)) => {
                for taken in taken {
                    let ingest = Ingest { pipeline: Arc::clone(&pipeline) };
                    at_work.spawn(serve(ingest, Arc::clone(&fs), taken));
                }
            }
            Ok(Err(error)) => tracing::warn!(
                %error, folder = %folder.display(), "requests of other processes cannot be read"
            ),
            // The runtime is ending.
            Err(_) => return,
        }
        drop(pipeline);
        tokio::time::sleep(PACE).await;
    }
}

/// The requests that are there, each noted as begun; what is old is removed. `first` finds those too
/// that an earlier holder began and did not end.
fn look(fs: &dyn FileSystem, folder: &Path, first: bool, room: usize) -> io::Result<Vec<Taken>> {
    let names = match fs.list(folder) {
        // Nobody ever asked.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let mut taken = Vec::new();
    for name in names {
        let Some((id, what)) = name.split_once('.') else { continue };
        // One without a time would never be old.
        let id = id.parse::<Uuid>().ok().filter(|id| id.get_timestamp().is_some());
        let Some(id) = id else { continue };
        let files = Files { folder: folder.to_owned(), id };
        let is_new = what == REQUEST || (what == WORKING && first);
        if is_old(id) {
            // Who asked waits no more.
            let _ = fs.remove(&folder.join(&name));
        } else if is_new && taken.len() < room {
            match fs.rename(&folder.join(&name), &files.working()) {
                // Taken back just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                renamed => renamed?,
            }
            match read(fs, &files) {
                Ok(None) => drop(fs.remove(&files.working())),
                Ok(Some(request)) => taken.push(Taken { files, request: Ok(request) }),
                Err(reason) => taken.push(Taken { files, request: Err(reason) }),
            }
        }
    }
    Ok(taken)
}

/// Whether an id was made so long ago that nobody waits for it.
fn is_old(id: Uuid) -> bool {
    let made = id.get_timestamp().map(|made| made.to_unix().0);
    let age = |made| now() / 1_000 - i64::try_from(made).unwrap_or(i64::MAX);
    made.is_some_and(|made| u64::try_from(age(made)).is_ok_and(|age| age > LONGEST.as_secs()))
}

/// What is asked; nothing where nobody waits for it any more.
fn read(fs: &dyn FileSystem, files: &Files) -> std::result::Result<Option<Request>, String> {
    let not = |error: &dyn std::fmt::Display| format!("the request is none: {error}");
    let content = get(fs, &files.working()).map_err(|error| not(&error))?;
    let asked: Asked = serde_json::from_slice(&content).map_err(|error| not(&error))?;
    if asked.version != 1 {
        return Err(not(&"it is of a later version: use the same tradekeep on both sides"));
    }
    Ok((asked.until >= now()).then_some(asked.request))
}

async fn serve(ingest: Ingest, fs: Arc<dyn FileSystem>, taken: Taken) {
    let Taken { files, request } = taken;
    let answer = match request {
        Ok(request) => {
            tracing::info!(?request, "another process asks");
            perform(&ingest, request).await
        }
        Err(reason) => Err(IngestError::Refused { reason }),
    };
    let answered = match answer {
        Ok(answer) => Answered::Done(answer),
        // It is for the next one, or for who asks.
        Err(IngestError::Closed) => {
            let back = move || fs.rename(&files.working(), &files.request());
            let _ = tokio::task::spawn_blocking(back).await;
            return;
        }
        Err(error) => Answered::Refused(error.to_string()),
    };
    let tell = move || tell(&*fs, &files, &answered);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(tell).await {
        tracing::warn!(%error, "an answer to another process cannot be written");
    }
}

fn tell(fs: &dyn FileSystem, files: &Files, answered: &Answered) -> io::Result<()> {
    let content = serde_json::to_vec(answered)?;
    let written = put(fs, &files.of(&format!("{ANSWER}.tmp")), &files.answer(), &content);
    fs.remove(&files.working())?;
    written
}

async fn perform(ingest: &Ingest, request: Request) -> Result<Answer> {
    Ok(match request {
        Request::Replay { filter, dry_run } => {
            Answer::Replayed(ingest.replay(&filter, dry_run).await?)
        }
        Request::PurgeResolved => Answer::Purged { letters: ingest.purge_resolved().await? },
        Request::Flush { ms } => {
            let patience = Duration::from_millis(ms).min(LONGEST);
            Answer::Flushed(Box::new(ingest.flush(patience).await))
        }
        Request::Resume => {
            ingest.resume();
            Answer::Resumed
        }
        Request::Stats => Answer::Stats(Box::new(ingest.stats())),
    })
}
