//! Files as people have them: what is certain is read, what is not is asked, and what an error names as the way out
//! leads there.

use tradekeep_formats::{ReadOptions, SideOf};
use tradekeep_models::Side;

use crate::{open, read, read_with, refused};

pub(crate) fn plain() -> ReadOptions {
    ReadOptions::default()
}

pub(crate) fn map(text: &str) -> ReadOptions {
    ReadOptions { map: text.parse().unwrap(), ..plain() }
}

fn columns(names: &str, symbol: &str) -> ReadOptions {
    let columns = names.split(',').map(str::to_owned).collect();
    ReadOptions { columns, symbol: symbol.parse().ok(), ..plain() }
}

/// Each tick as `time symbol side price x quantity`.
#[track_caller]
pub(crate) fn shown(file: &str, options: &ReadOptions) -> Vec<String> {
    let outcome = read_with(file, options);
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.rejects, []);
    let show = |tick: &tradekeep_models::Tick| {
        let side = tick.side().map_or("-", Side::as_str);
        format!("{} {} {side} {} x {}", tick.ts(), tick.symbol(), tick.price(), tick.quantity())
    };
    outcome.ticks.iter().map(show).collect()
}

#[test]
fn money_is_never_taken_for_a_quantity() {
    let file = "datetime,code,price,volume,amount\n\
                2024-06-05 01:30:00,600000.SH,8.29,100,829.00\n\
                2024-06-05 01:30:03,600000.SH,8.30,2500,20750.00\n\
                2024-06-05 01:30:06,600000.SH,8.28,40,331.20\n";
    let sum = |options: &ReadOptions| {
        let ticks = read_with(file, options).ticks;
        ticks.iter().map(|tick| tick.quantity().to_string().parse::<u64>().unwrap()).sum::<u64>()
    };
    let error = refused(file, &plain());
    assert!(error.contains("--map symbol=code"), "{error}");
    assert_eq!(sum(&map("symbol=code")), 2_640);
    let mut rows = open(file, &map("symbol=code")).unwrap();
    assert_eq!(rows.by_ref().count(), 3);
    assert_eq!(
        rows.notes(),
        ["volume is the quantity: amount is price x volume in the 3 rows looked at"]
    );
    // Where the rows do not tell, nobody guesses.
    let lots = file.replace("829.00", "8.29");
    let error = refused(lots.clone(), &map("symbol=code"));
    assert!(error.contains("--map quantity=amount or --map quantity=volume"), "{error}");
    let chosen = read_with(lots, &map("symbol=code,quantity=volume"));
    assert_eq!((chosen.ticks.len(), chosen.ticks[0].quantity().to_string()), (3, "100".to_owned()));
    let turnover = "datetime,symbol,price,volume,turnover\n2024-06-05,X,8.29,100,829.00\n";
    assert_eq!(read(turnover).ticks[0].quantity().to_string(), "100");
}

#[test]
fn several_symbols_are_never_one() {
    let file = "instrument_name,trade_id,side,price,size,timestamp\n\
                BTC-USDT,1,buy,114000.1,0.002,1759248000123\nETH-USDT,2,sell,4100.5,0.01,1759248000456\n";
    let error = refused(file, &plain());
    assert!(error.contains("--map symbol=instrument_name"), "{error}");
    let symbols: Vec<_> = read_with(file, &map("symbol=instrument_name"))
        .ticks
        .iter()
        .map(|tick| tick.symbol().to_string())
        .collect();
    assert_eq!(symbols, ["BTC-USDT", "ETH-USDT"]);
    let one = ReadOptions { symbol: "BTC-USDT".parse().ok(), ..plain() };
    let error = refused(file, &one);
    assert!(error.contains("several values (BTC-USDT, ETH-USDT)"), "{error}");
    let left_out = ReadOptions { symbol: "X".parse().ok(), ..map("_=instrument_name") };
    assert_eq!(read_with(file, &left_out).ticks.len(), 2);
    // Also where they come late.
    let many = "BTC-USDT,1,buy,1,1,1759248000123\n".repeat(200);
    let header = file.lines().next().unwrap();
    let late = format!("{header}\n{many}ETH-USDT,2,sell,4100.5,0.01,1759248000456\n");
    let outcome = read_with(late, &one);
    assert_eq!((outcome.ticks.len(), outcome.rejects.len()), (200, 1));
    assert!(outcome.rejects[0].reason.contains("--map symbol=instrument_name"), "{outcome:?}");
}

#[test]
fn rows_without_a_header_lose_none() {
    for (file, rows, named, options) in [
        (
            "1616662740.2345,54000.1,0.01\n1616662740.9,54000.2,0.02\n",
            2,
            "--columns ts,price,quantity --symbol SYMBOL",
            columns("ts,price,quantity", "SYMBOL"),
        ),
        (
            "2021-03-25 08:59:00.2345,54000.1,0.01,b\n2021-03-25 08:59:00.9,54000.2,0.02,s\n",
            2,
            "--columns ts,price,quantity,side",
            columns("ts,price,quantity,side", "X"),
        ),
        (
            "BTC-USD,2021-03-25T08:59:00.2345Z,buy,54000.1,0.01\n",
            1,
            "--columns symbol,ts,side,price,quantity",
            columns("symbol,ts,side,price,quantity", "X"),
        ),
        (
            "155170367,29200.1,0.01,buy,1690840814000\n155170368,29200.2,0.02,sell,1690840815000\n",
            2,
            "--columns trade_id,price,quantity,side,ts",
            columns("trade_id,price,quantity,side,ts", "X"),
        ),
    ] {
        let error = refused(file, &plain());
        assert!(error.contains(named), "{error}");
        assert_eq!(shown(file, &options).len(), rows, "{file}");
    }
    let error = refused("1,2,3\n", &columns("ts,price", "X"));
    assert!(error.starts_with("--columns names 2 columns, and the first row has 3"), "{error}");
}

#[test]
fn what_stands_around_the_rows_is_no_row() {
    let header = "timestamp,symbol,price,size";
    let row = "1585180700,BTC-USD,6700.5,0.1";
    let time = "2020-03-25T23:58:20.000000000Z BTC-USD - 6700.5 x 0.1";
    for file in [
        format!("\n\n  \n{header}\n{row}\n\n"),
        format!("\u{feff}{header}\r\n{row}\r\n"),
        format!("sep=,\n{header}\n{row}\n"),
        format!("# exported by recorder 1.2\n# times are UTC\n{header}\n{row}\n"),
        format!("#{header}\n{row}\n"),
        format!("{header}\n{row},\n"),
        format!("{header}\n{row}\n{header}\n"),
    ] {
        assert_eq!(shown(&file, &plain()), [time], "{file}");
    }
    for above in ["\"Disclaimer: without guarantee.\"\nsome name\n\n", "https://example.com\n"] {
        let file = format!("{above}{header}\n{row}\n");
        let lines = above.lines().count() as u64;
        let error = refused(file.clone(), &plain());
        assert!(
            error.contains(&format!(
                "line {} looks like the header: --skip-lines {lines}",
                lines + 1
            )),
            "{error}"
        );
        assert_eq!(shown(&file, &ReadOptions { skip_lines: lines, ..plain() }), [time]);
    }
}

#[test]
fn a_file_whose_newest_row_is_first_is_read_from_its_end() {
    let header = "timestamp,symbol,side,size,price,trdMatchID\n";
    let rows = [
        "1585180690.100,BTCUSD,Buy,1,100,c1",
        "1585180690.100,BTCUSD,Buy,1,101,c2",
        "1585180690.100,ETHUSD,Buy,1,9,e1",
        "1585180690.100,BTCUSD,Buy,1,102,c3",
        "1585180700.500,BTCUSD,Buy,1,103,c4",
        "1585180700.500,BTCUSD,Buy,1,104,c5",
    ];
    let ordered = |rows: Vec<&str>| {
        let mut ticks = read(format!("{header}{}\n", rows.join("\n"))).ticks;
        ticks.sort_by(|a, b| a.order().cmp(&b.order()));
        let of_btc = ticks.iter().filter(|tick| tick.symbol().as_str() == "BTCUSD");
        of_btc.map(|tick| tick.price().to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ordered(rows.to_vec()), "100 101 102 103 104");
    assert_eq!(ordered(rows.iter().rev().copied().collect()), "100 101 102 103 104");
    // Of one time alone it is not known.
    assert_eq!(ordered(rows[..2].to_vec()), "100 101");
    // What is wrong in between keeps its place and its line.
    let falling: Vec<_> = rows.iter().rev().copied().collect();
    let file =
        format!("{header}{}\nbroken\n{}\n", falling[..3].join("\n"), falling[3..].join("\n"));
    let outcome = read(file);
    assert_eq!(
        (outcome.ticks.len(), outcome.reasons()),
        (6, vec!["5: row: has 1 fields where 6 belong".to_owned()])
    );
}

#[test]
fn sides_are_told_as_venues_tell_them() {
    let file = "time,symbol,price,size,side\n2024-08-08,X,1,1,buy\n2024-08-08,X,2,1,A\n2024-08-08,X,3,1,1\n\
                2024-08-08,X,4,1,N\n2024-08-08,X,5,1,SELL\n";
    let sides = |options: &ReadOptions| {
        let ticks = read_with(file, options).ticks;
        ticks.iter().map(|tick| tick.side().map_or("-", Side::as_str)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(sides(&plain()), "buy sell buy - sell");
    let maker = ReadOptions { side_of: SideOf::Maker, ..plain() };
    assert_eq!(sides(&maker), "sell buy sell - buy");
    let file = "time,symbol,price,amount\n2024-08-08,X,1,-2\n2024-08-08,X,1,3\n";
    let error = &read(file).rejects[0].reason;
    assert!(error.contains("--negative-is sell"), "{error}");
    let signed = ReadOptions { negative_is: Some(Side::Sell), ..plain() };
    let day = "2024-08-08T00:00:00.000000000Z X";
    assert_eq!(shown(file, &signed), [format!("{day} sell 1 x 2"), format!("{day} buy 1 x 3")]);
    let both = "time,symbol,price,amount,side\n2024-08-08,X,1,-2,buy\n2024-08-08,X,1,-2,sell\n";
    let outcome = read_with(both, &signed);
    assert_eq!((outcome.ticks.len(), outcome.rejects.len()), (1, 1));
}

#[test]
fn sides_of_nobody_knows_which_are_asked_for() {
    let file = "time,symbol,price,size,side\n2024-08-08,X,1,1,0\n2024-08-08,X,2,1,1\n";
    let error = refused(file, &plain());
    assert!(error.contains("--map _=side"), "{error}");
    let ticks = read_with(file, &map("_=side")).ticks;
    assert!(ticks.len() == 2 && ticks.iter().all(|tick| tick.side().is_none()));
    let words = file.replace(",1,0\n", ",1,2\n");
    assert_eq!(read(words).ticks[0].side(), Some(Side::Sell));
}

#[test]
fn what_is_empty_at_first_tells_later_that_a_row_is_ones_own() {
    let header = "timestamp,symbol,side,price,amount,fee\n";
    let rows = "1503239273133,X,sell,1,1,\n".repeat(200);
    let outcome = read(format!("{header}{rows}1503239273134,X,sell,1,1,0.5\n"));
    assert_eq!((outcome.ticks.len(), outcome.rejects.len()), (200, 1));
    assert!(outcome.rejects[0].reason.contains("--map _=fee"), "{:?}", outcome.rejects);
}

#[test]
fn noise_of_floats_is_rounded_where_that_is_asked_and_counted() {
    let file = "timestamp,symbol,side,price,amount\n\
                1503239273133,DGB/BTC,sell,0.0000033499998400000004,62500\n\
                1503239273134,DGB/BTC,sell,3.3499998400000004e-06,62500\n\
                1503239273135,DGB/BTC,sell,0.00000335,62500\n";
    let outcome = read(file);
    assert_eq!((outcome.ticks.len(), outcome.rejects.len()), (1, 2));
    assert!(outcome.rejects[0].reason.contains("--round 18"), "{outcome:?}");
    let mut rows = open(file, &ReadOptions { round: true, ..plain() }).unwrap();
    assert_eq!(
        rows.by_ref().filter(|row| matches!(row, Ok(tradekeep_formats::Row::Record(_)))).count(),
        3
    );
    assert_eq!(rows.notes(), ["2 rows rounded to 18 places"]);
}

#[test]
fn where_all_rows_fail_alike_it_is_the_column() {
    let rows = "09/04/2020,X,1,1\n".repeat(30);
    let error = read(format!("date,symbol,price,size\n{rows}")).error.unwrap().to_string();
    assert!(error.starts_with("all 30 rows are refused for one reason"), "{error}");
    assert!(error.contains("--time-format") && error.ends_with("(line 2)"), "{error}");
    // One good row, or another reason, and they are rows that are wrong.
    for row in ["2020-04-09,X,1,1\n", "2020-04-09,X,1,x\n"] {
        let outcome = read(format!("date,symbol,price,size\n{rows}{row}"));
        assert!(outcome.error.is_none() && outcome.rejects.len() >= 30, "{:?}", outcome.error);
        assert_eq!(outcome.rejects[29].line, 31);
    }
}

#[test]
fn json_of_others_is_read_by_its_names_or_by_a_map() {
    let ccxt = r#"{"timestamp":1748327839460,"symbol":"BTC/USDT","side":"buy","price":109183.0,"amount":0.5,"id":"77","cost":54591.5,"takerOrMaker":null}"#;
    let time = "2025-05-27T06:37:19.460000000Z";
    assert_eq!(shown(ccxt, &plain()), [format!("{time} BTC/USDT buy 109183 x 0.5")]);
    let hyperliquid = r#"{"coin":"BTC","side":"A","px":"109182.0","sz":"0.5","time":1748327839460,"tid":12,"hash":"0xdef"}"#;
    let error = refused(hyperliquid, &plain());
    assert!(error.contains("--map symbol=coin"), "{error}");
    assert_eq!(shown(hyperliquid, &map("symbol=coin")), [format!("{time} BTC sell 109182 x 0.5")]);
    let nested = r#"{"ch":"trades","data":{"p":"1.5","v":"2","T":1748327839460,"s":"X"}}"#;
    let options = map("ts=data.T,price=data.p,quantity=data.v,symbol=data.s");
    assert_eq!(shown(nested, &options), [format!("{time} X - 1.5 x 2")]);
    let rest = r#"[{"id":28457,"price":"4.00000100","qty":"12.00000000","time":1499865549590,"isBuyerMaker":true,"isBestMatch":true}]"#;
    assert!(refused(rest, &plain()).contains("--symbol"));
    let options = ReadOptions { symbol: "X".parse().ok(), ..plain() };
    assert_eq!(shown(rest, &options), ["2017-07-12T13:19:09.590000000Z X sell 4.000001 x 12"]);
}

#[test]
fn names_are_as_long_as_those_of_markets() {
    let name = "71321045679252212594626385532706912750332728571942532289631379312455583992563";
    let file = format!("timestamp,asset,side,price,size\n1726249705,{name},BUY,0.52,100\n");
    assert!(refused(file.clone(), &plain()).contains("--map symbol=asset"));
    assert_eq!(
        shown(&file, &map("symbol=asset")),
        [format!("2024-09-13T17:48:25.000000000Z {name} buy 0.52 x 100")]
    );
}

#[test]
fn parts_are_joined_and_values_set() {
    let file = "ts,price,qty,tx_hash,log_index\n2024-08-08,1,1,0xab,3\n2024-08-08,1,1,0xab,4\n";
    let options = ReadOptions {
        set: "symbol=SOL/USDC,venue=raydium".parse().unwrap(),
        ..map("trade_id=tx_hash+log_index")
    };
    let ticks = read_with(file, &options).ticks;
    let ids: Vec<_> = ticks.iter().map(|tick| tick.trade_id().unwrap().to_string()).collect();
    assert_eq!(ids, ["0xab-3", "0xab-4"]);
    assert_eq!((ticks[0].venue().as_str(), ticks[0].symbol().as_str()), ("raydium", "SOL/USDC"));
}

#[test]
fn quotes_candles_and_fills_of_ones_own_are_no_ticks() {
    for (file, named) in [
        ("timestamp,askPrice,bidPrice,askVolume,bidVolume\n2024-11-01,1,1,1,1\n", "quotes"),
        (
            "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\n2024.11.01\t00:00:00\t1\t1\t\t\n",
            "quotes",
        ),
        ("datetime,open,high,low,close,volume\n2020-03-26,1,1,1,1,1\n", "--type candles"),
        (
            "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n2021-05-09,X,BUY,1,1,1,1,BNB\n",
            "--type",
        ),
        (
            "symbol,orderId,side,price,size,timestamp\nX,o-1,Buy,1,1,1748327839460\n",
            "column orderId",
        ),
        (
            "id,order,timestamp,symbol,side,price,amount,fee\n77,O,1748327839460,X,buy,1,1,5\n",
            "column order",
        ),
    ] {
        let error = refused(file, &plain());
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn text_in_another_encoding_is_read_as_it_is_said() {
    let text = "时间,代码,成交价,成交量\n2024-06-05 09:30:00,浦发银行,8.29,100\n";
    let gbk = encoding_rs::GBK.encode(text).0.into_owned();
    let error = refused(gbk.clone(), &plain());
    assert!(error.contains("--encoding gbk"), "{error}");
    let named = ReadOptions {
        encoding: Some("gbk".parse().unwrap()),
        ..map("ts=时间,symbol=代码,price=成交价,quantity=成交量")
    };
    let ticks = read_with(gbk.clone(), &named).ticks;
    assert_eq!((ticks.len(), ticks[0].symbol().as_str()), (1, "浦发银行"));
    assert_eq!(read_with(crate::gzip(&gbk), &named).ticks, ticks, "compressed");
    // What is no text in it costs its own row.
    let more = b"2024-06-05 09:30:01,\xff\xff,8.29,100\n2024-06-05 09:30:02,X,8.29,100\n";
    let broken = [&gbk[..], more].concat();
    let outcome = read_with(broken, &named);
    assert_eq!(outcome.reasons(), ["3: symbol: is not UTF-8"]);
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain("ts,symbol,price,size\n2024-06-05,X,1,2\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let error = refused(utf16.clone(), &plain());
    assert!(error.contains("--encoding utf-16le"), "{error}");
    let named = ReadOptions { encoding: Some("utf-16le".parse().unwrap()), ..plain() };
    assert_eq!(read_with(utf16, &named).ticks.len(), 1);
}

/// Each remedy that an error names, and that nothing else here follows, as it stands.
#[test]
fn what_helps_is_done_outside_and_then_read() {
    // An array of messages, as `jq -c '.[]'` makes lines of it.
    let message =
        r#"{"e":"trade","s":"X","t":1,"p":"2","q":"3","T":1704067200000,"m":true,"M":true}"#;
    let stream = ReadOptions { format: Some(tradekeep_formats::Format::BinanceWs), ..plain() };
    let error = refused(format!("[{message},{message}]\n"), &stream);
    assert!(error.contains("jq -c '.[]'"), "{error}");
    assert_eq!(read_with(format!("{message}\n"), &stream).ticks.len(), 1);

    // A time that was written as a float: exported as a whole number it is read.
    let rows = |time: &str| {
        format!("ts,symbol,price,size\n1704067199000,X,1,1\n{time},X,1,1\n1704067201000,X,1,1\n")
    };
    let reasons = read(rows("1.7040672e12")).reasons();
    assert!(reasons[0].contains("export it as a whole number"), "{reasons:?}");
    assert_eq!(read(rows("1704067200000")).ticks.len(), 3);

    // A leap second has no number: its row is set aside, and the one mended by hand is read.
    let rows = |time: &str| {
        format!(
            "ts,symbol,price,size\n2016-12-31T23:59:59Z,X,1,1\n{time},X,1,1\n2017-01-01T00:00:01Z,X,1,1\n"
        )
    };
    let reasons = read(rows("2016-12-31T23:59:60Z")).reasons();
    assert!(reasons[0].contains("leap second"), "{reasons:?}");
    assert_eq!(read(rows("2017-01-01T00:00:00Z")).ticks.len(), 3);

    // Something behind gzip data: cut off, the file is whole.
    let packed = crate::gzip(b"ts,symbol,price,size\n2024-01-01,X,1,1\n");
    let outcome = read([&packed[..], b"<html>"].concat());
    assert!(outcome.error.unwrap().to_string().contains("cut it off"));
    assert_eq!(read(packed).ticks.len(), 1);
}
