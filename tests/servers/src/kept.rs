//! A server that goes on when whoever started it ends: `cargo xtask servers up`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::{Error, Life, Server};

/// How long it may take to stop by itself.
const STOP: Duration = Duration::from_secs(20);

/// A server that is kept, and what is written down of it in `FOLDER/server`: its processes and its URL, a
/// line each. Its data are in `FOLDER/data`, and are new each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its processes.
    pub pids: Vec<u32>,
    /// How a store is told of it.
    pub url: String,
}

impl Kept {
    /// The one that is kept in `folder`; nothing where none runs.
    #[must_use]
    pub fn find(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(note(folder)).ok()?;
        let (pids, url) = text.trim_end().split_once('\n')?;
        let pids = pids.split(' ').map(str::parse).collect::<Result<Vec<_>, _>>().ok()?;
        let kept = Self { pids, url: url.to_owned() };
        // All of them: a part of one answers nothing.
        (kept.running(folder).len() == kept.pids.len()).then_some(kept)
    }

    /// The one that is kept in `folder`; a new one where none runs.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start(server: &dyn Server, folder: &Path) -> Result<Self, Error> {
        if let Some(kept) = Self::find(folder) {
            return Ok(kept);
        }
        let data = data(folder);
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir_all(&data)?;
        let mut running = server.start(&data, Life::Kept)?;
        let kept = Self { pids: running.pids(), url: running.url() };
        let pids: Vec<_> = kept.pids.iter().map(u32::to_string).collect();
        fs::write(note(folder), format!("{}\n{}\n", pids.join(" "), kept.url))?;
        running.keep();
        Ok(kept)
    }

    /// Stops it, waits for its end, and removes its data.
    ///
    /// # Errors
    /// When it cannot be signalled, or its files not be removed.
    pub fn stop(self, folder: &Path) -> Result<(), Error> {
        let since = Instant::now();
        let mut signal = Signal::TERM;
        loop {
            let running = self.running(folder);
            if running.is_empty() {
                break;
            }
            for pid in running {
                match kill_process(pid, signal) {
                    // It has ended meanwhile.
                    Ok(()) | Err(Errno::SRCH) => {}
                    Err(error) => return Err(std::io::Error::from(error).into()),
                }
            }
            if since.elapsed() > STOP {
                signal = Signal::KILL;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        fs::remove_file(note(folder))?;
        Ok(fs::remove_dir_all(data(folder))?)
    }

    /// Its processes that are there, and are not others that have got their numbers since.
    fn running(&self, folder: &Path) -> Vec<Pid> {
        let data = data(folder).to_string_lossy().into_owned();
        let is_ours = |pid: &u32| {
            let ps = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
            ps.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&data))
        };
        let ours = self.pids.iter().filter(|pid| is_ours(pid));
        ours.filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?)).collect()
    }
}

fn note(folder: &Path) -> PathBuf {
    folder.join("server")
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}
