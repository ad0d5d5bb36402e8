use std::process::Command;
use std::time::{Duration, Instant};

use super::*;

/// Gives a receipt for each line: `line` counts them, `seq` is ten times that.
const WRITER: &str = r#"n=0
while read -r line; do
  n=$((n+1))
  echo "{\"line\":$n,\"seq\":$((n*10))}"
done
echo done; echo bye >&2"#;

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn killer() -> Killer {
    Killer::new(7).with_limit(Duration::from_secs(20))
}

fn rows() -> impl Iterator<Item = String> + Send + 'static {
    (1..).map(|number| format!("row {number}"))
}

#[test]
fn a_child_that_is_left_alone_reads_all_lines() {
    let run = killer().run(&mut sh(WRITER), rows().take(5), Point::Never).unwrap();
    let expected: Vec<Receipt> = (1..=5).map(|line| Receipt { line, seq: line * 10 }).collect();
    assert_eq!(run.receipts, expected);
    assert_eq!((run.fed_lines, run.fed_bytes), (5, 30));
    assert_eq!((run.other, run.torn), (vec!["done".to_owned()], None));
    assert_eq!(run.stderr, b"bye\n");
    assert!(run.first_receipt.is_some());
    assert!(run.status.success());
}

#[test]
fn it_is_killed_after_so_many_receipts() {
    for count in [0, 1, 20] {
        let run = killer().run(&mut sh(WRITER), rows(), Point::Receipts(count)).unwrap();
        assert!(run.was_killed(), "{run:?}");
        let seen = run.receipts.len() as u64;
        assert!(seen >= count && seen <= run.fed_lines, "{seen} of {}", run.fed_lines);
        assert!(run.receipts.iter().zip(1..).all(|(receipt, line)| receipt.line == line));
        assert!(!run.other.contains(&"done".to_owned()), "it was to see no end of its input");
    }
}

#[test]
fn it_is_killed_after_so_many_bytes() {
    // Rows of 6 bytes, newline included: 20 bytes are three of them and the beginning of a fourth.
    for (bytes, lines) in [(0, 0), (6, 1), (20, 3)] {
        let run = killer().run(&mut sh(WRITER), rows(), Point::Bytes(bytes)).unwrap();
        assert!(run.was_killed(), "{run:?}");
        assert_eq!((run.fed_bytes, run.fed_lines), (bytes, lines));
        assert!(run.receipts.len() as u64 <= lines, "{run:?}");
    }
}

#[test]
fn it_is_killed_after_some_time() {
    let started = Instant::now();
    let time = Duration::from_millis(50);
    let run = killer().run(&mut sh("read -r _; sleep 1000"), rows(), Point::After(time)).unwrap();
    assert!(run.was_killed(), "{run:?}");
    assert!(started.elapsed() >= time);
}

#[test]
fn a_child_that_ends_before_its_point_was_not_killed() {
    for point in [Point::Receipts(9), Point::Bytes(1 << 40), Point::After(Duration::from_secs(15))]
    {
        let run = killer().run(&mut sh("exit 3"), rows().take(1), point).unwrap();
        assert!(!run.was_killed());
        assert_eq!(run.status.code(), Some(3));
    }
}

#[test]
fn a_child_that_does_not_read_is_killed_all_the_same() {
    // The pipe fills up, and the feeder with it: in less time than this.
    let point = Point::After(Duration::from_millis(500));
    let run = killer().run(&mut sh("sleep 1000"), rows(), point).unwrap();
    assert!(run.was_killed() && run.fed_bytes > 0);
}

#[test]
fn receipts_that_nobody_had_read_count_and_a_torn_one_does_not() {
    let script = r#"read -r _
for n in 1 2 3; do echo "{\"line\":$n,\"seq\":$n}"; done
printf '{"line":4,"seq":4}'
kill -9 $$"#;
    let run = killer().run(&mut sh(script), rows(), Point::Never).unwrap();
    assert_eq!(run.receipts.len(), 3);
    assert_eq!(run.torn.as_deref(), Some(r#"{"line":4,"seq":4}"#));
    assert!(run.was_killed());
}

#[test]
fn what_a_child_started_dies_with_it() {
    // The sleepers hold stdout: had they survived, the run would not end in time.
    for (script, point) in
        [("sleep 1000 & sleep 1000", Point::Receipts(0)), ("sleep 1000 & exit 0", Point::Never)]
    {
        assert!(killer().run(&mut sh(script), rows(), point).is_ok(), "{script}");
    }
}

#[test]
fn a_run_is_bounded_in_time_and_names_its_seed() {
    // Time enough for the child to say something.
    let mut killer = Killer::new(42).with_limit(Duration::from_secs(2));
    let script = r#"echo '{"line":1,"seq":1}'; echo stuck >&2; sleep 1000"#;
    let error = killer.run(&mut sh(script), rows(), Point::Receipts(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "run 1, to be killed at Receipts(2): not done after 2s, with 1 receipts; it last said \
         \"stuck\". kill runner: TRADEKEEP_TEST_SEED=42 does the same again"
    );
}

#[test]
fn a_program_that_is_not_there_is_an_error_with_the_seed() {
    let mut command = Command::new("tradekeep-no-such-program");
    let error = killer().run(&mut command, rows(), Point::Never).unwrap_err();
    assert!(matches!(error.reason, Reason::Io(_)));
    assert!(error.to_string().contains("TRADEKEEP_TEST_SEED=7"), "{error}");
}

#[test]
fn a_seed_chooses_the_same_points_again_and_all_kinds_of_them() {
    let bounds = Bounds { receipts: 1..=9, bytes: 10..=99, micros: 100..=999 };
    let points = |seed| {
        let mut killer = Killer::new(seed);
        (0..50).map(|_| killer.point(&bounds)).collect::<Vec<_>>()
    };
    assert_eq!(points(1), points(1));
    assert_ne!(points(1), points(2));
    for point in points(1) {
        assert!(match point {
            Point::Receipts(count) => bounds.receipts.contains(&count),
            Point::Bytes(bytes) => bounds.bytes.contains(&bytes),
            Point::After(time) => (100..=999).contains(&time.as_micros()),
            Point::Never => false,
        });
    }
    let of_kind = |kind: fn(&Point) -> bool| points(1).iter().any(kind);
    assert!(of_kind(|point| matches!(point, Point::Receipts(_))));
    assert!(of_kind(|point| matches!(point, Point::Bytes(_))));
    assert!(of_kind(|point| matches!(point, Point::After(_))));
}

/// A writer that appends each line to a file before it gives the receipt, killed again and again: what
/// the kit is for.
#[test]
fn a_loop_of_kills_loses_nothing_that_was_receipted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows");
    let script = r#"while read -r n; do
  echo "$n" >> "$FILE" && echo "{\"line\":$n,\"seq\":$n}"
done"#;
    let mut killer = Killer::new(crate::seed::from_env());
    let bounds = Bounds { receipts: 0..=20, bytes: 0..=200, micros: 0..=20_000 };
    let mut next = 1;
    for _ in 0..10 {
        let point = killer.point(&bounds);
        let lines = (next..).map(|number: u64| number.to_string());
        let run = killer.run(sh(script).env("FILE", &file), lines, point).unwrap();
        assert!(run.was_killed(), "{point:?}: {run:?}");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for receipt in &run.receipts {
            assert!(text.lines().any(|row| row == receipt.line.to_string()), "{receipt:?} is lost");
        }
        next += run.fed_lines;
    }
}
