//! One file into the store.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tradekeep::formats::{Format, RecordReader, Reject, TickReader, verify};
use tradekeep::record::Record;
use tradekeep::{
    ImportError, ImportSummary, Records, Table, Tradekeep, import, import_records, with_record_of,
};

use super::Report;
use crate::args;
use crate::input::{Input, Stop, Watched};
use crate::output::counted;
use crate::rejects::Rejects;

/// What reading a file needs, and where it tells what it did.
pub(super) struct Job<'a> {
    pub(super) args: &'a args::Import,
    pub(super) store: &'a Tradekeep,
    pub(super) stop: &'a Stop,
    pub(super) rejects: &'a mut Rejects,
    pub(super) report: &'a mut Report,
}

type Source = Box<dyn Read + Send>;

impl Job<'_> {
    pub(super) async fn run(&mut self, file: &Path) -> Result<()> {
        let Input { reader, size } = Input::open(file, self.stop)?;
        let bar = progress(&self.report.name, size);
        if size.is_some() {
            // Before anything of it is stored: a damaged file can look like good rows to its end.
            let (bar, stop) = (ProgressBar::hidden(), self.stop.clone());
            let reader = Box::new(Watched { reader: Box::new(File::open(file)?), bar, stop });
            tokio::task::spawn_blocking(|| verify(reader)).await??;
        }
        let reader = Box::new(Watched { reader, bar: bar.clone(), stop: self.stop.clone() });
        let outcome = match self.args.records.table() {
            Table::Ticks => self.ticks(file, reader, &bar).await,
            table => with_record_of!(table, R => self.records::<R>(reader, &bar).await),
        };
        bar.finish_and_clear();
        outcome
    }

    async fn ticks(&mut self, file: &Path, reader: Source, bar: &ProgressBar) -> Result<()> {
        let mut options = self.args.tick_options()?;
        options.file_name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let rows = TickReader::open(reader, options)?;
        self.begin(rows.format());
        let Job { store, rejects, report, .. } = self;
        let on_reject = |reject| set_aside(rejects, &mut report.first_reject, reject);
        let (summary, outcome) = import(&***store, rows, on_reject, said(bar)).await;
        self.end(summary, outcome)
    }

    async fn records<R>(&mut self, reader: Source, bar: &ProgressBar) -> Result<()>
    where
        R: Record,
        Records: From<Vec<R>>,
    {
        let rows = RecordReader::<R>::open(reader, self.args.record_options()?)?;
        self.begin(rows.format());
        let Job { store, rejects, report, .. } = self;
        let on_reject = |reject| set_aside(rejects, &mut report.first_reject, reject);
        let (summary, outcome) = import_records(&***store, rows, on_reject, said(bar)).await;
        self.end(summary, outcome)
    }

    fn begin(&mut self, format: Format) {
        self.report.format = Some(format);
        tracing::info!(file = self.report.name, format = format.as_str(), "importing");
    }

    fn end(&mut self, summary: ImportSummary, outcome: Result<(), ImportError>) -> Result<()> {
        self.report.summary = summary;
        Ok(outcome?)
    }
}

/// Keeps a rejected row, and the first of them by its line: the store refuses rows later than the
/// reader does.
fn set_aside(
    rejects: &mut Rejects,
    first: &mut Option<(u64, String)>,
    reject: Reject,
) -> std::io::Result<()> {
    rejects.write(&reject)?;
    if first.as_ref().is_none_or(|(line, _)| reject.line < *line) {
        *first = Some((reject.line, reject.reason));
    }
    Ok(())
}

fn said(bar: &ProgressBar) -> impl FnMut(&ImportSummary) {
    |summary| bar.set_message(counted(summary.read, "row"))
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
