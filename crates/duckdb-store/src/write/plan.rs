//! Which rows of a batch are new.

use std::hash::BuildHasher;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampNanosecondType;
use arrow::row::{RowConverter, Rows};
use hashbrown::{DefaultHashBuilder, HashTable};
use tradekeep_store_traits::Inner;

use crate::error::conversion;
use crate::write::shape::Shape;

/// The rows of a batch, and which of them are the first of their identity in it and not stored yet.
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    pub(crate) rows: RecordBatch,
    identities: Rows,
    converter: RowConverter,
    /// The first row of each identity.
    first: HashTable<usize>,
    hasher: DefaultHashBuilder,
    keep: Vec<bool>,
    /// Earliest and latest time.
    pub(crate) span: (i64, i64),
    /// Rows with the identity of an earlier one, and the first of that identity.
    pub(crate) repeats: Vec<(usize, usize)>,
}

impl Plan {
    pub(crate) fn new(shape: Shape, rows: RecordBatch) -> Inner<Self> {
        let converter = Shape::converter(&rows.schema(), &shape.identity).map_err(conversion)?;
        let columns: Vec<_> = shape.identity.iter().map(|at| rows.column(*at).clone()).collect();
        let identities = converter.convert_columns(&columns).map_err(conversion)?;
        let count = rows.num_rows();
        let mut plan = Self {
            identities,
            converter,
            first: HashTable::with_capacity(count),
            hasher: DefaultHashBuilder::default(),
            keep: vec![true; count],
            span: span(&shape, &rows),
            repeats: Vec::new(),
            shape,
            rows,
        };
        plan.find_repeats();
        Ok(plan)
    }

    /// The same plan without its first rows.
    pub(crate) fn skip(self, replayed: usize) -> Inner<Self> {
        let rest = self.rows.slice(replayed, self.rows.num_rows() - replayed);
        Self::new(self.shape, rest)
    }

    fn find_repeats(&mut self) {
        for row in 0..self.rows.num_rows() {
            let identity = self.identities.row(row);
            let hash = self.hasher.hash_one(identity.as_ref());
            let same = |other: &usize| self.identities.row(*other) == identity;
            let rehash = |other: &usize| self.hasher.hash_one(self.identities.row(*other).as_ref());
            match self.first.entry(hash, same, rehash) {
                hashbrown::hash_table::Entry::Vacant(free) => {
                    free.insert(row);
                }
                hashbrown::hash_table::Entry::Occupied(earlier) => {
                    self.repeats.push((row, *earlier.get()));
                    self.keep[row] = false;
                }
            }
        }
    }

    /// For each row of `stored`, whose columns are the identity, the first of the batch that has it.
    pub(crate) fn meet(&self, stored: &RecordBatch) -> Inner<Vec<Option<usize>>> {
        let found = self.converter.convert_columns(stored.columns()).map_err(conversion)?;
        let meet = |row: arrow::row::Row<'_>| {
            let hash = self.hasher.hash_one(row.as_ref());
            // Rows of one converter compare by their bytes.
            let same = |other: &usize| self.identities.row(*other).as_ref() == row.as_ref();
            self.first.find(hash, same).copied()
        };
        Ok(found.iter().map(meet).collect())
    }

    /// Rows with a time before `ts`.
    pub(crate) fn before(&self, ts: i64) -> impl Iterator<Item = usize> {
        let rows = times(&self.shape, &self.rows).iter().enumerate();
        rows.filter(move |(_, time)| **time < ts).map(|(row, _)| row)
    }

    /// Leaves out a row that is stored.
    pub(crate) fn drop_row(&mut self, row: usize) {
        if let Some(keep) = self.keep.get_mut(row) {
            *keep = false;
        }
    }

    /// Leaves out all rows but these.
    pub(crate) fn keep_only(&mut self, rows: &[usize]) {
        self.keep.fill(false);
        rows.iter().for_each(|row| self.keep[*row] = true);
    }

    /// The rows that are new.
    pub(crate) fn new_rows(self) -> Inner<(Shape, RecordBatch)> {
        if self.keep.iter().all(|keep| *keep) {
            return Ok((self.shape, self.rows));
        }
        let keep = BooleanArray::from(self.keep);
        let rows = filter_record_batch(&self.rows, &keep).map_err(conversion)?;
        Ok((self.shape, rows))
    }
}

fn times<'a>(shape: &Shape, rows: &'a RecordBatch) -> &'a [i64] {
    rows.column(shape.ts).as_primitive::<TimestampNanosecondType>().values()
}

fn span(shape: &Shape, rows: &RecordBatch) -> (i64, i64) {
    let times = times(shape, rows);
    let earliest = times.iter().copied().min().unwrap_or(i64::MAX);
    (earliest, times.iter().copied().max().unwrap_or(i64::MIN))
}
