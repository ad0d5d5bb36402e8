//! The jar, by Maven.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{VERSION, jar};

/// Puts the jar into `home`; answers what there is to tell.
pub(super) fn install(home: &Path) -> Result<String, String> {
    let jar = jar(home);
    if jar.is_file() {
        return Ok(format!("{VERSION}, in place"));
    }
    // -version, with one dash: the one that Java 8 knows too.
    run(Command::new("java").arg("-version"))
        .map_err(|_| "Java was not found, 17 or newer runs it")?;
    run(Command::new("mvn").arg("--version"))
        .map_err(|_| "Maven (mvn) was not found, it fetches the jar")?;
    // Beside the final place, so that the move is a rename: a run cut short is repeated.
    let incoming = home.join(format!("incoming-{}", std::process::id()));
    println!("QuestDB: getting {VERSION} with Maven");
    let copied = run(Command::new("mvn")
        .args(["-q", "-B", "--strict-checksums", "dependency:copy"])
        .arg(format!("-Dartifact=org.questdb:questdb:{VERSION}"))
        .arg(format!("-DoutputDirectory={}", incoming.display()))
        // Outside of any project.
        .current_dir(std::env::temp_dir()));
    let moved = copied.and_then(|()| {
        let name = jar.file_name().ok_or("the jar has no name")?;
        fs::rename(incoming.join(name), &jar).map_err(|error| format!("Maven left no jar: {error}"))
    });
    // What may stay behind is ignored by git and by cargo.
    let _ = fs::remove_dir_all(&incoming);
    moved.map(|()| format!("{VERSION} installed in {}", home.display()))
}

/// Runs it to its end; its errors are seen, and nothing else of what it says.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    // Maven tells its errors on stdout.
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(format!("{program} failed ({}): {first}", output.status))
}
