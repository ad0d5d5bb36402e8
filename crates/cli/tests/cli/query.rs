//! `tradekeep query`, `stats`, `health`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Folder, TRADES};

#[test]
fn ticks_are_exact() {
    let folder = Folder::with_trades();
    let ticks = folder.run("query ticks --json").ok().objects();
    assert_eq!(ticks.len(), 4);
    let mut second = ticks[1].clone();
    assert!(second["key"].take().is_string());
    assert_eq!(
        second,
        json!({
            "ts": "2024-08-08T10:00:06.000000001Z",
            "venue": "kraken",
            "symbol": "BTC-USD",
            "trade_id": "2",
            "price": "61900",
            "quantity": "0.01",
            "side": "sell",
            "notional": "619",
            "sequence": 2,
            "received_ts": null,
            "key": null,
        })
    );
    assert_eq!(ticks[2]["side"], Value::Null);
    let table = folder.run("query ticks --to 2024-08-08T10:00:06.000000002Z").ok().stdout;
    let expected = "\
time (UTC)                     venue   symbol      price  quantity  side  trade id
2024-08-08 10:00:05.000000000  kraken  BTC-USD  61837.63      0.5   buy   1
2024-08-08 10:00:06.000000001  kraken  BTC-USD  61900         0.01  sell  2
2024-08-08 10:00:06.000000001  kraken  BTC-USD  61700.1       0.25        3
";
    assert_eq!(table, expected);
}

#[test]
fn ranges_are_half_open_and_filters_filter() {
    let folder = Folder::with_trades();
    for (args, found) in [
        ("--from 2024-08-08T10:00:06.000000001Z", 3),
        ("--to 2024-08-08T10:00:06.000000001Z", 1),
        ("--from 2024-08-08 --to 2024-08-09", 4),
        ("--venue kraken --symbol BTC-USD", 4),
        ("--venue binance", 0),
        ("--symbol btc-usd", 0),
    ] {
        let run = folder.run(&format!("query ticks --json {args}")).ok();
        assert_eq!(run.objects().len(), found, "{args}");
    }
    let none = folder.run("query ticks --venue binance").ok().stdout;
    assert_eq!(none, "no ticks match: `tradekeep stats` shows what is stored\n");
    folder.run("query ticks --from 2024-08-09 --to 2024-08-08").error(64);
}

#[test]
fn candles_are_exact() {
    let folder = Folder::with_trades();
    let candles = folder.run("query candles --json").ok().objects();
    assert_eq!(candles.len(), 2);
    let first = json!({
        "open_ts": "2024-08-08T10:00:00.000000000Z",
        "venue": "kraken",
        "symbol": "BTC-USD",
        "interval": "1m",
        "open": "61837.63",
        "high": "61900",
        "low": "61700.1",
        "close": "61700.1",
        "volume": "0.76",
        "notional": "46962.84",
        "count": 3,
        // 46962.84 / 0.76, half to even at 18 places.
        "vwap": "61793.210526315789473684",
    });
    assert_eq!(candles[0], first);
    let names: Vec<_> = folder
        .run("query candles --json")
        .stdout
        .lines()
        .next()
        .unwrap()
        .split('"')
        .skip(1)
        .step_by(4)
        .map(String::from)
        .collect();
    assert_eq!(names[..3], ["open_ts", "venue", "symbol"], "in this order");
    let day = folder.run("query candles --interval 1d --json").ok().last();
    assert_eq!((&day["count"], &day["volume"]), (&json!(4), &json!("1.76")));
    let table = folder.run("query candles").ok().stdout;
    let expected = "\
BTC-USD on kraken, 1m
open time (UTC)          open   high      low    close  volume        vwap  ticks
2024-08-08 10:00:00  61837.63  61900  61700.1  61700.1    0.76  61793.2105      3
2024-08-08 10:03:00  61850     61850  61850    61850      1     61850.0000      1
";
    assert_eq!(table, expected);
}

#[test]
fn stored_candles_are_as_they_were_told() {
    let folder = Folder::with_trades();
    let klines = "open_time,venue,symbol,interval,open,high,low,close,volume,trades\n\
                  2024-08-08T10:00:00Z,binance,BTCUSDT,1m,61837.63,61850,61830.01,61848.2,12.5,3\n\
                  2024-08-08T10:00:00Z,binance,BTCUSDT,1h,61837.63,62000,61000,61500,750,90\n\
                  2024-08-08T10:01:00Z,binance,BTCUSDT,1m,61848.2,61000,61830,61848.2,1,1\n";
    folder.write("klines.csv", klines);
    let imported = folder.run("import --type candles --source klines klines.csv --json");
    assert_eq!(imported.code, Some(2), "{}", imported.stderr);
    assert!(imported.stderr.contains("low: and high do not hold open and close"));

    // The candles of ticks are others.
    assert_eq!(folder.run("query candles --json").ok().objects().len(), 2);
    let stored = folder.run("query candles --stored --json").ok();
    assert_eq!(stored.objects().len(), 2);
    let minutes = "query candles --stored --interval 1m --symbol BTCUSDT --source klines";
    let table = folder.run(minutes).ok().stdout;
    let expected = "\
open time (UTC)      venue    symbol   interval      open   high       low    close  volume  count  source
2024-08-08 10:00:00  binance  BTCUSDT  1m        61837.63  61850  61830.01  61848.2    12.5      3  klines
";
    assert_eq!(table, expected);

    // What was asked for is read again, and a correction is a new version.
    let line = stored.stdout.lines().find(|line| line.contains(r#""1m""#)).unwrap().to_owned();
    let again = folder.run_with("import --type candles - --json", line.clone()).ok().last();
    assert_eq!((&again["imported"], &again["duplicates"]), (&json!(0), &json!(1)));
    let corrected = line.replace(r#""version":0"#, r#""version":1"#).replace("12.5", "12.75");
    folder.run_with("import --type candles -", corrected).ok();
    let volumes = |args: &str| {
        let found = folder.run(&format!("query candles --stored --interval 1m --json {args}")).ok();
        found.objects().iter().map(|found| found["volume"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(volumes(""), ["12.75"]);
    assert_eq!(volumes("--history"), ["12.5", "12.75"]);
    for wrong in ["--stored --chart", "--stored --fill zero", "--history", "--newest-first"] {
        folder.run(&format!("query candles {wrong}")).error(64);
    }
}

#[test]
fn empty_buckets_are_filled_as_asked() {
    let folder = Folder::with_trades();
    let closes = |fill: &str| -> Vec<Value> {
        let run = folder.run(&format!("query candles --json --fill {fill}")).ok();
        run.objects().iter().map(|candle| candle["close"].clone()).collect()
    };
    assert_eq!(closes("none"), ["61700.1", "61850"]);
    assert_eq!(closes("previous"), ["61700.1", "61700.1", "61700.1", "61850"]);
    assert_eq!(closes("zero"), [json!("61700.1"), Value::Null, Value::Null, json!("61850")]);
    let zero = &folder.run("query candles --json --fill zero").ok().objects()[1];
    assert_eq!((&zero["volume"], &zero["count"]), (&json!("0"), &json!(0)));
    assert_eq!(zero["vwap"], Value::Null);
}

#[test]
fn a_cut_answer_goes_on() {
    let folder = Folder::with_trades();
    let whole = folder.run("query ticks --json").ok().objects();
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let mut page = folder.run(&format!("query ticks --json --limit 1 {after}")).ok().objects();
        rows.push(page.remove(0));
        match page.pop() {
            Some(next) => after = format!("--after {}", next["next"].as_str().unwrap()),
            None => break,
        }
    }
    assert_eq!(rows, whole);
    // Exactly as many as there are is not cut.
    assert_eq!(folder.run("query ticks --json --limit 4").ok().objects().len(), 4);
    let table = folder.run("query ticks --limit 3").ok().stdout;
    assert!(table.lines().last().unwrap().starts_with("more: --after "), "{table}");

    let first = folder.run("query candles --json --fill previous --limit 2").ok().objects();
    let after = first[2]["next"].as_str().unwrap();
    let args = format!("query candles --json --fill previous --after {after}");
    let rest = folder.run(&args).ok().objects();
    let whole = folder.run("query candles --json --fill previous").ok().objects();
    assert_eq!([&first[..2], &rest].concat(), whole);
    folder.run(&format!("query ticks --after {after}")).error(64);
}

#[test]
fn limits_beyond_a_page_are_served() {
    let folder = Folder::new();
    let rows: String = (0..25_000)
        .map(|i| format!("{},X,1,1,{i}\n", 1_723_111_200_000_000i64 + i * 1_000))
        .collect();
    folder.run_with("import -", format!("ts,symbol,price,qty,id\n{rows}")).ok();
    assert_eq!(folder.run("query ticks --json").ok().objects().len(), 10_001);
    let ids: Vec<u64> = folder
        .run("query ticks --json --limit 1000000")
        .ok()
        .objects()
        .iter()
        .map(|tick| tick["trade_id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(ids.iter().copied().eq(0..25_000));
    let cut = folder.run("query ticks --json --limit 20001").ok().objects();
    assert_eq!(cut.len(), 20_002);
    assert!(cut[20_001]["next"].is_string());

    // A reader that goes away is no failure.
    let mut child = Command::new(env!("CARGO_BIN_EXE_tradekeep"))
        .args(["query", "ticks", "--json", "--limit", "1000000"])
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_series_is_chosen_or_asked_for() {
    let folder = Folder::with_trades();
    let second = TRADES.replace("kraken", "coinbase");
    folder.run_with("import -", second).ok();
    let unsure = folder.run("query candles --symbol BTC-USD");
    let expected =
        "2 series match: say with --venue which one (BTC-USD on coinbase, BTC-USD on kraken)";
    assert_eq!(unsure.error(1), expected);
    folder.run("query candles --venue kraken --json").ok();
    folder.run_with("import -", TRADES.replace("BTC-USD", "ETH-USD")).ok();
    let unsure = folder.run("query candles --venue kraken");
    assert!(unsure.error(1).starts_with("2 series match: say with --symbol which one"));
    assert!(folder.run("query candles").error(1).contains("--symbol and --venue"));
    let none = folder.run("query candles --symbol DOGE");
    let expected = "no ticks of DOGE are stored: import some, or look at `tradekeep stats`";
    assert_eq!(none.error(1), expected);
}

#[test]
fn the_chart_is_what_it_was() {
    let folder = Folder::new();
    let rows: String = (0..400i64)
        .map(|i| {
            let ts = 1_723_111_200 + i * 37;
            let price = 61_800 + (i % 83 - 41) * (i % 59 - 29) / 4 + i;
            format!("{ts},BTC-USD,kraken,{price}.5,0.{},{i}\n", 1 + i % 9)
        })
        .collect();
    folder.run_with("import -", format!("ts,symbol,venue,price,qty,id\n{rows}")).ok();
    let chart = folder.run("query candles --interval 5m --chart").ok().stdout;
    let drawn: String = chart.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let golden = "tests/cli/chart.txt";
    if std::env::var_os("TRADEKEEP_BLESS").is_some() {
        std::fs::write(golden, &drawn).unwrap();
    }
    assert_eq!(drawn, std::fs::read_to_string(golden).unwrap(), "\n{drawn}");
    assert!(!chart.contains('\x1b'), "colours are for terminals");
    // The last that fit, found from the end, are the last of all.
    let cut = folder.run("query candles --interval 1m --chart").ok().stdout;
    let all = folder.run("query candles --interval 1m --chart --limit 1000000").ok().stdout;
    assert!(cut.contains("the last "), "{cut}");
    assert_eq!(cut, all);
    for fill in ["previous", "zero"] {
        let args = format!("query candles --interval 30s --chart --fill {fill}");
        let all = folder.run(&format!("{args} --limit 1000000")).ok().stdout;
        assert_eq!(folder.run(&args).ok().stdout, all, "{fill}");
    }
    let none = folder.run("query candles --chart --to 2000-01-01").ok().stdout;
    assert!(none.starts_with("no candles match"), "{none}");
}

#[test]
fn stats_and_health() {
    let folder = Folder::with_trades();
    let stats = folder.run("stats --json").ok().objects();
    assert_eq!(stats.len(), 11 + 2, "a table each, a series each, and totals");
    assert_eq!((&stats[0]["table"], &stats[0]["rows"]), (&json!("ticks"), &json!(4)));
    assert_eq!((&stats[9]["table"], &stats[9]["rows"]), (&json!("node_health"), &json!(0)));
    assert_eq!(stats[9]["first_ts"], Value::Null);
    assert_eq!(
        stats[11],
        json!({
            "venue": "kraken",
            "symbol": "BTC-USD",
            "ticks": 4,
            "first_ts": "2024-08-08T10:00:05.000000000Z",
            "last_ts": "2024-08-08T10:03:00.000000000Z",
            "unit": "ns",
            "aggregated": 0,
        })
    );
    assert_eq!((&stats[12]["ticks"], &stats[12]["days"]), (&json!(4), &json!(1)));
    assert!(stats[12]["bytes"].as_u64().unwrap() > 0);
    let people = folder.run("stats").ok().stdout;
    assert!(people.contains("1 series, 4 ticks on 1 day, about "), "{people}");
    let health = folder.run("health --json").ok().objects();
    assert_eq!(health.len(), 1);
    let roles = json!(["ticks", "trades", "executions", "metrics", "events"]);
    assert_eq!((&health[0]["roles"], &health[0]["store"]), (&roles, &json!("duckdb")));
    assert_eq!(health[0]["healthy"], true);
    assert!(folder.run("health").ok().stdout.starts_with("all series: healthy, duckdb v1."));
}
