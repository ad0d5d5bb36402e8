//! What feeds a `record`: lines, and the process that takes them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::{Folder, Run};

/// A tick of the trade with this number.
pub(crate) fn tick(number: u64) -> String {
    format!(
        "{{\"ts\":\"2024-08-08T10:00:05Z\",\"symbol\":\"BTC-USD\",\"trade_id\":{number},\
         \"price\":\"61837.63\",\"quantity\":0.5}}\n"
    )
}

pub(crate) fn ticks(numbers: std::ops::Range<u64>) -> String {
    numbers.fold(String::new(), |mut lines, number| {
        let _ = write!(lines, "{}", tick(number));
        lines
    })
}

/// What was told on stderr, but that a busy machine's disk took its time.
pub(crate) fn told(stderr: &str) -> String {
    stderr
        .lines()
        .filter(|line| !line.contains("a flush was slow"))
        .fold(String::new(), |told, line| told + line + "\n")
}

/// A `record` from its first line to its last.
pub(crate) fn record(folder: &Folder, args: &str, input: impl Into<Vec<u8>>) -> Run {
    let run = folder.run_with(&format!("record {args}"), input);
    Run { stderr: told(&run.stderr), ..run }
}

/// A `record` that runs.
pub(crate) struct Recorder {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: BufReader<ChildStdout>,
    pub(crate) stderr: BufReader<ChildStderr>,
}

impl Recorder {
    pub(crate) fn start(folder: &Folder, args: &str) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_tradekeep")), folder, args)
    }

    /// Started by a command that ends in the binary.
    pub(crate) fn start_by(mut command: Command, folder: &Folder, args: &str) -> Self {
        let mut child = command
            .arg("record")
            .args(args.split_whitespace())
            .current_dir(folder.path(""))
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stdin, stdout, stderr }
    }

    pub(crate) fn send(&mut self, lines: &str) {
        self.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// Waits for a line on stdout.
    pub(crate) fn line(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"))
    }

    /// Waits for a line on stderr that begins so.
    pub(crate) fn told(&mut self, start: &str) -> String {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "it ended without {start:?}");
        }
        line.trim_end().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end, with stdin left as it is.
    pub(crate) fn end(mut self) -> Run {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Run { code: self.child.wait().unwrap().code(), stdout, stderr: told(&stderr) }
    }

    /// Ends its input, and waits for its end.
    pub(crate) fn finish(mut self) -> Run {
        self.stdin = None;
        self.end()
    }
}

/// What the last line says: read, accepted, rejected, pending.
#[track_caller]
pub(crate) fn counts(run: &Run) -> [u64; 4] {
    let last = run.last();
    ["read", "accepted", "rejected", "pending"].map(|name| last[name].as_u64().unwrap())
}
