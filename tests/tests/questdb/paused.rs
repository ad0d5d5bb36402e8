//! A server that stands still: whoever appends does not notice, and memory stays bounded.

use std::fs;
use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tradekeep_test_servers::questdb::Questdb;

use crate::feeder::Feeder;
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};
use crate::{Absent, Own};

pub(crate) const OWN: &[Own] = &[("paused_it_holds_up_nobody", || {
    run(paused());
    Ok::<(), Absent>(())
})];

/// How long it stands still, unless `TRADEKEEP_TEST_PAUSE` says otherwise, in seconds.
const PAUSE: u64 = 10;
/// After so long batches are given up; they are still applied once it goes on: then they come again.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Ticks every 10 ms.
const RATE: u64 = 30;

async fn paused() {
    let given = std::env::var("TRADEKEEP_TEST_PAUSE").ok().and_then(|text| text.parse().ok());
    let pause = Duration::from_secs(given.unwrap_or(PAUSE));
    let server = block_in_place(Questdb::start).unwrap();
    let tables = Tables::on(&server);
    let config = tables.config().with_write_timeout(WRITE_TIMEOUT);
    let way = Way::open(config).await;
    let feeder = Feeder::start(&way.ingest, RATE);
    way.until("rows", |_| way.applied() > 5_000).await;
    let (memory, before) = (memory(), Instant::now());
    server.pause().unwrap();
    tokio::time::sleep(pause).await;
    let (waiting, after) = (way.ingest.stats().pending(), Instant::now());
    let grown = self::memory().saturating_sub(memory);
    server.resume().unwrap();
    way.until("what waits", |stats| stats.pending() < waiting / 100).await;
    let drained = after.elapsed();
    let fed = feeder.stop().await;
    way.end(0).await;
    let (usual, during) =
        (fed.p99(|began| began < before), fed.p99(|began| (before..after).contains(&began)));
    let ratio = pause.as_secs_f64() / drained.as_secs_f64() + 1.0;
    println!(
        "an append in {usual:.1?} before and {during:.1?} during {pause:?} (p99), memory +{} MiB; {waiting} \
         waited and were stored in {drained:.1?}, {ratio:.0} times the rate at which they came",
        grown >> 20
    );
    judge_all(&tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(&tables, fed.sent_trades().map(|(_, trade)| trade));
    // No append waits for the server, which at the least it would until a batch is given up.
    assert!(during < WRITE_TIMEOUT / 2, "{usual:?}, then {during:?}");
    assert!(grown <= 64 << 20, "{grown} bytes more");
}

/// Bytes of this process; 0 where that is not known.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}
