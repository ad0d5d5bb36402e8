//! Files of real feeds, where the developer has them.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use tradekeep_formats::{Format, ReadOptions, Row, TickReader};
use tradekeep_models::{Side, Tick};

/// All ticks of the file called `name`; nothing where it is not here.
fn ticks(name: &str, format: Format) -> Option<Vec<Tick>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let Ok(file) = File::open(data.join(name)) else {
        eprintln!("skipped: {name} is not here");
        return None;
    };
    let reader = TickReader::open(Box::new(file), ReadOptions::default()).unwrap();
    assert_eq!(reader.format(), format);
    let tick = |row| match row {
        Ok(Row::Tick(tick)) => tick,
        other => panic!("{other:?}"),
    };
    Some(reader.map(tick).collect())
}

#[test]
fn trades_of_bitcoin() {
    let Some(ticks) = ticks("btc_trades.csv", Format::Csv) else {
        return;
    };
    assert_eq!(ticks.len(), 5_882);
    let identity = |t: &Tick| (t.venue().clone(), t.symbol().clone(), t.ts(), t.key());
    let identities: BTreeSet<_> = ticks.iter().map(identity).collect();
    assert_eq!(identities.len(), 5_882);
    assert_eq!(ticks[0].ts().to_string(), "2023-09-05T16:00:01.281719000Z");
    assert_eq!(ticks[0].side(), Some(Side::Sell));
    let tiny = ticks.iter().find(|t| t.quantity().to_string() == "0.00003844");
    assert_eq!(tiny, ticks.get(2));
}

#[test]
fn stream_of_binance() {
    let name = "binance_ws_btcusdt_20240808.jsonl.gz";
    let Some(ticks) = ticks(name, Format::BinanceWs) else {
        return;
    };
    assert_eq!(ticks.len(), 9_757);
    assert_eq!(ticks[0].trade_id().unwrap().as_str(), "3735683259");
    for tick in &ticks {
        assert_eq!((tick.venue().as_str(), tick.symbol().as_str()), ("binance", "BTCUSDT"));
        // The recorder's clock was behind the venue's.
        let latency = tick.received_ts().unwrap().as_nanos() - tick.ts().as_nanos();
        assert!((-1_400_000_000..0).contains(&latency), "{latency}");
    }
}

#[test]
fn records_of_databento() {
    let Some(ticks) = ticks("databento_trades_v3.dbn.zst", Format::Dbn) else {
        return;
    };
    let [first, second] = ticks.as_slice() else {
        panic!("{ticks:?}");
    };
    assert_eq!((first.venue().as_str(), first.symbol().as_str()), ("GLBX.MDP3", "ESH1"));
    assert_eq!(first.price().to_string(), "3720.25");
    assert_eq!(first.quantity().to_string(), "5");
    assert_eq!(first.side(), Some(Side::Sell));
    assert_eq!(first.sequence(), 1_170_380);
    assert_eq!(first.ts().to_string(), "2020-12-28T13:00:00.098821953Z");
    assert_eq!(first.received_ts().unwrap().to_string(), "2020-12-28T13:00:00.099150057Z");
    assert_eq!(second.quantity().to_string(), "21");
}
