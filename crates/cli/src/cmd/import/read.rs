//! One file into the store.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tradekeep::formats::{FileRecord, RecordReader, Reject, verify};
use tradekeep::models::with_record_of;
use tradekeep::{ImportSummary, Tradekeep, import};

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
        let table = self.args.records.table();
        let outcome = with_record_of!(table, R => self.records::<R>(file, reader, &bar).await);
        bar.finish_and_clear();
        outcome
    }

    async fn records<R: FileRecord>(
        &mut self,
        file: &Path,
        reader: Box<dyn Read + Send>,
        bar: &ProgressBar,
    ) -> Result<()> {
        let mut options = self.args.options()?;
        options.file_name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let rows = RecordReader::<R>::open(reader, options)?;
        let format = rows.format();
        self.report.format = Some(format);
        tracing::info!(file = self.report.name, format = format.as_str(), "importing");
        let Job { store, rejects, report, .. } = self;
        let on_reject = |reject| set_aside(rejects, &mut report.first_reject, reject);
        let on_progress = |done: &ImportSummary| bar.set_message(counted(done.read, "row"));
        match import(&***store, rows, on_reject, on_progress).await {
            Ok(summary) => report.summary = summary,
            Err(mut error) => {
                report.summary = std::mem::take(&mut error.summary);
                return Err(error.into());
            }
        }
        Ok(())
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
