//! Another server at the address of the one that was written to: emptied, or restored from an older copy.

use std::fs;
use std::path::Path;
use std::process::Command;

use tokio::task::block_in_place;
use tradekeep::models::Table;
use tradekeep_test_servers::questdb::Questdb;

use crate::feeder::{Feeder, tick};
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};
use crate::{Absent, Own};

pub(crate) const OWN: &[Own] = &[
    ("a_server_that_was_emptied_or_restored_gets_what_it_lacks", || {
        run(held());
        Ok::<(), Absent>(())
    }),
    ("a_server_that_was_swapped_while_nothing_recorded_gets_what_it_lacks", || {
        run(stopped());
        Ok::<(), Absent>(())
    }),
    ("what_the_spool_holds_no_more_halts_until_the_right_server_is_back", || {
        run(not_held());
        Ok::<(), Absent>(())
    }),
];

/// Ends the server, does something with its data, and starts it again.
fn meanwhile(server: &mut Questdb, act: impl FnOnce()) {
    server.kill().unwrap();
    act();
    server.restart().unwrap();
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}

async fn grows(way: &Way) {
    let before = way.cursor(Table::Trades);
    way.until("trades", |_| way.cursor(Table::Trades) > before + 500).await;
}

async fn held() {
    let root = tempfile::tempdir().unwrap();
    let (data, older) = (root.path().join("db"), root.path().join("older"));
    let mut server = block_in_place(|| Questdb::start_on(root.path())).unwrap();
    let tables = Tables::on(&server);
    // All of it.
    let way = Way::open_with(tables.config(), |config| config.with_segment_bytes(64 << 20)).await;
    let feeder = Feeder::start(&way.ingest, 20);
    grows(&way).await;
    block_in_place(|| meanwhile(&mut server, || copy(&data, &older)));
    grows(&way).await;
    block_in_place(|| {
        meanwhile(&mut server, || {
            fs::remove_dir_all(&data).unwrap();
            fs::rename(&older, &data).unwrap();
        });
    });
    grows(&way).await;
    block_in_place(|| meanwhile(&mut server, || fs::remove_dir_all(&data).unwrap()));
    grows(&way).await;
    let fed = feeder.stop().await;
    way.end(0).await;
    judge_all(&tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(&tables, fed.sent_trades().map(|(_, trade)| trade));
}

async fn stopped() {
    let root = tempfile::tempdir().unwrap();
    let [data, older, spool] = ["db", "older", "spool"].map(|name| root.path().join(name));
    let mut server = block_in_place(|| Questdb::start_on(root.path())).unwrap();
    let tables = Tables::on(&server);
    // All of it.
    let open =
        || Way::open_at(&spool, tables.config(), |config| config.with_segment_bytes(64 << 20));
    let batches = [0..100, 100..200, 200..300, 300..400].map(|of| of.map(tick).collect::<Vec<_>>());
    for (step, batch) in batches.into_iter().enumerate() {
        let way = open().await;
        way.stored(batch.into()).await;
        way.end(0).await;
        block_in_place(|| match step {
            0 => meanwhile(&mut server, || copy(&data, &older)),
            1 => meanwhile(&mut server, || {
                fs::remove_dir_all(&data).unwrap();
                fs::rename(&older, &data).unwrap();
            }),
            2 => meanwhile(&mut server, || fs::remove_dir_all(&data).unwrap()),
            _ => {}
        });
    }
    judge_all(&tables, (0..400).map(tick));
}

async fn not_held() {
    let root = tempfile::tempdir().unwrap();
    let (data, right) = (root.path().join("db"), root.path().join("right"));
    let mut server = block_in_place(|| Questdb::start_on(root.path())).unwrap();
    let tables = Tables::on(&server);
    let way = Way::open(tables.config()).await;
    let feeder = Feeder::start(&way.ingest, 100);
    // The first segment is let go of.
    way.until("a trim", |stats| stats.segments > 1).await;
    way.until("a trim", |stats| stats.segments == 1 && stats.pending() < 5_000).await;
    block_in_place(|| meanwhile(&mut server, || fs::rename(&data, &right).unwrap()));
    let (reason, _) = way.halt(Table::Ticks).await;
    assert!(reason.contains("another store than before"), "{reason}");
    block_in_place(|| {
        meanwhile(&mut server, || {
            fs::remove_dir_all(&data).unwrap();
            fs::rename(&right, &data).unwrap();
        });
    });
    grows(&way).await;
    let fed = feeder.stop().await;
    way.end(0).await;
    judge_all(&tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(&tables, fed.sent_trades().map(|(_, trade)| trade));
}
