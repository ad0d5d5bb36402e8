//! `tradekeep dead-letters export`.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;
use tradekeep::Config;
use tradekeep::ingest::{DeadLetter, DeadLetterFilter};
use tradekeep::models::Table;

use super::{RecordJson, Whole, letters};
use crate::args::Export;
use crate::output::{Out, counted};
use crate::{Outcome, tell_error};

#[derive(Serialize)]
struct Object {
    file: String,
    exported: usize,
    r#type: Option<&'static str>,
}

pub(super) fn run(args: &Export, config: &Config, out: &mut Out) -> Result<Outcome> {
    // What was replayed is stored, or a dead letter anew.
    let filter = DeadLetterFilter { open: !args.with_reasons, ..args.which.filter() };
    let letters = letters(&filter, config)?;
    let table = if args.with_reasons { None } else { one_table(&letters)? };
    let unreadable = letters.iter().filter(|letter| letter.record.is_none()).count();
    let exported = letters.len() - if args.with_reasons { 0 } else { unreadable };
    match &args.file {
        None => out.with(|stdout| write(stdout, &letters, args.with_reasons))?,
        Some(path) => {
            let failed = || format!("{}: cannot be written: name another file", path.display());
            let mut file = BufWriter::new(create(path)?);
            write(&mut file, &letters, args.with_reasons).with_context(failed)?;
            file.into_inner()
                .map_err(io::Error::from)
                .and_then(|file| file.sync_all())
                .with_context(failed)?;
            tell(path, exported, table, out)?;
        }
    }
    if unreadable > 0 && !args.with_reasons {
        out.flush()?;
        tell_error(&format!(
            "{} left out, which this program cannot read: --with-reasons shows what is known of them",
            counted(unreadable as u64, "letter")
        ));
        return Ok(Outcome::Rejected);
    }
    Ok(Outcome::Done)
}

/// The table of all of them: a file of records is of one type.
fn one_table(letters: &[DeadLetter]) -> Result<Option<Table>> {
    let mut tables: Vec<_> = letters.iter().filter_map(|letter| letter.table).collect();
    tables.sort_unstable();
    tables.dedup();
    match &tables[..] {
        [] => Ok(None),
        [table] => Ok(Some(*table)),
        tables => {
            let names: Vec<_> = tables.iter().map(|table| table.as_str()).collect();
            bail!(
                "these are {}, and a file to import holds one type: choose it with --table, or take \
                 all --with-reasons",
                names.join(", ")
            )
        }
    }
}

/// A file of its owner's alone, as dead letters are.
fn create(path: &Path) -> Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| {
        let path = path.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow!("{path}: is there already: name a new file, or remove that one")
            }
            _ => anyhow!("{path}: cannot be written ({error}): name another file"),
        }
    })
}

fn write(to: &mut impl Write, letters: &[DeadLetter], with_reasons: bool) -> io::Result<()> {
    for letter in letters {
        match &letter.record {
            _ if with_reasons => serde_json::to_writer(&mut *to, &Whole::of(letter))?,
            Some(record) => serde_json::to_writer(&mut *to, &RecordJson(record))?,
            None => continue,
        }
        to.write_all(b"\n")?;
    }
    Ok(())
}

fn tell(path: &Path, exported: usize, table: Option<Table>, out: &mut Out) -> Result<()> {
    let file = path.display().to_string();
    if out.json() {
        return out.object(&Object { file, exported, r#type: table.map(Table::as_str) });
    }
    let count = counted(exported as u64, "letter");
    match table {
        Some(table) => out.line(format_args!(
            "{count} in {file}: correct it, then `tradekeep import --type {table} {file}`"
        )),
        None => out.line(format_args!("{count} in {file}")),
    }
}
