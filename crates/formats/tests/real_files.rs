//! Files of real feeds, where the developer has them: of others the tests are ignored, with the reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use tradekeep_formats::{Format, ReadOptions, RecordReader, Row};
use tradekeep_models::{Side, Tick};
use tradekeep_test_servers::harness::{self, Absent, needing};

fn main() -> ExitCode {
    harness::main(vec![
        needing("files", "trades_of_bitcoin", trades_of_bitcoin),
        needing("files", "stream_of_binance", stream_of_binance),
        needing("files", "records_of_databento", records_of_databento),
    ])
}

/// All ticks of the file called `name`.
fn ticks(name: &str, format: Format) -> Result<Vec<Tick>, Absent> {
    // Cargo runs tests in the folder of their package.
    let data = Path::new("../../../shared/data");
    let file = File::open(data.join(name)).map_err(|_| format!("{name} is not here"))?;
    let reader = RecordReader::<Tick>::open(Box::new(file), ReadOptions::default()).unwrap();
    assert_eq!(reader.format(), format);
    let tick = |row| match row {
        Ok(Row::Record(tick)) => tick,
        other => panic!("{other:?}"),
    };
    Ok(reader.map(tick).collect())
}

fn trades_of_bitcoin() -> Result<(), Absent> {
    let ticks = ticks("btc_trades.csv", Format::Csv)?;
    assert_eq!(ticks.len(), 5_882);
    let identity = |t: &Tick| (t.venue().clone(), t.symbol().clone(), t.ts(), t.key());
    let identities: BTreeSet<_> = ticks.iter().map(identity).collect();
    assert_eq!(identities.len(), 5_882);
    assert_eq!(ticks[0].ts().to_string(), "2023-09-05T16:00:01.281719000Z");
    assert_eq!(ticks[0].side(), Some(Side::Sell));
    let tiny = ticks.iter().find(|t| t.quantity().to_string() == "0.00003844");
    assert_eq!(tiny, ticks.get(2));
    Ok(())
}

fn stream_of_binance() -> Result<(), Absent> {
    let name = "binance_ws_btcusdt_20240808.jsonl.gz";
    let ticks = ticks(name, Format::BinanceWs)?;
    assert_eq!(ticks.len(), 9_757);
    assert_eq!(ticks[0].trade_id().unwrap().as_str(), "3735683259");
    for tick in &ticks {
        assert_eq!((tick.venue().as_str(), tick.symbol().as_str()), ("binance", "BTCUSDT"));
        // The recorder's clock was behind the venue's.
        let latency = tick.received_ts().unwrap().as_nanos() - tick.ts().as_nanos();
        assert!((-1_400_000_000..0).contains(&latency), "{latency}");
    }
    Ok(())
}

fn records_of_databento() -> Result<(), Absent> {
    let ticks = ticks("databento_trades_v3.dbn.zst", Format::Dbn)?;
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
    Ok(())
}
