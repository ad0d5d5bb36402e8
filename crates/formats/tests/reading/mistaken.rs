//! Text that is nearly what is read here: the cause by name, and the way out.

use tradekeep_formats::{Format, FormatError, MAX_LINE, ReadOptions};
use tradekeep_models::Side;

use crate::{format, gzip, read, read_with, refused};

fn refused_plain(bytes: impl Into<Vec<u8>>) -> String {
    refused(bytes, &ReadOptions::default())
}

#[test]
fn other_delimiters_are_named() {
    for (delimiter, name, in_shell) in
        [("\t", "tabs", "\\t"), (";", "semicolons", ";"), ("|", "vertical bars", "|")]
    {
        let expected = format!(
            "its columns are separated by {name}, and a CSV here has commas: export it with commas, \
             or pipe `tr '{in_shell}' ',' < FILE` into `import -` where no value has a comma"
        );
        let csv = "ts,symbol,price,qty\n1700000001,B,1,1\n";
        let tardis = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
        let binance = "77,6.30,0.02,12.5,1723120496789,True,True\n";
        let quoted = "\"ts, UTC, of the venue, in full\",\"symbol\",\"price\",\"qty\"\n";
        for file in [csv, tardis, binance, "78,6,3,5\n"] {
            let file = file.replace(',', delimiter);
            assert_eq!(refused_plain(file.clone()), expected);
            assert_eq!(refused_plain(gzip(file.as_bytes())), expected);
            assert_eq!(refused(file, &format(Format::Csv)), expected);
        }
        let with_commas = quoted.replace("\",\"", &format!("\"{delimiter}\""));
        assert_eq!(refused_plain(with_commas), expected);
        // Decimal commas, as tables of numbers with semicolons have them.
        let fields = ["77", "6,30", "0,02", "1723120496789"];
        assert_eq!(refused_plain(fields.join(delimiter)), expected);
        for asked in [Format::BinanceTrades, Format::Tardis] {
            assert_eq!(refused(tardis.replace(',', delimiter), &format(asked)), expected);
        }
        let mapped = ReadOptions { map: "ts=when".parse().unwrap(), ..ReadOptions::default() };
        assert_eq!(refused("when,price,qty\n".replace(',', delimiter), &mapped), expected);
    }
}

#[test]
fn other_delimiters_within_a_csv_are_text() {
    let header = "ts;a;b;c,symbol|d|e|f,price,qty\n";
    let options = ReadOptions {
        map: "ts=ts;a;b;c,symbol=symbol|d|e|f".parse().unwrap(),
        ..ReadOptions::default()
    };
    let outcome = read_with(format!("{header}1700000001,B;C|D;E,1,1\n"), &options);
    assert!(outcome.error.is_none() && outcome.rejects.is_empty(), "{outcome:?}");
    assert_eq!(outcome.ticks[0].symbol().as_str(), "B;C|D;E");
    for (header, cause) in [
        ("when,last;best,lots\n", "no column for ts, price, quantity among when, last;best, lots"),
        ("\"a;b;c;d\",price,qty\n", "no column for ts among a;b;c;d, price, qty"),
        ("one;two\n", "no column for ts, price, quantity among one;two"),
    ] {
        let error = refused_plain(header);
        assert!(error.starts_with(cause), "{error}");
    }
}

#[test]
fn carriage_returns_alone_are_named() {
    let expected = "its lines end with a carriage return alone, and lines here end with a line feed: \
                    pipe `tr '\\r' '\\n' < FILE` into `import -`";
    let json = "{\"ts\":1700000001,\"symbol\":\"B\",\"price\":1,\"quantity\":1}\n";
    let message = "1723161254087896568 {\"stream\":\"s\",\"data\":{\"e\":\"trade\"}}\n";
    let binance = "77,6.30,0.02,12.5,1723120496789,True,True\n";
    for rows in [
        // All that a tick needs is in its header, so this was read as a file without rows.
        "ts,symbol,price,qty,side\n1700000001,B,1,1,buy\n1700000002,B,1,1,buy\n".to_owned(),
        "ts,symbol,price,qty\n1700000001,B,1,1\n".to_owned(),
        format!("{binance}{binance}"),
        format!("{json}{json}"),
        format!("{message}{message}"),
        format!("ts,symbol,price,qty\n{}", "1700000001,B,1,1\n".repeat(MAX_LINE / 4)),
        json.repeat(MAX_LINE / 20),
    ] {
        let old_mac = rows.replace('\n', "\r");
        assert_eq!(refused_plain(old_mac.clone()), expected);
        assert_eq!(refused_plain(gzip(old_mac.as_bytes())), expected);
        // A header that ends so takes the first row with it, whatever ends the others.
        assert_eq!(refused_plain(rows.replacen('\n', "\r", 1)), expected, "{}", &rows[..30]);
    }
}

#[test]
fn carriage_returns_beside_line_feeds_are_space() {
    let json = "{\"ts\":1700000001,\r\"symbol\":\"B\",\"price\":1,\"quantity\":1\r}\r\n";
    for file in [
        "ts,symbol,price,qty\r\r\n\r1700000001,B,1,1\r\r\n",
        "\r\nts,symbol,price,qty\r\n1700000001,B,1,1",
        json,
    ] {
        let outcome = read(file);
        assert!(outcome.error.is_none() && outcome.rejects.is_empty(), "{outcome:?}");
        assert_eq!(outcome.ticks.len(), 1, "{file:?}");
    }
}

#[test]
fn json_arrays_are_read() {
    let object = "{\"ts\":1700000001,\"symbol\":\"B\",\"price\":1,\"quantity\":1}";
    let one = read(format!("{object}\n")).ticks;
    let long = format!("[{}{object}]", format!("{object},").repeat(MAX_LINE / 40));
    for (file, count) in [
        (format!("[{object},{object}]"), 2),
        (format!("\u{feff}[{object}]"), 1),
        (format!("[\n  {object},\n  {object}\n]\n"), 2),
        (format!("[\r{object},\r{object}]\r"), 2),
        (long, MAX_LINE / 40 + 1),
    ] {
        for asked in [None, Some(Format::Ndjson)] {
            let options = ReadOptions { format: asked, ..ReadOptions::default() };
            let outcome = read_with(file.clone(), &options);
            assert!(outcome.error.is_none() && outcome.rejects.is_empty(), "{:?}", outcome.error);
            assert_eq!((outcome.ticks.len(), outcome.ticks[0].price()), (count, one[0].price()));
        }
        assert!(refused(file, &format(Format::BinanceWs)).contains("JSON array"));
    }
    // Of values, whose places are named.
    let columns = |names: &str| ReadOptions {
        columns: names.split(',').map(str::to_owned).collect(),
        symbol: "B".parse().ok(),
        ..ReadOptions::default()
    };
    for file in [
        "[[7,1700000001,-2,1.5],[8,1700000002,3,1.5]]",
        "[7,1700000001,-2,1.5]\n[8,1700000002,3,1.5]\n",
    ] {
        let options =
            ReadOptions { negative_is: Some(Side::Sell), ..columns("trade_id,ts,quantity,price") };
        let ticks = read_with(file, &options).ticks;
        let shown = ticks.iter().map(|tick| (tick.side(), tick.quantity().to_string()));
        let expected = [(Some(Side::Sell), "2".to_owned()), (Some(Side::Buy), "3".to_owned())];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
        let error = refused_plain(file);
        assert!(error.contains("--columns"), "{error}");
    }
    for file in ["[]", "[]\n", " [ ]\r\n"] {
        assert_eq!(refused_plain(file), FormatError::Empty.to_string());
    }
    let cut = read(format!("[{object},{object}"));
    assert_eq!(cut.ticks.len(), 2);
    assert!(matches!(cut.error, Some(FormatError::Truncated { .. })), "{:?}", cut.error);
    let error = refused("[]\n", &format(Format::Tardis));
    assert_eq!(
        error,
        "this is no tardis file, it starts with []: leave --format out, or name another"
    );
    // Some tables have their columns' names in brackets.
    let error = read("[ts],[price],[qty]\n").error.unwrap();
    assert!(matches!(error, FormatError::WrongColumns { .. }), "{error}");
}

#[test]
fn an_array_among_objects_is_one_reject() {
    let object = "{\"ts\":1700000001,\"symbol\":\"B\",\"price\":1,\"quantity\":1}";
    let message = "{\"e\":\"trade\",\"s\":\"B\",\"t\":3,\"p\":\"6\",\"q\":\"1\",\"T\":1700000001}";
    // In the order of the fields, for which the parser takes them if it is let.
    let fields = "[\"1\",\"V\",\"B\",\"7\",\"1\",\"1\",\"buy\",null,null,null,null]";
    let parts = "[null,\"trade\",\"B\",3,null,\"6\",\"1\",1,true]";
    for (good, array) in [(object, "[]"), (object, fields), (message, "[]"), (message, parts)] {
        let outcome = read(format!("{good}\n {array}\n{good}\n"));
        assert_eq!(
            outcome.reasons(),
            ["2: json: is an array, and one object a line is wanted"],
            "{array}"
        );
        assert_eq!(outcome.ticks.len(), 2);
    }
}

#[test]
fn tables_of_ones_own_records_are_named() {
    let told = |columns: &str| {
        format!(
            "the file holds records of your own ({columns}); supported here: public trades; say with \
             --type what the rows are (fills, orders, trades, …)"
        )
    };
    for header in [
        "ts,name,value",
        "TIMESTAMP,metric_name,value,operation",
        "ts,stream,seq,service,operation,latency_ns,success,error_type",
        "timestamp,service,operation,latency_ms,success",
        "ts,severity,message",
        "ts,node,latency_ms",
    ] {
        let columns = format!("columns {}", header.replace(',', ", "));
        assert_eq!(refused_plain(format!("{header}\n1,a,1\n")), told(&columns));
    }
    let order = "ts,client_order_id,price,quantity\n";
    let left_out = ", or where they are public trades leave it out with --map _=client_order_id";
    assert_eq!(refused_plain(order), told("column client_order_id") + left_out);
    let options =
        ReadOptions { map: "_=client_order_id".parse().unwrap(), ..ReadOptions::default() };
    let rows = "ts,client_order_id,symbol,price,quantity\n1700000001,c,B,1,1\n";
    assert_eq!(read_with(rows, &options).ticks.len(), 1);
    // What no record is made of is a table of ticks that lacks something.
    for (header, missing) in [
        ("ts,value", "price, quantity"),
        ("ts,name", "price, quantity"),
        ("ts,name,value,colour", "price, quantity"),
        ("ts,symbol,price", "quantity"),
    ] {
        let error = refused_plain(format!("{header}\n"));
        assert!(error.contains(&format!("no column for {missing}")), "{header}: {error}");
    }
    let mapped = ReadOptions { map: "price=value".parse().unwrap(), ..ReadOptions::default() };
    let error = refused("ts,name,value\n", &mapped);
    assert!(error.contains("no column for quantity"), "{error}");
}

#[test]
fn objects_of_ones_own_records_are_named() {
    let told = |field: &str| {
        format!(
            "the file holds records of your own (field {field}); supported here: public trades; say \
             with --type what the rows are (trades, orders, fills, …)"
        )
    };
    let tick = "{\"ts\":1700000001,\"symbol\":\"B\",\"price\":1,\"quantity\":1}\n";
    for (object, field) in [
        // One field tells, even where another system names the rest.
        ("{\"timestamp\":1,\"price\":1,\"size\":1,\"client_order_id\":\"c\"}\n", "client_order_id"),
        ("{\"ts\":1700000001,\"executed_price\":1,\"colour\":1}\n", "executed_price"),
        // Or all together: what `order_id` makes of prices and quantities is a fill.
        ("{\"ts\":1700000001,\"order_id\":\"o\",\"price\":1,\"quantity\":1}\n", "order_id"),
        // Binance's messages have a `stream`, too.
        ("{\"ts\":1700000001,\"stream\":\"s\",\"seq\":1,\"name\":\"n\",\"value\":1}\n", "name"),
        ("{\"ts\":1700000001,\"node\":\"n\",\"latency_ms\":1}\n", "latency_ms"),
    ] {
        for text in [object.to_owned(), format!("{{\"broken\":\n{object}{tick}")] {
            assert_eq!(refused_plain(text.clone()), told(field));
            assert_eq!(refused(text, &format(Format::Ndjson)), told(field));
        }
        // Among ticks it is a row that is none.
        let outcome = read(format!("{tick}{object}"));
        assert!(outcome.error.is_none() && outcome.ticks.len() == 1, "{outcome:?}");
        assert!(outcome.reasons()[0].starts_with("2: json: unknown field"), "{outcome:?}");
    }
    // A field that no record has, or none that a tick lacks: a tick with a mistake.
    for (object, reason) in [
        (
            "{\"ts\":1700000001,\"symbol\":\"B\",\"prise\":1,\"quantity\":1}\n",
            "no column for price among ",
        ),
        (
            "{\"ts\":1700000001,\"symbol\":\"B\",\"price\":1,\"note\":1}\n",
            "no column for quantity among ",
        ),
    ] {
        let error = refused_plain(object);
        assert!(error.starts_with(reason), "{error}");
    }
    let outcome = read("{\"ts\":1700000001,\"symbol\":\"B\",\"price\":1}\n");
    assert!(
        outcome.error.is_none() && outcome.reasons()[0].starts_with("1: quantity: "),
        "{outcome:?}"
    );
}
