//! Opening an ingest: the spool is read, and every task is started.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tradekeep_models::{InvalidInput, new_id};
use tradekeep_store_traits::{Run, Table};

use super::Ingest;
use crate::appender::Appender;
use crate::clock::{Clock, SystemClock};
use crate::commit::Committer;
use crate::config::IngestConfig;
use crate::dead_letter::DeadLetters;
use crate::deliver::breaker::Breaker;
use crate::deliver::lane::{Lane, SlowFlushes};
use crate::deliver::sink::{LaneState, Sink, SinkConfig};
use crate::error::{IngestError, Result};
use crate::events::Events;
use crate::flush::FlushSignal;
use crate::fs::{FileSystem, RealFs};
use crate::log::Access;
use crate::notifier::Notifier;
use crate::pipeline::Pipeline;
use crate::requests;
use crate::shutdown::Shutdown;
use crate::spool::cursors::{Cursor, Cursors};
use crate::spool::{LockedSpool, Spool, SpoolConfig};
use crate::throttle::Throttle;
use crate::trimmer;

/// A lane that will be started: what its sink has of its table, and what is still to come.
struct LanePlan {
    sink: usize,
    table: Table,
    cursor: Cursor,
    /// Whether it was known before.
    known: bool,
    /// Records in the spool that the sink has not got.
    backlog: u64,
    /// Records of the table that the spool has ever accepted.
    accepted: u64,
}

impl Ingest {
    /// Opens the spool of `config`, and begins to deliver to `sinks`.
    ///
    /// It needs a tokio runtime with time, and goes on in it until [`shutdown`](Self::shutdown).
    ///
    /// # Errors
    /// `Held` when another process has the spool; `Vanished` when a sink that still has records to come
    /// is not among `sinks`, `Moved` when it is, without the table of those records; `Input` for a bad
    /// configuration; `Disk` when the disk fails. Sinks need not be reachable.
    pub async fn open(config: IngestConfig, sinks: Vec<SinkConfig>) -> Result<Self> {
        Self::open_on(config, sinks, Arc::new(RealFs), Arc::new(SystemClock)).await
    }

    /// As [`open`](Self::open), on a file system and by a clock of one's own, for tests.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_on(
        config: IngestConfig,
        sinks: Vec<SinkConfig>,
        fs: Arc<dyn FileSystem>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        config.validate()?;
        let (of_thread, of_requests) = (config.clone(), Arc::clone(&fs));
        for (place, sink) in sinks.iter().enumerate() {
            if sinks[..place].iter().any(|other| other.id == sink.id) {
                return Err(InvalidInput::new("sinks", "two of them are the same").into());
            }
        }
        let configs = sinks.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let spool = SpoolConfig {
                folder: of_thread.spool_folder(),
                segment_bytes: of_thread.segment_bytes,
            };
            // The lock first: opening to write cuts what another process is writing.
            let locked = LockedSpool::lock(&fs, spool)?;
            let dead = DeadLetters::open(&fs, &of_thread.dead_letter_folder(), Access::Write)?;
            let (spool, cursors, plans) = open_spool(locked, clock, &configs)?;
            let spool = Arc::new(spool);
            let disk = |error| IngestError::disk("a thread cannot be started")(error);
            let committer =
                Committer::start(Arc::clone(&spool), of_thread.max_bytes).map_err(disk)?;
            Ok::<_, IngestError>((spool, committer, cursors, plans, dead))
        });
        let (spool, committer, cursors, plans, dead) =
            opened.await.map_err(|_| IngestError::Closed)??;
        let data = config.data().to_owned();
        let ingest = Self::wire(config, sinks, spool, committer, cursors, plans, dead)?;
        if let Err(error) = ingest.finish_replays().await {
            // The caller gets no handle: the tasks must not go on without one.
            let _ = ingest.shutdown(Duration::ZERO).await;
            return Err(error);
        }
        let serving = requests::run(Arc::downgrade(&ingest.pipeline), of_requests, data);
        ingest.pipeline.track(tokio::spawn(serving));
        Ok(ingest)
    }

    #[allow(clippy::too_many_arguments, reason = "all that was opened")]
    fn wire(
        config: IngestConfig,
        configs: Vec<SinkConfig>,
        spool: Arc<Spool>,
        committer: Committer,
        cursors: Cursors,
        plans: Vec<LanePlan>,
        dead: DeadLetters,
    ) -> Result<Self> {
        let (config, dead) = (Arc::new(config), Arc::new(dead));
        let mut notifiers: Vec<Notifier> = Table::ALL.iter().map(|_| Notifier::default()).collect();
        let states: Vec<_> = plans
            .iter()
            .map(|LanePlan { sink, table, cursor, backlog, accepted, .. }| {
                let arrivals = notifiers[*table as usize].subscribe();
                let position = cursors.position(configs[*sink].id.as_str(), *table);
                Arc::new(LaneState::new(*table, *cursor, position, *accepted, *backlog, arrivals))
            })
            .collect();
        let dropped =
            |table: Table| cursors.dropped.get(table.as_str()).copied().unwrap_or_default();
        let appender = Arc::new(Appender::new(
            Arc::clone(&spool),
            committer,
            Arc::clone(&config),
            notifiers,
            dropped,
        ));
        let lanes_of = |sink: usize| {
            let lanes = plans.iter().zip(&states).filter(move |(plan, _)| plan.sink == sink);
            lanes.map(|(_, state)| Arc::clone(state)).collect()
        };
        let stream = spool.stream()?;
        let run = Run { stream: stream.0.clone(), first: spool.first_seq, id: new_id() };
        let sinks: Vec<_> = configs
            .into_iter()
            .enumerate()
            .map(|(place, SinkConfig { id, name, sink: store, .. })| {
                Arc::new(Sink {
                    id,
                    name,
                    store,
                    breaker: Breaker::default(),
                    run: run.clone(),
                    lanes: lanes_of(place),
                })
            })
            .collect();
        let flush = FlushSignal::default();
        let mut tasks = Vec::new();
        for (plan, state) in plans.iter().zip(&states) {
            let lane = Lane {
                sink: Arc::clone(&sinks[plan.sink]),
                state: Arc::clone(state),
                stream: stream.clone(),
                spool: Arc::clone(&spool),
                dead: Arc::clone(&dead),
                config: Arc::clone(&config),
                events: Events(Arc::clone(&appender)),
                flush: flush.clone(),
                slow: SlowFlushes::default(),
                last_sent: AtomicU64::new(0),
                taken: AtomicU64::new(0),
                sent: AtomicU64::new(0),
                unreadable: Throttle::default(),
                told_dead: AtomicBool::new(false),
            };
            tasks.push(tokio::spawn(async move {
                // It ends by being aborted.
                let _: std::convert::Infallible = lane.run().await;
            }));
        }
        let (maintenance, shutdown) = (Mutex::new(()), Shutdown::default());
        let pipeline = Arc::new(Pipeline {
            appender,
            sinks,
            dead,
            flush,
            shutdown,
            maintenance,
            tasks: Mutex::new(tasks),
        });
        pipeline.track(tokio::spawn(trimmer::run(Arc::downgrade(&pipeline))));
        Ok(Self { pipeline })
    }
}

/// Opens the spool: counts the backlog of each lane, and saves a cursor for each.
fn open_spool(
    locked: LockedSpool,
    clock: Arc<dyn Clock>,
    sinks: &[SinkConfig],
) -> Result<(Spool, Cursors, Vec<LanePlan>)> {
    let mut cursors = locked.cursors.clone();
    let mut plans = Vec::new();
    for (sink, config) in sinks.iter().enumerate() {
        for table in &config.tables {
            let cursor = cursors.of(config.id.as_str(), *table);
            let known = cursor.is_some();
            let cursor = cursor.unwrap_or_default();
            plans.push(LanePlan { sink, table: *table, cursor, known, backlog: 0, accepted: 0 });
        }
    }
    let mut orphans = orphans(&cursors, sinks);
    let spool = locked.open(clock, &mut |table, seq| {
        for plan in &mut plans {
            plan.backlog += u64::from(plan.table == table && seq > plan.cursor.seq);
        }
        for orphan in &mut orphans {
            orphan.pending += u64::from(orphan.table == table && seq > orphan.seq);
        }
    })?;
    refuse_orphans(orphans)?;
    for LanePlan { table, cursor, backlog, .. } in plans.iter().filter(|plan| plan.known) {
        // A loss of power may have taken records that were delivered already.
        let known = cursor.before + cursor.applied + cursor.dead + backlog;
        spool.log.count_at_least(table.number(), known);
    }
    let end = spool.log.end();
    for plan in &mut plans {
        let kind = usize::from(plan.table.number());
        plan.accepted = end.counts.get(kind).copied().unwrap_or_default();
        if plan.known {
            continue;
        }
        plan.cursor.before = plan.accepted.saturating_sub(plan.backlog);
        if sinks[plan.sink].from_now {
            plan.cursor.before += std::mem::take(&mut plan.backlog);
            plan.cursor.seq = end.last_seq;
            plan.cursor.floor = end.last_seq;
        }
    }
    // Saved before anything is accepted, so that these sinks get all of it, however soon this process ends.
    let before = std::mem::take(&mut cursors.sinks);
    for LanePlan { sink, table, cursor, .. } in &plans {
        let SinkConfig { id, name, .. } = &sinks[*sink];
        let entry = cursors.sinks.entry(id.as_str().to_owned()).or_default();
        entry.name.clone_from(name);
        entry.tables.insert(table.as_str().to_owned(), *cursor);
        let position =
            before.get(id.as_str()).and_then(|known| known.positions.get(table.as_str()));
        if let Some(position) = position {
            entry.positions.insert(table.as_str().to_owned(), position.clone());
        }
    }
    spool.save_cursors(&cursors)?;
    Ok((spool, cursors, plans))
}

/// A cursor whose sink is not configured any more, or not for that table.
struct Orphan {
    id: String,
    sink: String,
    table: Table,
    seq: u64,
    /// Whether the sink is still there, with other tables.
    is_configured: bool,
    pending: u64,
}

fn orphans(cursors: &Cursors, sinks: &[SinkConfig]) -> Vec<Orphan> {
    let mut orphans = Vec::new();
    for (id, known) in &cursors.sinks {
        let now = sinks.iter().find(|sink| sink.id.as_str() == id);
        for &table in Table::ALL {
            let Some(cursor) = cursors.of(id, table) else { continue };
            if now.is_none_or(|sink| !sink.tables.contains(&table)) {
                let (id, sink, is_configured) = (id.clone(), known.name.clone(), now.is_some());
                orphans.push(Orphan {
                    id,
                    sink,
                    table,
                    seq: cursor.seq,
                    is_configured,
                    pending: 0,
                });
            }
        }
    }
    orphans
}

/// Refuses to open where records still wait for such a sink.
fn refuse_orphans(orphans: Vec<Orphan>) -> Result<()> {
    let all_of = |of: &str| {
        orphans.iter().filter(|orphan| orphan.id == of).map(|orphan| orphan.pending).sum()
    };
    match orphans.iter().find(|orphan| orphan.pending > 0) {
        None => Ok(()),
        Some(Orphan { id, sink, table, is_configured: true, pending, .. }) => {
            Err(IngestError::Moved {
                id: id.clone(),
                sink: sink.clone(),
                table: *table,
                pending: *pending,
            })
        }
        Some(Orphan { id, sink, .. }) => {
            let (id, sink) = (id.clone(), sink.clone());
            Err(IngestError::Vanished { pending: all_of(&id), id, sink })
        }
    }
}
