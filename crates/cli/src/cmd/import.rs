//! `tradekeep import`: files into the store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tradekeep::formats::{Format, ReadOptions, TickReader, verify};
use tradekeep::{ImportSummary, Timestamp, Tradekeep, import};

use crate::args;
use crate::input::{Input, STDIN, Stop, Watched};
use crate::output::{Out, counted, grouped};
use crate::rejects::Rejects;
use crate::{Outcome, WrongUsage, tell_error};

/// What one file, or all of them, came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    name: String,
    format: Option<Format>,
    summary: ImportSummary,
    rejected_file: Option<PathBuf>,
    /// Line and reason.
    first_reject: Option<(u64, String)>,
    took: Duration,
    error: Option<String>,
}

/// Refuses files that cannot be read together.
pub(crate) fn check(args: &args::Import) -> Result<(), WrongUsage> {
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
        all.summary = all.summary.and(report.summary);
        all.took += report.took;
        tell(&report, many.then_some(&*report.name), out)?;
        out.flush()?;
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
    let outcome = read(args, file, store, rejects, stop, &mut report).await;
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

async fn read(
    args: &args::Import,
    file: &Path,
    store: &Tradekeep,
    rejects: &mut Rejects,
    stop: &Stop,
    report: &mut Report,
) -> Result<()> {
    let Input { reader, size } = Input::open(file, stop)?;
    let bar = progress(&report.name, size);
    if size.is_some() {
        // Before anything of it is stored: a damaged file can look like good rows to its end.
        let (bar, stop) = (ProgressBar::hidden(), stop.clone());
        let reader = Box::new(Watched { reader: Box::new(File::open(file)?), bar, stop });
        tokio::task::spawn_blocking(|| verify(reader)).await??;
    }
    let reader = Box::new(Watched { reader, bar: bar.clone(), stop: stop.clone() });
    let options = ReadOptions {
        format: args.format.format(),
        venue: args.venue.clone(),
        symbol: args.symbol.clone(),
        map: args.map.clone().unwrap_or_default(),
        source: args.source.clone(),
        file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()),
    };
    let rows = TickReader::open(reader, options)?;
    report.format = Some(rows.format());
    tracing::info!(file = report.name, format = rows.format().as_str(), "importing");
    let (summary, outcome) = import(
        &*store.sink(),
        rows,
        |reject| {
            rejects.write(&reject)?;
            report.first_reject.get_or_insert((reject.line, reject.reason));
            Ok(())
        },
        |summary| bar.set_message(counted(summary.read, "row")),
    )
    .await;
    bar.finish_and_clear();
    report.summary = summary;
    Ok(outcome?)
}

/// A bar of bytes, or for a pipe a spinner; nothing where stderr is no terminal.
fn progress(name: &str, size: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr());
    let template = match size {
        Some(_) => "{prefix}  {bar:30}  {percent:>3} %  {bytes} of {total_bytes}  {msg}  {eta}",
        None => "{prefix}  {spinner}  {bytes}  {msg}  {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar.set_prefix(name.to_owned());
    if size.is_none() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

/// The summary for machines.
#[derive(Serialize)]
struct Object<'a> {
    /// The file, or `total`.
    file: &'a str,
    format: Option<&'static str>,
    read: u64,
    imported: u64,
    duplicates: u64,
    rejected: u64,
    first_ts: Option<String>,
    last_ts: Option<String>,
    rejected_file: Option<String>,
    error: Option<&'a str>,
    seconds: f64,
}

/// One line with what was done; `name` leads it where there are several.
pub(crate) fn tell(report: &Report, name: Option<&str>, out: &mut Out) -> Result<()> {
    let Report { summary, rejected_file, took, error, .. } = report;
    let rejected_file = rejected_file.as_ref().map(|path| path.display().to_string());
    if out.json() {
        let text = |ts: Option<Timestamp>| ts.map(|ts| ts.to_string());
        return out.object(&Object {
            file: name.unwrap_or(&report.name),
            format: report.format.map(Format::as_str),
            read: summary.read,
            imported: summary.imported,
            duplicates: summary.duplicates,
            rejected: summary.rejected,
            first_ts: text(summary.first_ts),
            last_ts: text(summary.last_ts),
            rejected_file,
            error: error.as_deref(),
            seconds: took.as_secs_f64(),
        });
    }
    let mut line = name.map(|name| format!("{name}: ")).unwrap_or_default();
    line += &format!(
        "{} read: {} imported, {} known already, {} rejected",
        counted(summary.read, "row"),
        grouped(summary.imported),
        grouped(summary.duplicates),
        grouped(summary.rejected),
    );
    if let Some(file) = rejected_file {
        line += &format!(" (see {file})");
    }
    if let (Some(first), Some(last)) = (summary.first_ts, summary.last_ts) {
        line += &format!("; {} to {}", second(first), second(last));
    }
    if summary.read > 0 {
        line += &format!("; {:.2} s, {} rows/s", took.as_secs_f64(), per_second(report));
    }
    out.line(line)
}

/// `ts` to the second: the summary is for orientation.
fn second(ts: Timestamp) -> String {
    let text = ts.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

fn per_second(report: &Report) -> String {
    let millis = report.took.as_millis().max(1);
    let rate = u128::from(report.summary.read) * 1000 / millis;
    grouped(u64::try_from(rate).unwrap_or(u64::MAX))
}

impl Report {
    /// Imports `file` with nothing asked for, as the demo does.
    pub(crate) async fn of(file: &Path, data: &Path, store: &Tradekeep) -> Result<Self> {
        let args = args::Import {
            files: Vec::new(),
            format: args::Layout::Auto,
            venue: None,
            symbol: None,
            map: None,
            source: None,
            rejected: None,
        };
        let stop = Stop::on_ctrl_c()?;
        Ok(one(&args, file, store, &mut Rejects::of(file, data), &stop).await)
    }

    /// What to say of rejected rows, where there are any.
    fn rejection(&self) -> Option<String> {
        let (line, reason) = self.first_reject.as_ref()?;
        let place = self.rejected_file.as_ref()?.display();
        Some(format!(
            "{}: {} of {} rejected, the first in line {line} ({reason}): {place} lists them; mend them in \
             the file and import it again, the others are stored",
            self.name,
            grouped(self.summary.rejected),
            counted(self.summary.read, "row"),
        ))
    }

    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}
