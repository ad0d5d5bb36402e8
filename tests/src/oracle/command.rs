//! The oracle as a process of its own, which shares no memory with what it judges.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;

use tradekeep_models::Table;

use super::{Oracle, Promise, Report};

const USAGE: &str = "usage: oracle TABLE|COLUMN,… SENT STORED [OPEN]
  TABLE     trades, ticks, …: rows are told apart by its identity
  COLUMN,…  or by these columns
  SENT      NDJSON: rows that have to be there
  STORED    NDJSON: rows that are there
  OPEN      NDJSON: rows that may be there as well, as they were sent without a receipt";

/// Compares the files that `args` name. One line on `out`; examples of what is wrong on `err`.
///
/// Leaves with 0 where all is well, 1 where it is not, and 2 where that cannot be said. A test binary
/// may run it on itself, as the program that its own first argument chooses.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> ExitCode {
    let said = match judge(&args.into_iter().collect::<Vec<_>>()) {
        Ok(report) => {
            let code = if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) };
            let told =
                writeln!(out, "{report}").and_then(|()| write!(err, "{}", report.examples()));
            told.map(|()| code)
        }
        Err(error) => writeln!(err, "oracle: {error}").map(|()| ExitCode::from(2)),
    };
    // Who asked is gone: no answer is not a good one.
    said.unwrap_or(ExitCode::from(2))
}

fn judge(args: &[OsString]) -> Result<Report, Box<dyn std::error::Error>> {
    let (columns, sent, stored, open) = match args {
        [columns, sent, stored] => (columns, sent, stored, None),
        [columns, sent, stored, open] => (columns, sent, stored, Some(open)),
        _ => return Err(USAGE.into()),
    };
    let columns = columns.to_str().ok_or("columns are UTF-8")?;
    let mut oracle = match columns.parse::<Table>() {
        Ok(table) => Oracle::new(table.identity()),
        Err(_) => Oracle::new(&columns.split(',').collect::<Vec<_>>()),
    };
    each_line(sent, |line| Ok(oracle.sent(line, Promise::Kept)?))?;
    if let Some(open) = open {
        each_line(open, |line| Ok(oracle.sent(line, Promise::Open)?))?;
    }
    each_line(stored, |line| Ok(oracle.stored(line)?))?;
    Ok(oracle.report())
}

fn each_line(
    path: impl AsRef<Path>,
    mut on: impl FnMut(&str) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let path = path.as_ref();
    let named = |error: io::Error| format!("{}: {error}", path.display());
    for line in BufReader::new(File::open(path).map_err(named)?).lines() {
        on(&line.map_err(named)?)?;
    }
    Ok(())
}
