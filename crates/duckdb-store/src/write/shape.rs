//! Where a table's key columns are.

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use tradekeep_models::Table;
use tradekeep_models::record::Record;

/// The columns of a table that deduplication and the checks for conflicts go by, as indices.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) table: Table,
    /// Columns that tell rows apart.
    pub(crate) identity: Vec<usize>,
    /// The time.
    pub(crate) ts: usize,
    /// Columns that all versions of one thing share.
    pub(crate) subject: Vec<usize>,
    /// The column that only versions of one thing may share.
    pub(crate) unique: Option<usize>,
    /// Whether other content under a stored identity is a conflict.
    pub(crate) conflicts: bool,
}

impl Shape {
    pub(crate) fn of<R: Record>() -> Self {
        let places = |names: &[&str]| names.iter().filter_map(|name| R::place(name)).collect();
        Self {
            table: R::TABLE,
            identity: places(R::IDENTITY),
            ts: R::place("ts").unwrap_or_default(),
            subject: places(R::SUBJECT),
            unique: R::UNIQUE.and_then(R::place),
            conflicts: R::CONFLICTS,
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
