//! What the server answers over PostgreSQL's protocol, classified.

use tokio_postgres::error::DbError;
use tradekeep_store_traits::{Act, ErrorKind, Failure};

use super::verdict;

/// What the server answered over PostgreSQL's protocol.
pub(crate) fn classify(answer: &DbError) -> Failure {
    of(answer.message())
}

/// By the message: every answer of QuestDB 9.3.4 has the SQLSTATE 00000. The message itself is not
/// repeated where it may hold a value of a row.
pub(super) fn of(message: &str) -> Failure {
    let has = |part: &str| message.contains(part);
    let retry = || Act::Retry { after: None };
    if has("invalid username/password") {
        let context = "user or password is wrong: correct pg_user and pg_password, or user and \
                       password where those are not given";
        return verdict(ErrorKind::Authentication, Act::Halt, context);
    }
    if has("permission denied") {
        let context = "this user may not do that: use one that may, or allow it on the server";
        return verdict(ErrorKind::Authentication, Act::Halt, context);
    }
    if has("table does not exist") {
        let context = "a table is gone: open the store again, which says which and what to do";
        return verdict(ErrorKind::Schema, Act::Halt, context);
    }
    if has("Invalid column") || has("already exists") || has("inconvertible types") {
        let context = "a table is not what this tradekeep expects: open the store again, which \
                       says what is wrong with it";
        return verdict(ErrorKind::Schema, Act::Halt, context);
    }
    if has("cached query plan cannot be used") {
        let context = "a table was changed while it was read: ask again";
        return verdict(ErrorKind::Query, retry(), context);
    }
    if has("timeout, query aborted") {
        let context = "the server gave up on a query that took too long: ask for a shorter range, \
                       or raise its query.timeout";
        return verdict(ErrorKind::Timeout, Act::Split, context);
    }
    if has("No space left") || has("errno=28") {
        let context = "the server's disk is full: free some space";
        return verdict(ErrorKind::Write, Act::Probe, context);
    }
    if has("memory limit exceeded") || has("breached") {
        let context = "the server ran out of memory for a query: ask for a shorter range";
        return verdict(ErrorKind::Query, Act::Split, context);
    }
    if has("busy [") {
        let context = "a table is in use: ask again";
        return verdict(ErrorKind::Conflict, retry(), context);
    }
    let context = "the server refused a statement: see the cause";
    verdict(ErrorKind::Query, Act::Never, context)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As QuestDB 9.3.4 said it.
    #[test]
    fn real_answers_are_classified() {
        for (answer, kind, act) in [
            ("invalid username/password", ErrorKind::Authentication, Act::Halt),
            ("Write permission denied", ErrorKind::Authentication, Act::Halt),
            (
                "Could not create table, Write permission denied",
                ErrorKind::Authentication,
                Act::Halt,
            ),
            ("table does not exist [table=ticks]", ErrorKind::Schema, Act::Halt),
            ("Invalid column: nope", ErrorKind::Schema, Act::Halt),
            ("table already exists", ErrorKind::Schema, Act::Halt),
            (
                "column already exists with a different column type [current type=LONG, requested \
                 type=SYMBOL]",
                ErrorKind::Schema,
                Act::Halt,
            ),
            ("inconvertible types: INT -> UUID [from=1, to=id]", ErrorKind::Schema, Act::Halt),
            (
                "timeout, query aborted [fd=126701535851, runtime=93ms, timeout=50ms]",
                ErrorKind::Timeout,
                Act::Split,
            ),
            ("unknown function name: fooo(INT)", ErrorKind::Query, Act::Never),
            ("Cannot suspend table, database is not in dev mode", ErrorKind::Query, Act::Never),
        ] {
            let verdict = of(answer);
            assert_eq!((verdict.kind, verdict.act), (kind, act), "{answer}");
        }
    }

    #[test]
    fn no_value_is_repeated() {
        let answer = "inconvertible value: `123.45` [DECIMAL(30,0) -> DECIMAL(38,18)]";
        assert!(!of(answer).context.contains("123"));
    }
}
