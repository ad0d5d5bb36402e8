//! The pipeline of an ingest: all that its handles and its tasks share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tradekeep_store_traits::Table;

use crate::appender::Appender;
use crate::dead_letter::DeadLetters;
use crate::deliver::sink::{LaneState, Sink};
use crate::flush::FlushSignal;
use crate::shutdown::Shutdown;
use crate::spool::cursors::{Cursors, SinkCursors};
use crate::stats::{IngestStats, LaneStats, SinkStats};

/// How long all sinks together may take to say where they stand.
const POSITIONS_WITHIN: Duration = Duration::from_secs(2);

/// What all parts of an ingest share.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) appender: Arc<Appender>,
    pub(crate) sinks: Vec<Arc<Sink>>,
    pub(crate) dead: Arc<DeadLetters>,
    pub(crate) flush: FlushSignal,
    pub(crate) shutdown: Shutdown,
    /// Held by replays, purges and trims, so that one of them runs at a time.
    pub(crate) maintenance: Mutex<()>,
    pub(crate) tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Pipeline {
    /// Without a shutdown: delivery ends where it is, as if the process had.
    fn drop(&mut self) {
        self.shutdown.trigger();
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl Pipeline {
    /// Has `task` aborted when the pipeline is shut down or dropped.
    pub(crate) fn track(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Every lane of every sink.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = &Arc<LaneState>> {
        self.sinks.iter().flat_map(|sink| &sink.lanes)
    }

    /// How far every sink has come.
    pub(crate) fn cursors(&self) -> Cursors {
        let mut cursors = Cursors { version: 1, ..Cursors::default() };
        for sink in &self.sinks {
            let name_of = |lane: &LaneState| lane.table.as_str().to_owned();
            let tables = sink.lanes.iter().map(|lane| (name_of(lane), lane.cursor()));
            let positions =
                sink.lanes.iter().filter_map(|lane| Some((name_of(lane), lane.position()?.into())));
            let (tables, positions) = (tables.collect(), positions.collect());
            let entry = SinkCursors { name: sink.name.clone(), tables, positions };
            cursors.sinks.insert(sink.id.as_str().to_owned(), entry);
        }
        for table in Table::ALL {
            let dropped = self.appender.dropped(*table);
            if dropped > 0 {
                cursors.dropped.insert(table.as_str().to_owned(), dropped);
            }
        }
        cursors
    }

    /// Asks those sinks where they stand that keep no watermarks, for the tables that they have taken something
    /// of since `saved`. What they say counts only where it follows what they said before: else it is for the
    /// lane to find out.
    pub(crate) async fn note_positions(&self, saved: Option<&Cursors>) {
        // Where it takes longer, what was known before still holds.
        let _ = timeout(POSITIONS_WITHIN, self.ask_positions(saved)).await;
    }

    async fn ask_positions(&self, saved: Option<&Cursors>) {
        // Whoever asks is noted: another copy of the spool is not to be put behind this one.
        let asked = |sink: &&Arc<Sink>| !sink.breaker.is_open() && !sink.is_copied();
        for sink in self.sinks.iter().filter(asked) {
            for lane in &sink.lanes {
                let moved = saved.and_then(|saved| saved.of(sink.id.as_str(), lane.table))
                    != Some(lane.cursor());
                let Some(before) = lane.position().filter(|_| moved) else { continue };
                if sink.has_watermarks(lane.table) {
                    continue;
                }
                match sink.store.position(lane.table, &sink.run).await {
                    Ok(now) if now.continues(&before) => lane.set_position(now),
                    Ok(_) => lane.set_moved(true),
                    Err(_) => {}
                }
            }
        }
    }

    pub(crate) fn stats(&self) -> IngestStats {
        let spool = &self.appender.spool;
        let (bytes, segments) = spool.log.size();
        let (stream, epoch) = spool.stream_text();
        let sinks = self.sinks.iter().map(|sink| SinkStats {
            id: sink.id.clone(),
            name: sink.name.clone(),
            breaker_open: sink.breaker.is_open(),
            lanes: sink.lanes.iter().map(|lane| LaneStats::of(lane)).collect(),
        });
        let sinks = sinks.collect();
        let dropped = Table::ALL.iter().map(|table| (*table, self.appender.dropped(*table)));
        IngestStats {
            stream,
            epoch,
            last_seq: spool.log.end().last_seq,
            bytes,
            segments,
            dead_letters: self.dead.count().0,
            dropped: dropped.filter(|(_, count)| *count > 0).collect(),
            damaged: spool.damaged(),
            sinks,
        }
    }
}
