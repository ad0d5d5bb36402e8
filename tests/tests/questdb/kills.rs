//! `kill -9` of the server, twenty times, in mid-request: nothing is lost, nothing is there twice, and
//! delivery goes on soon after it is back.

use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tokio::time::timeout;
use tradekeep_test_servers::questdb::Questdb;
use tradekeep_tests::proxy::ChaosProxy;
use tradekeep_tests::seed;

use crate::feeder::Feeder;
use crate::judge::judge_all;
use crate::tables::{LONG, Tables, Way, run};
use crate::{Absent, Own};

pub(crate) const OWN: &[Own] = &[("killed_it_loses_nothing_and_doubles_nothing", killed)];

/// Kills, unless `TRADEKEEP_TEST_KILLS` says otherwise.
const KILLS: usize = 20;

fn killed() -> Result<(), Absent> {
    run(killed_again_and_again());
    Ok(())
}

async fn killed_again_and_again() {
    let given = std::env::var("TRADEKEEP_TEST_KILLS").ok().and_then(|text| text.parse().ok());
    let kills = given.unwrap_or(KILLS);
    let told = seed::Told::new("questdb kills", seed::from_env());
    println!("{}", told.advice());
    let mut random = fastrand::Rng::with_seed(told.seed());
    let mut server = block_in_place(Questdb::start).unwrap();
    let tables = Tables::on(&server);
    let proxy = tables.proxy(told.seed()).await;
    let way = Way::open(tables.config().with_port(proxy.addr().port())).await;
    let feeder = Feeder::start(&way.ingest, 20);
    let first = way.applied();
    way.until("the first row", |_| way.applied() > first).await;
    let (mut resumed, mut in_mid_request) = (Vec::new(), 0);
    for _ in 0..kills {
        in_mid_request += usize::from(moment(&proxy, &mut random).await);
        block_in_place(|| server.kill().and_then(|()| server.restart())).unwrap();
        let (ready, before) = (Instant::now(), way.applied());
        way.until("delivery", |_| way.applied() > before).await;
        resumed.push(ready.elapsed());
    }
    let fed = feeder.stop().await;
    way.end(0).await;
    resumed.sort_unstable();
    let median = resumed[resumed.len() / 2];
    println!(
        "{kills} kills, {in_mid_request} at a byte of a request; delivery {median:.0?} after ready as a rule, \
         {:.0?} at most; an append in {:.1?} (p99)",
        resumed[resumed.len() - 1],
        fed.p99(|_| true)
    );
    judge_all(&tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(&tables, fed.sent_trades().map(|(_, trade)| trade));
    // How soon it tries again is the breaker's, whose tests have a clock of their own.
}

/// Waits for the moment to kill the server; answers whether that is in mid-request for certain.
async fn moment(proxy: &ChaosProxy, random: &mut fastrand::Rng) -> bool {
    let now = proxy.counters();
    match random.u8(0..3) {
        0 => {
            let bytes = now.bytes_to_server + random.u64(1..100_000);
            let there = proxy.until(|now| now.bytes_to_server >= bytes);
            timeout(LONG, there).await.unwrap();
            true
        }
        1 => {
            let exchanges = now.exchanges + random.u64(1..15);
            let there = proxy.until(|now| now.exchanges >= exchanges);
            timeout(LONG, there).await.unwrap();
            true
        }
        _ => {
            tokio::time::sleep(Duration::from_micros(random.u64(0..200_000))).await;
            false
        }
    }
}
