//! What is between a process and a store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tradekeep_ingest::fs::sim::SimFs;
use tradekeep_models::StreamId;
use tradekeep_store_traits::{
    Ack, Batch, Capabilities, Position, RecordSink, Run, Stage, Table, Token,
};

use super::Station;

/// The way from one life of a process to a store: once it is cut, nothing gets through.
#[derive(Debug)]
pub(crate) struct Wire {
    to: Arc<Station>,
    fs: SimFs,
    cut: AtomicBool,
}

impl Wire {
    pub(crate) fn new(to: &Arc<Station>, fs: &SimFs) -> Arc<Self> {
        Arc::new(Self { to: Arc::clone(to), fs: fs.clone(), cut: AtomicBool::new(false) })
    }

    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst) || self.fs.is_powered_off()
    }
}

#[async_trait]
impl RecordSink for Wire {
    fn capabilities(&self, table: Table) -> Capabilities {
        self.to.capabilities(table)
    }

    async fn ping(&self) -> tradekeep_store_traits::Result<()> {
        if self.is_cut() {
            return std::future::pending().await;
        }
        self.to.ping().await
    }

    async fn write(&self, batch: &Batch) -> tradekeep_store_traits::Result<Ack> {
        if self.is_cut() {
            return std::future::pending().await;
        }
        self.to.write(batch).await
    }

    async fn settle(&self, tokens: &[Token]) -> tradekeep_store_traits::Result<Vec<Stage>> {
        self.to.settle(tokens).await
    }

    async fn position(&self, table: Table, run: &Run) -> tradekeep_store_traits::Result<Position> {
        self.to.position(table, run).await
    }

    async fn watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> tradekeep_store_traits::Result<Option<u64>> {
        if self.is_cut() {
            return std::future::pending().await;
        }
        self.to.watermark(stream, epoch, table).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> tradekeep_store_traits::Result<Option<u64>> {
        self.watermark(stream, epoch, table).await
    }

    async fn checkpoint(&self) -> tradekeep_store_traits::Result<()> {
        Ok(())
    }

    async fn close(&self) -> tradekeep_store_traits::Result<()> {
        Ok(())
    }
}
