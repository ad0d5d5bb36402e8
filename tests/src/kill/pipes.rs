//! A thread for each end of a child's pipes, and one that waits for its end. They outlive nobody: all
//! of them end with the child and whoever has its pipes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// What happened to a child.
pub(super) enum Event {
    /// A line on stdout, with its newline unless the child died in the midst of it.
    Out(Vec<u8>),
    OutEnded,
    /// A line on stderr.
    Err(Vec<u8>),
    ErrEnded,
    /// No more is fed: there are no more lines or bytes, or nobody reads them.
    Fed(Fed),
    /// It is dead, and not yet reaped.
    Died,
}

/// What a child was fed.
pub(super) struct Fed {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    /// Where feeding stopped at its limit. As long as this lives, the child sees no end of its input.
    pub(super) open: Option<ChildStdin>,
}

/// Feeds `child` the lines, or the first `limit` bytes of them, and tells what happens.
pub(super) fn attend(
    child: &mut Child,
    lines: impl Iterator<Item = String> + Send + 'static,
    limit: Option<u64>,
) -> Receiver<Event> {
    let (events, happens) = channel();
    if let Some(stdin) = child.stdin.take() {
        let events = events.clone();
        // Nobody listens any more, here and below: then the run is over.
        thread::spawn(move || events.send(Event::Fed(feed(stdin, lines, limit))).is_ok());
    }
    if let Some(stdout) = child.stdout.take() {
        let events = events.clone();
        thread::spawn(move || read(stdout, &events, Event::Out, Event::OutEnded));
    }
    if let Some(stderr) = child.stderr.take() {
        let events = events.clone();
        thread::spawn(move || read(stderr, &events, Event::Err, Event::ErrEnded));
    }
    let pid = Pid::from_child(child);
    thread::spawn(move || {
        // Without reaping it: so long its number, and its group's, is nobody else's.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == Errno::INTR) {}
        events.send(Event::Died).is_ok()
    });
    happens
}

fn feed(mut stdin: ChildStdin, lines: impl Iterator<Item = String>, limit: Option<u64>) -> Fed {
    let mut fed = Fed { lines: 0, bytes: 0, open: None };
    if limit == Some(0) {
        fed.open = Some(stdin);
        return fed;
    }
    for line in lines {
        let line = line + "\n";
        let left = limit.map_or(u64::MAX, |limit| limit - fed.bytes);
        let part = usize::try_from(left).map_or(line.len(), |left| left.min(line.len()));
        // A child that is dead, or has closed its stdin, wants no more.
        if stdin.write_all(&line.as_bytes()[..part]).is_err() {
            return fed;
        }
        fed.bytes += part as u64;
        fed.lines += u64::from(part == line.len());
        if limit == Some(fed.bytes) {
            fed.open = Some(stdin);
            return fed;
        }
    }
    fed
}

fn read(from: impl Read, events: &Sender<Event>, line: fn(Vec<u8>) -> Event, end: Event) {
    let mut from = BufReader::new(from);
    let mut text = Vec::new();
    // A pipe that breaks has ended.
    while from.read_until(b'\n', &mut text).is_ok_and(|len| len > 0) {
        if events.send(line(std::mem::take(&mut text))).is_err() {
            return;
        }
    }
    // As above: who does not listen has no run any more.
    let _ = events.send(end);
}
