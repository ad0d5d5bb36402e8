//! Tables.

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};

/// Space between columns.
const GAP: usize = 2;
/// Characters that text is cut to, at least.
const SHORTEST: usize = 12;

/// A column of a table.
#[derive(Debug)]
pub(crate) struct Column {
    name: &'static str,
    cells: Vec<String>,
    right: bool,
    /// Whether a terminal can do without it.
    extra: bool,
    /// Whether it may be cut to fit a terminal.
    long: bool,
}

impl Column {
    /// Of text.
    pub(crate) const fn text(name: &'static str, cells: Vec<String>) -> Self {
        Self { name, cells, right: false, extra: false, long: false }
    }

    /// Of numbers with units.
    pub(crate) fn amounts(name: &'static str, cells: Vec<String>) -> Self {
        Self { right: true, ..Self::text(name, cells) }
    }

    /// Of numbers, their decimal points one below the other.
    pub(crate) fn numbers(name: &'static str, mut cells: Vec<String>) -> Self {
        let places = |cell: &String| cell.find('.').map_or(0, |point| cell.len() - point);
        let widest = cells.iter().map(places).max().unwrap_or(0);
        for cell in &mut cells {
            let missing = widest - places(cell);
            cell.extend(std::iter::repeat_n(' ', missing));
        }
        Self::amounts(name, cells)
    }

    /// That a terminal can do without: left out where it is empty or does not fit, the last first.
    pub(crate) const fn extra(mut self) -> Self {
        self.extra = true;
        self
    }

    /// That may be cut to fit a terminal.
    pub(crate) const fn long(mut self) -> Self {
        self.long = true;
        self
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(String::as_str).chain([self.name]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    fn cut_to(&mut self, width: usize) {
        for cell in &mut self.cells {
            if let Some((end, _)) = cell.char_indices().nth(width - 1)
                && cell.chars().count() > width
            {
                cell.truncate(end);
                cell.push('…');
            }
        }
    }
}

/// The columns to show in so many characters, and the names of those left out.
pub(super) fn fit(
    mut columns: Vec<Column>,
    width: Option<usize>,
) -> (Vec<Column>, Vec<&'static str>) {
    columns.retain(|column| !(column.extra && column.is_empty()));
    let mut left_out = Vec::new();
    let Some(width) = width else {
        return (columns, left_out);
    };
    let surplus = |columns: &[Column]| {
        let gaps = GAP * columns.len().saturating_sub(1);
        (columns.iter().map(Column::width).sum::<usize>() + gaps).saturating_sub(width)
    };
    while surplus(&columns) > 0
        && let Some(last) = columns.iter().rposition(|column| column.extra)
    {
        left_out.push(columns.remove(last).name);
    }
    left_out.reverse();
    let longest = |columns: &[Column]| {
        let long = columns.iter().enumerate().filter(|(_, column)| column.long);
        long.map(|(place, column)| (column.width(), place)).max()
    };
    while surplus(&columns) > 0
        && let Some((wide, place)) = longest(&columns).filter(|(wide, _)| *wide > SHORTEST)
    {
        let room = wide.saturating_sub(surplus(&columns)).max(SHORTEST);
        columns[place].cut_to(room);
    }
    (columns, left_out)
}

pub(super) fn draw(columns: &[Column], colour: bool) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(columns.iter().map(|column| {
        let alignment = if column.right { CellAlignment::Right } else { CellAlignment::Left };
        Cell::new(column.name).add_attribute(Attribute::Dim).set_alignment(alignment)
    }));
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    for row in 0..rows {
        table.add_row(columns.iter().map(|column| {
            let alignment = if column.right { CellAlignment::Right } else { CellAlignment::Left };
            let text = column.cells.get(row).map_or("", String::as_str);
            Cell::new(text).set_alignment(alignment)
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: [&str; 2]) -> Vec<String> {
        cells.map(String::from).to_vec()
    }

    #[test]
    fn tables_line_up() {
        let columns = [
            Column::text("name", cells(["a", "long name"])),
            Column::numbers("price", cells(["61837.63", "5"])),
        ];
        assert_eq!(
            draw(&columns, false),
            "name          price\na          61837.63\nlong name      5"
        );
        assert!(draw(&columns, true).contains("\x1b["));
    }

    #[test]
    fn what_does_not_fit_goes() {
        let columns = || {
            vec![
                Column::text("name", cells(["a", "bb"])),
                Column::text("empty", cells(["", ""])).extra(),
                Column::text("one", cells(["12345", ""])).extra(),
                Column::text("text", cells(["12345678901234567890", "x"])).long(),
                Column::text("two", cells(["123", ""])).extra(),
            ]
        };
        let names = |columns: &[Column]| columns.iter().map(|c| c.name).collect::<Vec<_>>();
        let (all, out) = fit(columns(), None);
        assert_eq!((names(&all), out), (vec!["name", "one", "text", "two"], vec![]));
        let (some, out) = fit(columns(), Some(33));
        assert_eq!((names(&some), out), (vec!["name", "one", "text"], vec!["two"]));
        let (few, out) = fit(columns(), Some(20));
        assert_eq!((names(&few), out), (vec!["name", "text"], vec!["one", "two"]));
        assert_eq!(few[1].cells, ["1234567890123…", "x"]);
        assert_eq!(fit(columns(), Some(1)).0[1].cells[0], "12345678901…");
    }
}
