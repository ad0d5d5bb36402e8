//! What goes to stdout: JSON lines, tables, plain lines.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::{env, fmt};

use anyhow::{Result, anyhow};
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use tradekeep::Timestamp;

/// Whether `stream` is a terminal that wants colours.
pub(crate) fn may_colour(stream: &impl IsTerminal) -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !set("NO_COLOR") && env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// Stdout. When nobody reads it any more, what is written is dropped and [`Out::is_closed`] says so.
pub(crate) struct Out {
    stdout: BufWriter<Stdout>,
    closed: bool,
    json: bool,
    colour: bool,
}

impl fmt::Debug for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out").field("json", &self.json).finish_non_exhaustive()
    }
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        let colour = !json && may_colour(&stdout);
        Self { stdout: BufWriter::with_capacity(1 << 16, stdout), closed: false, json, colour }
    }

    /// Whether JSON was asked for.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }

    /// Whether colours are wanted.
    pub(crate) const fn colour(&self) -> bool {
        self.colour
    }

    /// Whether nobody reads any more.
    pub(crate) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Writes what `write` writes.
    pub(crate) fn with(
        &mut self,
        write: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<()>,
    ) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        match write(&mut self.stdout) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            outcome => outcome.map_err(|error| {
                anyhow!("cannot write to stdout: {error}; send it to another place")
            }),
        }
    }

    /// A line.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<()> {
        self.with(|stdout| writeln!(stdout, "{text}"))
    }

    /// A line that stands back, where there are colours.
    pub(crate) fn dim(&mut self, text: impl fmt::Display) -> Result<()> {
        if self.colour { self.line(format_args!("\x1b[2m{text}\x1b[0m")) } else { self.line(text) }
    }

    /// An object in a line of its own.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> Result<()> {
        self.with(|stdout| {
            serde_json::to_writer(&mut *stdout, object)?;
            stdout.write_all(b"\n")
        })
    }

    /// A table.
    pub(crate) fn table(&mut self, columns: &[Column]) -> Result<()> {
        let text = table(columns, self.colour);
        self.line(text)
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        self.with(Write::flush)
    }
}

/// A column of a table.
#[derive(Debug)]
pub(crate) struct Column {
    name: &'static str,
    cells: Vec<String>,
    right: bool,
}

impl Column {
    /// Of text.
    pub(crate) const fn text(name: &'static str, cells: Vec<String>) -> Self {
        Self { name, cells, right: false }
    }

    /// Of numbers, their decimal points one below the other.
    pub(crate) fn numbers(name: &'static str, mut cells: Vec<String>) -> Self {
        let places = |cell: &String| cell.find('.').map_or(0, |point| cell.len() - point);
        let widest = cells.iter().map(places).max().unwrap_or(0);
        for cell in &mut cells {
            let missing = widest - places(cell);
            cell.extend(std::iter::repeat_n(' ', missing));
        }
        Self { name, cells, right: true }
    }
}

fn table(columns: &[Column], colour: bool) -> String {
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

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 tick`, `2,000 ticks`.
pub(crate) fn counted(number: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Times for people: all with as many decimals as the finest needs, in thousands.
pub(crate) fn times(times: impl IntoIterator<Item = Timestamp>) -> Vec<String> {
    let texts: Vec<_> = times.into_iter().map(|ts| ts.to_string()).collect();
    // 2024-08-08T10:00:05.123456789Z
    let decimals = |text: &String| {
        let fraction = text.get(20..29).unwrap_or_default().trim_end_matches('0');
        fraction.len().div_ceil(3) * 3
    };
    let finest = texts.iter().map(decimals).max().unwrap_or(0);
    let end = if finest == 0 { 19 } else { 20 + finest };
    texts.iter().map(|text| text.get(..end).unwrap_or(text).replace('T', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "tick"), "1 tick");
    }

    #[test]
    fn times_are_as_fine_as_needed() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(times([at("2024-08-08")]), ["2024-08-08 00:00:00"]);
        assert_eq!(
            times([at("2024-08-08T00:00:00.1234Z"), at("2024-08-08")]),
            ["2024-08-08 00:00:00.123400", "2024-08-08 00:00:00.000000"]
        );
    }

    #[test]
    fn tables_line_up() {
        let cells = |cells: [&str; 2]| cells.map(String::from).to_vec();
        let columns = [
            Column::text("name", cells(["a", "long name"])),
            Column::numbers("price", cells(["61837.63", "5"])),
        ];
        assert_eq!(
            table(&columns, false),
            "name          price\na          61837.63\nlong name      5"
        );
        assert!(table(&columns, true).contains("\x1b["));
    }
}
