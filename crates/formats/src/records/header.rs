//! Which column of a CSV holds which field of a record.

use tradekeep_models::record::{Naming, Record};
use tradekeep_models::{Table, with_record_of};

use super::names::{FieldName, fields};
use crate::csv_row::{CsvRow, printable};
use crate::map::mapped;
use crate::{ColumnMap, FormatError};

/// The place of each field among a row's columns.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) width: usize,
    /// By field; nothing where no column holds it.
    places: Vec<Option<usize>>,
}

impl Columns {
    /// By the names in `header`, and before them by `map`.
    pub(crate) fn named<R: Record>(
        header: &CsvRow,
        map: &ColumnMap,
        fields: &[FieldName],
    ) -> Result<Self, FormatError> {
        let mapped = by_map::<R>(header, map, fields)?;
        let mut places = vec![None; fields.len()];
        let mut unknown = Vec::new();
        for (place, name) in header.iter().enumerate() {
            let by_map = mapped.iter().find(|(column, _)| *column == place);
            let field = match by_map {
                Some((_, None)) => continue,
                Some((_, field)) => *field,
                None => find(fields, |field| name.eq_ignore_ascii_case(field.as_bytes())),
            };
            let Some(field) = field else {
                unknown.push(place);
                continue;
            };
            if let Some(other) = other_column(fields, &places, field) {
                return Err(FormatError::SameColumn {
                    column: R::COLUMNS[fields[field].place].name,
                    found: [other, place].map(|place| printable(header.get(place))).join(" and "),
                });
            }
            places[field] = Some(place);
        }
        let columns = Self { width: header.len(), places };
        columns.check_missing::<R>(header, fields)?;
        if unknown.is_empty() {
            return Ok(columns);
        }
        let names: Vec<_> = unknown.into_iter().map(|place| printable(header.get(place))).collect();
        let supported = supported(R::TABLE);
        Err(FormatError::UnknownColumns { table: R::TABLE, unknown: names.join(", "), supported })
    }

    /// The text of a field, empty where it has none.
    pub(crate) fn get<'a>(&self, row: &'a CsvRow, field: usize) -> &'a [u8] {
        self.places.get(field).copied().flatten().map_or(&[], |place| row.get(place))
    }

    /// All that a record needs, has no default, and is not made of the others.
    fn check_missing<R: Record>(
        &self,
        header: &CsvRow,
        fields: &[FieldName],
    ) -> Result<(), FormatError> {
        let made = |name: &str| match R::NAMING {
            Naming::Given => false,
            Naming::Uuid { column, .. } => name == column,
            Naming::Position => ["stream", "seq"].contains(&name),
        };
        let has = |column: usize| {
            let held = fields.iter().zip(&self.places).filter(|(_, place)| place.is_some());
            held.into_iter().any(|(field, _)| field.place == column)
        };
        let missing: Vec<_> = (0..)
            .zip(R::COLUMNS)
            .filter(|(place, column)| {
                column.required && !column.default && !made(column.name) && !has(*place)
            })
            .map(|(_, column)| column.name)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(FormatError::WrongColumns { found: header.printable(), missing: missing.join(", ") })
    }
}

/// Whether `header` is that of some record but ticks, and has all that it needs.
pub(crate) fn is_of_records(header: &CsvRow) -> bool {
    fn fits<R: Record>(header: &CsvRow) -> bool {
        Columns::named::<R>(header, &ColumnMap::default(), &fields(R::TABLE)).is_ok()
    }
    let mut records = Table::ALL.iter().filter(|table| **table != Table::Ticks);
    records.any(|table| with_record_of!(*table, R => fits::<R>(header)))
}

fn find(fields: &[FieldName], is: impl Fn(&str) -> bool) -> Option<usize> {
    fields.iter().position(|field| is(field.name))
}

/// The column that already holds what `field` would. Labels have a column each.
fn other_column(fields: &[FieldName], places: &[Option<usize>], field: usize) -> Option<usize> {
    let new = &fields[field];
    let same = |(number, other): (usize, &FieldName)| {
        let is =
            number == field || (other.place == new.place && !other.is_label() && !new.is_label());
        places[number].filter(|_| is)
    };
    fields.iter().enumerate().find_map(same)
}

/// The columns that `map` names, each with its field; no field where it is left out.
fn by_map<R: Record>(
    header: &CsvRow,
    map: &ColumnMap,
    fields: &[FieldName],
) -> Result<Vec<(usize, Option<usize>)>, FormatError> {
    let mut places = Vec::new();
    for (name, column) in map.pairs() {
        let field = match name {
            None => None,
            Some(name) => Some(find(fields, |field| field == name).ok_or_else(|| {
                FormatError::UnknownField {
                    table: R::TABLE,
                    field: printable(name.as_bytes()),
                    supported: supported(R::TABLE),
                }
            })?),
        };
        let place = mapped(header, field.map_or("_", |field| fields[field].name), column)?;
        places.push((place, field));
    }
    Ok(places)
}

/// The columns of `table`, for a message.
fn supported(table: Table) -> String {
    let names: Vec<_> = table.columns().iter().map(|column| column.name).collect();
    names.join(", ")
}
