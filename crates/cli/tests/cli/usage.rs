//! Help, wrong usage, exit codes.

use crate::support::Folder;

#[test]
fn help_and_version() {
    let folder = Folder::new();
    let help = folder.run("--help").ok().stdout;
    for part in ["import", "query", "stats", "health", "demo", "Examples:", "Exit codes:", "64"] {
        assert!(help.contains(part), "{part}");
    }
    for command in ["import", "query ticks", "query candles", "spool", "dead-letters", "tail"] {
        let help = folder.run(&format!("{command} --help")).ok().stdout;
        assert!(help.contains("Examples:"), "{command}");
    }
    let help = folder.run("import --help").ok().stdout;
    assert!(help.lines().count() <= 50, "fits a screen: {}", help.lines().count());
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    assert!(folder.run("--version").ok().stdout.starts_with("tradekeep 0."));
    assert!(std::fs::read_dir(folder.path("")).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn wrong_usage_is_64_in_one_line() {
    let folder = Folder::new();
    for (args, part) in [
        ("imprt x", "'import'"),
        ("import", "<FILE>"),
        ("import x --format xml", "binance-ws"),
        ("import x --map when=ts", "fields are ts"),
        ("query ticks --limit 0", "whole number from 1"),
        ("query ticks --from yesterday", "2023-09-05T16:00:01"),
        ("query ticks --after xyz", "--after"),
        ("query candles --interval 7x", "like 5m"),
        ("query candles --fill maybe", "previous"),
        ("query candles --chart --json", "--json"),
        ("--json query candles --chart", "--json"),
        ("query latency --chart --json", "--json"),
        ("query ticks --from 2024080", "since 1970: write it as"),
        ("query ticks --to 1M", "m (minutes)"),
        ("demo --seed minus", "--seed"),
        ("spool drain --wait 4000", "--wait"),
        ("dead-letters replay --table bars --all", "mev-events"),
        ("tail --from first", "--from"),
    ] {
        let run = folder.run(args);
        assert!(run.error(64).contains(part), "{args}: {run:?}");
        assert_eq!(run.stdout, "");
    }
    let nothing = folder.run("");
    assert_eq!((nothing.code, &*nothing.stdout), (Some(64), ""));
    assert!(nothing.stderr.contains("Usage: tradekeep"));
}

#[test]
fn a_mistyped_data_folder_is_not_made() {
    let folder = Folder::new();
    for args in ["stats", "health", "query ticks", "query candles --json"] {
        let run = folder.run(&format!("--data typo {args}"));
        assert!(run.error(1).starts_with("typo: there is no such data folder"), "{run:?}");
    }
    assert!(!folder.path("typo").exists());
}
