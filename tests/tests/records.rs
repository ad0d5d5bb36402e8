//! `docs/records.md` lists every record as the code has it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use tradekeep_models::Table;
use tradekeep_models::record::Column;

/// What stands before the records, in the document.
const START: &str = "<!-- From here on as the code has it: `UPDATE_DOCS=1 cargo test -p tradekeep-tests` writes it. -->\n";

fn sections() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for table in Table::ALL {
        writeln!(text, "\n## {table}\n\nIdentity: {}.\n", quoted(table.identity()))?;
        writeln!(text, "| column | type | unit | what it holds |\n|---|---|---|---|")?;
        for column in table.columns() {
            row(&mut text, column)?;
        }
    }
    Ok(text)
}

fn row(text: &mut String, column: &Column) -> std::fmt::Result {
    let kind = column.kind.as_str();
    let kind = if column.required { kind.to_owned() } else { format!("{kind}?") };
    let doc = column.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    writeln!(text, "| `{}` | {kind} | {} | {doc} |", column.name, column.unit.unwrap_or_default())
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn documents_list_every_record() -> Result<(), Box<dyn Error>> {
    let path = Path::new("../docs/records.md");
    let document = fs::read_to_string(path)?;
    let (about, listed) = document.split_once(START).ok_or("docs/records.md has no start mark")?;
    let expected = sections()?;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, format!("{about}{START}{expected}"))?;
    } else if listed != expected {
        return Err(
            "docs/records.md is not as the code has it: run this test with UPDATE_DOCS=1".into()
        );
    }
    Ok(())
}
