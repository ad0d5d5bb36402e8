//! A server that goes on when whoever started it ends: `cargo xtask servers up`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::process::Life;
use super::{Error, Questdb, STOP};

/// A server that is kept, and what is written down of it in `FOLDER/server`: its process and its URL, a
/// line each. Its data are in `FOLDER/data`, and are new each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its process.
    pub pid: u32,
    /// How a store is told of it.
    pub url: String,
}

impl Kept {
    /// The one that is kept in `folder`; nothing where none runs.
    #[must_use]
    pub fn find(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(note(folder)).ok()?;
        let (pid, url) = text.trim_end().split_once('\n')?;
        let kept = Self { pid: pid.parse().ok()?, url: url.to_owned() };
        kept.runs(folder).then_some(kept)
    }

    /// The one that is kept in `folder`; a new one where none runs.
    ///
    /// # Errors
    /// As [`Questdb::start`].
    pub fn start(folder: &Path) -> Result<Self, Error> {
        if let Some(kept) = Self::find(folder) {
            return Ok(kept);
        }
        let data = data(folder);
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir_all(&data)?;
        let mut server = Questdb::start_in(&data, Life::Kept)?;
        let kept = Self { pid: server.pid(), url: server.url() };
        fs::write(note(folder), format!("{}\n{}\n", kept.pid, kept.url))?;
        server.process.keep();
        Ok(kept)
    }

    /// Stops it, waits for its end, and removes its data.
    ///
    /// # Errors
    /// When it cannot be signalled, or its files not be removed.
    pub fn stop(self, folder: &Path) -> Result<(), Error> {
        let since = Instant::now();
        let mut signal = Signal::TERM;
        while self.runs(folder) {
            if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
                kill_process(pid, signal).map_err(std::io::Error::from)?;
            }
            if since.elapsed() > STOP {
                signal = Signal::KILL;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        fs::remove_file(note(folder))?;
        Ok(fs::remove_dir_all(data(folder))?)
    }

    /// Whether its process is there, and is not another one that has got its number since.
    fn runs(&self, folder: &Path) -> bool {
        let ps = Command::new("ps").args(["-o", "command=", "-p", &self.pid.to_string()]).output();
        let data = data(folder).to_string_lossy().into_owned();
        ps.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&data))
    }
}

fn note(folder: &Path) -> PathBuf {
    folder.join("server")
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}
