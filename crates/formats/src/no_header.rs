//! Tables whose first line is no header.

use tradekeep_models::InvalidInput;

use crate::clock::{TimeOptions, read_time};
use crate::csv_row::CsvRow;
use crate::number::{decimal, is_digits};
use crate::preview::{Preview, texts};
use crate::{Field, FormatError, ReadOptions, words};

/// Lines behind the first among which a header is looked for.
const LINES: usize = 30;

/// Whether a line is a row: no column is called by a number or a time.
pub(crate) fn is_data(cells: &[String]) -> bool {
    cells.iter().any(|cell| is_number(cell) || is_time(cell))
}

fn is_number(cell: &str) -> bool {
    decimal("", cell.as_bytes()).is_ok()
}

fn is_time(cell: &str) -> bool {
    read_time(cell, &TimeOptions::default()).is_ok()
}

/// How many lines further down one of `lines` names all that a tick needs.
pub(crate) fn header_below(lines: &[u8]) -> Option<u64> {
    let lines = lines.split_inclusive(|byte| *byte == b'\n').take(LINES);
    let is_header = |line: &[u8]| {
        let names = CsvRow::of(line).map(|row| texts(&row)).unwrap_or_default();
        [Field::Ts, Field::Price, Field::Quantity]
            .into_iter()
            .all(|field| names.iter().any(|name| field.is_called(name)))
    };
    let found = lines.zip(1..).find(|(line, _)| is_header(line));
    found.map(|(_, number)| number)
}

/// As many columns are named as there are.
pub(crate) fn check_width(columns: &[String], width: usize) -> Result<(), FormatError> {
    if columns.len() == width {
        return Ok(());
    }
    let reason = format!(
        "names {} columns, and the first row has {width}: _ is for those not wanted",
        columns.len()
    );
    Err(FormatError::WrongOption(InvalidInput::new("columns", reason)))
}

/// Calls the values of arrays as somebody says, where that was said.
pub(crate) fn name_places(preview: &mut Preview, options: &ReadOptions) -> Result<(), FormatError> {
    if !options.columns.is_empty() {
        check_width(&options.columns, preview.names.len())?;
        preview.names.clone_from(&options.columns);
    }
    Ok(())
}

/// What names the columns of such rows, as far as what is in them tells.
pub(crate) fn remedy(rows: &[Vec<String>], options: &ReadOptions) -> String {
    let names = guess(rows);
    let is_whole = ["ts", "price", "quantity"].iter().all(|field| names.contains(field));
    let columns = if is_whole { names.join(",") } else { "ts,price,quantity,_".to_owned() };
    let mut remedy = format!("--columns {columns}");
    if !names.contains(&"symbol") && options.symbol.is_none() {
        let file = options.file_name.as_deref().unwrap_or_default();
        let stem = file.split('.').next().unwrap_or_default();
        let is_symbol = !stem.is_empty()
            && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        remedy += &format!(" --symbol {}", if is_symbol { stem } else { "SYMBOL" });
    }
    let quantity = names.iter().position(|name| *name == "quantity");
    let is_negative = |place: usize| rows.iter().any(|row| row[place].starts_with('-'));
    if quantity.is_some_and(is_negative) && options.negative_is.is_none() {
        remedy += " --negative-is sell";
    }
    remedy
}

/// The field that each column looks like, in their order; `_` where it looks like none.
fn guess(rows: &[Vec<String>]) -> Vec<&'static str> {
    let width = rows.first().map_or(0, Vec::len);
    let all = |place: usize, is: fn(&str) -> bool| {
        rows.iter().all(|row| row.get(place).is_some_and(|cell| is(cell)))
    };
    let mut names = vec!["_"; width];
    let free = |names: &[&str], is: fn(&str) -> bool| {
        (0..width).find(|place| names[*place] == "_" && all(*place, is))
    };
    let is_side = |cell: &str| !is_number(cell) && words::side(cell.as_bytes()).is_ok();
    let is_text = |cell: &str| cell.contains(|c: char| c.is_alphabetic());
    if let Some(place) = free(&names, is_time) {
        names[place] = "ts";
    }
    if let Some(place) = free(&names, is_side) {
        names[place] = "side";
    }
    if let Some(place) = free(&names, is_text) {
        names[place] = "symbol";
    }
    let numbers: Vec<usize> =
        (0..width).filter(|place| names[*place] == "_" && all(*place, is_number)).collect();
    let is_id = |place: &usize| all(*place, |cell| is_digits(cell.as_bytes()) && cell.len() > 4);
    let (ids, others): (Vec<usize>, Vec<usize>) = if numbers.len() > 2 {
        numbers.into_iter().partition(is_id)
    } else {
        (Vec::new(), numbers)
    };
    // A price is rarely negative, and a quantity is where it tells the side.
    let is_signed = |place: &usize| rows.iter().any(|row| row[*place].starts_with('-'));
    let (signed, mut others): (Vec<usize>, Vec<usize>) = others.into_iter().partition(is_signed);
    if let [quantity] = signed.as_slice() {
        names[*quantity] = "quantity";
        others.truncate(1);
    } else {
        others.extend(signed);
    }
    for (place, name) in
        ids.into_iter().zip(["trade_id"]).chain(others.into_iter().zip(["price", "quantity"]))
    {
        names[place] = name;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy_of(rows: &[&str], file: &str) -> String {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.split(',').map(str::to_owned).collect()).collect();
        assert!(is_data(&rows[0]));
        let options = ReadOptions { file_name: Some(file.into()), ..ReadOptions::default() };
        remedy(&rows, &options)
    }

    #[test]
    fn rows_tell_their_columns() {
        for (row, remedy) in [
            ("1616662740.2345,54000.1,0.01", "--columns ts,price,quantity --symbol XBTUSD"),
            (
                "2021-03-25 08:59:00.2345,54000.1,0.01,b",
                "--columns ts,price,quantity,side --symbol XBTUSD",
            ),
            (
                "BTC-USD,2021-03-25T08:59:00Z,buy,54000.1,0.01",
                "--columns symbol,ts,side,price,quantity",
            ),
            (
                "155170367,29200.1,0.01,buy,1690840814000",
                "--columns trade_id,price,quantity,side,ts --symbol XBTUSD",
            ),
            (
                "657815316,1617519628060,-0.00010805,57397.3",
                "--columns trade_id,ts,quantity,price --symbol XBTUSD --negative-is sell",
            ),
            ("1,2", "--columns ts,price,quantity,_ --symbol XBTUSD"),
        ] {
            assert_eq!(remedy_of(&[row], "XBTUSD.csv.gz"), remedy, "{row}");
        }
        assert!(!is_data(&["ts".into(), "price".into(), "a1".into()]));
    }

    #[test]
    fn a_header_is_found_below() {
        let below = b"some name\n\ntimestamp,symbol,price,size\n1,2,3,4\n";
        assert_eq!(header_below(below), Some(3));
        assert_eq!(header_below(b"a,b,c\n1,2,3\n"), None);
    }
}
