//! What was sent, and what the server has of it, for the oracle in its own process.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Command;

use serde_json::{Map, Value as Json};
use tradekeep::models::Table;
use tradekeep::models::record::{Column, Kind, Record, Value};
use tradekeep_tests::oracle::Promise;

use crate::http::Cell;
use crate::tables::Tables;

/// Compares every row of a table with what was sent. `kept` were to be there, those that are not may be.
#[track_caller]
pub(crate) fn judge<R: Record>(tables: &Tables, sent: impl IntoIterator<Item = (R, Promise)>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let file = |name: &str| BufWriter::new(File::create(path(name)).unwrap());
    let (mut kept, mut open) = (file("sent"), file("open"));
    for (record, promise) in sent {
        let out = if promise == Promise::Kept { &mut kept } else { &mut open };
        writeln!(out, "{}", row(&record)).unwrap();
    }
    let mut out = file("stored");
    for row in stored(tables, R::TABLE, R::COLUMNS) {
        writeln!(out, "{row}").unwrap();
    }
    for mut file in [kept, open, out] {
        file.flush().unwrap();
    }
    let files = ["sent", "stored", "open"].map(path);
    let table = R::TABLE.as_str();
    let said = Command::new(env!("CARGO_BIN_EXE_oracle")).arg(table).args(files).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{table}: {}", text(&said.stdout).trim());
    assert!(said.status.success(), "{table}: {}{}", text(&said.stdout), text(&said.stderr));
}

/// As [`judge`], where all is to be there.
#[track_caller]
pub(crate) fn judge_all<R: Record>(tables: &Tables, sent: impl IntoIterator<Item = R>) {
    judge(tables, sent.into_iter().map(|record| (record, Promise::Kept)));
}

/// A record as a line.
fn row<R: Record>(record: &R) -> String {
    let cell = |tables: usize| match record.value(tables) {
        Value::Null => None,
        Value::Time(time) => Some(time.as_nanos().to_string()),
        value => Some(value.to_string()),
    };
    line(R::COLUMNS, (0..R::COLUMNS.len()).map(cell))
}

/// Every row of a table, as a line.
fn stored(tables: &Tables, table: Table, columns: &[Column]) -> Vec<String> {
    let select = |column: &Column| match column.kind {
        Kind::Time => format!("t.\"{}\"::long", column.name),
        _ => format!("t.\"{}\"", column.name),
    };
    let select: Vec<_> = columns.iter().map(select).collect();
    let sql = format!("SELECT {} FROM \"{}\" t", select.join(", "), tables.table(table));
    let spelled = |(column, cell): (&Column, Cell)| {
        // A number has many spellings.
        cell.map(|text| match column.kind {
            Kind::Decimal | Kind::Float => Value::parse(column.kind, &text).unwrap().to_string(),
            _ => text,
        })
    };
    let rows = tables.ask(&sql).into_iter();
    rows.map(|cells| line(columns, columns.iter().zip(cells).map(spelled))).collect()
}

fn line(columns: &[Column], cells: impl Iterator<Item = Cell>) -> String {
    let cells = columns.iter().zip(cells);
    let there = cells.filter_map(|(column, cell)| Some((column.name.to_owned(), cell?.into())));
    Json::Object(there.collect::<Map<_, _>>()).to_string()
}
