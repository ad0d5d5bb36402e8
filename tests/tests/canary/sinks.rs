//! Stores that refuse, halt, fail and vanish.

use std::sync::Arc;
use std::time::Duration;

use tradekeep::ErrorKind;
use tradekeep::ingest::Ingest;
use tradekeep::models::{Metric, Name, Records};
use tradekeep::stores::{Act, BadRow, Failure};
use tradekeep_ingest::{IngestError, WhenFull};
use tradekeep_tests::canary::{DECIMAL, VALUE, text_of};

use crate::support::{
    Outcome, Quoting, SOON, assert_clean, assert_kept, config, driver, error, everything, open,
    sink, tick, ticks, trade,
};

#[tokio::test(start_paused = true)]
async fn rows_that_are_bad() -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = Quoting::new(|batch| {
        let Records::Ticks(ticks) = batch.records() else { return None };
        let odd =
            ticks.iter().enumerate().filter(|(_, tick)| tick.ts().as_nanos() / 1_000_000 % 2 == 1);
        let bad: Vec<_> =
            odd.map(|(index, _)| BadRow::new(index, "price: is odd".into())).collect();
        let failure = Failure::bad_rows(ErrorKind::InvalidInput, bad);
        (!matches!(&failure.act, Act::BadRows(rows) if rows.is_empty()))
            .then(|| failure.with_source(driver()).at("quoting", "write"))
    });
    let ingest = open(folder.path(), vec![sink("poison", store)]).await?;
    ingest.append(ticks(0..10)?).await?.applied().await?;
    assert_kept(&ingest, 5, "price: is odd").await?;
    let text = everything(&ingest, folder.path()).await?;
    assert_clean(&text, &["price: is odd", "flushed sink=\"quoting://poison\""]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn batches_that_are_refused_or_fail_again_and_again() -> Outcome {
    for (name, act, class) in [
        ("refused", Act::Never, "Refused"),
        ("large", Act::Split, "TooLarge"),
        ("suspect", Act::Retry { after: None }, "Suspect"),
    ] {
        let folder = tempfile::tempdir()?;
        let poison = tick(3)?;
        let store = Quoting::new(move |batch| {
            let Records::Ticks(ticks) = batch.records() else { return None };
            ticks.contains(&poison).then(|| error(ErrorKind::Write, act.clone()))
        });
        let ingest = open(folder.path(), vec![sink(name, store)]).await?;
        ingest.append(ticks(0..7)?).await?.applied().await?;
        assert_kept(&ingest, 1, "the driver refuses").await?;
        let text = everything(&ingest, folder.path()).await?;
        assert_clean(&text, &["the driver refuses", &format!("class: {class}")]);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_that_halts_and_then_vanishes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let halts = || Some(error(ErrorKind::Authentication, Act::Halt));
    let store = Quoting::new(move |_| halts());
    let sinks = || vec![sink("halted", Arc::clone(&store) as _)];
    let ingest = open(folder.path(), sinks()).await?;
    ingest.append(ticks(0..10)?).await?;
    let id = ingest.stats().sinks[0].id.as_str().to_owned();
    let text = everything(&ingest, folder.path()).await?;
    let halted = format!("tradekeep_ingest_halted{{sink=\"{id}\",table=\"ticks\"}} 1");
    assert_clean(&text, &["quoting://halted takes no ticks until it is repaired", &halted]);
    ingest.shutdown(Duration::ZERO).await?;
    drop(ingest);
    let Err(vanished) = open(folder.path(), Vec::new()).await else {
        return Err("it opens without it".into());
    };
    assert_clean(&text_of(&vanished), &["records wait for quoting://halted"]);
    // It all arrives, the events of its halts too: what is told of those is a record itself.
    store.mend();
    let ingest = open(folder.path(), sinks()).await?;
    ingest.flush(SOON).await;
    let mut tail = ingest.tail(0);
    let mut events = 0;
    while events < 2 {
        let Some(accepted) = tail.next().await? else { return Err("no more events".into()) };
        if let Records::SystemEvents(event) = accepted.record {
            let event = format!("{event:?}");
            assert_clean(&event, &["quoting://halted"]);
            events += 1;
        }
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_whose_breaker_opens() -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = Quoting::new(|_| Some(error(ErrorKind::Write, Act::Probe)));
    let ingest = open(folder.path(), vec![sink("down", Arc::clone(&store) as _)]).await?;
    ingest.append(ticks(0..10)?).await?;
    let text = everything(&ingest, folder.path()).await?;
    assert_clean(
        &text,
        &[
            "quoting://down does not take records, and is probed until it does",
            "to be sent again sink=\"quoting://down\"",
            "Retrying",
            "tradekeep_ingest_breaker_open",
        ],
    );
    store.mend();
    ingest.flush(SOON).await;
    let text = everything(&ingest, folder.path()).await?;
    assert_clean(&text, &["quoting://down takes records again", "a flush was slow"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_whoever_appends_is_told() -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = Quoting::new(|_| Some(error(ErrorKind::Authentication, Act::Halt)));
    let config = config(folder.path()).with_max_bytes(528 << 10).with_when_full(WhenFull::Reject);
    let ingest = Ingest::open(config, vec![sink("full", store)]).await?;
    let metric = Metric::new(tick(0)?.ts(), Name::new(VALUE)?, f64::NAN);
    let negative = trade(&format!("-{DECIMAL}"))?;
    for bad in [Records::from(vec![metric]), vec![negative].into()] {
        let Err(invalid) = ingest.append(bad).await else { return Err("it is taken".into()) };
        assert!(matches!(invalid, IngestError::Invalid { .. }));
        assert_clean(&text_of(&invalid), &["cannot be taken"]);
    }
    let mut number = 0;
    let full = loop {
        match ingest.append(ticks(number..number + 1_000)?).await {
            Ok(_) => number += 1_000,
            Err(error) => break error,
        }
        assert!(number < 100_000, "it is never full");
    };
    assert!(matches!(full, IngestError::Full { .. }));
    assert_clean(&text_of(&full), &["the spool is full"]);
    // A store's own error, handed on: who wants to know what the driver said asks for its source.
    let error = IngestError::from(error(ErrorKind::Connection, Act::Halt));
    assert_clean(&format!("{error} {error:?} {error:#?}"), &["the driver refuses"]);
    assert_clean(&everything(&ingest, folder.path()).await?, &["quoting://full"]);
    Ok(())
}
