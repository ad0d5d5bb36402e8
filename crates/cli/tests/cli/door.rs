//! What an error names as the way out is done as it stands, and leads to a good end.

use serde_json::json;

use crate::support::{Folder, Run};
use crate::{feed, once};

/// What an error names, from `mark` on to its end.
fn named<'a>(error: &'a str, mark: &str) -> &'a str {
    error.split_once(mark).map(|(_, flags)| flags).unwrap_or_else(|| panic!("{error}"))
}

#[test]
fn the_columns_that_are_named_lose_no_row() {
    for (name, file, rows) in [
        ("XBTUSD.csv", "1616662740.2345,54000.1,0.01\n1616662740.9,54000.2,0.02\n", 2),
        (
            "dated.csv",
            "2021-03-25 08:59:00.2,54000.1,0.01,b\n2021-03-25 08:59:00.9,54000.2,0.02,s\n",
            2,
        ),
        ("first.csv", "BTC-USD,2021-03-25T08:59:00.2345Z,buy,54000.1,0.01\n", 1),
        (
            "bitfinex.json",
            "[[657815316,1617519628060,-0.00010805,57397.3],[657815315,1617519628060,0.5,57394.6]]",
            2,
        ),
    ] {
        let folder = Folder::new();
        folder.write(name, file);
        let refused = folder.run(&format!("import {name}"));
        let flags = named(refused.error(1), "name its columns with ");
        let run = folder.run(&format!("--json import {name} {flags}"));
        assert_eq!(run.counts(), [rows, rows, 0, 0], "{name}: {run:?}");
    }
}

#[test]
fn the_header_that_is_named_is_read() {
    let folder = Folder::new();
    folder.write("cdd.csv", "https://example.com\nunix,symbol,price,volume\n1585180700,X,1,1\n");
    let refused = folder.run("import cdd.csv");
    let flags = named(refused.error(1), "looks like the header: ");
    assert_eq!(folder.run(&format!("--json import cdd.csv {flags}")).counts(), [1, 1, 0, 0]);
}

#[test]
fn what_was_found_out_is_said() {
    let folder = Folder::new();
    folder.write(
        "money.csv",
        "ts,symbol,price,size,amount\n2024-01-01,X,2,3,6\n2024-01-02,X,2,4,8\n",
    );
    let run = folder.run("import money.csv");
    assert!(run.stderr.contains("note: money.csv: size is the quantity"), "{run:?}");
    let run = folder.run("--json import money.csv");
    assert!(run.stdout.contains(r#""notes":["size is the quantity"#), "{run:?}");
}

#[test]
fn one_reason_of_all_rows_is_one_error() {
    let folder = Folder::new();
    let rows: String = (0..40).map(|n| format!("09/04/2020 05:{n:02},X,1,1\n")).collect();
    folder.write("days.csv", format!("time,symbol,price,size\n{rows}"));
    let run = folder.run("import days.csv");
    let error = run.error(1);
    assert!(error.contains("all 40 rows are refused for one reason"), "{error}");
    assert!(!folder.path("days.csv.rejected.ndjson").exists());
    let mut command = folder.command("--json import days.csv");
    let run = Run::of(command.args(["--time-format", "%d/%m/%Y %H:%M"]));
    assert_eq!(run.counts(), [40, 40, 0, 0], "{run:?}");
}

#[test]
fn lines_of_others_are_recorded_as_they_are_said() {
    let folder = Folder::new();
    let line = r#"{"coin":"BTC","side":"A","px":"1.5","sz":"2","time":1748327839460,"tid":11,"hash":"0xabc"}"#;
    let run = folder.run_with("record", line);
    assert_eq!(run.code, Some(2), "{run:?}");
    let run = folder.run_with("record --map symbol=coin,_=hash --side-of maker", line);
    assert_eq!(run.code, Some(0), "{run:?}");
    let stored = folder.run("query ticks --json").stdout;
    assert!(stored.contains(r#""symbol":"BTC""#) && stored.contains(r#""side":"buy""#), "{stored}");
    // Digits that are no time are asked about here too.
    let old = r#"{"ts":86400,"symbol":"X","price":1,"quantity":1,"trade_id":1}"#;
    assert_eq!(folder.run_with("record", old).code, Some(2));
    assert_eq!(folder.run_with("record --time-unit s", old).code, Some(0));
}

#[test]
fn a_trade_in_two_units_is_stored_once() {
    let folder = Folder::new();
    once::whichever_way_round(&folder, |args| folder.run(args));
}

#[test]
fn another_trade_of_one_id_is_rejected() {
    let folder = Folder::new();
    once::other_content(&folder, |args| folder.run(args));
}

#[test]
fn markets_and_sums_are_series_of_their_own() {
    let folder = Folder::new();
    once::what_is_one_series(&folder, |args| folder.run(args));
}

#[test]
fn lines_are_held_against_what_is_stored() {
    let folder = Folder::new();
    folder.write("BTCUSDT-trades-2025-01-01.csv", once::FILE);
    folder.run("import BTCUSDT-trades-2025-01-01.csv").ok();
    let line = |id: u32, micros: u32, quantity: &str| {
        format!(
            "{{\"ts\":\"2025-01-01T00:00:00.{micros:06}Z\",\"venue\":\"binance\",\"symbol\":\"BTCUSDT\",\
             \"trade_id\":{id},\"price\":93000.1,\"quantity\":{quantity}}}\n"
        )
    };
    // Known, of other content, new.
    let lines = line(41, 10_000, "0.5") + &line(41, 10_000, "9") + &line(44, 13_000, "1");
    let run = feed::record(&folder, "--json --receipts synced", lines);
    assert_eq!(run.code, Some(2), "{run:?}");
    let told = run.objects();
    assert_eq!(told[0], json!({"line": 1, "known": true}));
    let reason = told[1]["rejected"].as_str().unwrap();
    assert!(reason.contains("other content: quantity"), "{reason}");
    assert_eq!((&told[2]["line"], told[2]["seq"].is_u64()), (&json!(3), true));
    let last = &told[3];
    let counts = ["read", "accepted", "rejected", "known"].map(|name| last[name].as_u64().unwrap());
    assert_eq!(counts, [3, 1, 1, 1], "{last}");
    assert_eq!(folder.stored(), 4);
    // Sums are refused, and taken where they have a venue of their own.
    let sum = line(900, 20_000, "3").replace("{", "{\"aggregated\":true,");
    let run = feed::record(&folder, "", sum.clone());
    assert!(
        run.code == Some(2) && run.stderr.contains("these are aggregates of several"),
        "{run:?}"
    );
    let own = sum.replace("binance", "binance-aggregated");
    assert_eq!(feed::record(&folder, "", own).code, Some(0));
    assert_eq!(folder.stored(), 5);
}

/// The stream as it comes, by a map, and the venue's file of the same hour, in either order.
#[test]
fn a_recorded_stream_and_the_file_of_the_venue_are_one() {
    const MAP: &str =
        "--set venue=binance --map ts=T,symbol=s,price=p,quantity=q,trade_id=t,is_buyer_maker=m";
    let folder = Folder::new();
    for (symbol, stream_first) in [("BTCUSDT", true), ("ETHUSDT", false)] {
        let file = format!("{symbol}-trades-2025-01-01.csv");
        folder.write(&file, once::FILE);
        let lines = once::STREAM.replace("SYMBOL", symbol);
        let record = |expected: [u64; 2]| {
            let run = feed::record(
                &folder,
                &format!("--json {MAP} --unknown-fields ignore"),
                lines.clone(),
            );
            let last = run.last();
            let counts = ["accepted", "known"].map(|name| last[name].as_u64().unwrap());
            assert_eq!((run.code, counts), (Some(0), expected), "{run:?}");
        };
        let import = |counts| {
            assert_eq!(folder.run(&format!("import --json {file}")).ok().counts(), counts);
        };
        if stream_first {
            record([2, 0]);
            import([3, 1, 2, 0]);
        } else {
            import([3, 3, 0, 0]);
        }
        record(if stream_first { [2, 0] } else { [0, 2] });
        let query = format!("query candles --symbol {symbol} --interval 1d --json");
        let candle = folder.run(&query).ok().last();
        assert_eq!((&candle["volume"], &candle["count"]), (&json!("1.75"), &json!(3)), "{symbol}");
    }
}
