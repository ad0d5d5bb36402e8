//! Files as exchanges and vendors wrote them, which are not shipped.

use std::path::Path;

use serde_json::{Value, json};
use tradekeep_test_servers::harness::Absent;

use crate::Test;
use crate::support::Folder;

pub(crate) const TESTS: &[Test] = &[
    ("coinbase_trades_as_csv", coinbase_trades_as_csv),
    ("binance_stream_as_recorded", binance_stream_as_recorded),
    ("databento_trades", databento_trades),
];

/// The path of a real file, where it is there.
fn real(name: &str) -> Result<String, Absent> {
    let path = Path::new("../../../shared/data").join(name);
    let path = path.canonicalize().map_err(|_| format!("{name} is not here"))?;
    Ok(path.to_str().unwrap().to_owned())
}

/// Imports it twice and answers the folder.
fn import(path: &str, count: u64) -> Folder {
    let folder = Folder::new();
    let args = format!("import {path} --json");
    assert_eq!(folder.run(&args).ok().counts(), [count, count, 0, 0]);
    assert_eq!(folder.run(&args).ok().counts(), [count, 0, count, 0]);
    assert_eq!(folder.stored(), count);
    folder
}

fn coinbase_trades_as_csv() -> Result<(), Absent> {
    let path = real("btc_trades.csv")?;
    let folder = import(&path, 5_882);
    let third = folder.run("query ticks --json --limit 3").ok().objects().remove(2);
    assert_eq!((&third["price"], &third["quantity"]), (&json!("25741.03"), &json!("0.00003844")));
    let candles = folder.run("query candles --interval 5m --json").ok().objects();
    // Worked out from the file with 60 digits.
    let first = [
        ("open_ts", "2023-09-05T16:00:00.000000000Z"),
        ("open", "25741.02"),
        ("high", "25745.72"),
        ("low", "25714.11"),
        ("close", "25726.72"),
        ("volume", "11.77618088"),
        ("notional", "303044.3242561232"),
        ("vwap", "25733.6675908907404622"),
    ];
    for (name, value) in first {
        assert_eq!(candles[0][name], value, "{name}");
    }
    assert_eq!(candles[0]["count"], 424);
    let count: u64 = candles.iter().map(|candle| candle["count"].as_u64().unwrap()).sum();
    assert_eq!((count, candles.len()), (5_882, 12));
    Ok(())
}

fn binance_stream_as_recorded() -> Result<(), Absent> {
    let path = real("binance_ws_btcusdt_20240808.jsonl.gz")?;
    let folder = import(&path, 9_757);
    let ticks = folder.run("query ticks --json").ok().objects();
    assert_eq!(ticks.len(), 9_757);
    assert!(ticks.iter().all(|tick| tick["venue"] == "binance" && tick["symbol"] == "BTCUSDT"));
    // The recorder's clock ran behind the venue's.
    let text = |tick: &Value, name: &str| tick[name].as_str().unwrap().to_owned();
    assert!(ticks.iter().any(|tick| text(tick, "received_ts") < text(tick, "ts")));
    Ok(())
}

fn databento_trades() -> Result<(), Absent> {
    let path = real("databento_trades_v3.dbn.zst")?;
    let folder = import(&path, 2);
    let ticks = folder.run("query ticks --json").ok().objects();
    assert_eq!((&ticks[0]["symbol"], &ticks[0]["price"]), (&json!("ESH1"), &json!("3720.25")));
    assert_eq!(ticks[1]["ts"], "2020-12-28T13:00:00.107665963Z");
    Ok(())
}
