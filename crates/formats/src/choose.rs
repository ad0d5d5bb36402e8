//! Which column is which field of a tick: by its name, and where several have one, by the first rows.

mod symbol;

use tradekeep_models::{Decimal, TimeUnit};

use crate::clock::Clock;
use crate::columns::{Columns, Constant, Origin, between, own_records};
use crate::mistaken;
use crate::names::{NamedZone, TimeName, plain};
use crate::number::decimal;
use crate::preview::Preview;
use crate::records::is_of_records;
use crate::{Field, FormatError, ReadOptions, TimeOptions, TimeZone};

/// The columns of the table that `preview` shows, and how its times are written.
pub(crate) fn columns(
    preview: &Preview,
    options: &mut ReadOptions,
) -> Result<Columns, FormatError> {
    let left_out = left_out(preview, options)?;
    let chooser = Chooser { preview, options, left_out };
    chooser.refuse_own()?;
    let (columns, zone) = chooser.choose()?;
    options.time.zone = zone;
    Ok(columns)
}

/// The columns that nothing is to be read from.
fn left_out(preview: &Preview, options: &ReadOptions) -> Result<Vec<usize>, FormatError> {
    let columns = options.map.pairs().filter(|(field, _)| field.is_none());
    columns.map(|(_, column)| place(preview, "_", column)).collect()
}

/// Where the column is that `field` is mapped to.
fn place(preview: &Preview, field: &'static str, column: &str) -> Result<usize, FormatError> {
    preview.find(column).ok_or_else(|| FormatError::NoSuchColumn {
        field,
        column: crate::csv_row::printable(column.as_bytes()),
        found: preview.printable(),
    })
}

/// The column, or the several with `+` between, that `field` is mapped to.
pub(crate) fn mapped(
    preview: &Preview,
    field: &'static str,
    column: &str,
    is_time: bool,
) -> Result<Origin, FormatError> {
    if preview.find(column).is_none() && column.contains('+') {
        let places = column.split('+').map(|part| place(preview, field, part.trim()));
        return Ok(Origin::Joined(places.collect::<Result<_, _>>()?, between(is_time)));
    }
    place(preview, field, column).map(Origin::Column)
}

struct Chooser<'a> {
    preview: &'a Preview,
    options: &'a ReadOptions,
    left_out: Vec<usize>,
}

impl Chooser<'_> {
    fn choose(&self) -> Result<(Columns, Option<TimeZone>), FormatError> {
        let mut columns = Columns { width: self.preview.names.len(), ..Columns::default() };
        let mut zone = self.options.time.zone;
        for field in Field::ALL {
            let origin = if let Some(text) = self.options.set.get(field.as_str()) {
                Some(Origin::Set(text.to_owned()))
            } else if let Some(column) = self.options.map.column(field.as_str()) {
                let is_time = matches!(field, Field::Ts | Field::ReceivedTs);
                Some(mapped(self.preview, field.as_str(), column, is_time)?)
            } else {
                match field {
                    Field::Ts => self.time()?,
                    Field::Quantity => self.quantity(&columns)?,
                    _ => self.by_name(field)?,
                }
            };
            if let (Field::Ts, Some(origin)) = (field, &origin) {
                let named = Named::of(self.preview, origin, &self.options.time)?;
                (columns.time_unit, zone) = (named.unit, zone.or(named.zone));
            }
            columns.places.extend(origin.map(|origin| (field, origin)));
        }
        self.check_missing(&columns)?;
        self.check_symbol(&mut columns)?;
        self.check_side(&columns)?;
        columns.constants.extend(self.empty_own());
        columns.notes = self.notes(&columns);
        Ok((columns, zone))
    }

    /// The columns whose name means `field`, the best first.
    fn candidates(&self, field: Field) -> Vec<usize> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (place, name) in self.preview.names.iter().enumerate() {
            if self.left_out.contains(&place) || self.is_mapped(place) {
                continue;
            }
            let base = match field {
                Field::Ts => match TimeName::of(name, field.column_names()) {
                    Some(name) => name.base,
                    None => continue,
                },
                _ => plain(name),
            };
            let mut names = field.column_names().iter();
            found.extend(names.position(|known| plain(known) == base).map(|rank| (rank, place)));
        }
        found.sort_unstable();
        let filled = found.iter().filter(|(_, place)| self.preview.is_filled(*place));
        let filled: Vec<_> = filled.map(|(_, place)| *place).collect();
        if filled.is_empty() { found.into_iter().map(|(_, place)| place).collect() } else { filled }
    }

    /// Whether some field is mapped to this column.
    fn is_mapped(&self, place: usize) -> bool {
        let is_this = |column: &str| self.preview.find(column) == Some(place);
        let mut mapped = self.options.map.pairs().filter(|(field, _)| field.is_some());
        mapped.any(|(_, column)| {
            is_this(column) || column.split('+').any(|part| is_this(part.trim()))
        })
    }

    /// The column of a field that is alone, or has the same in it as the others of its name.
    fn by_name(&self, field: Field) -> Result<Option<Origin>, FormatError> {
        let candidates = self.candidates(field);
        let [first, others @ ..] = candidates.as_slice() else { return Ok(None) };
        // These names are certain beside others: a row has a number of its own too.
        let is_certain = field == Field::TradeId && plain(&self.preview.names[*first]) != "id";
        let differs = |other: &&usize| {
            self.preview.rows.is_empty()
                || !self.preview.column(**other).eq(self.preview.column(*first))
        };
        match others.iter().find(differs).filter(|_| !is_certain) {
            Some(other) => Err(self.either(field, *first, *other)),
            None => Ok(Some(Origin::Column(*first))),
        }
    }

    fn either(&self, field: Field, one: usize, other: usize) -> FormatError {
        let [one, other] = [one, other].map(|place| self.preview.names[place].clone());
        FormatError::EitherColumn { field: field.as_str(), one, other }
    }

    /// The quantity: where several columns may be it, the one of which another is price x quantity.
    fn quantity(&self, columns: &Columns) -> Result<Option<Origin>, FormatError> {
        let candidates = self.candidates(Field::Quantity);
        let [first, others @ ..] = candidates.as_slice() else { return Ok(None) };
        if others.is_empty() {
            return Ok(Some(Origin::Column(*first)));
        }
        let price = columns.column_of(Field::Price);
        let is_quantity = |place: &usize| {
            price.is_some_and(|price| {
                candidates
                    .iter()
                    .all(|other| other == place || self.is_product(price, *place, *other))
            })
        };
        if let Some(place) = candidates.iter().find(|place| is_quantity(place)) {
            return Ok(Some(Origin::Column(*place)));
        }
        self.by_name(Field::Quantity)
    }

    /// Whether in every row that was looked at `product` is `price` x `quantity`, to the places that it has.
    fn is_product(&self, price: usize, quantity: usize, product: usize) -> bool {
        let number = |row: &[String], place: usize| decimal("", row[place].as_bytes()).ok();
        let holds = |row: &Vec<String>| {
            let exact = number(row, price)?.mul_round(number(row, quantity)?).ok()?;
            let text = &row[product];
            let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let half =
                Decimal::from_parts(5, u32::try_from(places + 1).ok()?).unwrap_or(Decimal::ZERO);
            let off = number(row, product)?.sub(exact).ok()?.scaled().unsigned_abs();
            Some(off <= half.scaled().unsigned_abs())
        };
        !self.preview.rows.is_empty()
            && self.preview.rows.iter().all(|row| holds(row) == Some(true))
    }

    fn notes(&self, columns: &Columns) -> Vec<String> {
        let quantity = columns.column_of(Field::Quantity);
        let others = self.candidates(Field::Quantity);
        let other =
            quantity.and_then(|place| others.iter().find(|other| **other != place).copied());
        let (Some(quantity), Some(other)) = (quantity, other) else { return Vec::new() };
        if self.options.map.column(Field::Quantity.as_str()).is_some() {
            return Vec::new();
        }
        let [quantity, other] = [quantity, other].map(|place| &self.preview.names[place]);
        let rows = self.preview.rows.len();
        vec![format!(
            "{quantity} is the quantity: {other} is price x {quantity} in the {rows} rows looked at"
        )]
    }

    /// The time: one column, or a day and a time of day.
    fn time(&self) -> Result<Option<Origin>, FormatError> {
        let candidates = self.candidates(Field::Ts);
        let [first, others @ ..] = candidates.as_slice() else { return Ok(None) };
        if others.is_empty() || self.preview.rows.is_empty() {
            return Ok(Some(Origin::Column(*first)));
        }
        self.time_of(&candidates).map(Some)
    }

    fn time_of(&self, candidates: &[usize]) -> Result<Origin, FormatError> {
        let read = |origin: &Origin| self.moments(origin);
        let alone: Vec<_> =
            candidates.iter().map(|place| (*place, read(&Origin::Column(*place)))).collect();
        let named =
            |place: usize| TimeName::of(&self.preview.names[place], Field::Ts.column_names());
        let is_day = |place: usize| named(place).is_some_and(|name| name.is_day());
        let is_clock = |place: usize| {
            named(place).is_some_and(|name| name.is_clock() || name.base == "exchangetime")
        };
        let readable: Vec<_> = alone
            .iter()
            .filter_map(|(place, read)| read.as_ref().map(|read| (*place, read)))
            .collect();
        // Where all that can be read alone are days, what is with them is their time.
        if readable.iter().all(|(place, _)| is_day(*place)) {
            let days = candidates.iter().filter(|place| is_day(**place));
            for day in days {
                for clock in candidates.iter().filter(|place| is_clock(**place)) {
                    let origin = Origin::Joined(vec![*day, *clock], between(true));
                    if read(&origin).is_some() {
                        return Ok(origin);
                    }
                }
            }
        }
        let Some((mut best, mut moments)) = readable.first().copied() else {
            return Ok(Origin::Column(candidates[0]));
        };
        // One that cannot be read may be the time none the less, where the others are days alone.
        let unread = alone.iter().find(|(_, read)| read.is_none());
        if let Some((place, _)) =
            unread.filter(|_| readable.iter().all(|(place, _)| is_day(*place)))
        {
            return Err(self.either(Field::Ts, best, *place));
        }
        for (place, others) in &readable[1..] {
            let (grain, other_grain) = (grain(moments), grain(others));
            let coarse = grain.max(other_grain);
            let agree = moments.iter().zip(*others).all(|(a, b)| a / coarse == b / coarse);
            if !agree {
                return Err(self.either(Field::Ts, best, *place));
            }
            if other_grain < grain {
                (best, moments) = (*place, others);
            }
        }
        Ok(Origin::Column(best))
    }

    /// The times of the first rows; nothing where one of them cannot be read.
    fn moments(&self, origin: &Origin) -> Option<Vec<i64>> {
        let mut time = self.options.time.clone();
        // A zone that is asked for makes no difference to whether it can be read.
        time.zone =
            time.zone.or(Named::of(self.preview, origin, &time).ok().and_then(|named| named.zone));
        let clock = Clock::new("ts", &time);
        let read = |row: &Vec<String>| {
            let text = match origin {
                Origin::Column(place) => row[*place].clone(),
                Origin::Joined(places, _) => {
                    places.iter().map(|place| row[*place].as_str()).collect::<Vec<_>>().join(" ")
                }
                Origin::Set(text) => text.clone(),
            };
            clock.read(text.as_bytes()).ok().map(|moment| moment.ts.as_nanos())
        };
        // A row that is broken does not say that the column is no time.
        let read: Vec<_> = self.preview.rows.iter().filter_map(read).collect();
        (2 * read.len() > self.preview.rows.len()).then_some(read)
    }

    fn check_missing(&self, columns: &Columns) -> Result<(), FormatError> {
        let missing: Vec<_> = [Field::Ts, Field::Price, Field::Quantity]
            .into_iter()
            .filter(|field| !columns.has(*field))
            .map(Field::as_str)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        if let Some(error) = mistaken::other_table(&self.preview.names) {
            return Err(error);
        }
        let found = self.preview.printable();
        if self.options.map.is_empty() && is_of_records(&self.preview.names) {
            return Err(own_records(&format!("columns {found}"), None));
        }
        Err(FormatError::WrongColumns { found, missing: missing.join(", ") })
    }

    /// Columns of records of one's own, but for those that are left out.
    fn own(&self) -> impl Iterator<Item = (usize, &String)> {
        let own = (0..).zip(&self.preview.names);
        own.filter(|(place, name)| mistaken::is_own(name) && !self.left_out.contains(place))
    }

    /// Those of them that are empty, and must stay so.
    fn empty_own(&self) -> impl Iterator<Item = Constant> {
        let own = self.own().filter(|(place, _)| !self.is_mapped(*place));
        own.map(|(place, name)| Constant {
            place,
            value: Vec::new(),
            field: "row",
            reason: format!(
                "is a record of your own (column {name}): import it with --type, or leave the column out with --map _={name}"
            ),
        })
    }

    /// Refuses sides of which nobody knows whether 0 is none, as at most venues, or one of the two.
    fn check_side(&self, columns: &Columns) -> Result<(), FormatError> {
        let Some(place) = columns.column_of(Field::Side) else { return Ok(()) };
        let has = |value: &str| self.preview.column(place).any(|text| text == value);
        let are_bits = self.preview.column(place).all(|text| matches!(text, "0" | "1"));
        if are_bits && has("0") && has("1") {
            return Err(FormatError::UncertainSide { column: self.preview.names[place].clone() });
        }
        Ok(())
    }

    /// What is recorded of our own doing has times, prices and quantities too, and is no print of a market.
    fn refuse_own(&self) -> Result<(), FormatError> {
        match self.own().find(|(place, _)| self.preview.is_filled(*place)) {
            Some((_, name)) => Err(own_records(&format!("column {name}"), Some(name))),
            None => Ok(()),
        }
    }
}

/// What a name says of the times in its column.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) unit: Option<TimeUnit>,
    pub(crate) zone: Option<TimeZone>,
}

impl Named {
    /// What the names of the columns say of which a time is made.
    pub(crate) fn of(
        preview: &Preview,
        time: &Origin,
        said: &TimeOptions,
    ) -> Result<Self, FormatError> {
        time.columns().iter().try_fold(Self::default(), |all, place| {
            let named = Self::of_name(&preview.names[*place], said)?;
            Ok(Self { unit: all.unit.or(named.unit), zone: all.zone.or(named.zone) })
        })
    }

    /// A zone of which the name gives letters alone has to be said.
    fn of_name(name: &str, said: &TimeOptions) -> Result<Self, FormatError> {
        let Some(TimeName { unit, zone, .. }) = TimeName::of(name, Field::Ts.column_names()) else {
            return Ok(Self::default());
        };
        match zone {
            NamedZone::Known(zone) => Ok(Self { unit, zone: Some(zone) }),
            NamedZone::Asked(zone) if said.zone.is_none() => {
                Err(FormatError::WhichZone { column: name.to_owned(), zone })
            }
            NamedZone::Asked(_) | NamedZone::None => Ok(Self { unit, zone: None }),
        }
    }
}

/// The coarsest unit, in nanoseconds, of which all of these are whole numbers.
fn grain(moments: &[i64]) -> i64 {
    const GRAINS: [i64; 5] = [86_400_000_000_000, 60_000_000_000, 1_000_000_000, 1_000_000, 1_000];
    let fits = |grain: &i64| moments.iter().all(|moment| moment % grain == 0);
    GRAINS.into_iter().find(fits).unwrap_or(1)
}
