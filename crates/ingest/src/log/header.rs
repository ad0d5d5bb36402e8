//! How a segment begins: the same header twice, so that damage to one of them is mended by the other.

use crate::log::KINDS;

/// Bytes before the first record.
pub(crate) const DATA: u64 = 1024;
/// Bytes of each of the two copies.
const COPY: usize = 512;
const MAGIC: &[u8; 8] = b"TKSPOOL\n";
const VERSION: u16 = 1;

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its place in the log.
    pub(crate) index: u64,
    /// Goes into each checksum: random, other for each segment.
    pub(crate) salt: u64,
    /// Records of earlier segments with a higher number are void: they were refused when they could
    /// not be written whole, or stand again in this segment after a sync that failed.
    pub(crate) base_seq: u64,
    /// Records of each kind that the log took before this segment.
    pub(crate) counts: [u64; KINDS],
    /// The log's name: a segment of another one is not read.
    pub(crate) name: String,
}

impl Header {
    /// Both copies.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut copy = Vec::with_capacity(COPY);
        copy.extend_from_slice(MAGIC);
        copy.extend_from_slice(&VERSION.to_le_bytes());
        let name = &self.name.as_bytes()[..self.name.len().min(64)];
        copy.extend_from_slice(&u16::try_from(name.len()).unwrap_or_default().to_le_bytes());
        for number in [self.index, self.salt, self.base_seq].iter().chain(&self.counts) {
            copy.extend_from_slice(&number.to_le_bytes());
        }
        copy.extend_from_slice(name);
        copy.resize(COPY - 4, 0);
        copy.extend_from_slice(&crc32c::crc32c(&copy).to_le_bytes());
        [copy.clone(), copy].concat()
    }

    /// The header of a segment that begins with `bytes`, where a copy of it is whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.chunks_exact(COPY).take(2).find_map(Self::of_copy)
    }

    fn of_copy(copy: &[u8]) -> Option<Self> {
        let (content, sum) = copy.split_at_checked(COPY - 4)?;
        if sum != crc32c::crc32c(content).to_le_bytes() {
            return None;
        }
        let rest = content.strip_prefix(MAGIC)?;
        let (short, rest) = rest.split_at_checked(4)?;
        if short.get(..2)? != VERSION.to_le_bytes() {
            return None;
        }
        let length = usize::from(u16::from_le_bytes(short.get(2..)?.try_into().ok()?));
        let (numbers, rest) = rest.split_at_checked((3 + KINDS) * 8)?;
        let number = |place: usize| {
            numbers.get(place * 8..place * 8 + 8)?.try_into().ok().map(u64::from_le_bytes)
        };
        let mut counts = [0; KINDS];
        for (place, count) in counts.iter_mut().enumerate() {
            *count = number(3 + place)?;
        }
        let name = std::str::from_utf8(rest.get(..length)?).ok()?.to_owned();
        Some(Self { index: number(0)?, salt: number(1)?, base_seq: number(2)?, counts, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_is_mended_by_the_other_copy() {
        let mut counts = [0; KINDS];
        counts[3] = 17;
        let header = Header { index: 2, salt: 9, base_seq: 40, counts, name: "s".into() };
        let bytes = header.to_bytes();
        assert_eq!(bytes.len() as u64, DATA);
        assert_eq!(Header::read(&bytes).unwrap(), header);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::read(&flipped).as_ref(), Some(&header), "bit {bit}");
        }
        assert!(Header::read(&vec![0; 1024]).is_none());
        assert!(Header::read(b"").is_none());
    }
}
