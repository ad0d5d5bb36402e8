//! Configuration text as keys and values, with files and environment filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use config::{Value, ValueKind};

/// The first and the last line of what a parser says: place and reason, without the text between,
/// which may hold a secret.
pub(super) fn where_and_why(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let place = lines.next().unwrap_or("it cannot be read");
    lines.next_back().map_or_else(|| place.to_owned(), |reason| format!("{place}: {reason}"))
}

/// `section.key` to value, with files and environment filled in; what is unknown is a problem.
pub(super) fn flatten(
    sections: &[(&str, &[&str])],
    tree: BTreeMap<String, Value>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for (section, value) in tree {
        let Some((_, keys)) = sections.iter().find(|(name, _)| *name == section) else {
            let names: Vec<_> = sections.iter().map(|(name, _)| *name).collect();
            let (section, names) = (repeated(&section), names.join(", "));
            problems.push(format!("{section} is not a section: there are {names}"));
            continue;
        };
        let Ok(table) = value.into_table() else {
            problems.push(format!("{section} must be a section with keys"));
            continue;
        };
        for (key, value) in table.into_iter().collect::<BTreeMap<_, _>>() {
            let (name, is_file) = match key.strip_suffix("_file") {
                Some(name) => (name, true),
                None => (key.as_str(), false),
            };
            if !keys.contains(&name) {
                let (key, keys) = (repeated(&key), keys.join(", "));
                problems.push(format!("{section}.{key} is not a key: {section} has {keys}"));
                continue;
            }
            match fill(value, is_file) {
                Ok(value) => {
                    if values.insert(format!("{section}.{name}"), value).is_some() {
                        problems.push(format!("{section}.{name} is given twice, also as a file"));
                    }
                }
                Err(problem) => problems.push(format!("{section}.{key}: {problem}")),
            }
        }
    }
    values
}

/// The value that is meant: `${NAME}` from the environment, or the text of a file.
fn fill(value: Value, is_file: bool) -> Result<Value, String> {
    let text = match &value.kind {
        ValueKind::String(text) => text,
        _ if is_file => return Err("must be the path of a file".into()),
        ValueKind::Array(items) => {
            let items: Result<Vec<_>, _> =
                items.iter().map(|item| fill(item.clone(), false)).collect();
            return Ok(Value::new(None, ValueKind::Array(items?)));
        }
        _ => return Ok(value),
    };
    let text = expand(text)?;
    let text = if is_file {
        let path = PathBuf::from(&text);
        let found = fs::read_to_string(&path);
        found.map_err(|error| format!("{}: {error}", repeated(&text)))?.trim().to_owned()
    } else {
        text
    };
    Ok(Value::new(None, ValueKind::String(text)))
}

/// What is repeated of a name in a configuration: nothing of what may be a URL, with a password, in the wrong place.
pub(crate) fn repeated(text: &str) -> &str {
    if text.contains([':', '@']) { "(not shown, it may hold a password)" } else { text }
}

/// With the variables of the environment that `${NAME}` stands for.
pub(super) fn expand(text: &str) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or("has a ${ without its }")?;
        let value = env::var(name).map_err(|_| {
            format!("the environment has no {}: set it, or write the value", repeated(name))
        })?;
        expanded.push_str(&value);
        expanded.push_str(rest);
    }
    Ok(expanded)
}
