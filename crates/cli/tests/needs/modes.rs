//! Files that may not be read.

use std::fs::{File, Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::process;

use assert_cmd::Command;
use tradekeep_test_servers::harness::Absent;

use crate::Test;
use crate::support::{Folder, Run, TRADES};

pub(crate) const TESTS: &[Test] =
    &[("an_unreadable_file_is_refused", an_unreadable_file_is_refused)];

/// Takes from root what lets it read and write whatever the modes of files say.
const BIND: [&str; 2] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

fn an_unreadable_file_is_refused() -> Result<(), Absent> {
    let folder = Folder::with_trades();
    folder.write("secret.csv", TRADES);
    let path = folder.path("secret.csv");
    set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let mut import = folder.command("import secret.csv");
    if File::open(&path).is_ok() {
        let [program, option] = BIND;
        let works = process::Command::new(program).args([option, "true"]).output();
        if !works.is_ok_and(|output| output.status.success()) {
            return Err("modes do not bind this user (root), and no setpriv makes them".to_owned());
        }
        import = Command::new(program);
        import.args([option, env!("CARGO_BIN_EXE_tradekeep"), "import", "secret.csv"]);
        import.current_dir(folder.path("")).env_remove("RUST_LOG");
    }
    assert!(Run::of(&mut import).error(1).contains("may not be read"));
    assert_eq!(folder.stored(), 4);
    Ok(())
}
