//! That the facade builds with any choice of its backends, and with `serde`, and each backend by itself: what
//! one of them turns on would otherwise be there for all, since the other checks build the workspace as a
//! whole.

use std::path::Path;
use std::process::Command;

use crate::run::cargo;
use crate::setup::DuckDb;

const FACADE: &str = "tradekeep";

/// Features of the facade, each with the package of its backend.
const BACKENDS: &[(&str, &str)] =
    &[("duckdb", "tradekeep-duckdb-store"), ("questdb", "tradekeep-questdb-store")];

/// What is built by itself: a package, and its features besides the default ones, or instead of them.
#[derive(Debug, PartialEq, Eq)]
struct Check {
    package: &'static str,
    /// Those of the facade, which are instead of its default; nothing for a backend.
    features: Option<Vec<&'static str>>,
}

fn checks() -> Vec<Check> {
    let all: Vec<_> = BACKENDS.iter().map(|(feature, _)| *feature).collect();
    let single = all.iter().map(|feature| vec![*feature]);
    let facade = std::iter::once(Vec::new()).chain(single).chain([all.clone(), vec!["serde"]]);
    let facade = facade.map(|features| Check { package: FACADE, features: Some(features) });
    let backends = BACKENDS.iter().map(|(_, package)| Check { package, features: None });
    facade.chain(backends).collect()
}

/// A cargo call for each, with clippy where it is installed: that has warnings as errors without other
/// flags for the compiler, for which it would build all dependencies again.
pub(crate) fn commands(root: &Path, duckdb: DuckDb, has_clippy: bool) -> Vec<Command> {
    let command = |check: Check| {
        let mut command = cargo(root);
        command.args([if has_clippy { "clippy" } else { "check" }, "--quiet", "-p", check.package]);
        let mut features = check.features.clone().unwrap_or_default();
        if check.features.is_some() {
            command.arg("--no-default-features");
        }
        // Only where DuckDB is: it would turn it on.
        if check.package == "tradekeep-duckdb-store" || features.contains(&"duckdb") {
            features.extend(duckdb.duckdb_features());
        }
        if !features.is_empty() {
            command.args(["--features", &features.join(",")]);
        }
        if has_clippy {
            command.args(["--", "-D", "warnings"]);
        }
        command
    };
    checks().into_iter().map(command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::line;

    #[test]
    fn no_each_and_all_backends_and_each_by_itself() {
        let lines = |duckdb, has_clippy| -> Vec<String> {
            let commands = commands(Path::new("."), duckdb, has_clippy);
            // The program is the cargo that runs this.
            let words = |command: &Command| line(command).split_once(' ').unwrap().1.to_owned();
            commands.iter().map(words).collect()
        };
        assert_eq!(
            lines(DuckDb::Library, false),
            [
                "check --quiet -p tradekeep --no-default-features",
                "check --quiet -p tradekeep --no-default-features --features duckdb",
                "check --quiet -p tradekeep --no-default-features --features questdb",
                "check --quiet -p tradekeep --no-default-features --features duckdb,questdb",
                "check --quiet -p tradekeep --no-default-features --features serde",
                "check --quiet -p tradekeep-duckdb-store",
                "check --quiet -p tradekeep-questdb-store",
            ]
        );
        let with_clippy = lines(DuckDb::FromSource, true);
        assert!(with_clippy.iter().all(|line| line.ends_with(" -- -D warnings")));
        let bundled: Vec<_> = with_clippy
            .iter()
            .map(|line| line.contains("tradekeep-duckdb-store/bundled"))
            .collect();
        assert_eq!(bundled, [false, true, false, true, false, true, false]);
    }

    /// A backend that the list lacks is not checked.
    #[test]
    fn every_backend_of_the_facade_is_listed() {
        let manifest = include_str!("../../crates/facade/Cargo.toml");
        let on = |line: &'static str| {
            let (feature, on) = line.split_once(" = [")?;
            let package = on.split('"').find_map(|name| name.strip_prefix("dep:tradekeep-"))?;
            Some((feature, format!("tradekeep-{package}")))
        };
        let found: Vec<_> = manifest.lines().filter_map(on).collect();
        let listed: Vec<_> =
            BACKENDS.iter().map(|(feature, package)| (*feature, (*package).to_owned())).collect();
        assert_eq!(found, listed);
    }
}
