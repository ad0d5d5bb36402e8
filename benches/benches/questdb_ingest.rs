//! Claim: our own trades reach QuestDB in batches of 10,000 at 0.95 or more of the rate of a bare loop over
//! the same client into the same kind of table, and at 0.85 or more through the spool with every row
//! counted afterwards. The first 10,000 trades, tables made included, take 1 s at most, and a lone trade
//! can be read within 300 ms at p99.
//!
//! Workload: new trades in time order, on a server of this bench's own. `bare` writes each batch into a
//! buffer and flushes it; `direct` gives the same batches to the store one after another; `spool` appends
//! them in calls of 1,000, and each row has two columns more, which say where it came from. Each is timed
//! until all rows can be read. The sides take turns, and turns at being first. `lone`: one
//! trade at a time, 200 times, through the spool until a query sees it.
//!
//! Command: `cargo bench -p tradekeep-benches --bench questdb_ingest`

use std::sync::Arc;
use std::time::{Duration, Instant};

use questdb::ingress::{
    Buffer, DecimalView, Protocol, ProtocolVersion, SenderBuilder, TimestampNanos,
};
use tokio_postgres::Client;
use tradekeep_benches::{Outcome, percentile, questdb_client as client, rate, rows, trades};
use tradekeep_ingest::{Ingest, IngestConfig, SinkConfig, SinkId};
use tradekeep_models::{Decimal, Trade};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{Batch, RecordSink, RecordSinkExt, Records, Stage, Table};
use tradekeep_test_servers::questdb::{HTTP_PASSWORD, HTTP_USER, Ports, Questdb};

const BATCH: usize = 10_000;
const ROUNDS: usize = 12;

async fn count(client: &Client, table: &str) -> Outcome<usize> {
    let row = client.query_one(&format!("SELECT count() FROM {table}"), &[]).await?;
    Ok(usize::try_from(row.get::<_, i64>(0))?)
}

async fn until(client: &Client, table: &str, rows: usize) -> Outcome {
    while count(client, table).await? < rows {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

fn decimal(buffer: &mut Buffer, name: &str, value: Option<Decimal>) -> questdb::Result<()> {
    if let Some(value) = value {
        let bytes = value.scaled().to_be_bytes();
        buffer.column_dec(name, DecimalView::try_new_scaled(18, &bytes[..])?)?;
    }
    Ok(())
}

/// A line as who knows the table writes it.
fn line(buffer: &mut Buffer, table: &str, trade: &Trade) -> questdb::Result<()> {
    buffer
        .table(table)?
        .symbol("trader_id", trade.trader_id.as_str())?
        .symbol("mode", trade.mode.as_str())?
        .symbol("action", trade.action.as_str())?
        .symbol("base_token", trade.base_token.as_str())?
        .symbol("quote_token", trade.quote_token.as_str())?
        .symbol("status", trade.status.as_str())?
        .column_str("id", trade.id.to_string())?
        .column_i64("version", trade.version.into())?;
    decimal(buffer, "base_amount", Some(trade.base_amount))?;
    decimal(buffer, "quote_amount", Some(trade.quote_amount))?;
    decimal(buffer, "executed_price", Some(trade.executed_price))?;
    decimal(buffer, "transfer_fees", trade.transfer_fees)?;
    decimal(buffer, "expected_slippage", trade.expected_slippage)?;
    decimal(buffer, "actual_slippage", trade.actual_slippage)?;
    let fee = |fee: Option<u64>| fee.map(u64::cast_signed);
    buffer
        .column_i64_opt("transaction_fee", fee(trade.transaction_fee))?
        .column_i64_opt("priority_fee", fee(trade.priority_fee))?
        .column_i64_opt("latency_ns", fee(trade.latency_ns))?;
    if let Some(signature) = &trade.tx_signature {
        buffer.column_str("tx_signature", signature.as_str())?;
    }
    if let Some(request) = &trade.request_id {
        buffer.column_str("request_id", request.as_str())?;
    }
    buffer.at(TimestampNanos::new(trade.ts.as_nanos()))
}

async fn store(url: &str, prefix: &str) -> Outcome<QuestDbStore> {
    let config = QuestDbConfig::from_url(url)?.with_table_prefix(prefix);
    Ok(QuestDbStore::connect(config).await?)
}

async fn bare(url: &str, ports: Ports, made: &[Trade], prefix: &str) -> Outcome<f64> {
    let store = store(url, prefix).await?;
    let (client, table) = (client(ports).await?, format!("{prefix}trades"));
    let mut sender = SenderBuilder::new(Protocol::Http, "127.0.0.1", ports.http)
        .protocol_version(ProtocolVersion::V3)?
        .username(HTTP_USER)?
        .password(HTTP_PASSWORD)?
        .build()?;
    let mut buffer = sender.new_buffer();
    let began = Instant::now();
    for batch in made.chunks(BATCH) {
        for trade in batch {
            line(&mut buffer, &table, trade)?;
        }
        sender.flush(&mut buffer)?;
    }
    until(&client, &table, made.len()).await?;
    let took = began.elapsed();
    store.drop_tables().await?;
    Ok(rate(made.len(), took))
}

fn batches(made: &[Trade]) -> Vec<Batch> {
    made.chunks(BATCH).map(|part| Batch::new(Records::Trades(part.to_vec()))).collect()
}

async fn direct(url: &str, ports: Ports, made: &[Trade], prefix: &str) -> Outcome<f64> {
    let (client, table) = (client(ports).await?, format!("{prefix}trades"));
    let (store, batches) = (store(url, prefix).await?, batches(made));
    let began = Instant::now();
    let mut tokens = Vec::new();
    for batch in &batches {
        tokens.push(store.write(batch).await?.token);
    }
    let stages = store.settle(&tokens).await?;
    assert!(stages.iter().all(|stage| *stage == Stage::Applied), "not applied in time");
    until(&client, &table, made.len()).await?;
    let took = began.elapsed();
    store.drop_tables().await?;
    Ok(rate(made.len(), took))
}

async fn open(
    folder: &std::path::Path,
    url: &str,
    prefix: &str,
) -> Outcome<(Ingest, Arc<QuestDbStore>)> {
    let store = Arc::new(store(url, prefix).await?);
    let sink = SinkConfig {
        id: SinkId::of("questdb", "", prefix),
        name: "questdb".into(),
        sink: Arc::<QuestDbStore>::clone(&store),
        tables: Table::ALL.to_vec(),
        from_now: false,
    };
    Ok((Ingest::open(IngestConfig::new(folder), vec![sink]).await?, store))
}

async fn close(ingest: Ingest, store: Arc<QuestDbStore>) -> Outcome {
    ingest.shutdown(Duration::from_secs(10)).await?;
    drop(ingest);
    if let Some(store) = Arc::into_inner(store) {
        store.drop_tables().await?;
    }
    Ok(())
}

async fn spool(url: &str, ports: Ports, made: &[Trade], prefix: &str) -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let (client, table) = (client(ports).await?, format!("{prefix}trades"));
    let (ingest, store) = open(folder.path(), url, prefix).await?;
    let calls: Vec<_> = made.chunks(1_000).map(|part| Records::Trades(part.to_vec())).collect();
    let began = Instant::now();
    for records in &calls {
        ingest.try_append(records)?;
    }
    let left = ingest.flush(Duration::from_secs(600)).await.pending();
    until(&client, &table, made.len()).await?;
    let took = began.elapsed();
    assert_eq!(left, 0);
    close(ingest, store).await?;
    Ok(rate(made.len(), took))
}

async fn first(url: &str, made: Vec<Trade>) -> Outcome {
    let began = Instant::now();
    let store = store(url, "first_").await?;
    store.save(made).await?;
    println!("first {BATCH} trades, tables made, applied: {:.1?}", began.elapsed());
    Ok(store.drop_tables().await?)
}

async fn lone(url: &str, ports: Ports, count_of: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let client = client(ports).await?;
    let (ingest, store) = open(folder.path(), url, "lone_").await?;
    let mut times = Vec::new();
    for (stored, trade) in (1..).zip(trades(0, count_of)?) {
        let began = Instant::now();
        ingest.append(vec![trade]).await?;
        until(&client, "lone_trades", stored).await?;
        times.push(began.elapsed());
    }
    println!(
        "lone trade, until it is read: p50 {:.1?}  p99 {:.1?}  longest {:.1?}",
        percentile(&times, 50),
        percentile(&times, 99),
        times.iter().max().copied().unwrap_or_default()
    );
    close(ingest, store).await
}

fn main() -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let server = Questdb::start_for_bench()?;
    let (url, ports) = (server.url(), server.ports());
    let rows = rows(500_000) / BATCH * BATCH;
    let made = trades(0, rows)?;
    runtime.block_on(first(&url, trades(0, BATCH)?))?;
    // The server compiles what it runs.
    runtime.block_on(bare(&url, ports, &made, "warm_"))?;
    println!("{rows} trades, {ROUNDS} rounds");
    let (mut directs, mut spools) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut rates = [0.0; 3];
        // Who comes first has a server with nothing else to do.
        for turn in 0..rates.len() {
            let side = (round + turn) % rates.len();
            let prefix = format!("side{side}_{round}_");
            rates[side] = match side {
                0 => runtime.block_on(bare(&url, ports, &made, &prefix))?,
                1 => runtime.block_on(direct(&url, ports, &made, &prefix))?,
                _ => runtime.block_on(spool(&url, ports, &made, &prefix))?,
            };
        }
        let [bare, direct, spool] = rates;
        println!(
            "bare {bare:.3} M/s   direct {direct:.3} M/s, ratio {:.3}   spool {spool:.3} M/s, ratio {:.3}",
            direct / bare,
            spool / bare
        );
        directs.push(direct / bare);
        spools.push(spool / bare);
    }
    directs.sort_by(f64::total_cmp);
    spools.sort_by(f64::total_cmp);
    let median = |sorted: &[f64]| f64::midpoint(sorted[ROUNDS / 2 - 1], sorted[ROUNDS / 2]);
    println!(
        "median ratios: direct {:.3} (bar 0.95), spool {:.3} (bar 0.85)",
        median(&directs),
        median(&spools)
    );
    runtime.block_on(lone(&url, ports, 200))?;
    Ok(server.stop()?)
}
