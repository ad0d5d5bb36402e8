//! Data folders of earlier versions.

use serde_json::json;

use crate::own;
use crate::support::{Folder, TRADES};

/// The database that `import` made of [`TRADES`] and of a tick of `OTHER` at schema version 1, which had
/// ticks alone: by the program as it was at commit 5e9c4de.
const VERSION_1: &[u8] = include_bytes!("version1.duckdb.zst");

fn of_version_1() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("tradekeep-data")).unwrap();
    folder.write("tradekeep-data/tradekeep.duckdb", zstd::decode_all(VERSION_1).unwrap());
    folder
}

#[test]
fn a_folder_of_version_1_is_brought_up_to_date() {
    // By whatever comes first, be it a question.
    for first in ["query ticks", "query trades", "stats", "health", "optimize", "import trades.csv"]
    {
        let folder = of_version_1();
        folder.write("trades.csv", TRADES);
        folder.run(first).ok();
        // Nothing is lost, and what is known is known.
        assert_eq!(folder.stored(), 5, "{first}");
        assert_eq!(folder.run("import trades.csv --json").ok().counts(), [4, 0, 4, 0], "{first}");
    }
    let tick = of_version_1().run("query ticks --symbol OTHER --json").ok().last();
    assert_eq!(
        (&tick["ts"], &tick["price"]),
        (&json!("2024-08-08T11:00:00.000000000Z"), &json!("1.5"))
    );
}

#[test]
fn a_folder_of_version_1_gets_room_for_every_record() {
    let folder = of_version_1();
    for (kind, query, text) in own::files() {
        let rows = text.lines().count() as u64 - 1;
        let import = format!("import --type {kind} - --json");
        assert_eq!(folder.run_with(&import, text).ok().counts(), [rows, rows, 0, 0], "{kind}");
        let found = folder.run(&format!("{query} --json")).ok().objects().len() as u64;
        assert_eq!(found, rows, "{kind}");
    }
    assert_eq!(folder.stored(), 5);
}
