//! The first rows of a table, by which its columns are told apart.

use crate::csv_row::CsvRow;

/// Rows that are looked at.
const ROWS: usize = 100;

/// The names of a table's columns, and its first rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preview {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Preview {
    /// Of a CSV: `lines` are those behind its header, of which the last may be cut off.
    pub(crate) fn of_csv(names: Vec<String>, lines: &[u8]) -> Self {
        let whole = memchr::memrchr(b'\n', lines).map_or(&[][..], |end| &lines[..=end]);
        let rows = whole.split_inclusive(|byte| *byte == b'\n').filter_map(|line| {
            let mut row = CsvRow::of(line).ok()?;
            row.drop_empty_end(names.len());
            (row.len() == names.len()).then(|| texts(&row))
        });
        let rows = rows.take(ROWS).collect();
        Self { names, rows }
    }

    /// Of objects: those of `rows` that have a field by its path have its text there.
    pub(crate) fn of_objects(rows: impl Iterator<Item = Vec<(String, String)>>) -> Self {
        let mut preview = Self::default();
        for row in rows.take(ROWS) {
            let mut texts = vec![String::new(); preview.names.len()];
            for (name, text) in row {
                let place = preview.names.iter().position(|known| *known == name);
                let place = place.unwrap_or_else(|| {
                    preview.names.push(name);
                    texts.push(String::new());
                    preview.names.len() - 1
                });
                texts[place] = text;
            }
            preview.rows.push(texts);
        }
        let width = preview.names.len();
        preview.rows.iter_mut().for_each(|row| row.resize(width, String::new()));
        preview
    }

    /// Whether its rows are arrays, whose values have places for names.
    pub(crate) fn is_of_arrays(&self) -> bool {
        let is_place = |name: &String| name.starts_with(|first: char| first.is_ascii_digit());
        !self.names.is_empty() && self.names.iter().all(is_place)
    }

    /// The texts of a column, from above.
    pub(crate) fn column(&self, place: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().filter_map(move |row| row.get(place)).map(String::as_str)
    }

    /// Whether a column has anything in it; one of no rows may.
    pub(crate) fn is_filled(&self, place: usize) -> bool {
        self.rows.is_empty() || self.column(place).any(|text| !text.is_empty())
    }

    /// The place of a column by its name: as it is written, else in any case.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let exact = self.names.iter().position(|known| known == name);
        exact.or_else(|| self.names.iter().position(|known| known.eq_ignore_ascii_case(name)))
    }

    /// The names in one line for a message.
    pub(crate) fn printable(&self) -> String {
        crate::csv_row::printable(self.names.join(", ").as_bytes())
    }
}

/// The fields of a row as text.
pub(crate) fn texts(row: &CsvRow) -> Vec<String> {
    row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
}
