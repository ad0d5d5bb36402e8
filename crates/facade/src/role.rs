//! What stores of series are used for.

use std::fmt;

use tradekeep_models::Table;

/// A kind of data that a store can be named for in `[stores]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Role {
    /// Ticks and candles, computed or stored.
    Ticks,
    /// Our own trades.
    Trades,
    /// Orders, fills, positions.
    Executions,
    /// Metrics, latencies, MEV events.
    Metrics,
    /// System events, health of nodes.
    Events,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Ticks, Self::Trades, Self::Executions, Self::Metrics, Self::Events];

    /// Its key in `[stores]`: `ticks`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ticks => "ticks",
            Self::Trades => "trades",
            Self::Executions => "executions",
            Self::Metrics => "metrics",
            Self::Events => "events",
        }
    }

    /// The role whose store holds `table`.
    #[must_use]
    pub const fn of(table: Table) -> Self {
        match table {
            Table::Ticks | Table::Candles => Self::Ticks,
            Table::Trades => Self::Trades,
            Table::Orders | Table::Fills | Table::Positions => Self::Executions,
            Table::Metrics | Table::Latencies | Table::MevEvents => Self::Metrics,
            Table::SystemEvents | Table::NodeHealth => Self::Events,
        }
    }

    /// Its place in [`ALL`](Self::ALL).
    pub(crate) const fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_all() {
        assert!(Role::ALL.iter().enumerate().all(|(place, role)| role.place() == place));
        for role in Role::ALL {
            assert!(Table::ALL.iter().any(|table| Role::of(*table) == role), "{role}");
        }
    }
}
