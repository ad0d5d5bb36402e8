//! What a store does of what not every store does.

/// What a store does of what not every store does, with the records of one table. It says so by
/// [`RecordSink::capabilities`](crate::RecordSink::capabilities), and its documentation says why.
///
/// ```
/// use tradekeep_store_traits::Capabilities;
///
/// let upserts = Capabilities::all().without_conflicts().without_watermarks();
/// assert!(!upserts.conflicts && upserts.log);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Capabilities {
    /// It keeps watermarks, in the rows' own transaction. Without them identity alone keeps records single,
    /// and who delivers goes by a cursor of its own.
    pub watermarks: bool,
    /// It names records that conflict with others. Without it the last one written stays.
    pub conflicts: bool,
    /// Of records of one identity with other content that are no conflicts, as of ticks and measurements, it keeps
    /// the first one stored. Without it the last one written stays.
    pub keeps_first: bool,
    /// It has a write-ahead log of its own, with which applied records may be lost: its
    /// [`durable_watermark`](crate::RecordSink::durable_watermark) may be behind its watermark, and a
    /// [`checkpoint`](crate::RecordSink::checkpoint) brings it on.
    pub log: bool,
}

impl Capabilities {
    /// All there are.
    #[must_use]
    pub const fn all() -> Self {
        Self { watermarks: true, conflicts: true, keeps_first: true, log: true }
    }

    /// The same without [`watermarks`](Self::watermarks).
    #[must_use]
    pub const fn without_watermarks(mut self) -> Self {
        self.watermarks = false;
        self
    }

    /// The same without [`conflicts`](Self::conflicts).
    #[must_use]
    pub const fn without_conflicts(mut self) -> Self {
        self.conflicts = false;
        self
    }

    /// The same without [`keeps_first`](Self::keeps_first).
    #[must_use]
    pub const fn without_keeps_first(mut self) -> Self {
        self.keeps_first = false;
        self
    }

    /// The same without a [`log`](Self::log) of its own.
    #[must_use]
    pub const fn without_log(mut self) -> Self {
        self.log = false;
        self
    }
}
