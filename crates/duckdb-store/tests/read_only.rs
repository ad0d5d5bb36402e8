//! A data folder that may not be written, by its modes or because it is mounted so, is read. What a
//! machine has not the means for is reported as ignored, with the reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[allow(dead_code, reason = "shared with the tests of the lease")]
#[path = "lease/child.rs"]
mod child;

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use child::{Other, config, ticks};
use tradekeep_duckdb_store::DuckDbStore;
use tradekeep_store_traits::{RecordSink, RecordSinkExt};
use tradekeep_test_servers::harness::{self, Absent, needing};

fn main() -> ExitCode {
    harness::main(vec![
        needing("mount", "folder_mounted_read_only_is_read", mounted),
        needing("modes", "folder_with_modes_to_read_is_read", by_modes),
        // Run by the other tests in a process of its own.
        harness::test("other_process", other_process).with_ignored_flag(true),
    ])
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn other_process() {
    if let (Some(folder), Ok(role)) =
        (env::var_os("TRADEKEEP_TEST_FOLDER"), env::var("TRADEKEEP_TEST_ROLE"))
    {
        block_on(child::run(Path::new(&folder), &role));
    }
}

/// Three rows in a folder that `start` starts a process for which may not write it: with the files that
/// take turns, and without.
fn is_read(start: impl Fn(&Path) -> Result<Other, Absent>) -> Result<(), Absent> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    block_on(async {
        let store = DuckDbStore::connect(config(&data)).await.unwrap();
        store.save(ticks("X", 0, 3)).await.unwrap();
        store.close().await.unwrap();
    });
    for locks in ["there", "missing"] {
        if locks == "missing" {
            fs::remove_file(data.join("turn")).unwrap();
            fs::remove_file(data.join("door")).unwrap();
        }
        let mut reader = start(&data)?;
        assert_eq!(reader.hear(), "ready");
        assert_eq!(reader.ask("count"), "3", "with locks {locks}");
        let refusal = reader.ask("refused");
        assert!(refusal.contains("may not be written"), "{refusal}");
        assert_eq!(reader.ask("count"), "3", "reading goes on");
        reader.end();
        set_modes(&data, 0o700, 0o600);
        assert!(!data.join("turn").exists() || locks == "there");
    }
    Ok(())
}

fn set_modes(data: &Path, of_folder: u32, of_files: u32) {
    fs::set_permissions(data, Permissions::from_mode(of_folder | 0o300)).unwrap();
    for file in fs::read_dir(data).unwrap() {
        fs::set_permissions(file.unwrap().path(), Permissions::from_mode(of_files)).unwrap();
    }
    fs::set_permissions(data, Permissions::from_mode(of_folder)).unwrap();
}

/// Whether this command does what it should.
fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// In a mount namespace that ends with the process.
fn mounted() -> Result<(), Absent> {
    const MOUNT: &str = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\"";
    is_read(|data| {
        let shell = |script: &str| {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh", "-c", script, "sh"]).arg(data);
            command
        };
        if !works(&mut shell(MOUNT)) {
            return Err("nothing can be mounted read-only by this user here".to_owned());
        }
        let mut command = shell(&format!("{MOUNT} && shift && exec \"$@\""));
        command.arg(env::current_exe().unwrap());
        Ok(Other::start_by(command, data, "obey"))
    })
}

/// Root may write whatever modes say: not so without these capabilities.
fn by_modes() -> Result<(), Absent> {
    const BIND: &str = "--bounding-set=-dac_override,-dac_read_search";
    is_read(|data| {
        set_modes(data, 0o500, 0o400);
        let free = File::create(data.join("probe")).is_ok();
        let program = env::current_exe().unwrap();
        if !free {
            return Ok(Other::start_by(Command::new(program), data, "obey"));
        }
        fs::remove_file(data.join("probe")).unwrap();
        if !works(Command::new("setpriv").args([BIND, "true"])) {
            set_modes(data, 0o700, 0o600);
            return Err("modes do not bind this user (root), and no setpriv makes them".to_owned());
        }
        let mut command = Command::new("setpriv");
        command.arg(BIND).arg(program);
        Ok(Other::start_by(command, data, "obey"))
    })
}
