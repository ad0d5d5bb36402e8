//! A day as a file.

use std::io::{self, Write};
use std::time::Duration;

use tradekeep_models::Day;
use tradekeep_store_traits::{Act, At, ErrorKind, Failure, Inner, Result, Table};
use ureq::{Agent, Body};

use crate::{QuestDbStore, STORE, http, wal};

/// What a whole Parquet file ends with.
const END: &[u8; 4] = b"PAR1";

impl QuestDbStore {
    /// Writes every row of a day of `table` to `to`, as a Parquet file that the server makes, and answers its
    /// bytes: the table's own columns, those of where a row came from included, in order of time, decimals and
    /// nanoseconds whole. What was acknowledged before this was asked for is in it. A day without rows is a file
    /// without rows.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, or `to` takes no more; what is in `to` by then is no
    /// whole file.
    pub async fn export_day<W>(&self, table: Table, day: Day, to: W) -> Result<u64>
    where
        W: Write + Send + 'static,
    {
        self.exported(table, day, to).await.at(STORE, "export_day")
    }

    async fn exported<W>(&self, table: Table, day: Day, to: W) -> Inner<u64>
    where
        W: Write + Send + 'static,
    {
        self.writer.check_open()?;
        let (pool, name) = (self.readable().await?, self.table(table));
        wal::settled(pool, &name, self.patience()).await?;
        let sql = format!("SELECT * FROM \"{name}\" WHERE ts IN '{day}'");
        let config = self.config.clone();
        http::blocking(move || {
            let settings = Agent::config_builder()
                .timeout_connect(Some(config.connect_timeout))
                .timeout_recv_response(Some(config.query_timeout))
                .timeout_recv_body(Some(LONGEST));
            let asked = [("fmt", "parquet"), ("query", sql.as_str())];
            copy(http::get(settings, &config, "exp", asked)?, to)
        })
        .await
    }
}

/// How long a day may take.
const LONGEST: Duration = Duration::from_secs(3_600);

fn copy(body: Body, mut to: impl Write) -> Inner<u64> {
    let failed = |error: io::Error| {
        let context = "the file was cut short: see the cause, and ask again";
        Failure::new(ErrorKind::Query, context)
            .with_act(Act::Retry { after: None })
            .with_source(error)
    };
    let mut counted = Counted { to: &mut to, bytes: 0, last: [0; END.len()] };
    io::copy(&mut body.into_reader(), &mut counted).map_err(failed)?;
    let Counted { bytes, last, .. } = counted;
    to.flush().map_err(failed)?;
    if last == *END { Ok(bytes) } else { Err(failed(io::ErrorKind::UnexpectedEof.into())) }
}

/// Notes how much goes through, and what the last of it is.
struct Counted<'a, W> {
    to: &'a mut W,
    bytes: u64,
    last: [u8; END.len()],
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let written = self.to.write(part)?;
        self.bytes += written as u64;
        for byte in &part[written.saturating_sub(END.len())..written] {
            self.last.rotate_left(1);
            self.last[END.len() - 1] = *byte;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
