//! The trimmer keeps the spool small: it saves the cursors of the sinks, and removes the segments whose
//! records every sink has.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::error::Result;
use crate::log::Segment;
use crate::metrics;
use crate::pipeline::Pipeline;
use crate::spool::cursors::Cursors;
use crate::throttle::Throttle;

/// Between two runs.
const INTERVAL: Duration = Duration::from_secs(1);
/// Between two runs while an append waits for room.
const INTERVAL_WHEN_FULL: Duration = Duration::from_millis(20);

/// Between two times that sinks are asked for their durable watermarks, unless an append waits for room:
/// the question costs an embedded store a turn at its database.
const WATERMARK_INTERVAL: Duration = Duration::from_secs(5);

/// Between two times that sinks are told to checkpoint, which costs an embedded store some tenths of a
/// second.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(1);

/// What earlier runs did, and when.
#[derive(Default)]
struct History {
    saved: Option<Cursors>,
    asked: Option<Instant>,
    checkpointed: Option<Instant>,
}

/// Trims until the pipeline is dropped, or this task is aborted.
pub(crate) async fn run(pipeline: Weak<Pipeline>) {
    let (mut history, throttle) = (History::default(), Throttle::default());
    loop {
        let Some(pipeline) = pipeline.upgrade() else { return };
        if let Err(error) = run_once(&pipeline, &mut history).await
            && let Some(more) = throttle.tell()
        {
            tracing::warn!(%error, more, "the spool cannot be made smaller yet");
        }
        metrics::publish(&pipeline.stats());
        let full = pipeline.appender.has_waiters();
        drop(pipeline);
        sleep(if full { INTERVAL_WHEN_FULL } else { INTERVAL }).await;
    }
}

/// Saves the cursors first, and then trims what they say is done: a cursor that is lost would ask for
/// records that are gone.
async fn run_once(pipeline: &Arc<Pipeline>, history: &mut History) -> Result<()> {
    pipeline.note_positions(history.saved.as_ref()).await;
    let cursors = pipeline.cursors();
    if history.saved.as_ref() != Some(&cursors) {
        let (of_thread, content) = (Arc::clone(pipeline), cursors.clone());
        let save = move || of_thread.appender.spool.save_cursors(&content);
        tokio::task::spawn_blocking(save).await.map_err(|_| crate::IngestError::Closed)??;
        history.saved = Some(cursors.clone());
    }
    // By the cursors alone: sinks are asked only when there is a segment to remove.
    let passed = trimmable(pipeline, &cursors, false).await?;
    if !pipeline.appender.spool.log.can_trim(|segment| is_trimmable(segment, &passed)) {
        return Ok(());
    }
    let is_early = history.asked.is_some_and(|asked| asked.elapsed() < WATERMARK_INTERVAL);
    if is_early && !pipeline.appender.is_short_of_room() {
        return Ok(());
    }
    history.asked = Some(Instant::now());
    let safe = trimmable(pipeline, &cursors, true).await?;
    let mut removed = trim(pipeline, safe.clone()).await?;
    let is_early = history.checkpointed.is_some_and(|last| last.elapsed() < CHECKPOINT_INTERVAL);
    if removed == 0 && pipeline.appender.is_short_of_room() && !is_early {
        // The sinks have these records only in their write-ahead logs, so that the spool must keep them.
        // A checkpoint makes them durable.
        checkpoint(pipeline, &passed, &safe).await;
        history.checkpointed = Some(Instant::now());
        removed = trim(pipeline, trimmable(pipeline, &cursors, true).await?).await?;
    }
    if removed > 0 {
        // There may be more to remove: the next run asks again.
        history.asked = None;
        pipeline.appender.room.notify_waiters();
    }
    Ok(())
}

/// Trims once more what the sinks have, before the spool is closed: `cursors` are saved. What a sink has in its
/// write-ahead log alone is made durable first.
pub(crate) async fn run_last(pipeline: &Arc<Pipeline>, cursors: &Cursors) -> Result<()> {
    let passed = trimmable(pipeline, cursors, false).await?;
    if !pipeline.appender.spool.log.can_trim(|segment| is_trimmable(segment, &passed)) {
        return Ok(());
    }
    let safe = trimmable(pipeline, cursors, true).await?;
    checkpoint(pipeline, &passed, &safe).await;
    trim(pipeline, trimmable(pipeline, cursors, true).await?).await.map(drop)
}

/// Removes the segments of which every record may go, by `safe`; answers how many.
async fn trim(pipeline: &Arc<Pipeline>, safe: Vec<(u16, u64)>) -> Result<usize> {
    let pipeline = Arc::clone(pipeline);
    let trim = move || {
        let _maintenance =
            pipeline.maintenance.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A replay that was cut short finds out how far it came by the records in the spool.
        let unfinished = pipeline.dead.unfinished().into_iter().map(|(_, seq)| seq).min();
        let is_needed = |segment: &Segment| unfinished.is_some_and(|seq| segment.last() >= seq);
        pipeline.appender.spool.trim(|segment| is_trimmable(segment, &safe) && !is_needed(segment))
    };
    tokio::task::spawn_blocking(trim).await.map_err(|_| crate::IngestError::Closed)?
}

/// Has those sinks checkpoint that took more (`passed`) than they hold durably (`safe`).
async fn checkpoint(pipeline: &Pipeline, passed: &[(u16, u64)], safe: &[(u16, u64)]) {
    let limit = pipeline.appender.config.write_timeout;
    let mut lanes = passed.iter().zip(safe);
    for sink in &pipeline.sinks {
        // `count` goes through all lanes of this sink, so that those of the next sink follow.
        let is_behind = lanes.by_ref().take(sink.lanes.len()).filter(|(a, b)| a != b).count() > 0;
        if !is_behind || sink.breaker.is_open() {
            continue;
        }
        match timeout(limit, sink.store.checkpoint()).await {
            Ok(Ok(())) => tracing::debug!(sink = sink.name, "checkpointed, for room in the spool"),
            Ok(Err(error)) => {
                tracing::info!(sink = sink.name, %error, "no checkpoint for room in the spool");
            }
            Err(_) => tracing::info!(sink = sink.name, "a checkpoint takes long"),
        }
    }
}

/// For each lane, its kind of records and the last number that the spool may forget: no more than the
/// `saved` cursor, and with `ask` no more than the sink holds durably.
async fn trimmable(pipeline: &Pipeline, saved: &Cursors, ask: bool) -> Result<Vec<(u16, u64)>> {
    let (stream, epoch) = pipeline.appender.spool.stream()?;
    let limit = pipeline.appender.config.write_timeout;
    let mut safe = Vec::new();
    for sink in &pipeline.sinks {
        for lane in &sink.lanes {
            let cursor = saved.of(sink.id.as_str(), lane.table).unwrap_or_default().seq;
            let asked = async {
                // A store without watermarks has lost nothing that it applied, once it was asked which store it is:
                // the cursor stands there.
                if !sink.has_watermarks(lane.table) {
                    return if lane.is_known() { u64::MAX } else { 0 };
                }
                // While the breaker is open only its lanes send to the sink, one at a time.
                if sink.breaker.is_open() {
                    return 0;
                }
                match timeout(limit, sink.store.durable_watermark(&stream, epoch, lane.table)).await
                {
                    Ok(Ok(durable)) => durable.unwrap_or_default(),
                    // It does not say: nothing is trimmed for now.
                    Ok(Err(_)) | Err(_) => 0,
                }
            };
            let durable = if ask { asked.await } else { u64::MAX };
            safe.push((lane.table.number(), lane.safe(durable).min(cursor)));
        }
    }
    Ok(safe)
}

fn is_trimmable(segment: &Segment, safe: &[(u16, u64)]) -> bool {
    safe.iter().all(|(kind, seq)| segment.last_of(usize::from(*kind)) <= *seq)
}
