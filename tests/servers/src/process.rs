//! The process of a server.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// How long a server is to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// As long as who started it.
    Test,
    /// It outlives a signal to the caller's terminal.
    Kept,
}

/// Has a child of this process stand still, until it gets the signal CONT, and waits until its every thread
/// does.
///
/// # Errors
/// When it cannot be signalled.
pub fn pause(child: &Child) -> io::Result<()> {
    let child = Pid::from_child(child);
    kill_process(child, Signal::STOP)?;
    let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(child), stopped)?;
    Ok(())
}

/// A child, which is killed when this is dropped, unless it was let go.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    kept: bool,
}

impl Process {
    /// Starts it. What it says is added to `log`.
    pub(crate) fn start(mut command: Command, log: &Path, life: Life) -> io::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        if life == Life::Kept {
            // Not in the terminal's group: Ctrl-C there is not meant for it.
            command.process_group(0);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self { child: command.spawn()?, kept: false })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), signal)?)
    }

    pub(crate) fn pause(&self) -> io::Result<()> {
        pause(&self.child)
    }

    /// Ends it at once, and reaps it. Fine where it has ended.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Asks it to end, and ends it after `patience`.
    pub(crate) fn stop(&mut self, patience: Duration) -> io::Result<()> {
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
    pub(crate) const fn keep(&mut self) {
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
