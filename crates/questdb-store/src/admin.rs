//! The server's condition.

use std::collections::HashMap;

use tokio_postgres::Row;
use tradekeep_store_traits::{Health, Result, Trouble};

use crate::pool::Pool;
use crate::rows::get;
use crate::schema::all_tables;
use crate::{QuestDbConfig, STORE};

const OP: &str = "health";

/// Transactions that the log may be ahead of a table before that is said. A batch is one.
const FAR_BEHIND: i64 = 100;

/// Its condition now.
pub(crate) async fn health(pool: &Pool, config: &QuestDbConfig) -> Health {
    let mut health = Health {
        store: STORE,
        version: None,
        readable: false,
        writable: false,
        troubles: Vec::new(),
    };
    match look(pool, config).await {
        Ok(looked) => {
            health.version = Some(looked.version);
            health.readable = true;
            health.writable = looked.writable;
            health.troubles = looked.troubles;
        }
        Err(error) => {
            let (cause, remedy) = match error.context.split_once(": ") {
                Some((cause, remedy)) => (cause.to_owned(), remedy.to_owned()),
                None => (error.context.clone(), "see the server's log".into()),
            };
            health.troubles.push(Trouble { cause, remedy });
        }
    }
    health
}

struct Looked {
    version: String,
    writable: bool,
    troubles: Vec<Trouble>,
}

async fn look(pool: &Pool, config: &QuestDbConfig) -> Result<Looked> {
    // Whoever asks how it is cannot wait as long as a query may take.
    let limit = config.connect_timeout();
    let rows = pool.query_within(limit, OP, "SELECT build()", &[]).await?;
    let build: String = first(&rows)?;
    let mut troubles = Vec::new();
    let mut writable = true;

    let rows = pool.query_within(limit, OP, "SHOW PARAMETERS", &[]).await?;
    let parameters = rows.iter().map(|row| Ok((text(row, 0)?, text(row, 2)?)));
    let parameters: HashMap<String, String> = parameters.collect::<Result<_>>()?;
    for name in ["readonly", "http.security.readonly"] {
        if is_on(&parameters, name) {
            writable = false;
            troubles.push(trouble(
                format!("the server takes no writes ({name})"),
                format!("set {name}=false in its server.conf and start it again"),
            ));
        }
    }
    troubles.extend(open_defaults(&parameters, config));

    let logs = logs(pool, config).await?;
    // A batch for a suspended table is accepted, and never applied.
    writable &= logs.iter().all(|log| !log.suspended);
    troubles.extend(logs.iter().filter_map(Log::trouble));
    Ok(Looked { version: version(&build), writable, troubles })
}

/// The write-ahead log of a table of ours.
#[derive(Debug)]
struct Log {
    table: String,
    suspended: bool,
    /// Transactions that are taken and not yet applied.
    behind: i64,
    error: Option<String>,
    /// Whether the server has too little memory to apply them as fast as it could.
    starved: bool,
}

/// What removes the cause of a suspension, by the server's word for it. It is the one thing that the server
/// says of its disk: nothing tells how much of it is free.
fn cure(tag: Option<&str>) -> &'static str {
    match tag {
        Some("DISK FULL") => "free some space on the server's disk",
        Some("TOO MANY OPEN FILES") => "raise the server's limit of open files",
        Some("OUT OF MMAP AREAS") => "raise vm.max_map_count on the server's machine",
        Some("OUT OF MEMORY") => "give the server more memory",
        _ => "remove the cause",
    }
}

impl Log {
    fn trouble(&self) -> Option<Trouble> {
        let Self { table, suspended, behind, error, starved } = self;
        if *suspended {
            // The tag, and not the message, which may hold values.
            let why = error.as_deref().map_or(String::new(), |tag| format!(" ({tag})"));
            return Some(trouble(
                format!(
                    "table {table} is suspended{why}: writes to it are accepted and not applied, \
                     {behind} wait"
                ),
                format!("{}, then ALTER TABLE \"{table}\" RESUME WAL", cure(error.as_deref())),
            ));
        }
        if *starved {
            return Some(trouble(
                format!("the server has too little memory to apply what is written to {table}"),
                "give the server more memory, or write less".into(),
            ));
        }
        (*behind > FAR_BEHIND).then(|| {
            trouble(
                format!("table {table} is {behind} transactions behind its write-ahead log"),
                "wait, or write less; see whether the server's disk and cores keep up".into(),
            )
        })
    }
}

/// The logs of our tables.
async fn logs(pool: &Pool, config: &QuestDbConfig) -> Result<Vec<Log>> {
    let sql = "SELECT name, suspended, \"writerTxn\", \"sequencerTxn\", \"errorTag\", \"memoryPressure\" \
               FROM wal_tables()";
    let ours: Vec<String> = all_tables().map(|name| config.table(name)).collect();
    let mut logs = Vec::new();
    for row in pool.query_within(config.connect_timeout(), OP, sql, &[]).await? {
        let table = text(&row, 0)?;
        if ours.contains(&table) {
            let (applied, taken): (i64, i64) = (get(OP, &row, 2)?, get(OP, &row, 3)?);
            logs.push(Log {
                table,
                suspended: get(OP, &row, 1)?,
                behind: taken.saturating_sub(applied),
                error: Some(text(&row, 4)?).filter(|tag| !tag.is_empty()),
                starved: get::<i32>(OP, &row, 5)? > 0,
            });
        }
    }
    Ok(logs)
}

/// What is open to everybody who reaches the server, as it is shipped.
fn open_defaults(parameters: &HashMap<String, String>, config: &QuestDbConfig) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let lacks = |name: &str| parameters.get(name).is_none_or(String::is_empty);
    if lacks("http.user") {
        troubles.push(trouble(
            "anybody who reaches the server's HTTP port may read, write and drop tables".into(),
            "set http.user and http.password in its server.conf, and start it again".into(),
        ));
    }
    if config.pg_credentials().are_shipped() {
        troubles.push(trouble(
            "the server has the PostgreSQL user and password it was shipped with".into(),
            "set pg.user and pg.password in its server.conf".into(),
        ));
    }
    for (name, what) in [
        ("line.auto.create.new.tables", "a record of a wrong table makes a table"),
        ("line.auto.create.new.columns", "a record with a wrong field makes a column"),
    ] {
        if is_on(parameters, name) {
            troubles.push(trouble(
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

const fn trouble(cause: String, remedy: String) -> Trouble {
    Trouble { cause, remedy }
}

fn first(rows: &[Row]) -> Result<String> {
    rows.first().map_or_else(|| Ok(String::new()), |row| text(row, 0))
}

/// A text, empty where there is none.
fn text(row: &Row, column: usize) -> Result<String> {
    Ok(get::<Option<String>>(OP, row, column)?.unwrap_or_default())
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
            suspended,
            behind,
            error: Some("DISK FULL".into()),
            starved: false,
        };
        assert_eq!(log(false, FAR_BEHIND).trouble(), None);
        let behind = log(false, 101).trouble().unwrap();
        assert!(behind.cause.contains("101 transactions behind"), "{behind:?}");
        let suspended = log(true, 1).trouble().unwrap();
        assert!(suspended.cause.contains("suspended (DISK FULL)"), "{suspended:?}");
        let remedy = "free some space on the server's disk, then ALTER TABLE \"ticks\" RESUME WAL";
        assert_eq!(suspended.remedy, remedy);
        let unknown = Log { error: None, ..log(true, 1) }.trouble().unwrap();
        assert!(unknown.remedy.starts_with("remove the cause, then ALTER"), "{unknown:?}");
        let starved = Log { starved: true, ..log(false, 0) }.trouble().unwrap();
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
