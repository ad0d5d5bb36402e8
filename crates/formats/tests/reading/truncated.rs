//! Compressed files that were cut: whole rows, then one error, whatever the offset.

use tradekeep_formats::{FilePosition, FormatError, ReadOptions, SampleMarket, write_csv};
use tradekeep_models::Tick;

use crate::{Outcome, gzip, read, ticks, zstd};

fn file(ticks_per_symbol: u64) -> Vec<u8> {
    let mut file = Vec::new();
    let market = SampleMarket::new(1, "2024-08-08".parse().unwrap());
    write_csv(&mut file, market.with_ticks_per_symbol(ticks_per_symbol)).unwrap();
    file
}

fn check(outcome: &Outcome, whole: &[Tick], cut: usize) {
    assert_eq!(outcome.rejects, [], "cut at {cut}");
    assert!(whole.starts_with(&outcome.ticks), "cut at {cut}");
    let error = outcome.error.as_ref().unwrap();
    let FormatError::Truncated { position, .. } = error else {
        panic!("cut at {cut}: {error}");
    };
    let lines = match outcome.ticks.len() {
        0 => None,
        rows => Some(FilePosition::Line(u64::try_from(rows).unwrap() + 1)),
    };
    assert!(lines.is_none_or(|lines| lines == *position), "cut at {cut}: {error}");
}

#[test]
fn every_offset_of_a_small_file() {
    let file = file(20);
    let whole = ticks(file.clone(), &ReadOptions::default());
    for compressed in [gzip(&file), zstd(&file)] {
        for cut in 2..compressed.len() {
            check(&read(&compressed[..cut]), &whole, cut);
        }
    }
}

#[test]
fn some_offsets_of_a_large_file() {
    let file = file(20_000);
    let whole = ticks(file.clone(), &ReadOptions::default());
    for compressed in [gzip(&file), zstd(&file)] {
        let mut last = 0;
        for tenth in 1..10 {
            let cut = compressed.len() * tenth / 10;
            let outcome = read(&compressed[..cut]);
            check(&outcome, &whole, cut);
            assert!(outcome.ticks.len() > last, "rows are read as far as they go");
            last = outcome.ticks.len();
        }
    }
}

#[test]
fn the_error_says_what_to_do() {
    let compressed = gzip(&file(2_000));
    let outcome = read(&compressed[..compressed.len() / 2]);
    let line = outcome.ticks.len() + 1;
    assert_eq!(
        outcome.error.unwrap().to_string(),
        format!(
            "the file ends in the middle of its gzip data, after line {line}: get the whole file \
             and import it again, rows before are safe to import twice"
        )
    );
}

#[test]
fn damage_is_told_from_a_cut() {
    let mut compressed = gzip(&file(2_000));
    let middle = compressed.len() / 2;
    compressed.truncate(middle);
    compressed.extend([0xff; 1000]);
    let error = read(compressed).error.unwrap();
    assert!(matches!(error, FormatError::Corrupt { .. }), "{error}");
    assert!(!error.to_string().contains('\n'));
}
