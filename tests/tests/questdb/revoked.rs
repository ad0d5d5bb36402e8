//! Credentials that are no longer good, over HTTP and over PostgreSQL's protocol.

use std::time::Instant;

use tokio::task::block_in_place;
use tradekeep::models::Table;
use tradekeep_test_servers::questdb::{HTTP_PASSWORD, PG_PASSWORD, Questdb};

use crate::feeder::Feeder;
use crate::judge::judge_all;
use crate::tables::{ALARM, Tables, Way, run};
use crate::{Absent, Own};

pub(crate) const OWN: &[Own] = &[("revoked_credentials_halt_and_lose_nothing", || {
    run(revoked());
    Ok::<(), Absent>(())
})];

async fn revoked() {
    let mut server = block_in_place(Questdb::start).unwrap();
    let tables = Tables::on(&server);
    let way = Way::open(tables.config()).await;
    let feeder = Feeder::start(&way.ingest, 20);
    let mut again = |http: &str, pg: &str| {
        server.set_passwords(http, pg).unwrap();
        block_in_place(|| server.restart()).unwrap();
        Instant::now()
    };
    way.until("rows", |_| way.applied() > 500).await;
    let (mut alarms, mut resumed) = (Vec::new(), Vec::new());
    for (http, pg) in [("other", PG_PASSWORD), (HTTP_PASSWORD, "other")] {
        let since = again(http, pg);
        way.halted(Table::Ticks).await;
        way.halted(Table::Trades).await;
        alarms.push(since.elapsed());
        let (ticks, trades) = (way.cursor(Table::Ticks), way.cursor(Table::Trades));
        let since = again(HTTP_PASSWORD, PG_PASSWORD);
        // Both, or one would still be halted when the next ones are revoked.
        way.until("ticks again", |_| way.cursor(Table::Ticks) > ticks).await;
        way.until("trades again", |_| way.cursor(Table::Trades) > trades).await;
        resumed.push(since.elapsed());
    }
    let fed = feeder.stop().await;
    // No dead letters.
    way.end(0).await;
    println!("halted {alarms:.0?} after ready, on its way {resumed:.0?} after the mending start");
    judge_all(&tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(&tables, fed.sent_trades().map(|(_, trade)| trade));
    assert!(alarms.iter().all(|alarm| *alarm < ALARM), "{alarms:?}");
}
