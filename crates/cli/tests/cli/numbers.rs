//! Numbers about records: percentiles, buckets, what was gained and lost.

use serde_json::{Value, json};

use crate::own;
use crate::support::Folder;

fn one(folder: &Folder, args: &str) -> Value {
    let mut objects = folder.run(&format!("query {args} --json")).ok().objects();
    assert_eq!(objects.len(), 1, "{args}: {objects:?}");
    objects.remove(0)
}

#[test]
fn latencies_by_service_and_operation() {
    let folder = own::folder();
    let found = folder.run("query latency --json").ok().objects();
    let confirm = json!({
        "service": "executor", "operation": "confirm", "successes": 1, "failures": 0,
        "min_ns": 400_000_000, "avg_ns": 400_000_000.0, "p50_ns": 400_000_000,
        "p95_ns": 400_000_000, "p99_ns": 400_000_000, "p999_ns": 400_000_000,
        "max_ns": 400_000_000,
    });
    let quote = json!({
        "service": "router", "operation": "quote", "successes": 4, "failures": 1,
        "min_ns": 1_000_000, "avg_ns": 2_500_000.0, "p50_ns": 2_000_000, "p95_ns": 4_000_000,
        "p99_ns": 4_000_000, "p999_ns": 4_000_000, "max_ns": 4_000_000,
    });
    assert_eq!(found, [confirm, quote]);
    let expected = "\
service   operation  ok  failed      p50      p95      p99    p99.9      max
executor  confirm     1       0   400 ms   400 ms   400 ms   400 ms   400 ms
router    quote       4       1  2.00 ms  4.00 ms  4.00 ms  4.00 ms  4.00 ms
";
    assert_eq!(folder.run("query latency").ok().stdout, expected);
    // One that never succeeded has no percentiles.
    let failed = "query latency --from 2024-08-08T10:00:04Z --service router";
    let object = folder.run(&format!("{failed} --json")).ok().last();
    assert_eq!((&object["failures"], &object["p99_ns"]), (&json!(1), &Value::Null));
    let chart = folder.run(&format!("{failed} --chart")).ok().stdout;
    assert!(chart.ends_with("no operation succeeded: there is nothing to draw\n"), "{chart}");
}

#[test]
fn the_histogram_is_what_it_was() {
    let folder = Folder::new();
    let rows = (0..2_000u64).map(|i| {
        // Around two milliseconds, with a long tail.
        let spread = i * 7_919 % 1_000;
        let nanos = 800_000 + spread * spread * 2 + spread.pow(4) / 200_000;
        format!("2024-08-08T10:00:00.{i:06}Z,router,quote,{nanos}\n")
    });
    let text = format!("ts,service,operation,latency_ns\n{}", rows.collect::<String>());
    folder.run_with("import --type latencies -", text).ok();
    let drawn = folder.run("query latency --chart").ok().stdout;
    let golden = "tests/cli/histogram.txt";
    if std::env::var_os("TRADEKEEP_BLESS").is_some() {
        std::fs::write(golden, &drawn).unwrap();
    }
    assert_eq!(drawn, std::fs::read_to_string(golden).unwrap(), "\n{drawn}");
    assert!(drawn.lines().all(|line| line.chars().count() <= 100));
    let none = folder.run("query latency --chart --to 2000-01-01").ok().stdout;
    assert!(none.starts_with("no latencies match"), "{none}");
}

#[test]
fn metrics_by_bucket_and_in_all() {
    let folder = own::folder();
    let buckets = folder.run("query metrics --name lag_ms --interval 1m --json").ok().objects();
    let expected = [
        json!({
            "open_ts": "2024-08-08T10:00:00.000000000Z", "count": 2, "sum": 30.5, "avg": 15.25,
            "min": 10.5, "max": 20.0, "p50": 10.5, "p95": 20.0, "p99": 20.0,
        }),
        json!({
            "open_ts": "2024-08-08T10:01:00.000000000Z", "count": 1, "sum": 0.1, "avg": 0.1,
            "min": 0.1, "max": 0.1, "p50": 0.1, "p95": 0.1, "p99": 0.1,
        }),
    ];
    assert_eq!(buckets, expected);
    let cut = "query metrics --name lag_ms --interval 1m --limit 1 --json";
    let first = folder.run(cut).ok().objects();
    let rest = folder.run(&format!("{cut} --after {}", first[1]["next"].as_str().unwrap()));
    assert_eq!(rest.ok().objects(), expected[1..]);
    let all = one(&folder, "metrics --name lag_ms --stats --label symbol=SOL/USDC");
    assert_eq!((&all["count"], &all["avg"]), (&json!(2), &json!(15.25)));
    assert_eq!(all.get("open_ts"), None);
    let expected = "\
open time (UTC)      count    avg   min   max   p50   p95   p99   sum
2024-08-08 10:00:00      2  15.25  10.5  20    10.5  20    20    30.5
2024-08-08 10:01:00      1   0.1    0.1   0.1   0.1   0.1   0.1   0.1
";
    let found = folder.run("query metrics --name lag_ms --interval 1m").ok().stdout;
    assert_eq!(found, expected, "\n{found}");
    assert_eq!(folder.run("query metrics --name x --stats --json").ok().stdout, "");
    assert!(folder.run("query metrics --name x --stats").ok().stdout.starts_with("no metrics"));
}

#[test]
fn what_mev_did() {
    let folder = own::folder();
    let expected = json!({
        "events": 2, "avoided": 1, "suffered": 1, "avoidance_rate": 0.5, "avg_risk": 0.5,
        // 30 basis points of 5,000 USD.
        "total_loss_usd": "15", "avg_priority_fee_lamports": 1000.0,
    });
    assert_eq!(one(&folder, "mev"), expected);
    let expected = "\
MEV events     2: 1 avoided, 1 suffered (50.0 % avoided)
sandwich risk  50.0 % on average
loss           15.00 USD
priority fee   1000 lamports on average
";
    assert_eq!(folder.run("query mev").ok().stdout, expected);
    let none = one(&folder, "mev --pair JUP/USDC");
    assert_eq!((&none["events"], &none["avoidance_rate"]), (&json!(0), &Value::Null));
    assert!(folder.run("query mev --pair X").ok().stdout.starts_with("no MEV events match"));
}

#[test]
fn slippage_of_trades_or_of_the_metric() {
    let folder = own::folder();
    let found = one(&folder, "slippage --token SOL");
    let expected = json!({
        "token": "SOL", "source": "trades", "count": 2, "avg_bps": 1.0, "min_bps": -0.5,
        "max_bps": 2.5, "p50_bps": -0.5, "p95_bps": 2.5, "p99_bps": 2.5,
    });
    assert_eq!(found, expected);
    let none = folder.run("query slippage --token JUP").ok().stdout;
    assert!(none.starts_with("no trades with a slippage"), "{none}");
    let metric = "ts,stream,seq,name,value,labels\n\
                  2024-08-08T10:00:00Z,b,0,slippage_bps,4,\"{\"\"token\"\":\"\"JUP\"\"}\"\n";
    folder.run_with("import --type metrics -", metric).ok();
    let people = folder.run("query slippage --token JUP").ok().stdout;
    assert!(people.starts_with("slippage with JUP in basis points, of the metric"), "{people}");
    assert_eq!(one(&folder, "slippage --token JUP")["source"], "metric");
}

#[test]
fn six_numbers() {
    let folder = own::folder();
    let expected = json!({
        "total_trades": 3, "avg_latency_ns": 82_000_000.0, "p99_latency_ns": 400_000_000,
        "avg_slippage_bps": 1.0, "mev_avoided": 1, "mev_suffered": 1,
    });
    assert_eq!(one(&folder, "summary"), expected);
    let expected = "\
window        from 2024-08-08 00:00:00 to 2024-08-09 00:00:00 UTC
trades        3
latency avg   82.0 ms
latency p99   400 ms
slippage avg  1 bps
MEV avoided   1
MEV suffered  1
";
    let found = folder.run("query summary --from 2024-08-08 --to 2024-08-09").ok().stdout;
    assert_eq!(found, expected);
    let none = one(&folder, "summary --from 2024-08-09");
    assert_eq!((&none["total_trades"], &none["p99_latency_ns"]), (&json!(0), &Value::Null));
}

#[test]
fn what_trading_gained() {
    let folder = own::folder();
    let found = folder.run("query performance --json").ok().objects();
    let pair = json!({
        "base_token": "SOL", "quote_token": "USDC", "trades": 2, "volume": "460", "bought": "2",
        "sold": "1", "paid": "300", "received": "160", "transfer_fees": "0", "last_price": "160",
        // 160 - 300 + 1 x 160.
        "pnl": "20",
    });
    assert_eq!(found, [pair, json!({ "trades": 2, "failed": 1, "fees_lamports": 16_000 })]);
    let people = folder.run("query performance").ok().stdout;
    let last = people.lines().last().unwrap();
    assert_eq!(last, "2 trades confirmed, 1 failed, 16,000 lamports of fees");
    let none = folder.run("query performance --trader nobody").ok().stdout;
    assert!(none.starts_with("no confirmed or failed trades match"), "{none}");
}
