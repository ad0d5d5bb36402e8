//! The writer: one thread that owns the one connection that writes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use duckdb::Connection;
use tokio::sync::{mpsc, oneshot, watch};
use tradekeep_store_traits::{Delivery, ErrorKind, Result, StoreError};

use crate::STORE;
use crate::claim::Claim;
use crate::error::classify;
use crate::write::Known;

type Job = Box<dyn FnOnce(&mut Session) + Send>;

/// What the writer's thread owns.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// What it knows about the tables without asking, as nobody else writes to them.
    pub(crate) known: Known,
    /// After the connection: fields are dropped in order.
    _claim: Option<Claim>,
}

/// Jobs that wait while one runs. More would only grow memory: the writer is the limit.
const WAITING: usize = 4;

/// Sends jobs to the writer's thread, which runs them one after another.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Nothing once it is closing.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    /// Nothing once it is closed.
    thread: tokio::sync::Mutex<Option<JoinHandle<Result<()>>>>,
    ended: watch::Receiver<()>,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub(crate) fn start(connection: Connection, claim: Option<Claim>) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(WAITING);
        let (end, ended) = watch::channel(());
        let thread = thread::Builder::new().name("tradekeep-duckdb".into()).spawn(move || {
            // Dropped last, whatever comes: whoever closes waits for it.
            let _end = end;
            let mut session = Session { connection, known: Known::default(), _claim: claim };
            while let Some(job) = queue.blocking_recv() {
                job(&mut session);
            }
            let checkpoint = session.connection.execute_batch("CHECKPOINT");
            checkpoint.map_err(|error| classify("close", error))
        })?;
        let (jobs, thread) = (Mutex::new(Some(jobs)), tokio::sync::Mutex::new(Some(thread)));
        Ok(Self { jobs, thread, ended })
    }

    /// Runs `job` on the writer's thread and answers what it answers. A job that was sent runs to
    /// its end, even if nobody waits for it any more.
    pub(crate) async fn run<T, F>(&self, op: &'static str, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Session) -> Result<T> + Send + 'static,
    {
        let jobs = self.lock().clone().ok_or_else(|| closed(op))?;
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |session| {
            // Nobody to answer is fine: the caller was dropped.
            let _ = reply.send(job(session));
        });
        jobs.send(job).await.map_err(|_| closed(op))?;
        // The thread broke off in the middle of it: nobody knows how far it came.
        answer.await.map_err(|_| closed(op).with_delivery(Delivery::Unknown))?
    }

    /// Takes no more jobs, waits for those it has, checkpoints, and closes the connection. Whoever
    /// closes it again waits for the same.
    pub(crate) async fn close(&self) -> Result<()> {
        drop(self.lock().take());
        let mut thread = self.thread.lock().await;
        // Nothing is ever sent: the wait ends with the thread.
        let _ended = self.ended.clone().changed().await;
        match thread.take() {
            None => Ok(()),
            Some(thread) => thread.join().unwrap_or_else(|_| Err(closed("close"))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn closed(op: &'static str) -> StoreError {
    StoreError::new(ErrorKind::Connection, STORE, op, "the store is closed: open it again")
}
