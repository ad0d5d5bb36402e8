//! A store that takes batches first and applies them later, and keeps no watermarks.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::sync::watch;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_ingest::{DeadLetterFilter, Ingest, LaneStatus};
use tradekeep_models::{StreamId, TickFilter};
use tradekeep_store_traits::{
    Ack, Act, BadRow, Batch, Capabilities, Delivery, ErrorKind, Failure, MemoryStore, Position,
    RecordSink, Result, Run, SeriesStore, Stage, Table, Token,
};

use crate::support::{SOON, config, drained, error, open, sink, ticks};

/// What it has taken, and what becomes of it.
#[derive(Default)]
struct State {
    taken: Vec<Batch>,
    /// So many of the first are applied.
    applied: usize,
    /// It has lost these.
    lost: Vec<usize>,
    /// It says this instead of how far it is.
    says: Option<ErrorKind>,
    /// It refuses a batch's first record with this place in the stream.
    refuses: Option<u64>,
    /// It fails at any batch with a record of this place, as if that would pass.
    fails_at: Option<u64>,
    /// It does not answer a ping.
    is_away: bool,
    /// Which store it is: its id, its table's number, and the changes that the table has seen.
    stands: (u128, u64, u64),
}

struct Late {
    state: Mutex<State>,
    memory: MemoryStore,
    changed: watch::Sender<()>,
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}

impl Late {
    fn new() -> Arc<Self> {
        let (state, memory) = (Mutex::default(), MemoryStore::new());
        Arc::new(Self { state, memory, changed: watch::Sender::new(()) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn taken(&self) -> usize {
        self.state().taken.len()
    }

    /// Waits until it has taken so many batches.
    async fn until_taken(&self, batches: usize) {
        let mut changed = self.changed.subscribe();
        while self.taken() < batches {
            changed.changed().await.unwrap();
        }
    }

    /// Applies all it has but what it lost, from now on at once.
    fn apply_all(&self) {
        self.state().applied = usize::MAX;
    }

    async fn stored(&self) -> usize {
        let memory: &dyn SeriesStore = &self.memory;
        memory.ticks(TickFilter::default()).all().await.unwrap().len()
    }
}

#[async_trait]
impl RecordSink for Late {
    fn capabilities(&self, _: Table) -> Capabilities {
        Capabilities::all().without_watermarks()
    }

    async fn ping(&self) -> Result<()> {
        if self.state().is_away {
            return Err(error(ErrorKind::Connection, Act::Probe));
        }
        Ok(())
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        let mut state = self.state();
        let seqs = &batch.origin().unwrap().seqs;
        if let Some(index) = seqs.iter().position(|seq| Some(*seq) == state.refuses) {
            let bad = vec![BadRow::new(index, "is bad".into())];
            return Err(Failure::bad_rows(ErrorKind::InvalidInput, bad).at("test", "write"));
        }
        if seqs.iter().any(|seq| Some(*seq) == state.fails_at) {
            return Err(error(ErrorKind::Write, Act::Retry { after: None }));
        }
        let token = Token(state.taken.len() as u64);
        state.taken.push(batch.clone());
        drop(state);
        self.changed.send_replace(());
        Ok(Ack::builder()
            .stage(Stage::Acked)
            .token(token)
            .inserted(seqs.len() as u64)
            .duplicates(0)
            .build())
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        let state = self.state();
        if let Some(kind) = state.says {
            let act =
                if kind == ErrorKind::Schema { Act::Halt } else { Act::Retry { after: None } };
            return Err(error(kind, act));
        }
        let mut stages = Vec::new();
        for token in tokens {
            let place = usize::try_from(token.0).unwrap();
            if state.lost.contains(&place) {
                return Err(error(ErrorKind::Transaction, Act::Retry { after: None })
                    .with_delivery(Delivery::Unknown));
            }
            let is_applied = place < state.applied;
            if is_applied {
                let batch = Batch::new(state.taken[place].records().clone());
                self.memory.write(&batch).now_or_never().unwrap().unwrap();
            }
            stages.push(if is_applied { Stage::Applied } else { Stage::Acked });
        }
        Ok(stages)
    }

    async fn position(&self, _: Table, _: &Run) -> Result<Position> {
        let (store, table, changes) = self.state().stands;
        Ok(Position { store: uuid::Uuid::from_u128(store), table, changes })
    }

    async fn watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        Err(error(ErrorKind::Unsupported, Act::Never))
    }

    async fn durable_watermark(&self, s: &StreamId, e: u64, t: Table) -> Result<Option<u64>> {
        self.watermark(s, e, t).await
    }

    async fn checkpoint(&self) -> Result<()> {
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

async fn with(late: &Arc<Late>, fs: &SimFs) -> Ingest {
    open(config(), vec![sink("late", Arc::clone(late) as _, &[Table::Ticks])], fs).await.unwrap()
}

/// Appends so many batches, each full.
async fn append(ingest: &Ingest, from: u64, batches: u64) {
    for batch in 0..batches {
        ingest.append(ticks(from + batch * 100, 100)).await.unwrap();
        // Else several leave as one.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn batches_go_on_before_those_before_them_are_applied() {
    let late = Late::new();
    let ingest = with(&late, &SimFs::new()).await;
    append(&ingest, 0, 5).await;
    late.until_taken(5).await;
    assert_eq!((ingest.stats().pending(), late.stored().await), (500, 0));
    // The first two: the cursor is behind them, and no further.
    late.state().applied = 2;
    assert_eq!(ingest.flush(Duration::from_secs(60)).await.pending(), 300);
    late.apply_all();
    drained(&ingest).await;
    assert_eq!((late.taken(), late.stored().await), (5, 500), "none is sent twice");
}

#[tokio::test(start_paused = true)]
async fn what_may_be_on_its_way_is_bounded() {
    let late = Late::new();
    let tables = [Table::Ticks];
    // Else all that waits leaves as one.
    let config = config().with_max_batch(100);
    let sinks = vec![sink("late", Arc::clone(&late) as _, &tables)];
    let ingest = open(config, sinks, &SimFs::new()).await.unwrap();
    append(&ingest, 0, 60).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let taken = late.taken();
    assert!((16..=18).contains(&taken), "{taken}");
    late.apply_all();
    drained(&ingest).await;
    assert_eq!(late.stored().await, 6_000);
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_sent_again_with_all_behind_it() {
    let late = Late::new();
    let ingest = with(&late, &SimFs::new()).await;
    append(&ingest, 0, 6).await;
    late.until_taken(6).await;
    late.state().lost.push(2);
    late.apply_all();
    drained(&ingest).await;
    assert_eq!(late.stored().await, 600);
    assert_eq!(ingest.stats().dead_letters, 0);
    append(&ingest, 600, 1).await;
    drained(&ingest).await;
    assert_eq!(late.stored().await, 700);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_one_also_when_its_batch_is_lost() {
    let late = Late::new();
    let ingest = with(&late, &SimFs::new()).await;
    append(&ingest, 0, 1).await;
    late.until_taken(1).await;
    let seqs = late.state().taken[0].origin().unwrap().seqs.clone();
    // The place behind the last is the next record's.
    late.state().refuses = Some(seqs[99] + 8);
    append(&ingest, 100, 1).await;
    late.until_taken(2).await;
    assert_eq!(late.state().taken[1].records().len(), 99);
    late.state().lost.push(1);
    late.apply_all();
    let stats = drained(&ingest).await;
    assert_eq!((stats.dead_letters, late.stored().await), (1, 199));
    let letters = ingest.dead_letters(&DeadLetterFilter::default()).await.unwrap();
    assert_eq!(letters.len(), 1);
}

/// A hundred records that it has, and two hundred more, at one of which it fails; it may be away by then.
async fn poisoned(late: &Arc<Late>, is_away: bool) -> Ingest {
    late.apply_all();
    let ingest = with(late, &SimFs::new()).await;
    append(&ingest, 0, 1).await;
    late.until_taken(1).await;
    let last = late.state().taken[0].origin().unwrap().seqs[99];
    (late.state().fails_at, late.state().is_away) = (Some(last + 8), is_away);
    append(&ingest, 100, 2).await;
    ingest
}

#[tokio::test(start_paused = true)]
async fn a_record_that_poisons_its_batch_is_found_without_watermarks() {
    let late = Late::new();
    let ingest = poisoned(&late, false).await;
    let stats = drained(&ingest).await;
    assert_eq!((stats.dead_letters, late.stored().await), (1, 299));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_not_taken_for_a_record_that_poisons() {
    let late = Late::new();
    let ingest = poisoned(&late, true).await;
    // For much longer than a record that poisons is tried.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!((ingest.stats().dead_letters, ingest.stats().pending()), (0, 200));
    (late.state().fails_at, late.state().is_away) = (None, false);
    let stats = drained(&ingest).await;
    assert_eq!((stats.dead_letters, late.stored().await), (0, 300));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_tell_is_asked_again_and_sent_nothing_twice() {
    for kind in [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::Schema] {
        let late = Late::new();
        let ingest = with(&late, &SimFs::new()).await;
        late.state().says = Some(kind);
        append(&ingest, 0, 3).await;
        late.until_taken(3).await;
        assert_eq!(ingest.flush(Duration::from_secs(20)).await.pending(), 300);
        let stats = ingest.stats();
        let status = &stats.lanes().next().unwrap().status;
        match kind {
            ErrorKind::Schema => assert!(matches!(status, LaneStatus::Halted { .. }), "{status:?}"),
            _ => assert!(matches!(status, LaneStatus::Retrying { .. }), "{status:?}"),
        }
        late.apply_all();
        late.state().says = None;
        let stats = drained(&ingest).await;
        assert_eq!(stats.lanes().next().unwrap().status, LaneStatus::Delivering);
        assert_eq!((late.taken(), late.stored().await), (3, 300));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_applied_when_the_process_ended_is_sent_again() {
    let late = Late::new();
    let fs = SimFs::new();
    let ingest = with(&late, &fs).await;
    append(&ingest, 0, 4).await;
    late.until_taken(4).await;
    late.state().applied = 1;
    assert_eq!(ingest.flush(Duration::from_secs(60)).await.pending(), 300);
    ingest.shutdown(Duration::from_secs(1)).await.unwrap();
    drop(ingest);
    // Of what it had taken then, nothing comes any more.
    late.state().lost = (0..4).collect();
    let ingest = with(&late, &fs.kill()).await;
    late.until_taken(5).await;
    late.apply_all();
    ingest.flush(SOON).await;
    drained(&ingest).await;
    assert_eq!(late.stored().await, 400);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_another_one_or_an_earlier_state_gets_all_that_is_held() {
    for (stands, again) in [((1, 1, 9), 0), ((2, 1, 9), 1), ((1, 2, 0), 1), ((1, 1, 4), 1)] {
        let (late, fs) = (Late::new(), SimFs::new());
        late.state().stands = (1, 1, 5);
        late.apply_all();
        let ingest = with(&late, &fs).await;
        append(&ingest, 0, 1).await;
        drained(&ingest).await;
        late.state().stands = (1, 1, 7);
        append(&ingest, 100, 1).await;
        drained(&ingest).await;
        // It notes how far the store is by then.
        ingest.shutdown(SOON).await.unwrap();
        drop(ingest);
        late.state().stands = stands;
        let ingest = with(&late, &fs).await;
        append(&ingest, 200, 1).await;
        drained(&ingest).await;
        let sent: usize = late.state().taken.iter().map(|batch| batch.records().len()).sum();
        assert_eq!(sent, 300 + again * 200, "{stands:?}");
    }
}
