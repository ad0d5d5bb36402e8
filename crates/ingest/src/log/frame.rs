//! One record of a log as bytes: a head of 28 bytes, then the payload.
//!
//! ```text
//! length u32 | CRC-32C u32 | seq u64 | time i64 | kind u16 | version u16 | payload
//! ```
//! All little-endian. The checksum covers the segment's salt and everything but itself, so that what
//! an earlier file left on the disk is never taken for a record of this one.

/// Bytes before the payload.
pub(crate) const HEAD: usize = 28;
/// The longest payload: a record's texts and labels are bounded far below it.
pub(crate) const MAX_PAYLOAD: usize = 1 << 20;

/// What a log keeps of a record besides its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its number: greater than that of every record before it.
    pub(crate) seq: u64,
    /// When it was appended, in nanoseconds since 1970, by the machine's clock; for people.
    pub(crate) time: i64,
    /// What the payload is.
    pub(crate) kind: u16,
    /// Which layout of that kind.
    pub(crate) version: u16,
}

/// A record as it stands in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) head: Head,
    pub(crate) payload: &'a [u8],
}

impl Frame<'_> {
    /// Its length in the segment.
    pub(crate) const fn len(&self) -> usize {
        HEAD + self.payload.len()
    }
}

/// Appends a record to `out`, whose payload `payload` appends, where it can.
///
/// Answers whether it could and it fits; `out` is as it was otherwise.
pub(crate) fn write(
    out: &mut Vec<u8>,
    salt: u64,
    head: Head,
    payload: impl FnOnce(&mut Vec<u8>) -> bool,
) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&head.seq.to_le_bytes());
    out.extend_from_slice(&head.time.to_le_bytes());
    out.extend_from_slice(&head.kind.to_le_bytes());
    out.extend_from_slice(&head.version.to_le_bytes());
    let written = payload(out);
    let length = out.len().saturating_sub(start + HEAD);
    let (Ok(bytes), true) = (u32::try_from(length), written && length <= MAX_PAYLOAD) else {
        out.truncate(start);
        return false;
    };
    out[start..start + 4].copy_from_slice(&bytes.to_le_bytes());
    let sum = checksum(salt, &out[start..]);
    out[start + 4..start + 8].copy_from_slice(&sum.to_le_bytes());
    true
}

/// Of a whole record, its own field left out.
fn checksum(salt: u64, record: &[u8]) -> u32 {
    let sum = crc32c::crc32c(&salt.to_le_bytes());
    let sum = crc32c::crc32c_append(sum, &record[..4]);
    crc32c::crc32c_append(sum, &record[8..])
}

/// The record at the beginning of `bytes`; nothing where there is none, or a damaged one.
pub(crate) fn read(bytes: &[u8], salt: u64) -> Option<Frame<'_>> {
    let length = length(bytes)?;
    let record = bytes.get(..HEAD + length)?;
    let number = |at: usize| record.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
    let short = |at: usize| record.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes);
    let sum = record.get(4..8)?.try_into().ok().map(u32::from_le_bytes)?;
    if sum != checksum(salt, record) {
        return None;
    }
    let head = Head {
        seq: number(8)?,
        time: number(16)?.cast_signed(),
        kind: short(24)?,
        version: short(26)?,
    };
    Some(Frame { head, payload: &record[HEAD..] })
}

/// The length of the payload that the head at the beginning of `bytes` claims, where it may be one.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.get(..HEAD)?;
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    usize::try_from(length).ok().filter(|length| *length <= MAX_PAYLOAD)
}

/// Where, from `from` on, the next record begins that is whole and numbered above `after`.
///
/// Every place is tried; the number, which is one of a few million out of 2^64, keeps nearly all of
/// them from having their checksum computed.
pub(crate) fn next_whole(bytes: &[u8], from: usize, salt: u64, after: u64) -> Option<usize> {
    /// More numbers than a segment has, with all the gaps there may be.
    const REACH: u64 = 1 << 40;
    let numbered = |at: usize| {
        let seq = bytes.get(at + 8..at + 16)?.try_into().ok().map(u64::from_le_bytes)?;
        (seq > after && seq - after < REACH).then_some(())
    };
    let last = bytes.len().checked_sub(HEAD)?;
    (from..=last).find(|&at| {
        numbered(at).is_some() && bytes.get(at..).is_some_and(|rest| read(rest, salt).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u64 = 7;

    fn frame(seq: u64, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let head = Head { seq, time: -1, kind: 3, version: 1 };
        assert!(write(&mut out, SALT, head, |out| {
            out.extend_from_slice(payload);
            true
        }));
        out
    }

    #[test]
    fn comes_back_as_it_was_written() {
        let bytes = frame(5, b"abc");
        let read = read(&bytes, SALT).unwrap();
        assert_eq!(read.head, Head { seq: 5, time: -1, kind: 3, version: 1 });
        assert_eq!((read.payload, read.len()), (&b"abc"[..], bytes.len()));
        assert!(super::read(&bytes, SALT + 1).is_none());
        assert!(super::read(&bytes[..bytes.len() - 1], SALT).is_none());
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        let bytes = frame(5, b"price and quantity");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped, SALT).is_none(), "bit {bit}");
        }
    }

    #[test]
    fn too_long_a_payload_leaves_nothing() {
        let mut out = b"before".to_vec();
        let head = Head { seq: 1, time: 0, kind: 1, version: 1 };
        assert!(!write(&mut out, SALT, head, |out| {
            out.resize(out.len() + MAX_PAYLOAD + 1, 0);
            true
        }));
        assert_eq!(out, b"before");
        let mut claimed = frame(1, b"x");
        claimed[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(length(&claimed).is_none());
    }

    #[test]
    fn the_next_whole_record_is_found() {
        let mut bytes = vec![0xff; 13];
        bytes.extend(frame(6, b"six"));
        assert_eq!(next_whole(&bytes, 0, SALT, 5), Some(13));
        assert_eq!(next_whole(&bytes, 0, SALT, 6), None, "numbers only grow");
        assert_eq!(next_whole(&bytes, 14, SALT, 5), None);
        assert_eq!(next_whole(b"short", 0, SALT, 0), None);
    }
}
