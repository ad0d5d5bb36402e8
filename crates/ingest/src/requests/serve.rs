//! The holder's side: finds requests, does them, and writes the answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    ANSWER, Answer, AnswerFile, Files, MAX_WAIT, REQUEST, Request, RequestFile, WORKING, folder,
    get, now, put,
};
use crate::error::{IngestError, Result};
use crate::fs::FileSystem;
use crate::ingest::Ingest;
use crate::pipeline::Pipeline;

/// Between two times that the folder is listed.
const POLL: Duration = Duration::from_millis(100);
/// Requests that are done at once.
const MAX_CONCURRENT: usize = 16;

/// A request that was begun, or why it cannot be done.
struct BegunRequest {
    files: Files,
    request: std::result::Result<Request, String>,
}

/// Serves requests until the pipeline is dropped, or this task is aborted.
pub(crate) async fn run(pipeline: Weak<Pipeline>, fs: Arc<dyn FileSystem>, data: PathBuf) {
    let folder = folder(&data);
    let mut running = JoinSet::new();
    let mut first = true;
    loop {
        while running.try_join_next().is_some() {}
        let (of_thread, at, room) =
            (Arc::clone(&fs), folder.clone(), MAX_CONCURRENT - running.len());
        let looked =
            tokio::task::spawn_blocking(move || begin_requests(&*of_thread, &at, first, room))
                .await;
        first = false;
        // Waiting for requests does not keep the pipeline alive.
        let Some(pipeline) = pipeline.upgrade() else { return };
        match looked {
            Ok(Ok(begun)) => {
                for begun in begun {
                    let ingest = Ingest { pipeline: Arc::clone(&pipeline) };
                    running.spawn(serve(ingest, Arc::clone(&fs), begun));
                }
            }
            Ok(Err(error)) => tracing::warn!(
                %error, folder = %folder.display(), "requests of other processes cannot be read"
            ),
            // The runtime is ending.
            Err(_) => return,
        }
        drop(pipeline);
        tokio::time::sleep(POLL).await;
    }
}

/// Begins the requests that are there, `room` of them at most, and removes those that are too old. The
/// `first` time it also begins those again that an earlier holder began and did not answer.
fn begin_requests(
    fs: &dyn FileSystem,
    folder: &Path,
    first: bool,
    room: usize,
) -> io::Result<Vec<BegunRequest>> {
    let names = match fs.list(folder) {
        // Nobody ever asked.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let mut begun = Vec::new();
    for name in names {
        let Some((id, what)) = name.split_once('.') else { continue };
        // An id without a time would never be too old: it is none of ours.
        let id = id.parse::<Uuid>().ok().filter(|id| id.get_timestamp().is_some());
        let Some(id) = id else { continue };
        let files = Files { folder: folder.to_owned(), id };
        let is_new = what == REQUEST || (what == WORKING && first);
        if is_old(id) {
            // The client has stopped waiting.
            let _ = fs.remove(&folder.join(&name));
        } else if is_new && begun.len() < room {
            match fs.rename(&folder.join(&name), &files.working()) {
                // Cancelled just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                renamed => renamed?,
            }
            match read(fs, &files) {
                Ok(None) => drop(fs.remove(&files.working())),
                Ok(Some(request)) => begun.push(BegunRequest { files, request: Ok(request) }),
                Err(reason) => begun.push(BegunRequest { files, request: Err(reason) }),
            }
        }
    }
    Ok(begun)
}

/// Whether an id is so old that its client has stopped waiting.
fn is_old(id: Uuid) -> bool {
    let made = id.get_timestamp().map(|made| made.to_unix().0);
    let age = |made| now() / 1_000 - i64::try_from(made).unwrap_or(i64::MAX);
    made.is_some_and(|made| u64::try_from(age(made)).is_ok_and(|age| age > MAX_WAIT.as_secs()))
}

/// The request of a file; nothing where its client has stopped waiting.
fn read(fs: &dyn FileSystem, files: &Files) -> std::result::Result<Option<Request>, String> {
    let not = |error: &dyn std::fmt::Display| format!("the request is none: {error}");
    let content = get(fs, &files.working()).map_err(|error| not(&error))?;
    let file: RequestFile = serde_json::from_slice(&content).map_err(|error| not(&error))?;
    if file.version != 1 {
        return Err(not(&"it is of a later version: use the same tradekeep on both sides"));
    }
    Ok((file.until >= now()).then_some(file.request))
}

async fn serve(ingest: Ingest, fs: Arc<dyn FileSystem>, begun: BegunRequest) {
    let BegunRequest { files, request } = begun;
    let answer = match request {
        Ok(request) => {
            tracing::info!(?request, "another process asks");
            perform(&ingest, request).await
        }
        Err(reason) => Err(IngestError::Refused { reason }),
    };
    let answer = match answer {
        Ok(answer) => AnswerFile::Done(answer),
        // Shutting down: the request is left to the next holder, or for the client to cancel.
        Err(IngestError::Closed) => {
            let back = move || fs.rename(&files.working(), &files.request());
            let _ = tokio::task::spawn_blocking(back).await;
            return;
        }
        Err(error) => AnswerFile::Refused(error.to_string()),
    };
    let tell = move || tell(&*fs, &files, &answer);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(tell).await {
        tracing::warn!(%error, "an answer to another process cannot be written");
    }
}

fn tell(fs: &dyn FileSystem, files: &Files, answer: &AnswerFile) -> io::Result<()> {
    let content = serde_json::to_vec(answer)?;
    let written = put(fs, &files.of(&format!("{ANSWER}.tmp")), &files.answer(), &content);
    fs.remove(&files.working())?;
    written
}

async fn perform(ingest: &Ingest, request: Request) -> Result<Answer> {
    Ok(match request {
        Request::Replay { filter, dry_run } => {
            Answer::Replayed(ingest.replay(&filter, dry_run).await?)
        }
        Request::Resolve { filter } => Answer::Resolved { letters: ingest.resolve(&filter).await? },
        Request::PurgeResolved => Answer::Purged { letters: ingest.purge_resolved().await? },
        Request::Flush { ms } => {
            let patience = Duration::from_millis(ms).min(MAX_WAIT);
            Answer::Flushed(Box::new(ingest.flush(patience).await))
        }
        Request::Resume => {
            ingest.resume();
            Answer::Resumed
        }
        Request::Stats => Answer::Stats(Box::new(ingest.stats())),
    })
}
