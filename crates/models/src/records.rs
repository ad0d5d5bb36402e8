//! The one list of the kinds of records, and records of any kind, one or many.

use crate::record::Record;
use crate::{InvalidInput, Table};

/// Calls the macro `$then`, which is in scope by this name, with every kind of record. What is done once for
/// each kind begins here, so that a new kind is one more line. Where more is given in the form
/// `for_each_record!([path::to::then] more)`, that comes first, in brackets.
///
/// A line has the variant of [`Table`] and of [`Records`], the type of the record and its variant of
/// [`AnyRecord`], the name of lists of them in code, the number that stands for them in files, their table's name
/// in every store, and the word for one of them: `Ticks(Tick) ticks = 1, "ticks", "tick";`.
///
/// ```
/// macro_rules! count {
///     ($($(#[$doc:meta])* $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;)+) => {
///         [$($word),+].len()
///     };
/// }
/// assert_eq!(tradekeep_models::for_each_record!(count), tradekeep_models::Table::ALL.len());
/// ```
#[macro_export]
macro_rules! for_each_record {
    ([$($then:tt)+] $($with:tt)+) => {
        $crate::for_each_record! { @ [$($then)+] [$($with)+] }
    };
    ($then:ident) => {
        $crate::for_each_record! { @ [$then] }
    };
    (@ [$($then:tt)+] $([$($with:tt)+])?) => {
        $($then)+! {
            $([$($with)+])?
            /// Public trade prints.
            Ticks(Tick) ticks = 1, "ticks", "tick";
            /// Our own trades.
            Trades(Trade) trades = 2, "trades", "trade";
            /// Our own orders.
            Orders(Order) orders = 3, "orders", "order";
            /// Executions of our own orders.
            Fills(Fill) fills = 4, "fills", "fill";
            /// Our own positions.
            Positions(Position) positions = 5, "positions", "position";
            /// Measured values.
            Metrics(Metric) metrics = 6, "metrics", "metric";
            /// How long operations took.
            Latencies(Latency) latencies = 7, "latencies", "latency";
            /// What MEV did to our trades, or would have done.
            MevEvents(MevEvent) mev_events = 8, "mev_events", "mev";
            /// What happened to the system.
            SystemEvents(SystemEvent) system_events = 9, "system_events", "event";
            /// How the nodes are.
            NodeHealth(NodeHealth) node_health = 10, "node_health", "node";
            /// Candles as a venue or a file tells them.
            Candles(StoredCandle) stored_candles = 11, "candles", "candle";
        }
    };
}

macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => {
        /// Records of one kind: what goes into a store, and what comes out.
        #[derive(Debug, Clone, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "snake_case")
        )]
        pub enum Records {
            $($(#[$doc])* $table(Vec<crate::$record>)),+
        }

        impl Records {
            /// No record yet, of `table`.
            #[must_use]
            pub const fn empty(table: Table) -> Self {
                match table {
                    $(Table::$table => Self::$table(Vec::new())),+
                }
            }

            /// Adds one.
            ///
            /// # Errors
            /// The same record, where it is of another table.
            #[allow(clippy::result_large_err, reason = "nothing is lost: the record comes back")]
            pub fn push(&mut self, record: AnyRecord) -> Result<(), AnyRecord> {
                match (self, record) {
                    $((Self::$table(rows), AnyRecord::$record(record)) => {
                        rows.push(record);
                        Ok(())
                    })+
                    (_, record) => Err(record),
                }
            }

            /// Adds `more` behind the last.
            ///
            /// # Errors
            /// The same records, where they are of another table.
            pub fn extend(&mut self, more: Self) -> Result<(), Self> {
                match (self, more) {
                    $((Self::$table(rows), Self::$table(more)) => {
                        if rows.is_empty() {
                            *rows = more;
                        } else {
                            rows.extend(more);
                        }
                        Ok(())
                    })+
                    (_, more) => Err(more),
                }
            }
        }

        $(
            impl From<Vec<crate::$record>> for Records {
                fn from(records: Vec<crate::$record>) -> Self {
                    Self::$table(records)
                }
            }

            impl From<crate::$record> for AnyRecord {
                fn from(record: crate::$record) -> Self {
                    Self::$record(record)
                }
            }
        )+

        /// A record of any kind.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "it is moved on at once, into a vector of its own kind")]
        pub enum AnyRecord {
            $(
                #[doc = concat!("A record of the table `", $name, "`.")]
                $record(crate::$record)
            ),+
        }

        impl AnyRecord {
            /// The table it belongs to.
            #[must_use]
            pub const fn table(&self) -> Table {
                match self {
                    $(Self::$record(_) => Table::$table),+
                }
            }
        }

        impl From<AnyRecord> for Records {
            fn from(record: AnyRecord) -> Self {
                match record {
                    $(AnyRecord::$record(record) => Self::$table(vec![record])),+
                }
            }
        }
    };
}

for_each_record!(records);

/// Calls `$body` with the records of a [`Records`], whatever kind they are: `$rows` is their vector.
///
/// ```
/// use tradekeep_models::record::Record;
/// use tradekeep_models::{Records, Timestamp, with_records};
///
/// fn newest(records: &Records) -> Option<Timestamp> {
///     with_records!(records, rows => rows.iter().map(Record::ts).max())
/// }
/// ```
#[macro_export]
macro_rules! with_records {
    ($records:expr, $rows:ident => $body:expr) => {
        $crate::for_each_record!([$crate::__with_records] $records, $rows => $body)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __with_records {
    (
        [$records:expr, $rows:ident => $body:expr]
        $(
            $(#[$doc:meta])*
            $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
        )+
    ) => {
        match $records {
            $($crate::Records::$table($rows) => $body),+
        }
    };
}

/// Calls `$body` for the kind of record that `$table` holds: `$record` is its type.
///
/// ```
/// use tradekeep_models::record::Record;
/// use tradekeep_models::{Table, with_record_of};
///
/// fn is_versioned(table: Table) -> bool {
///     with_record_of!(table, R => !R::SUBJECT.is_empty())
/// }
/// assert!(is_versioned(Table::Orders) && !is_versioned(Table::Fills));
/// ```
#[macro_export]
macro_rules! with_record_of {
    ($table:expr, $type:ident => $body:expr) => {
        $crate::for_each_record!([$crate::__with_record_of] $table, $type => $body)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __with_record_of {
    (
        [$of:expr, $type:ident => $body:expr]
        $(
            $(#[$doc:meta])*
            $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
        )+
    ) => {
        match $of {
            $($crate::Table::$table => {
                type $type = $crate::$record;
                $body
            }),+
        }
    };
}

impl Records {
    /// The table they belong to.
    #[must_use]
    pub fn table(&self) -> Table {
        fn of<R: Record>(_: &[R]) -> Table {
            R::TABLE
        }
        with_records!(self, rows => of(rows))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        with_records!(self, rows => rows.len())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those at these indexes, in the order asked for; nothing where there is none.
    #[must_use]
    pub fn select(&self, indexes: impl IntoIterator<Item = usize>) -> Self {
        let indexes = indexes.into_iter();
        with_records!(self, rows => {
            indexes.filter_map(|index| rows.get(index).cloned()).collect::<Vec<_>>().into()
        })
    }

    /// Checks every record.
    ///
    /// # Errors
    /// Every record that breaks a rule, by its index, with field and reason.
    pub fn validate(&self) -> Result<(), Vec<(usize, InvalidInput)>> {
        fn check<R: Record>((index, record): (usize, &R)) -> Option<(usize, InvalidInput)> {
            record.validate().err().map(|error| (index, error))
        }
        let bad: Vec<_> =
            with_records!(self, rows => rows.iter().enumerate().filter_map(check).collect());
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Latency, Metric, Name, Timestamp};

    fn latency(nanos: u64) -> Latency {
        let name = || Name::new("x").unwrap();
        Latency::new(Timestamp::MIN, name(), name(), nanos)
    }

    #[test]
    fn only_records_of_one_kind_stand_together() {
        let (one, two) = (latency(1), latency(2));
        let mut records = Records::empty(Table::Latencies);
        assert!(records.is_empty());
        records.push(one.clone().into()).unwrap();
        records.extend(Records::from(AnyRecord::from(two.clone()))).unwrap();
        assert_eq!(records, Records::Latencies(vec![one, two.clone()]));
        assert_eq!(records.select([1, 7, 1]), Records::Latencies(vec![two.clone(), two]));

        let metric = Metric::new(Timestamp::MIN, Name::new("x").unwrap(), 1.5);
        let stranger = AnyRecord::Metric(metric);
        assert_eq!(stranger.table(), Table::Metrics);
        assert_eq!(records.push(stranger.clone()), Err(stranger.clone()));
        let strangers = Records::from(stranger);
        assert_eq!(records.extend(strangers.clone()), Err(strangers));
        assert_eq!(records.len(), 2);
    }

    #[test]
    fn what_breaks_a_rule_is_named_by_its_index() {
        let records = Records::Latencies(vec![latency(1), latency(u64::MAX), latency(u64::MAX)]);
        let bad = records.validate().unwrap_err();
        assert_eq!(bad.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(bad[0].1.field, "latency_ns");
    }
}
