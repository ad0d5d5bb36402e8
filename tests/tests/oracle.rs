//! The oracle as a process of its own.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ONE: &str = r#"{"id":"a","version":0,"ts":1,"base_amount":"1.5"}"#;
const TWO: &str = r#"{"id":"a","version":1,"ts":1,"base_amount":"1.5"}"#;

/// What it says of these files, each given by its lines; its arguments are `columns` and their names.
fn oracle(folder: &Path, columns: &str, files: &[&[&str]]) -> Result<Output, Box<dyn Error>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oracle"));
    command.arg(columns).current_dir(folder);
    for (lines, name) in files.iter().zip(["sent", "stored", "open"]) {
        fs::write(
            folder.join(name),
            lines.iter().map(|line| format!("{line}\n")).collect::<String>(),
        )?;
        command.arg(name);
    }
    Ok(command.output()?)
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn it_leaves_with_0_where_stored_is_sent() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    // By the identity of trades, then by columns.
    for columns in ["trades", "id,version"] {
        let (code, out, err) = said(&oracle(folder.path(), columns, &[&[ONE, TWO], &[TWO, ONE]])?);
        assert_eq!((code, &*err), (Some(0), ""));
        assert!(out.starts_with("clean: 2 sent, 2 stored, 2 distinct, 0 lost"), "{out}");
        assert_eq!(out.lines().count(), 1);
    }
    Ok(())
}

#[test]
fn it_leaves_with_1_and_examples_where_it_is_not() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (code, out, err) = said(&oracle(folder.path(), "trades", &[&[ONE, TWO], &[ONE, ONE]])?);
    assert_eq!(code, Some(1));
    assert!(out.starts_with("NOT CLEAN: 2 sent, 2 stored, 1 distinct, 1 lost, 1 doubled"), "{out}");
    assert_eq!(out.lines().count(), 1);
    assert!(err.starts_with(r#"lost: {"base_amount":"1.5","id":"a","ts":1,"version":1}"#), "{err}");
    Ok(())
}

#[test]
fn rows_without_a_receipt_may_be_absent() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for stored in [&[ONE][..], &[ONE, TWO]] {
        let output = oracle(folder.path(), "trades", &[&[ONE], stored, &[TWO]])?;
        assert_eq!(output.status.code(), Some(0), "{:?}", said(&output));
    }
    Ok(())
}

#[test]
fn it_leaves_with_2_where_it_cannot_say() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for (files, expected) in [
        (&[&[ONE][..]][..], "oracle: usage: oracle TABLE|COLUMN,… SENT STORED [OPEN]"),
        (&[&[ONE], &["no row"]], "oracle: line 1 of what was stored is not a row: "),
    ] {
        let (code, out, err) = said(&oracle(folder.path(), "trades", files)?);
        assert_eq!((code, &*out), (Some(2), ""));
        assert!(err.starts_with(expected), "{err}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_oracle"));
    let output =
        command.args(["trades", "absent", "absent"]).current_dir(folder.path()).output()?;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).2.starts_with("oracle: absent: "));
    Ok(())
}
