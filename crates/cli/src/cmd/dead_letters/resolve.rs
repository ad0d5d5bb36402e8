//! `tradekeep dead-letters resolve`: closing letters about which nothing is to be done.

use anyhow::Result;
use serde::Serialize;
use tradekeep::ingest::requests::{Answer, Request, ask};
use tradekeep::ingest::{DeadLetter, DeadLetterFilter, operate};
use tradekeep::{Config, ErrorKind};

use super::{PATIENCE, letters, unexpected};
use crate::Outcome;
use crate::args::Resolve;
use crate::cmd::with_store;
use crate::output::{Out, counted};

#[derive(Serialize)]
struct ResolvedObject {
    resolved: u64,
    /// Letters whose record no store that could be asked has.
    not_stored: u64,
    /// Letters of a store that the configuration does not name, or that cannot be read.
    not_asked: u64,
}

pub(super) async fn run(args: &Resolve, config: &Config, out: &mut Out) -> Result<Outcome> {
    let filter = DeadLetterFilter { open: true, ..args.filter()? };
    let (mut not_stored, mut not_asked) = (0, 0);
    let filter = if args.stored {
        let open = letters(&filter, config)?;
        let found = stored(&open, config).await?;
        (not_stored, not_asked) = (found.not_stored, found.not_asked);
        DeadLetterFilter::ids(found.ids)
    } else {
        filter
    };
    let resolved =
        if args.stored && filter.ids.is_empty() { 0 } else { close(&filter, config).await? };
    if out.json() {
        out.object(&ResolvedObject { resolved, not_stored, not_asked })?;
        return Ok(Outcome::Done);
    }
    out.line(match resolved {
        0 => "no open letters match".to_owned(),
        _ => format!(
            "{} resolved: `tradekeep dead-letters purge --resolved` removes them",
            counted(resolved, "letter")
        ),
    })?;
    if not_stored > 0 {
        let others = counted(not_stored, "letter");
        out.line(format_args!("{others} stay: the store has not got the record, or another one"))?;
    }
    if not_asked > 0 {
        let others = counted(not_asked, "letter");
        out.line(format_args!(
            "{others} stay: their store is none of this configuration, or this program cannot read the record"
        ))?;
    }
    Ok(Outcome::Done)
}

/// Has whoever records close them, or does it.
async fn close(filter: &DeadLetterFilter, config: &Config) -> Result<u64> {
    let ingest = config.ingest();
    let data = ingest.data();
    let request = Request::Resolve { filter: filter.clone() };
    match ask(data, &request, PATIENCE).await? {
        Answer::Resolved { letters } => Ok(letters),
        Answer::NobodyThere => Ok(operate::resolve(data, filter)?),
        answer => Err(unexpected(&answer)),
    }
}

/// What became of letters whose record was looked for.
#[derive(Default)]
struct Found {
    /// Those whose record the store has.
    ids: Vec<u64>,
    not_stored: u64,
    not_asked: u64,
}

async fn stored(open: &[DeadLetter], config: &Config) -> Result<Found> {
    let mut found = Found::default();
    if open.is_empty() {
        // No store is opened for nothing.
        return Ok(found);
    }
    with_store(config, async |store| {
        for letter in open {
            let Some(record) = &letter.record else {
                found.not_asked += 1;
                continue;
            };
            match store.has_stored(&letter.sink, record).await {
                Ok(true) => found.ids.push(letter.id),
                Ok(false) => found.not_stored += 1,
                Err(error) if error.kind == ErrorKind::NotFound => found.not_asked += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Outcome::Done)
    })
    .await?;
    Ok(found)
}
