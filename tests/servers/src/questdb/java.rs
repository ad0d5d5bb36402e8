//! The Java that runs it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The first Java it runs on.
const OLDEST: u32 = 17;

/// The program of a Java that is new enough, or what is wrong.
pub(super) fn find() -> Result<PathBuf, String> {
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin").join("java"));
    let java = home.filter(|java| java.is_file()).unwrap_or_else(|| "java".into());
    let output = Command::new(&java).arg("-version").stdin(Stdio::null()).output();
    let output = output.map_err(|_| format!("Java {OLDEST} or newer was not found"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match major(&said) {
        Some(major) if major >= OLDEST => Ok(java),
        Some(major) => Err(format!("Java is {major}, and it needs {OLDEST} or newer")),
        None => Err(format!("Java {OLDEST} or newer was not found")),
    }
}

/// 17 of `openjdk version "17.0.15" 2025-04-15`.
fn major(said: &str) -> Option<u32> {
    let version = said.lines().find_map(|line| line.split_once("version \""))?.1;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(major("Picked up JAVA_TOOL_OPTIONS: x\njava version \"21\""), Some(21));
        assert_eq!(major("java version \"1.8.0_292\""), Some(1));
        assert_eq!(major("The operation couldn't be completed. Unable to locate Java."), None);
    }
}
