//! Days as files. What is in them is read in the workspace's own tests, which have a reader of Parquet.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tradekeep_models::{Day, Symbol, Tick};
use tradekeep_questdb_store::QuestDbStore;
use tradekeep_store_traits::{Act, ErrorKind, RecordSinkExt, Table};

use crate::Test;
use crate::support::{Scratch, run};

pub(crate) const TESTS: &[Test] = &[("a_day_is_a_file_or_an_error", |url| run(url, export))];

/// What is written to it can be looked at.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn size(store: &QuestDbStore, day: Day) -> usize {
    let kept = Kept::default();
    let bytes = store.export_day(Table::Ticks, day, kept.clone()).await.unwrap();
    let file = kept.0.lock().unwrap();
    assert_eq!(bytes, file.len() as u64);
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    file.len()
}

async fn export(scratch: Scratch) {
    let store = scratch.open().await.unwrap();
    let tick = |ts: &str| {
        let draft = Tick::builder(Symbol::new("X").unwrap(), ts.parse().unwrap());
        draft.price("1.5".parse().unwrap()).quantity(1.into()).build().unwrap()
    };
    let times = ["2024-08-08T00:00:00Z", "2024-08-08T23:59:59.999999999Z", "2024-08-09T00:00:00Z"];
    store.save(times.map(tick).to_vec()).await.unwrap();
    let day = |text: &str| text.parse::<Day>().unwrap();
    let [two, one, none] = [
        size(&store, day("2024-08-08")).await,
        size(&store, day("2024-08-09")).await,
        size(&store, day("2024-08-10")).await,
    ];
    assert!(none < one && one <= two, "{none} {one} {two}");

    let error = store.export_day(Table::Ticks, day("2024-08-08"), Full).await.unwrap_err();
    assert!(error.to_string().contains("cut short"), "{error}");
    let pg = (scratch.parameter("pg_user"), scratch.parameter("pg_password"));
    let config = scratch.config().with_pg_credentials(pg.0, pg.1);
    let config = config.with_http_credentials("tester", "canary-secret");
    let stranger = QuestDbStore::connect(config).await.unwrap();
    let error = stranger.export_day(Table::Ticks, day("2024-08-08"), Full).await.unwrap_err();
    assert_eq!((error.kind, &error.act), (ErrorKind::Authentication, &Act::Halt), "{error}");
    assert!(!format!("{error} {error:?} {:?}", error.source).contains("canary"));
}
