//! The servers that tests use: what they need is fetched, one is started for a run of tests, or kept
//! with `cargo xtask servers up|down|status`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use tradekeep_test_servers::questdb::{self, Kept, Questdb};

use crate::packages::package;
use crate::run::{checked, works};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Action {
    /// Start the servers and keep them
    Up,
    /// Stop them
    Down,
    /// Say which run, and where
    Status,
}

/// Packages whose tests use a QuestDB.
const NEED_QUESTDB: &[&str] = &[
    "tradekeep",
    "tradekeep-cli",
    "tradekeep-questdb-store",
    "tradekeep-test-servers",
    "tradekeep-tests",
];

/// Whether one of `names` (none: the whole workspace) has tests that use a QuestDB.
pub(crate) fn need_questdb(names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| NEED_QUESTDB.contains(&&*package(name)))
}

pub(crate) fn run(root: &Path, action: Action) -> Result<()> {
    let home = questdb::home(root);
    match (action, Kept::find(&home)) {
        (Action::Up, _) => {
            install(root);
            if let Some(reason) = questdb::absent() {
                bail!("QuestDB cannot be started: {reason}");
            }
            let kept = Kept::start(&home)?;
            println!("QuestDB: process {}, {}", kept.pid, kept.url);
        }
        (Action::Down, Some(kept)) => {
            let pid = kept.pid;
            kept.stop(&home)?;
            println!("QuestDB: process {pid} stopped, its data removed");
        }
        (Action::Down, None) => println!("QuestDB: nothing to stop"),
        (Action::Status, Some(kept)) => println!("QuestDB: process {}, {}", kept.pid, kept.url),
        (Action::Status, None) => println!("QuestDB: not running"),
    }
    Ok(())
}

/// Puts what servers need in place, and says so; where that does not work, it says why, since only
/// their own tests need them.
pub(crate) fn install(root: &Path) {
    match fetch(root) {
        Ok(said) => println!("QuestDB: {said}"),
        Err(cause) => println!("QuestDB: {cause:#}; tests that need it will be ignored"),
    }
}

fn fetch(root: &Path) -> Result<String> {
    let version = questdb::VERSION;
    let jar = questdb::jar(root);
    if jar.is_file() {
        return Ok(format!("{version}, in place"));
    }
    // -version, with one dash: the one that Java 8 knows too.
    ensure!(works("java", &["-version"]), "Java was not found, 17 or newer runs it");
    ensure!(works("mvn", &["--version"]), "Maven (mvn) was not found, it fetches the jar");
    let home = questdb::home(root);
    // Beside the final place, so that the move is a rename: a run cut short is repeated.
    let incoming = home.join(format!("incoming-{}", std::process::id()));
    println!("QuestDB: getting {version} with Maven");
    let copied = checked(
        Command::new("mvn")
            .args(["-q", "-B", "--strict-checksums", "dependency:copy"])
            .arg(format!("-Dartifact=org.questdb:questdb:{version}"))
            .arg(format!("-DoutputDirectory={}", incoming.display()))
            // Outside of any project.
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null()),
    );
    let moved = copied.and_then(|()| {
        let name = jar.file_name().context("the jar has no name")?;
        fs::rename(incoming.join(name), &jar).context("Maven left no jar")
    });
    // What may stay behind is ignored by git and by cargo.
    let _ = fs::remove_dir_all(&incoming);
    moved.map(|()| format!("{version} installed in {}", home.display()))
}

/// Servers for a run of tests. They end when this is dropped.
pub(crate) struct Servers {
    /// Variables that tell tests of them.
    pub(crate) variables: Vec<(&'static str, String)>,
    questdb: Option<Questdb>,
}

impl Servers {
    /// Those that the tests of `names` need and that can be started. One's own, and one that is kept,
    /// are used instead.
    pub(crate) fn start(root: &Path, names: &[String]) -> Result<Self> {
        let mut servers = Self { variables: Vec::new(), questdb: None };
        if !need_questdb(names) {
            return Ok(servers);
        }
        install(root);
        match (questdb::url(), questdb::absent()) {
            (Ok(_), _) => println!("QuestDB: the one that runs already"),
            (Err(_), Some(reason)) => println!("QuestDB: {reason}; tests that need it are ignored"),
            (Err(_), None) => {
                let questdb = Questdb::start()?;
                println!("QuestDB: started, process {}", questdb.pid());
                servers.variables.push((questdb::URL_VARIABLE, questdb.url()));
                servers.questdb = Some(questdb);
            }
        }
        Ok(servers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_packages_need_a_questdb() {
        let need =
            |names: &[&str]| need_questdb(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        assert!(need(&[]) && need(&["questdb-store"]) && need(&["models", "tests"]));
        assert!(need(&["cli"]) && need(&["crates/facade"]));
        assert!(!need(&["models", "crates/duckdb-store/", "ingest"]));
    }
}
