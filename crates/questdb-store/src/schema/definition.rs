//! The files of `schemas/questdb`, read: what each statement makes, and its text for a server.

use std::fmt::Write as _;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// As the server names it: `DECIMAL(38,18)`.
    pub(crate) kind: &'static str,
    pub(super) indexed: bool,
}

impl Column {
    fn sql(&self) -> String {
        let index = if self.indexed { " INDEX" } else { "" };
        format!("\"{}\" {}{index}", self.name, self.kind)
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<Column>,
    /// What the designated timestamp is.
    pub(crate) designated: &'static str,
    /// `DAY` or `HOUR`.
    pub(crate) partition: &'static str,
    /// A row with the keys of another one replaces it.
    pub(crate) keys: Vec<&'static str>,
}

impl Definition {
    /// Makes it where it is not there. `table` is its name on the server.
    fn sql(&self, table: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(Column::sql).collect();
        let keys: Vec<String> = self.keys.iter().map(|key| format!("\"{key}\"")).collect();
        format!(
            "CREATE TABLE IF NOT EXISTS \"{table}\" ({}) TIMESTAMP(\"{}\") PARTITION BY {} WAL \
             DEDUP UPSERT KEYS({})",
            columns.join(", "),
            self.designated,
            self.partition,
            keys.join(", ")
        )
    }
}

/// A statement of a step. Steps only add: a table, or a column that rows stored before have no value in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    Create(Definition),
    Add { table: &'static str, column: Column },
}

impl Statement {
    /// Its text; that of a table may be carried out again. `name` gives the name of a table on the server.
    pub(super) fn sql(&self, name: impl Fn(&str) -> String) -> String {
        match self {
            Self::Create(definition) => definition.sql(&name(definition.table)),
            Self::Add { table, column } => {
                format!("ALTER TABLE \"{}\" ADD COLUMN {}", name(table), column.sql())
            }
        }
    }
}

/// The statements of a file, or the one that is not understood. Each ends with its line.
pub(super) fn parse(file: &'static str) -> Result<Vec<Statement>, String> {
    let lines = file.lines().map(str::trim);
    let lines: Vec<_> = lines.filter(|line| !line.is_empty() && !line.starts_with("--")).collect();
    let statements = lines.split_inclusive(|line| line.ends_with(';'));
    statements.map(|lines| statement(lines).ok_or_else(|| lines.join(" "))).collect()
}

fn statement(lines: &[&'static str]) -> Option<Statement> {
    match lines {
        [alter] => {
            let (table, column) = alter.strip_prefix("ALTER TABLE ")?.split_once(" ADD COLUMN ")?;
            let column = column.strip_suffix(';')?;
            Some(Statement::Add { table, column: column_of(column)? })
        }
        [create, columns @ .., end] => {
            let table = create.strip_prefix("CREATE TABLE ")?.strip_suffix(" (")?;
            let (designated, rest) =
                end.strip_prefix(") TIMESTAMP(")?.split_once(") PARTITION BY ")?;
            let (partition, keys) = rest.split_once(" WAL DEDUP UPSERT KEYS(")?;
            let columns: Option<_> = columns.iter().copied().map(column_of).collect();
            let keys = keys.strip_suffix(");")?.split(", ").collect();
            Some(Statement::Create(Definition {
                table,
                columns: columns?,
                designated,
                partition,
                keys,
            }))
        }
        [] => None,
    }
}

fn column_of(line: &'static str) -> Option<Column> {
    let (name, kind) = line.strip_suffix(',').unwrap_or(line).split_once(' ')?;
    let kind = kind.trim();
    let (kind, indexed) = kind.strip_suffix(" INDEX").map_or((kind, false), |kind| (kind, true));
    (!kind.contains(' ')).then_some(Column { name, kind, indexed })
}

/// The tables that steps leave behind, or the statement that makes no sense.
pub(super) fn tables(steps: &[&'static str]) -> Result<Vec<Definition>, String> {
    let mut tables: Vec<Definition> = Vec::new();
    for step in steps {
        for statement in parse(step)? {
            match statement {
                Statement::Create(definition) => tables.push(definition),
                Statement::Add { table, column } => {
                    let found = tables.iter_mut().find(|definition| definition.table == table);
                    found.ok_or_else(|| format!("ALTER TABLE {table}"))?.columns.push(column);
                }
            }
        }
    }
    Ok(tables)
}

/// A list in words: `a, b and c`.
pub(super) fn listed(words: &[String]) -> String {
    let mut text = String::new();
    for (place, word) in words.iter().enumerate() {
        let joint = match place {
            0 => "",
            _ if place + 1 == words.len() => " and ",
            _ => ", ",
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{joint}{word}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = "-- Why; and how.\nCREATE TABLE a (\n  ts TIMESTAMP_NS,\n  -- What.\n  key  LONG,\n  \
                        s SYMBOL INDEX,\n  d DECIMAL(38,18)\n) TIMESTAMP(ts) PARTITION BY DAY WAL \
                        DEDUP UPSERT KEYS(ts, key);\n";

    #[test]
    fn statements_are_read_and_written() {
        let statements = parse(STEP).unwrap();
        assert_eq!(
            statements[0].sql(|table| format!("p_{table}")),
            "CREATE TABLE IF NOT EXISTS \"p_a\" (\"ts\" TIMESTAMP_NS, \"key\" LONG, \"s\" SYMBOL INDEX, \
             \"d\" DECIMAL(38,18)) TIMESTAMP(\"ts\") PARTITION BY DAY WAL DEDUP UPSERT \
             KEYS(\"ts\", \"key\")"
        );
        let added = parse("ALTER TABLE a ADD COLUMN b SYMBOL INDEX;").unwrap();
        assert_eq!(added[0].sql(str::to_owned), "ALTER TABLE \"a\" ADD COLUMN \"b\" SYMBOL INDEX");
        assert_eq!(statements.len() + added.len(), 2);
    }

    #[test]
    fn columns_that_are_added_count() {
        let tables = tables(&[STEP, "ALTER TABLE a ADD COLUMN b LONG;"]).unwrap();
        let names: Vec<_> = tables[0].columns.iter().map(|column| column.name).collect();
        assert_eq!(names, ["ts", "key", "s", "d", "b"]);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for wrong in [
            "DROP TABLE a;",
            "ALTER TABLE a DROP COLUMN b;",
            "CREATE TABLE a (\n  ts TIMESTAMP_NS,\n  s SYMBOL CAPACITY 10\n) TIMESTAMP(ts) PARTITION \
             BY DAY WAL DEDUP UPSERT KEYS(ts);",
            "CREATE TABLE a (\n  ts TIMESTAMP_NS\n) TIMESTAMP(ts) PARTITION BY DAY WAL;",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(tables(&["ALTER TABLE a ADD COLUMN b LONG;"]).is_err());
    }

    #[test]
    fn lists_are_words() {
        let words =
            |words: &[&str]| listed(&words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["a"]), "a");
        assert_eq!(words(&["a", "b", "c"]), "a, b and c");
    }
}
