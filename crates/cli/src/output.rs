//! What goes to stdout: JSON lines, tables, plain lines.

pub(crate) mod reader;
mod table;
mod words;

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::{env, fmt};

use anyhow::{Result, anyhow};
use serde::Serialize;
use terminal_size::{Width, terminal_size_of};

pub(crate) use table::Column;
pub(crate) use words::{counted, grouped, one_line, percent, rounded, size, times, took};

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
    /// Characters in a line, where stdout is a terminal.
    width: Option<usize>,
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
        let width = terminal_size_of(&stdout).map(|(Width(width), _)| width.into());
        let stdout = BufWriter::with_capacity(1 << 16, stdout);
        Self { stdout, closed: false, json, colour, width }
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

    /// A line that stands out, where there are colours.
    pub(crate) fn bold(&mut self, text: impl fmt::Display) -> Result<()> {
        if self.colour { self.line(format_args!("\x1b[1m{text}\x1b[0m")) } else { self.line(text) }
    }

    /// An object in a line of its own.
    pub(crate) fn object(&mut self, object: &impl Serialize) -> Result<()> {
        self.with(|stdout| {
            serde_json::to_writer(&mut *stdout, object)?;
            stdout.write_all(b"\n")
        })
    }

    /// A table. On a terminal, columns that can be done without are left out where they do not fit,
    /// and named.
    pub(crate) fn table(&mut self, columns: Vec<Column>) -> Result<()> {
        let (columns, left_out) = table::fit(columns, self.width);
        self.line(table::draw(&columns, self.colour))?;
        if left_out.is_empty() {
            return Ok(());
        }
        self.dim(format_args!("not shown (see --json): {}", left_out.join(", ")))
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        self.with(Write::flush)
    }
}
