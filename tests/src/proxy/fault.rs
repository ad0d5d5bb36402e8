//! Faults, as plain data.

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server: requests.
    ToServer,
    /// From the server to the client: replies.
    ToClient,
}

/// What goes wrong. The first three are thrown for each connection, the others for each exchange.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing.
    #[default]
    None,
    /// A connection is closed when it is accepted; the server does not see it.
    Refuse,
    /// Nothing is forwarded, neither way, nor is an end, until this fault is lifted. Then all of it is.
    Stall,
    /// Bytes are forwarded at this rate, in each direction.
    Throttle {
        /// Bytes a second; 0 is taken as 1.
        bytes_per_second: u32,
    },
    /// Both sides get a reset once so many bytes of an exchange, of request and reply together, were
    /// forwarded. An exchange that ends before is left alone.
    Reset {
        /// That many; with 0 the server does not see the request.
        after: u64,
    },
    /// Who is spoken to gets an end of stream after so many bytes of an exchange, and what follows in
    /// this direction is lost. The other direction goes on.
    HalfClose {
        /// The direction that ends.
        direction: Direction,
        /// Bytes of the exchange in this direction that are still forwarded.
        after: u64,
    },
    /// One byte of an exchange is changed, which one and how is by the seed.
    Corrupt {
        /// The direction of that byte.
        direction: Direction,
        /// The byte is one of the first so many. Nothing is changed where it comes after the end.
        within: u64,
    },
    /// The request is forwarded completely, and when the server begins to reply, both sides get a reset
    /// before the client sees any of the reply: it cannot know whether the request was served.
    DropReply,
}

/// Something that goes wrong, and how often.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fault {
    /// What.
    pub kind: Kind,
    /// How likely, for each connection or each exchange: from 0 (never) to 1 (always).
    pub probability: f64,
}

impl Fault {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self { kind: Kind::None, probability: 0.0 }
    }

    /// This goes wrong so often.
    #[must_use]
    pub const fn new(kind: Kind, probability: f64) -> Self {
        Self { kind, probability }
    }

    /// This always goes wrong.
    #[must_use]
    pub const fn always(kind: Kind) -> Self {
        Self::new(kind, 1.0)
    }
}
