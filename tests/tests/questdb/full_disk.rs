//! A server whose disk is full. Where no disk can be mounted, it is ignored, with the reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tradekeep_ingest::{IngestStats, LaneStatus};
use tradekeep_test_servers::questdb::Questdb;
use tradekeep_tests::disk::SmallDisk;

use crate::feeder::Feeder;
use crate::judge::judge_all;
use crate::tables::{ALARM, LONG, Tables, Way, run};
use crate::{Absent, Own};

pub(crate) const OWN: &[Own] = &[("a_full_disk_is_probed_gently_and_costs_nothing", full)];

/// Between two probes; 30 s unless configured.
const PROBE: Duration = Duration::from_secs(2);
/// Of the disk.
const MIB: u32 = 160;

fn full() -> Result<(), Absent> {
    let folder = tempfile::tempdir().unwrap();
    let _disk = SmallDisk::mount(folder.path(), MIB)?;
    run(async {
        let server = block_in_place(|| Questdb::start_on(folder.path())).unwrap();
        filled(server, folder.path()).await;
    });
    Ok(())
}

async fn filled(mut server: Questdb, disk: &Path) {
    let tables = Tables::on(&server);
    let proxy = tables.proxy(0).await;
    let config = tables.config().with_port(proxy.addr().port());
    let way = Way::open_with(config, |config| config.with_probe_every(PROBE)).await;
    let feeder = Feeder::start(&way.ingest, 20);
    way.until("rows", |_| way.applied() > 2_000).await;
    // All there is, so that the next file that grows finds none.
    let ballast = |number: u32| disk.join(format!("ballast{number}"));
    let filled = (0..MIB).find(|number| fs::write(ballast(*number), vec![7; 1 << 20]).is_err());
    let alarm = way.until("an alarm", |stats| waits(stats) > 0).await;
    // Files have some room left within them.
    way.until("the end of all room", |stats| waits(stats) == 3).await;
    let (since, before) = (Instant::now(), proxy.counters().exchanges);
    tokio::time::sleep(PROBE * 4).await;
    let (took, probes) = (since.elapsed(), proxy.counters().exchanges - before);
    let waiting: Vec<_> = way.ingest.stats().lanes().map(|lane| lane.status.clone()).collect();

    for number in 0..=filled.unwrap() {
        fs::remove_file(ballast(number)).unwrap();
    }
    let died = !server.answers(Duration::from_secs(2));
    if died {
        block_in_place(|| server.restart()).unwrap();
    }
    // What it could not apply, the server does not try again by itself. It may be about to say so of another
    // table: it is told as long as there is one.
    let mut suspended = BTreeSet::new();
    let since = Instant::now();
    while waits(&way.ingest.stats()) > 0 {
        for table in tables.ask("SELECT w.name FROM wal_tables() w WHERE w.suspended").concat() {
            tables.ask(&format!("ALTER TABLE \"{}\" RESUME WAL", table.as_ref().unwrap()));
            suspended.insert(table);
        }
        assert!(since.elapsed() < LONG, "it does not go on: {:#?}", way.ingest.stats());
        // Nothing tells of a status.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let resumed = since.elapsed();
    let fed = feeder.stop().await;
    way.end(0).await;
    println!(
        "alarm after {alarm:.0?}; {probes} requests for three tables in {took:.0?}; it died: {died}, it \
         suspended {}; on its way {resumed:.0?} later",
        suspended.len()
    );
    judge_all(&tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(&tables, fed.sent_trades().map(|(_, trade)| trade));
    let reasons = format!("{waiting:?}");
    assert!(reasons.contains("disk is full") || reasons.contains("RESUME WAL"), "{reasons}");
    assert!(alarm < ALARM, "{alarm:?}");
    // One an interval that meets a full disk, and one of each table that is halted instead.
    let intervals = took.as_secs_f64() / PROBE.as_secs_f64();
    assert!(probes as f64 <= 3.0 * (intervals + 1.0), "{probes} in {took:?}");
}

/// Tables that wait for the server.
fn waits(stats: &IngestStats) -> usize {
    stats.lanes().filter(|lane| lane.status != LaneStatus::Delivering).count()
}
