//! Binance's files of candles: without a header, or with one that names columns that no candle has.

use tradekeep_models::TimeUnit;

use crate::ReadOptions;
use crate::binance::symbol_of_file;
use crate::clock::{TimeOptions, read_time};
use crate::preview::Preview;

/// What their columns hold; nothing where a candle has no such field.
const COLUMNS: [&str; 12] =
    ["ts", "open", "high", "low", "close", "volume", "", "notional", "count", "", "", ""];
/// Where the end of a candle is told: a unit of time before the next one.
const END: usize = 6;

/// Such a table, and what its rows and its name say of all of them: how long a candle is, and of what it is.
pub(super) fn table(rows: &[u8], options: &ReadOptions) -> (Preview, ReadOptions) {
    let preview = Preview::of_csv(COLUMNS.map(str::to_owned).to_vec(), rows);
    let mut options = options.clone();
    let name = options.file_name.as_deref().unwrap_or_default();
    if let Some(symbol) = symbol_of_file(name) {
        options.set.or_insert("symbol", symbol.as_str());
    }
    if let Some(interval) = preview.rows.first().and_then(|row| interval(row, &options.time)) {
        options.set.or_insert("interval", &interval);
    }
    (preview, options)
}

/// How long the candle of a row is.
fn interval(row: &[String], time: &TimeOptions) -> Option<String> {
    let start = read_time(row.first()?, time).ok()?;
    let last = read_time(row.get(END)?, time).ok()?;
    let length = last.as_nanos() + TimeUnit::of(last).nanos() - start.as_nanos();
    let seconds = length / TimeUnit::Seconds.nanos();
    if seconds <= 0 || length % TimeUnit::Seconds.nanos() != 0 {
        return None;
    }
    let of = |width: i64, unit: char| {
        (seconds % width == 0).then(|| format!("{}{unit}", seconds / width))
    };
    const DAY: i64 = 86_400;
    match seconds {
        604_800 => Some("1w".into()),
        _ if (28 * DAY..=31 * DAY).contains(&seconds) => Some("1M".into()),
        _ => of(DAY, 'd').or_else(|| of(3_600, 'h')).or_else(|| of(60, 'm')).or_else(|| of(1, 's')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_candle_tells_how_long_it_is() {
        for (start, end, expected) in [
            ("1704067200000", "1704067259999", Some("1m")),
            ("1704067200000000", "1704067259999999", Some("1m")),
            ("1704067200000", "1704081599999", Some("4h")),
            ("1704067200000", "1704153599999", Some("1d")),
            ("1499040000000", "1499644799999", Some("1w")),
            ("1704067200000", "1706745599999", Some("1M")),
            ("1704067200000", "1704067200999", Some("1s")),
            ("1704067200000", "1704067199999", None),
        ] {
            let mut row = vec![String::new(); COLUMNS.len()];
            (row[0], row[END]) = (start.into(), end.into());
            assert_eq!(interval(&row, &TimeOptions::default()).as_deref(), expected, "{end}");
        }
    }
}
