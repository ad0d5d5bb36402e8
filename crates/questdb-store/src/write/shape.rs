//! How a record of a table is written down for the server.

use questdb::ingress::{Buffer, ColumnName, DecimalView, TableName, TimestampNanos};
use tradekeep_models::record::{Column, Kind, Record, Value};
use tradekeep_models::{Table, with_record_of};
use tradekeep_store_traits::{BadRow, Origin};
use uuid::Uuid;

use super::keys::number;
use crate::rows::NULL_UUID;
use crate::schema::definition::Definition;

/// A column, and where it is.
#[derive(Debug, Clone, Copy)]
struct ColumnAt {
    /// Its index in a record.
    index: usize,
    column: &'static Column,
}

/// A table, as lines and keys see it.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// Its name on the server.
    name: String,
    /// What the protocol wants before everything else.
    symbols: Vec<ColumnAt>,
    /// Everything else but the designated timestamp, which it wants last.
    rest: Vec<ColumnAt>,
    /// Those of the rest that may be absent, and of which the server takes a value for that.
    doubtful: Vec<ColumnAt>,
    /// What tells its rows apart, in a record, the designated timestamp first.
    pub(crate) keys: Vec<usize>,
    /// Whether a row that has the keys of a stored one, or is sought, may contradict it.
    pub(crate) is_judged: bool,
    /// The column whose values are looked for within the duplicate window, and not at the times of a batch alone.
    pub(crate) sought: Option<usize>,
    /// The column that says whose a value there is; nothing where it is an identity, which whoever has it meets.
    pub(crate) owner: Option<usize>,
    table: Table,
}

impl Shape {
    /// Of `table`, which is defined so, and called `name` on the server.
    pub(crate) fn new(table: Table, definition: &Definition, name: String) -> Self {
        let index = |name: &str| table.columns().iter().position(|column| column.name == name);
        let (mut symbols, mut rest) = (Vec::new(), Vec::new());
        for defined in definition.columns.iter().filter(|it| it.name != definition.designated) {
            let Some(index) = index(defined.name) else { continue };
            let at = ColumnAt { index, column: &table.columns()[index] };
            if defined.kind == "SYMBOL" { symbols.push(at) } else { rest.push(at) }
        }
        // Where one is required, it is read back as that value.
        let is_doubtful = |at: &&ColumnAt| {
            !at.column.required && matches!(at.column.kind, Kind::Uuid | Kind::Int)
        };
        let doubtful = rest.iter().filter(is_doubtful).copied().collect();
        let keys = definition.keys.iter().filter_map(|name| index(name)).collect();
        let (sought, owner) = with_record_of!(table, R => sought::<R>());
        let is_judged = with_record_of!(table, R => R::CONTRADICTION.is_possible());
        Self { name, symbols, rest, doubtful, keys, is_judged, sought, owner, table }
    }

    /// The columns of [`keys`](Self::keys).
    pub(crate) fn key_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.keys.iter().map(|index| self.column(*index))
    }

    /// A column, by its index in a record.
    pub(crate) fn column(&self, index: usize) -> &'static Column {
        &self.table.columns()[index]
    }

    /// The number of a row.
    pub(crate) fn number<R: Record>(&self, record: &R) -> u64 {
        number(self.keys.iter().map(|key| record.value(*key)))
    }

    /// Numbers for the value in the column that is sought, and for whose it is.
    pub(crate) fn sought_in<R: Record>(&self, record: &R) -> Option<(u64, Option<u64>)> {
        let number = |column: usize| number(std::iter::once(record.value(column)));
        self.sought.map(|sought| (number(sought), self.owner.map(number)))
    }

    /// Its name on the server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A line a record.
    pub(crate) fn lines<R: Record>(
        &self,
        records: &[R],
        origin: Option<&Origin>,
        buffer: &mut Buffer,
    ) -> questdb::Result<()> {
        let table = TableName::new_unchecked(&self.name);
        let stream = origin.map(stream);
        for (row, record) in records.iter().enumerate() {
            buffer.table(table)?;
            for at in &self.symbols {
                symbol(buffer, at.column.name, &record.value(at.index))?;
            }
            if let Some(stream) = &stream {
                buffer.symbol(ColumnName::new_unchecked(STREAM), stream)?;
            }
            for at in &self.rest {
                plain(buffer, at.column.name, &record.value(at.index))?;
            }
            if let Some(seq) = origin.and_then(|origin| origin.seqs.get(row)) {
                buffer.column_i64(ColumnName::new_unchecked(SEQ), seq.cast_signed())?;
            }
            buffer.at(TimestampNanos::new(record.ts().as_nanos()))?;
        }
        Ok(())
    }

    /// The rows with a value that this server does not tell from none.
    pub(crate) fn unfit<R: Record>(&self, records: &[R]) -> Vec<BadRow> {
        let mut bad = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let is_none = |at: &&ColumnAt| match record.value(at.index) {
                Value::Int(number) => number == i64::MIN,
                Value::Uuid(id) => id == NULL_UUID,
                _ => false,
            };
            if let Some(at) = self.doubtful.iter().find(is_none) {
                let reason = format!(
                    "{}: has the value that QuestDB takes for none, choose another",
                    at.column.name
                );
                bad.push(BadRow::new(index, reason));
            }
        }
        bad
    }
}

/// The columns that say where a row came from.
pub(crate) const STREAM: &str = "ingest_stream";
pub(crate) const SEQ: &str = "ingest_seq";

/// Digits behind the point of every decimal.
const SCALE: u32 = 18;

/// A stream and its epoch, as a row names them.
pub(crate) fn stream(origin: &Origin) -> String {
    format!("{}/{}", origin.stream, origin.epoch)
}

fn symbol(buffer: &mut Buffer, name: &str, value: &Value<'_>) -> questdb::Result<()> {
    let name = ColumnName::new_unchecked(name);
    match value {
        Value::Text(text) => buffer.symbol(name, text)?,
        Value::Bool(truth) => buffer.symbol(name, if *truth { "true" } else { "false" })?,
        _ => return Ok(()),
    };
    Ok(())
}

fn plain(buffer: &mut Buffer, name: &str, value: &Value<'_>) -> questdb::Result<()> {
    let name = ColumnName::new_unchecked(name);
    match value {
        Value::Null => return Ok(()),
        Value::Text(text) => buffer.column_str(name, text)?,
        Value::Int(number) => buffer.column_i64(name, *number)?,
        Value::Float(number) => buffer.column_f64(name, *number)?,
        Value::Bool(truth) => buffer.column_bool(name, *truth)?,
        Value::Decimal(decimal) => {
            let bytes = decimal.scaled().to_be_bytes();
            buffer.column_dec(name, DecimalView::try_new_scaled(SCALE, needed(&bytes))?)?
        }
        Value::Time(time) => buffer.column_ts(name, TimestampNanos::new(time.as_nanos()))?,
        Value::Uuid(id) => {
            let mut text = Uuid::encode_buffer();
            buffer.column_str(name, id.hyphenated().encode_lower(&mut text))?
        }
    };
    Ok(())
}

/// The bytes that make the number: those in front of them only repeat its sign.
fn needed(bytes: &[u8]) -> &[u8] {
    let repeats = |pair: &[u8]| matches!(pair, [0x00, 0x00..=0x7F] | [0xFF, 0x80..=0xFF]);
    let first = bytes.windows(2).position(|pair| !repeats(pair));
    &bytes[first.unwrap_or(bytes.len() - 1)..]
}

/// The column that is sought, and the one that says whose its value is: nothing where it is an identity.
fn sought<R: Record>() -> (Option<usize>, Option<usize>) {
    let owner = R::SUBJECT.first().filter(|_| !R::is_timeless());
    let sought = R::sought().and_then(R::index_of);
    (sought, sought.and(owner.and_then(|name| R::index_of(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_bytes_that_they_need() {
        for (number, bytes) in [
            (0i128, &[0x00][..]),
            (-1, &[0xFF]),
            (127, &[0x7F]),
            (128, &[0x00, 0x80]),
            (-128, &[0x80]),
            (-129, &[0xFF, 0x7F]),
        ] {
            assert_eq!(needed(&number.to_be_bytes()), bytes, "{number}");
        }
        for whole in [i128::MIN, i128::MAX] {
            assert_eq!(needed(&whole.to_be_bytes()), whole.to_be_bytes());
        }
    }
}
