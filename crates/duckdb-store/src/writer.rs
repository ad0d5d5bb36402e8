//! The writer: one thread that owns the one connection that writes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use duckdb::Connection;
use tokio::sync::{mpsc, oneshot};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use crate::STORE;
use crate::error::classify;
use crate::write::Known;

type Job = Box<dyn FnOnce(&mut Session) + Send>;

/// What the writer's thread owns.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// What it knows about the tables without asking, as nobody else writes to them.
    pub(crate) known: Known,
}

/// Jobs that wait while one runs. More would only grow memory: the writer is the limit.
const WAITING: usize = 4;

/// Sends jobs to the writer's thread, which runs them one after another.
#[derive(Debug)]
pub(crate) struct Writer {
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<Result<()>>,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(WAITING);
        let thread = thread::Builder::new().name("tradekeep-duckdb".into()).spawn(move || {
            let mut session = Session { connection, known: Known::default() };
            while let Some(job) = queue.blocking_recv() {
                job(&mut session);
            }
            let checkpoint = session.connection.execute_batch("CHECKPOINT");
            checkpoint.map_err(|error| classify("close", error))
        })?;
        Ok(Self { open: Mutex::new(Some(Open { jobs, thread })) })
    }

    /// Runs `job` on the writer's thread and answers what it answers. A job that was sent runs to
    /// its end, even if nobody waits for it any more.
    pub(crate) async fn run<T, F>(&self, op: &'static str, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Session) -> Result<T> + Send + 'static,
    {
        let jobs = self.lock().as_ref().map(|open| open.jobs.clone()).ok_or_else(|| closed(op))?;
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |session| {
            // Nobody to answer is fine: the caller was dropped.
            let _ = reply.send(job(session));
        });
        jobs.send(job).await.map_err(|_| closed(op))?;
        answer.await.map_err(|_| closed(op))?
    }

    /// Takes no more jobs, waits for those it has, checkpoints, and closes the connection.
    pub(crate) async fn close(&self) -> Result<()> {
        let Some(Open { jobs, thread }) = self.lock().take() else {
            return Ok(());
        };
        drop(jobs);
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        ended.ok().and_then(std::result::Result::ok).unwrap_or_else(|| Err(closed("close")))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn closed(op: &'static str) -> StoreError {
    StoreError::new(ErrorKind::Connection, STORE, op, "the store is closed: open it again")
}
