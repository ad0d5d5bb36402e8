//! Who may read what the store keeps, and which file it takes for its own.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{Metric, Name, Timestamp};
use tradekeep_store_traits::{ErrorKind, RecordSink, RecordSinkExt, Table};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn save(store: &DuckDbStore, second: i64) {
    let ts = Timestamp::from_units(second, 1_000_000_000).unwrap();
    store.save(vec![Metric::new(ts, Name::new("lag").unwrap(), 1.0)]).await.unwrap();
}

#[tokio::test]
async fn nobody_else_reads_what_it_makes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (file, log) = (data.join("tradekeep.duckdb"), data.join("tradekeep.duckdb.wal"));
    let store = DuckDbStore::connect(DuckDbConfig::new(&data)).await.unwrap();
    assert_eq!(mode(&data), 0o700);
    for second in 0..3 {
        save(&store, second).await;
        assert_eq!((mode(&file), mode(&log)), (0o600, 0o600));
        // DuckDB makes the log anew.
        store.checkpoint().await.unwrap();
    }
    // What an operator allows stays allowed.
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    save(&store, 3).await;
    assert_eq!((mode(&file), mode(&log)), (0o640, 0o640));
    store.close().await.unwrap();
    let store = DuckDbStore::connect(DuckDbConfig::new(&data)).await.unwrap();
    save(&store, 4).await;
    assert_eq!((mode(&file), mode(&log)), (0o640, 0o640));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_link_is_not_taken_for_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let (real, linked) = (folder.path().join("real"), folder.path().join("linked"));
    DuckDbStore::connect(DuckDbConfig::new(&real)).await.unwrap().close().await.unwrap();
    fs::create_dir(&linked).unwrap();
    symlink(real.join("tradekeep.duckdb"), linked.join("tradekeep.duckdb")).unwrap();
    let error = DuckDbStore::connect(DuckDbConfig::new(&linked)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    let told = error.to_string();
    assert!(
        told.contains("is a link to ") && told.contains("name the folder that holds"),
        "{told}"
    );
    // As it says.
    let target = fs::read_link(linked.join("tradekeep.duckdb")).unwrap();
    let store = DuckDbStore::connect(DuckDbConfig::new(target.parent().unwrap())).await.unwrap();
    assert!(store.capabilities(Table::Ticks).watermarks);
    store.close().await.unwrap();
    // A folder may be one: what is in it is the same.
    let other = folder.path().join("other");
    symlink(&real, &other).unwrap();
    DuckDbStore::connect(DuckDbConfig::new(&other)).await.unwrap().close().await.unwrap();
}
