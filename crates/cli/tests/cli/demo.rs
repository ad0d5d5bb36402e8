//! `tradekeep demo`.

use crate::support::{Folder, Run};

#[test]
fn twice_and_what_to_try_next() {
    let folder = Folder::new();
    let first = folder.run("demo").ok().stdout;
    assert!(first.contains("rows read: 200,001 imported, 0 known already"), "{first}");
    assert!(first.contains("demo   BTC-USD  66,667"), "{first}");
    assert!(first.contains("BTC-USD on demo, 15m: ") || first.contains("on demo, 20m: "));
    assert!(!first.contains('\x1b'));
    let again = folder.run("demo").ok().stdout;
    assert!(again.contains("0 imported, 200,001 known already, 0 rejected"), "{again}");
    assert!(!folder.path("tradekeep-data").exists());

    let next: Vec<_> = again.lines().skip_while(|line| *line != "Next, try:").skip(1).collect();
    assert_eq!(next.len(), 3, "{again}");
    for line in next {
        // As pasted into a shell.
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", line]).current_dir(folder.path(""));
        let run = Run::of(&mut shell);
        assert_eq!(run.code, Some(0), "{line}: {run:?}");
        assert!(run.stdout.lines().count() >= 1, "{line}");
    }
    // Another seed is another day, beside the first.
    let other = folder.run("demo --seed 8 --json").ok();
    assert_eq!(other.counts(), [200_001, 200_001, 0, 0]);
    assert!(other.last()["first_ts"].as_str().unwrap().starts_with("2024-01-09T"));
}
