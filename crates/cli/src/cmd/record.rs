//! `tradekeep record`: lines from stdin through the spool into the stores, for as long as they come.

mod answer;
mod batch;
mod door;
mod input;
mod quit;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tradekeep::formats::{LineReader, Reject};
use tradekeep::ingest::{Ingest, IngestError, IngestStats, Level, WhenFull};
use tradekeep::models::{Records, Table};
use tradekeep::{Config, Met, Tradekeep};

use self::answer::{Answers, Fate};
use self::batch::{Part, Parts, Run};
use self::door::Door;
use self::input::Input;
use self::quit::Quit;
use self::report::Report;
use crate::args;
use crate::output::Out;
use crate::rejects::Rejects;
use crate::{Outcome, WrongUsage, tell_error, tell_note};

/// Lines taken together: more only make their receipts wait.
const TOGETHER: usize = 1_000;
/// Between two tries when there is no room.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn run(
    args: &args::RecordArgs,
    config: &Config,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<Outcome> {
    let start = Instant::now();
    let options = args.reading.options()?;
    options.check(Table::Ticks).map_err(|error| WrongUsage(error.to_string()))?;
    let reader = LineReader::with_options(args.records.table(), options);
    let ingest = store.ingest().await?;
    let died_before = died(&ingest.stats());
    let rejects_max_bytes = config.rejects_max_bytes();
    let config = config.ingest();
    let mut recorder = Recorder {
        ingest: &ingest,
        door: Door::before(store.store()),
        reader: match args.unknown_fields {
            args::UnknownFields::Reject => reader,
            args::UnknownFields::Ignore => reader.ignoring_unknown_fields(),
        },
        receipts: args.receipts.map(args::Receipts::level),
        when_full: config.when_full(),
        rejects: Rejects::of_stdin(config.data()).with_room(rejects_max_bytes),
        report: Report::default(),
        told: Told::default(),
        out,
    };
    let outcome = recorder.record(Quit::on_signals()?).await;
    let ignored = recorder.reader.unknown_fields().map(|(_, _, count)| count).sum();
    let (mut report, rejects) = (recorder.report, recorder.rejects);
    report.ignored_fields = ignored;
    // Whatever happened: what was taken is delivered as far as it goes.
    let closed = ingest.shutdown(Duration::from_secs(args.drain)).await;
    let stats = ingest.stats();
    (report.pending, report.dead_letters) = (stats.pending(), stats.dead_letters);
    report.died = died(&stats).saturating_sub(died_before);
    if report.rejected > 0 {
        report.rejected_file = rejects.path().map(Into::into);
    }
    report.took = start.elapsed();
    let outcome = outcome.and(closed.map(drop).map_err(Into::into));
    let error = outcome.as_ref().err().map(ToString::to_string);
    report.tell(error.as_deref(), out)?;
    outcome?;
    out.flush()?;
    // What needs somebody comes before what goes on by itself.
    let refused = [report.rejection(), report.refusal()].into_iter().flatten();
    let mut told: Vec<_> = refused.map(|error| (error, Outcome::Rejected)).collect();
    told.extend(report.waiting().map(|error| (error, Outcome::Undelivered)));
    let Some((_, outcome)) = told.first() else { return Ok(Outcome::Done) };
    let outcome = *outcome;
    let errors: Vec<_> = told.into_iter().map(|(error, _)| error).collect();
    tell_error(&errors.join("; "));
    Ok(outcome)
}

/// Records that have become dead letters, of every store, ever.
fn died(stats: &IngestStats) -> u64 {
    stats.lanes().map(|lane| lane.dead).sum()
}

/// What stderr is told once.
#[derive(Default)]
struct Told {
    nameless: bool,
    reject: bool,
    full: bool,
    unkept: bool,
    /// Unknown fields.
    fields: BTreeSet<(Table, String)>,
}

struct Recorder<'a> {
    ingest: &'a Ingest,
    door: Door,
    reader: LineReader,
    /// What lines are answered for, where they are.
    receipts: Option<Level>,
    when_full: WhenFull,
    rejects: Rejects,
    report: Report,
    told: Told,
    out: &'a mut Out,
}

impl Recorder<'_> {
    async fn record(&mut self, mut quit: Quit) -> Result<()> {
        let mut input = Input::start(io::stdin())?;
        loop {
            let more = tokio::select! {
                biased;
                () = quit.asked() => {
                    input.stop().await?;
                    false
                }
                more = input.fill() => more?,
            };
            self.take_all(&mut input, &quit).await?;
            if !more {
                if input.has_part() {
                    tell_note("the last line had not ended yet, and is not taken");
                }
                return Ok(());
            }
        }
    }

    /// Takes every line that is there.
    async fn take_all(&mut self, input: &mut Input, quit: &Quit) -> Result<()> {
        loop {
            let (mut parts, mut lines) = (Parts::default(), 0);
            while lines < TOGETHER
                && let Some((number, line)) = input.next_line()
            {
                lines += 1;
                match self.reader.read(number, line) {
                    Ok(None) => continue,
                    Ok(Some(line)) => {
                        if line.named_here {
                            self.tell_nameless(number, line.record.table());
                        }
                        parts.record(number, line.record);
                    }
                    Err(reject) => {
                        parts.reject(number, reject.reason.clone());
                        self.set_aside(reject);
                    }
                }
                self.report.read += 1;
            }
            if lines == 0 {
                return Ok(());
            }
            self.tell_unknown();
            self.take(parts, quit).await?;
        }
    }

    /// Takes lines, and answers each in their order.
    async fn take(&mut self, parts: Parts, quit: &Quit) -> Result<()> {
        let mut answers = Answers::default();
        for part in parts.0 {
            match part {
                Part::Rejected { line, reason } => answers.add(line, Fate::Rejected(reason)),
                Part::Run(run) => self.append(run, &mut answers, quit).await?,
            }
        }
        self.answer(&mut answers).await
    }

    /// Appends records of one table: all that can be taken.
    async fn append(&mut self, mut run: Run, answers: &mut Answers, quit: &Quit) -> Result<()> {
        let level = self.receipts.unwrap_or(Level::of(run.records.table()));
        self.hold_against_stored(&mut run, answers).await;
        while let Some(first) = run.lines.first() {
            // All of them together wait for the disk.
            match self.ingest.append_at(&run.records, Level::Written).await {
                Ok(receipt) => {
                    self.told.full = false;
                    answers.taken(receipt, &run.lines, level);
                    return Ok(());
                }
                Err(IngestError::Invalid { rows, .. }) => {
                    let rows = rows.into_iter().map(|row| (row.index, row.reason)).collect();
                    self.refuse(&mut run, rows, answers)?;
                }
                Err(error) if !is_full(&error) => return Err(error.into()),
                Err(error) if self.when_full == WhenFull::Reject => {
                    let all = (0..run.lines.len()).map(|place| (place, error.to_string()));
                    self.refuse(&mut run, all.collect(), answers)?;
                }
                Err(error) => {
                    let not_taken = anyhow!("{error}; from line {first} on nothing is taken");
                    // Those before need not wait.
                    self.answer(answers).await?;
                    if quit.is_asked() {
                        return Err(not_taken);
                    }
                    if !std::mem::replace(&mut self.told.full, true) {
                        tell_note(&format!("{error}; the input waits"));
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Ok(())
    }

    /// Leaves out the ticks that the store has already, told otherwise, and those that contradict what it has.
    async fn hold_against_stored(&mut self, run: &mut Run, answers: &mut Answers) {
        let Records::Ticks(ticks) = &run.records else { return };
        let met = self.door.check(ticks).await.into_iter().collect();
        for (line, met, row) in run.without(met) {
            match met {
                Met::Conflict(reason) | Met::OtherKind(reason) => {
                    self.reject(line, reason, row, answers);
                }
                _ => answers.add(line, Fate::Known),
            }
        }
    }

    /// Sets records of a run aside, by their places, each with its reason.
    fn refuse(
        &mut self,
        run: &mut Run,
        bad: BTreeMap<usize, String>,
        answers: &mut Answers,
    ) -> Result<()> {
        for (line, reason, row) in run.without(bad) {
            self.reject(line, reason, row, answers);
        }
        Ok(())
    }

    fn reject(&mut self, line: u64, reason: String, row: String, answers: &mut Answers) {
        answers.add(line, Fate::Rejected(reason.clone()));
        self.set_aside(Reject::new(line, reason, row));
    }

    /// Keeps a line that is rejected, where that can be: what is wrong with it keeps no other line from being taken.
    fn set_aside(&mut self, reject: Reject) {
        self.report.rejected += 1;
        let kept = self.rejects.write(&reject).and_then(|room| self.rejects.flush().map(|()| room));
        let lost = match kept {
            Ok(true) => None,
            Ok(false) => Some("ingest.rejects_max_bytes are full: raise it".to_owned()),
            Err(error) => Some(format!("{error}; make room, or the folder writable")),
        };
        if let Some(why) = lost {
            self.report.unkept += 1;
            if !std::mem::replace(&mut self.told.unkept, true) {
                let line = reject.line;
                tell_note(&format!(
                    "rejected lines are not kept from line {line} on, and only counted: {why}"
                ));
            }
            return;
        }
        if !std::mem::replace(&mut self.told.reject, true)
            && let Some(place) = self.rejects.path()
        {
            let (line, reason, place) = (reject.line, reject.reason, place.display());
            tell_note(&format!(
                "line {line} is rejected ({reason}): {place} keeps it, and all that follow"
            ));
        }
    }

    /// Names each field once that is ignored.
    fn tell_unknown(&mut self) {
        for (table, name, _) in self.reader.unknown_fields() {
            if self.told.fields.insert((table, name.to_owned())) {
                let word = table.word();
                tell_note(&format!("a {word} has no field `{name}`: it is ignored, and counted"));
            }
        }
    }

    fn tell_nameless(&mut self, line: u64, table: Table) {
        if std::mem::replace(&mut self.told.nameless, true) {
            return;
        }
        let id = match table {
            Table::Ticks => "trade_id",
            Table::Trades => "id",
            Table::Fills => "fill_id",
            _ => "stream and seq",
        };
        tell_note(&format!(
            "line {line} has no identity ({id}), so that this record, or one like it, is stored again each \
             time it is sent"
        ));
    }

    /// Answers lines, once they are where that says they are.
    async fn answer(&mut self, answers: &mut Answers) -> Result<()> {
        let fates = answers.settle().await?;
        for (line, fate) in fates {
            match fate {
                Fate::Taken(_) => self.report.accepted += 1,
                Fate::Dropped => self.report.dropped += 1,
                Fate::Known => self.report.known += 1,
                Fate::Rejected(_) => {}
            }
            if self.receipts.is_some() {
                fate.tell(line, self.out)?;
            }
        }
        if self.receipts.is_none() {
            return Ok(());
        }
        self.out.flush()?;
        if self.out.is_closed() {
            return Err(anyhow!(
                "nobody reads the receipts any more: what was taken is safe; keep reading, or do \
                 without --receipts"
            ));
        }
        Ok(())
    }
}

/// Whether there may be room later: in the spool, or on its disk.
fn is_full(error: &IngestError) -> bool {
    match error {
        IngestError::Full { .. } => true,
        IngestError::Disk { source, .. } => {
            matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        }
        _ => false,
    }
}
