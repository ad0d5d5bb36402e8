//! Keeps the spool small: notes how far sinks have come, and removes what all of them have.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::error::Result;
use crate::ingest::Shared;
use crate::log::Segment;
use crate::metrics;
use crate::spool::cursors::Cursors;

/// Between two rounds.
const PACE: Duration = Duration::from_secs(1);
/// Between two rounds while somebody waits for room.
const FAST: Duration = Duration::from_millis(20);

/// Between two times that sinks are asked how far they cannot lose any more, which costs an embedded one
/// its turn at the database; unless somebody waits for room.
const ASKING: Duration = Duration::from_secs(5);

/// Between two times that sinks are told to checkpoint, which costs an embedded one some tenths of a second.
const CHECKPOINTS: Duration = Duration::from_secs(1);

/// What is known from earlier rounds.
#[derive(Default)]
struct Known {
    saved: Option<Cursors>,
    asked: Option<Instant>,
    checkpointed: Option<Instant>,
}

/// Goes round until the way in is gone, or it is aborted.
pub(crate) async fn run(shared: Weak<Shared>) {
    let mut known = Known::default();
    loop {
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = round(&shared, &mut known).await {
            tracing::warn!(%error, "the spool cannot be made smaller yet");
        }
        metrics::publish(&shared.stats());
        let pace = if shared.accept.is_waited_for() { FAST } else { PACE };
        drop(shared);
        sleep(pace).await;
    }
}

/// First the cursors, durably, then what they make needless.
async fn round(shared: &Arc<Shared>, known: &mut Known) -> Result<()> {
    let cursors = shared.cursors();
    if known.saved.as_ref() != Some(&cursors) {
        let (of_thread, content) = (Arc::clone(shared), cursors.clone());
        let save = move || of_thread.accept.spool.save_cursors(&content);
        tokio::task::spawn_blocking(save).await.map_err(|_| crate::IngestError::Closed)??;
        known.saved = Some(cursors.clone());
    }
    // What is asked of the sinks is asked only when there is something to gain.
    let passed = safe_of(shared, &cursors, false).await?;
    if !shared.accept.spool.log.can_trim(|segment| is_done(segment, &passed)) {
        return Ok(());
    }
    let is_early = known.asked.is_some_and(|asked| asked.elapsed() < ASKING);
    if is_early && !shared.accept.is_short_of_room() {
        return Ok(());
    }
    known.asked = Some(Instant::now());
    let safe = safe_of(shared, &cursors, true).await?;
    let mut removed = trim(shared, safe.clone()).await?;
    let is_early = known.checkpointed.is_some_and(|last| last.elapsed() < CHECKPOINTS);
    if removed == 0 && shared.accept.is_short_of_room() && !is_early {
        // What the sinks have fills the spool, for as long as it is only in their logs.
        checkpoint(shared, &passed, &safe).await;
        known.checkpointed = Some(Instant::now());
        removed = trim(shared, safe_of(shared, &cursors, true).await?).await?;
    }
    if removed > 0 {
        // There may be more to gain.
        known.asked = None;
        shared.accept.room.notify_waiters();
    }
    Ok(())
}

/// Removes segments up to the records that are `safe` to forget; answers how many.
async fn trim(shared: &Arc<Shared>, safe: Vec<(u16, u64)>) -> Result<usize> {
    let shared = Arc::clone(shared);
    let trim = move || {
        let _moving = shared.moving.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Where a replay was cut short, the record in the spool is what tells how far it came.
        let unfinished = shared.dead.unfinished().into_iter().map(|(_, seq)| seq).min();
        let is_needed = |segment: &Segment| unfinished.is_some_and(|seq| segment.last() >= seq);
        shared.accept.spool.trim(|segment| is_done(segment, &safe) && !is_needed(segment))
    };
    tokio::task::spawn_blocking(trim).await.map_err(|_| crate::IngestError::Closed)?
}

/// Has those sinks checkpoint whose lanes have `passed` more than is `safe` to forget.
async fn checkpoint(shared: &Shared, passed: &[(u16, u64)], safe: &[(u16, u64)]) {
    let limit = shared.accept.config.write_timeout;
    let mut lanes = passed.iter().zip(safe);
    for sink in &shared.sinks {
        // Counted to the end, so that those of the next sink follow.
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

/// For each lane, its kind and the last record that the spool may forget: no more than is `saved`.
async fn safe_of(shared: &Shared, saved: &Cursors, ask: bool) -> Result<Vec<(u16, u64)>> {
    let (stream, epoch) = shared.accept.spool.stream()?;
    let limit = shared.accept.config.write_timeout;
    let mut safe = Vec::new();
    for sink in &shared.sinks {
        for lane in &sink.lanes {
            let cursor = saved.of(sink.id.as_str(), lane.table).unwrap_or_default().seq;
            let asked = async {
                // A store without watermarks has what it applied: there the cursor stands.
                if !sink.store.capabilities(lane.table).watermarks {
                    return u64::MAX;
                }
                // A store that is away is not asked here too: its lanes try it, with pauses.
                if sink.breaker.is_open() {
                    return 0;
                }
                match timeout(limit, sink.store.durable_watermark(&stream, epoch, lane.table)).await
                {
                    Ok(Ok(durable)) => durable.unwrap_or_default(),
                    // Not now.
                    Ok(Err(_)) | Err(_) => 0,
                }
            };
            let durable = if ask { asked.await } else { u64::MAX };
            safe.push((lane.table.number(), lane.safe(durable).min(cursor)));
        }
    }
    Ok(safe)
}

fn is_done(segment: &Segment, safe: &[(u16, u64)]) -> bool {
    safe.iter().all(|(kind, seq)| segment.last_of(usize::from(*kind)) <= *seq)
}
