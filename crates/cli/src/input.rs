//! Files and stdin to import from, read in a way that Ctrl-C can end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use indicatif::ProgressBar;
use tokio::signal::unix::{SignalKind, signal};

use crate::Outcome;

/// Stdin's name among files.
pub(crate) const STDIN: &str = "-";

/// Whether Ctrl-C was pressed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Waits for Ctrl-C from now on: the first asks to stop, the second ends the process.
    ///
    /// # Errors
    /// When the system lets no signals be handled.
    pub(crate) fn on_ctrl_c() -> Result<Self> {
        let stop = Self::default();
        let asked = stop.clone();
        let mut pressed = signal(SignalKind::interrupt()).context("Ctrl-C cannot be handled")?;
        tokio::spawn(async move {
            pressed.recv().await;
            asked.0.store(true, Ordering::Relaxed);
            pressed.recv().await;
            // The store loses nothing: a transaction is whole or not there.
            std::process::exit(Outcome::Interrupted.code().into());
        });
        Ok(stop)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> io::Result<()> {
        if self.is_asked() {
            return Err(io::Error::other("stopped"));
        }
        Ok(())
    }
}

/// Something to read from, and its size where that is known.
pub(crate) struct Input {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) size: Option<u64>,
}

impl Input {
    /// Opens `path`; `-` is stdin.
    pub(crate) fn open(path: &Path, stop: &Stop) -> Result<Self> {
        if path.as_os_str() == STDIN {
            return Ok(Self { reader: Box::new(Piped::start(io::stdin(), stop)?), size: None });
        }
        let found = fs::metadata(path).map_err(|error| unreadable(&error))?;
        if found.is_dir() {
            bail!("this is a folder: name the files in it");
        }
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        Ok(if found.is_file() {
            Self { reader: Box::new(file), size: Some(found.len()) }
        } else {
            Self { reader: Box::new(Piped::start(file, stop)?), size: None }
        })
    }
}

fn unreadable(error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound => anyhow!("there is no such file: check its path"),
        io::ErrorKind::PermissionDenied => {
            anyhow!("it may not be read: ask for the right to read it (`ls -l` shows who has it)")
        }
        _ => anyhow!("it cannot be read ({error}): name another file"),
    }
}

/// Counts what is read, and reads no more once that is asked for.
pub(crate) struct Watched {
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) bar: ProgressBar,
    pub(crate) stop: Stop,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.check()?;
        let count = self.reader.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}

/// A pipe read by a thread of its own, because a read from a silent one cannot be called off.
struct Piped {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    read: usize,
    stop: Stop,
}

/// Bytes read at once.
const CHUNK: usize = 1 << 18;
/// How often a silent pipe looks whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);

impl Piped {
    fn start(pipe: impl Read + Send + 'static, stop: &Stop) -> Result<Self> {
        let (sender, chunks) = sync_channel(2);
        thread::Builder::new()
            .name("tradekeep-pipe".into())
            .spawn(move || pump(pipe, &sender))
            .context("a thread could not be started")?;
        Ok(Self { chunks, chunk: Vec::new(), read: 0, stop: stop.clone() })
    }
}

/// Hands on what `pipe` has, until it ends or nobody takes it.
fn pump(mut pipe: impl Read, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    while let Some(next) = next_chunk(&mut pipe, CHUNK) {
        let last = next.is_err();
        if chunks.send(next).is_err() || last {
            return;
        }
    }
}

/// What `source` has next, `most` bytes at most; waits for it. Nothing at its end.
pub(crate) fn next_chunk(source: &mut impl Read, most: usize) -> Option<io::Result<Vec<u8>>> {
    let mut chunk = vec![0; most];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return None,
            Ok(count) => {
                chunk.truncate(count);
                return Some(Ok(chunk));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() {
            match self.chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => (self.chunk, self.read) = (chunk?, 0),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) => self.stop.check()?,
            }
        }
        let count = buffer.len().min(self.chunk.len() - self.read);
        buffer[..count].copy_from_slice(&self.chunk[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}
