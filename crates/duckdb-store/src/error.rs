//! DuckDB's errors, classified. The only file that names the driver's error type.

use tradekeep_store_traits::{Act, Delivery, ErrorKind, Failure};

/// What DuckDB answered.
pub(crate) fn classify(error: duckdb::Error) -> Failure {
    of_message(&error.to_string()).with_source(error)
}

/// By the message: the C API gives no code that tells these apart.
fn of_message(text: &str) -> Failure {
    let has = |part: &str| text.contains(part);
    let say = |kind, act, context: String| Failure::new(kind, context).with_act(act);
    if has("No space left on device") || has("File too large") {
        let context = "the disk is full: free some space, then do it again; \
                       what was stored before is safe";
        return say(ErrorKind::Write, Act::Probe, context.into());
    }
    if has("Could not set lock on file") {
        let holder = between(text, "(PID ", ")")
            .map_or_else(|| "another process".into(), |pid| format!("process {pid}"));
        let context = format!("{holder} has the database open: wait for it, or end it");
        return say(ErrorKind::Conflict, Act::Retry { after: None }, context);
    }
    if has("has been invalidated because of a previous fatal error") {
        let context = "DuckDB stopped after an earlier error: close the store and open it again";
        return say(ErrorKind::Connection, Act::Halt, context.into())
            .with_delivery(Delivery::Unknown);
    }
    if has("not a valid DuckDB database file") {
        let context = "the file is not a DuckDB database, or its header is damaged: \
                       move it away or restore a backup; it was not changed";
        return say(ErrorKind::Connection, Act::Halt, context.into());
    }
    if has("Could not read enough bytes") {
        let context = "the database file ends too early: restore a backup, or move the whole \
                       folder away and import again";
        return say(ErrorKind::Connection, Act::Halt, context.into());
    }
    if has("Corrupt") || has("checksum") || has("Serialization Error") {
        let context = format!(
            "the database file is damaged ({}): restore a backup, or move it away and import \
             again; it was not changed",
            one_line(text)
        );
        return say(ErrorKind::Connection, Act::Halt, context);
    }
    if has("Permission denied") || has("read-only mode") || has("Read-only file system") {
        let context = format!("the database may not be written: {}", one_line(text));
        return say(ErrorKind::Authentication, Act::Halt, context);
    }
    if has("Out of Memory Error") {
        let context = "DuckDB ran out of memory: ask for a shorter range, or raise \
                       memory_megabytes";
        return say(ErrorKind::Query, Act::Split, context.into());
    }
    if has("Out of Range Error") || has("Overflow") {
        let context = "the sum of a candle is too large: it has more than 20 digits before the \
                       point; ask for a shorter interval or range";
        return say(ErrorKind::Query, Act::Never, context.into());
    }
    let (kind, act) = if has("Catalog Error") || has("Binder Error") {
        (ErrorKind::Schema, Act::Halt)
    } else if has("TransactionContext Error") || has("Transaction conflict") {
        (ErrorKind::Transaction, Act::Retry { after: None })
    } else if has("IO Error") {
        (ErrorKind::Connection, Act::Probe)
    } else {
        (ErrorKind::Query, Act::Never)
    };
    say(kind, act, one_line(text))
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

/// DuckDB's messages go over several lines, with a stack trace in the worst case.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A record and Arrow do not agree.
pub(crate) fn conversion(error: arrow::error::ArrowError) -> Failure {
    let context = format!("a stored row is not a record: {error}");
    Failure::new(ErrorKind::Deserialization, context).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_answers_are_classified() {
        for (answer, kind, act) in [
            (
                "IO Error: Could not set lock on file \"/data/tradekeep.duckdb\": Conflicting lock \
             is held in /usr/bin/tradekeep (PID 4242). See also https://duckdb.org",
                ErrorKind::Conflict,
                Act::Retry { after: None },
            ),
            (
                "IO Error: Could not write all bytes to file \"x\": wanted=4096 wrote=0: No space \
             left on device",
                ErrorKind::Write,
                Act::Probe,
            ),
            (
                "IO Error: The file \"x\" exists, but it is not a valid DuckDB database file!",
                ErrorKind::Connection,
                Act::Halt,
            ),
            (
                "FATAL Error: Failed: database has been invalidated because of a previous fatal \
             error. The database must be restarted prior to being used again.",
                ErrorKind::Connection,
                Act::Halt,
            ),
            ("Out of Range Error: Overflow in HUGEINT addition", ErrorKind::Query, Act::Never),
            ("Catalog Error: Table with name ticks does not exist!", ErrorKind::Schema, Act::Halt),
        ] {
            let verdict = of_message(answer);
            assert_eq!((verdict.kind, verdict.act), (kind, act), "{answer}");
        }
        let lock = of_message("IO Error: Could not set lock on file \"x\": (PID 42).");
        assert!(lock.context.starts_with("process 42 has the database open"));
    }
}
