//! `oracle TABLE|COLUMN,… SENT STORED [OPEN]`: see `tradekeep_tests::oracle::command`.

use std::io::{stderr, stdout};
use std::process::ExitCode;

use tradekeep_tests::oracle::command;

fn main() -> ExitCode {
    command::run(std::env::args_os().skip(1), &mut stdout().lock(), &mut stderr().lock())
}
