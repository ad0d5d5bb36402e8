//! What the sink knows of the server: its connections, what is under way, what is stored up to when.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as AsyncMutex;
use tradekeep_models::Table;
use tradekeep_store_traits::{ErrorKind, Failure, Inner};

use super::ledger::Ledger;
use super::memory::Memory;
use super::sender::Connection;
use super::shape::Shape;
use crate::QuestDbConfig;
use crate::schema::definitions;
use crate::wal::Log;

/// Everything that writing shares.
#[derive(Debug)]
pub(crate) struct Writer {
    lanes: Vec<Lane>,
    ledger: Mutex<Ledger>,
    closed: AtomicBool,
}

/// A table, to which one batch at a time is sent.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) table: Table,
    pub(crate) shape: Shape,
    pub(crate) turn: AsyncMutex<Turn>,
    /// Moves when the table is made anew, or changed: connections of before still write to what was there.
    generation: AtomicU64,
    /// Of the table on the server; negative while it is not known.
    id: AtomicI64,
    /// The last of its transactions that was seen to be applied.
    pub(crate) applied: AtomicI64,
    /// Whether its table is not the one that was written to, and nobody has asked since which one it is.
    pub(crate) moved: AtomicBool,
    /// Whether it was suspended when its log was last looked at.
    pub(crate) suspended: AtomicBool,
}

/// What whoever writes to a table has for as long as that takes.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) connection: Option<Connection>,
    /// Rows that this process has sent, or that were there before, are not later than this; nothing before
    /// it was asked for.
    pub(crate) newest: Option<i64>,
    /// Something was sent of which is not known whether the server took it.
    pub(crate) unsure: bool,
    /// What is remembered of a table that is searched within the duplicate window.
    pub(crate) memory: Memory,
}

impl Writer {
    pub(crate) fn new(config: &QuestDbConfig) -> Inner<Self> {
        let definitions = definitions()?;
        let defined = |table: &Table| {
            let definition = definitions.iter().find(|found| found.table == table.as_str())?;
            let shape = Shape::new(*table, definition, config.table(table.as_str()));
            Some(Lane::new(*table, shape))
        };
        let lanes = Table::ALL.iter().filter_map(defined).collect();
        Ok(Self { lanes, ledger: Mutex::default(), closed: AtomicBool::new(false) })
    }

    /// The lane of a table. Each has one, in their order.
    pub(crate) fn lane(&self, table: Table) -> &Lane {
        &self.lanes[table as usize]
    }

    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error once the store is closed.
    pub(crate) fn check_open(&self) -> Inner<()> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Failure::new(ErrorKind::Connection, "the store is closed: open it again"));
        }
        Ok(())
    }

    /// Takes no more, and ends every connection once what it sends is answered.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for lane in &self.lanes {
            lane.turn.lock().await.connection = None;
        }
    }
}

impl Lane {
    fn new(table: Table, shape: Shape) -> Self {
        Self {
            table,
            shape,
            turn: AsyncMutex::default(),
            generation: AtomicU64::new(0),
            id: AtomicI64::new(-1),
            applied: AtomicI64::new(0),
            moved: AtomicBool::new(false),
            suspended: AtomicBool::new(false),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Whether the table is the one that it was, as far as is known, `id` being its own.
    pub(crate) fn is(&self, id: i32) -> bool {
        let known = self.id.load(Ordering::SeqCst);
        known < 0 || known == i64::from(id)
    }

    /// The table was found to be in order, with this log.
    pub(crate) fn met(&self, log: &Log) {
        self.id.store(i64::from(log.id), Ordering::SeqCst);
        self.applied.fetch_max(log.applied, Ordering::SeqCst);
    }

    /// The table is another one: what is connected is of no use.
    pub(crate) fn renew(&self) {
        self.id.store(-1, Ordering::SeqCst);
        self.applied.store(0, Ordering::SeqCst);
        self.moved.store(true, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}
