//! Files of records into a store: what it refuses is set aside, the rest is stored.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::error::Error;
use std::io::{self, Read};

use tradekeep::formats::{FileRecord, ReadOptions, RecordReader, Reject, write_record};
use tradekeep::models::{Order, Trade, TradeFilter};
use tradekeep::{Config, ImportFailure, ImportSummary, Tradekeep};

const TRADES: &str = "\
ts,id,version,trader_id,mode,action,base_token,quote_token,base_amount,quote_amount,executed_price
2024-08-08T10:00:00Z,01913a5e-7c1b-7d3e-9f00-000000000001,0,arb-1,live,buy,SOL,USDC,1,150,150
2024-08-08T10:00:01Z,01913a5e-7c1b-7d3e-9f00-000000000002,0,arb-1,live,sell,SOL,USDC,1,151,151
";

async fn import<R: FileRecord>(store: &Tradekeep, text: &str) -> (ImportSummary, Vec<Reject>) {
    let text = io::Cursor::new(text.to_owned());
    let reader = RecordReader::<R>::open(Box::new(text), ReadOptions::default()).unwrap();
    let mut rejects = Vec::new();
    let on_reject = |reject| {
        rejects.push(reject);
        Ok(())
    };
    let summary = tradekeep::import(&*store.store(), reader, on_reject, |_| {}).await.unwrap();
    (summary, rejects)
}

fn counts(summary: &ImportSummary) -> [u64; 4] {
    [summary.read, summary.imported, summary.duplicates, summary.rejected]
}

#[tokio::test]
async fn conflicts_are_rejects_and_the_rest_is_stored() {
    for url in ["memory://", "duckdb://:memory:"] {
        let store = Tradekeep::open(&Config::from_url(url).unwrap()).await.unwrap();
        let (summary, rejects) = import::<Trade>(&store, TRADES).await;
        assert_eq!((counts(&summary), rejects.len()), ([2, 2, 0, 0], 0));
        // The first as it is, the second with another amount, a broken one, and a new one.
        let text = format!(
            "{}\nshort\n2024-08-08T10:00:02Z,,0,arb-1,live,buy,SOL,USDC,1,152,152\n",
            TRADES.replace("USDC,1,151", "USDC,2,151").trim_end()
        );
        let (summary, rejects) = import::<Trade>(&store, &text).await;
        assert_eq!(counts(&summary), [4, 1, 1, 2], "{url}");
        assert_eq!(rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [4, 3], "{url}");
        assert!(rejects[1].reason.contains("other content"), "{}", rejects[1].reason);
        // What was refused can be read again, once it is mended.
        let mended = rejects[1].row.replace("000000000002", "000000000003");
        assert_eq!(counts(&import::<Trade>(&store, &mended).await.0), [1, 1, 0, 0]);
        let stored = store.trades(TradeFilter::default()).page().await.unwrap();
        assert_eq!(stored.items.len(), 4);
        let mut lines = Vec::new();
        stored.items.iter().for_each(|trade| write_record(&mut lines, trade).unwrap());
        let again = import::<Trade>(&store, &String::from_utf8(lines).unwrap()).await.0;
        assert_eq!(counts(&again), [4, 0, 4, 0], "{url}");
    }
}

#[tokio::test]
async fn an_error_has_what_was_done_before() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let store = Tradekeep::open(&Config::from_url("memory://").unwrap()).await.unwrap();
    let input = Box::new(TRADES.as_bytes().chain(Failing));
    let reader = RecordReader::<Trade>::open(input, ReadOptions::default()).unwrap();
    let failed = tradekeep::import(&*store.store(), reader, |_| Ok(()), |_| {}).await;
    let error = failed.unwrap_err();
    assert_eq!(counts(&error.summary), [2, 2, 0, 0]);
    assert!(matches!(error.cause, ImportFailure::Format(_)));
    assert_eq!(error.to_string(), "cannot read on after line 3: the disk is gone");
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");

    let bad = TRADES.replace("buy", "hold");
    let reader =
        RecordReader::<Trade>::open(Box::new(io::Cursor::new(bad)), ReadOptions::default());
    let full = |_| Err(io::Error::other("no space left"));
    let failed = tradekeep::import(&*store.store(), reader.unwrap(), full, |_| {}).await;
    let error = failed.unwrap_err();
    assert_eq!(counts(&error.summary), [0; 4]);
    assert_eq!(
        error.to_string(),
        "the rejected rows cannot be written: no space left; name another file with --rejected"
    );
}

#[tokio::test]
async fn a_file_may_consist_of_conflicts() {
    let store = Tradekeep::open(&Config::from_url("memory://").unwrap()).await.unwrap();
    let row = |id: u32, quantity: u32| {
        format!(
            "{{\"ts\":\"2024-08-08T10:00:00Z\",\"order_id\":\"01913a5e-7c1b-7d3e-9f00-{id:012}\",\
             \"venue\":\"x\",\"market\":\"m\",\"side\":\"buy\",\"order_type\":\"limit\",\
             \"quantity\":\"{quantity}\",\"client_order_id\":\"c-1\"}}\n"
        )
    };
    assert_eq!(counts(&import::<Order>(&store, &row(1, 1)).await.0), [1, 1, 0, 0]);
    // One with the identity of the first, twenty with its client_order_id.
    let rows: String = row(1, 2) + &(2..22).map(|id| row(id, 1)).collect::<String>();
    let (summary, rejects) = import::<Order>(&store, &rows).await;
    assert_eq!(counts(&summary), [21, 0, 0, 21]);
    assert!(rejects.iter().map(|reject| reject.line).eq(1..22));
    assert_eq!((summary.first_ts, summary.last_ts), (None, None));
}
