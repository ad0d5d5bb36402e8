//! A bad network between us and the server: replies that are lost, connections that break or stand still.

use std::time::{Duration, Instant};

use tradekeep_tests::proxy::{Direction, Fault, Kind};
use tradekeep_tests::seed;

use crate::Sharing;
use crate::feeder::{Fed, append};
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};

pub(crate) const SHARING: &[Sharing] =
    &[("a_bad_network_costs_nothing_and_doubles_nothing", |tables| run(bad_network(tables)))];

async fn bad_network(tables: &Tables) {
    let told = seed::Told::new("questdb proxied", seed::from_env());
    println!("{}", told.advice());
    let mut random = fastrand::Rng::with_seed(told.seed());
    let proxy = tables.proxy(told.seed()).await;
    let config = tables.config().with_port(proxy.addr().port());
    // Soon enough that who waits for a reply that does not come has it again within the test.
    let config = config.with_write_timeout(Duration::from_millis(500));
    let few = Duration::from_millis(5);
    let way = Way::open_with(config, |config| config.with_batch(50, few).with_max_batch(100)).await;
    let (mut fed, since) = (Fed::default(), Instant::now());
    proxy.set(Fault::new(Kind::DropReply, 0.2));
    let mut appends = 0;
    while appends < 80 || proxy.counters().dropped_replies <= 5 {
        appends += 1;
        assert!(appends < 800, "{:?}", proxy.counters());
        append(&way.ingest, &mut fed, 100, 10).await;
    }
    way.until("replies that are lost", |stats| stats.pending() == 0).await;
    let seen_all = || {
        let seen = proxy.counters();
        seen.resets > 0 && seen.half_closes > 0 && seen.stalls > 0
    };
    let mut rounds = 0;
    while rounds < 20 || !seen_all() {
        rounds += 1;
        assert!(rounds < 200, "{:?}", proxy.counters());
        for _ in 0..4 {
            append(&way.ingest, &mut fed, 100, 10).await;
        }
        let after = random.u64(0..30_000);
        proxy.set_all(vec![
            Fault::new(Kind::DropReply, 0.1),
            Fault::new(Kind::Reset { after }, 0.2),
            Fault::new(Kind::HalfClose { direction: Direction::ToServer, after }, 0.05),
            Fault::new(Kind::HalfClose { direction: Direction::ToClient, after: 0 }, 0.05),
            Fault::new(Kind::Stall, 0.2),
        ]);
        tokio::time::sleep(Duration::from_millis(random.u64(50..400))).await;
    }
    proxy.set(Fault::none());
    way.end(0).await;
    println!("{:.1?}: {:?}", since.elapsed(), proxy.counters());
    judge_all(tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(tables, fed.sent_trades().map(|(_, trade)| trade));
}
