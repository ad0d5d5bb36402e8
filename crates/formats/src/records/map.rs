//! Which columns of a CSV hold what, where their names do not say.

use std::str::FromStr;

use tradekeep_models::InvalidInput;

/// What a column is mapped to that is to be left out.
const LEFT_OUT: &str = "_";

/// Which columns of a CSV hold which columns of a record, where their names do not say:
/// `ts=when,base_amount=size,_=comment`. What is mapped to `_` is left out.
///
/// The names before `=` are those of [`Record::COLUMNS`](tradekeep_models::record::Record::COLUMNS),
/// or the aliases of them; whether there is such a name is found out when a file is opened.
///
/// ```
/// use tradekeep_formats::FieldMap;
///
/// let map: FieldMap = "ts=when,_=comment,_=row number".parse()?;
/// assert_eq!(map.field("when"), Some("ts"));
/// assert_eq!(map.field("row number"), Some("_"));
/// assert!("ts=a,ts=b".parse::<FieldMap>().is_err());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldMap(Vec<(String, String)>);

impl FieldMap {
    /// Maps `field` to the column named `column`.
    ///
    /// # Errors
    /// When the field is mapped already, and is not `_`; or the column is, in whatever case.
    pub fn insert(
        &mut self,
        field: impl Into<String>,
        column: impl Into<String>,
    ) -> Result<(), InvalidInput> {
        let (field, column) = (field.into(), column.into());
        if self.0.iter().any(|(_, mapped)| mapped.eq_ignore_ascii_case(&column)) {
            let reason = "maps one column twice";
            return Err(InvalidInput::new("map", reason));
        }
        if field != LEFT_OUT && self.0.iter().any(|(mapped, _)| *mapped == field) {
            return Err(InvalidInput::new("map", format!("maps {field} twice")));
        }
        self.0.push((field, column));
        Ok(())
    }

    /// What the column called `column` is mapped to.
    #[must_use]
    pub fn field(&self, column: &str) -> Option<&str> {
        let found = self.0.iter().find(|(_, mapped)| mapped == column);
        found.map(|(field, _)| field.as_str())
    }

    /// Whether it maps nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its pairs of field and column; no field where the column is left out.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let field = |field| Some(field).filter(|field| *field != LEFT_OUT);
        self.0.iter().map(move |(name, column)| (field(name.as_str()), column.as_str()))
    }
}

impl FromStr for FieldMap {
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
        let map: FieldMap = " ts = when , _=last size,_ = note,".parse().unwrap();
        assert_eq!(map.field("when"), Some("ts"));
        assert_eq!(map.field("last size"), map.field("note"));
        assert_eq!(map.field("ts"), None);
        for bad in ["ts", "ts=", "=x", "ts=a,ts=b", "ts=a,service=A", "_=a,_=a"] {
            assert!(bad.parse::<FieldMap>().is_err(), "{bad}");
        }
        assert!(FieldMap::default().is_empty() && !map.is_empty());
    }
}
