//! Which packages and features a cargo call is about.

use crate::setup::DuckDb;

/// The features that tests need, beside the default ones. Listed, because `--all-features` would
/// also turn on `bundled` and compile DuckDB. Every step takes the same list, so that cargo
/// builds each crate once.
const FEATURES: &[&str] = &[
    "tradekeep/serde",
    "tradekeep-ingest/sim",
    "tradekeep-models/proptest",
    "tradekeep-models/serde",
    "tradekeep-store-traits/conformance",
    "tradekeep-store-traits/layers",
    "tradekeep-store-traits/memory",
    "tradekeep-store-traits/mock",
    "tradekeep-store-traits/proptest",
    "tradekeep-store-traits/serde",
    "tradekeep-store-traits/sql",
    "tradekeep-store-traits/url",
];

const DUCKDB_STORE: &str = "tradekeep-duckdb-store";

/// Packages that are built without DuckDB.
const WITHOUT_DUCKDB: &[&str] = &[
    "tradekeep-formats",
    "tradekeep-ingest",
    "tradekeep-models",
    "tradekeep-pg-common",
    "tradekeep-questdb-store",
    "tradekeep-store-traits",
    "tradekeep-test-servers",
    "xtask",
];

/// The package of a folder (`models`, `crates/models/`), or of a package's own name.
pub(crate) fn package(name: &str) -> String {
    let name = name.trim_end_matches('/');
    let folder = name.rsplit_once('/').map_or(name, |(_, last)| last);
    match folder {
        "facade" | "tradekeep" => "tradekeep".to_owned(),
        "xtask" => "xtask".to_owned(),
        "servers" => "tradekeep-test-servers".to_owned(),
        _ if folder.starts_with("tradekeep-") => folder.to_owned(),
        _ => format!("tradekeep-{folder}"),
    }
}

/// Whether one of `names` (none: the whole workspace) is built with DuckDB.
pub(crate) fn need_duckdb(names: &[String]) -> bool {
    names.is_empty() || names.iter().any(|name| !WITHOUT_DUCKDB.contains(&&*package(name)))
}

/// The arguments that choose `names` (none: the whole workspace) and their features.
pub(crate) fn select(names: &[String], duckdb: DuckDb) -> Vec<String> {
    let mut packages: Vec<String> = names.iter().map(|name| package(name)).collect();
    // Cargo takes a feature only of a package that is chosen too.
    if duckdb == DuckDb::FromSource
        && !packages.is_empty()
        && need_duckdb(names)
        && !packages.iter().any(|p| p == DUCKDB_STORE)
    {
        packages.push(DUCKDB_STORE.to_owned());
    }
    let features: Vec<&str> = [FEATURES, duckdb.duckdb_features()]
        .concat()
        .into_iter()
        .filter(|feature| packages.is_empty() || packages.iter().any(|p| belongs(feature, p)))
        .collect();

    let mut args: Vec<String> = packages.into_iter().flat_map(|p| ["-p".to_owned(), p]).collect();
    if args.is_empty() {
        args.push("--workspace".to_owned());
    }
    if !features.is_empty() {
        args.extend(["--features".to_owned(), features.join(",")]);
    }
    args
}

fn belongs(feature: &str, package: &str) -> bool {
    feature.split_once('/').is_some_and(|(owner, _)| owner == package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(names: &[&str], duckdb: DuckDb) -> String {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        select(&names, duckdb).join(" ")
    }

    #[test]
    fn folders_and_packages_name_the_same_package() {
        for (given, expected) in [
            ("models", "tradekeep-models"),
            ("tradekeep-models", "tradekeep-models"),
            ("crates/models/", "tradekeep-models"),
            ("facade", "tradekeep"),
            ("tradekeep", "tradekeep"),
            ("cli", "tradekeep-cli"),
            ("benches", "tradekeep-benches"),
            ("xtask", "xtask"),
            ("tests/servers", "tradekeep-test-servers"),
        ] {
            assert_eq!(package(given), expected, "{given}");
        }
    }

    #[test]
    fn the_workspace_gets_every_feature() {
        assert_eq!(
            selected(&[], DuckDb::Library),
            format!("--workspace --features {}", FEATURES.join(","))
        );
        assert!(selected(&[], DuckDb::FromSource).ends_with(",tradekeep-duckdb-store/bundled"));
    }

    #[test]
    fn a_crate_gets_only_its_own_features() {
        assert_eq!(selected(&["cli"], DuckDb::Library), "-p tradekeep-cli");
        assert_eq!(
            selected(&["models"], DuckDb::FromSource),
            "-p tradekeep-models --features tradekeep-models/proptest,tradekeep-models/serde"
        );
        assert_eq!(
            selected(&["store-traits"], DuckDb::Library),
            "-p tradekeep-store-traits --features \
             tradekeep-store-traits/conformance,tradekeep-store-traits/layers,\
             tradekeep-store-traits/memory,tradekeep-store-traits/mock,\
             tradekeep-store-traits/proptest,tradekeep-store-traits/serde,\
             tradekeep-store-traits/sql,tradekeep-store-traits/url"
        );
    }

    #[test]
    fn only_some_packages_need_duckdb() {
        let need =
            |names: &[&str]| need_duckdb(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        assert!(need(&[]) && need(&["cli"]) && need(&["models", "crates/facade"]));
        assert!(!need(&["models", "crates/formats/", "xtask"]));
    }

    #[test]
    fn duckdb_from_source_is_chosen_with_what_needs_it() {
        assert_eq!(
            selected(&["cli"], DuckDb::FromSource),
            "-p tradekeep-cli -p tradekeep-duckdb-store --features tradekeep-duckdb-store/bundled"
        );
    }
}
