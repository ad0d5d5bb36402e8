//! `import`, `query`, `stats`, `optimize`: as on the embedded store.

use std::fmt::Write as _;

use serde_json::json;

use crate::scratch::Scratch;
use crate::{Test, once, own};

pub(crate) const TESTS: &[Test] = &[
    ("imported_twice_ticks_are_there_once", ticks),
    ("own_records_answer_alike", records),
    ("a_trade_in_two_units_is_stored_once", |scratch| {
        once::whichever_way_round(&scratch.folder, |args| scratch.on_server(args));
    }),
    ("another_trade_of_one_id_is_rejected", |scratch| {
        once::other_content(&scratch.folder, |args| scratch.on_server(args));
    }),
    ("markets_and_sums_are_series_of_their_own", |scratch| {
        once::what_is_one_series(&scratch.folder, |args| scratch.on_server(args));
    }),
];

/// Ticks of two series over some minutes: equal times, a side that is missing, no ids, many digits.
fn market(rows: u64) -> String {
    let mut csv = String::from("ts,venue,symbol,price,quantity,side\n");
    for row in 0..rows {
        let (second, nanos) = (row / 3, [0, 1, 1][usize::try_from(row % 3).unwrap()]);
        let (minute, second) = (second / 60 * 2, second % 60);
        let symbol = ["BTC-USD", "SOL-USD"][usize::try_from(row % 2).unwrap()];
        let (price, quantity) = (row * 2_654_435_761 % 1_000_003, row * 40_503 % 10_007 + 1);
        let side = ["buy", "sell", ""][usize::try_from(row % 7 % 3).unwrap()];
        let _ = writeln!(
            csv,
            "2024-08-08T10:{minute:02}:{second:02}.00000000{nanos}Z,kraken,{symbol},{price}.{row:06}000001,\
             {quantity}e-7,{side}"
        );
    }
    csv
}

fn ticks(scratch: &Scratch) {
    const ROWS: u64 = 1_000;
    scratch.folder.write("market.csv", market(ROWS));
    for expected in [[ROWS, ROWS, 0, 0], [ROWS, 0, ROWS, 0]] {
        assert_eq!(scratch.on_server("import market.csv --json").ok().counts(), expected);
        assert_eq!(scratch.embedded("import market.csv --json").ok().counts(), expected);
    }
    scratch.answer_alike(&[
        "query ticks --json",
        "query ticks --symbol SOL-USD --from 2024-08-08T10:00:10Z --to 2024-08-08T10:02:20.000000001Z",
        "query ticks --limit 7",
        "query candles --symbol BTC-USD --interval 1m --json",
        "query candles --symbol BTC-USD --interval 7s --fill previous --limit 30 --json",
        "query candles --symbol SOL-USD --interval 1d --fill zero",
    ]);
    // A page goes on where the last one ended, on either store.
    let cut = scratch.on_server("query ticks --limit 400 --json").ok();
    let next = cut.last()["next"].as_str().unwrap().to_owned();
    scratch.answer_alike(&[&format!("query ticks --limit 400 --after {next} --json")]);

    scratch.on_server("optimize").ok();
    let (one, other) =
        (scratch.on_server("stats --json").ok(), scratch.embedded("stats --json").ok());
    // How many bytes they take differs.
    let (one, other) = (one.objects(), other.objects());
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(&other) {
        for name in ["table", "rows", "venue", "symbol", "ticks", "first_ts", "last_ts", "days"] {
            assert_eq!(one[name], other[name], "{name} of {one}");
        }
    }
    assert!(one.last().unwrap()["bytes"].as_u64().unwrap() > 0);
    let people = scratch.on_server("stats").ok().stdout;
    assert!(people.contains("2 series, 1,000 ticks on 1 day, about "), "{people}");

    let health = scratch.on_server("health --json").ok().last();
    assert_eq!((&health["store"], &health["version"]), (&json!("questdb"), &json!("9.3.4")));
    assert_eq!((&health["healthy"], &health["troubles"]), (&json!(true), &json!([])));
    let people = scratch.on_server("health").ok().stdout;
    assert!(
        people.starts_with("all series: healthy, questdb 9.3.4, readable, writable ("),
        "{people}"
    );

    // A folder that is not there yet says nothing of what is on the server.
    let mixed = format!("[stores]\nseries = '{}'\nmetrics = 'duckdb://new'\n", scratch.url);
    scratch.folder.write("mixed.toml", mixed);
    let run = scratch.folder.run("--config mixed.toml query ticks --json").ok();
    assert_eq!(run.objects().len() as u64, ROWS);
}

fn records(scratch: &Scratch) {
    for (kind, _, text) in own::files() {
        scratch.folder.write("rows.csv", text);
        let import = format!("import --type {kind} rows.csv --json");
        let imported = scratch.on_server(&import).ok().counts();
        assert_eq!(imported, scratch.embedded(&import).ok().counts(), "{kind}");
        assert_eq!(imported[0], imported[1], "{kind}");
    }
    scratch.answer_alike(QUERIES);
}

/// One of each, as people or programs ask it; `record` is tried with the plain lists.
const QUERIES: &[&str] = &[
    "query trades --token SOL --limit 1",
    "query orders --status filled",
    "query fills",
    "query positions",
    "query metrics --name lag_ms --stats --json",
    "query metrics --interval 1m --json",
    "query latency --json",
    "query latency --service router --chart",
    "query mev --json",
    "query events --severity error",
    "query nodes --node rpc-1 --newest-first",
    "query slippage --json",
    "query summary --json",
    "query performance --json",
];
