//! One small file of each layout, and what it says.

use tradekeep_formats::{Format, ReadOptions};
use tradekeep_models::{Side, Tick};

use crate::{format, gzip, open, read, read_with, ticks, zstd};

/// A tick without its key, which is a hash.
fn show(tick: &Tick) -> String {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    format!(
        "{} {} {} {} {} x {} {} #{} {}",
        tick.ts(),
        tick.venue(),
        tick.symbol(),
        or_none(tick.trade_id().map(ToString::to_string)),
        tick.price(),
        tick.quantity(),
        or_none(tick.side().map(|side| side.to_string())),
        tick.sequence(),
        or_none(tick.received_ts().map(|ts| ts.to_string())),
    )
}

fn shown(file: &str, options: &ReadOptions, expected: Format) -> Vec<String> {
    assert_eq!(open(file, options).unwrap().format(), expected);
    let plain = ticks(file, options);
    // Compressed it says the same, and so it does with what editors on Windows add.
    assert_eq!(ticks(gzip(file.as_bytes()), options), plain);
    assert_eq!(ticks(zstd(file.as_bytes()), options), plain);
    let windows = format!("\u{feff}{}", file.replace('\n', "\r\n"));
    assert_eq!(ticks(windows, options), plain);
    assert_eq!(ticks(file.trim_end(), options), plain);
    plain.iter().map(show).collect()
}

fn auto(file: &str, expected: Format) -> Vec<String> {
    shown(file, &format(expected), expected);
    let options = ReadOptions { format: None, ..format(expected) };
    shown(file, &options, expected)
}

#[test]
fn generic_csv() {
    let file = "\
Timestamp,PAIR, Price ,Amount,Side,Trade ID,local_timestamp,Exchange,seq,note
2023-09-05T16:00:01.281719Z,BTC-USD,25741.02,0.02188038,sell,a-1,1693929601281720,coinbase,7,x
2023-09-05 16:00:02,\"BTC,\"\"USD\",1e3,3.844E-5,,12,,,,
";
    assert_eq!(
        auto(file, Format::Csv),
        [
            "2023-09-05T16:00:01.281719000Z coinbase BTC-USD a-1 25741.02 x 0.02188038 sell #7 \
             2023-09-05T16:00:01.281720000Z",
            "2023-09-05T16:00:02.000000000Z unknown BTC,\"USD 12 1000 x 0.00003844 - #12 -",
        ]
    );
}

#[test]
fn csv_by_map() {
    let file = "when;x,last,lots,what,taker buys\n1693929601,5,2,X,\n".replace("when;x", "when");
    let file = file.replace("1693929601,5,", "1693929601.5,5,");
    let options = ReadOptions {
        map: "ts=when,price=last,quantity=LOTS,symbol=what".parse().unwrap(),
        ..ReadOptions::default()
    };
    assert_eq!(
        shown(&file, &options, Format::Csv),
        ["2023-09-05T16:00:01.500000000Z unknown X - 5 x 2 - #0 -"]
    );
}

#[test]
fn a_row_wins_over_the_options() {
    let options = ReadOptions {
        venue: "kraken".parse().ok(),
        symbol: "ETH".parse().ok(),
        ..ReadOptions::default()
    };
    let file = "ts,symbol,venue,price,qty\n1700000001,BTC,okx,1,1\n1700000001,,,1,1\n";
    assert_eq!(
        shown(file, &options, Format::Csv),
        [
            "2023-11-14T22:13:21.000000000Z okx BTC - 1 x 1 - #0 -",
            "2023-11-14T22:13:21.000000000Z kraken ETH - 1 x 1 - #0 -",
        ]
    );
}

#[test]
fn binance_files() {
    let tick = |venue: &str| {
        format!("2024-08-08T12:34:56.789000000Z {venue} BTCUSDT 77 61837.63 x 0.02 sell #77 -")
    };
    for (file, venue, aggregated) in [
        ("77,61837.63000000,0.02000000,1236.75,1723120496789,True,True\n", "binance", false),
        ("77,61837.63000000,0.02000000,1236.75,1723120496789000,true,true\n", "binance", false),
        ("77,61837.63000000,0.02000000,100,101,1723120496789,True,True\n", "binance", true),
        ("77,61837.63,0.020,1236.75,1723120496789,true\n", "binance-usdm", false),
        ("77,61837.63,0.020,100,101,1723120496789,true\n", "binance-usdm", true),
        (
            "id,price,qty,quote_qty,time,is_buyer_maker\n77,61837.63,0.02,1,1723120496789,true\n",
            "binance-usdm",
            false,
        ),
        (
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n\
             77,61837.63,0.02,100,101,1723120496789,TRUE\n",
            "binance-usdm",
            true,
        ),
    ] {
        let expected = tick(venue);
        assert_eq!(auto(file, Format::BinanceTrades), [&*expected], "{file}");
        let named = ReadOptions {
            file_name: Some("data/BTCUSDT-trades-2024-08-08.csv.gz".into()),
            ..ReadOptions::default()
        };
        assert_eq!(shown(file, &named, Format::BinanceTrades), [expected]);
        assert_eq!(ticks(file, &named)[0].is_aggregated(), aggregated, "{file}");
    }
    let bought = ticks("1,1,1,1,1723120496789,False,True\n", &format(Format::BinanceTrades));
    assert_eq!(bought[0].side(), Some(Side::Buy));
    let file = "1,1,1,1,1723120496789,False,True\n2,1,1,1,1723120496790,no,True\n";
    let outcome = read_with(file, &format(Format::BinanceTrades));
    assert_eq!(outcome.reasons(), ["2: is_buyer_maker: is neither true nor false"]);
}

#[test]
fn binance_stream() {
    let trade = r#"{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":37,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}"#;
    let aggregated = r#"{"e":"aggTrade","E":1,"a":9,"s":"BTCUSDT","p":"0.5","q":"2","f":1,"l":2,"T":1723161255342001,"m":false}"#;
    let file = format!(
        "{{\"result\":null,\"id\":1}}\n\
         1723161254087896568 {{\"stream\":\"btcusdt@trade\",\"data\":{trade}}}\n\
         1723161254087896569 {{\"stream\":\"x\",\"data\":{{\"e\":\"depthUpdate\",\"a\":[[\"1\",\"2\"]],\"T\":5}}}}\n\
         {{\"stream\":\"!ticker@arr\",\"data\":[{{\"e\":\"24hrTicker\"}}]}}\n\
         {trade}\n"
    );
    let plain = "2024-08-08T23:54:15.342000000Z binance BTCUSDT 37 61837.63 x 0.02 sell #37";
    assert_eq!(
        auto(&file, Format::BinanceWs),
        [format!("{plain} 2024-08-08T23:54:14.087896568Z"), format!("{plain} -")]
    );
    assert_eq!(
        auto(&format!("{aggregated}\n"), Format::BinanceWs),
        ["2024-08-08T23:54:15.342001000Z binance-usdm BTCUSDT 9 0.5 x 2 buy #9 -"]
    );
    let outcome = read(format!("{trade}\n1723161254087896569 {{\"e\":\n{aggregated}\n"));
    assert_eq!(outcome.ticks.len(), 1);
    assert_eq!(outcome.rejects.len(), 2);
    assert!(outcome.rejects[0].reason.starts_with("json: "), "{:?}", outcome.reasons());
    // Milliseconds came first, so microseconds are out.
    assert!(outcome.rejects[1].reason.contains("this file counts milliseconds"));
}

#[test]
fn tardis() {
    let file = "\
exchange,symbol,timestamp,local_timestamp,id,side,price,amount
bitmex,XBTUSD,1585699201147000,1585699201200000,a9,buy,6425.5,100
bitmex,XBTUSD,1585699201147001,1585699201200000,,unknown,6425.5,100
";
    assert_eq!(
        auto(file, Format::Tardis),
        [
            "2020-04-01T00:00:01.147000000Z bitmex XBTUSD a9 6425.5 x 100 buy #0 \
             2020-04-01T00:00:01.200000000Z",
            "2020-04-01T00:00:01.147001000Z bitmex XBTUSD - 6425.5 x 100 - #0 \
             2020-04-01T00:00:01.200000000Z",
        ]
    );
    let millis = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n\
                  bitmex,XBTUSD,1585699201147,1585699201200000,a9,buy,6425.5,100\n";
    assert_eq!(
        read(millis).reasons(),
        ["2: ts: is in milliseconds by its digits, but this file counts microseconds"]
    );
}

#[test]
fn json_lines() {
    let file = concat!(
        r#"{"ts":"2024-08-08T10:00:05Z","symbol":"BTC-USD","price":61837.63,"quantity":"3.844E-5"}"#,
        "\n",
        r#"{"symbol":"BTC\u002dUSD","ts":1723111205000000000,"price":"1","quantity":1e-18,"side":"buy","venue":"x","trade_id":5,"sequence":9007199254740993,"received_ts":null,"key":"-3","notional":"0.000000000000000001"}"#,
        "\n",
    );
    assert_eq!(
        auto(file, Format::Ndjson),
        [
            "2024-08-08T10:00:05.000000000Z unknown BTC-USD - 61837.63 x 0.00003844 - #0 -",
            "2024-08-08T10:00:05.000000000Z x BTC-USD 5 1 x 0.000000000000000001 buy \
             #9007199254740993 -",
        ]
    );
    let read = ticks(file, &ReadOptions::default());
    assert_eq!(read[1].key().0, -3);
    assert_eq!(
        serde_json::to_string(&read[1]).unwrap(),
        r#"{"ts":"2024-08-08T10:00:05.000000000Z","venue":"x","symbol":"BTC-USD","trade_id":"5","price":"1","quantity":"0.000000000000000001","side":"buy","notional":"0.000000000000000001","sequence":9007199254740993,"received_ts":null,"key":"-3"}"#
    );
}

#[test]
fn files_without_rows() {
    assert_eq!(ticks("ts,symbol,price,qty\n", &ReadOptions::default()), []);
    assert_eq!(ticks("", &format(Format::Tardis)), []);
    assert_eq!(ticks("\n \r\n", &format(Format::Tardis)), []);
    let header = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
    assert_eq!(ticks(header, &ReadOptions::default()), []);
}
