//! The servers that tests use: what they need is fetched, those that a run of tests needs are started for
//! it, or they are kept with `cargo xtask servers up|down|status`.

use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use tradekeep_test_servers::{Kept, SERVERS, Server, Started};

use crate::packages::package;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Action {
    /// Start servers and keep them
    Up,
    /// Stop them
    Down,
    /// Say which run, and where
    Status,
}

/// Takes the names of servers.
pub(crate) fn names() -> PossibleValuesParser {
    SERVERS.iter().map(|server| server.name()).collect::<Vec<_>>().into()
}

/// Does it to the servers of these names, or to all.
pub(crate) fn run(root: &Path, action: Action, names: &[String]) -> Result<()> {
    let mut failed = Vec::new();
    for server in SERVERS {
        if !names.is_empty() && !names.iter().any(|name| name == server.name()) {
            continue;
        }
        // One that does not start keeps no other one from it.
        match act(root, action, *server) {
            Ok(said) => println!("{}: {said}", server.title()),
            Err(error) => {
                println!("{}: {error:#}", server.title());
                failed.push(server.name());
            }
        }
    }
    if !failed.is_empty() {
        bail!("it did not work for: {}", failed.join(", "));
    }
    Ok(())
}

/// Answers what there is to tell.
fn act(root: &Path, action: Action, server: &dyn Server) -> Result<String> {
    let home = server.home(root);
    Ok(match (action, Kept::find(&home)) {
        (Action::Up, _) => {
            install_one(root, server);
            if let Some(reason) = server.absent() {
                bail!("it cannot be started: {reason}");
            }
            let kept = Kept::start(server, &home)?;
            format!("{}, {}", processes(&kept.pids), kept.url)
        }
        (Action::Down, Some(kept)) => {
            let processes = processes(&kept.pids);
            kept.stop(&home)?;
            format!("{processes} stopped, its data removed")
        }
        (Action::Down, None) => "nothing to stop".to_owned(),
        (Action::Status, Some(kept)) => format!("{}, {}", processes(&kept.pids), kept.url),
        (Action::Status, None) => "not running".to_owned(),
    })
}

fn processes(pids: &[u32]) -> String {
    let numbers: Vec<_> = pids.iter().map(u32::to_string).collect();
    format!("process{} {}", if pids.len() == 1 { "" } else { "es" }, numbers.join(", "))
}

/// Puts what servers need in place, and says so.
pub(crate) fn install(root: &Path) {
    for server in SERVERS {
        install_one(root, *server);
    }
}

/// Where it does not work, it says why, since only its own tests need it.
fn install_one(root: &Path, server: &dyn Server) {
    match server.install_in(root) {
        Ok(said) => println!("{}: {said}", server.title()),
        Err(cause) => {
            println!("{}: {cause}; tests that need it will be ignored", server.title());
        }
    }
}

/// Servers for a run of tests. They end when this is dropped.
pub(crate) struct Running {
    /// Variables that tell tests of them.
    pub(crate) variables: Vec<(&'static str, String)>,
    _started: Vec<Started>,
}

impl Running {
    /// Those that the tests of `names` need and that can be started. One's own, and one that is kept,
    /// are used instead.
    pub(crate) fn start(root: &Path, names: &[String]) -> Result<Self> {
        let (mut variables, mut started) = (Vec::new(), Vec::new());
        for server in SERVERS.iter().filter(|server| is_needed(**server, names)) {
            let title = server.title();
            install_one(root, *server);
            match (server.url(), server.absent()) {
                (Ok(_), _) => println!("{title}: the one that runs already"),
                (Err(_), Some(reason)) => {
                    println!("{title}: {reason}; tests that need it are ignored");
                }
                (Err(_), None) => {
                    let one = Started::new(*server)?;
                    println!("{title}: started, {}", processes(&one.pids()));
                    variables.push((server.variable(), one.url()));
                    started.push(one);
                }
            }
        }
        Ok(Self { variables, _started: started })
    }
}

/// Whether one of `names` (none: the whole workspace) has tests that use it.
fn is_needed(server: &dyn Server, names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| server.packages().contains(&&*package(name)))
}

#[cfg(test)]
mod tests {
    use tradekeep_test_servers::questdb::QUESTDB;

    use super::*;

    #[test]
    fn only_some_packages_need_a_questdb() {
        let need = |names: &[&str]| {
            is_needed(&QUESTDB, &names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>())
        };
        assert!(need(&[]) && need(&["questdb-store"]) && need(&["models", "tests"]));
        assert!(need(&["cli"]) && need(&["crates/facade"]));
        assert!(!need(&["models", "crates/duckdb-store/", "ingest"]));
    }

    #[test]
    fn servers_are_told_apart() {
        for (number, server) in SERVERS.iter().enumerate() {
            for other in &SERVERS[..number] {
                assert_ne!(server.name(), other.name());
                assert_ne!(server.variable(), other.variable());
                assert_ne!(server.home(Path::new("")), other.home(Path::new("")));
            }
        }
    }

    #[test]
    fn processes_are_counted() {
        assert_eq!(processes(&[7]), "process 7");
        assert_eq!(processes(&[7, 8]), "processes 7, 8");
    }
}
