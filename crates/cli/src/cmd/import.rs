//! `tradekeep import`: files into the store.

mod read;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use tradekeep::Tradekeep;

use self::read::Job;
pub(crate) use self::report::{Report, tell};
use crate::args::{self, Type};
use crate::input::{STDIN, Stop};
use crate::output::{Out, counted};
use crate::rejects::Rejects;
use crate::{Outcome, WrongUsage, tell_error, tell_note};

/// Refuses files that cannot be read together.
pub(crate) fn check(args: &args::Import) -> Result<(), WrongUsage> {
    args.options()?;
    let stdins = args.files.iter().filter(|file| file.as_os_str() == STDIN).count();
    if stdins > 1 {
        return Err(WrongUsage("- can be given once: stdin is read to its end".into()));
    }
    let Some(rejected) = args.rejected.as_ref().and_then(|path| fs::canonicalize(path).ok()) else {
        return Ok(());
    };
    for file in &args.files {
        if fs::canonicalize(file).is_ok_and(|file| file == rejected) {
            let file = file.display();
            return Err(WrongUsage(format!(
                "--rejected would overwrite {file}, which is to be read: name another file"
            )));
        }
    }
    Ok(())
}

pub(crate) async fn run(
    args: &args::Import,
    data: &Path,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<Outcome> {
    let stop = Stop::on_ctrl_c()?;
    let many = args.files.len() > 1;
    let mut shared = args.rejected.as_deref().map(Rejects::at);
    let mut all = Report { name: counted(args.files.len() as u64, "file"), ..Report::default() };
    let mut outcome = Outcome::Done;
    for file in &args.files {
        if stop.is_asked() {
            outcome = Outcome::Interrupted;
            break;
        }
        let mut own = Rejects::of(file, data);
        let rejects = match &mut shared {
            Some(shared) => {
                if many {
                    shared.name_file(&file.display().to_string());
                }
                shared
            }
            None => &mut own,
        };
        let mut report = one(args, file, store, rejects, &stop).await;
        if report.error.is_some() && stop.is_asked() {
            report.error = Some("stopped by Ctrl-C".into());
        }
        all.summary = std::mem::take(&mut all.summary).and(report.summary.clone());
        all.took += report.took;
        tell(&report, many.then_some(&*report.name), out)?;
        out.flush()?;
        for note in &report.summary.notes {
            tell_note(&format!("{}: {note}", report.name));
        }
        if let Some(error) = &report.error {
            if stop.is_asked() {
                outcome = Outcome::Interrupted;
                break;
            }
            tell_error(&format!("{}: {error}", report.name));
            outcome = Outcome::Failed;
        } else if let Some(rejection) = report.rejection() {
            tell_error(&rejection);
            if outcome == Outcome::Done {
                outcome = Outcome::Rejected;
            }
        }
    }
    if many {
        all.rejected_file = shared.as_ref().and_then(Rejects::path).map(PathBuf::from);
        tell(&all, Some("total"), out)?;
    }
    if outcome == Outcome::Interrupted {
        out.flush()?;
        tell_error("stopped by Ctrl-C: what is stored stays, import again to add the rest");
    }
    Ok(outcome)
}

/// Imports one file. Its errors are in the report, beside what was done before.
async fn one(
    args: &args::Import,
    file: &Path,
    store: &Tradekeep,
    rejects: &mut Rejects,
    stop: &Stop,
) -> Report {
    let start = Instant::now();
    let mut report = Report { name: file.display().to_string(), ..Report::default() };
    let mut job = Job { args, store, stop, rejects, report: &mut report };
    let outcome = job.run(file).await;
    let flushed = rejects.flush().map_err(|error| {
        format!("the rejected rows cannot be written: {error}; name another file with --rejected")
    });
    report.error = outcome.map_err(|error| error.to_string()).and(flushed).err();
    if report.summary.rejected > 0 {
        report.rejected_file = rejects.path().map(PathBuf::from);
    }
    report.took = start.elapsed();
    report
}

impl Report {
    /// Imports `file` with nothing else asked for, as the demo does.
    pub(crate) async fn of(
        records: Type,
        file: &Path,
        data: &Path,
        store: &Tradekeep,
    ) -> Result<Self> {
        let args = args::Import {
            files: Vec::new(),
            records,
            format: args::Layout::Auto,
            venue: None,
            symbol: None,
            encoding: None,
            columns: Vec::new(),
            skip_lines: 0,
            source: None,
            rejected: None,
            reading: args::Reading::default(),
        };
        let stop = Stop::on_ctrl_c()?;
        Ok(one(&args, file, store, &mut Rejects::of(file, data), &stop).await)
    }
}
