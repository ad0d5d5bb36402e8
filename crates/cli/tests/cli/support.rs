//! A folder to run the binary in, and what a run said.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// Four ticks of two minutes, the second and third at one time.
pub(crate) const TRADES: &str = "\
ts,venue,symbol,trade_id,price,quantity,side
2024-08-08T10:00:05Z,kraken,BTC-USD,1,61837.63,0.5,buy
2024-08-08T10:00:06.000000001Z,kraken,BTC-USD,2,61900,1e-2,sell
2024-08-08T10:00:06.000000001Z,kraken,BTC-USD,3,61700.10,0.25,
2024-08-08T10:03:00Z,kraken,BTC-USD,4,61850,1,buy
";

/// A temporary folder that is the working directory of every run.
pub(crate) struct Folder(tempfile::TempDir);

/// What a run said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With [`TRADES`] imported.
    pub(crate) fn with_trades() -> Self {
        let folder = Self::new();
        folder.write("trades.csv", TRADES);
        folder.run("import trades.csv").ok();
        folder
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The binary with `args`, which are split at spaces.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradekeep"));
        command.args(args.split_whitespace()).current_dir(self.0.path());
        command.env_remove("RUST_LOG").env_remove("NO_COLOR");
        command
    }

    pub(crate) fn run(&self, args: &str) -> Run {
        Run::of(&mut self.command(args))
    }

    pub(crate) fn run_with(&self, args: &str, stdin: impl Into<Vec<u8>>) -> Run {
        Run::of(self.command(args).write_stdin(stdin))
    }

    /// Ticks stored of all series.
    pub(crate) fn stored(&self) -> u64 {
        let totals = self.run("stats --json").ok().last();
        totals["ticks"].as_u64().unwrap()
    }
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It did all it should.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{}", self.stdout);
        self
    }

    /// It did all it should, whatever it warned of.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert!(self.code == Some(0) && !self.stderr.contains("error: "), "{self:?}");
        self
    }

    /// It ended with `code` and told one error; answers that.
    #[track_caller]
    pub(crate) fn error(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        let line = self.stderr.strip_suffix('\n').unwrap_or_default();
        assert!(!line.contains('\n'), "more than a line: {self:?}");
        line.strip_prefix("error: ").unwrap_or_else(|| panic!("no error: {self:?}"))
    }

    /// Every line of stdout, each an object.
    #[track_caller]
    pub(crate) fn objects(&self) -> Vec<Value> {
        let object = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            assert!(value.is_object(), "{line}");
            value
        };
        self.stdout.lines().map(object).collect()
    }

    /// The last object.
    #[track_caller]
    pub(crate) fn last(&self) -> Value {
        self.objects().pop().unwrap_or_else(|| panic!("nothing on stdout: {self:?}"))
    }

    /// The counts of the summary that ends an import: read, imported, duplicates, rejected.
    #[track_caller]
    pub(crate) fn counts(&self) -> [u64; 4] {
        let last = self.last();
        ["read", "imported", "duplicates", "rejected"].map(|name| last[name].as_u64().unwrap())
    }
}
