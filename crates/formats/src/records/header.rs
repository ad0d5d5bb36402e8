//! Which column of a CSV holds which field of a record.

use std::borrow::Cow;

use tradekeep_models::record::{Kind, Naming, Record};
use tradekeep_models::{Table, with_record_of};

use super::currency;
use super::names::{FieldName, fields};
use crate::choose::{self, Named};
use crate::columns::{Cells, Origin, between, joined};
use crate::csv_row::printable;
use crate::names::{TimeName, plain};
use crate::preview::Preview;
use crate::{Field, FormatError, ReadOptions, words};

/// Where each field of a record comes from.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) width: usize,
    /// By field; nothing where nothing holds it.
    places: Vec<Option<Origin>>,
}

impl Columns {
    /// By what is set, by the map, and by the names of columns; and what the name of the column of times says of them.
    pub(crate) fn named<R: Record>(
        preview: &Preview,
        options: &ReadOptions,
        fields: &[FieldName],
    ) -> Result<(Self, Named), FormatError> {
        let mut places = given::<R>(preview, options, fields)?;
        let mut used: Vec<bool> = vec![false; preview.names.len()];
        for origin in places.iter().flatten() {
            origin.columns().iter().for_each(|place| used[*place] = true);
        }
        for (_, column) in options.map.pairs().filter(|(field, _)| field.is_none()) {
            let Origin::Column(place) = choose::mapped(preview, "_", column, false)? else {
                continue;
            };
            used[place] = true;
        }
        let is_amount = |name: &str| plain(name) == "amount";
        let mut names: Vec<_> =
            preview.names.iter().enumerate().filter(|(place, _)| !used[*place]).collect();
        // Where another column is the quantity, it is what that cost.
        names.sort_by_key(|(_, name)| is_amount(name));
        for (place, name) in names {
            let same = |field: &str| plain(name) == plain(field);
            let Some(field) = find(fields, same) else { continue };
            let notional = find(fields, |field| field == "notional");
            if let Some(notional) = notional.filter(|notional| {
                is_amount(name)
                    && places[*notional].is_none()
                    && other_column(fields, &places, field).is_some()
            }) {
                places[notional] = Some(Origin::Column(place));
                continue;
            }
            if let Some(other) = other_column(fields, &places, field) {
                let found = [other.text(preview), printable(name.as_bytes())].join(" and ");
                return Err(FormatError::SameColumn {
                    column: R::COLUMNS[fields[field].place].name,
                    found,
                });
            }
            places[field] = Some(Origin::Column(place));
        }
        places.iter().flatten().for_each(|origin| {
            origin.columns().iter().for_each(|place| used[*place] = true);
        });
        let time = find(fields, |field| field == "ts")
            .filter(|time| other_column(fields, &places, *time).is_none());
        if let Some(time) = time
            && let Some(origin) = time_of(preview, &used)
        {
            origin.columns().iter().for_each(|place| used[*place] = true);
            places[time] = Some(origin);
        }
        if let Some(side) =
            find(fields, |field| field == "side").filter(|side| places[*side].is_none())
            && let Some(place) = side_of(preview, &used)
        {
            used[place] = true;
            places[side] = Some(Origin::Column(place));
        }
        let time = find(fields, |field| field == "ts").and_then(|time| places[time].as_ref());
        let named = time.map(|time| Named::of(preview, time, &options.time)).transpose()?;
        let named = named.unwrap_or_default();
        let columns = Self { width: preview.names.len(), places };
        columns.check_missing::<R>(preview, fields)?;
        let is_unknown = |place: &usize| !used[*place] && !(preview.names[*place].is_empty());
        let unknown: Vec<_> = (0..preview.names.len())
            .filter(is_unknown)
            .map(|place| printable(preview.names[place].as_bytes()))
            .collect();
        if unknown.is_empty() {
            return Ok((columns, named));
        }
        let supported = supported(R::TABLE);
        Err(FormatError::UnknownColumns { table: R::TABLE, unknown: unknown.join(", "), supported })
    }

    /// The text of a field, empty where it has none.
    pub(crate) fn get<'a>(&'a self, row: &'a impl Cells, field: usize) -> Cow<'a, [u8]> {
        match self.places.get(field).and_then(Option::as_ref) {
            None => Cow::Borrowed(&[]),
            Some(Origin::Column(place)) => Cow::Borrowed(row.cell(*place)),
            Some(Origin::Set(text)) => Cow::Borrowed(text.as_bytes()),
            Some(Origin::Joined(places, between)) => Cow::Owned(joined(row, places, *between)),
        }
    }

    /// Whether the amounts of a field are written with their currency.
    fn is_with_currency(&self, preview: &Preview, fields: &[FieldName], name: &str) -> bool {
        let amount =
            find(fields, |field| field == name).and_then(|field| self.places[field].as_ref());
        let Some(Origin::Column(place)) = amount else { return false };
        preview.column(*place).any(|text| currency::split(text).is_some())
    }

    /// All that a record needs, has no default, and is not made of the others.
    fn check_missing<R: Record>(
        &self,
        preview: &Preview,
        fields: &[FieldName],
    ) -> Result<(), FormatError> {
        let made = |name: &str| match R::NAMING {
            // Of the order that only this fill has.
            _ if R::TABLE == Table::Fills && name == "order_id" => true,
            // It may stand behind each amount.
            _ if name == "fee_currency" && self.is_with_currency(preview, fields, "fee") => true,
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
        Err(FormatError::WrongColumns { found: preview.printable(), missing: missing.join(", ") })
    }
}

/// Whether `names` are those of some record but ticks, with all that it needs.
pub(crate) fn is_of_records(names: &[String]) -> bool {
    fn fits<R: Record>(preview: &Preview) -> bool {
        Columns::named::<R>(preview, &ReadOptions::default(), &fields(R::TABLE)).is_ok()
    }
    let preview = Preview { names: names.to_vec(), rows: Vec::new() };
    let mut records = Table::ALL.iter().filter(|table| **table != Table::Ticks);
    records.any(|table| with_record_of!(*table, R => fits::<R>(&preview)))
}

/// A column `type` that has sides in it, and nothing else.
fn side_of(preview: &Preview, used: &[bool]) -> Option<usize> {
    let place =
        (0..used.len()).find(|place| !used[*place] && plain(&preview.names[*place]) == "type")?;
    let is_side = |text: &str| matches!(words::side(text.as_bytes()), Ok(Some(_)));
    (!preview.rows.is_empty() && preview.column(place).all(is_side)).then_some(place)
}

/// The time by the names that ticks have for it: a column, or a day and a time of day.
fn time_of(preview: &Preview, used: &[bool]) -> Option<Origin> {
    let named = (0..preview.names.len()).filter(|place| !used[*place]).filter_map(|place| {
        TimeName::of(&preview.names[place], Field::Ts.column_names()).map(|name| (place, name))
    });
    let named: Vec<_> = named.collect();
    let join = |day, clock| Some(Origin::Joined(vec![day, clock], between(true)));
    match named.as_slice() {
        [(place, _)] => Some(Origin::Column(*place)),
        [(day, first), (clock, second)] if first.is_day() && second.is_clock() => {
            join(*day, *clock)
        }
        [(clock, first), (day, second)] if first.is_clock() && second.is_day() => {
            join(*day, *clock)
        }
        _ => None,
    }
}

fn find(fields: &[FieldName], is: impl Fn(&str) -> bool) -> Option<usize> {
    fields.iter().position(|field| is(field.name))
}

/// What already gives what `field` would. Labels have a column each.
fn other_column<'a>(
    fields: &[FieldName],
    places: &'a [Option<Origin>],
    field: usize,
) -> Option<&'a Origin> {
    let new = &fields[field];
    let same = |(number, other): (usize, &FieldName)| {
        let is =
            number == field || (other.place == new.place && !other.is_label() && !new.is_label());
        places[number].as_ref().filter(|_| is)
    };
    fields.iter().enumerate().find_map(same)
}

/// What somebody says that fields hold, by field.
fn given<R: Record>(
    preview: &Preview,
    options: &ReadOptions,
    fields: &[FieldName],
) -> Result<Vec<Option<Origin>>, FormatError> {
    let known = |name: &str| {
        find(fields, |field| field == name).ok_or_else(|| FormatError::UnknownField {
            table: R::TABLE,
            field: printable(name.as_bytes()),
            supported: supported(R::TABLE),
        })
    };
    let mut places = vec![None; fields.len()];
    for (name, column) in options.map.pairs() {
        let Some(name) = name else { continue };
        let field = known(name)?;
        let is_time = R::COLUMNS[fields[field].place].kind == Kind::Time;
        places[field] = Some(choose::mapped(preview, fields[field].name, column, is_time)?);
    }
    for (name, value) in options.set.pairs() {
        places[known(name)?] = Some(Origin::Set(value.to_owned()));
    }
    Ok(places)
}

/// The columns of `table`, for a message.
fn supported(table: Table) -> String {
    let names: Vec<_> = table.columns().iter().map(|column| column.name).collect();
    names.join(", ")
}
