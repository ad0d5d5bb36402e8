//! One run of a child.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use super::pipes::{Event, Fed, attend};
use super::{Point, Reason};

/// What a child says of a line that it has made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub struct Receipt {
    /// The line, by the child's own count.
    pub line: u64,
    /// The number it was given.
    pub seq: u64,
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// Every receipt the child wrote completely, in its order.
    pub receipts: Vec<Receipt>,
    /// Other lines on its stdout.
    pub other: Vec<String>,
    /// What it wrote of a last line, where it was killed in the midst of it.
    pub torn: Option<String>,
    /// What it said on stderr.
    pub stderr: Vec<u8>,
    /// Lines that it was fed completely. It may not have read all of them.
    pub fed_lines: u64,
    /// Bytes that it was fed.
    pub fed_bytes: u64,
    /// From its start to its first receipt.
    pub first_receipt: Option<Duration>,
    /// How it ended.
    pub status: ExitStatus,
}

impl Run {
    /// Whether it was killed. If not, it ended by itself before the point came.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::KILL.as_raw())
    }
}

pub(super) fn run(
    command: &mut Command,
    lines: impl Iterator<Item = String> + Send + 'static,
    point: Point,
    limit: Duration,
) -> Result<Run, Reason> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that what it starts dies with it, and nobody else does.
    command.process_group(0);
    let started = Instant::now();
    let mut leader = Leader { child: command.spawn()?, reaped: false };
    let bytes = if let Point::Bytes(bytes) = point { Some(bytes) } else { None };
    let happens = attend(&mut leader.child, lines, bytes);
    let mut watch = Watch { point, ..Watch::default() };
    let mut killed = false;
    while !watch.is_over() {
        if !killed && watch.is_time(started) {
            leader.kill();
            killed = true;
        }
        let next = match point {
            Point::After(time) if !killed => time.min(limit),
            _ => limit,
        };
        match happens.recv_timeout(next.saturating_sub(started.elapsed())) {
            Ok(event) => {
                // Who still has its pipes is not to keep us waiting.
                if matches!(event, Event::Died) {
                    leader.kill();
                }
                watch.take(event, started);
            }
            Err(RecvTimeoutError::Timeout) if started.elapsed() < limit => {}
            Err(_) => return Err(watch.timed_out(limit)),
        }
    }
    Ok(watch.into_run(leader.reap()?))
}

/// A child that leads a group. When it is dropped, the group is killed and it is reaped.
struct Leader {
    child: Child,
    reaped: bool,
}

impl Leader {
    /// Kills the group, if its leader is not reaped yet: its number is its own until then.
    fn kill(&mut self) {
        if !self.reaped {
            // Both fail where there is nobody left to kill. The child may have left its group.
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.kill();
        }
    }

    fn reap(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.reaped = true;
        Ok(status)
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            // There is nobody to tell.
            let _ = self.reap();
        }
    }
}

/// What is known of a run while it goes on.
#[derive(Default)]
struct Watch {
    point: Point,
    receipts: Vec<Receipt>,
    other: Vec<String>,
    torn: Option<String>,
    stderr: Vec<u8>,
    first_receipt: Option<Duration>,
    fed: Option<Fed>,
    out_ended: bool,
    err_ended: bool,
    died: bool,
}

impl Watch {
    const fn is_over(&self) -> bool {
        self.fed.is_some() && self.out_ended && self.err_ended && self.died
    }

    /// Whether the point has come.
    fn is_time(&self, started: Instant) -> bool {
        match self.point {
            Point::Receipts(count) => self.receipts.len() as u64 >= count,
            Point::Bytes(bytes) => self.fed.as_ref().is_some_and(|fed| fed.bytes >= bytes),
            Point::After(time) => started.elapsed() >= time,
            Point::Never => false,
        }
    }

    fn take(&mut self, event: Event, started: Instant) {
        match event {
            Event::Out(line) => match line.strip_suffix(b"\n") {
                Some(line) => match serde_json::from_slice(line) {
                    Ok(receipt) => {
                        self.first_receipt.get_or_insert_with(|| started.elapsed());
                        self.receipts.push(receipt);
                    }
                    Err(_) => self.other.push(lossy(line)),
                },
                None => self.torn = Some(lossy(&line)),
            },
            Event::Err(line) => self.stderr.extend(line),
            Event::Fed(fed) => self.fed = Some(fed),
            Event::OutEnded => self.out_ended = true,
            Event::ErrEnded => self.err_ended = true,
            Event::Died => self.died = true,
        }
    }

    fn timed_out(&self, limit: Duration) -> Reason {
        let said = lossy(&self.stderr).lines().next_back().unwrap_or_default().to_owned();
        Reason::TimedOut { limit, receipts: self.receipts.len(), said }
    }

    fn into_run(self, status: ExitStatus) -> Run {
        Run {
            receipts: self.receipts,
            other: self.other,
            torn: self.torn,
            stderr: self.stderr,
            fed_lines: self.fed.as_ref().map_or(0, |fed| fed.lines),
            fed_bytes: self.fed.as_ref().map_or(0, |fed| fed.bytes),
            first_receipt: self.first_receipt,
            status,
        }
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
