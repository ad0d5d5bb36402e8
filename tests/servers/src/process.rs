//! The process of a server.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// What a server is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// One test.
    Test,
    /// A part of one: it starts more than it works.
    Short,
    /// It outlives a signal to the caller's terminal.
    Kept,
}

/// A child, which is killed when this is dropped, unless it was let go.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    kept: bool,
}

impl Process {
    /// Starts the server on the data in `root`. What it says is added to `log`.
    pub(super) fn start(
        java: &Path,
        jar: &Path,
        root: &Path,
        log: &Path,
        life: Life,
    ) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(java);
        // Tests are many and machines small: little heap, one thread that collects.
        command.args(["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC"]);
        match life {
            Life::Test => {}
            // This takes a third off a start.
            Life::Short => {
                command.arg("-XX:TieredStopAtLevel=1");
            }
            // Not in the terminal's group: Ctrl-C there is not meant for it.
            Life::Kept => {
                command.process_group(0);
            }
        }
        command
            .arg("-p")
            .arg(jar)
            .args(["-m", "io.questdb/io.questdb.ServerMain", "-d"])
            .arg(root)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(Self { child: command.spawn()?, kept: false })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    /// Stops it, and waits until every thread of it stands still.
    pub(super) fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)?;
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), stopped)?;
        Ok(())
    }

    /// Ends it at once, and reaps it. Fine where it has ended.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to end, and ends it after `patience`.
    pub(super) fn stop(&mut self, patience: Duration) -> io::Result<()> {
        let since = Instant::now();
        if !self.has_ended()? {
            // One that is paused hears nothing else.
            self.signal(Signal::CONT)?;
            self.signal(Signal::TERM)?;
        }
        while !self.has_ended()? {
            if since.elapsed() > patience {
                return self.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// It goes on when this is dropped.
    pub(super) const fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.kept {
            // What is not there any more need not be killed.
            let _ = self.kill();
        }
    }
}
