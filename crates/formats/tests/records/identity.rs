//! Identities that are made of content: the same for ever.

use std::collections::BTreeSet;

use tradekeep_formats::ReadOptions;
use tradekeep_models::*;

use crate::{read, records, records_with};

fn from(source: &str) -> ReadOptions {
    ReadOptions { source: source.parse().ok(), ..ReadOptions::default() }
}

const FILLS: &str = "\
ts,order_id,venue,market,side,price,size,fee,fee_currency
2024-08-08,0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f,polymarket,0x1,buy,0.52,50,0.1,USDC
2024-08-08,0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f,polymarket,0x1,buy,0.52,50,0.1,USDC
2024-08-08,0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f,polymarket,0x1,buy,0.52,51,0.1,USDC
";

const TRADE: &str = "\
ts,trader_id,mode,action,base_token,quote_token,base_amount,quote_amount,executed_price
2024-08-08T10:00:05Z,arb-1,live,buy,SOL,USDC,2.5,375.25,150.1
";

const LATENCIES: &str = "\
ts,service,operation,latency_ns
2024-08-08T10:00:05Z,router,quote,1250000
2024-08-08T10:00:05Z,router,quote,1250000
2024-08-08T10:00:05Z,router,quote,1250001
";

#[test]
fn uuids_never_change() {
    let ids: Vec<_> = records::<Fill>(FILLS).iter().map(|fill| fill.fill_id.to_string()).collect();
    assert_eq!(
        ids,
        [
            "eca805c2-cdd9-883e-b9bf-6a0570aca534",
            "6aca5e84-f271-853d-ac7e-92869ae74339",
            "8de70a70-da7b-8e21-b850-8078904b55b0",
        ]
    );
    assert!(ids.iter().all(|id| id.as_bytes()[14] == b'8'), "version 8: {ids:?}");
    assert_eq!(records::<Trade>(TRADE)[0].id.to_string(), "e6590b40-520e-82b6-bd58-93c190b1cbcd");
    let named = records_with::<Trade>(TRADE, &from("desk-a"));
    assert_eq!(named[0].id.to_string(), "3b53fdc0-8e26-8c8e-94f0-bb6ddcfc2237");
}

/// What the golden ones are made of.
#[test]
fn uuids_are_made_of_names_and_values() {
    let content = "trades|ts|1723111205000000000|version|0|trader_id|arb-1|mode|live|action|buy|\
                   base_token|SOL|quote_token|USDC|base_amount|2.5|quote_amount|375.25|\
                   executed_price|150.1|status|confirmed|#|0|";
    let hash = blake3::hash(content.replace('|', "\0").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    assert_eq!(records::<Trade>(TRADE)[0].id, id);
}

#[test]
fn places_never_change() {
    let places = |options: &ReadOptions| -> Vec<_> {
        let latencies = records_with::<Latency>(LATENCIES, options);
        latencies.into_iter().map(|l| (l.stream.to_string(), l.seq)).collect()
    };
    let import = |seq| ("import".to_owned(), seq);
    assert_eq!(
        places(&ReadOptions::default()),
        [
            import(8_976_132_328_672_640_050),
            import(5_169_678_454_971_586_721),
            import(-4_857_419_609_473_048_365)
        ]
    );
    let named: Vec<_> = places(&from("bot-1"));
    assert!(named.iter().all(|(stream, _)| stream == "bot-1"));
    let metric =
        "ts,name,value,labels\n2024-08-08,lag,-0.5,\"{\"\"b\"\":\"\"1\"\",\"\"a\"\":\"\"2\"\"}\"\n";
    assert_eq!(records::<Metric>(metric)[0].seq, -7_265_312_638_805_189_966);
}

#[test]
fn both_formats_and_all_spellings_have_one_identity() {
    let json = r#"{"executed_price":"150.10","quote_amount":375.250,"base_amount":2.5e0,"quote_token":"USDC","base_token":"SOL","action":"BUY","mode":"Live","trader_id":"arb-1","status":"confirmed","ts":1723111205000,"metadata":null}"#;
    assert_eq!(records::<Trade>(json), records::<Trade>(TRADE));
    assert_eq!(records::<Trade>(TRADE.replace("price", "PRICE")), records::<Trade>(TRADE));
}

#[test]
fn the_client_names_an_order() {
    let file = "\
ts,version,venue,market,side,order_type,quantity,client_order_id,status
2024-08-08T10:00:05Z,0,v,m,buy,limit,1,c-1,pending
2024-08-08T10:00:06Z,1,v,m,buy,limit,1,c-1,filled
2024-08-08T10:00:06Z,0,v,m,buy,limit,1,c-2,pending
2024-08-08T10:00:06Z,0,v,m,buy,limit,1,,pending
";
    let outcome = read::<Order>(file);
    assert_eq!(outcome.reasons(), ["5: client_order_id: is missing"]);
    let ids: Vec<_> = outcome.records.iter().map(|order| order.order_id.to_string()).collect();
    let (first, second) =
        ("b4b8b924-3817-83ac-ae25-e4838449f4f8", "3b77be3b-2bd4-854f-a4df-c5640c58a8fd");
    assert_eq!(ids, [first, first, second]);
}

#[test]
fn the_venue_names_an_order_that_has_no_other_name() {
    let file = "\
ts,venue,market,side,order_type,quantity,client_order_id,venue_order_id,status
2024-08-08T10:00:05Z,v,m,buy,limit,1,,7,pending
2024-08-08T10:00:06Z,v,m,buy,limit,1,,7,filled
2024-08-08T10:00:06Z,v,n,buy,limit,1,,7,pending
2024-08-08T10:00:06Z,v,m,buy,limit,1,c-1,7,pending
";
    let orders = records::<Order>(file);
    let of = |order: &Order| (order.order_id, order.client_order_id.to_string());
    assert_eq!(of(&orders[0]), of(&orders[1]));
    assert_eq!(of(&orders[0]).1, orders[0].order_id.to_string(), "as we call it");
    assert_ne!(orders[0].order_id, orders[2].order_id, "venues count each market by itself");
    assert_eq!(of(&orders[3]).1, "c-1");
    assert_ne!(orders[3].order_id, orders[0].order_id);
    // Whoever tells of it.
    assert_eq!(records_with::<Order>(file, &from("rest")), orders);
}

#[test]
fn two_feeds_name_one_fill_alike() {
    let fill = |ts: &str, of: &str| {
        format!(
            "{{\"ts\":\"{ts}\",{of}\"order_id\":\"0191314e-2d3a-7c10-8d7e-0a1b2c3d4e5f\",\"venue\":\"v\",\"market\":\"m\",\
                 \"side\":\"buy\",\"price\":\"0.52\",\"quantity\":50,\"fee\":\"0.1\",\"fee_currency\":\"USDC\"}}\n"
        )
    };
    let venue = "\"venue_fill_id\":\"9\",";
    let id = |text: String, source: &str| records_with::<Fill>(text, &from(source))[0].fill_id;
    let socket = id(fill("2024-08-08T10:00:05Z", venue), "socket");
    assert_eq!(id(fill("2024-08-08T10:00:05.001Z", venue), "rest"), socket);
    assert_eq!(socket.to_string(), "8935dc74-a665-8ae1-bfb3-98efe7ff462f");
    let whole = id(fill("2024-08-08T10:00:05Z", ""), "socket");
    assert_ne!(id(fill("2024-08-08T10:00:05Z", ""), "rest"), whole, "by its row");
}

#[test]
fn a_later_version_needs_its_id() {
    let file = TRADE.replace("ts,", "version,ts,").replace("\n2024", "\n1,2024");
    assert_eq!(read::<Trade>(file).reasons(), ["2: id: is missing, where version is not 0"]);
}

#[test]
fn what_the_source_names_keeps_its_name() {
    let file = "ts,stream,seq,service,operation,latency_ns\n\
                2024-08-08,s,7,a,b,1\n2024-08-08,,8,a,b,1\n2024-08-08,t,,a,b,1\n2024-08-08,u,,a,b,1\n";
    let latencies = records_with::<Latency>(file, &from("mine"));
    let streams: Vec<_> = latencies.iter().map(|latency| latency.stream.as_str()).collect();
    assert_eq!(streams, ["s", "mine", "t", "u"]);
    assert_eq!((latencies[0].seq, latencies[1].seq), (7, 8));
}

#[test]
fn rejected_rows_do_not_count() {
    let rows = LATENCIES.replace("\n2024", "\n2024-08-08T10:00:05Z,router,quote,x\n2024");
    let good = records::<Latency>(LATENCIES);
    assert_eq!(read::<Latency>(rows).records, good);
}

#[test]
fn series_one_after_the_other_are_counted_each() {
    // More distinct times than are remembered.
    let times = 262_144 + 10;
    let mut file = "ts,name,value\n".to_owned();
    for name in ["a", "b"] {
        for second in 0..times {
            file += &format!("{},{name},1\n", 1_000_000_000 + second);
        }
    }
    let metrics = records::<Metric>(file);
    let identities: BTreeSet<_> = metrics.iter().map(|metric| (metric.ts, metric.seq)).collect();
    assert_eq!(identities.len(), 2 * times);
}
