//! Reading a batch of records out of the spool.

use std::io;

use tradekeep_models::StreamId;
use tradekeep_store_traits::{Batch, Origin, Records, Table, with_records};

use crate::codec;
use crate::dead_letter::{Class, RejectedRecord};
use crate::log::Reader;

/// Records of one table, in order, on their way to a sink.
#[derive(Debug)]
pub(crate) struct SpoolBatch {
    /// The records that can be decoded.
    pub(crate) batch: Batch,
    /// When each of those was accepted.
    times: Vec<i64>,
    /// The records that cannot.
    pub(crate) undecodable: Vec<RejectedRecord>,
    /// The number of the last of either.
    pub(crate) last: u64,
}

impl SpoolBatch {
    /// Reads up to `most` records of `table`; nothing where there are none.
    pub(crate) fn read(
        reader: &mut Reader,
        table: Table,
        most: usize,
        stream: &(StreamId, u64),
    ) -> io::Result<Option<Self>> {
        let mut records = Records::empty(table);
        let (mut seqs, mut times, mut undecodable) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = 0;
        while seqs.len() + undecodable.len() < most {
            let frame = match reader.next() {
                Ok(Some(frame)) => frame,
                // The reader is past the records before it: they are sent first, and it fails again then.
                Err(error) if last == 0 => return Err(error),
                Ok(None) | Err(_) => break,
            };
            let head = frame.head;
            last = head.seq;
            match codec::push(&mut records, head.version, frame.payload) {
                Ok(()) => {
                    seqs.push(head.seq);
                    times.push(head.time);
                }
                Err(error) => undecodable.push(RejectedRecord {
                    seq: head.seq,
                    accepted: head.time,
                    class: Class::Undecodable,
                    reason: error.reason,
                    attempts: 0,
                    kind: head.kind,
                    version: head.version,
                    payload: frame.payload.to_vec(),
                }),
            }
        }
        if last == 0 {
            return Ok(None);
        }
        let origin = Origin { stream: stream.0.clone(), epoch: stream.1, seqs };
        let batch = Batch::from_stream(records, origin).map_err(io::Error::other)?;
        Ok(Some(Self { batch, times, undecodable, last }))
    }

    /// Records that were read, decoded or not.
    pub(crate) fn count(&self) -> u64 {
        (self.times.len() + self.undecodable.len()) as u64
    }

    /// Numbers of the records in the batch.
    pub(crate) fn seqs(&self) -> &[u64] {
        self.batch.origin().map_or(&[], |origin| &origin.seqs)
    }

    /// The record at `row`, rejected.
    pub(crate) fn reject(
        &self,
        row: usize,
        class: Class,
        reason: &str,
        attempts: u32,
    ) -> RejectedRecord {
        let table = self.batch.records().table();
        let mut payload = Vec::new();
        // It came out of the spool: it can be written as it was read.
        let _ = with_records!(
            self.batch.records(), records => codec::encode(&records[row], &mut payload)
        );
        RejectedRecord {
            seq: self.seqs().get(row).copied().unwrap_or_default(),
            accepted: self.times.get(row).copied().unwrap_or_default(),
            class,
            reason: bounded(reason),
            attempts,
            kind: table.number(),
            version: codec::version(table),
            payload,
        }
    }
}

/// What a dead letter keeps of a reason: a store may say anything, and a letter is bounded.
fn bounded(reason: &str) -> String {
    const MAX_BYTES: usize = 2_000;
    reason[..reason.floor_char_boundary(MAX_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::fs::FileSystem;
    use crate::fs::sim::{Operation, SimFs};
    use crate::spool::{LockedSpool, SpoolConfig};
    use crate::testing::ticks;

    #[test]
    fn a_read_that_fails_in_the_middle_of_a_batch_loses_nothing_before_it() {
        let sim = SimFs::new();
        let fs: Arc<dyn FileSystem> = Arc::new(sim.clone());
        let config = SpoolConfig { folder: PathBuf::from("spool"), segment_bytes: 8192 };
        let spool = LockedSpool::lock(&fs, config).unwrap();
        let spool = spool.open(Arc::new(SystemClock), &mut |_, _| {}).unwrap();
        let first = spool.append(&ticks(0, 500), |_| Ok(())).unwrap();
        let stream = spool.stream().unwrap();
        let mut reader = spool.reader(Table::Ticks, 0);
        // What is in the buffer can be read; what is behind it cannot, for now.
        assert_eq!(reader.next().unwrap().unwrap().head.seq, first);
        let (mut seqs, mut failures) = (vec![first], 0);
        while seqs.len() < 500 {
            sim.fail_next(Operation::ReadAt, 1, ErrorKind::Other);
            match SpoolBatch::read(&mut reader, Table::Ticks, 1_000, &stream) {
                Ok(taken) => seqs.extend(taken.unwrap().seqs()),
                Err(_) => failures += 1,
            }
            assert!(failures < 100, "it does not go on");
            // The next one works, where the failure was spent on the first.
            if let Ok(Some(taken)) = SpoolBatch::read(&mut reader, Table::Ticks, 10, &stream) {
                seqs.extend(taken.seqs());
            }
        }
        assert_eq!(seqs, (first..first + 500).collect::<Vec<_>>());
    }

    #[test]
    fn a_reason_is_cut_between_letters() {
        assert_eq!(bounded("no"), "no");
        let long = "é".repeat(5_000);
        assert_eq!(bounded(&long).len(), 2_000);
        assert_eq!(bounded(&format!("x{long}")).len(), 1_999);
    }
}
