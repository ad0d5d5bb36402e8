//! What a proxy did.

use super::fault::Direction;

/// What a proxy did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections accepted, refused ones among them.
    pub connections: u64,
    /// Exchanges begun.
    pub exchanges: u64,
    /// Connections closed when they were accepted.
    pub refused: u64,
    /// Connections for which there was no server: the client got a reset.
    pub unreachable: u64,
    /// Times that a stall held something up.
    pub stalls: u64,
    /// Times that a throttle held something up.
    pub throttled: u64,
    /// Connections reset after so many bytes.
    pub resets: u64,
    /// Directions ended early.
    pub half_closes: u64,
    /// Bytes changed.
    pub corruptions: u64,
    /// Connections reset in place of a reply.
    pub dropped_replies: u64,
    /// Bytes forwarded to the server.
    pub bytes_to_server: u64,
    /// Bytes forwarded to clients.
    pub bytes_to_client: u64,
}

impl Counters {
    /// Connections and exchanges disturbed, throttled ones aside: those only took longer.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        self.refused
            + self.stalls
            + self.resets
            + self.half_closes
            + self.corruptions
            + self.dropped_replies
    }

    pub(super) const fn forwarded(&mut self, direction: Direction, bytes: u64) {
        match direction {
            Direction::ToServer => self.bytes_to_server += bytes,
            Direction::ToClient => self.bytes_to_client += bytes,
        }
    }
}
