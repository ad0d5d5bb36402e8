//! From taken to applied: by the write-ahead logs, and by counting.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tradekeep_models::Table;
use tradekeep_store_traits::sql::Row as _;
use tradekeep_store_traits::{Act, Delivery, ErrorKind, Failure, Inner, Stage, Token};

use super::known::stored;
use super::ledger::{State, Taken};
use super::writer::Lane;
use crate::QuestDbStore;
use crate::pool::Pool;
use crate::sql::sink;
use crate::wal::{self, FIRST_PAUSE, Log, longer};

/// How long to wait for batches to be applied, before it is said that they are not yet.
const PATIENCE: Duration = Duration::from_secs(10);

impl QuestDbStore {
    /// Waits for these batches to be applied.
    pub(crate) async fn settled(&self, tokens: &[Token]) -> Inner<Vec<Stage>> {
        self.writer.check_open()?;
        let until = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let (stages, tables) = self.stages(tokens)?;
            if tables.is_empty() || Instant::now() >= until {
                return Ok(stages);
            }
            if self.advance(self.ready().await?, &tables).await? {
                continue;
            }
            // Nothing tells when they are.
            sleep(pause).await;
            pause = longer(pause);
        }
    }

    /// How far each batch is, as far as is known, and the tables of those that are not applied.
    fn stages(&self, tokens: &[Token]) -> Inner<(Vec<Stage>, Vec<Table>)> {
        let ledger = self.writer.ledger();
        let mut tables = Vec::new();
        let mut stages = Vec::with_capacity(tokens.len());
        for token in tokens {
            stages.push(match ledger.state(*token) {
                State::Applied => Stage::Applied,
                State::Open => {
                    tables.extend(ledger.table(*token).filter(|table| !tables.contains(table)));
                    Stage::Acked
                }
                State::Lost => return Err(lost(1)),
                State::Unknown => {
                    let context = "no batch has this token: settle with the store that gave it";
                    return Err(Failure::new(ErrorKind::NotFound, context));
                }
            });
        }
        Ok((stages, tables))
    }

    /// Looks at the logs of `tables` once; answers whether anything was applied since the last look.
    pub(super) async fn advance(&self, pool: &Pool, tables: &[Table]) -> Inner<bool> {
        let last = self.writer.ledger().last();
        let known = |table: &Table| self.writer.lane(*table).applied.load(Ordering::SeqCst);
        let known: Vec<_> = tables.iter().map(known).collect();
        let logs = wal::logs(pool, self.config.connect_timeout).await?;
        self.runs.look(&logs, &self.config);
        let mut moved = false;
        for (table, known) in tables.iter().zip(known) {
            let lane = self.writer.lane(*table);
            let log = self.log_of(lane, &logs, known)?;
            let state = (log.taken, log.applied);
            let done = self.writer.ledger().look(*table, last, state);
            let missing = missing(pool, lane, &done).await?;
            let mut ledger = self.writer.ledger();
            if !missing.is_empty() {
                ledger.lose(&missing);
                return Err(lost(missing.len()));
            }
            moved |= !done.is_empty();
            ledger.close(done.into_iter().map(|(token, _)| token));
        }
        Ok(moved)
    }

    /// The log of a table that is still the one we know, with all that was `known` to be applied, and is not
    /// suspended.
    fn log_of<'a>(&self, lane: &Lane, logs: &'a [Log], known: i64) -> Inner<&'a Log> {
        let name = lane.shape.name();
        let log = logs.iter().find(|log| log.table == name);
        let Some(log) = log.filter(|log| lane.is(log.id) && log.applied >= known) else {
            lane.renew();
            self.forget_set_up();
            let lost = self.writer.ledger().lose_all(lane.table);
            let context = format!(
                "table {name} was dropped while it was written to, or is an earlier state of itself, with {lost} \
                 batches that were taken: they are to be sent again, to the table that is there by then"
            );
            return Err(Failure::new(ErrorKind::Schema, context)
                .with_delivery(Delivery::Unknown)
                .with_act(Act::Halt));
        };
        lane.applied.fetch_max(log.applied, Ordering::SeqCst);
        lane.suspended.store(log.suspended, Ordering::SeqCst);
        log.check()?;
        Ok(log)
    }
}

/// The batches that are applied, and of which rows are not there.
async fn missing(pool: &Pool, lane: &Lane, done: &[(Token, Taken)]) -> Inner<Vec<Token>> {
    let mut missing = Vec::new();
    for (token, taken) in done {
        let Some(numbers) = &taken.origin else { continue };
        let (keys, name) = (&taken.keys, lane.shape.name());
        let span = (keys.first(), keys.last());
        let sql = sink::arrived(name, span, &numbers.stream, (numbers.first, numbers.last));
        let rows = pool.ask(&sql).await?;
        let count = rows.first().map(|row| row.count(0)).transpose()?;
        if count.unwrap_or_default() >= keys.distinct() as u64 {
            continue;
        }
        // A row that came again since has the place of its last coming.
        if stored(pool, &lane.shape, keys).await?.len() < keys.distinct() {
            missing.push(*token);
        }
    }
    Ok(missing)
}

fn lost(batches: usize) -> Failure {
    let context = format!(
        "the server took {batches} batches and does not have all of their rows: they are to be sent \
         again"
    );
    Failure::new(ErrorKind::Transaction, context)
        .with_delivery(Delivery::Unknown)
        .with_act(Act::Retry { after: None })
}
