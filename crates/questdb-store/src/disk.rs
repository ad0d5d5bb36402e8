//! How much is left on the server's disk, where that is this machine's: the server itself does not say.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tradekeep_store_traits::Trouble;

/// Less is worth a word. The server needs some for each column it writes to.
const LITTLE: u64 = 1 << 30;

/// What is wrong with the disk that holds the folder of a table, `folder` being its name there. Nothing where
/// it is another machine's.
pub(crate) fn trouble(parameters: &HashMap<String, String>, folder: &str) -> Option<Trouble> {
    told(free(&table(parameters, folder)?)?)
}

/// Where the table is. The only place that the server names whole is a folder beside its data.
fn table(parameters: &HashMap<String, String>, folder: &str) -> Option<PathBuf> {
    let work = Path::new(parameters.get("cairo.sql.copy.work.root")?);
    let data = work.parent()?.join(parameters.get("cairo.root")?).join(folder);
    // Another machine may have the same path, but hardly this table.
    data.is_dir().then_some(data)
}

/// Bytes that are left for who is not root.
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

fn told(free: u64) -> Option<Trouble> {
    (free < LITTLE).then(|| {
        Trouble::new(
            format!("{} MiB are left on the server's disk", free >> 20),
            "free some space on it, or drop days that are no longer needed",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_of_a_table_here_is_looked_at() {
        let root = std::env::current_dir().unwrap();
        let parameters = |work: &Path| -> HashMap<String, String> {
            let work = work.display().to_string();
            let pairs = [("cairo.sql.copy.work.root", work), ("cairo.root", "src".into())];
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let here = parameters(&root.join("tmp"));
        assert_eq!(table(&here, "write"), Some(root.join("src/write")));
        assert!(free(&root).unwrap() > 0);
        assert_eq!(table(&here, "no such table"), None);
        assert_eq!(table(&parameters(Path::new("/no/such/tmp")), "write"), None);
        assert_eq!(table(&HashMap::new(), "write"), None);
    }

    #[test]
    fn little_is_told() {
        assert_eq!(told(LITTLE), None);
        assert!(told(LITTLE - 1).unwrap().cause.starts_with("1023 MiB are left"));
    }
}
