//! Rows of JSON that somebody else wrote: objects, nested ones too, and arrays, by the paths of their values.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;
use tradekeep_models::InvalidInput;

use crate::columns::Cells;
use crate::json::{Entries, object, scalar, unparsed};

/// Objects within objects are looked into so deep.
const DEPTH: usize = 8;
/// Values that a row may have.
const MOST: usize = 1_024;

/// The values of one row, by their paths: `data.p`, and `0` of an array. Kept from row to row for its buffers.
#[derive(Debug)]
pub(crate) struct JsonRow {
    places: HashMap<String, usize>,
    text: Vec<u8>,
    /// Paths whose objects are values as they are.
    whole: Vec<&'static str>,
    /// Where the text of each path is.
    spans: Vec<Option<(usize, usize)>>,
}

impl JsonRow {
    /// Rows whose values at these paths matter; objects at some of them are values as they are.
    pub(crate) fn new(paths: &[String], whole: Vec<&'static str>) -> Self {
        let places = paths.iter().cloned().zip(0..).collect();
        Self { places, whole, text: Vec::new(), spans: vec![None; paths.len()] }
    }

    /// Takes the values of the object or array on `line`.
    pub(crate) fn read(&mut self, line: &[u8]) -> Result<(), InvalidInput> {
        self.text.clear();
        self.spans.iter_mut().for_each(|span| *span = None);
        let Self { places, text, spans, whole } = self;
        leaves(line, whole, |path, value| {
            let Some(place) = places.get(path) else { return Ok(()) };
            if spans[*place].is_some() {
                return Err(InvalidInput::new("json", format!("has the field `{path}` twice")));
            }
            let start = text.len();
            text.extend_from_slice(leaf(value)?.trim().as_bytes());
            spans[*place] = Some((start, text.len()));
            Ok(())
        })
    }
}

impl Cells for JsonRow {
    fn cell(&self, place: usize) -> &[u8] {
        let span = self.spans.get(place).copied().flatten();
        span.map_or(&[], |(start, end)| &self.text[start..end])
    }
}

/// The paths and texts of the values on `line`; nothing where it is no JSON.
pub(crate) fn texts(line: &[u8], whole: &[&str]) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let read = leaves(line, whole, |path, value| {
        found.push((path.to_owned(), leaf(value)?.trim().to_owned()));
        Ok(())
    });
    read.is_ok().then_some(found)
}

/// Tells `visit` of each value on `line` that is no object and no array, with its path.
fn leaves(
    line: &[u8],
    whole: &[&str],
    mut visit: impl FnMut(&str, &RawValue) -> Result<(), InvalidInput>,
) -> Result<(), InvalidInput> {
    let row: &RawValue = serde_json::from_slice(line).map_err(unparsed)?;
    let mut path = String::new();
    let mut count = 0;
    walk(row, &mut path, (whole, DEPTH), &mut |path, value| {
        count += 1;
        if count > MOST {
            return Err(InvalidInput::new("json", format!("has more than {MOST} values")));
        }
        visit(path, value)
    })
}

fn walk(
    value: &RawValue,
    path: &mut String,
    (whole, depth): (&[&str], usize),
    visit: &mut dyn FnMut(&str, &RawValue) -> Result<(), InvalidInput>,
) -> Result<(), InvalidInput> {
    let text = value.get();
    let depth = if whole.contains(&path.as_str()) { 0 } else { depth };
    let entries: Vec<(Cow<'_, str>, &RawValue)> = if text.starts_with('{') && depth > 0 {
        object::<Entries<'_>>(text.as_bytes())?.0
    } else if text.starts_with('[') && depth > 0 {
        let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(unparsed)?;
        elements.into_iter().enumerate().map(|(at, value)| (at.to_string().into(), value)).collect()
    } else {
        return visit(path, value);
    };
    for (name, value) in entries {
        let before = path.len();
        if before > 0 {
            path.push('.');
        }
        path.push_str(&name);
        walk(value, path, (whole, depth - 1), visit)?;
        path.truncate(before);
    }
    Ok(())
}

/// The text of a value; of a truth its word.
fn leaf(value: &RawValue) -> Result<Cow<'_, str>, InvalidInput> {
    match value.get() {
        text @ ("true" | "false") => Ok(Cow::Borrowed(text)),
        text if text.starts_with(['{', '[']) => Ok(Cow::Borrowed(text)),
        _ => scalar("json", Some(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_paths() {
        let line = br#"{"e":"trade","data":{"p":"1.5","l":[7,{"q":2}]},"m":true,"n":null,"x.y":"z\u0041"}"#;
        let paths = ["data.p", "data.l.1.q", "m", "n", "x.y", "nowhere", "data.l.0"];
        let mut row = JsonRow::new(&paths.map(str::to_owned), Vec::new());
        row.read(line).unwrap();
        let cells =
            (0..paths.len()).map(|place| String::from_utf8_lossy(row.cell(place)).into_owned());
        assert_eq!(cells.collect::<Vec<_>>(), ["1.5", "2", "true", "", "zA", "", "7"]);
        row.read(b"[1,2]").unwrap();
        assert!(row.cell(0).is_empty());
        assert_eq!(texts(b"[1,[2,\"x\"]]", &[]).unwrap().len(), 3);
    }

    #[test]
    fn what_is_no_row_is_an_error() {
        let mut row = JsonRow::new(&["a".to_owned()], Vec::new());
        for line in ["", "{", "{\"a\":1,\"a\":2}", "{\"a\":1}x", "[1,"] {
            assert!(row.read(line.as_bytes()).is_err(), "{line}");
        }
        let wide = format!("[{}1]", "1,".repeat(2_000));
        assert!(row.read(wide.as_bytes()).unwrap_err().to_string().contains("1024"));
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        row.read(deep.as_bytes()).unwrap();
    }
}
