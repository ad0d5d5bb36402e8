//! `kill -9`, two hundred times: a recorder that is killed at any moment loses nothing that it gave a
//! receipt for, and stores nothing twice.
//!
//! The recorder is this program itself, as a child: it reads numbers, makes a tick or a trade of each,
//! appends it to the spool, and writes a receipt; delivery into DuckDB goes on beside. Whoever feeds it
//! goes on behind the last receipt, so that what was under way is sent again. At the end another
//! process compares whole rows.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufWriter, Write, stdin, stdout};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tradekeep::models::{
    Records, Symbol, Table, Tick, TickFilter, Trade, TradeAction, TradeFilter, TradeId, TraderId,
    TradingMode,
};
use tradekeep::{Config, Tradekeep, Uuid};
use tradekeep_ingest::{Ingest, IngestConfig, SinkConfig, SinkId};
use tradekeep_tests::kill::{Bounds, Killer, Point};
use tradekeep_tests::seed;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Names the folder to the child.
const FOLDER: &str = "TRADEKEEP_TEST_RECORDER";
/// Kills, unless `TRADEKEEP_TEST_KILLS` says otherwise.
const KILLS: usize = 200;

fn main() -> ExitCode {
    match std::env::var(FOLDER) {
        Ok(folder) => match record(Path::new(&folder)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("recorder: {error}");
                ExitCode::FAILURE
            }
        },
        Err(_) => {
            let trial = |name, test: fn() -> Outcome| {
                Trial::test(name, move || test().map_err(|error| Failed::from(error.to_string())))
            };
            let trials = vec![
                trial("nothing_receipted_is_lost_or_doubled", killed_at_any_moment),
                trial("a_damaged_log_of_the_database_costs_nothing", damaged_log),
            ];
            libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
        }
    }
}

fn is_trade(number: u64) -> bool {
    number.is_multiple_of(3)
}

fn tick(number: u64) -> Outcome<Tick> {
    let ts = tradekeep::models::Timestamp::from_nanos(
        1_723_075_200_000_000_000 + i64::try_from(number)? * 1_000,
    )?;
    Ok(Tick::builder(Symbol::new("BTC-USD")?, ts)
        .trade_id(TradeId::new(number.to_string())?)
        .price(format!("61{}.{number}", number % 1_000).parse()?)
        .quantity("0.02".parse()?)
        .build()?)
}

fn trade(number: u64) -> Outcome<Trade> {
    let ts = tradekeep::models::Timestamp::from_nanos(
        1_723_075_200_000_000_000 + i64::try_from(number)? * 1_000,
    )?;
    Ok(Trade::builder()
        .ts(ts)
        .id(Uuid::from_u128(7 << 76 | 2 << 62 | u128::from(number) << 80 | u128::from(number)))
        .trader_id(TraderId::new("arb-1")?)
        .mode(TradingMode::Live)
        .action(TradeAction::Buy)
        .base_token(Symbol::new("SOL")?)
        .quote_token(Symbol::new("USDC")?)
        .base_amount(number.to_string().parse()?)
        .quote_amount("375.25".parse()?)
        .executed_price("150.1".parse()?)
        .build())
}

fn config(folder: &Path) -> Outcome<Config> {
    Ok(Config::from_url(&format!("duckdb://{}", folder.display()))?)
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// The child.
fn record(folder: &Path) -> Outcome {
    runtime()?.block_on(async {
        let store = Tradekeep::open(&config(folder)?).await?;
        let sink = SinkConfig {
            id: SinkId::of("duckdb", "", "here"),
            name: "duckdb".into(),
            sink: store.store(),
            tables: Table::ALL.to_vec(),
            from_now: false,
        };
        let config = IngestConfig::new(folder).with_segment_bytes(300 << 10);
        let ingest = Ingest::open(config, vec![sink]).await?;
        for (line, number) in (1..).zip(stdin().lock().lines()) {
            let number: u64 = number?.parse()?;
            let records = if is_trade(number) {
                Records::Trades(vec![trade(number)?])
            } else {
                Records::Ticks(vec![tick(number)?])
            };
            let receipt = ingest.append(records).await?;
            println!("{{\"line\":{line},\"seq\":{}}}", receipt.seqs().start);
            stdout().flush()?;
        }
        let left = ingest.shutdown(Duration::from_secs(30)).await?;
        store.shutdown().await?;
        let lost: i128 = left.lanes().map(|lane| lane.unaccounted().abs()).sum();
        if left.pending() > 0 || left.dead_letters > 0 || lost > 0 {
            return Err(format!("not all arrived: {left:?}").into());
        }
        Ok(())
    })
}

fn killed_at_any_moment() -> Outcome {
    let given = std::env::var("TRADEKEEP_TEST_KILLS").ok().and_then(|text| text.parse().ok());
    let kills = given.unwrap_or(KILLS);
    let folder = tempfile::tempdir()?;
    let mut killer = Killer::new(seed::from_env());
    let bounds = Bounds { receipts: 1..=400, bytes: 1..=2_000, micros: 1_000..=400_000 };
    let (mut next, mut resumed) = (1, Vec::new());
    let (mut killed, mut runs) = (0, 0);
    while killed < kills {
        let point = killer.point(&bounds);
        let run = run(&mut killer, folder.path(), next..next + 500, point)?;
        next += run.receipts.len() as u64;
        killed += usize::from(run.was_killed());
        runs += 1;
        resumed.extend(run.first_receipt);
        assert!(runs < 3 * kills, "most runs end before they are killed");
    }
    // The last one is left to finish.
    let last = run(&mut killer, folder.path(), next..next + 50, Point::Never)?;
    let said = String::from_utf8_lossy(&last.stderr);
    assert!(last.status.success(), "{said}");
    next += last.receipts.len() as u64;
    resumed.sort_unstable();
    let median = resumed.get(resumed.len() / 2).copied().unwrap_or_default();
    println!("{killed} kills, {} records, first receipt after {median:.0?} as a rule", next - 1);
    judge(folder.path(), next)?;
    Ok(())
}

/// The database's write-ahead log goes bad after a kill: the store sets it aside and is back at its last
/// checkpoint, and the spool, which keeps records until they are in a checkpoint, delivers them again.
fn damaged_log() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut killer = Killer::new(seed::from_env());
    let mut random = fastrand::Rng::with_seed(killer.seed());
    let log = folder.path().join("tradekeep.duckdb.wal");
    let (mut next, mut damaged) = (1, 0);
    for _ in 0..5 {
        let run = run(&mut killer, folder.path(), next..next + 3_000, Point::Receipts(2_000))?;
        next += run.receipts.len() as u64;
        // What is between the first entry and the last makes the whole of it unreadable.
        let Ok(mut bytes) = fs::read(&log) else { continue };
        if bytes.len() > 200 {
            let at = random.usize(100..bytes.len() / 2);
            bytes[at] ^= random.u8(1..);
            fs::write(&log, bytes)?;
            damaged += 1;
        }
    }
    let last = run(&mut killer, folder.path(), next..next + 10, Point::Never)?;
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    next += last.receipts.len() as u64;
    let aside = fs::read_dir(folder.path().join("quarantine")).map_or(0, Iterator::count);
    println!("{damaged} times damaged, {aside} logs set aside, {} records", next - 1);
    assert!(aside > 0, "no log was damaged so that the store saw it");
    judge(folder.path(), next)
}

fn run(
    killer: &mut Killer,
    folder: &Path,
    numbers: std::ops::Range<u64>,
    point: Point,
) -> Outcome<tradekeep_tests::kill::Run> {
    let mut recorder = Command::new(std::env::current_exe()?);
    recorder.env(FOLDER, folder);
    Ok(killer.run(&mut recorder, numbers.map(|number| number.to_string()), point)?)
}

/// What is stored is what there were receipts for: every number below `next`.
fn judge(folder: &Path, next: u64) -> Outcome {
    let file = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
    let (mut ticks, mut trades) = (file("ticks.sent")?, file("trades.sent")?);
    for number in 1..next {
        if is_trade(number) {
            writeln!(trades, "{}", serde_json::to_string(&trade(number)?)?)?;
        } else {
            writeln!(ticks, "{}", serde_json::to_string(&tick(number)?)?)?;
        }
    }
    ticks.flush()?;
    trades.flush()?;
    runtime()?.block_on(dump(folder))?;
    for table in ["ticks", "trades"] {
        let files = ["sent", "stored"].map(|what| folder.join(format!("{table}.{what}")));
        let said = Command::new(env!("CARGO_BIN_EXE_oracle")).arg(table).args(files).output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        println!("{table}: {}", text(&said.stdout).trim());
        assert!(said.status.success(), "{} {}", text(&said.stdout), text(&said.stderr));
    }
    Ok(())
}

async fn dump(folder: &Path) -> Outcome {
    let store = Tradekeep::open(&config(folder)?).await?;
    let mut out = BufWriter::new(File::create(folder.join("ticks.stored"))?);
    for tick in store.ticks(TickFilter::default()).all().await? {
        writeln!(out, "{}", serde_json::to_string(&tick)?)?;
    }
    out.flush()?;
    let mut out = BufWriter::new(File::create(folder.join("trades.stored"))?);
    for trade in store.trades(TradeFilter::default()).all().await? {
        writeln!(out, "{}", serde_json::to_string(&trade)?)?;
    }
    out.flush()?;
    store.shutdown().await?;
    Ok(())
}
