//! Another server at the address of the one that was written to: emptied, or restored from an older copy.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::task::block_in_place;
use tradekeep::models::Table;
use tradekeep_ingest::operate;
use tradekeep_test_servers::questdb::Questdb;
use tradekeep_tests::oracle::Promise;

use crate::feeder::{Feeder, tick};
use crate::judge::{judge, judge_all};
use crate::tables::{Tables, Way, run};
use crate::{Absent, Own};

pub(crate) const OWN: &[Own] = &[
    ("a_server_that_was_emptied_or_restored_gets_what_it_lacks", || {
        run(held());
        Ok::<(), Absent>(())
    }),
    ("a_server_that_was_swapped_while_nothing_recorded_is_noticed", || {
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
    let [data, older, right, spool] =
        ["db", "older", "right", "spool"].map(|name| root.path().join(name));
    let mut server = block_in_place(|| Questdb::start_on(root.path())).unwrap();
    let tables = Tables::on(&server);
    let open = || Way::open_at(&spool, tables.config(), |config| config);
    let stored = async |numbers: std::ops::Range<u64>| {
        let way = open().await;
        way.stored(numbers.map(tick).collect::<Vec<_>>().into()).await;
        way.end(0).await;
    };
    let halted = async |number: u64, why: &str| {
        let way = open().await;
        way.ingest.append(vec![tick(number)]).await.unwrap();
        let reason = way.halted_because(Table::Ticks, why).await;
        assert!(reason.contains("new-epoch"), "{reason}");
        way.ingest.shutdown(Duration::ZERO).await.unwrap();
    };
    stored(0..100).await;
    block_in_place(|| meanwhile(&mut server, || copy(&data, &older)));
    stored(100..200).await;
    block_in_place(|| {
        meanwhile(&mut server, || {
            fs::rename(&data, &right).unwrap();
            fs::rename(&older, &data).unwrap();
        });
    });
    halted(200, "an older copy of itself").await;
    block_in_place(|| {
        meanwhile(&mut server, || {
            fs::remove_dir_all(&data).unwrap();
            fs::rename(&right, &data).unwrap();
        });
    });
    stored(201..300).await;
    judge_all(&tables, (0..300).map(tick));

    block_in_place(|| meanwhile(&mut server, || fs::remove_dir_all(&data).unwrap()));
    halted(300, "another store than before").await;
    operate::new_epoch(&spool).unwrap();
    stored(301..400).await;
    // What was delivered before may be held still.
    let promise = |number| if number < 300 { Promise::Open } else { Promise::Kept };
    judge(&tables, (0..400).map(|number| (tick(number), promise(number))));
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
    way.halted_because(Table::Ticks, "another store than before").await;
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
