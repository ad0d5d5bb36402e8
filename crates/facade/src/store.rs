//! The wired stores.

use std::ops::Deref;
use std::sync::Arc;

use tradekeep_ingest::SinkConfig;
use tradekeep_ingest::inspect::SpoolStatus;
use tradekeep_store_traits::{
    ApproxLatencies, CandleViews, RecordSink, RecordStore, Result, SeriesStore, Table, Trouble,
};

use crate::backends::Backend;
use crate::health::{Report, StoreReport};
use crate::intake::Intake;
use crate::routed::{Routed, Store};
use crate::{Config, Role};

/// The stores of a configuration, open, each role answered by its own.
///
/// Cheap to clone: clones share the stores. Roles whose URLs name one store share it.
///
/// It is a [`SeriesStore`], with every method of one: [`save`](SeriesStore#method.save), lists as
/// [`trades`](SeriesStore#method.trades), candles, numbers. Each record goes to the store of its table, and comes
/// from there.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
/// use tradekeep::prelude::*;
///
/// let keep = Tradekeep::open(&Config::from_url("memory://")?).await?;
/// let (service, operation) = (Name::new("router")?, Name::new("quote")?);
/// let took = Latency::new("2024-08-08T10:00:05Z".parse()?, service, operation, 1_250_000);
/// keep.save(vec![took.clone()]).await?;
/// assert_eq!(keep.latencies(LatencyFilter::default()).limit(10).all().await?, [took]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        let (layers, mut stores) = (config.layers(), Vec::new());
        for backend in &opened {
            let handles = backend.connect(config.memory_megabytes()).await;
            match handles.and_then(|handles| Store::new(backend.scheme(), handles, layers)) {
                Ok(store) => stores.push(store),
                Err(error) => {
                    for store in stores {
                        // The error that is told came first, and nothing was written.
                        let _ = store.records.close().await;
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
        let sinks =
            opened.iter().zip(&stores).enumerate().map(|(place, (backend, store))| SinkConfig {
                id: backend.sink_id(intake.data()),
                name: backend.name(),
                sink: Arc::clone(&store.records) as _,
                tables: tables(place),
                from_now: false,
            });
        let sinks = sinks.collect();
        let also = stores.split_off(with_roles).into_iter().map(|store| store.records).collect();
        Ok(Self {
            routed: Arc::new(Routed::new(stores, of)),
            intake: Arc::new(Intake { config: intake, sinks, also }),
        })
    }

    /// All roles in one handle, for code that takes a store: as `Arc<dyn SeriesStore>`, or, since it becomes
    /// that by itself, as the `Arc<dyn RecordSink>` or whichever one role it needs.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().build()?.block_on(async {
    /// use std::sync::Arc;
    /// use tradekeep::prelude::*;
    /// use tradekeep::stores::TickStore;
    ///
    /// async fn count(store: Arc<dyn TickStore>) -> tradekeep::Result<usize> {
    ///     Ok(store.series().await?.len())
    /// }
    ///
    /// let store = Tradekeep::open(&Config::from_url("memory://")?).await?;
    /// assert_eq!(count(store.store()).await?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn store(&self) -> Arc<dyn SeriesStore> {
        Arc::clone(&self.routed) as _
    }

    /// The candles that the store of ticks keeps by itself: `keep.candle_views()?.view_candles(&query)`.
    ///
    /// # Errors
    /// `Unsupported`, naming the stores that do, where it keeps none.
    pub fn candle_views(&self) -> Result<&dyn CandleViews> {
        self.routed.candle_views()
    }

    /// Approximate statistics of latencies, of the store of metrics:
    /// `keep.approx_latencies()?.approx_latency_stats(&filter)`.
    ///
    /// # Errors
    /// `Unsupported`, naming the stores that have them, where it does not.
    pub fn approx_latencies(&self) -> Result<&dyn ApproxLatencies> {
        self.routed.approx_latencies()
    }

    /// How each store is doing.
    pub async fn health(&self) -> Report {
        let roles = self.routed.stores().map(|(_, roles)| roles);
        let roles = roles.chain(std::iter::repeat_with(Vec::new));
        let mut stores = Vec::new();
        for ((store, roles), sink) in self.stores().zip(roles).zip(&self.intake.sinks) {
            let name = sink.name.clone();
            stores.push(StoreReport { name, roles, health: store.health().await });
        }
        Report { stores }
    }

    /// Counts what each store has, and compares that with what was new to it as a spool tells
    /// ([`ingest::inspect::status`](crate::ingest::inspect::status)): a table that has fewer rows has lost some.
    /// Tables that days were dropped from, by a retention floor, are left out. It reads every table's size, and may
    /// take long.
    ///
    /// # Errors
    /// When a store cannot be read.
    pub async fn missing(&self, spool: &SpoolStatus) -> Result<Vec<Trouble>> {
        let mut troubles = Vec::new();
        for (store, sink) in self.stores().zip(&self.intake.sinks) {
            let Some(held) = spool.sinks.iter().find(|held| held.id == sink.id.as_str()) else {
                continue;
            };
            for stats in store.table_stats().await? {
                let lane = held.lanes.iter().find(|lane| lane.table == stats.table);
                let inserted = lane.map_or(0, |lane| lane.inserted);
                if stats.rows < inserted && store.floor(stats.table).await?.is_none() {
                    troubles.push(Trouble::new(
                        format!(
                            "{} has {} rows of {}, and the spool has seen {inserted} new ones arrive there",
                            sink.name, stats.rows, stats.table
                        ),
                        "restore a backup, or import again what is missing: what is stored is not doubled; `tradekeep \
                         spool new-epoch` begins to count anew",
                    ));
                }
            }
        }
        Ok(troubles)
    }

    /// Every store, in the order of [`sinks`](Self::sinks).
    pub(crate) fn stores(&self) -> impl Iterator<Item = &Arc<dyn RecordStore>> {
        self.routed.stores().map(|(store, _)| store).chain(&self.intake.also)
    }

    /// Finishes what is under way and closes every store, so that another process can open them. An
    /// [`Ingest`](crate::ingest::Ingest) that is open is shut down before.
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
}

impl Deref for Tradekeep {
    type Target = dyn SeriesStore;

    fn deref(&self) -> &Self::Target {
        &*self.routed
    }
}
