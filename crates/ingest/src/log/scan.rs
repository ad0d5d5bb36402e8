//! The records in the bytes of a segment, whatever happened to them.

use std::ops::Range;

use super::frame::{self, Frame};

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A whole record, from this place on.
    Record(usize, Frame<'a>),
    /// Bytes that are no record, with a whole record behind them.
    Damage(Range<usize>),
    /// Bytes that are no record, with none behind them. The last piece.
    Torn(Range<usize>),
}

/// Goes through a segment's bytes.
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    salt: u64,
    last: u64,
}

impl<'a> Scan<'a> {
    /// From `at` on, behind a record numbered `last`.
    pub(crate) const fn new(bytes: &'a [u8], at: usize, salt: u64, last: u64) -> Self {
        Self { bytes, at, salt, last }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}

impl<'a> Iterator for Scan<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (start, rest) = (self.at, self.rest());
        if let Some(frame) = frame::read(rest, self.salt) {
            self.at += frame.len();
            self.last = self.last.max(frame.head.seq);
            return Some(Piece::Record(start, frame));
        }
        // Zeros to the end are the room that is left.
        let used = used(rest);
        if used == 0 {
            return None;
        }
        if let Some(next) = frame::next_whole(self.bytes, start + 1, self.salt, self.last) {
            self.at = next;
            return Some(Piece::Damage(start..next));
        }
        self.at = self.bytes.len();
        Some(Piece::Torn(start..start + used))
    }
}

/// Bytes up to the last that is not zero.
pub(super) fn used(bytes: &[u8]) -> usize {
    // A page at a time: most of a new segment is zeros.
    const ZEROS: [u8; 4096] = [0; 4096];
    let mut rest = bytes;
    while let Some((before, page)) = rest.split_last_chunk::<{ ZEROS.len() }>() {
        if *page != ZEROS {
            break;
        }
        rest = before;
    }
    rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::super::frame::Head;
    use super::*;

    const SALT: u64 = 3;

    fn segment(seqs: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for seq in seqs {
            let head = Head { seq: *seq, time: 0, kind: 1, version: 1 };
            assert!(frame::write(&mut bytes, SALT, head, |out| {
                out.extend([7; 9]);
                true
            }));
        }
        bytes
    }

    fn seqs(bytes: &[u8]) -> (Vec<u64>, usize, usize) {
        let (mut seqs, mut damage, mut torn) = (Vec::new(), 0, 0);
        for piece in Scan::new(bytes, 0, SALT, 0) {
            match piece {
                Piece::Record(_, frame) => seqs.push(frame.head.seq),
                Piece::Damage(range) => damage += range.len(),
                Piece::Torn(range) => torn += range.len(),
            }
        }
        (seqs, damage, torn)
    }

    #[test]
    fn ends_where_the_room_begins() {
        let mut bytes = segment(&[1, 5, 6]);
        assert_eq!(seqs(&bytes), (vec![1, 5, 6], 0, 0));
        bytes.resize(bytes.len() + 1001, 0);
        assert_eq!(seqs(&bytes), (vec![1, 5, 6], 0, 0));
        assert_eq!(seqs(&[]), (vec![], 0, 0));
    }

    #[test]
    fn every_cut_leaves_the_whole_records() {
        let whole = segment(&[1, 2, 3]);
        let one = whole.len() / 3;
        for cut in 0..whole.len() {
            let (found, damage, torn) = seqs(&whole[..cut]);
            assert_eq!((found.len(), damage), (cut / one, 0), "cut at {cut}");
            assert!(torn <= cut % one, "cut at {cut}");
        }
    }

    #[test]
    fn every_flipped_bit_costs_one_record_and_no_other() {
        let mut whole = segment(&[1, 2, 3]);
        let one = whole.len() / 3;
        whole.resize(whole.len() + 64, 0);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let hit = bit / 8 / one;
            let expected: Vec<u64> = (1..=3).filter(|seq| *seq != hit as u64 + 1).collect();
            let (found, damage, torn) = seqs(&flipped);
            assert_eq!(found, expected, "bit {bit}");
            assert_eq!(damage > 0, hit < 2, "bit {bit}");
            assert_eq!(torn > 0, hit >= 2, "bit {bit}");
        }
    }

    #[test]
    fn a_hole_of_zeros_is_damage() {
        let mut bytes = segment(&[1, 2, 3]);
        let one = bytes.len() / 3;
        bytes[one..2 * one].fill(0);
        assert_eq!(seqs(&bytes), (vec![1, 3], one, 0));
    }
}
