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
    for part in
        ["own activity: ", "Its last trades", "p99.9", " that succeeded", "◂ p50", "MEV events "]
    {
        assert!(first.contains(part), "{part}: {first}");
    }
    let again = folder.run("demo").ok().stdout;
    assert!(again.contains("0 imported, 200,001 known already, 0 rejected"), "{again}");
    assert!(again.lines().any(|l| l.starts_with("own activity: ") && l.contains(": 0 imported, ")));
    assert!(!folder.path("tradekeep-data").exists());

    let next: Vec<_> = again.lines().skip_while(|line| *line != "Next, try:").skip(1).collect();
    assert_eq!(next.len(), 6, "{again}");
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
    let objects = other.objects();
    assert_eq!((&objects[0]["imported"], &objects[0]["rejected"]), (&200_001.into(), &0.into()));
    let [read, imported, duplicates, rejected] = other.counts();
    assert!(read > 28_000 && read == imported && duplicates + rejected == 0);
    assert!(objects[0]["first_ts"].as_str().unwrap().starts_with("2024-01-09T"));
}
