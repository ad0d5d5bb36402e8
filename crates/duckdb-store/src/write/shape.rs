//! Where a table's key columns are.

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use tradekeep_models::record::{Contradiction, Record};
use tradekeep_models::{Table, with_record_of};

/// The columns of a table that deduplication and the checks for conflicts go by, as indices.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) table: Table,
    /// Columns that tell rows apart.
    pub(crate) identity: Vec<usize>,
    /// The time.
    pub(crate) ts: usize,
    /// Columns that all states of one thing share.
    pub(crate) subject: Vec<usize>,
    /// The column that only states of one thing may share.
    pub(crate) unique: Option<usize>,
    /// The column whose values are looked for within the duplicate window, and not at the times of the batch alone.
    pub(crate) sought: Option<usize>,
    /// The columns that have to be alike where the identity is; nothing where more than that has to be looked at.
    pub(crate) alike: Option<Vec<usize>>,
}

impl Shape {
    pub(crate) fn of_table(table: Table) -> Self {
        with_record_of!(table, R => Self::of::<R>())
    }

    fn of<R: Record>() -> Self {
        let indexes = |names: &[&str]| -> Vec<usize> {
            names.iter().filter_map(|name| R::index_of(name)).collect()
        };
        Self {
            table: R::TABLE,
            identity: indexes(R::IDENTITY),
            ts: R::index_of("ts").unwrap_or_default(),
            subject: indexes(R::SUBJECT),
            unique: R::UNIQUE.and_then(R::index_of),
            sought: R::sought().and_then(R::index_of),
            alike: match R::CONTRADICTION {
                Contradiction::Duplicate => Some(Vec::new()),
                Contradiction::ConflictIn(columns) if R::sought().is_none() => {
                    Some(indexes(columns))
                }
                _ => None,
            },
        }
    }

    /// Names of columns, for a statement.
    pub(crate) fn names(&self, places: &[usize]) -> Vec<&'static str> {
        places.iter().map(|place| self.table.columns()[*place].name).collect()
    }

    /// Turns these columns of batches with `schema` into bytes that compare.
    pub(crate) fn converter(
        schema: &SchemaRef,
        places: &[usize],
    ) -> Result<RowConverter, ArrowError> {
        let field = |place: &usize| SortField::new(schema.field(*place).data_type().clone());
        RowConverter::new(places.iter().map(field).collect())
    }
}
