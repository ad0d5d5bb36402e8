//! A store that does as a test says.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::Instant;
use tradekeep_models::record::Record;
use tradekeep_models::{StreamId, Timestamp};
use tradekeep_store_traits::{
    Ack, At as _, Batch, Capabilities, MemoryStore, Position, RecordSink, Run, Stage, StoreError,
    Table, Token, check_watermark, with_records,
};

use super::second;

/// How a store answers a batch.
pub(crate) enum Answer {
    /// It takes it.
    Go,
    /// It takes it, and its answer is this error.
    GoAndLose(StoreError),
    /// It does not.
    Fail(StoreError),
    /// It never answers, and takes nothing.
    Hang,
}

pub(crate) type Script = dyn FnMut(&Batch) -> Answer + Send;

/// A batch that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) table: Table,
    pub(crate) seqs: Vec<u64>,
}

/// A record that a store took, told from all others of its table by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) ts: Timestamp,
    pub(crate) seq: u64,
}

type Marks = BTreeMap<(String, u64, Table), u64>;

/// A store whose commits survive what happens to this process. It tells replays by the watermark
/// alone: no identity hides what is delivered twice.
pub(crate) struct Station {
    script: Mutex<Box<Script>>,
    rows: Mutex<Vec<Row>>,
    marks: Mutex<Marks>,
    /// What is out of its log, where it has one.
    durable: Mutex<Option<Marks>>,
    sent: Mutex<Vec<Sent>>,
    asked: AtomicU64,
    checkpoints: AtomicU64,
    prepared: AtomicU64,
    /// So often it says that a batch is taken, and not yet applied.
    unsettled: AtomicU64,
    /// It says that it has no more than this.
    admits: AtomicU64,
    /// The records of every batch also go here.
    pub(crate) memory: MemoryStore,
    changed: watch::Sender<u64>,
}

impl fmt::Debug for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Station")
    }
}

impl Station {
    pub(crate) fn new() -> Arc<Self> {
        Self::answering(|_| Answer::Go)
    }

    pub(crate) fn answering(script: impl FnMut(&Batch) -> Answer + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(Box::new(script)),
            rows: Mutex::default(),
            marks: Mutex::default(),
            durable: Mutex::default(),
            sent: Mutex::default(),
            asked: AtomicU64::new(0),
            checkpoints: AtomicU64::new(0),
            prepared: AtomicU64::new(0),
            unsettled: AtomicU64::new(0),
            admits: AtomicU64::new(u64::MAX),
            memory: MemoryStore::new(),
            changed: watch::Sender::new(0),
        })
    }

    /// From now on it answers so.
    pub(crate) fn answer(&self, script: impl FnMut(&Batch) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        self.rows.lock().unwrap().clone()
    }

    pub(crate) fn rows_of(&self, table: Table) -> Vec<Row> {
        self.rows().into_iter().filter(|row| row.table == table).collect()
    }

    /// The seconds of the records of a table, in the order in which they came.
    pub(crate) fn seconds(&self, table: Table) -> Vec<u64> {
        self.rows_of(table).iter().map(|row| second(row.ts)).collect()
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn sent_of(&self, table: Table) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| sent.table == table).collect()
    }

    /// How often it was asked for a watermark.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many batches it was given to prepare.
    pub(crate) fn prepared(&self) -> u64 {
        self.prepared.load(Ordering::SeqCst)
    }

    /// How often it was told to checkpoint.
    pub(crate) fn checkpoints(&self) -> u64 {
        self.checkpoints.load(Ordering::SeqCst)
    }

    /// Of the next batch, it says so often that it is not applied yet.
    pub(crate) fn settle_after(&self, asked: u64) {
        self.unsettled.store(asked, Ordering::SeqCst);
    }

    fn stage(&self) -> Stage {
        let less = |left: u64| left.checked_sub(1);
        match self.unsettled.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Stage::Acked,
            Err(_) => Stage::Applied,
        }
    }

    /// From now on it says that it has nothing above `seq` for certain.
    pub(crate) fn admit(&self, seq: u64) {
        self.admits.store(seq, Ordering::SeqCst);
    }

    /// From now on it has a log of its own, out of which nothing comes by itself.
    pub(crate) fn keep_a_log(&self) {
        *self.durable.lock().unwrap() = Some(Marks::new());
    }

    /// Puts it back to where it was after its first `rows` rows, as an older copy of a database.
    pub(crate) fn restore(&self, rows: usize) {
        let mut all = self.rows.lock().unwrap();
        all.truncate(rows);
        for ((_, _, table), mark) in self.marks.lock().unwrap().iter_mut() {
            *mark =
                all.iter().filter(|row| row.table == *table).map(|row| row.seq).max().unwrap_or(0);
        }
    }

    /// Has these rows again, instead of those that it has.
    pub(crate) fn put_back(&self, rows: Vec<Row>) {
        *self.rows.lock().unwrap() = rows;
        self.restore(usize::MAX);
    }

    /// Waits until it was sent, or has taken, so much that `is_there`.
    pub(crate) async fn until(&self, is_there: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        while !is_there(self) {
            changed.changed().await.unwrap();
        }
    }

    fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    fn take(&self, batch: &Batch) -> Ack {
        let origin = batch.origin().expect("a batch of a stream");
        let table = batch.records().table();
        let mut marks = self.marks.lock().unwrap();
        let mark =
            marks.entry((origin.stream.as_str().to_owned(), origin.epoch, table)).or_default();
        let times: Vec<Timestamp> =
            with_records!(batch.records(), rows => rows.iter().map(Record::ts).collect());
        let new: Vec<Row> = times
            .into_iter()
            .zip(&origin.seqs)
            .filter(|(_, seq)| **seq > *mark)
            .map(|(ts, seq)| Row { table, ts, seq: *seq })
            .collect();
        *mark = origin.seqs.last().copied().unwrap_or_default().max(*mark);
        let inserted = new.len() as u64;
        self.rows.lock().unwrap().extend(new);
        let duplicates = origin.seqs.len() as u64 - inserted;
        Ack::builder()
            .stage(self.stage())
            .token(Token(0))
            .inserted(inserted)
            .duplicates(duplicates)
            .build()
    }
}

#[async_trait]
impl RecordSink for Station {
    fn capabilities(&self, _: Table) -> Capabilities {
        Capabilities::all()
    }

    async fn ping(&self) -> tradekeep_store_traits::Result<()> {
        Ok(())
    }

    fn prepare(&self, _: &Batch) {
        self.prepared.fetch_add(1, Ordering::SeqCst);
        self.tell();
    }

    async fn write(&self, batch: &Batch) -> tradekeep_store_traits::Result<Ack> {
        let seqs = batch.origin().map(|origin| origin.seqs.clone()).unwrap_or_default();
        let table = batch.records().table();
        self.sent.lock().unwrap().push(Sent { at: Instant::now(), table, seqs });
        let mark = batch.origin().and_then(|origin| {
            let key = (origin.stream.as_str().to_owned(), origin.epoch, table);
            self.marks.lock().unwrap().get(&key).copied()
        });
        check_watermark(batch.expected_watermark(), mark).at("station", "write")?;
        let answer = (self.script.lock().unwrap())(batch);
        let took = match answer {
            Answer::Go => Ok(self.take(batch)),
            Answer::GoAndLose(error) => {
                self.take(batch);
                Err(error)
            }
            Answer::Fail(error) => Err(error),
            Answer::Hang => {
                self.tell();
                return std::future::pending().await;
            }
        };
        if took.is_ok() {
            // The reference agrees: no promise of a sink is broken by what it is sent.
            let batch =
                Batch::from_stream(batch.records().clone(), batch.origin().unwrap().clone());
            self.memory.write(&batch.unwrap()).now_or_never().expect("at once").expect("taken");
        }
        self.tell();
        took
    }

    async fn settle(&self, tokens: &[Token]) -> tradekeep_store_traits::Result<Vec<Stage>> {
        Ok(tokens.iter().map(|_| self.stage()).collect())
    }

    async fn position(&self, table: Table, run: &Run) -> tradekeep_store_traits::Result<Position> {
        self.memory.position(table, run).await
    }

    async fn watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> tradekeep_store_traits::Result<Option<u64>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let marks = self.marks.lock().unwrap();
        let mark = marks.get(&(stream.as_str().to_owned(), epoch, table)).copied();
        Ok(mark.map(|mark| mark.min(self.admits.load(Ordering::SeqCst))))
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> tradekeep_store_traits::Result<Option<u64>> {
        let key = (stream.as_str().to_owned(), epoch, table);
        if let Some(durable) = &*self.durable.lock().unwrap() {
            return Ok(durable.get(&key).copied());
        }
        self.watermark(stream, epoch, table).await
    }

    async fn checkpoint(&self) -> tradekeep_store_traits::Result<()> {
        self.checkpoints.fetch_add(1, Ordering::SeqCst);
        if let Some(durable) = &mut *self.durable.lock().unwrap() {
            durable.clone_from(&self.marks.lock().unwrap());
        }
        Ok(())
    }

    async fn close(&self) -> tradekeep_store_traits::Result<()> {
        Ok(())
    }
}
