//! Taking records out of the spool for a batch.

use std::io;

use tradekeep_models::{InvalidInput, StreamId};
use tradekeep_store_traits::{Batch, Origin, Table, with_records};

use crate::codec::{self, Decoded};
use crate::dead_letter::{Class, Death};
use crate::log::Reader;

/// Records of one table, in order, on their way to a sink.
#[derive(Debug)]
pub(crate) struct Taken {
    /// What can be read of them.
    pub(crate) batch: Batch,
    /// When each of those was accepted.
    times: Vec<i64>,
    /// The others.
    pub(crate) undecodable: Vec<Death>,
    /// The number of the last of either.
    pub(crate) last: u64,
}

impl Taken {
    /// Up to `most` records of `table`; nothing where there are none.
    pub(crate) fn of(
        reader: &mut Reader,
        table: Table,
        most: usize,
        stream: &(StreamId, u64),
    ) -> io::Result<Option<Self>> {
        let mut records = Decoded::new(table);
        let (mut seqs, mut times, mut undecodable) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = 0;
        while seqs.len() + undecodable.len() < most {
            let frame = match reader.next() {
                Ok(Some(frame)) => frame,
                // What was read before is behind the reader: it goes out first.
                Err(error) if last == 0 => return Err(error),
                Ok(None) | Err(_) => break,
            };
            let head = frame.head;
            last = head.seq;
            match records.push(head.version, frame.payload) {
                Ok(()) => {
                    seqs.push(head.seq);
                    times.push(head.time);
                }
                Err(error) => undecodable.push(Death {
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
        let batch = Batch::from_stream(records.into_records(), origin).map_err(io::Error::other)?;
        Ok(Some(Self { batch, times, undecodable, last }))
    }

    /// How many came out of the spool.
    pub(crate) fn count(&self) -> u64 {
        (self.times.len() + self.undecodable.len()) as u64
    }

    /// Numbers of the records in the batch.
    pub(crate) fn seqs(&self) -> &[u64] {
        self.batch.origin().map_or(&[], |origin| &origin.seqs)
    }

    /// The records at `places`, which increase.
    pub(crate) fn part(&self, places: &[usize]) -> Result<Batch, InvalidInput> {
        fn only<R: Clone>(rows: &[R], places: &[usize]) -> Vec<R> {
            places.iter().map(|place| rows[*place].clone()).collect()
        }
        let records = with_records!(self.batch.records(), rows => only(rows, places).into());
        let Some(origin) = self.batch.origin() else { return Ok(Batch::new(records)) };
        let seqs = places.iter().map(|place| origin.seqs[*place]).collect();
        Batch::from_stream(records, Origin { seqs, ..origin.clone() })
    }

    /// The record at `place`, given up.
    pub(crate) fn death(&self, place: usize, class: Class, reason: &str, attempts: u32) -> Death {
        let table = self.batch.records().table();
        let mut payload = Vec::new();
        // It came out of the spool: it can be written as it was read.
        let _ = with_records!(
            self.batch.records(), rows => codec::encode(&rows[place], &mut payload)
        );
        Death {
            seq: self.seqs().get(place).copied().unwrap_or_default(),
            accepted: self.times.get(place).copied().unwrap_or_default(),
            class,
            reason: reason.to_owned(),
            attempts,
            kind: codec::kind(table),
            version: codec::version(table),
            payload,
        }
    }
}
