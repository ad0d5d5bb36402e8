//! A server that does not answer: why not, and what to do.

use std::error::Error as _;
use std::io;

use deadpool_postgres::{PoolError, TimeoutType};
use tradekeep_store_traits::{Act, ErrorKind, Failure};

use crate::pool::Answers;

const RETRY: Act = Act::Retry { after: None };

fn connection(context: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::Connection, context)
}

impl Answers {
    /// What an error of the driver means.
    pub(crate) fn classify(self, error: tokio_postgres::Error) -> Failure {
        let failure = match error.as_db_error() {
            Some(answer) => (self.classify)(answer),
            None => self.silence(&error),
        };
        failure.with_source(error)
    }

    /// Why the pool has no connection to `address`.
    pub(crate) fn unavailable(self, address: &str, error: PoolError) -> Failure {
        match error {
            PoolError::Backend(error)
                if cause(&error) == Some(io::ErrorKind::ConnectionRefused) =>
            {
                let place = self.place;
                let context =
                    format!("nobody listens on {address}: start the server, or correct {place}");
                connection(context).with_act(Act::Probe).with_source(error)
            }
            PoolError::Backend(error) => self.classify(error),
            PoolError::Timeout(TimeoutType::Wait) => {
                let context = "every connection is in use: ask again, or raise `readers`";
                Failure::new(ErrorKind::PoolExhausted, context).with_act(RETRY)
            }
            PoolError::Timeout(_) => self.late(),
            PoolError::Closed => connection("the store is closed: open it again"),
            error => connection("no connection can be made: see the cause").with_source(error),
        }
    }

    fn silence(self, error: &tokio_postgres::Error) -> Failure {
        let lost = || {
            connection("the connection to the server was lost: see whether it runs").with_act(RETRY)
        };
        match cause(error) {
            Some(io::ErrorKind::TimedOut) => self.late(),
            Some(_) => lost(),
            None if error.is_closed() => lost(),
            None => {
                let place = self.place;
                connection(format!(
                    "what answers does not speak PostgreSQL's protocol: correct {place}"
                ))
            }
        }
    }

    /// Others that listen, an HTTP server say, wait for more when they are spoken to as a PostgreSQL.
    pub(crate) fn late(self) -> Failure {
        let context = format!(
            "the server does not answer in time: see whether it is overloaded, and whether {} are \
             those of PostgreSQL's protocol",
            self.place
        );
        Failure::new(ErrorKind::Timeout, context).with_act(Act::Probe)
    }
}

/// Of the operating system.
fn cause(error: &tokio_postgres::Error) -> Option<io::ErrorKind> {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.map(io::Error::kind)
}
