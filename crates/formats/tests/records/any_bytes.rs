//! Whatever the bytes: no panic, an end, and each row once.

use proptest::collection::vec;
use proptest::prelude::*;
use tradekeep_formats::{FileRecord, Format, ReadOptions, write_record};
use tradekeep_models::*;

use crate::samples::{Sample, every_record};
use crate::{gzip, read_with};

fn exhaust<R: FileRecord>(bytes: &[u8]) {
    for format in [None, Some(Format::Csv), Some(Format::Ndjson)] {
        let options = ReadOptions { format, ..ReadOptions::default() };
        let outcome = read_with::<R>(bytes, &options);
        for reject in &outcome.rejects {
            assert!(reject.line > 0 && !reject.reason.contains('\n'), "{reject:?}");
        }
        if let Some(error) = outcome.error {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
        for record in outcome.records {
            record.validate().unwrap();
        }
    }
}

/// Three rows, with all fields and with some.
fn good<R: Sample>(json: bool) -> Vec<u8> {
    let mut file = Vec::new();
    if json {
        for _ in 0..3 {
            write_record(&mut file, &R::sample()).unwrap();
        }
        return file;
    }
    let sample = R::sample();
    let line = |of: &dyn Fn(usize) -> String| {
        let fields = (0..R::COLUMNS.len()).map(of).map(|text| text.replace(['"', '\n', ','], ""));
        fields.collect::<Vec<_>>().join(",") + "\n"
    };
    file.extend(line(&|place| R::COLUMNS[place].name.to_owned()).into_bytes());
    let row = line(&|place| sample.value(place).to_string());
    file.extend(row.repeat(3).into_bytes());
    file
}

macro_rules! mutated {
    ($record:ident, $name:ident) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]
            #[test]
            fn $name(
                json in any::<bool>(),
                changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
            ) {
                let mut file = good::<$record>(json);
                for (at, byte, what) in changes {
                    let at = at.index(file.len());
                    match what {
                        0 => file[at] = byte,
                        1 => drop(file.remove(at)),
                        _ => file.insert(at, byte),
                    }
                }
                exhaust::<$record>(&file);
            }
        }
    };
}

mod mutated {
    use super::*;
    every_record!(mutated);
}

proptest! {
    #[test]
    fn noise(bytes in vec(any::<u8>(), 0..400)) {
        exhaust::<Metric>(&bytes);
        exhaust::<Metric>(&[b"ts,name,value,tags\n", &bytes[..]].concat());
        exhaust::<Metric>(&[b"{", &bytes[..]].concat());
    }

    #[test]
    fn damaged_archives(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut file = gzip(&good::<Order>(true));
        let at = at.index(file.len());
        file[at] = byte;
        exhaust::<Order>(&file);
    }
}
