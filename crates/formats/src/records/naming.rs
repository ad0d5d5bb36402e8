//! The identity of rows whose source gives them none.

use std::borrow::Cow;

use tradekeep_models::record::{Naming, Record, Value};
use tradekeep_models::{InvalidInput, StreamId, Table, Timestamp};
use uuid::{Builder, Uuid};

use super::names::series;
use crate::occurrence::{Occurrences, Words};

/// The stream of rows of a file that name none, where the file has no name of its own.
const STREAM: &str = "import";

/// Names what has no name, by its content: the same file gives the same identities again, and equal
/// rows of one file are told apart by how many there were before.
#[derive(Debug)]
pub(crate) struct Namer {
    source: Option<StreamId>,
    /// Places of the columns that name its series.
    series: Vec<usize>,
    occurrences: Occurrences<String>,
}

impl Namer {
    pub(crate) fn new<R: Record>(source: Option<StreamId>) -> Self {
        let id = match R::NAMING {
            Naming::Uuid { column, .. } => column,
            Naming::Given | Naming::Position => R::IDENTITY.last().copied().unwrap_or("name"),
        };
        let words = Words { series: "name", id };
        Self { source, series: places::<R>(series(R::TABLE)), occurrences: Occurrences::new(words) }
    }

    /// The record of `row`.
    pub(crate) fn name<R: Record>(&mut self, mut row: Vec<Value<'_>>) -> Result<R, InvalidInput> {
        match R::NAMING {
            Naming::Given => {
                if let (Some(source), Some(place)) = (&self.source, R::index_of("source"))
                    && row[place].is_null()
                {
                    row[place] = Value::Text(Cow::Owned(source.as_str().to_owned()));
                }
                R::from_row(row)
            }
            Naming::Uuid { column, of, or_row } => {
                let Some(place) = R::index_of(column) else { return R::from_row(row) };
                let of = made_of::<R>(&row, of);
                if !row[place].is_null() || of.is_none() && !or_row {
                    return R::from_row(named_alike::<R>(row, place));
                }
                if of.is_none() {
                    check_first_version::<R>(column, &row)?;
                }
                row[place] = uuid(Uuid::nil());
                // Nothing of it is made of what is missing.
                let lacks = R::UNIQUE.and_then(R::index_of).filter(|unique| row[*unique].is_null());
                let unnamed = R::from_row(named_alike::<R>(row, place))?;
                let mut row = values(&unnamed);
                row[place] = uuid(self.uuid(&unnamed, place, of)?);
                if let Some(unique) = lacks {
                    row[unique] = Value::Null;
                }
                R::from_row(named_alike::<R>(row, place))
            }
            Naming::Position => {
                let (Some(stream), Some(seq)) = (R::index_of("stream"), R::index_of("seq")) else {
                    return R::from_row(row);
                };
                if row[stream].is_null() {
                    let name = self.source.as_ref().map_or(STREAM, StreamId::as_str);
                    row[stream] = Value::Text(Cow::Owned(name.to_owned()));
                }
                if !row[seq].is_null() {
                    return R::from_row(row);
                }
                row[seq] = Value::Int(0);
                let unnamed = R::from_row(row)?;
                let others = all_but::<R>(&[stream, seq]);
                let content = Content::of(&unnamed, &others);
                let occurrence = self.occurrence(&unnamed, &content)?;
                let mut row = values(&unnamed);
                row[seq] = Value::Int(content.occurrence(occurrence).first_8());
                R::from_row(row)
            }
        }
    }

    fn uuid<R: Record>(
        &mut self,
        record: &R,
        place: usize,
        of: Option<&[&str]>,
    ) -> Result<Uuid, InvalidInput> {
        let content = if let Some(of) = of {
            // Whoever tells of it.
            Content::of(record, &places::<R>(of))
        } else {
            let content = Content::of(record, &all_but::<R>(&[place]));
            let occurrence = self.occurrence(record, &content)?;
            let content = content.occurrence(occurrence);
            match &self.source {
                Some(source) => content.with("@", source.as_str()),
                None => content,
            }
        };
        Ok(content.uuid())
    }

    /// How many rows of this content there were before.
    fn occurrence<R: Record>(
        &mut self,
        record: &R,
        content: &Content,
    ) -> Result<u32, InvalidInput> {
        let name = || {
            let values = self.series.iter().map(|place| record.value(*place).to_string());
            values.collect::<Vec<_>>().join("\0")
        };
        let (name, ts) = (name(), record.ts());
        let kind = content.clone().first_8();
        count(&mut self.occurrences, name, ts, kind)
    }
}

fn count(
    occurrences: &mut Occurrences<String>,
    name: String,
    ts: Timestamp,
    kind: i64,
) -> Result<u32, InvalidInput> {
    let counted = occurrences.count_in(|last| *last == name, || name.clone(), ts, Some(kind))?;
    Ok(counted.occurrence)
}

/// What an identity is made of: the table, then each column that has a value, by name, with a NUL
/// behind each, which no name or value has. Columns without a value leave no trace, so that a column
/// that is added later changes no identity.
#[derive(Debug, Clone)]
pub(super) struct Content(blake3::Hasher);

impl Content {
    fn of<R: Record>(record: &R, places: &[usize]) -> Self {
        let values = places.iter().map(|place| (R::COLUMNS[*place].name, record.value(*place)));
        Self::of_values(R::TABLE, values)
    }

    /// Of columns of `table` by their names.
    pub(super) fn of_values<'v>(
        table: Table,
        values: impl Iterator<Item = (&'static str, Value<'v>)>,
    ) -> Self {
        let mut content = Self(blake3::Hasher::new()).text(table.as_str());
        for (name, value) in values {
            let text: Cow<'_, str> = match value {
                Value::Null => continue,
                Value::Text(text) => text,
                Value::Int(number) => Cow::Owned(number.to_string()),
                // Its bits: the text of a float is the library's.
                Value::Float(number) => Cow::Owned(format!("{:016x}", number.to_bits())),
                Value::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
                Value::Decimal(decimal) => Cow::Owned(decimal.to_string()),
                Value::Time(ts) => Cow::Owned(ts.as_nanos().to_string()),
                Value::Uuid(id) => Cow::Owned(id.to_string()),
            };
            content = content.with(name, &text);
        }
        content
    }

    /// And how many rows of it there were before. No column is called so.
    fn occurrence(self, before: u32) -> Self {
        self.with("#", &before.to_string())
    }

    fn with(self, name: &str, value: &str) -> Self {
        self.text(name).text(value)
    }

    fn text(mut self, text: &str) -> Self {
        self.0.update(text.as_bytes()).update(&[0]);
        self
    }

    fn first_8(self) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = *self.0.finalize().as_bytes();
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// A UUID of it.
    pub(super) fn uuid(self) -> Uuid {
        Builder::from_custom_bytes(self.first_16()).into_uuid()
    }

    fn first_16(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        bytes
    }
}

pub(super) const fn uuid(id: Uuid) -> Value<'static> {
    Value::Uuid(id)
}

fn values<R: Record>(record: &R) -> Vec<Value<'_>> {
    (0..R::COLUMNS.len()).map(|place| record.value(place)).collect()
}

fn places<R: Record>(names: &[&str]) -> Vec<usize> {
    names.iter().filter_map(|name| R::index_of(name)).collect()
}

fn all_but<R: Record>(left_out: &[usize]) -> Vec<usize> {
    (0..R::COLUMNS.len()).filter(|place| !left_out.contains(place)).collect()
}

/// The first of these lists of columns of which the row has all.
pub(super) fn made_of<R: Record>(
    row: &[Value<'_>],
    lists: &'static [&'static [&'static str]],
) -> Option<&'static [&'static str]> {
    let has = |name: &&str| R::index_of(name).is_some_and(|place| !row[place].is_null());
    lists.iter().copied().find(|list| list.iter().all(has))
}

/// The row, with its id, at `place`, as the text that no two things share, where it has none.
fn named_alike<R: Record>(mut row: Vec<Value<'_>>, place: usize) -> Vec<Value<'_>> {
    if let (Some(unique), Value::Uuid(id)) = (R::UNIQUE.and_then(R::index_of), &row[place])
        && row[unique].is_null()
    {
        row[unique] = Value::Text(Cow::Owned(id.to_string()));
    }
    row
}

/// A later version without its `column` is one of a row that has another content.
pub(super) fn check_first_version<R: Record>(
    column: &'static str,
    row: &[Value<'_>],
) -> Result<(), InvalidInput> {
    match R::index_of("version").map(|place| &row[place]) {
        Some(Value::Int(version)) if *version != 0 => {
            Err(InvalidInput::new(column, "is missing, where version is not 0"))
        }
        _ => Ok(()),
    }
}
