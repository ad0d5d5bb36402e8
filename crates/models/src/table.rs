//! Which table holds which record.

use std::fmt;
use std::str::FromStr;

use crate::record::{Column, Record};
use crate::{
    Fill, InvalidInput, Latency, Metric, MevEvent, NodeHealth, Order, Position, SystemEvent, Tick,
    Trade,
};

/// Calls a macro with every record but ticks: variant of [`Table`], type.
macro_rules! tables {
    ($($(#[$doc:meta])* $variant:ident($record:ty) = $text:literal),+ $(,)?) => {
        /// A kind of record, and the table that holds it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table {
            $($(#[$doc])* $variant),+
        }

        impl Table {
            /// Every table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in every store: `ticks`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// The columns of its records.
            #[must_use]
            pub const fn columns(self) -> &'static [Column] {
                match self {
                    $(Self::$variant => <$record>::COLUMNS),+
                }
            }

            /// The columns that tell its records apart.
            #[must_use]
            pub const fn identity(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => <$record>::IDENTITY),+
                }
            }
        }
    };
}

tables! {
    /// Public trade prints.
    Ticks(Tick) = "ticks",
    /// Our own trades.
    Trades(Trade) = "trades",
    /// Our own orders.
    Orders(Order) = "orders",
    /// Executions of our own orders.
    Fills(Fill) = "fills",
    /// Our own positions.
    Positions(Position) = "positions",
    /// Measured values.
    Metrics(Metric) = "metrics",
    /// How long operations took.
    Latencies(Latency) = "latencies",
    /// What MEV did to our trades, or would have done.
    MevEvents(MevEvent) = "mev_events",
    /// What happened to the system.
    SystemEvents(SystemEvent) = "system_events",
    /// How the nodes are.
    NodeHealth(NodeHealth) = "node_health",
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Table {
    type Err = InvalidInput;

    /// Reads its name.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let known = || Self::ALL.iter().map(|table| table.as_str()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().find(|table| table.as_str() == text).copied();
        found.ok_or_else(|| InvalidInput::new("table", format!("is none of {}", known())))
    }
}
