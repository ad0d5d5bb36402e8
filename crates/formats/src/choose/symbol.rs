//! What names the symbol.

use super::Chooser;
use crate::columns::{Columns, Constant, Origin};
use crate::names::plain;
use crate::number::decimal;
use crate::{Field, FormatError};

/// What the names of columns have that name what is traded.
const SYMBOL_WORDS: [&str; 14] = [
    "symb",
    "instrument",
    "instid",
    "coin",
    "asset",
    "code",
    "contract",
    "ticker",
    "product",
    "market",
    "pair",
    "security",
    "isin",
    "token",
];

/// Whether a text is like `BTC-USDT` or `SOL/USDC`.
fn is_pair(text: &str) -> bool {
    let mut parts = text.split(['-', '/', ':']);
    let is_name = |part: &str| {
        part.len() >= 2
            && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && part.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let (one, other) = (parts.next(), parts.next());
    one.is_some_and(is_name) && other.is_some_and(is_name)
}

impl Chooser<'_> {
    /// What names the symbol: a column, or somebody; never somebody where a column has several.
    pub(super) fn check_symbol(&self, columns: &mut Columns) -> Result<(), FormatError> {
        let is_set = columns
            .places
            .iter()
            .any(|(field, origin)| *field == Field::Symbol && matches!(origin, Origin::Set(_)));
        if columns.has(Field::Symbol) && !is_set {
            return Ok(());
        }
        let like = self.like_symbol(columns);
        if !is_set && self.options.symbol.is_none() {
            let like = like.map(|place| self.preview.names[place].clone());
            return Err(FormatError::MissingSymbol { like });
        }
        let Some(place) = like else { return Ok(()) };
        let mut values = self.preview.column(place);
        let Some(first) = values.next() else { return Ok(()) };
        let name = &self.preview.names[place];
        if let Some(other) = values.find(|value| *value != first) {
            return Err(FormatError::SeveralSymbols {
                column: name.clone(),
                values: crate::csv_row::printable(format!("{first}, {other}").as_bytes()),
            });
        }
        let reason = format!(
            "is given for all rows, and column {name} has several values: --map symbol={name} reads it, --map _={name} \
             leaves it out"
        );
        let value = first.as_bytes().to_vec();
        columns.constants.push(Constant { place, value, field: "symbol", reason });
        Ok(())
    }

    /// A column of no field that looks as if it named the symbol.
    fn like_symbol(&self, columns: &Columns) -> Option<usize> {
        let is_used = |place: usize| {
            columns.places.iter().any(|(field, origin)| match origin {
                Origin::Column(other) => *other == place && *field != Field::Symbol,
                Origin::Joined(others, _) => others.contains(&place),
                Origin::Set(_) => false,
            })
        };
        let names = |place: usize| {
            let name = plain(&self.preview.names[place]);
            SYMBOL_WORDS.iter().any(|word| name.contains(word))
        };
        let looks =
            |place: usize| !self.preview.rows.is_empty() && self.preview.column(place).all(is_pair);
        let is_text = |place: usize| {
            let mut filled = self.preview.column(place).filter(|text| !text.is_empty());
            filled.any(|text| decimal("", text.as_bytes()).is_err())
        };
        let free = || {
            let places = 0..self.preview.names.len();
            places.filter(|place| !is_used(*place) && !self.left_out.contains(place))
        };
        free()
            .find(|place| names(*place) && (self.preview.rows.is_empty() || is_text(*place)))
            .or_else(|| free().find(|place| looks(*place)))
    }
}
