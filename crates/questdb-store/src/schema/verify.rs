//! Whether the tables of a server are as they should be.

use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::{Inner, Trouble};

use super::definition::{Definition, listed};
use super::{SCHEMA_TABLE, halt};
use crate::QuestDbConfig;
use crate::pool::Pool;
use crate::sql::{Bind, Sql};

/// What a server says of a table.
struct Found {
    columns: Vec<FoundColumn>,
    facts: Facts,
}

struct FoundColumn {
    name: String,
    kind: String,
    indexed: bool,
    designated: bool,
    key: bool,
}

struct Facts {
    partition: String,
    wal: bool,
    dedup: bool,
    ttl: i32,
}

/// What is wrong with the tables, by what is to be done about it; columns beyond those that are wanted are
/// nobody's business.
pub(super) async fn troubles(
    pool: &Pool,
    config: &QuestDbConfig,
    wanted: &[Definition],
) -> Inner<Vec<Trouble>> {
    let (mut wrong, mut gone) = (Vec::new(), Vec::new());
    for definition in wanted {
        let name = config.table(definition.table);
        match Found::read(pool, &name).await? {
            None => gone.push(name),
            Some(found) => {
                let differs = compare(definition, &found);
                if !differs.is_empty() {
                    wrong.push(format!("in table {name} {}", listed(&differs)));
                }
            }
        }
    }
    let mut troubles = Vec::new();
    if !wrong.is_empty() {
        troubles.push(Trouble::new(
            wrong.join("; "),
            "they were made or changed by something else: mend them, or rename them and open the \
             store again, or choose another table_prefix",
        ));
    }
    if !gone.is_empty() {
        let remedy = format!(
            "restore a backup, or have what is missing made anew and empty by TRUNCATE TABLE \"{}\" \
             and opening the store again",
            config.table(SCHEMA_TABLE),
        );
        troubles.push(Trouble::new(format!("gone: {}", listed(&gone)), remedy));
    }
    Ok(troubles)
}

/// An error where anything is wrong with them.
pub(super) async fn all(pool: &Pool, config: &QuestDbConfig, wanted: &[Definition]) -> Inner<()> {
    let troubles = troubles(pool, config, wanted).await?;
    let said = troubles.iter().map(|trouble| format!("{}; {}", trouble.cause, trouble.remedy));
    let said: Vec<_> = said.collect();
    if said.is_empty() { Ok(()) } else { Err(halt(said.join("; "))) }
}

impl Found {
    /// Nothing where there is no such table.
    async fn read(pool: &Pool, table: &str) -> Inner<Option<Self>> {
        let text = "SELECT \"partitionBy\", \"walEnabled\", dedup, \"ttlValue\" FROM tables() \
                    WHERE table_name = $1";
        let sql = Sql { text: text.into(), values: vec![Bind::Text(table.to_owned())] };
        let rows = pool.ask(&sql).await?;
        let Some(facts) = rows.first().map(Facts::read).transpose()? else { return Ok(None) };
        let sql = format!(
            "SELECT \"column\", type, indexed, designated, \"upsertKey\" FROM table_columns('{table}')"
        );
        let rows = pool.ask(&Sql::plain(sql)).await?;
        let columns = rows.iter().map(FoundColumn::read).collect::<Inner<_>>()?;
        Ok(Some(Self { columns, facts }))
    }
}

impl FoundColumn {
    fn read(row: &PgRow) -> Inner<Self> {
        Ok(Self {
            name: row.get(0)?,
            kind: row.get(1)?,
            indexed: row.get(2)?,
            designated: row.get(3)?,
            key: row.get(4)?,
        })
    }
}

impl Facts {
    fn read(row: &PgRow) -> Inner<Self> {
        Ok(Self { partition: row.get(0)?, wal: row.get(1)?, dedup: row.get(2)?, ttl: row.get(3)? })
    }
}

/// What is not as wanted, in words.
fn compare(wanted: &Definition, found: &Found) -> Vec<String> {
    let mut wrong = Vec::new();
    for column in &wanted.columns {
        let name = column.name;
        let Some(there) = found.columns.iter().find(|there| there.name == name) else {
            wrong.push(format!("column {name} is missing"));
            continue;
        };
        if there.kind != column.kind {
            wrong.push(format!("column {name} is {}, not {}", there.kind, column.kind));
        }
        if column.indexed && !there.indexed {
            wrong.push(format!("column {name} has no index"));
        }
        if (name == wanted.designated) != there.designated {
            let is = if there.designated { "is" } else { "is not" };
            wrong.push(format!("column {name} {is} the designated timestamp"));
        }
    }
    let keys = found.columns.iter().filter(|there| there.key).map(|there| there.name.as_str());
    let mut keys: Vec<&str> = keys.collect();
    let mut wanted_keys = wanted.keys.clone();
    keys.sort_unstable();
    wanted_keys.sort_unstable();
    if keys != wanted_keys {
        wrong.push(format!("the upsert keys are not {}", wanted.keys.join(", ")));
    }
    let facts = &found.facts;
    if !facts.dedup {
        wrong.push("deduplication is off".into());
    }
    if !facts.wal {
        wrong.push("there is no write-ahead log".into());
    }
    if facts.partition != wanted.partition {
        wrong.push(format!("partitions are by {}, not {}", facts.partition, wanted.partition));
    }
    if facts.ttl != 0 {
        wrong.push("a TTL would drop rows by itself".into());
    }
    wrong
}
