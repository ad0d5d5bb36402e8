//! Tables.

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};
use tradekeep::models::Timestamp;

/// Space between columns.
const GAP: usize = GAP_WIDTH as usize;
const GAP_WIDTH: u16 = 2;
/// A column of a table.
#[derive(Debug)]
pub(crate) struct Column {
    name: &'static str,
    cells: Vec<String>,
    right: bool,
    /// Whether a terminal can do without it.
    extra: bool,
    /// How it may be cut to fit a terminal.
    cut: Cut,
}

/// How the cells of a column give way to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Not at all.
    None,
    /// Names: in the middle, as they are told apart by both ends.
    Middle,
    /// Sentences.
    End,
    /// Times: nanoseconds, microseconds, milliseconds.
    Second,
    /// Numbers: their last decimals. Holds what stays at least.
    Decimals(usize),
}

impl Column {
    /// Of text.
    pub(crate) const fn text(name: &'static str, cells: Vec<String>) -> Self {
        Self { name, cells, right: false, extra: false, cut: Cut::None }
    }

    /// Of times.
    pub(crate) fn times(name: &'static str, times: impl IntoIterator<Item = Timestamp>) -> Self {
        Self { cut: Cut::Second, ..Self::text(name, super::times(times)) }
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
        let longest = cells.iter().map(String::len).max().unwrap_or(0);
        for cell in &mut cells {
            cell.insert_str(0, &" ".repeat(longest - cell.len()));
        }
        let whole = longest - widest;
        Self { cut: Cut::Decimals(whole + DECIMALS), ..Self::amounts(name, cells) }
    }

    /// That a terminal can do without: left out where it is empty or does not fit, the last first.
    pub(crate) const fn extra(mut self) -> Self {
        self.extra = true;
        self
    }

    /// Of names that may be cut to fit a terminal.
    pub(crate) const fn long(mut self) -> Self {
        self.cut = Cut::Middle;
        self
    }

    /// Of sentences that may be cut to fit a terminal.
    pub(crate) const fn prose(mut self) -> Self {
        self.cut = Cut::End;
        self
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(String::as_str).chain([self.name]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// Characters it takes when it gives way to extra columns.
    fn short_width(&self) -> usize {
        self.width().min(match self.cut {
            Cut::None => usize::MAX,
            Cut::Middle => 24,
            Cut::End => 48,
            Cut::Second => MILLIS,
            Cut::Decimals(least) => least.max(self.name.len()),
        })
    }

    /// Characters that it takes at least.
    fn least_width(&self) -> usize {
        match self.cut {
            Cut::Middle | Cut::End => self.width().min(12).max(self.name.len()),
            Cut::Second => self.width().min(SECONDS),
            _ => self.short_width(),
        }
    }

    /// Makes it narrower by a character, or a few.
    fn cut(&mut self) {
        let width = self.width().saturating_sub(1);
        for cell in &mut self.cells {
            let count = cell.chars().count();
            if count <= width {
                continue;
            }
            let (head, tail) = match self.cut {
                Cut::None => continue,
                Cut::Middle => (width - (width - 1) / 2, (width - 1) / 2),
                Cut::End | Cut::Decimals(_) => (width, 0),
                Cut::Second if width < MILLIS => (SECONDS, 0),
                Cut::Second => (MILLIS + (width - MILLIS) / 3 * 3, 0),
            };
            let mut short: String = cell.chars().take(head).collect();
            let left_out = cell.chars().skip(head).any(|c| c != ' ');
            if left_out && self.cut != Cut::Second {
                short.pop();
                short.push('…');
            }
            short.extend(cell.chars().skip(count - tail));
            *cell = short;
        }
    }
}

/// Decimals that a number keeps at least, its point and a mark of what is cut off included.
const DECIMALS: usize = 8;
/// Characters of a time with seconds, and with milliseconds.
const SECONDS: usize = 19;
const MILLIS: usize = 23;

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
    let taken = |columns: &[Column], of: fn(&Column) -> usize| {
        columns.iter().map(of).sum::<usize>() + GAP * columns.len().saturating_sub(1)
    };
    while taken(&columns, Column::short_width) > width
        && let Some(last) = columns.iter().rposition(|column| column.extra)
    {
        left_out.push(columns.remove(last).name);
    }
    left_out.reverse();
    // The widest gives way first.
    while taken(&columns, Column::width) > width
        && let Some(widest) = (columns.iter_mut())
            .filter(|column| column.width() > column.least_width())
            .max_by_key(|column| column.width())
    {
        widest.cut();
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
    let last = columns.len().saturating_sub(1);
    for (place, column) in table.column_iter_mut().enumerate() {
        // A styled header would carry the gap past the end of the line.
        column.set_padding((0, if place < last { GAP_WIDTH } else { 0 }));
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
    fn times_and_numbers_lose_digits() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let columns = || {
            let times = [at("2024-08-08T10:00:05.123456789Z"), at("2024-08-08")];
            let numbers = cells(["1.123456789012345678", "22.5"]);
            vec![Column::times("time", times), Column::numbers("price", numbers)]
        };
        let shown = |width| -> Vec<Vec<String>> {
            fit(columns(), Some(width)).0.into_iter().map(|column| column.cells).collect()
        };
        assert_eq!(
            shown(50),
            [
                ["2024-08-08 10:00:05.123456", "2024-08-08 00:00:00.000000"],
                [" 1.123456789012345678", "22.5                 "],
            ]
        );
        assert_eq!(
            shown(1),
            [["2024-08-08 10:00:05", "2024-08-08 00:00:00"], [" 1.123456…", "22.5      "],]
        );
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
        let (some, out) = fit(columns(), Some(34));
        assert_eq!((names(&some), out), (vec!["name", "one", "text"], vec!["two"]));
        let (few, out) = fit(columns(), Some(20));
        assert_eq!((names(&few), out), (vec!["name", "text"], vec!["one", "two"]));
        assert_eq!(few[1].cells, ["1234567…567890", "x"]);
        assert_eq!(fit(columns(), Some(1)).0[1].cells[0], "123456…67890");
        let prose = vec![Column::text("text", cells(["12345678901234567890", "x"])).prose()];
        assert_eq!(fit(prose, Some(14)).0[0].cells[0], "1234567890123…");
    }
}
