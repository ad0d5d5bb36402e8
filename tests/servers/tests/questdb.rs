//! The harness, on real servers: where Java or the jar is missing, its tests are reported as ignored.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use tradekeep_test_servers::harness::{self, Trial, starting};
use tradekeep_test_servers::questdb::{QUESTDB, Questdb};
use tradekeep_test_servers::{Error, Kept};

type Test = (&'static str, fn() -> Result<(), Error>);

fn main() -> ExitCode {
    let tests: [Test; 3] = [
        ("killed_and_started_again_it_has_its_data", killed_and_started_again_it_has_its_data),
        ("paused_it_is_silent_until_it_is_resumed", paused_it_is_silent_until_it_is_resumed),
        ("kept_it_goes_on_until_it_is_stopped", kept_it_goes_on_until_it_is_stopped),
    ];
    let trial = |(name, test): Test| Trial::test(name, move || Ok(test()?));
    harness::main(starting(&QUESTDB, tests.into_iter().map(trial).collect()))
}

/// `tester:http-secret`.
const CREDENTIALS: &str = "Authorization: Basic dGVzdGVyOmh0dHAtc2VjcmV0\r\n";

/// Status line and body of a query over HTTP.
fn query(port: u16, sql: &str, credentials: &str) -> (String, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let sql = sql.replace(' ', "%20");
    let head = "Host: localhost\r\nConnection: close\r\n";
    write!(stream, "GET /exec?query={sql} HTTP/1.1\r\n{head}{credentials}\r\n").unwrap();
    // It keeps the connection open after the last chunk, whatever it was asked.
    let mut said = Vec::new();
    let mut part = [0; 4096];
    while !said.ends_with(b"\r\n0\r\n\r\n") && !said.ends_with(b"\r\n00\r\n\r\n") {
        match stream.read(&mut part).unwrap() {
            0 => break,
            len => said.extend_from_slice(&part[..len]),
        }
    }
    let said = String::from_utf8(said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn killed_and_started_again_it_has_its_data() -> Result<(), Error> {
    let mut server = Questdb::start()?;
    let port = server.ports().http;
    let (status, _) = query(port, "select 1", "");
    assert!(status.contains("401"), "anybody may use it: {status}");
    let (status, said) = query(port, "create table t (a int)", CREDENTIALS);
    assert!(status.contains("200"), "{status} {said}");

    let first = server.pid();
    server.kill()?;
    assert!(!server.answers(Duration::from_secs(1)));
    server.restart()?;
    assert_ne!(server.pid(), first);
    let (_, said) = query(port, "select count() from t", CREDENTIALS);
    assert!(said.contains("\"dataset\":[[0]]"), "{said}");
    server.stop()
}

fn paused_it_is_silent_until_it_is_resumed() -> Result<(), Error> {
    let server = Questdb::start()?;
    assert!(server.answers(Duration::from_secs(10)));
    server.pause()?;
    assert!(!server.answers(Duration::from_millis(300)));
    server.resume()?;
    assert!(server.answers(Duration::from_secs(10)));
    server.stop()
}

fn kept_it_goes_on_until_it_is_stopped() -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    assert_eq!(Kept::find(folder.path()), None);
    let kept = Kept::start(&QUESTDB, folder.path())?;
    assert_eq!(Kept::start(&QUESTDB, folder.path())?, kept, "one is enough");
    assert_eq!(Kept::find(folder.path()), Some(kept.clone()));
    kept.stop(folder.path())?;
    assert_eq!(Kept::find(folder.path()), None);
    assert!(!folder.path().join("data").exists());
    Ok(())
}
