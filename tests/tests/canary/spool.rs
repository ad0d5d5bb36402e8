//! What stands in the spool's files and cannot be read, and a real store.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use memchr::memmem;
use tradekeep::stores::Act;
use tradekeep::{Config, ErrorKind, Tradekeep};
use tradekeep_ingest::{Class, DeadLetterFilter};
use tradekeep_tests::canary::{self, VALUE};

use crate::support::{
    Outcome, Quoting, SOON, assert_clean, error, everything, letters, open, sink, ticks, trade,
};

/// Where the records of a segment begin, and the bytes before the payload of each.
const DATA: usize = 1024;
const HEAD: usize = 28;

/// A spool with the ticks `0..10`, which its store has not taken: its segment, and the store.
async fn spooled(data: &Path, name: &str) -> Outcome<(PathBuf, Arc<Quoting>)> {
    let store = Quoting::new(|_| Some(error(ErrorKind::Authentication, Act::Halt)));
    let ingest = open(data, vec![sink(name, Arc::clone(&store) as _)]).await?;
    ingest.append(ticks(0..10)?).await?;
    ingest.shutdown(Duration::ZERO).await?;
    store.mend();
    Ok((segment(data)?, store))
}

/// The first segment of a spool.
fn segment(data: &Path) -> Outcome<PathBuf> {
    let files = fs::read_dir(data.join("spool"))?.collect::<Result<Vec<_>, _>>()?;
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "seg");
    let segment = files.iter().map(fs::DirEntry::path).filter(is_segment).min();
    Ok(segment.ok_or("no segment")?)
}

/// The first records of a segment, as places in its bytes.
fn frames(bytes: &[u8], count: usize) -> Outcome<Vec<Range<usize>>> {
    let mut frames = Vec::new();
    let mut at = DATA;
    while frames.len() < count {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into()?);
        let end = at + HEAD + usize::try_from(length)?;
        frames.push(at..end);
        at = end;
    }
    Ok(frames)
}

/// Makes a changed record whole again.
fn seal(salt: &[u8], frame: &mut [u8]) {
    let sum = crc32c::crc32c_append(crc32c::crc32c(salt), &frame[..4]);
    let sum = crc32c::crc32c_append(sum, &frame[8..]);
    frame[4..8].copy_from_slice(&sum.to_le_bytes());
}

#[tokio::test(start_paused = true)]
async fn records_that_this_program_cannot_read() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (segment, store) = spooled(folder.path(), "unreadable").await?;
    let mut bytes = fs::read(&segment)?;
    let salt = bytes[20..28].to_vec();
    let frames = frames(&bytes, 10)?;
    // Of a later version, and with a text that breaks a rule.
    let frame = &mut bytes[frames[2].clone()];
    frame[26] = 99;
    seal(&salt, frame);
    let frame = &mut bytes[frames[4].clone()];
    let text = memmem::rfind(frame, VALUE.as_bytes()).ok_or("no canary in the spool")?;
    frame[text] = b' ';
    assert!(canary::find(frame).is_some(), "the other texts are still there");
    seal(&salt, frame);
    fs::write(&segment, bytes)?;
    let ingest = open(folder.path(), vec![sink("unreadable", store)]).await?;
    ingest.flush(SOON).await;
    let found = letters(&ingest).await?;
    let reasons: Vec<_> = found.iter().map(|letter| (letter.class, &*letter.reason)).collect();
    let expected =
        ["version 99 of ticks is not known to this program", "trade_id: has space around it"];
    assert_eq!(reasons, expected.map(|reason| (Class::Undecodable, reason)));
    let text = everything(&ingest, folder.path()).await?;
    assert_clean(&text, &["has space around it", "quoting://unreadable"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_damaged_segment() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (segment, store) = spooled(folder.path(), "damaged").await?;
    let mut bytes = fs::read(&segment)?;
    let frames = frames(&bytes, 10)?;
    bytes[frames[4].start + HEAD] ^= 0x55;
    fs::write(&segment, &bytes)?;
    let ingest = open(folder.path(), vec![sink("damaged", Arc::clone(&store) as _)]).await?;
    let stats = ingest.flush(SOON).await;
    assert_eq!((stats.pending(), stats.damaged.len()), (0, 1), "{stats:?}");
    let text = everything(&ingest, folder.path()).await?;
    assert_clean(&text, &["quoting://damaged", ".damaged", "kept beside"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_goes_bad_while_it_is_read() -> Outcome {
    let folder = tempfile::tempdir()?;
    let store = Quoting::new(|_| Some(error(ErrorKind::Authentication, Act::Halt)));
    let ingest = open(folder.path(), vec![sink("rotten", Arc::clone(&store) as _)]).await?;
    ingest.append(ticks(0..10)?).await?;
    // Once it has refused what it was sent first, nobody has read what comes now.
    everything(&ingest, folder.path()).await?;
    ingest.append(ticks(10..20)?).await?;
    let segment = segment(folder.path())?;
    let mut bytes = fs::read(&segment)?;
    let bad = frames(&bytes, 20)?[14].start;
    bytes[bad + HEAD] ^= 0x55;
    fs::write(&segment, &bytes)?;
    store.mend();
    ingest.resume();
    ingest.flush(SOON).await;
    // That one is gone is known once what comes behind it is delivered.
    tokio::time::timeout(SOON, async {
        while ingest.stats().pending() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await?;
    assert_eq!(ingest.stats().lanes().next().map(|lane| lane.applied), Some(19));
    let text = everything(&ingest, folder.path()).await?;
    assert_clean(&text, &["quoting://rotten", "the spool is damaged here"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_the_embedded_store_refuses() -> Outcome {
    let folder = tempfile::tempdir()?;
    let config = Config::from_url(&format!("duckdb://{}", folder.path().display()))?;
    let store = Tradekeep::open(&config).await?;
    let data = folder.path().join("ingest");
    let ingest = open(&data, vec![sink("embedded", store.store())]).await?;
    ingest.append(ticks(0..10)?).await?;
    for amount in ["1", "2", "3"] {
        ingest.append(vec![trade(amount)?]).await?;
    }
    ingest.flush(SOON).await;
    let conflicts = ingest.dead_letters(&DeadLetterFilter::default()).await?;
    assert_eq!(
        conflicts.iter().map(|letter| letter.class).collect::<Vec<_>>(),
        [Class::Conflict; 2]
    );
    let text = everything(&ingest, &data).await?;
    assert_clean(&text, &["Conflict", "flushed sink=\"quoting://embedded\" table=trades"]);
    ingest.shutdown(SOON).await?;
    store.shutdown().await?;
    Ok(())
}
