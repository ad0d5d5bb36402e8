//! `tradekeep spool`: records on their way into the stores.

mod brief;
mod status;
mod verify;

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;
use tradekeep::ingest::inspect::{self, SpoolStatus};
use tradekeep::ingest::requests::{Answer, Request, ask};
use tradekeep::ingest::{IngestStats, SinkConfig, operate};
use tradekeep::{Config, Tradekeep};

pub(super) use self::brief::Brief;
use super::dead_letters::unexpected;
use super::with_open_store;
use crate::args::{Drain, Forget, NewEpoch, Spool};
use crate::output::{Out, counted, one_line};
use crate::{Outcome, WrongUsage, tell_error};

/// Longer than whoever records was asked to take.
const MARGIN: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: Spool, config: &Config, out: &mut Out) -> Result<Outcome> {
    match args {
        Spool::Status => status::run(config.ingest().data(), out).await,
        Spool::Verify => verify::run(config.ingest().data(), out),
        Spool::Drain(args) => drain(&args, config, out).await,
        Spool::Forget(args) => forget(&args, config.ingest().data(), out),
        Spool::NewEpoch(args) => new_epoch(&args, config.ingest().data(), out),
    }
}

#[derive(Serialize)]
struct Drained {
    pending: u64,
    dead_letters: u64,
}

async fn drain(args: &Drain, config: &Config, out: &mut Out) -> Result<Outcome> {
    let patience = Duration::from_secs(args.wait);
    let ingest = config.ingest();
    if let Some(url) = &args.to {
        let store = config.sink_id(url)?;
        let status = inspect::status(ingest.data())?;
        if !status.sinks.iter().any(|sink| sink.id == store.as_str()) {
            let name = config.sink_name(url)?;
            bail!("nothing waits for {}: the spool knows {}", one_line(&name), sinks(&status));
        }
        let config = config.clone().with_also(url)?;
        return drain_here(&config, &status, patience, out).await;
    }
    let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    let asked = ask(ingest.data(), &Request::Flush { ms: millis }, patience + MARGIN).await?;
    match asked {
        Answer::Flushed(stats) => tell_drained(&stats, out),
        Answer::NobodyThere => {
            let status = inspect::status(ingest.data())?;
            drain_here(config, &status, patience, out).await
        }
        answer => Err(unexpected(&answer)),
    }
}

/// Takes the spool, delivers, and lets go.
async fn drain_here(
    config: &Config,
    status: &SpoolStatus,
    patience: Duration,
    out: &mut Out,
) -> Result<Outcome> {
    if let Some(holder) = &status.holder {
        bail!("{holder} has the spool: stop it first");
    }
    let store = Tradekeep::open(config).await?;
    with_open_store(&store, async |store| {
        let sinks = store.sinks().into_iter().map(|sink| as_it_was(sink, status)).collect();
        let stats = operate::drain(config.ingest(), sinks, patience).await?;
        tell_drained(&stats, out)
    })
    .await
}

/// A store that the spool knows gets what it got before, and no other tables.
fn as_it_was(mut sink: SinkConfig, status: &SpoolStatus) -> SinkConfig {
    if let Some(known) = status.sinks.iter().find(|known| known.id == sink.id.as_str()) {
        sink.tables = known.lanes.iter().map(|lane| lane.table).collect();
    }
    sink
}

fn tell_drained(stats: &IngestStats, out: &mut Out) -> Result<Outcome> {
    let (pending, dead_letters) = (stats.pending(), stats.dead_letters);
    if out.json() {
        out.object(&Drained { pending, dead_letters })?;
    } else if pending == 0 {
        out.line("every store has all that it is to have")?;
        if dead_letters > 0 {
            let letters = counted(dead_letters, "dead letter");
            out.line(format_args!("{letters} to decide on: `tradekeep dead-letters list`"))?;
        }
    }
    if pending == 0 {
        return Ok(Outcome::Done);
    }
    out.flush()?;
    let why = stats.sinks.iter().filter_map(|sink| {
        let waiting = sink.lanes.iter().filter(|lane| lane.pending > 0);
        let reason = waiting.filter_map(|lane| lane.status.reason()).next()?;
        Some(format!("{}: {}", sink.name, one_line(reason)))
    });
    let why: Vec<_> = why.collect();
    let why =
        if why.is_empty() { "it takes longer: give --wait more".into() } else { why.join("; ") };
    tell_error(&format!("{} still to be delivered; {why}", counted(pending, "record")));
    Ok(Outcome::Failed)
}

fn sinks(status: &SpoolStatus) -> String {
    let names: Vec<_> =
        status.sinks.iter().map(|sink| format!("{} ({})", one_line(&sink.name), sink.id)).collect();
    if names.is_empty() { "no store".into() } else { names.join(", ") }
}

#[derive(Serialize)]
struct ForgottenObject {
    sink: String,
    name: String,
    given_up: u64,
}

fn forget(args: &Forget, data: &Path, out: &mut Out) -> Result<Outcome> {
    let status = inspect::status(data)?;
    let of = status.sinks.iter().filter(|sink| [&sink.id, &sink.name].contains(&&args.sink));
    let waiting: Vec<_> = of.flat_map(|sink| &sink.lanes).filter(|lane| lane.pending > 0).collect();
    if !waiting.is_empty() && !args.yes {
        let records = counted(waiting.iter().map(|lane| lane.pending).sum(), "record");
        let each: Vec<_> =
            waiting.iter().map(|lane| format!("{} {}", lane.table, lane.pending)).collect();
        return Err(WrongUsage(format!(
            "{records} that {} has not got would be given up ({}): deliver them with `tradekeep spool \
             drain --to URL`, or repeat with --yes",
            one_line(&args.sink),
            each.join(", ")
        ))
        .into());
    }
    let forgotten = operate::forget(data, &args.sink)?;
    if out.json() {
        out.object(&ForgottenObject {
            sink: forgotten.id,
            name: forgotten.name,
            given_up: forgotten.pending,
        })?;
    } else {
        let (name, given_up) = (one_line(&forgotten.name), counted(forgotten.pending, "record"));
        out.line(format_args!("{name} is forgotten, {given_up} given up"))?;
    }
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct EpochObject {
    epoch: u64,
    again: u64,
}

fn new_epoch(args: &NewEpoch, data: &Path, out: &mut Out) -> Result<Outcome> {
    if !args.yes {
        let status = inspect::status(data)?;
        return Err(WrongUsage(format!(
            "epoch {} would end, and all that the spool holds be sent to every store again, which keeps \
             it single: that is for a spool that was brought back older than it was; repeat with --yes",
            status.epoch
        ))
        .into());
    }
    let begun = operate::new_epoch(data)?;
    if out.json() {
        out.object(&EpochObject { epoch: begun.epoch, again: begun.again })?;
    } else {
        let again = counted(begun.again, "record");
        out.line(format_args!("epoch {} has begun: {again} to be sent again", begun.epoch))?;
    }
    Ok(Outcome::Done)
}
