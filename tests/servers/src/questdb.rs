//! QuestDB: the jar, a server of its own for each test that disturbs it, one for all that do not.

mod install;
mod java;
mod settings;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

pub use self::settings::{HTTP_PASSWORD, HTTP_USER, PG_PASSWORD, PG_USER, Ports};

use crate::ports::{free, http_status, loopback};
use crate::process::{Life, Process};
use crate::{Error, Running, Server, checkout};

/// The version that tests run on.
pub const VERSION: &str = "9.3.4";

/// How long a server may take until it is ready. It takes 2.5 s on an idle machine.
const START: Duration = Duration::from_secs(90);
/// How long it may take to stop by itself.
const STOP: Duration = Duration::from_secs(20);
/// A port found free may be taken before the server is there.
const ATTEMPTS: u32 = 3;

/// QuestDB, among the [`SERVERS`](crate::SERVERS).
pub const QUESTDB: Kind = Kind;

/// What kind of server it is.
#[derive(Debug, Clone, Copy)]
pub struct Kind;

impl Server for Kind {
    fn name(&self) -> &'static str {
        "questdb"
    }

    fn title(&self) -> &'static str {
        "QuestDB"
    }

    fn variable(&self) -> &'static str {
        "TRADEKEEP_TEST_QUESTDB_URL"
    }

    fn packages(&self) -> &'static [&'static str] {
        &[
            "tradekeep",
            "tradekeep-cli",
            "tradekeep-questdb-store",
            "tradekeep-test-servers",
            "tradekeep-tests",
        ]
    }

    fn install(&self, home: &Path) -> Result<String, String> {
        install::install(home)
    }

    fn absent(&self) -> Option<String> {
        found().err()
    }

    fn start(&self, data: &Path, life: Life) -> Result<Box<dyn Running>, Error> {
        Ok(Box::new(Questdb::start_in(data, life, Jit::First)?))
    }
}

/// The jar in the folder of QuestDB, whether it is there or not.
fn jar(home: &Path) -> PathBuf {
    home.join(format!("questdb-{VERSION}.jar"))
}

/// The program of Java, and the jar.
fn found() -> Result<(PathBuf, PathBuf), String> {
    let java = java::find()?;
    let jar = jar(&QUESTDB.home(&checkout()?));
    if jar.is_file() {
        Ok((java, jar))
    } else {
        Err(format!("the jar of QuestDB {VERSION} is not here: run `cargo xtask setup`"))
    }
}

/// A server of one's own, with data in a folder of its own. It ends when this is dropped.
///
/// ```no_run
/// use tradekeep_test_servers::questdb::Questdb;
///
/// let mut server = Questdb::start()?;
/// println!("{}", server.url());
/// server.kill()?; // as a crash would
/// server.restart()?; // with the same data, on the same ports
/// server.stop()?;
/// # Ok::<(), tradekeep_test_servers::Error>(())
/// ```
#[derive(Debug)]
pub struct Questdb {
    process: Process,
    ports: Ports,
    root: PathBuf,
    /// Removed with it.
    _folder: Option<TempDir>,
}

impl Questdb {
    /// Starts one with an empty folder, which is removed with it, and waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Absent`] where Java or the jar is missing; else when it does not become ready.
    pub fn start() -> Result<Self, Error> {
        Self::start_anywhere(Jit::First)
    }

    /// The same, as fast at work as it gets, and slower until then: for benches.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_for_bench() -> Result<Self, Error> {
        Self::start_anywhere(Jit::Whole)
    }

    fn start_anywhere(jit: Jit) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("tradekeep-questdb-").tempdir()?;
        let server = Self::start_in(folder.path(), Life::Test, jit)?;
        Ok(Self { _folder: Some(folder), ..server })
    }

    /// Starts one with its data in `root`, which stay when it ends, and waits until it is ready: for a
    /// test that makes their disk small, say.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_on(root: &Path) -> Result<Self, Error> {
        Self::start_in(root, Life::Test, Jit::First)
    }

    /// Starts one with the data in `root`.
    fn start_in(root: &Path, life: Life, jit: Jit) -> Result<Self, Error> {
        let mut attempt = 1;
        loop {
            let [http, pg, health] = free()?;
            let ports = Ports { http, pg, health };
            configure(root, ports, [HTTP_PASSWORD, PG_PASSWORD])?;
            let process = launch(root, life, jit)?;
            let mut server = Self { process, ports, root: root.to_path_buf(), _folder: None };
            match server.ready() {
                Err(Error::Ended { .. }) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome.map(|()| server),
            }
        }
    }

    /// Waits for the answer of its health endpoint, or for its end.
    fn ready(&mut self) -> Result<(), Error> {
        let since = Instant::now();
        while !self.answers(Duration::from_secs(1)) {
            if self.process.has_ended()? {
                return Err(Error::Ended { server: QUESTDB.title(), said: self.last_words() });
            }
            if since.elapsed() > START {
                return Err(Error::Late {
                    server: QUESTDB.title(),
                    patience: START,
                    said: self.last_words(),
                });
            }
            // Nothing tells when it begins to listen.
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// How a store is told of it, credentials included.
    #[must_use]
    pub fn url(&self) -> String {
        let Ports { http, pg, .. } = self.ports;
        format!(
            "questdb://{HTTP_USER}:{HTTP_PASSWORD}@127.0.0.1:{http}\
             ?pg_port={pg}&pg_user={PG_USER}&pg_password={PG_PASSWORD}"
        )
    }

    /// Its ports.
    #[must_use]
    pub const fn ports(&self) -> Ports {
        self.ports
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether its health endpoint answers within `patience`.
    #[must_use]
    pub fn answers(&self, patience: Duration) -> bool {
        http_status(loopback(self.ports.health), patience).ok() == Some(200)
    }

    /// Kills it as a crash would, with SIGKILL. Its data stay.
    ///
    /// # Errors
    /// When the process cannot be signalled.
    pub fn kill(&mut self) -> Result<(), Error> {
        Ok(self.process.kill()?)
    }

    /// Starts it again after [`kill`](Self::kill), on the same data and ports, and waits until it is
    /// ready.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> Result<(), Error> {
        self.kill()?;
        self.process = launch(&self.root, Life::Test, Jit::First)?;
        self.ready()
    }

    /// From its next [`restart`](Self::restart) on it has these passwords. [`url`](Self::url) still has the
    /// first ones: whoever uses it is locked out where they differ.
    ///
    /// # Errors
    /// When its configuration cannot be written.
    pub fn set_passwords(&self, http: &str, pg: &str) -> Result<(), Error> {
        Ok(configure(&self.root, self.ports, [http, pg])?)
    }

    /// Stops its every thread, as an overloaded machine might, until [`resume`](Self::resume).
    ///
    /// # Errors
    /// When the process cannot be signalled.
    pub fn pause(&self) -> Result<(), Error> {
        Ok(self.process.pause()?)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the process cannot be signalled.
    pub fn resume(&self) -> Result<(), Error> {
        Ok(self.process.signal(Signal::CONT)?)
    }

    /// Has it close its tables and end. Killed where it takes longer than 20 s.
    ///
    /// # Errors
    /// When the process cannot be signalled.
    pub fn stop(mut self) -> Result<(), Error> {
        Ok(self.process.stop(STOP)?)
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.root.join(LOG)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Running for Questdb {
    fn pids(&self) -> Vec<u32> {
        vec![self.pid()]
    }

    fn url(&self) -> String {
        Self::url(self)
    }

    fn keep(&mut self) {
        self.process.keep();
    }
}

/// What it says, in its root.
const LOG: &str = "server.log";

fn configure(root: &Path, ports: Ports, passwords: [&str; 2]) -> io::Result<()> {
    fs::create_dir_all(root.join("conf"))?;
    fs::write(root.join("conf").join("server.conf"), settings::server_conf(ports, passwords))
}

/// How far Java compiles what it runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Jit {
    Whole,
    /// For tests, which are short: the rest takes a third of a start, and of two cores while it works.
    First,
}

fn launch(root: &Path, life: Life, jit: Jit) -> Result<Process, Error> {
    let (java, jar) = found().map_err(Error::Absent)?;
    let mut command = Command::new(java);
    // Tests are many and machines small: little heap, one thread that collects.
    command.args(["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC"]);
    // The libraries that it unpacks stay where it is killed: with its data they go.
    command.arg(format!("-Djava.io.tmpdir={}", root.display()));
    if jit == Jit::First {
        command.arg("-XX:TieredStopAtLevel=1");
    }
    command.arg("-p").arg(jar).args(["-m", "io.questdb/io.questdb.ServerMain", "-d"]).arg(root);
    Ok(Process::start(command, &root.join(LOG), life)?)
}
