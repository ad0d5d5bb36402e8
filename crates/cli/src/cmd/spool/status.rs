//! `tradekeep spool status`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tradekeep::ingest::inspect::{self, LaneHeld, Oldest, SinkHeld, SpoolStatus};
use tradekeep::ingest::requests::{Answer, Request, ask};
use tradekeep::ingest::{IngestStats, LaneStatus};

use crate::Outcome;
use crate::output::{Column, Out, counted, grouped, one_line, size};

/// Whoever records is waited for so long: the files tell nearly everything.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct LaneObject<'a> {
    sink: &'a str,
    name: &'a str,
    r#type: &'static str,
    cursor: u64,
    accepted: u64,
    before: u64,
    applied: u64,
    dead: u64,
    pending: u64,
    unaccounted: i128,
    oldest_seq: Option<u64>,
    oldest_time: Option<String>,
    /// `delivering`, `retrying`, `halted`; of a process that records only.
    status: Option<&'static str>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Object<'a> {
    folder: String,
    holder: Option<&'a str>,
    stream: Option<&'a str>,
    epoch: u64,
    last_seq: u64,
    bound: u64,
    bytes: u64,
    segments: usize,
    pending: u64,
    dead_letters: u64,
    replayed: u64,
    dropped: u64,
    damaged: &'a [String],
}

pub(super) async fn run(data: &Path, out: &mut Out) -> Result<Outcome> {
    let status = inspect::status(data)?;
    let live = live(data, &status).await;
    let lanes =
        || status.sinks.iter().flat_map(|sink| sink.lanes.iter().map(move |lane| (sink, lane)));
    if out.json() {
        for (sink, lane) in lanes() {
            out.object(&object(sink, lane, live.as_deref()))?;
        }
        out.object(&totals(data, &status))?;
        return Ok(Outcome::Done);
    }
    // Most tables of most stores never had a record.
    let lanes: Vec<_> = lanes().filter(|(_, lane)| lane.accepted > 0).collect();
    head(data, &status, out)?;
    if !lanes.is_empty() {
        out.line("")?;
        table(&lanes, live.as_deref(), out)?;
        out.line("")?;
    }
    for reason in reasons(live.as_deref()) {
        out.line(reason)?;
    }
    tail(&status, out)?;
    Ok(Outcome::Done)
}

/// What only the process that records knows, where one does: why something waits.
pub(super) async fn live(data: &Path, status: &SpoolStatus) -> Option<Box<IngestStats>> {
    status.holder.as_ref()?;
    match ask(data, &Request::Stats, PATIENCE).await {
        Ok(Answer::Stats(stats)) => Some(stats),
        answer => {
            tracing::info!(?answer, "the process that records does not tell how it is doing");
            None
        }
    }
}

fn lane_status<'a>(
    sink: &SinkHeld,
    lane: &LaneHeld,
    live: Option<&'a IngestStats>,
) -> Option<&'a LaneStatus> {
    let sink = live?.sinks.iter().find(|known| known.id.as_str() == sink.id)?;
    let lane = sink.lanes.iter().find(|known| known.table == lane.table)?;
    Some(&lane.status)
}

const fn words(status: &LaneStatus) -> (&'static str, Option<&String>) {
    (status.as_str(), status.reason())
}

fn object<'a>(
    sink: &'a SinkHeld,
    lane: &LaneHeld,
    live: Option<&'a IngestStats>,
) -> LaneObject<'a> {
    let status = lane_status(sink, lane, live).map(words);
    LaneObject {
        sink: &sink.id,
        name: &sink.name,
        r#type: lane.table.as_str(),
        cursor: lane.cursor,
        accepted: lane.accepted,
        before: lane.before,
        applied: lane.applied,
        dead: lane.dead,
        pending: lane.pending,
        unaccounted: lane.unaccounted(),
        oldest_seq: lane.oldest.map(|oldest| oldest.seq),
        oldest_time: lane.oldest.map(|oldest| oldest.time.to_string()),
        status: status.map(|(word, _)| word),
        reason: status.and_then(|(_, reason)| reason).map(String::as_str),
    }
}

fn totals<'a>(data: &Path, status: &'a SpoolStatus) -> Object<'a> {
    Object {
        folder: data.join("spool").display().to_string(),
        holder: status.holder.as_deref(),
        stream: status.stream.as_deref(),
        epoch: status.epoch,
        last_seq: status.last_seq,
        bound: status.bound,
        bytes: status.bytes,
        segments: status.segments,
        pending: status.pending(),
        dead_letters: status.dead_letters,
        replayed: status.replayed,
        dropped: status.dropped.iter().map(|(_, count)| count).sum(),
        damaged: &status.damaged,
    }
}

fn head(data: &Path, status: &SpoolStatus, out: &mut Out) -> Result<()> {
    let folder = data.join("spool");
    let holder = match &status.holder {
        Some(holder) => format!("held by {}", one_line(holder)),
        None => "held by nobody".into(),
    };
    let (bytes, segments) = (size(status.bytes), counted(status.segments as u64, "segment"));
    out.line(format_args!("{}: {holder}, {bytes} in {segments}", folder.display()))?;
    let stream = status.stream.as_deref().unwrap_or("(the manifest is damaged)");
    let last = grouped(status.last_seq);
    out.line(format_args!("stream {stream}, epoch {}, last record {last}", status.epoch))
}

fn table(
    lanes: &[(&SinkHeld, &LaneHeld)],
    live: Option<&IngestStats>,
    out: &mut Out,
) -> Result<()> {
    type Row<'a> = (&'a SinkHeld, &'a LaneHeld);
    let column = |cell: fn(&Row<'_>) -> String| lanes.iter().map(cell).collect();
    let since = |lane: &LaneHeld| lane.oldest.map(|Oldest { time, .. }| time);
    // Columns of times are whole: what waits for nothing leaves its cell empty.
    let times = crate::output::times(lanes.iter().filter_map(|(_, lane)| since(lane)));
    let mut times = times.into_iter();
    let waits = lanes.iter().map(|(_, lane)| {
        if lane.oldest.is_some() { times.next().unwrap_or_default() } else { String::new() }
    });
    let status = |(sink, lane): &Row<'_>| {
        lane_status(sink, lane, live).map(|status| words(status).0.to_owned()).unwrap_or_default()
    };
    out.table(vec![
        Column::text("store", column(|(sink, _)| one_line(&sink.name))).long(),
        Column::text("type", column(|(_, lane)| lane.table.to_string())),
        Column::amounts("accepted", column(|(_, lane)| grouped(lane.accepted))),
        Column::amounts("stored", column(|(_, lane)| grouped(lane.applied))),
        Column::amounts("dead", column(|(_, lane)| grouped(lane.dead))),
        Column::amounts("waiting", column(|(_, lane)| grouped(lane.pending))),
        Column::text("since (UTC)", waits.collect()).extra(),
        Column::text("state", lanes.iter().map(status).collect()).extra(),
        Column::text("id", column(|(sink, _)| sink.id.clone())).extra(),
    ])
}

/// Why a store does not take what waits for it, once each.
pub(super) fn reasons(live: Option<&IngestStats>) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for sink in live.map_or(&[][..], |stats| &stats.sinks) {
        for lane in &sink.lanes {
            let (word, Some(reason)) = words(&lane.status) else { continue };
            let line = format!("{} is {word}: {}", one_line(&sink.name), one_line(reason));
            if !reasons.contains(&line) {
                reasons.push(line);
            }
        }
    }
    reasons
}

fn tail(status: &SpoolStatus, out: &mut Out) -> Result<()> {
    match status.pending() {
        0 => out.line("nothing waits")?,
        pending => out.line(format_args!("{} waiting", counted(pending, "record")))?,
    }
    if status.dead_letters > 0 {
        let letters = counted(status.dead_letters, "dead letter");
        out.line(format_args!("{letters}: `tradekeep dead-letters list`"))?;
    }
    for (table, count) in &status.dropped {
        out.line(format_args!(
            "{} {table} were counted and not kept: there was no room",
            grouped(*count)
        ))?;
    }
    if !status.damaged.is_empty() {
        let places = counted(status.damaged.len() as u64, "damaged place");
        out.line(format_args!("{places}: `tradekeep spool verify` tells what is lost"))?;
    }
    Ok(())
}
