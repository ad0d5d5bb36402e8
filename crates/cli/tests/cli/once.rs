//! One trade told in two ways is stored once, on every store: `--config` names it.

use serde_json::json;

use crate::support::{Folder, Run};

/// What a recorder of a stream kept, and the venue's file of the same hour.
pub(crate) const STREAM: &str = r#"{"e":"trade","s":"SYMBOL","t":41,"p":"93000.10","q":"0.5","T":1735689600010,"m":true,"M":true}
{"e":"trade","s":"SYMBOL","t":42,"p":"93000.20","q":"0.25","T":1735689600011,"m":false,"M":true}
"#;
pub(crate) const FILE: &str = "41,93000.10,0.5,46500.05,1735689600010866,True,True\n\
                    42,93000.20,0.25,23250.05,1735689600011432,False,True\n\
                    43,93000.30,1,93000.30,1735689600012001,False,True\n";

/// What all of it comes to.
pub(crate) fn whichever_way_round(folder: &Folder, run: impl Fn(&str) -> Run) {
    for (symbol, stream_first) in [("BTCUSDT", true), ("ETHUSDT", false)] {
        let (stream, file) = (format!("{symbol}.jsonl"), format!("{symbol}-trades-2025-01-01.csv"));
        folder.write(&stream, STREAM.replace("SYMBOL", symbol));
        folder.write(&file, FILE);
        let expected = if stream_first {
            [(&stream, [2, 2, 0, 0]), (&file, [3, 1, 2, 0])]
        } else {
            [(&file, [3, 3, 0, 0]), (&stream, [2, 0, 2, 0])]
        };
        let again = [(&stream, [2, 0, 2, 0]), (&file, [3, 0, 3, 0])];
        for (name, counts) in expected.into_iter().chain(again) {
            assert_eq!(run(&format!("import --json {name}")).ok().counts(), counts, "{name}");
        }
        let query = format!("query candles --symbol {symbol} --interval 1d --json");
        let candle = run(&query).ok().last();
        assert_eq!((&candle["volume"], &candle["count"]), (&json!("1.75"), &json!(3)), "{symbol}");
    }
}

/// The same id and time, and not the same trade.
pub(crate) fn other_content(folder: &Folder, run: impl Fn(&str) -> Run) {
    const HEADER: &str = "ts,venue,symbol,trade_id,price,quantity,side\n";
    let row =
        |quantity| format!("2025-01-01T00:00:00.010Z,kraken,X,2751,93000.1,{quantity},sell\n");
    folder.write("one.csv", format!("{HEADER}{}", row("0.500")));
    folder.write("other.csv", format!("{HEADER}{}", row("0.350")));
    folder.write(
        "both.csv",
        format!("{HEADER}{}{}", row("0.7").replace("2751", "9"), row("0.8").replace("2751", "9")),
    );
    assert_eq!(run("import --json one.csv").ok().counts(), [1, 1, 0, 0]);
    for (file, counts) in [("other.csv", [1, 0, 0, 1]), ("both.csv", [2, 1, 0, 1])] {
        let refused = run(&format!("import --json {file}"));
        assert_eq!((refused.code, refused.counts()), (Some(2), counts), "{refused:?}");
        assert!(
            refused.stderr.contains("(trade_id: there is a trade of this id and time"),
            "{refused:?}"
        );
        assert!(folder.read(&format!("{file}.rejected.ndjson")).contains("quantity"));
    }
    // Where several trades have one id, as of one transaction, the join that is named tells them apart.
    folder.write(
        "chain.csv",
        "ts,venue,symbol,tx,log_index,price,size\n\
         2025-01-01T00:00:00Z,uni,X,0xab,1,2,3\n2025-01-01T00:00:00Z,uni,X,0xab,2,2,4\n",
    );
    let joined = run("import --json chain.csv --map trade_id=tx+log_index").ok();
    assert_eq!(joined.counts(), [2, 2, 0, 0]);
}

/// Two markets are two series, single trades and sums of them never one.
pub(crate) fn what_is_one_series(folder: &Folder, run: impl Fn(&str) -> Run) {
    for (name, text) in [
        (
            "spot/BTCUSDT-trades-2024-01-01.csv",
            "1001,42000.10,0.5,21000.05,1704067200010,True,True\n",
        ),
        (
            "um/BTCUSDT-trades-2024-01-01.csv",
            "id,price,qty,quote_qty,time,is_buyer_maker\n900001,42031.5,2,84063,1704067200020,true\n",
        ),
        ("cm/BTCUSD_PERP-aggTrades-2024-01-01.csv", "7,42031.5,2,1,1,1704067200020,true\n"),
        (
            "agg/BTCUSDT-aggTrades-2024-01-01.csv",
            "501,42000.10,0.5,1001,1001,1704067200010,True,True\n",
        ),
    ] {
        let (own, _) = name.split_once('/').unwrap();
        std::fs::create_dir(folder.path(own)).unwrap();
        folder.write(name, text);
    }
    for name in ["spot/BTCUSDT-trades", "um/BTCUSDT-trades", "cm/BTCUSD_PERP-aggTrades"] {
        let imported = run(&format!("import --json {name}-2024-01-01.csv")).ok();
        assert_eq!(imported.counts(), [1, 1, 0, 0], "{name}");
    }
    let sums = "import --json agg/BTCUSDT-aggTrades-2024-01-01.csv";
    let refused = run(sums);
    let error = refused.error(1);
    assert!(
        error.contains("binance BTCUSDT has single trades, and these are aggregates"),
        "{error}"
    );
    // What was said to help does.
    assert!(error.contains("as binance-aggregated (--venue of import"), "{error}");
    assert_eq!(run(&format!("{sums} --venue binance-aggregated")).ok().counts(), [1, 1, 0, 0]);
    let series = run("stats --json").ok().objects();
    let series = series.iter().filter(|object| object["symbol"].is_string());
    let series: Vec<_> =
        series.map(|of| json!([of["venue"], of["ticks"], of["aggregated"], of["unit"]])).collect();
    assert_eq!(
        series,
        [
            json!(["binance", 1, 0, "ms"]),
            json!(["binance-aggregated", 1, 1, "ms"]),
            json!(["binance-coinm", 1, 1, "ms"]),
            json!(["binance-usdm", 1, 0, "ms"]),
        ]
    );
}
