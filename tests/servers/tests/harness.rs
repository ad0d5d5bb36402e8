//! What becomes of tests that need a server which is absent: this program runs itself, once as it is, once
//! with the server required.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

use tradekeep_test_servers::harness::{self, REQUIRE, needing, sharing, starting, test};
use tradekeep_test_servers::{Error, Life, Running, Server};

/// A server that cannot be had.
#[derive(Debug)]
struct Abacus;

impl Server for Abacus {
    fn name(&self) -> &'static str {
        "abacus"
    }

    fn title(&self) -> &'static str {
        "Abacus"
    }

    fn variable(&self) -> &'static str {
        "TRADEKEEP_TEST_ABACUS_URL"
    }

    fn packages(&self) -> &'static [&'static str] {
        &[]
    }

    fn install(&self, _: &Path) -> Result<String, String> {
        Err("it is not made any more".to_owned())
    }

    fn absent(&self) -> Option<String> {
        Some("there are no beads".to_owned())
    }

    fn start(&self, _: &Path, _: Life) -> Result<Box<dyn Running>, Error> {
        Err(Error::Absent("there are no beads".to_owned()))
    }
}

/// Has this program be its own child.
const CHILD: &str = "TRADEKEEP_TEST_HARNESS_CHILD";

fn main() -> ExitCode {
    if env::var_os(CHILD).is_some() {
        let counts: (&str, fn(&str)) = ("counts", |url| assert_eq!(url, "abacus://mine"));
        let own = starting(&Abacus, vec![test("is_shaken", || {})]);
        let pear = vec![needing("pear", "is_eaten", || Err("there is no pear".to_owned()))];
        return harness::main(
            [sharing(&Abacus, [counts]), own, pear].into_iter().flatten().collect(),
        );
    }
    harness::main(vec![
        test("what_is_absent_is_ignored_with_the_reason", ignored),
        test("what_is_required_fails_where_it_is_absent", required),
        test("a_server_of_ones_own_is_used", own),
    ])
}

/// Whether it succeeds, and what it says.
fn child(variable: &str, value: &str) -> (bool, String) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.env_remove(REQUIRE).env(CHILD, "").env(variable, value);
    let output = child.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn ignored() {
    let (success, said) = child(REQUIRE, "pears, and something else");
    assert!(success && said.contains("0 passed; 0 failed; 3 ignored"), "{said}");
    assert!(said.contains("there are no beads") && said.contains("there is no pear"), "{said}");
}

fn required() {
    let (success, said) = child(REQUIRE, "questdb, abacus");
    assert!(!success && said.contains("0 passed; 2 failed; 1 ignored"), "{said}");
    assert!(said.contains("there are no beads"), "{said}");
    let (success, said) = child(REQUIRE, "pear");
    assert!(!success && said.contains("0 passed; 1 failed; 2 ignored"), "{said}");
}

fn own() {
    // What is used is not started: that it cannot be is no matter.
    let (success, said) = child("TRADEKEEP_TEST_ABACUS_URL", "abacus://mine");
    assert!(success && said.contains("1 passed; 0 failed; 2 ignored"), "{said}");
}
