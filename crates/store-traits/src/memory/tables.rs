//! All tables of a store, picked by type or by name.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use tradekeep_models::record::Record;
use tradekeep_models::{Day, ListQuery, RecordPage, StreamId, Timestamp, for_each_record, new_id};
use uuid::Uuid;

use super::rows::Rows;
use crate::{Partition, Table, TableStats};

/// A stream, its epoch, and the table that its records go to: each has a watermark.
pub(super) type Source = (StreamId, u64, Table);

/// Everything that changes.
#[derive(Debug)]
pub(super) struct State {
    /// The store's own.
    pub(super) id: Uuid,
    pub(super) tables: Tables,
    pub(super) watermarks: HashMap<Source, u64>,
    /// No row before it is taken into its table.
    pub(super) floors: HashMap<Table, Timestamp>,
    pub(super) last_token: u64,
    pub(super) closed: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            id: new_id(),
            tables: Tables::default(),
            watermarks: HashMap::new(),
            floors: HashMap::new(),
            last_token: 0,
            closed: false,
        }
    }
}

/// A record that has a table here: every record.
pub(super) trait Held: Record {
    fn rows(tables: &Tables) -> &Rows<Self>;
    fn rows_mut(tables: &mut Tables) -> &mut Rows<Self>;
}

macro_rules! held {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => {
        #[derive(Debug, Default)]
        pub(super) struct Tables {
            $($list: Rows<tradekeep_models::$record>),+
        }

        impl Tables {
            pub(super) fn named(&self, table: Table) -> &dyn AnyRows {
                match table {
                    $(Table::$table => &self.$list),+
                }
            }

            pub(super) fn named_mut(&mut self, table: Table) -> &mut dyn AnyRows {
                match table {
                    $(Table::$table => &mut self.$list),+
                }
            }
        }

        $(impl Held for tradekeep_models::$record {
            fn rows(tables: &Tables) -> &Rows<Self> {
                &tables.$list
            }

            fn rows_mut(tables: &mut Tables) -> &mut Rows<Self> {
                &mut tables.$list
            }
        })+
    };
}

for_each_record!(held);

impl Tables {
    /// Records in all of them.
    pub(super) fn len(&self) -> usize {
        Table::ALL.iter().map(|table| self.named(*table).count()).sum()
    }
}

/// What can be done with a table whatever its records are.
pub(super) trait AnyRows: fmt::Debug {
    fn page(&self, query: &ListQuery) -> RecordPage;
    fn count(&self) -> usize;
    fn partitions(&self) -> Vec<Partition>;
    fn drop_days(&mut self, days: &[Day]) -> u64;
    fn stats(&self) -> TableStats;
}

/// An estimate: text that is kept elsewhere is not in it.
fn bytes<R>(rows: u64) -> u64 {
    rows * size_of::<R>() as u64
}

impl<R: Record> AnyRows for Rows<R> {
    fn page(&self, query: &ListQuery) -> RecordPage {
        Self::page(self, query).into()
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn partitions(&self) -> Vec<Partition> {
        let mut days: BTreeMap<Day, u64> = BTreeMap::new();
        for row in self.all() {
            *days.entry(row.ts().day()).or_default() += 1;
        }
        let partition = |(day, rows)| Partition { day, rows, bytes: bytes::<R>(rows) };
        days.into_iter().map(partition).collect()
    }

    fn drop_days(&mut self, days: &[Day]) -> u64 {
        Self::drop_days(self, days)
    }

    fn stats(&self) -> TableStats {
        let rows = self.len() as u64;
        TableStats {
            table: R::TABLE,
            rows,
            bytes: bytes::<R>(rows),
            first_ts: self.all().next().map(R::ts),
            last_ts: self.all().next_back().map(R::ts),
        }
    }
}
