//! Which rows are the latest states of their things.

use std::hash::{BuildHasherDefault, Hasher};

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use duckdb::Connection;
use hashbrown::HashSet;
use tradekeep_models::{ListQuery, Records, Table};
use tradekeep_store_traits::Inner;
use tradekeep_store_traits::sql::{Row, Sql, only_row};

use super::{ask, batches, records};
use crate::sql::{self, Latest};

/// Rows of a table up to which its things are told apart by a number each, in memory.
const FEW: i64 = 2_000_000;
/// Parts that the hashes of as many things are put into.
const PARTS: usize = 256;
/// Rows up to which a page goes on to look at more of them.
const MANY: usize = 1_000_000;

/// The records of a page and one more.
pub(super) fn page(connection: &Connection, wanted: &ListQuery) -> Inner<Records> {
    if !wanted.latest_only() {
        return records(connection, wanted, Latest::Any);
    }
    if wanted.table.is_timed() || !wanted.conditions_by_subject().0.is_empty() {
        let all = !wanted.table.is_timed() || has_versions(connection, wanted.table)?;
        return records(connection, wanted, if all { Latest::OfAll } else { Latest::Any });
    }
    // Most rows are the latest of their things, so that a page is among the first few times as many.
    let mut most = 4 * wanted.limit + 1_000;
    while most < MANY {
        let found = records(connection, wanted, Latest::OfFirst(most))?;
        if found.len() > wanted.limit
            || int(connection, sql::candidates(wanted, most))?
                < i64::try_from(most).unwrap_or(i64::MAX)
        {
            return Ok(found);
        }
        most *= 8;
    }
    records(connection, wanted, Latest::OfAll)
}

/// Whether things of `table`, whose states have times of their own, may have several.
pub(super) fn may_be_several(connection: &Connection, table: Table) -> Inner<bool> {
    let rows = int(connection, sql::count(table))?;
    if rows > FEW {
        return Ok(true);
    }
    let batches = batches(connection, sql::things(table))?;
    let numbers =
        batches.iter().flat_map(|batch| batch.column(0).as_primitive::<UInt64Type>().values());
    // Two things of one number are only compared for nothing.
    Ok(!are_distinct(numbers.copied(), usize::try_from(rows).unwrap_or_default()))
}

/// Whether some `count` hashes are all different. They are told apart in parts that each fit into the processor's
/// cache.
fn are_distinct(hashes: impl Iterator<Item = u64>, count: usize) -> bool {
    let mut parts: Vec<Vec<u64>> = Vec::new();
    parts.resize_with(PARTS, || Vec::with_capacity(count / PARTS * 5 / 4));
    for hash in hashes {
        // The set goes by the other end.
        parts[(hash >> 32) as usize % PARTS].push(hash);
    }
    let mut seen: HashSet<u64, BuildHasherDefault<Unhashed>> = HashSet::default();
    parts.into_iter().all(|part| {
        seen.clear();
        part.into_iter().all(|hash| seen.insert(hash))
    })
}

fn has_versions(connection: &Connection, table: Table) -> Inner<bool> {
    Ok(int(connection, sql::has_versions(table))? > 0)
}

fn int(connection: &Connection, sql: Sql) -> Inner<i64> {
    only_row(ask(connection, sql)?)?.int(0)
}

/// Of numbers that are hashes already.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_of_a_kind_are_found_wherever_they_are() {
        let hashes: Vec<u64> =
            (0..10_000u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let are_distinct =
            |hashes: &[u64]| super::are_distinct(hashes.iter().copied(), hashes.len());
        assert!(are_distinct(&hashes) && are_distinct(&[]) && !are_distinct(&[7, 7]));
        for place in [0, 1, 4_999, 9_999] {
            assert!(!are_distinct(&[&hashes[..], &hashes[place..=place]].concat()), "{place}");
        }
    }
}
