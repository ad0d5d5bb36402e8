//! What tells ticks apart.

use std::fmt::Write as _;

use super::Side;
use crate::{Decimal, StreamPosition, TradeId};

/// What tells ticks of one (venue, symbol, ts) apart: the first 8 bytes of a BLAKE3 hash, big-endian.
///
/// With a trade id it is the hash of that id. Without one it is the hash of the lines price,
/// quantity, side and occurrence, where the occurrence counts equal rows before this one in the same
/// source, so that reading a file again gives the same keys. Of a live record without one it is the hash
/// of the lines stream and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TickKey(pub i64);

impl TickKey {
    /// The key of a tick that has a trade id.
    #[must_use]
    pub fn from_trade_id(id: &TradeId) -> Self {
        Self::first_bytes(&blake3::hash(id.as_str().as_bytes()))
    }

    /// The key of a tick that has none: the `occurrence`-th (from 0) of its kind in its source.
    ///
    /// A named `source` keeps its ticks apart from equal ticks of every other source.
    #[must_use]
    pub fn from_content(
        price: Decimal,
        quantity: Decimal,
        side: Option<Side>,
        occurrence: u32,
        source: Option<&str>,
    ) -> Self {
        let side = side.map_or("", Side::as_str);
        // Room for two decimals: no second allocation.
        let mut text = String::with_capacity(128);
        // Writing to a string cannot fail.
        let _ = write!(text, "{price}\n{quantity}\n{side}\n{occurrence}");
        if let Some(source) = source {
            text.push('\n');
            text.push_str(source);
        }
        Self::first_bytes(&blake3::hash(text.as_bytes()))
    }

    /// The key of a tick that has no trade id and comes from no file: of its place in the stream of who
    /// recorded it.
    #[must_use]
    pub fn from_position(position: &StreamPosition) -> Self {
        let StreamPosition { stream, seq } = position;
        // Two lines: neither an id, which is one, nor content, which is four or five.
        Self::first_bytes(&blake3::hash(format!("{}\n{seq}", stream.as_str()).as_bytes()))
    }

    fn first_bytes(hash: &blake3::Hash) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        Self(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for TickKey {
    /// A string: many readers of JSON round numbers of 64 bits.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StreamId, Symbol, Tick, TickBuilder, Timestamp};

    fn builder() -> TickBuilder {
        Tick::builder(Symbol::new("X").unwrap(), Timestamp::MIN)
            .price("1.50".parse().unwrap())
            .quantity("2".parse().unwrap())
    }

    #[test]
    fn keys_are_what_they_were() {
        // Golden: stored keys must never change meaning.
        let by_id = TickKey::from_trade_id(&TradeId::new("3735683259").unwrap());
        assert_eq!(
            by_id,
            builder().trade_id(TradeId::new("3735683259").unwrap()).build().unwrap().key()
        );
        let hash = blake3::hash(b"3735683259");
        assert_eq!(by_id.0.to_be_bytes(), hash.as_bytes()[..8]);
        let content = builder().side(Side::Buy).occurrence(3).build().unwrap().key();
        assert_eq!(content.0.to_be_bytes(), blake3::hash(b"1.5\n2\nbuy\n3").as_bytes()[..8]);
        let (one, two) = ("1.5".parse().unwrap(), "2".parse().unwrap());
        assert_ne!(
            TickKey::from_content(one, two, None, 0, None),
            TickKey::from_content(one, two, None, 0, Some("a"))
        );
    }

    #[test]
    fn keys_of_places_are_what_they_were() {
        let position = StreamPosition { stream: StreamId::new("process-1").unwrap(), seq: 7 };
        let key = TickKey::from_position(&position);
        assert_eq!(key.0.to_be_bytes(), blake3::hash(b"process-1\n7").as_bytes()[..8]);
        assert_ne!(key, TickKey::from_position(&StreamPosition { seq: 8, ..position }));
    }
}
