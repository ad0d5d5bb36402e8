//! Child processes, with errors that name the command.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The cargo that started us (so `cargo +nightly xtask` stays on nightly), run at the root.
///
/// The variables that cargo set for xtask's own package are taken away: build scripts that watch
/// them (ring does) would run again, and their crates build again, after every plain `cargo build`.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs to the end with our stdin, stdout and stderr.
pub(crate) fn checked(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// As [`checked`], for who says much: shown is only the last line on stderr, and only of a failure.
pub(crate) fn quiet(command: &mut Command) -> Result<()> {
    let line = line(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().rfind(|said| !said.trim().is_empty());
        bail!("`{line}` failed ({}): {}", output.status, last.unwrap_or("it did not say why"));
    }
    Ok(())
}

/// Whether `program args…` starts and succeeds; its output is dropped.
pub(crate) fn works(program: impl AsRef<OsStr>, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_child_is_named_with_its_status() {
        let error = checked(Command::new("/bin/sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` failed (exit status: 3)");
    }

    #[test]
    fn a_quiet_child_is_quoted_when_it_fails() {
        let sh = |script| quiet(Command::new("sh").args(["-c", script]));
        assert!(sh("echo much; echo more >&2").is_ok());
        let error = sh("echo first >&2; echo why >&2; exit 3").unwrap_err().to_string();
        assert!(error.ends_with("failed (exit status: 3): why"), "{error}");
    }

    #[test]
    fn an_absent_program_is_named() {
        let error = checked(&mut Command::new("tradekeep-no-such-program")).unwrap_err();
        assert!(error.to_string().starts_with("cannot start `tradekeep-no-such-program`"));
        assert!(!works("tradekeep-no-such-program", &["--version"]));
    }
}
