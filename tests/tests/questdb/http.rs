//! SQL over HTTP: a way to the server that shares nothing with the store's own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use tradekeep_test_servers::questdb::{HTTP_PASSWORD, HTTP_USER};

/// A cell of an answer: nothing where it is NULL, else its text, as the server spells it.
pub(crate) type Cell = Option<String>;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    dataset: Vec<Vec<Box<RawValue>>>,
}

/// The rows that the server on `port` answers `sql` with, or what it says instead.
pub(crate) fn rows(port: u16, sql: &str) -> Result<Vec<Vec<Cell>>, String> {
    let (status, body) = get(port, sql).map_err(|error| error.to_string())?;
    if !status.contains(" 200 ") {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
    }
    let answer: Answer = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let cells = answer.dataset.iter().map(|row| row.iter().map(|cell| cell_of(cell)).collect());
    Ok(cells.collect())
}

fn cell_of(raw: &RawValue) -> Cell {
    match raw.get() {
        "null" => None,
        text if text.starts_with('"') => Some(serde_json::from_str(text).unwrap()),
        text => Some(text.to_owned()),
    }
}

/// Status line and body.
fn get(port: u16, sql: &str) -> std::io::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let credentials = STANDARD.encode(format!("{HTTP_USER}:{HTTP_PASSWORD}"));
    let head = "Host: localhost\r\nConnection: close\r\n";
    let query = encoded(sql);
    write!(
        stream,
        "GET /exec?query={query} HTTP/1.1\r\n{head}Authorization: Basic {credentials}\r\n\r\n"
    )?;
    let mut said = Vec::new();
    let mut part = [0; 64 << 10];
    loop {
        // It keeps the connection open after the last chunk, whatever it was asked.
        if let Some(answer) = whole(&said) {
            return Ok(answer);
        }
        match stream.read(&mut part)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            len => said.extend_from_slice(&part[..len]),
        }
    }
}

/// Status line and body of an answer in chunks, once all of it is there.
fn whole(said: &[u8]) -> Option<(String, Vec<u8>)> {
    if !said.ends_with(b"0\r\n\r\n") {
        return None;
    }
    let head = memchr::memmem::find(said, b"\r\n\r\n")?;
    let (mut body, mut at) = (Vec::new(), head + 4);
    loop {
        let line = at + memchr::memmem::find(&said[at..], b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&said[at..line]).ok()?, 16).ok()?;
        if length == 0 {
            let status = String::from_utf8_lossy(&said[..head]);
            return Some((status.lines().next()?.to_owned(), body));
        }
        body.extend_from_slice(said.get(line + 2..line + 2 + length)?);
        at = line + 2 + length + 2;
    }
}

fn encoded(sql: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let one =
        |byte: u8| if plain(&byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    sql.bytes().map(one).collect()
}
