//! A server that does not answer: why not, and what to do.

use std::error::Error as _;
use std::io;

use deadpool_postgres::{PoolError, TimeoutType};
use tradekeep_store_traits::{Act, ErrorKind, StoreError};

use crate::pool::Answers;

impl Answers {
    /// What an error of the driver means.
    pub(crate) fn classify(self, op: &'static str, error: tokio_postgres::Error) -> StoreError {
        let verdict = match error.as_db_error() {
            Some(answer) => (self.classify)(op, answer),
            None => self.silence(op, &error),
        };
        verdict.with_source(error)
    }

    /// Why the pool has no connection to `address`.
    pub(crate) fn unavailable(
        self,
        op: &'static str,
        address: &str,
        error: PoolError,
    ) -> StoreError {
        match error {
            PoolError::Backend(error)
                if cause(&error) == Some(io::ErrorKind::ConnectionRefused) =>
            {
                let place = self.place;
                let context =
                    format!("nobody listens on {address}: start the server, or correct {place}");
                StoreError::new(ErrorKind::Connection, self.store, op, context)
                    .with_act(Act::Probe)
                    .with_source(error)
            }
            PoolError::Backend(error) => self.classify(op, error),
            PoolError::Timeout(TimeoutType::Wait) => {
                let context = "every connection is in use: ask again, or raise `readers`";
                StoreError::new(ErrorKind::PoolExhausted, self.store, op, context)
                    .with_act(Act::Retry { after: None })
            }
            PoolError::Timeout(_) => self.late(op),
            PoolError::Closed => {
                let context = "the store is closed: open it again";
                StoreError::new(ErrorKind::Connection, self.store, op, context)
            }
            error => {
                let context = "no connection can be made: see the cause";
                StoreError::new(ErrorKind::Connection, self.store, op, context).with_source(error)
            }
        }
    }

    fn silence(self, op: &'static str, error: &tokio_postgres::Error) -> StoreError {
        let place = self.place;
        match cause(error) {
            Some(io::ErrorKind::TimedOut) => self.late(op),
            Some(_) => self.lost(op),
            None if error.is_closed() => self.lost(op),
            None => {
                let context =
                    format!("what answers does not speak PostgreSQL's protocol: correct {place}");
                StoreError::new(ErrorKind::Connection, self.store, op, context)
            }
        }
    }

    /// Others that listen, an HTTP server say, wait for more when they are spoken to as a PostgreSQL.
    pub(crate) fn late(self, op: &'static str) -> StoreError {
        let context = format!(
            "the server does not answer in time: see whether it is overloaded, and whether {} are \
             those of PostgreSQL's protocol",
            self.place
        );
        StoreError::new(ErrorKind::Timeout, self.store, op, context).with_act(Act::Probe)
    }

    fn lost(self, op: &'static str) -> StoreError {
        let context = "the connection to the server was lost: see whether it runs";
        StoreError::new(ErrorKind::Connection, self.store, op, context)
            .with_act(Act::Retry { after: None })
    }
}

/// Of the operating system.
fn cause(error: &tokio_postgres::Error) -> Option<io::ErrorKind> {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.map(io::Error::kind)
}
