//! What is said of a store that takes its time.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::Level;
use tradekeep_ingest::Ingest;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_store_traits::{Act, ErrorKind, MemoryStore, RecordSink, Table};

use crate::support::{config, error, metrics, open, sink, ticks};

const TABLES: &[Table] = &[Table::Ticks, Table::Metrics];

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn watch(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_ansi(false);
        let lines = lines.without_time().with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(lines)
    }

    /// The lines of slow flushes, at a level.
    fn slow(&self, level: Level) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(str::trim_start);
        let lines = lines.filter(|line| line.contains("a flush was slow"));
        lines.filter(|line| line.starts_with(level.as_str())).map(Into::into).collect()
    }
}

/// A store that takes `millis` for each batch.
fn taking(millis: u64) -> Arc<MemoryStore> {
    let wait = Duration::from_millis(millis);
    let delay = move |op| async move {
        if op == "write" {
            tokio::time::sleep(wait).await;
        }
    };
    Arc::new(MemoryStore::new().with_delay(delay))
}

async fn to(store: Arc<dyn RecordSink>) -> Ingest {
    open(config(), vec![sink("one", store, TABLES)], &SimFs::new()).await.unwrap()
}

async fn deliver(ingest: &Ingest, seconds: std::ops::Range<u64>) {
    for second in seconds {
        ingest.append(ticks(second, 1)).await.unwrap().applied().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn each_lane_warns_once_in_ten_seconds() {
    let log = Log::default();
    let _watched = log.watch();
    let ingest = to(taking(80)).await;
    // 180 ms each, with what a batch waits.
    deliver(&ingest, 0..30).await;
    let warnings = log.slow(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let first = &warnings[0];
    assert!(first.contains("a flush was slow: the store took its time"), "{first}");
    assert!(first.contains("store_ms=80") && !first.contains("more since"), "{first}");
    assert_eq!(log.slow(Level::DEBUG).len(), 29, "the others are there for who looks");
    // Another lane is another matter.
    ingest.append(metrics(0, 1)).await.unwrap().applied().await.unwrap();
    let warnings = log.slow(Level::WARN);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[1].contains("table=metrics"), "{warnings:?}");
    tokio::time::sleep(Duration::from_secs(10)).await;
    deliver(&ingest, 30..31).await;
    let warnings = log.slow(Level::WARN);
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    let told = "so were 29 more since the last warning, the slowest with 80 ms";
    assert!(warnings[2].contains(told), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn who_is_quick_is_not_spoken_of() {
    let log = Log::default();
    let _watched = log.watch();
    let ingest = to(taking(50)).await;
    deliver(&ingest, 0..20).await;
    assert_eq!((log.slow(Level::WARN), log.slow(Level::DEBUG)), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_the_breaker_is_the_cause_where_it_is() {
    let log = Log::default();
    let _watched = log.watch();
    let store = taking(0);
    store.fail_next("write", 1, || error(ErrorKind::Write, Act::Probe)).unwrap();
    let ingest = to(Arc::clone(&store) as _).await;
    deliver(&ingest, 0..1).await;
    let warnings = log.slow(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("a flush was slow: the breaker was open"), "{warnings:?}");
    assert!(warnings[0].contains("attempt=2"), "{warnings:?}");
}
