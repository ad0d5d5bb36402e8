//! The pool of readers: a queue of reads, and as many threads as may read at once.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use duckdb::Connection;
use tokio::sync::{oneshot, watch};
use tradekeep_store_traits::{ErrorKind, Failure, Inner, PoolStats};

use crate::database::{Database, closed};
use crate::lease::Access;
use crate::read::at_one_moment;

/// A read, which sends its answer itself.
type Job = Box<dyn FnOnce(&Queue) + Send>;

/// Runs reads; each has a connection to itself while it runs.
///
/// A read that waits is a job in a queue, and not a future that waits for a permit: a future that is
/// polled once and then kept would hold a permit that others wait for.
#[derive(Debug)]
pub(crate) struct Readers(Arc<Queue>);

struct Queue {
    database: Arc<Database>,
    most: usize,
    jobs: Mutex<Jobs>,
    in_use: AtomicUsize,
    /// Threads that work on the queue; changed only under the lock of `jobs`.
    workers: watch::Sender<usize>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("most", &self.most).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    closed: bool,
}

impl Readers {
    /// Up to `most` reads at once.
    pub(crate) fn new(database: Arc<Database>, most: usize) -> Self {
        let (jobs, in_use) = (Mutex::default(), AtomicUsize::new(0));
        Self(Arc::new(Queue { database, most, jobs, in_use, workers: watch::Sender::new(0) }))
    }

    /// Runs `read` on a thread for blocking work, with a connection of its own. A read whose caller is
    /// gone before it begins is not run.
    pub(crate) async fn run<T, F>(&self, read: F) -> Inner<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Inner<T> + Send + 'static,
    {
        let (asked, (reply, answer)) = (Instant::now(), oneshot::channel());
        let job = move |queue: &Queue| {
            if !reply.is_closed() {
                // Nobody to answer is fine: the caller was dropped.
                let _ = reply.send(queue.read(asked, read));
            }
        };
        self.0.push(Box::new(job)).map_err(|()| closed())?;
        answer.await.unwrap_or_else(|_| Err(self.0.broken_off()))
    }

    /// Takes no more reads, and waits for those that run.
    pub(crate) async fn close(&self) {
        let waiting = {
            let mut jobs = self.0.lock();
            jobs.closed = true;
            std::mem::take(&mut jobs.waiting)
        };
        drop(waiting);
        // It cannot fail while `self` has the sender.
        let _ = self.0.workers.subscribe().wait_for(|workers| *workers == 0).await;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.lock().closed
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let (most, in_use) = (self.0.most, self.0.in_use.load(Ordering::Relaxed));
        PoolStats::builder().most(most).in_use(in_use).idle(self.0.database.idle()).build()
    }
}

impl Queue {
    /// Puts `job` into the queue, and starts a worker where there may be one more.
    fn push(self: &Arc<Self>, job: Job) -> std::result::Result<(), ()> {
        let mut jobs = self.lock();
        if jobs.closed {
            return Err(());
        }
        jobs.waiting.push_back(job);
        if *self.workers.borrow() < self.most {
            self.workers.send_modify(|workers| *workers += 1);
            let worker = Worker { queue: Arc::clone(self), done: false };
            drop(jobs);
            tokio::task::spawn_blocking(move || worker.work());
        }
        Ok(())
    }

    fn read<T>(&self, asked: Instant, read: impl FnOnce(&Connection) -> Inner<T>) -> Inner<T> {
        self.in_use.fetch_add(1, Ordering::Relaxed);
        let answer = catch_unwind(AssertUnwindSafe(|| {
            let mut pooled = self.database.check_out(Access::Read, asked)?;
            let connection = pooled.connection.take().ok_or_else(closed)?;
            let answer = at_one_moment(&connection, read);
            pooled.connection = Some(connection);
            answer
        }));
        self.in_use.fetch_sub(1, Ordering::Relaxed);
        answer.unwrap_or_else(|_: Box<dyn Any + Send>| Err(self.broken_off()))
    }

    fn broken_off(&self) -> Failure {
        if self.lock().closed {
            closed()
        } else {
            Failure::new(ErrorKind::Query, "the read was broken off")
        }
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the threads; it ends when the queue is empty.
struct Worker {
    queue: Arc<Queue>,
    done: bool,
}

impl Worker {
    fn work(mut self) {
        loop {
            let mut jobs = self.queue.lock();
            let Some(job) = jobs.waiting.pop_front() else {
                // Under the same lock: a job that comes now starts a worker of its own.
                self.queue.workers.send_modify(|workers| *workers -= 1);
                drop(jobs);
                self.done = true;
                return;
            };
            drop(jobs);
            job(&self.queue);
        }
    }
}

impl Drop for Worker {
    /// Also where the runtime shut down before the worker ran.
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut jobs = self.queue.lock();
        self.queue.workers.send_modify(|workers| *workers -= 1);
        // No worker is left: dropping the jobs tells their callers.
        let left = *self.queue.workers.borrow() == 0;
        let waiting = if left { std::mem::take(&mut jobs.waiting) } else { VecDeque::new() };
        drop(jobs);
        drop(waiting);
    }
}
