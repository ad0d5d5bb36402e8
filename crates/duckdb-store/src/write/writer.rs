//! The writer: one thread, which runs writes one after another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};
use tradekeep_store_traits::{Delivery, Inner};

use crate::database::{Database, closed};
use crate::lease::Access;
use crate::session::{Session, WriteCache};

/// A job that runs in a session, or is told why there is none; with the time when it was asked for.
type Job = (Instant, Box<dyn FnOnce(Inner<&mut Session>) + Send>);

/// Sends jobs to the writer's thread, which runs them one after another.
#[derive(Debug)]
pub(crate) struct Writer {
    /// Nothing once it is closing. The queue is unbounded, so that no caller waits to get in; it stays short,
    /// since each caller awaits the answer of its job.
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
    /// Nothing once it is closed.
    thread: tokio::sync::Mutex<Option<JoinHandle<Inner<()>>>>,
    ended: watch::Receiver<()>,
}

impl Writer {
    /// Starts the thread on `database`, which it closes when it ends.
    pub(crate) fn start(database: Arc<Database>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (end, ended) = watch::channel(());
        let thread = thread::Builder::new().name("tradekeep-duckdb".into()).spawn(move || {
            // Dropped last, also in a panic: `close` waits for that.
            let _end = end;
            let closing = Closing(&database);
            work(&database, queue);
            closing.0.close()
        })?;
        let (jobs, thread) = (Mutex::new(Some(jobs)), tokio::sync::Mutex::new(Some(thread)));
        Ok(Self { jobs, thread, ended })
    }

    /// Runs `job` on the writer's thread and answers what it answers. A job that was sent runs to
    /// its end, even if nobody waits for it any more.
    pub(crate) async fn run<T, F>(&self, job: F) -> Inner<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Session) -> Inner<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |session: Inner<&mut Session>| {
            // Nobody to answer is fine: the caller was dropped.
            let _ = reply.send(session.and_then(job));
        });
        let sent = self.lock().as_ref().map(|jobs| jobs.send((Instant::now(), job)).is_ok());
        if sent != Some(true) {
            return Err(closed());
        }
        // The thread panicked in the job: how far that came is not known.
        answer.await.map_err(|_| closed().with_delivery(Delivery::Unknown))?
    }

    /// Takes no more jobs, waits for those it has, and closes the database. Whoever closes it again
    /// waits for the same.
    pub(crate) async fn close(&self) -> Inner<()> {
        drop(self.lock().take());
        let mut thread = self.thread.lock().await;
        // Nothing is ever sent: the wait ends with the thread.
        let _ended = self.ended.clone().changed().await;
        match thread.take() {
            None => Ok(()),
            Some(thread) => thread.join().unwrap_or_else(|_| Err(closed())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<mpsc::UnboundedSender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs jobs until the queue is closed.
fn work(database: &Database, mut queue: mpsc::UnboundedReceiver<Job>) {
    let (mut generation, mut cache) = (0, WriteCache::default());
    while let Some((asked, job)) = queue.blocking_recv() {
        let mut pooled = match database.check_out(Access::Write, asked) {
            Ok(pooled) => pooled,
            Err(error) => {
                job(Err(error));
                continue;
            }
        };
        let Some(connection) = pooled.connection.take() else { continue };
        if pooled.generation != generation {
            (generation, cache) = (pooled.generation, WriteCache::default());
        }
        database.durable().refresh(&connection);
        let mut session = Session { connection, cache };
        job(Ok(&mut session));
        cache = session.cache;
        pooled.connection = Some(session.connection);
    }
}

/// Closes the database also where a job panicked.
struct Closing<'a>(&'a Database);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        // Where it was closed before, this does nothing.
        let _ = self.0.close();
    }
}
