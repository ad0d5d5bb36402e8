//! What all servers have in common.

use std::env;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Error, Kept, Life, checkout};

/// A server that tests use: how it is called, how it is had, and how it is started.
pub trait Server: Debug + Sync {
    /// Its name in [`REQUIRE`](crate::REQUIRE) and on the command line: `questdb`.
    fn name(&self) -> &'static str;

    /// Its name in what people read: `QuestDB`.
    fn title(&self) -> &'static str;

    /// The variable that points tests at a server of one's own, by its URL. It is used, never disturbed.
    fn variable(&self) -> &'static str;

    /// The packages whose tests use it.
    fn packages(&self) -> &'static [&'static str];

    /// Gets what it needs into its folder `home`; answers what there is to tell of it.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn install(&self, home: &Path) -> Result<String, String>;

    /// Why none can be started; nothing where one can.
    fn absent(&self) -> Option<String>;

    /// Starts one with its data in the folder `data`, and waits until it is ready. The command line of
    /// each of its processes has that folder in it, by which [`Kept`] knows them again.
    ///
    /// # Errors
    /// [`Error::Absent`] where it is absent; else when it does not become ready.
    fn start(&self, data: &Path, life: Life) -> Result<Box<dyn Running>, Error>;

    /// Its folder in the checkout at `root`, ignored by git: what it needs, and what is kept of it.
    fn home(&self, root: &Path) -> PathBuf {
        root.join(format!(".{}", self.name()))
    }
}

/// A server that runs. It ends when this is dropped.
pub trait Running: Debug + Send {
    /// Its processes.
    fn pids(&self) -> Vec<u32>;

    /// How a store is told of it, credentials included.
    fn url(&self) -> String;

    /// Lets it run on when this is dropped.
    fn keep(&mut self);
}

impl dyn Server + '_ {
    /// As [`install`](Server::install), into its folder in the checkout at `root`.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn install_in(&self, root: &Path) -> Result<String, String> {
        let home = self.home(root);
        // Ignored by git whatever the checkout says of it.
        let made =
            fs::create_dir_all(&home).and_then(|()| fs::write(home.join(".gitignore"), "*\n"));
        made.map_err(|error| format!("cannot write to {}: {error}", home.display()))?;
        self.install(&home)
    }

    /// The URL of a server for tests that do not disturb it: one's own, or the one that
    /// `cargo xtask test` or `cargo xtask servers up` has started.
    ///
    /// # Errors
    /// Why there is none, and how to have one.
    pub fn url(&self) -> Result<String, String> {
        let own = env::var(self.variable()).ok().filter(|url| !url.trim().is_empty());
        let kept = || Some(Kept::find(&self.home(&checkout().ok()?))?.url);
        let name = self.name();
        own.or_else(kept).ok_or_else(|| {
            self.absent().unwrap_or_else(|| {
                format!(
                    "no {} runs: `cargo xtask test` starts one, `cargo xtask servers up {name}` keeps one",
                    self.title()
                )
            })
        })
    }
}

/// A server for a run of tests, with data of its own. It ends, and they are removed, when this is dropped.
#[derive(Debug)]
pub struct Started {
    running: Box<dyn Running>,
    /// Removed when the server has ended.
    _data: TempDir,
}

impl Started {
    /// Starts one.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn new(server: &dyn Server) -> Result<Self, Error> {
        let data =
            tempfile::Builder::new().prefix(&format!("tradekeep-{}-", server.name())).tempdir()?;
        Ok(Self { running: server.start(data.path(), Life::Test)?, _data: data })
    }

    /// Its processes.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.running.pids()
    }

    /// How a store is told of it, credentials included.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.url()
    }
}
