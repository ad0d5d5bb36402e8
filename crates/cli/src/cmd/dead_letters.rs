//! `tradekeep dead-letters`: records that a store does not take.

mod export;
mod resolve;

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use serde::{Serialize, Serializer};
use tradekeep::Config;
use tradekeep::ingest::requests::{Answer, Request, ask};
use tradekeep::ingest::{DeadLetter, DeadLetterFilter, DeadState, Replayed, inspect, operate};
use tradekeep::models::{Records, with_records};

use super::with_store;
use crate::Outcome;
use crate::args::{DeadLetters, Replay};
use crate::output::{Column, Out, counted, one_line};

/// Whoever records is waited for so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is replayed without a process that records is delivered for so long.
const DELIVERY: Duration = Duration::from_secs(30);

/// A letter, but for its record.
#[derive(Serialize)]
pub(super) struct About<'a> {
    id: u64,
    state: &'static str,
    /// The number in the spool that it was replayed with.
    replayed_as: Option<u64>,
    sink: &'a str,
    sink_name: &'a str,
    seq: u64,
    accepted: String,
    died: String,
    r#type: Option<&'static str>,
    class: &'static str,
    reason: &'a str,
    attempts: u32,
}

/// A letter with its record.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    about: About<'a>,
    record: Option<RecordJson<'a>>,
}

/// The one record of some.
pub(super) struct RecordJson<'a>(pub(super) &'a Records);

impl Serialize for RecordJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        with_records!(self.0, rows => rows.first().serialize(serializer))
    }
}

impl<'a> About<'a> {
    fn of(letter: &'a DeadLetter) -> Self {
        Self {
            id: letter.id,
            state: letter.state.as_str(),
            replayed_as: letter.state.replayed_as(),
            sink: &letter.sink,
            sink_name: &letter.sink_name,
            seq: letter.seq,
            accepted: letter.accepted.to_string(),
            died: letter.died.to_string(),
            r#type: letter.table.map(tradekeep::models::Table::as_str),
            class: letter.class.as_str(),
            reason: &letter.reason,
            attempts: letter.attempts,
        }
    }
}

impl<'a> Whole<'a> {
    fn of(letter: &'a DeadLetter) -> Self {
        Self { about: About::of(letter), record: letter.record.as_ref().map(RecordJson) }
    }
}

pub(crate) async fn run(args: DeadLetters, config: &Config, out: &mut Out) -> Result<Outcome> {
    match args {
        DeadLetters::List(which) => list(&which.filter(), config, out),
        DeadLetters::Show { id } => show(id, config, out),
        DeadLetters::Export(args) => export::run(&args, config, out),
        DeadLetters::Replay(args) => replay(&args, config, out).await,
        DeadLetters::Resolve(args) => resolve::run(&args, config, out).await,
        DeadLetters::Purge { .. } => purge(config, out).await,
    }
}

fn letters(filter: &DeadLetterFilter, config: &Config) -> Result<Vec<DeadLetter>> {
    Ok(inspect::dead_letters(config.ingest().data(), filter)?)
}

fn list(filter: &DeadLetterFilter, config: &Config, out: &mut Out) -> Result<Outcome> {
    let letters = letters(filter, config)?;
    if out.json() {
        letters.iter().try_for_each(|letter| out.object(&About::of(letter)))?;
        return Ok(Outcome::Done);
    }
    if letters.is_empty() {
        out.dim("no dead letters match: nothing was refused, or it is purged")?;
        return Ok(Outcome::Done);
    }
    let column = |cell: fn(&DeadLetter) -> String| letters.iter().map(cell).collect();
    out.table(vec![
        Column::amounts("id", column(|letter| letter.id.to_string())),
        Column::times("given up (UTC)", letters.iter().map(|letter| letter.died)),
        Column::text("class", column(|letter| letter.class.to_string())),
        Column::text("type", column(|letter| maybe(letter.table))),
        Column::text("reason", column(|letter| one_line(&letter.reason))).prose(),
        Column::text("state", column(|letter| letter.state.as_str().into())).extra(),
        Column::text("store", column(|letter| one_line(&letter.sink_name))).long().extra(),
        Column::amounts("sent", column(|letter| letter.attempts.to_string())).extra(),
    ])?;
    let open = letters.iter().filter(|letter| letter.state == DeadState::Open).count();
    let of = |state: &str| letters.iter().filter(|letter| letter.state.as_str() == state).count();
    let resolved = match of("resolved") {
        0 => String::new(),
        resolved => format!(", {resolved} resolved"),
    };
    let replayed = of("replayed");
    let open = counted(open as u64, "open letter");
    out.line(format_args!("{open}, {replayed} replayed{resolved}"))?;
    Ok(Outcome::Done)
}

fn maybe(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn show(id: u64, config: &Config, out: &mut Out) -> Result<Outcome> {
    let letters = letters(&DeadLetterFilter::id(id), config)?;
    let Some(letter) = letters.first() else {
        bail!("there is no dead letter {id}: `tradekeep dead-letters list` shows which there are");
    };
    if out.json() {
        out.object(&Whole::of(letter))?;
        return Ok(Outcome::Done);
    }
    let state = match letter.state.replayed_as() {
        None => letter.state.as_str().into(),
        Some(seq) => format!("replayed as record {seq}"),
    };
    out.bold(format_args!("dead letter {id}, {state}"))?;
    let (class, reason) = (letter.class, one_line(&letter.reason));
    out.line(format_args!("{class}: {reason}"))?;
    let store = format!("{} ({})", one_line(&letter.sink_name), letter.sink);
    let sent = counted(letter.attempts.into(), "time");
    out.line(format_args!("not taken by {store}, to which it was sent {sent}"))?;
    let (accepted, died) = (letter.accepted, letter.died);
    let seq = letter.seq;
    out.line(format_args!("record {seq} of the spool, accepted {accepted}, given up {died}"))?;
    match &letter.record {
        Some(record) => out.object(&RecordJson(record))?,
        None => out.line("this program cannot read the record: a newer one may")?,
    }
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct ReplayedObject {
    dry_run: bool,
    replayed: u64,
    already: u64,
    unreadable: u64,
    /// Records that still wait for a store, where no other process delivers them.
    pending: Option<u64>,
}

async fn replay(args: &Replay, config: &Config, out: &mut Out) -> Result<Outcome> {
    let filter = args.filter()?;
    let ingest = config.ingest();
    let data = ingest.data();
    if args.dry_run {
        let found = inspect::replayable(data, &filter)?;
        return tell_replayed(found, true, None, out);
    }
    let request = Request::Replay { filter: filter.clone(), dry_run: false };
    match ask(data, &request, PATIENCE).await? {
        Answer::Replayed(done) => tell_replayed(done, false, None, out),
        Answer::NobodyThere => {
            let found = inspect::replayable(data, &filter)?;
            if found.replayed == 0 {
                // No store is opened for nothing.
                return tell_replayed(found, false, None, out);
            }
            with_store(config, async |store| {
                let ingest = store.ingest().await?;
                let done = ingest.replay(&filter, false).await;
                let left = ingest.shutdown(DELIVERY).await;
                tell_replayed(done?, false, Some(left?.pending()), out)
            })
            .await
        }
        answer => Err(unexpected(&answer)),
    }
}

fn tell_replayed(
    done: Replayed,
    dry_run: bool,
    pending: Option<u64>,
    out: &mut Out,
) -> Result<Outcome> {
    let Replayed { replayed, already, unreadable, .. } = done;
    if out.json() {
        out.object(&ReplayedObject { dry_run, replayed, already, unreadable, pending })?;
        return Ok(Outcome::Done);
    }
    let letters = counted(replayed, "letter");
    out.line(match (replayed, dry_run) {
        (0, _) => "no open letters match".to_owned(),
        (_, true) => format!("{letters} would be sent again: repeat without --dry-run"),
        (_, false) => format!(
            "{letters} sent again: `tradekeep dead-letters purge --resolved` removes what was"
        ),
    })?;
    if already > 0 {
        out.line(format_args!("{already} had been replayed, or resolved, before"))?;
    }
    if unreadable > 0 {
        out.line(format_args!("{unreadable} cannot be read by this program, and stay"))?;
    }
    if let Some(pending) = pending.filter(|pending| *pending > 0) {
        out.line(format_args!(
            "{} still to be delivered: see `tradekeep spool status`",
            counted(pending, "record")
        ))?;
    }
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct PurgedObject {
    purged: u64,
}

async fn purge(config: &Config, out: &mut Out) -> Result<Outcome> {
    let ingest = config.ingest();
    let purged = match ask(ingest.data(), &Request::PurgeResolved, PATIENCE).await? {
        Answer::Purged { letters } => letters,
        Answer::NobodyThere => operate::purge_resolved(ingest.data())?,
        answer => return Err(unexpected(&answer)),
    };
    if out.json() {
        out.object(&PurgedObject { purged })?;
    } else {
        out.line(format_args!("{} removed", counted(purged, "letter")))?;
    }
    Ok(Outcome::Done)
}

/// An answer to something else.
pub(super) fn unexpected(answer: &Answer) -> anyhow::Error {
    tracing::debug!(?answer, "that was not asked");
    anyhow!("the process that records answered something else: use the same tradekeep for both")
}
