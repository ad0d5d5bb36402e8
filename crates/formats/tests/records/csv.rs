//! Records in CSVs, whatever their columns are called.

use tradekeep_formats::{Format, ReadOptions};
use tradekeep_models::record::Record;
use tradekeep_models::*;

use crate::samples::{Sample, every_record};
use crate::{gzip, open, read, records, records_with, refused, refused_with, zstd};

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A CSV of every column but `left_out`, in another order than theirs.
fn file<R: Record>(rows: &[R], left_out: &[&str]) -> String {
    let kept = || R::COLUMNS.iter().enumerate().rev().filter(|(_, c)| !left_out.contains(&c.name));
    let header: Vec<_> = kept().map(|(_, column)| column.name.to_uppercase()).collect();
    let mut file = header.join(",") + "\r\n";
    for row in rows {
        let values = kept().map(|(place, _)| match row.value(place) {
            value if value.is_null() => String::new(),
            value => quoted(&value.to_string()),
        });
        file += &(values.collect::<Vec<_>>().join(" ,") + "\n");
    }
    file
}

macro_rules! reads_back {
    ($record:ident, $name:ident) => {
        #[test]
        fn $name() {
            let file = file(&[$record::sample(), $record::sample()], &[])
                .replace("latency:\n", "latency: ");
            let expected = file_of_one_line($record::sample());
            for file in [file.as_bytes().to_vec(), gzip(file.as_bytes()), zstd(file.as_bytes())] {
                assert_eq!(records::<$record>(file), [expected.clone(), expected.clone()]);
            }
        }
    };
}

/// A field of a CSV ends within its line here.
fn file_of_one_line<R: Sample>(sample: R) -> R {
    let values = (0..R::COLUMNS.len()).map(|place| match sample.value(place) {
        record::Value::Text(text) => record::Value::Text(text.replace('\n', " ").into()),
        value => value,
    });
    R::from_row(values.collect()).unwrap()
}

mod reads_back {
    use super::*;
    every_record!(reads_back);
}

#[test]
fn the_documents_tables_are_read_as_they_are() {
    let trades = records::<Trade>(
        "timestamp,trader_id,mode,action,base_token,quote_token,amount,price,slippage,fee,priority_fee,\
         transfer_fee,tx_signature,latency_ms,mev_protected,quote_amount\n\
         2024-08-08 10:00:05.25+00,arb-1,LIVE,buy,SOL,USDC,2.5,150.1,4.5,5000.0,,0.0375,5VER,412,t,375.25\n",
    );
    let trade = &trades[0];
    assert_eq!(trade.ts.to_string(), "2024-08-08T10:00:05.250000000Z");
    assert_eq!(
        (trade.base_amount, trade.executed_price),
        ("2.5".parse().unwrap(), "150.1".parse().unwrap())
    );
    assert_eq!((trade.transaction_fee, trade.priority_fee), (Some(5_000), None));
    assert_eq!((trade.latency_ns, trade.mev_protected), (Some(412_000_000), Some(true)));
    assert_eq!(trade.actual_slippage, Some("4.5".parse().unwrap()));
    assert_eq!(trade.transfer_fees, Some("0.0375".parse().unwrap()));
    assert_eq!((trade.status, trade.version), (TradeStatus::Confirmed, 0));

    let orders = records::<Order>(
        "id,timestamp,venue,market,side,order_type,price,size,status,client_order_id,venue_order_id,time_in_force\n\
         0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f,1723111205,polymarket,0x1,Buy,limit,0.52,100,OPEN,c-1,,GTC\n",
    );
    assert_eq!(orders[0].quantity, 100.into());
    assert_eq!((orders[0].status, orders[0].venue_order_id.as_ref()), (OrderStatus::Open, None));

    let positions = records::<Position>(
        "timestamp,trader_id,token,amount,cost_basis,current_price,unrealized_pnl\n\
         1723111205123456,mm-1,SOL,-50,26,,\n",
    );
    assert_eq!((positions[0].market.as_str(), positions[0].venue.as_str()), ("SOL", "unknown"));

    let candles = records::<StoredCandle>(
        "open_time,symbol,interval,open,high,low,close,volume,quote_volume,trades\n\
         1723111200000,BTCUSDT,1m,61837.63,61850.00,61830.01,61848.20,12.5,773000,1234\n",
    );
    let candle = &candles[0];
    assert_eq!(candle.ts.to_string(), "2024-08-08T10:00:00.000000000Z");
    assert_eq!((candle.notional, candle.count), (Some(773_000.into()), Some(1_234)));
    assert_eq!((candle.source.as_str(), candle.venue.as_str()), ("unknown", "unknown"));

    let events = records::<MevEvent>(
        "timestamp,token_pair,trade_size,sandwich_probability,estimated_loss_bps,actual_loss_bps,\
         protection_used,priority_fee_lamports,avoided\n\
         2024-08-08,SOL/USDC,12000,0.35,40,,true,20000,false\n",
    );
    assert_eq!((events[0].avoided, events[0].actual_loss_bps), (false, None));
}

#[test]
fn metrics_have_labels_of_three_kinds() {
    let metrics = records::<Metric>(
        "timestamp,metric_type,operation,value,percentile,tags\n\
         2024-08-08,latency,quote,42.5,99.90,\"{\"\"venue\"\": \"\"binance\"\"}\"\n\
         2024-08-08,latency,,1e-9,,{}\n",
    );
    let labels = r#"{"operation":"quote","percentile":"99.9","venue":"binance"}"#;
    assert_eq!(metrics[0].labels.to_string(), labels);
    assert!(metrics[1].labels.is_empty() && metrics[1].value == 1e-9);
    let by_hand = Metric::new(metrics[0].ts, metrics[0].name.clone(), 42.5)
        .with_label("venue", "binance")
        .and_then(|metric| metric.with_operation("quote"))
        .and_then(|metric| metric.with_percentile(99.9))
        .unwrap();
    assert_eq!(metrics[0].labels, by_hand.labels);
    let outcome = read::<Metric>(
        "ts,name,value,symbol,labels,percentile\n\
         2024-08-08,a,1,X,\"{\"\"symbol\"\":\"\"X\"\"}\",\n\
         2024-08-08,a,1,X,\"{\"\"symbol\"\":\"\"Y\"\"}\",\n\
         2024-08-08,a,1,X,,101\n\
         2024-08-08,a,1,X,[1],\n",
    );
    assert_eq!(outcome.records.len(), 1);
    assert_eq!(
        outcome.reasons(),
        [
            "3: labels: have another symbol than its own field",
            "4: percentile: is not between 0 and 100",
            "5: labels: are not a JSON object whose values are strings",
        ]
    );
}

#[test]
fn a_map_names_columns_and_leaves_others_out() {
    let map = |text: &str| ReadOptions { map: text.parse().unwrap(), ..ReadOptions::default() };
    let file = "when,who,what,took,row,ts\n2024-08-08,router,quote,1.5,1,2020-01-01\n";
    let options = map("ts=when,service=Who,operation=what,latency_ms=took,_=row,_=ts");
    let latency = &records_with::<Latency>(file, &options)[0];
    assert_eq!(
        (latency.ts.to_string().as_str(), latency.latency_ns),
        ("2024-08-08T00:00:00.000000000Z", 1_500_000)
    );
    let columns = "ts, stream, seq, service, operation, latency_ns, success, error_type";
    for (options, reason) in [
        (
            "ts=when,service=who,operation=what,latency_ms=took,_=ts",
            format!("latencies have no row: leave them out with --map _=row, or map them; latencies have {columns}"),
        ),
        (
            "ts=when,service=who,operation=what,latency_ms=took,_=row",
            "both when and ts would be ts: leave one out with --map _=NAME".into(),
        ),
        (
            "service=who,operation=what,_=when,_=row",
            "no column for latency_ns among when, who, what, took, row, ts: name them with --map latency_ns=COLUMN".into(),
        ),
        (
            "duration=took",
            format!("--map names duration, which latencies do not have; they have {columns}"),
        ),
        ("ts=at", "there is no column at to map ts to: the header has when, who, what, took, row, ts".into()),
    ] {
        assert_eq!(refused_with::<Latency>(file, &map(options)), reason, "{options}");
    }
    let json = r#"{"ts":1}"#;
    let error = refused_with::<Latency>(json, &map("ts=when"));
    assert_eq!(error, "there is no column when to map ts to: the header has ts");
}

#[test]
fn columns_are_all_or_nothing() {
    assert_eq!(
        refused::<Latency>("ts,service,operation,latency_ms,latency_ns\n"),
        "both latency_ms and latency_ns would be latency_ns: leave one out with --map _=NAME"
    );
    assert!(
        refused::<Latency>("ts,ts,service,operation,latency_ms\n").starts_with("both ts and ts")
    );
    assert!(refused::<Fill>("ts,venue\n").starts_with(
        "no column for market, side, price, quantity, fee, fee_currency among ts, venue"
    ));
    let semicolons = "ts;service;operation;latency_ms\n";
    assert!(refused::<Latency>(semicolons).starts_with("its columns are separated by semicolons"));
    assert_eq!(
        open::<Latency>("ts,service,operation,latency_ms\n", &ReadOptions::default())
            .unwrap()
            .format(),
        Format::Csv
    );
}

#[test]
fn candles_without_a_source_have_the_one_that_is_named() {
    let rows = "ts,symbol,interval,open,high,low,close,volume,source\n\
                2024-08-08,BTCUSDT,1d,1,1,1,1,0,\n\
                2024-08-08,BTCUSDT,1d,1,1,1,1,0,vendor\n";
    let options = ReadOptions { source: Some("klines".into()), ..ReadOptions::default() };
    let candles = records_with::<StoredCandle>(rows, &options);
    let sources: Vec<_> = candles.iter().map(|candle| candle.source.as_str()).collect();
    assert_eq!(sources, ["klines", "vendor"]);
}

#[test]
fn klines_of_binance_are_candles_of_what_their_file_says() {
    const ROW: &str = "1704067200000,1,3,0.5,2,10,1704067259999,15,3,5,7,0\n";
    const HEADER: &str = "open_time,open,high,low,close,volume,close_time,quote_volume,count,\
                          taker_buy_volume,taker_buy_quote_volume,ignore\n";
    let options = |set: &str| ReadOptions {
        file_name: Some("BTCUSDT-1m-2024-01.csv".into()),
        set: set.parse().unwrap(),
        ..ReadOptions::default()
    };
    for file in [ROW.to_owned(), format!("{HEADER}{ROW}")] {
        let candles = records_with::<StoredCandle>(file.clone(), &options("venue=binance"));
        let [candle] = &candles[..] else { panic!("{candles:?}") };
        assert_eq!(
            (candle.venue.as_str(), candle.symbol.as_str(), candle.interval.to_string().as_str()),
            ("binance", "BTCUSDT", "1m")
        );
        assert_eq!(candle.ts, "2024-01-01".parse().unwrap());
        let told = [candle.open, candle.high, candle.low, candle.close, candle.volume];
        assert_eq!(told.map(|number| number.to_string()), ["1", "3", "0.5", "2", "10"]);
        assert_eq!((candle.notional, candle.count), (Some(15.into()), Some(3)));
        // The rows say how long they are, whatever the file is called; what is set counts.
        let week = file.replace("1704067259999", "1704671999999");
        assert_eq!(records_with::<StoredCandle>(week, &options(""))[0].interval.to_string(), "1w");
        let set = records_with::<StoredCandle>(file, &options("symbol=ETHUSDT"));
        assert_eq!(set[0].symbol.as_str(), "ETHUSDT");
    }
    let nameless = ReadOptions::default();
    let error = refused_with::<StoredCandle>(ROW, &nameless);
    assert!(error.contains("symbol"), "{error}");
}
