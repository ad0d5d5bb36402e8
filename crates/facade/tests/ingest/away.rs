//! An embedded store that is away, damaged or taken: the way in opens, takes, and delivers when it is there.

use std::fs;
use std::path::Path;

use tradekeep::Tradekeep;
use tradekeep::ingest::Level;
use tradekeep::models::Table;

use super::{PATIENCE, config, rows, tick};

/// What is in the way of a database in `db`; dropped, it is not.
type Obstacle = Box<dyn std::any::Any>;

fn a_file_instead_of_its_folder(db: &Path) -> Obstacle {
    struct File(std::path::PathBuf);
    impl Drop for File {
        fn drop(&mut self) {
            fs::remove_file(&self.0).unwrap();
        }
    }
    fs::write(db, "no folder").unwrap();
    Box::new(File(db.to_owned()))
}

fn damage(db: &Path) -> Obstacle {
    struct Damaged(std::path::PathBuf);
    impl Drop for Damaged {
        fn drop(&mut self) {
            fs::remove_file(&self.0).unwrap();
        }
    }
    fs::create_dir(db).unwrap();
    let file = db.join("tradekeep.duckdb");
    fs::write(&file, vec![7; 20_000]).unwrap();
    Box::new(Damaged(file))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_in_nobodys_way() {
    for obstacle in [a_file_instead_of_its_folder, damage] {
        // As the main store, and as a further one.
        for (series, also) in [("db", "other"), ("other", "db")] {
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "[stores]\nseries = 'duckdb://DIR/{series}'\n\
                 [ingest]\nfolder = 'DIR/in'\nalso = ['duckdb://DIR/{also}']"
            );
            let in_the_way = obstacle(&folder.path().join("db"));
            let store = Tradekeep::open(&config(folder.path(), &text)).await.unwrap();
            let ingest = store.ingest().await.unwrap();
            let receipt = ingest.append_at(&tick("150"), Level::Synced).await.unwrap();
            let report = store.health().await;
            assert!(!report.is_healthy(), "{report:?}");
            drop(in_the_way);
            ingest.resume();
            tokio::time::timeout(PATIENCE, receipt.applied()).await.expect("in time").unwrap();
            assert_eq!(ingest.shutdown(PATIENCE).await.unwrap().dead_letters, 0);
            assert_eq!(rows(&store, Table::Ticks).await, 1);
            store.shutdown().await.unwrap();
            let other = format!("[stores]\nseries = 'duckdb://DIR/{also}'");
            let other = Tradekeep::open(&config(folder.path(), &other)).await.unwrap();
            assert_eq!(rows(&other, Table::Ticks).await, 1);
            other.shutdown().await.unwrap();
        }
    }
}
