//! The server's condition.

use std::collections::HashMap;
use std::time::Duration;

use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::{ErrorKind, Failure, Health, Inner, Trouble};

use crate::config::SHIPPED;
use crate::pool::Pool;
use crate::schema::{self, all_tables};
use crate::sql::Sql;
use crate::wal::{self, Log};
use crate::{QuestDbConfig, STORE, disk, http, views};

/// Transactions that the log may be ahead of a table before that is said. A batch is one.
const FAR_BEHIND: i64 = 100;

/// Times that the server's parameters are asked for, before it is said that it fails.
const MOST_TRIES: u32 = 5;

/// Its condition now.
pub(crate) async fn health(pool: &Pool, config: &QuestDbConfig) -> Health {
    let mut health =
        Health::builder().store(STORE).readable(false).writable(false).troubles(Vec::new()).build();
    match look(pool, config).await {
        Ok(looked) => {
            health.version = Some(looked.version);
            health.readable = true;
            health.writable = looked.writable;
            health.troubles = looked.troubles;
        }
        Err(error) => health.troubles.push(trouble_at(&error)),
    }
    health
}

/// What an error says.
fn trouble_at(error: &Failure) -> Trouble {
    match error.context.split_once(": ") {
        Some((cause, remedy)) => Trouble::new(cause, remedy),
        None => Trouble::new(&error.context, "see the server's log"),
    }
}

struct Looked {
    version: String,
    writable: bool,
    troubles: Vec<Trouble>,
}

async fn look(pool: &Pool, config: &QuestDbConfig) -> Inner<Looked> {
    // Whoever asks how it is cannot wait as long as a query may take.
    let limit = config.connect_timeout;
    let rows = pool.ask_within(limit, &Sql::plain("SELECT build()")).await?;
    let build = rows.first().map_or_else(|| Ok(String::new()), |row| text(row, 0))?;
    let mut troubles = Vec::new();
    let mut writable = true;

    let parameters = parameters(pool, limit).await?;
    for name in ["readonly", "http.security.readonly"] {
        if is_on(&parameters, name) {
            writable = false;
            troubles.push(Trouble::new(
                format!("the server takes no writes ({name})"),
                format!("set {name}=false in its server.conf and start it again"),
            ));
        }
    }
    if let Err(error) = http::knock(config).await {
        writable = false;
        troubles.push(trouble_at(&error));
    }
    troubles.extend(open_defaults(&parameters, config));

    let wrong = schema::troubles(pool, config).await?;
    writable &= wrong.is_empty();
    troubles.extend(wrong);
    let logs = logs(pool, config).await?;
    // A batch for a suspended table is accepted, and never applied.
    writable &= logs.iter().all(|log| !log.suspended);
    troubles.extend(logs.iter().filter_map(trouble_of));
    troubles.extend(logs.first().and_then(|log| disk::trouble(&parameters, &log.folder)));
    troubles.extend(views::troubles(pool, config).await?);
    Ok(Looked { version: version(&build), writable, troubles })
}

/// The server's parameters, by their names. Where several ask for them at once, 9.3.4 fails at times, each time with
/// another exception of its own: then they are asked for again.
async fn parameters(pool: &Pool, limit: Duration) -> Inner<HashMap<String, String>> {
    let sql = Sql::plain("SHOW PARAMETERS");
    let mut tries = 1..MOST_TRIES;
    let rows = loop {
        match pool.ask_within(limit, &sql).await {
            Err(error) if error.kind == ErrorKind::Query && tries.next().is_some() => {}
            answer => break answer?,
        }
    };
    rows.iter().map(|row| Ok((text(row, 0)?, text(row, 2)?))).collect()
}

/// What is wrong with the log of a table.
fn trouble_of(log: &Log) -> Option<Trouble> {
    if let Some((cause, remedy)) = log.suspended() {
        return Some(Trouble::new(cause, remedy));
    }
    let Log { table, starved, .. } = log;
    if *starved {
        return Some(Trouble::new(
            format!("the server has too little memory to apply what is written to {table}"),
            "give the server more memory, or write less",
        ));
    }
    let behind = log.behind();
    (behind > FAR_BEHIND).then(|| {
        Trouble::new(
            format!("table {table} is {behind} transactions behind its write-ahead log"),
            "wait, or write less; see whether the server's disk and cores keep up",
        )
    })
}

/// The logs of our tables.
async fn logs(pool: &Pool, config: &QuestDbConfig) -> Inner<Vec<Log>> {
    let ours: Vec<String> = all_tables().map(|name| config.table(name)).collect();
    let mut logs = wal::logs(pool, config.connect_timeout).await?;
    logs.retain(|log| ours.contains(&log.table));
    Ok(logs)
}

/// What is open to everybody who reaches the server, as it is shipped.
fn open_defaults(parameters: &HashMap<String, String>, config: &QuestDbConfig) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let lacks = |name: &str| parameters.get(name).is_none_or(String::is_empty);
    if lacks("http.user") {
        troubles.push(Trouble::new(
            "anybody who reaches the server's HTTP port may read, write and drop tables",
            "set http.user and http.password in its server.conf, and start it again",
        ));
    }
    if config.pg_credentials().are(SHIPPED.0, SHIPPED.1) {
        troubles.push(Trouble::new(
            "the server has the PostgreSQL user and password it was shipped with",
            "set pg.user and pg.password in its server.conf",
        ));
    }
    for (name, what) in [
        ("line.auto.create.new.tables", "a record of a wrong table makes a table"),
        ("line.auto.create.new.columns", "a record with a wrong field makes a column"),
    ] {
        if is_on(parameters, name) {
            troubles.push(Trouble::new(
                format!("{what} on the server"),
                format!("set {name}=false in its server.conf and start it again"),
            ));
        }
    }
    troubles
}

fn is_on(parameters: &HashMap<String, String>, name: &str) -> bool {
    parameters.get(name).is_some_and(|value| value == "true")
}

/// `9.3.4` of `Build Information: QuestDB 9.3.4, JDK 24.0.2, Commit Hash …`.
fn version(build: &str) -> String {
    let rest = build.split_once("QuestDB ").map_or(build, |(_, rest)| rest);
    rest.split(',').next().unwrap_or(rest).to_owned()
}

/// A text, empty where there is none.
fn text(row: &PgRow, column: usize) -> Inner<String> {
    Ok(row.get::<Option<String>>(column)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_name_a_version() {
        let build = "Build Information: QuestDB 9.3.4, JDK 24.0.2, Commit Hash 9ea3321";
        assert_eq!(version(build), "9.3.4");
        assert_eq!(version("something else"), "something else");
    }

    #[test]
    fn a_suspended_table_and_a_log_far_ahead_are_troubles() {
        let log = |suspended, behind| Log {
            table: "ticks".into(),
            id: 1,
            folder: "ticks~1".into(),
            suspended,
            applied: 7,
            taken: 7 + behind,
            error: Some("DISK FULL".into()),
            starved: false,
        };
        assert_eq!(trouble_of(&log(false, FAR_BEHIND)), None);
        let behind = trouble_of(&log(false, 101)).unwrap();
        assert!(behind.cause.contains("101 transactions behind"), "{behind:?}");
        let suspended = trouble_of(&log(true, 1)).unwrap();
        assert!(suspended.cause.contains("suspended (DISK FULL)"), "{suspended:?}");
        let remedy = "free some space on the server's disk, then ALTER TABLE \"ticks\" RESUME WAL";
        assert_eq!(suspended.remedy, remedy);
        let unknown = trouble_of(&Log { error: None, ..log(true, 1) }).unwrap();
        assert!(unknown.remedy.starts_with("remove the cause, which"), "{unknown:?}");
        let starved = trouble_of(&Log { starved: true, ..log(false, 0) }).unwrap();
        assert!(starved.cause.contains("too little memory"), "{starved:?}");
    }

    #[test]
    fn what_is_open_is_said() {
        let parameters = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let shipped = parameters(&[
            ("line.auto.create.new.tables", "true"),
            ("line.auto.create.new.columns", "true"),
        ]);
        assert_eq!(open_defaults(&shipped, &QuestDbConfig::new("localhost")).len(), 4);
        let locked = parameters(&[("http.user", "bot"), ("line.auto.create.new.tables", "false")]);
        let config = QuestDbConfig::new("localhost").with_http_credentials("bot", "s");
        assert_eq!(open_defaults(&locked, &config), []);
    }
}
