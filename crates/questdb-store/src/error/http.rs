//! What the server answers to records over HTTP, classified.

use std::io;

use questdb::{Error, ErrorCode};
use tradekeep_store_traits::{Act, BadRow, Delivery, ErrorKind, Failure};

use super::verdict;

/// Why a batch was not taken.
pub(crate) fn refused(error: Error) -> Failure {
    of_batch(error.code(), error.msg()).with_source(error)
}

/// A batch that cannot be written down for the server.
pub(crate) fn not_encoded(error: Error) -> Failure {
    let context = "the records cannot be written in the server's protocol: see the cause";
    Failure::new(ErrorKind::Serialization, context).with_source(error)
}

/// The file of those who are trusted is no good.
pub(crate) fn roots_unreadable(error: io::Error) -> Failure {
    no_roots().with_source(error)
}

/// Why the server did not answer, or not as asked.
pub(crate) fn not_answered(error: ureq::Error) -> Failure {
    use ureq::Error::{ConnectionFailed, Io, Protocol, Rustls, StatusCode, Timeout, Tls};
    let code = match &error {
        StatusCode(401 | 403) => ErrorCode::AuthError,
        Io(_) | Timeout(_) | ConnectionFailed | Protocol(_) => ErrorCode::SocketError,
        Tls(_) | Rustls(_) => ErrorCode::TlsError,
        StatusCode(404) => ErrorCode::HttpNotSupported,
        StatusCode(_) => {
            let context = "the server refuses what it is asked over HTTP: see its log";
            return Failure::new(ErrorKind::Query, context).with_source(error);
        }
        _ => ErrorCode::HttpNotSupported,
    };
    let verdict = of_batch(code, &error.to_string());
    verdict.with_delivery(Delivery::NotApplied).with_source(error)
}

/// By code, then message. The message itself is not repeated: it may hold a value of a row.
pub(super) fn of_batch(code: ErrorCode, message: &str) -> Failure {
    let retry = || Act::Retry { after: None };
    let no_tls = ["peer certificate", "fatal alert", "corrupt message"];
    let no_tls = no_tls.iter().any(|part| message.contains(part));
    match code {
        ErrorCode::AuthError => {
            let context = "the server does not let this user write: correct user and password";
            verdict(ErrorKind::Authentication, Act::Halt, context)
        }
        ErrorCode::HttpNotSupported => {
            let context = "what listens there takes no records: correct host and port";
            verdict(ErrorKind::Connection, Act::Halt, context)
        }
        ErrorCode::TlsError => {
            let context = "no TLS connection can be made: see the cause, and port; where no authority \
                           that this system trusts vouches for the server, give tls_roots";
            verdict(ErrorKind::Connection, Act::Halt, context)
        }
        ErrorCode::ConfigError if message.contains("root certificate file") => no_roots(),
        ErrorCode::ConfigError => {
            let context = "a connection cannot be set up: see the cause";
            verdict(ErrorKind::Connection, Act::Halt, context)
        }
        ErrorCode::SocketError if no_tls => of_batch(ErrorCode::TlsError, ""),
        // Of somebody who does not speak HTTP, or in the middle of an answer.
        ErrorCode::SocketError if message.contains("http parse fail") => {
            of_batch(ErrorCode::HttpNotSupported, "").with_delivery(Delivery::Unknown)
        }
        ErrorCode::SocketError if message.contains("refused") => {
            let context = "nobody listens on the HTTP port: start the server, or correct host and \
                           port";
            verdict(ErrorKind::Connection, Act::Probe, context)
        }
        ErrorCode::SocketError if message.contains("timeout") => {
            let context = "the server does not answer in time: see whether it is overloaded, and \
                           whether port is the one of HTTP";
            verdict(ErrorKind::Timeout, retry(), context).with_delivery(Delivery::Unknown)
        }
        ErrorCode::SocketError => {
            let context = "the connection to the server was lost: see whether it runs";
            verdict(ErrorKind::Connection, retry(), context).with_delivery(Delivery::Unknown)
        }
        ErrorCode::ServerFlushError => of_answer(message),
        _ => {
            let context = "the records cannot be sent: see the cause";
            verdict(ErrorKind::Write, Act::Never, context)
        }
    }
}

fn no_roots() -> Failure {
    let context = "tls_roots cannot be read: correct its path, or let this process read it";
    verdict(ErrorKind::Connection, Act::Halt, context)
}

fn of_answer(message: &str) -> Failure {
    let has = |part: &str| message.contains(part);
    if has("permission denied") {
        let context = "this user may not write: use one that may, or allow it on the server";
        return verdict(ErrorKind::Authentication, Act::Halt, context);
    }
    // Each concerns a line too, and would every other one.
    if has("table does not exist") || has("creating new columns is disabled") {
        let context = "a table or a column is gone: open the store again, which says which and \
                       what to do";
        return verdict(ErrorKind::Schema, Act::Halt, context);
    }
    if has("too large") || has("exceeds") && has("size") {
        let context = "the server takes no request of that size: send fewer records at once";
        return verdict(ErrorKind::Write, Act::Split, context);
    }
    if has("No space left") || has("errno: 28") || has("errno=28") {
        let context = "the server's disk is full: free some space";
        return verdict(ErrorKind::Write, Act::Probe, context).with_delivery(Delivery::Unknown);
    }
    // What fails inside the server is no row's fault, though a line is named for it, too.
    let is_row = has("\"code\":\"invalid\"") || has("code: invalid");
    if let Some(index) = line(message).filter(|_| is_row) {
        let reason = reason(message);
        let context = format!("the server refuses a row: {reason}");
        let bad = vec![BadRow::new(index, reason)];
        return verdict(ErrorKind::Write, Act::BadRows(bad), context);
    }
    let context = "the server fails at this batch: see the cause, and its log";
    verdict(ErrorKind::Write, Act::Retry { after: None }, context).with_delivery(Delivery::Unknown)
}

/// The place, from 0, of the row that is refused first, a line being a row. Nothing in front of it is out of
/// a row.
fn line(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once("error in line ")?;
    rest.split(':').next()?.parse::<usize>().ok()?.checked_sub(1)
}

/// Why a row is refused, without its values: what is wrong with which column.
fn reason(message: &str) -> String {
    let what = [
        ("cast error", "has another type than its column"),
        ("out bounds", "is out of its column's bounds"),
        ("loss of precision", "is finer than its column"),
        ("before 1970", "is before 1970"),
    ];
    let what = what.iter().find(|(part, _)| message.contains(part));
    let what = what.map_or("is not understood by the server", |(_, what)| what);
    let column = message.split_once("column: ").and_then(|(_, rest)| rest.split(';').next());
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match column.filter(is_name) {
        Some(column) => format!("{column}: {what}"),
        None => format!("a value {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: usize, what: &str) -> String {
        format!(
            "Could not flush buffer: {{\"code\":\"invalid\",\"message\":\"failed to parse line \
             protocol:errors encountered on line(s):\\nerror in line {line}: {what}\",\"line\":{line},\
             \"errorId\":\"c61630da8e82-2\"}}"
        )
    }

    /// As QuestDB 9.3.4 said it, in the words of its client.
    #[test]
    fn real_answers_are_classified() {
        use ErrorCode::{AuthError, ConfigError, ServerFlushError, SocketError};
        let retry = || Act::Retry { after: None };
        for (code, message, kind, act) in [
            (
                ServerFlushError,
                answer(1, "table: nope; table does not exist, creating new tables is disabled"),
                ErrorKind::Schema,
                Act::Halt,
            ),
            (
                ServerFlushError,
                answer(1, "table: t, column: z does not exist, creating new columns is disabled"),
                ErrorKind::Schema,
                Act::Halt,
            ),
            (
                AuthError,
                "Could not flush buffer: HTTP endpoint authentication error: Unauthorized [code: \
                 401]"
                    .into(),
                ErrorKind::Authentication,
                Act::Halt,
            ),
            (
                SocketError,
                "Could not flush buffer: http://127.0.0.1:1/write: io: Connection refused (os \
                 error 111)"
                    .into(),
                ErrorKind::Connection,
                Act::Probe,
            ),
            (
                SocketError,
                "Could not flush buffer: http://127.0.0.1:1/write: io: Peer disconnected".into(),
                ErrorKind::Connection,
                retry(),
            ),
            (
                SocketError,
                "Could not flush buffer: http://127.0.0.1:1/write: timeout: per call".into(),
                ErrorKind::Timeout,
                retry(),
            ),
            (
                SocketError,
                "Could not flush buffer: https://127.0.0.1:1/write: io: invalid peer certificate: \
                 UnknownIssuer"
                    .into(),
                ErrorKind::Connection,
                Act::Halt,
            ),
            (
                SocketError,
                "Could not flush buffer: http://127.0.0.1:1/write: protocol: http parse fail: \
                 invalid HTTP version"
                    .into(),
                ErrorKind::Connection,
                Act::Halt,
            ),
            (
                ConfigError,
                "Could not open root certificate file from path \"/nope.pem\": No such file or \
                 directory (os error 2)"
                    .into(),
                ErrorKind::Connection,
                Act::Halt,
            ),
            (
                ServerFlushError,
                "Could not flush buffer: could not open, disk full? [errno: 28, path: ticks]"
                    .into(),
                ErrorKind::Write,
                Act::Probe,
            ),
            (
                ServerFlushError,
                "Could not flush buffer: {\"code\":\"internal error\",\"message\":\"failed to parse line \
                 protocol:errors encountered on line(s):write error: t0_ticks, errno: 28, error: No \
                 space left [size=262144, fd=2042256950177]\",\"line\":4973,\"errorId\":\
                 \"395083dfac39-9\"}"
                    .into(),
                ErrorKind::Write,
                Act::Probe,
            ),
            (
                ServerFlushError,
                "Could not flush buffer: {\"code\":\"internal error\",\"message\":\"failed to parse line \
                 protocol:errors encountered on line(s):write error: t0_ticks, errno: 24, error: \
                 could not open\",\"line\":7,\"errorId\":\"395083dfac39-9\"}"
                    .into(),
                ErrorKind::Write,
                retry(),
            ),
            (
                ServerFlushError,
                "Could not flush buffer: something else".into(),
                ErrorKind::Write,
                retry(),
            ),
        ] {
            let verdict = of_batch(code, &message);
            assert_eq!((verdict.kind, verdict.act), (kind, act), "{message}");
        }
    }

    #[test]
    fn a_bad_row_is_named_without_its_values() {
        for (what, reason) in [
            (
                "table: t, column: l; cast error from protocol type: STRING to column type: LONG",
                "l: has another type than its column",
            ),
            (
                "table: t, column: d; line protocol value: 123.5 is out bounds of column type: \
                 DECIMAL(38,18)",
                "d: is out of its column's bounds",
            ),
            (
                "table: t, column: d; value error: converting 1.1234567890123456789 to \
                 DECIMAL(38,18) will result in loss of precision",
                "d: is finer than its column",
            ),
            (
                "table: t, timestamp: -5; designated timestamp before 1970-01-01 is not allowed",
                "a value is before 1970",
            ),
            (
                "Could not parse entire line, field value is invalid. Field: s; value: SECRET",
                "a value is not understood by the server",
            ),
        ] {
            let verdict = of_batch(ErrorCode::ServerFlushError, &answer(7, what));
            let expected = BadRow::new(6, reason.into());
            assert_eq!(verdict.act, Act::BadRows(vec![expected]));
            assert!(!verdict.context.contains("123") && !verdict.context.contains("SECRET"));
        }
    }
}
