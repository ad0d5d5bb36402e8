//! Writing.

use async_trait::async_trait;
use tradekeep_models::StreamId;
use tradekeep_store_traits::{Ack, Batch, RecordSink, Result, Stage, Table, Token};

use crate::QuestDbStore;

#[async_trait]
impl RecordSink for QuestDbStore {
    async fn write(&self, _batch: &Batch) -> Result<Ack> {
        unimplemented!()
    }

    async fn settle(&self, _tokens: &[Token]) -> Result<Vec<Stage>> {
        unimplemented!()
    }

    async fn watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        unimplemented!()
    }

    async fn durable_watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        unimplemented!()
    }

    async fn checkpoint(&self) -> Result<()> {
        unimplemented!()
    }

    async fn close(&self) -> Result<()> {
        unimplemented!()
    }
}
