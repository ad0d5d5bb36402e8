//! Positions in streams, which tell measurements and events of one moment apart.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use smol_str::{SmolStr, format_smolstr};

use crate::{StreamId, new_id};

/// The position of a record in the stream it came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamPosition {
    /// The stream.
    pub stream: StreamId,
    /// The number in it.
    pub seq: i64,
}

impl StreamPosition {
    /// The next position in this process's own stream: no other record has it, or ever will.
    ///
    /// So a record that is made once and saved twice is stored once, and two that are made alike are
    /// stored both.
    #[must_use]
    pub fn next() -> Self {
        static STREAM: LazyLock<SmolStr> =
            LazyLock::new(|| format_smolstr!("process-{}", new_id().simple()));
        static SEQ: AtomicI64 = AtomicI64::new(0);
        let stream = StreamId::of_process(&STREAM);
        Self { stream, seq: SEQ.fetch_add(1, Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_position_comes_twice() {
        let (a, b) = (StreamPosition::next(), StreamPosition::next());
        assert_eq!(a.stream, b.stream);
        assert!(a.seq < b.seq && StreamId::new(a.stream.as_str()).is_ok());
    }
}
