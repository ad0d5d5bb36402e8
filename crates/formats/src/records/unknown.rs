//! Fields that no record has, left out of a line and counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tradekeep_models::{InvalidInput, Table};

use super::json::TYPE;
use super::names::fields;
use crate::csv_row::printable;
use crate::json::{Entries, object};
use crate::{Field, ReadOptions};

/// Names that are told apart; a line may have any.
const MOST_NAMES: usize = 1_000;

/// How often each field was left out, by table and name.
#[derive(Debug, Default)]
pub(crate) struct UnknownFields(BTreeMap<(Table, String), u64>);

/// Whether a tick may have a field of this name, or somebody says that it has.
fn is_of_ticks(name: &str, options: &ReadOptions) -> bool {
    let is_mapped = |column: &str| {
        let parts = column.split('+').map(str::trim);
        parts.chain([column]).any(|part| part == name || part.starts_with(&format!("{name}.")))
    };
    options.map.pairs().any(|(_, column)| is_mapped(column))
        || Field::ALL.iter().any(|field| field.is_called(name))
}

impl UnknownFields {
    /// The line without the fields that records of `table` do not have, which are counted; nothing where it has none.
    pub(crate) fn leave_out(
        &mut self,
        table: Table,
        line: &[u8],
        options: &ReadOptions,
    ) -> Result<Option<Vec<u8>>, InvalidInput> {
        let Entries(all) = object(line)?;
        let known = |name: &str| match table {
            Table::Ticks => {
                name == TYPE || table.column(name).is_some() || is_of_ticks(name, options)
            }
            _ => name == TYPE || fields(table).iter().any(|field| field.name == name),
        };
        let (known, unknown): (Vec<_>, Vec<_>) = all.into_iter().partition(|(name, _)| known(name));
        if unknown.is_empty() {
            return Ok(None);
        }
        for (name, _) in unknown {
            let key = (table, printable(name.as_bytes()));
            if self.0.len() < MOST_NAMES || self.0.contains_key(&key) {
                *self.0.entry(key).or_default() += 1;
            } else {
                *self.0.entry((table, "…".to_owned())).or_default() += 1;
            }
        }
        let mut rest = String::with_capacity(line.len());
        for (name, value) in known {
            rest.push(if rest.is_empty() { '{' } else { ',' });
            // Writing to a string cannot fail; a known name needs no escape.
            let _ = write!(rest, "\"{name}\":{}", value.get());
        }
        rest.push_str(if rest.is_empty() { "{}" } else { "}" });
        Ok(Some(rest.into_bytes()))
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = (Table, &str, u64)> {
        self.0.iter().map(|((table, name), count)| (*table, name.as_str(), *count))
    }
}
