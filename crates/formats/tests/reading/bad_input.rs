//! Everything that can be wrong with a file: one line that says what, and the other rows kept.

use std::io::{self, Read};

use tradekeep_formats::{Format, ReadOptions, RecordReader};
use tradekeep_models::Tick;

use crate::{format, gzip, read, read_with, refused, zstd};

fn refused_plain(bytes: impl Into<Vec<u8>>) -> String {
    refused(bytes, &ReadOptions::default())
}

#[test]
fn bad_rows_leave_the_others() {
    let good = "2024-08-08T10:00:05Z,BTC,1,1\n";
    let of_2_262 = "9223372036854775807";
    let digits = "1234567890123456789012345678901234567890";
    for (row, reason) in [
        ("garbage", "row: has 1 fields where 4 belong"),
        ("1,2,3,4,5", "row: has 5 fields where 4 belong"),
        ("\"2024-08-08T10:00:05Z,BTC,1,1", "row: has a quote that is not closed on its line"),
        (",BTC,1,1", "ts: is missing"),
        (
            "soon,BTC,1,1",
            "ts: is not a time like 2023-09-05T16:00:01.281719Z, 2023-09-05 16:00:01 +0200, 2023/09/05 16:00, 20230905T160001Z, \
             20230905, or a number since 1970: --time-format says how others are read",
        ),
        ("0001-01-01T00:00:00Z,BTC,1,1", "ts: is outside the years 1970 to 2261"),
        ("9999-12-31T23:59:59Z,BTC,1,1", "ts: is outside the years 1970 to 2261"),
        (
            &format!("{of_2_262},BTC,1,1"),
            "ts: is no time from 2000 until tomorrow in seconds, milli-, micro- or nanoseconds since 1970: \
             --time-unit s, ms, us or ns says which it counts",
        ),
        ("2024-08-08T10:00:05Z,,1,1", "symbol: is missing"),
        ("2024-08-08T10:00:05Z,B\u{1}C,1,1", "symbol: has a control character"),
        ("2024-08-08T10:00:05Z,B\0C,1,1", "symbol: has a control character"),
        ("2024-08-08T10:00:05Z,BTC,,1", "price: is missing"),
        ("2024-08-08T10:00:05Z,BTC,1\0,1", "price: is not a decimal number"),
        ("2024-08-08T10:00:05Z,BTC,NaN,1", "price: is not a decimal number"),
        ("2024-08-08T10:00:05Z,BTC,inf,1", "price: is not a decimal number"),
        (
            "2024-08-08T10:00:05Z,BTC,1e400,1",
            "price: is too large: it has more than 20 digits before the point",
        ),
        (
            &format!("2024-08-08T10:00:05Z,BTC,{digits},1"),
            "price: is too large: it has more than 20 digits before the point",
        ),
        (
            &format!("2024-08-08T10:00:05Z,BTC,0.{digits},1"),
            "price: has more than 18 decimal places: --round 18 rounds it half-even",
        ),
        (
            "2024-08-08T10:00:05Z,BTC,1,-1",
            "quantity: is negative: --negative-is sell says that it is a sell then",
        ),
        (
            "2024-08-08T10:00:05Z,BTC,1e19,1e19",
            "notional: is too large: it has more than 20 digits before the point",
        ),
    ] {
        let outcome = read(format!("ts,symbol,price,quantity\n{good}\n{row}\n{good}"));
        assert_eq!(outcome.ticks.len(), 2, "{row}");
        assert_eq!(outcome.reasons(), [format!("4: {reason}")], "{row}");
        assert_eq!(outcome.rejects[0].row, row);
        assert!(outcome.error.is_none());
    }
    let outcome = read(
        b"ts,symbol,price,quantity\n2024-08-08,B\xff,1,1\n2024-08-08,B,1\xff,1\n2024-08-08,B,1,1\n"
            .to_vec(),
    );
    assert_eq!(outcome.reasons(), ["2: symbol: is not UTF-8", "3: price: is not a decimal number"]);
    assert_eq!(outcome.ticks.len(), 1);
}

#[test]
fn optional_fields_are_checked_too() {
    let header = "ts,symbol,price,qty,side,trade_id,received,seq,is_buyer_maker\n";
    for (row, reason) in [
        ("1700000001,B,1,1,both,,,,", "side: is neither buy nor sell"),
        ("1700000001,B,1,1,,,,,maybe", "is_buyer_maker: is neither true nor false"),
        ("1700000001,B,1,1,,,,1.5,", "sequence: is not a whole number of 64 bits"),
        (
            "1700000001,B,1,1,,,never,,",
            "received_ts: is not a time like 2023-09-05T16:00:01.281719Z, 2023-09-05 16:00:01 +0200, 2023/09/05 16:00, 20230905T160001Z, \
             20230905, or a number since 1970: --time-format says how others are read",
        ),
        (
            &format!("1700000001,B,1,1,,{},,,", "x".repeat(129)),
            "trade_id: is longer than 128 bytes",
        ),
    ] {
        let outcome = read(format!("{header}{row}\n"));
        assert_eq!(outcome.reasons(), [format!("2: {reason}")], "{row}");
    }
}

#[test]
fn one_unit_of_time_a_file() {
    let file = "ts,symbol,price,qty\n\
                123456789012345678901,B,1,1\n\
                1723111205000,B,1,1\n\
                1723111205000000,B,1,1\n\
                1723111205000000000,B,1,1\n\
                1723111205,B,1,1\n\
                1723111206000,B,1,1\n";
    let outcome = read(file);
    assert_eq!(outcome.ticks.len(), 2);
    let is_in = |unit| format!("ts: is in {unit} by its digits, but this file counts milliseconds");
    assert_eq!(outcome.rejects[1].reason, is_in("microseconds"));
    assert_eq!(outcome.rejects[2].reason, is_in("nanoseconds"));
    assert_eq!(outcome.rejects[3].reason, is_in("seconds"));
}

#[test]
fn a_rejected_row_fixes_no_unit() {
    let json = |ts, rest| {
        format!("{{\"ts\":{ts},\"received_ts\":{ts},\"symbol\":\"B\",\"price\":2,{rest}}}\n")
    };
    let message = |ts, price| {
        let data = format!("\"s\":\"B\",\"t\":3,\"p\":\"{price}\",\"q\":\"1e19\",\"T\":{ts}");
        format!("{ts} {{\"e\":\"trade\",{data},\"m\":true}}\n")
    };
    let (millis, micros) = ("1723120496789", "1723120496789000");
    let overflow = "notional: is too large: it has more than 20 digits before the point";
    for (header, bad, good, reason) in [
        (
            "",
            json(millis, "\"quantity\":3,\"notional\":7"),
            json(micros, "\"quantity\":3,\"notional\":\"6.0\""),
            "notional: is not price x quantity, which is 6",
        ),
        (
            "",
            json(millis, "\"quantity\":3,\"notional\":\"six\""),
            json(micros, "\"quantity\":3"),
            "notional: is not a decimal number",
        ),
        ("", json(millis, "\"quantity\":9e19"), json(micros, "\"quantity\":3"), overflow),
        ("", message(millis, "1e19"), message(micros, "1"), overflow),
        (
            "ts,received_ts,symbol,price,qty\n",
            format!("{millis},{millis},B,1e19,1e19\n"),
            format!("{micros},{micros},B,1,1\n"),
            overflow,
        ),
        (
            "id,price,qty,quote_qty,time,is_buyer_maker\n",
            format!("77,1e19,1e19,1,{millis},true\n"),
            format!("78,1,1,1,{micros},true\n"),
            overflow,
        ),
        // Here the format has fixed it, and the first row fails for that.
        (
            "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n",
            format!("x,B,{millis},{millis},,buy,1,1\n"),
            format!("x,B,{micros},{micros},,buy,1,1\n"),
            "ts: is in milliseconds by its digits, but this file counts microseconds",
        ),
    ] {
        let options = ReadOptions { symbol: "B".parse().ok(), ..ReadOptions::default() };
        let outcome = read_with(format!("{header}{bad}{good}"), &options);
        let line = header.lines().count() + 1;
        assert_eq!(outcome.reasons(), [format!("{line}: {reason}")], "{bad}");
        assert_eq!(outcome.ticks.len(), 1, "{good}");
        assert!(outcome.error.is_none());
    }
}

#[test]
fn empty_files() {
    for bytes in [&b""[..], b"\n\r\n  \t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"] {
        let expected = "the file is empty: check the download, or give a file with rows";
        for format in [None, Some(Format::Csv), Some(Format::Dbn), Some(Format::Ndjson)] {
            let options = ReadOptions { format, ..ReadOptions::default() };
            assert_eq!(refused(bytes, &options), expected);
            assert_eq!(refused(gzip(bytes), &options), expected);
            assert_eq!(refused(zstd(bytes), &options), expected);
        }
    }
}

#[test]
fn binary_as_csv() {
    let remedy = "give CSV, JSON lines or DBN, plain or as .gz or .zst";
    for bytes in [&b"\x7fELF\x02\x01\x01\0\0"[..], b"ts,sym\0bol,price\n1,2,3\n", &[0; 5000]] {
        assert_eq!(
            refused_plain(bytes),
            format!("the file is binary, not market data in text: {remedy}")
        );
    }
    let latin = refused_plain(&b"prix;quantit\xe9\n1;2\n"[..]);
    assert!(latin.contains("encoding other than UTF-8"), "{latin}");
    let archive = refused_plain(&b"PK\x03\x04\x14\0\0\0"[..]);
    assert!(archive.contains("a zip archive") && archive.contains("unzip -p"), "{archive}");
    let utf16: Vec<u8> = "\u{feff}ts,price".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refused_plain(utf16).contains("UTF-16"));
    assert!(refused_plain(&b"PAR1\x15\x04"[..]).contains("Parquet"));
    // Whatever is asked for.
    assert!(refused(&b"\x7fELF\0"[..], &format(Format::Csv)).contains("binary"));
}

#[test]
fn wrong_headers() {
    assert_eq!(
        refused_plain("when,symbol,last\n1,2,3\n"),
        "no column for ts, price, quantity among when, symbol, last: \
         name them with --map ts=COLUMN,price=COLUMN,quantity=COLUMN"
    );
    assert_eq!(
        refused_plain("ts,price,qty\n1,2,3\n"),
        "nothing in the file names the symbol: give it with --symbol"
    );
    assert_eq!(
        refused_plain("open_time,open,high,low,close,volume\n1,2,3,4,5,6\n"),
        "the file holds candles (columns opentime, open, high, low, close, volume); \
         supported here: single trades; candles come in by --type candles"
    );
    let mapped = ReadOptions { map: "price=last".parse().unwrap(), ..ReadOptions::default() };
    assert_eq!(
        refused("ts,symbol,qty\n1,2,3\n", &mapped),
        "there is no column last to map price to: the header has ts, symbol, qty"
    );
    assert_eq!(
        refused("{\"ts\":1700000001}\n", &mapped),
        "there is no column last to map price to: the header has ts"
    );
    let error = refused("1,1,1,1,1723120496789,True,True\n", &mapped);
    assert!(error.starts_with("the file has no header") && error.contains("--columns"), "{error}");
    let garbage = refused_plain("so\u{e9}, what is\tthis\n");
    assert!(garbage.starts_with("no column for ts, price, quantity among so\u{e9}"), "{garbage}");
}

#[test]
fn wrong_schemas() {
    assert_eq!(
        refused_plain("1723075200000,1,2,0.5,1.5,10,1723075259999,15,3,5,7,0\n"),
        "the file holds Binance klines; supported here: Binance trades and aggTrades; \
         klines are read with --type candles --set venue=binance"
    );
    let book = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n";
    let error = refused_plain(book);
    assert!(error.starts_with("the file holds Tardis data with the columns exchange"), "{error}");
    assert!(error.contains("supported here: Tardis trades"), "{error}");
    let error = refused_plain("1,2,3\n4,5,6\n");
    assert_eq!(
        error,
        "the file has no header, its first line is 1,2,3: name its columns with --columns ts,price,quantity,_ \
         --symbol SYMBOL"
    );
}

#[test]
fn formats_that_do_not_fit() {
    for (asked, file) in [
        (Format::BinanceTrades, "ts,symbol,price,qty\n"),
        (Format::Tardis, "ts,symbol,price,qty\n"),
        (Format::BinanceWs, "ts,symbol,price,qty\n"),
        (Format::Ndjson, "ts,symbol,price,qty\n"),
        (Format::Ndjson, "1723161254087896568 {\"e\":\"trade\"}\n"),
        (Format::Dbn, "ts,symbol,price,qty\n"),
        (Format::Csv, "DBN\u{3}"),
    ] {
        let error = refused(file, &format(asked));
        assert!(error.starts_with(&format!("this is no {asked} file, it starts with ")), "{error}");
        assert!(error.ends_with("leave --format out, or name another"), "{error}");
    }
    assert!(refused("{\"ts\":1700000001}\n", &format(Format::Csv)).contains("no column for ts"));
}

#[test]
fn disks_that_fail() {
    struct Failing(io::ErrorKind);
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
    }
    let folder = RecordReader::<Tick>::open(
        Box::new(Failing(io::ErrorKind::IsADirectory)),
        ReadOptions::default(),
    );
    assert_eq!(
        folder.unwrap_err().to_string(),
        "cannot read on after its very start: is a directory: name the files in it"
    );
    let file = "ts,symbol,price,qty\n1,B,1,1\n2,B,1,1\n3,B";
    let input = io::Cursor::new(file).chain(Failing(io::ErrorKind::TimedOut));
    let rows: Vec<_> =
        RecordReader::<Tick>::open(Box::new(input), ReadOptions::default()).unwrap().collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2].as_ref().unwrap_err().to_string(), "cannot read on after line 3: timed out");
}

#[test]
fn json_that_is_no_tick() {
    let line =
        |rest: &str| format!("{{\"ts\":1700000001,\"symbol\":\"B\",\"price\":\"1\"{rest}}}\n");
    for (rest, reason) in [
        (",\"quantity\":1,\"colour\":1", "json: unknown field `colour`"),
        (",\"quantity\":1,\"quantity\":2", "json: duplicate field `quantity`"),
        ("", "quantity: is missing"),
        (",\"quantity\":null", "quantity: is missing"),
        (",\"quantity\":true", "quantity: is neither a string nor a number"),
        (",\"quantity\":[1]", "quantity: is neither a string nor a number"),
        (",\"quantity\":\"1\",\"venue\":5", "venue: is not a string"),
        (",\"quantity\":\"1\",\"venue\":\"\\ud800\"", "venue: has an escape that is no character"),
        (",\"quantity\":1,\"notional\":2", "notional: is not price x quantity, which is 1"),
        (",\"quantity\":1,\"key\":1.5", "key: is not a whole number of 64 bits"),
        (",\"quantity\":1", "json: expected `,` or `}`"),
    ] {
        let mut bad = line(rest);
        if reason.starts_with("json: expected") {
            bad = bad.replace('}', "\"");
        }
        let outcome = read_with(
            format!("{}{bad}{}", line(",\"quantity\":1"), line(",\"quantity\":1")),
            &ReadOptions::default(),
        );
        assert_eq!(outcome.ticks.len(), 2, "{bad}");
        let found = &outcome.reasons()[0];
        assert!(found.starts_with(&format!("2: {reason}")), "{found} for {bad}");
    }
}
