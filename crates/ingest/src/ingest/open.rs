//! Opening the way in: what is held is looked at, and everything set to work.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tradekeep_models::InvalidInput;
use tradekeep_store_traits::Table;

use super::{Ingest, Shared};
use crate::accept::Accept;
use crate::clock::{Clock, SystemClock};
use crate::codec;
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
use crate::keeper;
use crate::log::Access;
use crate::notifier::{Notifier, Subscriber};
use crate::requests;
use crate::shutdown::Shutdown;
use crate::spool::cursors::{Cursor, Cursors};
use crate::spool::{Claimed, Spool, SpoolConfig};

/// A lane to be: what its sink has in its table, and what is held for it.
struct Plan {
    sink: usize,
    table: Table,
    cursor: Cursor,
    /// Whether it was known before.
    known: bool,
    held: u64,
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
    /// is not among `sinks`, `Moved` when it is, without the table of those records; `Input` for a bad configuration; `Disk` when the disk fails. Sinks need
    /// not be reachable.
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
            let claimed = Claimed::new(&fs, spool)?;
            let dead = DeadLetters::open(&fs, &of_thread.dead_letter_folder(), Access::Write)?;
            let (spool, cursors, plans) = open_spool(claimed, clock, &configs)?;
            let spool = Arc::new(spool);
            let disk = |error| IngestError::disk("a thread cannot be started")(error);
            let committer = Committer::start(Arc::clone(&spool)).map_err(disk)?;
            Ok::<_, IngestError>((spool, committer, cursors, plans, dead))
        });
        let (spool, committer, cursors, plans, dead) =
            opened.await.map_err(|_| IngestError::Closed)??;
        let data = config.data().to_owned();
        let ingest = Self::wire(config, sinks, spool, committer, cursors, plans, dead)?;
        if let Err(error) = ingest.finish_replays().await {
            // Nobody has it: it must not go on with the spool by itself.
            let _ = ingest.shutdown(Duration::ZERO).await;
            return Err(error);
        }
        let serving = requests::run(Arc::downgrade(&ingest.shared), of_requests, data);
        ingest.shared.track(tokio::spawn(serving));
        Ok(ingest)
    }

    #[allow(clippy::too_many_arguments, reason = "all that was opened")]
    fn wire(
        config: IngestConfig,
        configs: Vec<SinkConfig>,
        spool: Arc<Spool>,
        committer: Committer,
        cursors: Cursors,
        plans: Vec<Plan>,
        dead: DeadLetters,
    ) -> Result<Self> {
        let (config, dead) = (Arc::new(config), Arc::new(dead));
        let mut notifiers: Vec<Notifier> = Table::ALL.iter().map(|_| Notifier::default()).collect();
        let mut held: Vec<(Arc<LaneState>, u64, Subscriber)> = Vec::new();
        for plan in &plans {
            let state = Arc::new(LaneState::new(plan.table, plan.cursor, plan.accepted));
            held.push((state, plan.held, notifiers[plan.table as usize].subscribe()));
        }
        let dropped =
            |table: Table| cursors.dropped.get(table.as_str()).copied().unwrap_or_default();
        let accept = Arc::new(Accept::new(
            Arc::clone(&spool),
            committer,
            Arc::clone(&config),
            notifiers,
            dropped,
        ));
        let lanes_of = |sink: usize| {
            let lanes = plans.iter().zip(&held).filter(move |(plan, _)| plan.sink == sink);
            lanes.map(|(_, (state, ..))| Arc::clone(state)).collect()
        };
        let sinks: Vec<_> = configs
            .into_iter()
            .enumerate()
            .map(|(place, SinkConfig { id, name, sink: store, .. })| {
                Arc::new(Sink {
                    id,
                    name,
                    store,
                    breaker: Breaker::default(),
                    lanes: lanes_of(place),
                })
            })
            .collect();
        let stream = spool.stream()?;
        let flush = FlushSignal::default();
        let mut tasks = Vec::new();
        for (plan, (state, of_lane, arrivals)) in plans.iter().zip(&held) {
            let lane = Lane {
                sink: Arc::clone(&sinks[plan.sink]),
                state: Arc::clone(state),
                stream: stream.clone(),
                spool: Arc::clone(&spool),
                dead: Arc::clone(&dead),
                config: Arc::clone(&config),
                events: Events(Arc::clone(&accept)),
                arrivals: arrivals.clone(),
                flush: flush.clone(),
                held: *of_lane,
                slow: SlowFlushes::default(),
                tried: AtomicU64::new(0),
            };
            tasks.push(tokio::spawn(async move {
                // It ends by being aborted.
                let _: std::convert::Infallible = lane.run().await;
            }));
        }
        let (moving, shutdown) = (Mutex::new(()), Shutdown::default());
        let shared = Arc::new(Shared {
            accept,
            sinks,
            dead,
            flush,
            shutdown,
            moving,
            held,
            tasks: Mutex::new(tasks),
        });
        shared.track(tokio::spawn(keeper::run(Arc::downgrade(&shared))));
        Ok(Self { shared })
    }
}

/// Opens the spool: what is held is counted for each lane, and who is to have it is noted.
fn open_spool(
    claimed: Claimed,
    clock: Arc<dyn Clock>,
    sinks: &[SinkConfig],
) -> Result<(Spool, Cursors, Vec<Plan>)> {
    let mut cursors = claimed.cursors.clone();
    let mut plans = Vec::new();
    for (sink, config) in sinks.iter().enumerate() {
        for table in &config.tables {
            let cursor = cursors.of(config.id.as_str(), *table);
            let known = cursor.is_some();
            let cursor = cursor.unwrap_or_default();
            plans.push(Plan { sink, table: *table, cursor, known, held: 0, accepted: 0 });
        }
    }
    let mut left = left_over(&cursors, sinks);
    let spool = claimed.open(clock, &mut |table, seq| {
        for plan in &mut plans {
            plan.held += u64::from(plan.table == table && seq > plan.cursor.seq);
        }
        for left in &mut left {
            left.pending += u64::from(left.table == table && seq > left.seq);
        }
    })?;
    refuse(left)?;
    for Plan { table, cursor, held, .. } in plans.iter().filter(|plan| plan.known) {
        // A loss of power may have taken records that were delivered already.
        let known = cursor.before + cursor.applied + cursor.dead + held;
        spool.log.count_at_least(codec::kind(*table), known);
    }
    let position = spool.log.position();
    for plan in &mut plans {
        let kind = usize::from(codec::kind(plan.table));
        plan.accepted = position.counts.get(kind).copied().unwrap_or_default();
        if plan.known {
            continue;
        }
        plan.cursor.before = plan.accepted.saturating_sub(plan.held);
        if sinks[plan.sink].from_now {
            plan.cursor.before += std::mem::take(&mut plan.held);
            plan.cursor.seq = position.last_seq;
            plan.cursor.floor = position.last_seq;
        }
    }
    // Before anything is accepted: what is, is theirs, however soon this process ends.
    cursors.sinks.clear();
    for Plan { sink, table, cursor, .. } in &plans {
        let SinkConfig { id, name, .. } = &sinks[*sink];
        let entry = cursors.sinks.entry(id.as_str().to_owned()).or_default();
        entry.name.clone_from(name);
        entry.tables.insert(table.as_str().to_owned(), *cursor);
    }
    spool.save_cursors(&cursors)?;
    Ok((spool, cursors, plans))
}

/// What is noted of a sink in a table that it is not to have now.
struct Left {
    id: String,
    sink: String,
    table: Table,
    seq: u64,
    /// Whether the sink is still there, with other tables.
    is_there: bool,
    pending: u64,
}

fn left_over(cursors: &Cursors, sinks: &[SinkConfig]) -> Vec<Left> {
    let mut left = Vec::new();
    for (id, known) in &cursors.sinks {
        let now = sinks.iter().find(|sink| sink.id.as_str() == id);
        for &table in Table::ALL {
            let Some(cursor) = cursors.of(id, table) else { continue };
            if now.is_none_or(|sink| !sink.tables.contains(&table)) {
                let (id, sink, is_there) = (id.clone(), known.name.clone(), now.is_some());
                left.push(Left { id, sink, table, seq: cursor.seq, is_there, pending: 0 });
            }
        }
    }
    left
}

/// Refuses to go on without what still waits for somebody.
fn refuse(left: Vec<Left>) -> Result<()> {
    let all_of = |of: &str| left.iter().filter(|left| left.id == of).map(|left| left.pending).sum();
    match left.iter().find(|left| left.pending > 0) {
        None => Ok(()),
        Some(Left { id, sink, table, is_there: true, pending, .. }) => Err(IngestError::Moved {
            id: id.clone(),
            sink: sink.clone(),
            table: *table,
            pending: *pending,
        }),
        Some(Left { id, sink, .. }) => {
            let (id, sink) = (id.clone(), sink.clone());
            Err(IngestError::Vanished { pending: all_of(&id), id, sink })
        }
    }
}
