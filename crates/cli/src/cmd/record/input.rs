//! Stdin, as far as it has come: whole lines, and never a wait for more than there is.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;
use tradekeep::formats::MAX_LINE;

use crate::input::next_chunk;

/// Bytes read at once, reads that may wait to be looked at, and bytes looked at together.
const CHUNK: usize = 1 << 16;
const AHEAD: usize = 4;
const TOGETHER: usize = 1 << 19;
/// What some programs write in front of UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// How long a read that is under way gets when no more are wanted.
const LAST_READ: Duration = Duration::from_millis(50);

/// A source of lines, read by a thread of its own.
pub(super) struct Input {
    chunks: Receiver<io::Result<Vec<u8>>>,
    enough: Arc<AtomicBool>,
    lines: Lines,
}

impl Input {
    pub(super) fn start(source: impl Read + Send + 'static) -> Result<Self> {
        let (sender, chunks) = channel(AHEAD);
        let enough = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&enough);
        thread::Builder::new()
            .name("tradekeep-stdin".into())
            .spawn(move || pump(source, &sender, &asked))
            .context("a thread could not be started")?;
        Ok(Self { chunks, enough, lines: Lines::default() })
    }

    /// Waits for more; false where there is none to come. It may be dropped at any time.
    pub(super) async fn fill(&mut self) -> Result<bool> {
        let Some(chunk) = self.chunks.recv().await else {
            self.lines.end();
            return Ok(false);
        };
        self.push(chunk)?;
        while self.lines.unread() < TOGETHER
            && let Ok(chunk) = self.chunks.try_recv()
        {
            self.push(chunk)?;
        }
        Ok(true)
    }

    /// Takes what has been read already, and no more.
    pub(super) async fn stop(&mut self) -> Result<()> {
        self.enough.store(true, Ordering::SeqCst);
        // A read that waits in vain is left alone.
        while let Ok(Some(chunk)) = timeout(LAST_READ, self.chunks.recv()).await {
            self.push(chunk)?;
        }
        Ok(())
    }

    /// The next line that is there as a whole, and its number.
    pub(super) fn next_line(&mut self) -> Option<(u64, &[u8])> {
        self.lines.next()
    }

    /// Whether there is the beginning of one more line.
    pub(super) fn has_part(&self) -> bool {
        self.lines.unread() > 0
    }

    fn push(&mut self, chunk: io::Result<Vec<u8>>) -> Result<()> {
        let chunk = chunk.map_err(|error| {
            anyhow!("stdin cannot be read: {error}; what came before is taken, send the rest again")
        })?;
        self.lines.push(&chunk);
        Ok(())
    }
}

/// Hands on what `source` has, until it ends or no more is wanted.
fn pump(mut source: impl Read, chunks: &Sender<io::Result<Vec<u8>>>, enough: &AtomicBool) {
    while !enough.load(Ordering::SeqCst) {
        let Some(next) = next_chunk(&mut source, CHUNK) else { return };
        let last = next.is_err();
        if chunks.blocking_send(next).is_err() || last {
            return;
        }
    }
}

/// Bytes as lines, in memory that does not grow with a line.
#[derive(Debug, Default)]
struct Lines {
    buffer: Vec<u8>,
    /// Where the next line starts, and how far behind that there is no end of it.
    start: usize,
    searched: usize,
    /// Of the last line.
    number: u64,
    /// The rest of a line that was too long is to be passed.
    skips: bool,
}

impl Lines {
    fn unread(&self) -> usize {
        self.buffer.len() - self.start
    }

    fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..std::mem::take(&mut self.start));
        self.buffer.extend_from_slice(bytes);
    }

    /// No more will come: the last line may lack its end.
    fn end(&mut self) {
        if self.unread() > 0 {
            self.buffer.push(b'\n');
        }
    }

    fn next(&mut self) -> Option<(u64, &[u8])> {
        if self.skips && !self.skip() {
            return None;
        }
        let unread = &self.buffer[self.start..];
        let end = unread[self.searched..].iter().position(|byte| *byte == b'\n');
        let length = match end {
            Some(at) => self.searched + at + 1,
            None if unread.len() > MAX_LINE => {
                self.skips = true;
                unread.len()
            }
            None => {
                self.searched = unread.len();
                return None;
            }
        };
        let line = self.start..self.start + length;
        (self.start, self.searched) = (line.end, 0);
        self.number += 1;
        let line = &self.buffer[line];
        // It is of the text, and of no record.
        let line = if self.number == 1 { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        Some((self.number, line))
    }

    /// Passes the rest of a line; answers whether its end is there.
    fn skip(&mut self) -> bool {
        let unread = &self.buffer[self.start..];
        let end = unread.iter().position(|byte| *byte == b'\n');
        self.skips = end.is_none();
        self.start += end.map_or(unread.len(), |at| at + 1);
        !self.skips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut Lines) -> Vec<(u64, Vec<u8>)> {
        let mut found = Vec::new();
        while let Some((number, line)) = lines.next() {
            found.push((number, line.to_vec()));
        }
        found
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"one\n\ntwo\nthree";
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for chunk in text.chunks(size) {
                lines.push(chunk);
                found.extend(all(&mut lines));
            }
            assert_eq!(found.len(), 3, "{size}");
            lines.end();
            found.extend(all(&mut lines));
            let expected = [(1, &b"one\n"[..]), (2, b"\n"), (3, b"two\n"), (4, b"three\n")]
                .map(|(n, line)| (n, line.to_vec()));
            assert_eq!(found, expected, "{size}");
        }
    }

    #[test]
    fn a_mark_in_front_of_the_text_is_no_part_of_a_line() {
        let mut lines = Lines::default();
        lines.push(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n");
        let expected = [(1, b"one\n".to_vec()), (2, b"\xef\xbb\xbftwo\n".to_vec())];
        assert_eq!(all(&mut lines), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line_and_takes_no_memory() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for _ in 0..100 {
            lines.push(&[b'x'; CHUNK]);
            found.extend(
                all(&mut lines).into_iter().map(|(number, line)| (number, line.len() > MAX_LINE)),
            );
            assert!(lines.buffer.len() <= MAX_LINE + 2 * CHUNK);
        }
        lines.push(b"x\nnext\n");
        assert_eq!(found, [(1, true)]);
        assert_eq!(all(&mut lines), [(2, b"next\n".to_vec())]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn it_stops_beside_a_silent_writer_with_all_that_was_read() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut input = Input::start(reader).unwrap();
        io::Write::write_all(&mut writer, b"one\ntw").unwrap();
        assert!(input.fill().await.unwrap());
        input.stop().await.unwrap();
        assert_eq!(all(&mut input.lines), [(1, b"one\n".to_vec())]);
        assert!(input.has_part());
        drop(writer);
    }
}
