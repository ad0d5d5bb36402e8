//! Which columns of a CSV hold what, where their names do not say.

use std::str::FromStr;

use tradekeep_models::InvalidInput;

use crate::Field;

/// What a column is mapped to that is to be left out.
const LEFT_OUT: &str = "_";

/// Which columns of a CSV hold which fields, where their names do not say:
/// `ts=when,base_amount=size,_=comment`.
///
/// The names before `=` are the [`Field`]s of ticks; of other records they are those of
/// [`Record::COLUMNS`](tradekeep_models::record::Record::COLUMNS) or the aliases of them, and what is
/// mapped to `_` is left out. Whether there is such a name is found out when a file is opened.
///
/// ```
/// use tradekeep_formats::ColumnMap;
///
/// let map: ColumnMap = "ts=when,_=comment,_=row number".parse()?;
/// assert!("ts=a,ts=b".parse::<ColumnMap>().is_err());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(String, String)>);

impl ColumnMap {
    /// Maps `field` to the column named `column`.
    ///
    /// # Errors
    /// When the field is mapped already, and is not `_`.
    pub fn insert(
        &mut self,
        field: impl Into<String>,
        column: impl Into<String>,
    ) -> Result<(), InvalidInput> {
        let field = field.into();
        if field != LEFT_OUT && self.column(&field).is_some() {
            return Err(InvalidInput::new("map", format!("maps {field} twice")));
        }
        self.0.push((field, column.into()));
        Ok(())
    }

    /// Whether it maps nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The column that `field` is mapped to.
    pub(crate) fn column(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|(mapped, _)| mapped == field);
        found.map(|(_, column)| column.as_str())
    }

    /// Its pairs of field and column; no field where the column is left out.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let field = |field| Some(field).filter(|field| *field != LEFT_OUT);
        self.0.iter().map(move |(name, column)| (field(name.as_str()), column.as_str()))
    }

    /// Ticks have all its fields.
    pub(crate) fn check_ticks(&self) -> Result<(), InvalidInput> {
        self.pairs().try_for_each(|(field, _)| {
            field.map_or(Ok(()), |field| field.parse::<Field>().map(drop))
        })
    }

    /// Each column of a record holds one field, in whatever case it is named.
    pub(crate) fn check_records(&self) -> Result<(), InvalidInput> {
        let twice = |(place, (_, column)): (usize, &(String, String))| {
            self.0[..place].iter().any(|(_, other)| other.eq_ignore_ascii_case(column))
        };
        if self.0.iter().enumerate().any(twice) {
            return Err(InvalidInput::new("map", "maps one column twice"));
        }
        Ok(())
    }
}

/// What every row has: `venue=kraken,fee_currency=USD`, by the names of [`ColumnMap`].
///
/// ```
/// use tradekeep_formats::Constants;
///
/// let set: Constants = "venue=kraken,fee_currency=USD".parse()?;
/// assert_eq!(set.get("venue"), Some("kraken"));
/// assert!("venue".parse::<Constants>().is_err());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constants(ColumnMap);

impl Constants {
    /// Whether it sets nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that is set.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.column(field)
    }

    /// Sets a field that is not set.
    pub(crate) fn or_insert(&mut self, field: &str, value: &str) {
        // Twice it cannot be.
        let _ = self.0.insert(field, value);
    }

    /// Its pairs of field and value.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.0.iter().map(|(field, value)| (field.as_str(), value.as_str()))
    }

    /// Ticks have all its fields.
    pub(crate) fn check_ticks(&self) -> Result<(), InvalidInput> {
        let known = |(field, _): (&str, &str)| field.parse::<Field>().map(drop);
        self.pairs().try_for_each(known).map_err(|error| InvalidInput::new("set", error.reason))
    }
}

impl FromStr for Constants {
    type Err = InvalidInput;

    /// Reads `field=value`, several of them with commas between.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        text.parse().map(Self).map_err(|error: InvalidInput| InvalidInput::new("set", error.reason))
    }
}

impl FromStr for ColumnMap {
    type Err = InvalidInput;

    /// Reads `field=column`, several of them with commas between.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (field, column) = pair
                .split_once('=')
                .map(|(field, column)| (field.trim(), column.trim()))
                .filter(|(field, column)| !field.is_empty() && !column.is_empty())
                .ok_or_else(|| InvalidInput::new("map", "is not like field=column"))?;
            map.insert(field, column)?;
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_by_name() {
        let map: ColumnMap = " ts = when , _=last size,_ = note,".parse().unwrap();
        assert_eq!(map.column("ts"), Some("when"));
        assert_eq!(map.column("price"), None);
        let left_out: Vec<_> = map.pairs().filter(|(field, _)| field.is_none()).collect();
        assert_eq!(left_out, [(None, "last size"), (None, "note")]);
        for bad in ["ts", "ts=", "=x", "ts=a,ts=b"] {
            assert!(bad.parse::<ColumnMap>().is_err(), "{bad}");
        }
        assert!(ColumnMap::default().is_empty() && !map.is_empty());
    }

    #[test]
    fn kinds_have_their_rules() {
        let map = |text: &str| text.parse::<ColumnMap>().unwrap();
        assert!(map("ts=a,received_ts=A").check_ticks().is_ok());
        assert!(map("ts=a,_=b").check_ticks().is_ok());
        assert!(map("when=ts").check_ticks().is_err());
        assert!(map("when=ts,_=b,_=c").check_records().is_ok());
        for bad in ["ts=a,service=A", "_=a,_=a"] {
            assert!(map(bad).check_records().is_err(), "{bad}");
        }
    }
}
