//! The bytes of one file: as who reads it sees them, and as the disk may hold them.

use fastrand::Rng;

/// One file.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// What a reader sees: the page cache.
    data: Vec<u8>,
    /// What the disk holds for certain, before `log`.
    durable: Vec<u8>,
    /// What was done since, in order.
    log: Vec<Edit>,
    /// How often the file is open.
    pub(super) handles: usize,
}

#[derive(Debug, Clone)]
struct Edit {
    what: What,
    state: Writeback,
}

#[derive(Debug, Clone)]
enum What {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writeback {
    /// Not written back for certain; the next sync does it.
    Dirty,
    /// A sync of it failed. The cache calls it clean, so that no later sync writes it back.
    SyncFailed,
    /// On the disk, above an edit that may not be.
    Settled,
}

/// What a loss of power leaves of an edit that is not settled.
#[derive(Clone, Copy)]
enum Fate {
    Whole,
    Torn,
    Lost,
}

impl Node {
    /// A file that the disk holds as it is.
    pub(super) fn settled(bytes: Vec<u8>) -> Self {
        Self { durable: bytes.clone(), data: bytes, ..Self::default() }
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> usize {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.data.len());
        let count = buffer.len().min(self.data.len() - start);
        buffer[..count].copy_from_slice(&self.data[start..start + count]);
        count
    }

    pub(super) fn write_at(&mut self, bytes: &[u8], at: usize) {
        if !bytes.is_empty() {
            self.edit(What::Write { at, bytes: bytes.to_vec() });
        }
    }

    pub(super) fn set_len(&mut self, len: usize) {
        self.edit(What::Length(len));
    }

    fn edit(&mut self, what: What) {
        what.apply(&mut self.data);
        self.log.push(Edit { what, state: Writeback::Dirty });
    }

    /// A sync that succeeds: what is dirty is on the disk; what a failed one failed to write is not.
    pub(super) fn sync(&mut self) {
        self.mark_dirty_as(Writeback::Settled);
        // What lies above an edit that may be lost has to be laid over it again, so it stays.
        let first_adrift = self.log.iter().position(|edit| edit.state != Writeback::Settled);
        for edit in self.log.drain(..first_adrift.unwrap_or(self.log.len())) {
            edit.what.apply(&mut self.durable);
        }
    }

    /// A sync that fails, as Linux has it: the pages count as clean from now on.
    pub(super) fn fail_sync(&mut self) {
        self.mark_dirty_as(Writeback::SyncFailed);
    }

    fn mark_dirty_as(&mut self, state: Writeback) {
        for edit in self.log.iter_mut().filter(|edit| edit.state == Writeback::Dirty) {
            edit.state = state;
        }
    }

    /// What the disk holds after the power went. Writeback may have reordered, so that any of the
    /// edits that are not settled may have survived, whole or in part.
    pub(super) fn after_power_loss(&self, chance: &mut Rng) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        let open = self.log.iter().filter(|edit| edit.state != Writeback::Settled).count();
        // Where each edit has a fate of its own, all or none of many hardly ever happens, nor does
        // a tail that is torn at one place: these are drawn as such.
        let temper = chance.u8(..4);
        let torn_at = chance.usize(..=open);
        let mut index = 0;
        for edit in &self.log {
            let fate = if edit.state == Writeback::Settled {
                Fate::Whole
            } else {
                index += 1;
                match temper {
                    0 => Fate::Lost,
                    1 => Fate::Whole,
                    2 if index <= torn_at => Fate::Whole,
                    2 if index == torn_at + 1 => Fate::Torn,
                    2 => Fate::Lost,
                    _ => [Fate::Whole, Fate::Torn, Fate::Lost][chance.usize(..3)],
                }
            };
            match fate {
                Fate::Whole => edit.what.apply(&mut bytes),
                Fate::Torn => edit.what.tear(&mut bytes, chance),
                Fate::Lost => {}
            }
        }
        bytes
    }

    /// Flips `mask` of the byte `at` in every copy of it, so that it is flipped whichever survives.
    pub(super) fn flip(&mut self, at: usize, mask: u8) {
        flip_in(&mut self.data, at, mask);
        flip_in(&mut self.durable, at, mask);
        for edit in &mut self.log {
            if let What::Write { at: start, bytes } = &mut edit.what
                && let Some(within) = at.checked_sub(*start)
            {
                flip_in(bytes, within, mask);
            }
        }
    }

    /// Cuts every copy to `len`, so that no loss of power makes the file longer again.
    pub(super) fn cut(&mut self, len: usize) {
        self.data.truncate(len);
        self.durable.truncate(len);
        self.log.retain_mut(|edit| match &mut edit.what {
            What::Write { at, bytes } => {
                bytes.truncate(len.saturating_sub(*at));
                !bytes.is_empty()
            }
            What::Length(to) => {
                *to = len.min(*to);
                true
            }
        });
    }

    /// Replaces every copy by `bytes`.
    pub(super) fn replace(&mut self, bytes: &[u8]) {
        self.data = bytes.to_vec();
        self.durable = bytes.to_vec();
        self.log.clear();
    }
}

fn flip_in(bytes: &mut [u8], at: usize, mask: u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= mask;
    }
}

impl What {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => lay(to, *at, bytes),
            Self::Length(len) => stretch(to, *len),
        }
    }

    /// Applies a part of it.
    fn tear(&self, to: &mut Vec<u8>, chance: &mut Rng) {
        match self {
            Self::Write { at, bytes } => {
                // The length may be on the disk before the bytes are; they read as zeros then.
                if chance.bool() && to.len() < at + bytes.len() {
                    stretch(to, at + bytes.len());
                }
                let mut cut = || chance.usize(..=bytes.len());
                let (one, two) = (cut(), cut());
                let (low, high) = (one.min(two), one.max(two));
                match chance.u8(..3) {
                    0 => lay(to, *at, &bytes[..one]),
                    1 => lay(to, at + low, &bytes[low..high]),
                    _ => {
                        lay(to, *at, &bytes[..low]);
                        lay(to, at + high, &bytes[high..]);
                    }
                }
            }
            // Room is given piece by piece; a cut is not.
            Self::Length(len) if *len > to.len() => stretch(to, chance.usize(to.len()..=*len)),
            Self::Length(len) => {
                if chance.bool() {
                    to.truncate(*len);
                }
            }
        }
    }
}

/// Cuts `to` to `len` bytes, or lengthens it with zeros: by the block, which counts in a debug build.
fn stretch(to: &mut Vec<u8>, len: usize) {
    match len.checked_sub(to.len()) {
        Some(more) => to.extend_from_slice(&vec![0; more]),
        None => to.truncate(len),
    }
}

/// Lays `bytes` over those of `to` from `at` on; a gap before them is zeros.
fn lay(to: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let end = at + bytes.len();
    if to.len() < end {
        stretch(to, end);
    }
    to[at..end].copy_from_slice(bytes);
}
