//! Which column of a table holds which field of a tick.

use crate::csv_row::printable;
use crate::draft::RawTick;
use crate::preview::Preview;
use crate::{Field, FormatError};
use tradekeep_models::{InvalidInput, TimeUnit};

/// What has the cells of a row.
pub(crate) trait Cells {
    /// The text of a column, empty where there is none.
    fn cell(&self, place: usize) -> &[u8];
}

/// Where the text of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Column(usize),
    /// Of several columns, with this between them.
    Joined(Vec<usize>, u8),
    /// The same in every row.
    Set(String),
}

impl Origin {
    /// The columns that it is made of.
    pub(crate) fn columns(&self) -> &[usize] {
        match self {
            Self::Column(place) => std::slice::from_ref(place),
            Self::Joined(places, _) => places,
            Self::Set(_) => &[],
        }
    }

    /// For a message.
    pub(crate) fn text(&self, preview: &Preview) -> String {
        let names = self.columns().iter().map(|place| printable(preview.names[*place].as_bytes()));
        match self {
            Self::Set(text) => format!("--set {text}"),
            _ => names.collect::<Vec<_>>().join("+"),
        }
    }
}

/// A column in which every row must have the same as the first ones: another value would change what they are.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    pub(crate) place: usize,
    pub(crate) value: Vec<u8>,
    /// What is to be said of a row that has another.
    pub(crate) field: &'static str,
    pub(crate) reason: String,
}

/// Where each field of a tick comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    pub(crate) width: usize,
    pub(crate) places: Vec<(Field, Origin)>,
    /// Columns in which every row must have the same.
    pub(crate) constants: Vec<Constant>,
    /// What the name of the column of times says that they count.
    pub(crate) time_unit: Option<TimeUnit>,
    /// What was found out from rows, for people.
    pub(crate) notes: Vec<String>,
}

impl Columns {
    /// A layout without header: the fields of its columns in their order, `None` for the unused.
    pub(crate) fn positional(fields: &[Option<Field>]) -> Self {
        let places = fields.iter().enumerate();
        let places =
            places.filter_map(|(place, field)| field.map(|field| (field, Origin::Column(place))));
        Self { width: fields.len(), places: places.collect(), ..Self::default() }
    }

    /// The column that a field is alone in.
    pub(crate) fn column_of(&self, field: Field) -> Option<usize> {
        self.places.iter().find_map(|(of, origin)| match origin {
            Origin::Column(place) if *of == field => Some(*place),
            _ => None,
        })
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.places.iter().any(|(other, _)| *other == field)
    }

    /// The fields of a row. `joined` is for those that are made of several columns.
    pub(crate) fn fields<'a>(
        &'a self,
        row: &'a impl Cells,
        joined: &'a mut Vec<u8>,
    ) -> Result<RawTick<'a>, InvalidInput> {
        let differs = |constant: &&Constant| row.cell(constant.place) != constant.value.as_slice();
        if let Some(Constant { field, reason, .. }) = self.constants.iter().find(differs) {
            return Err(InvalidInput::new(*field, reason.clone()));
        }
        let is_joined = |(_, origin): &(Field, Origin)| matches!(origin, Origin::Joined(..));
        if self.places.iter().any(is_joined) {
            joined.clear();
            for (_, origin) in &self.places {
                if let Origin::Joined(places, between) = origin {
                    join(row, places, *between, joined);
                }
            }
        }
        let mut rest: &'a [u8] = joined;
        let mut fields = RawTick::default();
        for (field, origin) in &self.places {
            let text = match origin {
                Origin::Column(place) => row.cell(*place),
                Origin::Set(text) => text.as_bytes(),
                Origin::Joined(..) => {
                    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    let (text, others) = rest.split_at(end);
                    rest = others.get(1..).unwrap_or_default();
                    text
                }
            };
            match field {
                Field::Ts => fields.ts = text,
                Field::Price => fields.price = text,
                Field::Quantity => fields.quantity = text,
                Field::Symbol => fields.symbol = text,
                Field::Venue => fields.venue = text,
                Field::Side => fields.side = text,
                Field::IsBuyerMaker => fields.is_buyer_maker = text,
                Field::TradeId => fields.trade_id = text,
                Field::ReceivedTs => fields.received_ts = text,
                Field::Sequence => fields.sequence = text,
                Field::Aggregated => fields.aggregated = text,
            }
        }
        Ok(fields)
    }
}

/// Appends the cells with something between them, and a line end, which none of them has. Of what lacks a part there
/// is nothing.
fn join(row: &impl Cells, places: &[usize], between: u8, out: &mut Vec<u8>) {
    if places.iter().all(|place| !row.cell(*place).is_empty()) {
        for (number, place) in places.iter().enumerate() {
            if number > 0 {
                out.push(between);
            }
            out.extend(
                row.cell(*place).iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }),
            );
        }
    }
    out.push(b'\n');
}

/// The text that several cells make.
pub(crate) fn joined(row: &impl Cells, places: &[usize], between: u8) -> Vec<u8> {
    let mut text = Vec::new();
    join(row, places, between, &mut text);
    text.pop();
    text
}

/// What stands between the parts of a field that is joined: a day and a time of day read as a time so.
pub(crate) const fn between(is_time: bool) -> u8 {
    if is_time { b' ' } else { b'-' }
}

/// Refuses what is no data of a market, for a column that may be left out.
pub(crate) fn own_records(found: &str, column: Option<&str>) -> FormatError {
    let or = column.map_or_else(String::new, |column| {
        format!(", or where they are public trades leave it out with --map _={column}")
    });
    FormatError::UnsupportedSchema {
        found: format!("records of your own ({found})"),
        supported: format!(
            "public trades; say with --type what the rows are (fills, orders, trades, …){or}"
        )
        .into(),
    }
}
