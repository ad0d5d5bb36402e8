//! The wired stores.

use std::sync::Arc;

use tradekeep_ingest::SinkConfig;
use tradekeep_store_traits::{
    EventStore, ExecutionStore, Maintenance, MetricStore, PartitionAdmin, RecordSink, Result,
    SeriesStore, Table, TickStore, TradeStore,
};

use crate::backends::Backend;
use crate::health::{Report, StoreReport};
use crate::ingest::Intake;
use crate::routed::Routed;
use crate::{Config, Role};

/// The stores of a configuration, open, each role answered by its own.
///
/// Cheap to clone: clones share the stores. Roles whose URLs name one store share it.
///
/// Whatever role it was asked for, what saves, drops days or closes does so as [`sink`](Self::sink) and
/// [`partitions`](Self::partitions) do: every table in the store of its role, all stores closed.
#[derive(Clone)]
pub struct Tradekeep {
    routed: Arc<Routed>,
    pub(crate) intake: Arc<Intake>,
}

impl std::fmt::Debug for Tradekeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tradekeep").finish_non_exhaustive()
    }
}

impl Tradekeep {
    /// Opens the stores of `config`, each once: those of `[stores]`, and those that
    /// [`ingest`](Self::ingest) is to fill besides.
    ///
    /// # Errors
    /// Of the first store that cannot be opened; the others are closed again.
    pub async fn open(config: &Config) -> Result<Self> {
        let (mut opened, mut of) = (Vec::new(), [0; Role::ALL.len()]);
        for role in Role::ALL {
            let backend = config.backend(role);
            let known = opened.iter().position(|other: &&Backend| backend.is(other));
            of[role.place()] = known.unwrap_or(opened.len());
            if known.is_none() {
                opened.push(backend);
            }
        }
        let with_roles = opened.len();
        opened.extend(config.also());
        let mut stores = Vec::new();
        for backend in &opened {
            match backend.connect(config.memory_megabytes()).await {
                Ok(store) => stores.push(store),
                Err(error) => {
                    for store in stores {
                        // The error that is told came first, and nothing was written.
                        let _ = store.close().await;
                    }
                    return Err(error);
                }
            }
        }
        let tables = |place: usize| {
            let held = |table: &&Table| of[Role::of(**table).place()] == place;
            let held = Table::ALL.iter().filter(held).copied().collect();
            if place < with_roles { held } else { Table::ALL.to_vec() }
        };
        let intake = config.ingest();
        let sinks = opened.iter().zip(&stores).enumerate().map(|(place, (backend, store))| {
            let store: Arc<dyn SeriesStore> = Arc::clone(store);
            SinkConfig {
                id: backend.sink_id(intake.data()),
                name: backend.name(),
                sink: store,
                tables: tables(place),
                from_now: false,
            }
        });
        let sinks = sinks.collect();
        let also = stores.split_off(with_roles);
        Ok(Self {
            routed: Arc::new(Routed::new(stores, of)),
            intake: Arc::new(Intake { config: intake, sinks, also }),
        })
    }

    /// The way in, for records of every kind: each goes to the store of its table.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn RecordSink> {
        self.routed()
    }

    /// Ticks and candles.
    #[must_use]
    pub fn ticks(&self) -> Arc<dyn TickStore> {
        self.routed()
    }

    /// Our own trades, and what they gained.
    #[must_use]
    pub fn trades(&self) -> Arc<dyn TradeStore> {
        self.routed()
    }

    /// Orders, fills and positions.
    #[must_use]
    pub fn executions(&self) -> Arc<dyn ExecutionStore> {
        self.routed()
    }

    /// Metrics, latencies and MEV events, and the numbers about them. What they say of trades comes
    /// from the store of trades.
    #[must_use]
    pub fn metrics(&self) -> Arc<dyn MetricStore> {
        self.routed()
    }

    /// System events and the health of nodes.
    #[must_use]
    pub fn events(&self) -> Arc<dyn EventStore> {
        self.routed()
    }

    /// Days of every table: list, size, drop.
    #[must_use]
    pub fn partitions(&self) -> Arc<dyn PartitionAdmin> {
        self.routed()
    }

    /// What every table holds, and putting the stores in order.
    #[must_use]
    pub fn maintenance(&self) -> Arc<dyn Maintenance> {
        self.routed()
    }

    /// How each store is doing.
    pub async fn health(&self) -> Report {
        let besides = self.intake.also.iter().map(|store| (store, Vec::new()));
        let all = self.routed.stores().chain(besides);
        let mut stores = Vec::new();
        for ((store, roles), sink) in all.zip(&self.intake.sinks) {
            let name = sink.name.clone();
            stores.push(StoreReport { name, roles, health: store.health().await });
        }
        Report { stores }
    }

    /// Finishes what is under way and closes every store, so that another process can open them. An
    /// [`Ingest`](crate::Ingest) that is open is shut down before.
    ///
    /// # Errors
    /// When a store could not make everything durable in its own files; what was applied stays
    /// stored, and the others are closed.
    pub async fn shutdown(&self) -> Result<()> {
        let mut outcome = self.routed.close().await;
        for store in &self.intake.also {
            outcome = outcome.and(store.close().await);
        }
        outcome
    }

    fn routed(&self) -> Arc<Routed> {
        Arc::clone(&self.routed)
    }
}
