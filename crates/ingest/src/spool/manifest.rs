//! What the spool is, in one small file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradekeep_models::new_id;

use crate::slots::Slots;

/// The file's name.
pub(crate) const FILE: &str = "manifest";
/// Bytes of a slot.
pub(crate) const SLOT: usize = 4096;

/// The content of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Layout of this file.
    pub(crate) version: u32,
    /// The stream that stores keep a watermark of.
    pub(crate) stream: String,
    /// Moved by an operator's act only: watermarks count anew in each.
    pub(crate) epoch: u64,
    /// Numbers below it may have been given out. It is durable before any of them is.
    pub(crate) bound: u64,
    /// The name in the segments.
    pub(crate) log: String,
    /// By the number of a kind: the last record of it that left the spool; those behind it are held.
    #[serde(default)]
    pub(crate) removed: BTreeMap<usize, u64>,
}

impl Manifest {
    /// A new stream.
    pub(crate) fn new(log: Option<String>) -> Self {
        let stream = format!("spool-{}", new_id().simple());
        let log = log.unwrap_or_else(|| stream.clone());
        Self { version: 1, stream, epoch: 1, bound: 1, log, removed: BTreeMap::new() }
    }

    /// The manifest that stands in `content`; nothing where it is none, or a later version's.
    pub(crate) fn read(content: &[u8]) -> Option<Self> {
        serde_json::from_slice(content).ok().filter(|manifest: &Self| manifest.version == 1)
    }

    /// Makes it durable.
    pub(crate) fn write(&self, slots: &mut Slots) -> std::io::Result<()> {
        slots.write(&serde_json::to_vec(self)?)
    }
}
