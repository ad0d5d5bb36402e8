//! Records of our own: in, out, and back in.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::own;
use crate::support::Folder;

#[test]
fn every_record_comes_back_as_it_was() {
    let (folder, other) = (Folder::new(), Folder::new());
    for (kind, query, text) in own::files() {
        let rows = text.lines().count() as u64 - 1;
        let import = format!("import --type {kind} - --json");
        let first = folder.run_with(&import, text.clone()).ok();
        assert_eq!(first.counts(), [rows, rows, 0, 0], "{kind}");
        assert_eq!(first.last()["format"], "csv");
        assert_eq!(first.last()["first_ts"].as_str().map(|ts| &ts[..10]), Some("2024-08-08"));
        assert_eq!(folder.run_with(&import, text).ok().counts(), [rows, 0, rows, 0], "{kind}");

        let query = format!("{query} --json");
        let lines = folder.run(&query).ok().stdout;
        assert_eq!(lines.lines().count() as u64, rows, "{kind}");
        // Once more, from a compressed file.
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(lines.as_bytes()).unwrap();
        other.write("rows.gz", gzip.finish().unwrap());
        let again = other.run(&format!("import --type {kind} rows.gz --json")).ok();
        assert_eq!(again.counts(), [rows, rows, 0, 0], "{kind}");
        assert_eq!(again.last()["format"], "ndjson");
        assert_eq!(other.run(&query).ok().stdout, lines, "{kind}");
        assert_eq!(folder.run_with(&import, lines).ok().counts(), [rows, 0, rows, 0], "{kind}");
        assert!(folder.run(query.trim_end_matches(" --json")).ok().stdout.contains("(UTC)"));
    }
    let stats = folder.run("stats --json").ok().objects();
    assert_eq!(stats.iter().filter(|table| table["rows"].as_u64() > Some(0)).count(), 9);
}

#[test]
fn records_are_no_ticks() {
    let (folder, other) = (own::folder(), Folder::with_trades());
    for (kind, query, table) in own::files() {
        let lines = folder.run(&format!("{query} --json")).ok().stdout;
        for (text, what) in [(lines, "field"), (table, "column")] {
            let run = other.run_with("import - --json", text);
            let error = run.error(1);
            assert!(error.contains(&format!("records of your own ({what}")), "{kind}: {error}");
            assert!(error.contains("say with --type what the rows are"), "{kind}: {error}");
            assert_eq!(run.counts(), [0; 4], "{kind}");
        }
    }
    assert_eq!(other.stored(), 4);
}

#[test]
fn exact_values_stand_in_lines() {
    let folder = own::folder();
    let mut trade = folder.run("query trades --token SOL --json").ok().objects().remove(0);
    assert_eq!(trade["id"].take(), "01913a5e-7c1b-7d3e-9f00-000000000002");
    let expected = [
        ("ts", json!("2024-08-08T10:00:01.000000001Z")),
        ("version", json!(0)),
        ("base_amount", json!("1")),
        ("quote_amount", json!("160")),
        ("transaction_fee", json!(5000)),
        ("priority_fee", Value::Null),
        ("actual_slippage", json!("-0.5")),
        ("status", json!("confirmed")),
        ("metadata", Value::Null),
    ];
    for (name, value) in expected {
        assert_eq!(trade[name], value, "{name}");
    }
    let text = folder.run("query trades --trader arb-1 --oldest-first --json").ok().stdout;
    assert!(text.lines().next().unwrap().ends_with(",\"metadata\":{\"hops\": 3}}"), "{text}");
    let metric = folder.run("query metrics --name queue --json").ok().last();
    assert_eq!((&metric["value"], &metric["labels"]), (&json!(1e300), &Value::Null));
}

#[test]
fn filters_filter() {
    let folder = own::folder();
    let id = "01913a5e-7c1b-7d3e-9f00-00000000000";
    for (args, found) in [
        ("trades", 3),
        ("trades --history", 4),
        ("trades --token USDC", 3),
        ("trades --token JUP --mode paper", 1),
        ("trades --mode live --trader arb-2", 0),
        ("trades --request-id req-1 --history", 2),
        ("trades --from 2024-08-08T10:00:01Z --to 2024-08-08T10:00:02Z", 1),
        ("orders", 2),
        ("orders --status open", 0),
        ("orders --status filled --venue polymarket --market 0x1 --side buy", 1),
        ("orders --client-order-id c-1 --history", 2),
        ("orders --trader mm-1", 1),
        ("fills --newest-first --limit 2", 2),
        ("fills --market 0x2", 0),
        ("positions", 2),
        ("positions --trader mm-1 --venue polymarket --market 0x1 --history", 3),
        ("metrics --name lag_ms", 3),
        ("metrics --label symbol=SOL/USDC", 2),
        ("metrics --label symbol=SOL/USDC --label venue=orca", 1),
        ("latency --list --service router --operation quote", 5),
        ("mev --list --pair SOL/USDC --trader arb-1 --to 2024-08-08T10:00:01Z", 1),
        ("events --severity error", 1),
        ("events --source router --severity info", 1),
        ("events --type out_of_funds", 1),
        ("nodes --node rpc-1", 2),
        ("nodes --node rpc-2", 0),
    ] {
        let run = folder.run(&format!("query {args} --json")).ok();
        assert_eq!(run.objects().len(), found, "{args}");
        let people = folder.run(&format!("query {args}")).ok().stdout;
        let nothing = people.starts_with("no ") && people.contains(" match: `tradekeep stats`");
        assert_eq!(nothing, found == 0, "{args}: {people}");
    }
    for (args, found) in [(format!("trades --id {id}1"), 1), (format!("fills --order-id {id}4"), 2)]
    {
        assert_eq!(folder.run(&format!("query {args} --json")).ok().objects().len(), found);
    }
}

#[test]
fn tables_line_up() {
    let folder = own::folder();
    let expected = "\
time (UTC)                     trader  action  pair      amount    price  status      value  slip bps  mode      took  id                                    version  request
2024-08-08 10:00:02.000000000  arb-2   buy     JUP/USDC      10    0.525  failed       5.25            paper           01913a5e-7c1b-7d3e-9f00-000000000003        0
2024-08-08 10:00:01.000000001  arb-1   sell    SOL/USDC       1  160      confirmed  160         -0.5  live            01913a5e-7c1b-7d3e-9f00-000000000002        0  req-2
2024-08-08 10:00:00.000000000  arb-1   buy     SOL/USDC       2  150      confirmed  300          2.5  live   2.50 ms  01913a5e-7c1b-7d3e-9f00-000000000001        1  req-1
";
    let found = folder.run("query trades").ok().stdout;
    assert_eq!(found, expected, "\n{found}");
    let expected = "\
time (UTC)           name    value  labels
2024-08-08 10:00:00  lag_ms   10.5  symbol=SOL/USDC venue=orca
2024-08-08 10:00:01  lag_ms   20    symbol=SOL/USDC
2024-08-08 10:01:00  lag_ms    0.1
";
    let found = folder.run("query metrics --name lag_ms").ok().stdout;
    assert_eq!(found, expected, "\n{found}");
    // Versions are shown where there are any.
    let history = folder.run("query orders --client-order-id c-1 --history").ok().stdout;
    assert!(history.contains("version"), "{history}");
    assert!(!folder.run("query orders --client-order-id c-2").ok().stdout.contains("version"));
}

#[test]
fn a_cut_list_goes_on() {
    let folder = own::folder();
    for args in ["trades --history", "trades --oldest-first", "latency --list", "orders", "events"]
    {
        let whole = folder.run(&format!("query {args} --json")).ok().objects();
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let page = format!("query {args} --json --limit 1 {after}");
            let mut page = folder.run(&page).ok().objects();
            rows.push(page.remove(0));
            match page.pop() {
                Some(next) => after = format!("--after {}", next["next"].as_str().unwrap()),
                None => break,
            }
        }
        assert_eq!(rows, whole, "{args}");
    }
    let table = folder.run("query trades --limit 1").ok().stdout;
    let (_, cursor) = table.trim_end().rsplit_once("more: --after ").unwrap();
    // Of another order, and of another query.
    for args in ["trades --oldest-first", "orders", "metrics --interval 1m"] {
        let run = folder.run(&format!("query {args} --after {cursor}"));
        assert!(run.error(64).starts_with("--after: is not one that this query"), "{run:?}");
    }
}

#[test]
fn conflicts_are_set_aside() {
    let folder = own::folder();
    // Another amount under the first id; another order under c-2; a broken row; a new one.
    let id = "01913a5e-7c1b-7d3e-9f00-00000000000";
    let text = format!(
        "ts,order_id,version,venue,market,side,order_type,quantity,client_order_id
2024-08-08T10:00:00Z,{id}4,0,polymarket,0x1,buy,limit,101,c-1
2024-08-08T10:00:01Z,{id}8,0,kraken,BTC-USD,sell,market,0.25,c-2
2024-08-08T10:00:02Z,{id}9,0,kraken,BTC-USD,hold,market,0.25,c-3
2024-08-08T10:00:03Z,,0,kraken,BTC-USD,sell,market,0.25,c-4
"
    );
    folder.write("orders.csv", text);
    let run = folder.run("import --type orders orders.csv --json");
    let error = run.error(2);
    let start = "orders.csv: 3 of 4 rows rejected, the first in line 2 (order_id, version, ts: is \
                 stored with other content: ";
    assert!(error.starts_with(start), "{error}");
    assert_eq!(run.counts(), [4, 1, 0, 3]);
    let rejects = folder.read("orders.csv.rejected.ndjson");
    let rejects: Vec<Value> = rejects.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let lines: Vec<_> = rejects.iter().map(|reject| reject["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [4, 2, 3]);
    assert!(rejects[0]["reason"].as_str().unwrap().starts_with("side: "), "{rejects:?}");
    let reason = rejects[2]["reason"].as_str().unwrap();
    assert!(reason.starts_with("client_order_id: "), "{reason}");
    // As it can be mended and imported.
    let row: Value = serde_json::from_str(rejects[2]["row"].as_str().unwrap()).unwrap();
    assert_eq!((&row["client_order_id"], &row["quantity"]), (&json!("c-2"), &json!("0.25")));
    assert_eq!(folder.run("query orders --json").ok().objects().len(), 3);
}

#[test]
fn a_note_tells_of_orders_that_share_a_client_order_id() {
    let folder = Folder::new();
    let id = "019128a0-0000-7000-8000-00000000000";
    // Further apart than a store looks.
    let order = |day: u32, order: u32, client: &str| {
        let text = format!(
            "ts,order_id,version,venue,market,side,order_type,quantity,client_order_id
2024-08-0{day}T10:00:00Z,{id}{order},0,polymarket,0x1,buy,limit,100,{client}
"
        );
        folder.write("orders.csv", text);
        folder.run("import --type orders orders.csv").ok();
    };
    order(1, 4, "c-1");
    order(2, 5, "c-2");
    for of in ["c-1", "c-2", "c-3"] {
        folder.run(&format!("query orders --client-order-id {of}")).ok();
    }
    order(4, 6, "c-1");
    let run = folder.run("query orders --client-order-id c-1 --json").done();
    assert_eq!(run.objects().len(), 2);
    let note = format!("note: orders {id}4 and {id}6 have this client_order_id: ask by order_id\n");
    assert_eq!(run.stderr, note);
}

#[test]
fn columns_are_named_and_mapped() {
    let folder = Folder::new();
    folder.write("odd.csv", "when,svc,what,ms\n1723111205,router,quote,1.25\n");
    let missing = folder.run("import --type latencies odd.csv");
    assert!(missing.error(1).contains("--map ts=COLUMN"), "{missing:?}");
    let args = "import --type latencies odd.csv --json \
                --map ts=when,service=svc,operation=what,latency_ms=ms";
    assert_eq!(folder.run(args).ok().counts(), [1, 1, 0, 0]);
    assert_eq!(folder.run(args).ok().counts(), [1, 0, 1, 0]);
    // Measurements without a stream have their source for one.
    assert_eq!(folder.run(&format!("{args} --source bot-2")).ok().counts(), [1, 1, 0, 0]);
    let rows = folder.run("query latency --list --json").ok().objects();
    let streams: Vec<_> = rows.iter().map(|row| row["stream"].as_str().unwrap()).collect();
    assert_eq!(streams, ["bot-2", "import"]);
    assert_eq!(rows[0]["latency_ns"], 1_250_000);
}

#[test]
fn wrong_usage_is_told() {
    let folder = own::folder();
    for (args, part) in [
        ("import --type ordrs x", "'orders'"),
        ("import --type orders --format dbn x", "files of dbn hold ticks"),
        ("import --type orders --venue kraken x", "--venue is for ticks"),
        ("import --type fills --symbol X x", "--symbol is for ticks"),
        ("import --type orders --map ts x", "--map is not like field=column"),
        ("query trades --id 7", "is not a UUID"),
        ("query trades --mode dry", "none of paper, live"),
        ("query trades --oldest-first --newest-first", "--newest-first"),
        ("query orders --status done", "none of pending, open"),
        ("query orders --side up", "neither buy nor sell"),
        ("query fills --from 2024-08-09 --to 2024-08-08", "--to is before --from"),
        ("query metrics --label symbol", "NAME=VALUE"),
        ("query metrics --label a=1 --label a=2", "one label twice"),
        ("query metrics --label a;b=1", "A-Z"),
        ("query metrics --stats --interval 1m", "--interval"),
        ("query metrics --stats --limit 3", "--limit is for single rows"),
        ("query metrics --interval 1m --newest-first", "order of time"),
        ("query metrics --interval 7x", "like 5m"),
        ("query latency --limit 3", "add --list"),
        ("query latency --chart --json", "--json"),
        ("query latency --chart --list", "--list"),
        ("query mev --newest-first", "add --list"),
        ("query events --severity bad", "none of info, warning"),
        ("query summary --from yesterday", "2023-09-05T16:00:01"),
    ] {
        let run = folder.run(args);
        assert!(run.error(64).contains(part), "{args}: {run:?}");
        assert_eq!(run.stdout, "", "{args}");
    }
    for command in
        ["trades", "orders", "fills", "positions", "metrics", "latency", "mev", "events", "nodes"]
    {
        let help = folder.run(&format!("query {command} --help")).ok().stdout;
        assert!(help.contains("Examples:") && help.contains("--json"), "{command}");
    }
}

#[test]
fn each_role_may_have_a_store_of_its_own() {
    let folder = Folder::new();
    folder.write(
        "tradekeep.toml",
        "[stores]\nseries = 'duckdb://./all'\nexecutions = 'duckdb://./own'\ntrades = 'duckdb://own/'",
    );
    for (kind, query, text) in own::files() {
        let rows = text.lines().count() - 1;
        folder.run_with(&format!("import --type {kind} -"), text).ok();
        let found = folder.run(&format!("{query} --json")).ok().objects();
        assert_eq!(found.len(), rows, "{kind}");
    }
    let health = folder.run("health --json").ok().objects();
    let roles: Vec<_> = health.iter().map(|store| &store["roles"]).collect();
    let expected = [json!(["ticks", "metrics", "events"]), json!(["trades", "executions"])];
    assert_eq!(roles, [&expected[0], &expected[1]]);
    let people = folder.run("health").ok().stdout;
    assert!(people.contains("trades, executions: healthy, duckdb"), "{people}");
    assert_eq!(folder.run("query summary --json").ok().last()["total_trades"], 3);
    let tables = |data: &str| {
        let stats = folder.run(&format!("--data {data} stats --json")).ok().objects();
        stats.iter().filter(|table| table["rows"].as_u64() > Some(0)).count()
    };
    assert_eq!((tables("own"), tables("all")), (4, 5));
}

#[test]
fn optimizing_changes_no_answer() {
    let folder = own::folder();
    let queries = own::files().map(|(_, query, _)| format!("{query} --json"));
    let before: Vec<_> = queries.iter().map(|query| folder.run(query).ok().stdout).collect();
    let people = folder.run("optimize").ok().stdout;
    assert!(people.starts_with("in order: about ") && people.lines().count() == 1, "{people}");
    let object = folder.run("optimize --json").ok().last();
    assert!(object["bytes_after"].as_u64().unwrap() > 0 && object["seconds"].is_number());
    let after: Vec<_> = queries.iter().map(|query| folder.run(query).ok().stdout).collect();
    assert_eq!(before, after);
}
