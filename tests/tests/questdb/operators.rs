//! What an operator does behind our back, under load: a table that is suspended, and one that is made anew.

use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tradekeep::models::Table;
use tradekeep_tests::oracle::Promise;
use tradekeep_tests::proxy::{Fault, Kind};

use crate::Sharing;
use crate::feeder::Feeder;
use crate::judge::{judge, judge_all};
use crate::tables::{ALARM, LONG, Tables, Way, run};

pub(crate) const SHARING: &[Sharing] = &[
    ("a_suspended_table_is_told_of_and_loses_nothing", |tables| run(suspended(tables))),
    ("a_table_made_anew_gets_all_that_was_not_in_the_old_one", |tables| run(made_anew(tables))),
];

async fn suspended(tables: &Tables) {
    let way = Way::open(tables.config()).await;
    let feeder = Feeder::start(&way.ingest, 50);
    way.until("ticks", |_| way.applied() > 1_000).await;
    tables.suspend(Table::Ticks).await;
    let alarm = way.halted(Table::Ticks).await;
    // Nothing of it moves, and trades go on.
    let cursor = || way.cursor(Table::Ticks);
    let (before, others) = (cursor(), way.cursor(Table::Trades));
    way.until("trades", |_| way.cursor(Table::Trades) > others + 1_000).await;
    assert_eq!(cursor(), before, "it was released unapplied");
    let there = tables.number("SELECT max(t.ingest_seq) FROM \"{}ticks\" t");
    // On a busy machine trades may have been quicker, and none of them is there yet.
    let there = there.unwrap_or_default().unsigned_abs();
    assert!(before <= there, "{before} of {there} that are there");
    tables.ask("ALTER TABLE \"{}ticks\" RESUME WAL");
    let resumed = way.until("ticks again", |_| cursor() > before).await;
    let fed = feeder.stop().await;
    let events = told(tables, way).await;
    println!(
        "halted after {alarm:.0?}, on its way {resumed:.0?} after RESUME WAL, told: {events:?}"
    );
    judge_all(tables, fed.sent_ticks().map(|(_, tick)| tick));
    judge_all(tables, fed.sent_trades().map(|(_, trade)| trade));
    assert!(alarm < ALARM, "{alarm:?}");
    assert!(events.contains(&"sink_halted".to_owned()), "{events:?}");
    assert!(events.contains(&"sink_resumed".to_owned()), "{events:?}");
}

/// Twice: with all that is on its way being at the server already, and with a request that is on its way
/// while the table is made anew, over a connection that knows the old one.
async fn made_anew(tables: &Tables) {
    let proxy = tables.proxy(1).await;
    let way = Way::open(tables.config().with_port(proxy.addr().port())).await;
    let feeder = Feeder::start(&way.ingest, 50);
    way.until("ticks", |_| way.cursor(Table::Ticks) > 0).await;
    let created = tables.ask("SHOW CREATE TABLE \"{}ticks\"");
    let create = created[0][0].as_ref().unwrap().trim_end_matches(';');
    let mut alarms = Vec::new();
    let mut gone = 0;
    for on_its_way in [false, true, true] {
        let before = way.cursor(Table::Ticks);
        way.until("ticks", |_| way.cursor(Table::Ticks) > before + 2_000).await;
        if on_its_way {
            proxy.set(Fault::always(Kind::Stall));
            quiet(tables).await;
            // What is there is all that the old table will ever have.
            gone = tables.number("SELECT max(t.ingest_seq) FROM \"{}ticks\" t").unwrap();
        }
        let (there, create) = (tables.clone(), create.to_owned());
        let anew = async {
            let anew = move || {
                there.ask("DROP TABLE \"{}ticks\"");
                there.ask(&create);
            };
            spawn_blocking(anew).await.unwrap();
            proxy.set(Fault::none());
        };
        // It is halted from the drop on, and where that takes long is tried again before the table is there.
        let halted = async { (way.halted(Table::Ticks).await, way.cursor(Table::Ticks)) };
        let ((), (alarm, released)) = tokio::join!(anew, halted);
        if on_its_way {
            assert!(released <= gone.unsigned_abs(), "{released} released, {gone} were there");
        }
        gone = released.cast_signed();
        alarms.push(alarm);
    }
    let before = way.cursor(Table::Ticks);
    let resumed = way.until("ticks again", |_| way.cursor(Table::Ticks) > before).await;
    let fed = feeder.stop().await;
    let events = told(tables, way).await;
    println!("halted after {alarms:.0?}, on its way {resumed:.0?} after the last alarm");
    // What was released before the table was dropped went with it: that was the operator's.
    let promise = |seq: u64| if seq <= gone.unsigned_abs() { Promise::Open } else { Promise::Kept };
    judge(tables, fed.sent_ticks().map(|(seq, tick)| (tick, promise(seq))));
    judge_all(tables, fed.sent_trades().map(|(_, trade)| trade));
    assert!(alarms.iter().all(|alarm| *alarm < ALARM), "{alarms:?}");
    assert!(events.iter().filter(|event| *event == "sink_halted").count() >= 3, "{events:?}");
}

/// Waits until all that the server has taken is applied, with nothing more coming.
async fn quiet(tables: &Tables) {
    let sql =
        "SELECT w.\"sequencerTxn\", w.\"writerTxn\" FROM wal_tables() w WHERE w.name = '{}ticks'";
    let (since, mut before) = (Instant::now(), Vec::new());
    loop {
        let now = tables.ask(sql);
        if now == before && now[0][0] == now[0][1] {
            return;
        }
        assert!(since.elapsed() < LONG, "the server does not catch up: {now:?}");
        before = now;
        // Nothing tells when it has caught up.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Ends delivery; answers the events that it told of.
async fn told(tables: &Tables, way: Way) -> Vec<String> {
    way.end(0).await;
    let sql = "SELECT t.event_type FROM \"{}system_events\" t ORDER BY t.ts";
    tables.ask(sql).into_iter().filter_map(|row| row.into_iter().next()?).collect()
}
