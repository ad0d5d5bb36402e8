//! Everything that fuzzing has found, and what it began with, once more.

#[path = "../../fuzz/src/targets.rs"]
mod targets;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

/// Records in the segment of the corpus.
const RECORDS: usize = 6;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn corpus() -> PathBuf {
    PathBuf::from("../fuzz/corpus")
}

#[test]
fn every_file_of_the_corpus() -> Outcome {
    for (name, target) in targets::TARGETS {
        let mut files = 0;
        for file in fs::read_dir(corpus().join(name))? {
            let path = file?.path();
            println!("{}", path.display());
            target(&fs::read(&path)?);
            files += 1;
        }
        assert!(files > 0, "{name} has no corpus");
    }
    Ok(())
}

/// What stands for whole segments is whole: else fuzzing would begin with noise.
#[test]
fn the_segments_of_the_corpus_hold_records() -> Outcome {
    let read = |path: &str| fs::read(corpus().join(path));
    assert_eq!(targets::open_with("spool", &read("segment/ticks_and_trades")?), (RECORDS, 0));
    assert_eq!(targets::open_with("dead-letters", &read("dead_letter/resolved")?), (0, 2));
    Ok(())
}

/// A few of the inputs that fuzzing would try next: cut, with a byte changed, doubled.
#[test]
fn and_what_is_near_it() -> Outcome {
    let seed = tradekeep_tests::seed::from_env();
    let _told = tradekeep_tests::seed::Told::new("corpus", seed);
    let mut random = fastrand::Rng::with_seed(seed);
    for (name, target) in targets::TARGETS {
        for file in fs::read_dir(corpus().join(name))? {
            let whole = fs::read(file?.path())?;
            for _ in 0..20 {
                let mut near = whole.clone();
                match random.u8(0..3) {
                    0 => near.truncate(random.usize(0..=whole.len())),
                    1 if !whole.is_empty() => near[random.usize(0..whole.len())] ^= random.u8(1..),
                    _ => near.extend(&whole[random.usize(0..=whole.len())..]),
                }
                target(&near);
            }
        }
    }
    Ok(())
}

#[test]
fn every_target_is_listed() -> Outcome {
    let folder = corpus().join("../fuzz_targets");
    let mut found: Vec<_> = fs::read_dir(folder)?
        .map(|file| Ok(file?.path().file_stem().unwrap_or_default().to_string_lossy().into_owned()))
        .collect::<std::io::Result<_>>()?;
    found.sort_unstable();
    assert_eq!(found, targets::TARGETS.map(|(name, _)| name));
    Ok(())
}
