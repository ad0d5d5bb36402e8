//! Rules for files: short sources, no `mod.rs`, no path of somebody's machine.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const MAX_LINES: usize = 400;

/// Split, so that this file does not hold what it looks for.
const MACHINE_FOLDERS: [(&str, &str); 4] =
    [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/Use", "rs/")];

/// Made by builds and by the program.
const NOT_OURS: [&str; 6] =
    [".git", ".duckdb", ".questdb", "target", "tradekeep-data", "tradekeep-demo"];

#[test]
fn sources_are_short() -> Result<()> {
    let mut long = Vec::new();
    for path in files()?.iter().filter(|path| is_source(path)) {
        let lines = fs::read_to_string(root().join(path))?.lines().count();
        if lines > MAX_LINES {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(long.is_empty(), "longer than {MAX_LINES} lines:\n{}", long.join("\n"));
    Ok(())
}

#[test]
fn modules_are_named_by_their_file() -> Result<()> {
    let files = files()?;
    let wrong: Vec<_> = files.iter().filter(|path| path.ends_with("mod.rs")).collect();
    assert!(wrong.is_empty(), "`foo.rs` and `foo/` instead of `foo/mod.rs`: {wrong:?}");
    Ok(())
}

#[test]
fn no_file_names_a_machines_folder() -> Result<()> {
    let mut found = Vec::new();
    for path in files()? {
        let bytes = fs::read(root().join(&path))?;
        if bytes.contains(&0) {
            continue; // not a text
        }
        for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if names_machine_folder(line) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "a path that exists on one machine only:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn a_machines_folder_is_told_from_a_part_of_a_path() {
    for (start, end) in MACHINE_FOLDERS {
        assert!(names_machine_folder(&format!("{start}{end}main")));
        assert!(names_machine_folder(&format!("see file://{start}{end}main")));
        assert!(!names_machine_folder(&format!("docs{start}{end}main")));
    }
}

/// Checkouts that share a target folder share what is built: in one of them it would use the files of the
/// one where it was built.
#[test]
fn no_path_of_a_checkout_is_compiled_in() -> Result<()> {
    let compiled_in = ["env!(\"CARGO_", "MANIFEST_DIR\")"].concat();
    let mut found = Vec::new();
    for path in files()?.iter().filter(|path| path.extension().is_some_and(|it| it == "rs")) {
        if fs::read_to_string(root().join(path))?.contains(&compiled_in) {
            found.push(path.display().to_string());
        }
    }
    assert!(found.is_empty(), "a path that is there where it was built:\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn without_git_the_same_files_are_found() -> Result<()> {
    let walked = walk(&root())?;
    assert!(walked.contains(&PathBuf::from("tests/tests/layout.rs")));
    assert!(walked.iter().any(|path| is_source(path)));
    for path in files()? {
        assert!(walked.contains(&path), "{} was not found", path.display());
    }
    Ok(())
}

/// Cargo runs tests in the folder of their package.
fn root() -> PathBuf {
    PathBuf::from("..")
}

/// Relative to the root: what git tracks or would, or all files where there is no git.
fn files() -> Result<Vec<PathBuf>> {
    let root = root();
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output();
    match git {
        Ok(output) if root.join(".git").exists() && output.status.success() => {
            let names = String::from_utf8(output.stdout)?;
            let paths = names.split_terminator('\0').map(PathBuf::from);
            // Not files: a symlink to a folder, and what is deleted but not yet committed.
            Ok(paths.filter(|path| root.join(path).is_file()).collect())
        }
        _ => walk(&root),
    }
}

fn walk(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if NOT_OURS.iter().any(|other| name == *other) {
                continue;
            }
            if path.is_file() {
                files.push(path.strip_prefix(root)?.to_path_buf());
            } else if !path.is_symlink() {
                folders.push(path);
            }
        }
    }
    Ok(files)
}

fn is_source(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    let place = matches!(parts[..], ["crates", _, "src", ..] | ["benches" | "xtask", ..]);
    place && path.extension().is_some_and(|extension| extension == "rs")
}

/// At the start of a path only, so that `docs` before the first slash is no match.
fn names_machine_folder(line: &str) -> bool {
    MACHINE_FOLDERS.iter().any(|(start, end)| {
        let folder = format!("{start}{end}");
        line.match_indices(&folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || "._-~*)}".contains(c))
        })
    })
}
