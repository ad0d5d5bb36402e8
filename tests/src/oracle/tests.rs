use super::*;

fn judged(sent: &[&str], stored: &[&str]) -> Report {
    let sent = sent.iter().map(|row| (row, Promise::Kept));
    compare(&["venue", "id"], sent, stored).unwrap()
}

fn row(id: u32, price: &str) -> String {
    format!(r#"{{"venue":"x","id":{id},"price":"{price}"}}"#)
}

#[test]
fn what_was_sent_in_any_order_is_clean() {
    let (one, two) = (row(1, "1.5"), row(2, "2"));
    let report = judged(&[&one, &two], &[&two, &one]);
    assert!(report.is_clean());
    assert_eq!((report.sent, report.stored, report.distinct), (2, 2, 2));
    assert_eq!(
        report.to_string(),
        "clean: 2 sent, 2 stored, 2 distinct, 0 lost, 0 doubled, 0 changed, 0 unexpected, \
         0 open and absent"
    );
    assert_eq!(report.examples(), "");
}

#[test]
fn nothing_sent_and_nothing_stored_is_clean() {
    assert!(judged(&[], &[]).is_clean());
}

#[test]
fn each_fault_is_told_from_the_others() {
    let rows: Vec<String> = (0..4).map(|id| row(id, "1")).collect();
    let sent: Vec<&str> = rows.iter().map(|row| &**row).collect();
    // 0 stands twice, 1 has another price, 2 is not there, 3 is well, and nobody sent 9.
    let (other, stranger) = (row(1, "1.0"), row(9, "1"));
    let report = judged(&sent, &[sent[0], sent[0], &other, sent[3], &stranger]);

    let counts = [&report.lost, &report.doubled, &report.changed, &report.unexpected];
    assert_eq!(counts.map(|found| found.count), [1; 4]);
    assert_eq!((report.sent, report.stored, report.distinct), (4, 5, 4));
    assert!(!report.is_clean());
    assert_eq!(
        report.examples(),
        r#"lost: {"id":2,"price":"1","venue":"x"}
doubled: {"id":0,"price":"1","venue":"x"}
changed: sent {"id":1,"price":"1","venue":"x"}, stored {"id":1,"price":"1.0","venue":"x"}
unexpected: {"id":9,"price":"1","venue":"x"}
"#
    );
}

#[test]
fn any_one_fault_is_not_clean() {
    let (one, other) = (row(1, "1"), row(1, "2"));
    let faults: [(&[&str], &[&str]); 4] =
        [(&[&one], &[]), (&[], &[&one]), (&[&one], &[&one, &one]), (&[&one], &[&other])];
    for (sent, stored) in faults {
        assert!(!judged(sent, stored).is_clean(), "{sent:?} {stored:?}");
    }
}

#[test]
fn a_double_with_other_content_is_both() {
    let (one, other) = (row(1, "1"), row(1, "2"));
    let report = judged(&[&one], &[&one, &other]);
    assert_eq!((report.doubled.count, report.changed.count, report.lost.count), (1, 1, 0));
}

#[test]
fn a_stranger_that_stands_twice_is_doubled_too() {
    let stranger = row(1, "1");
    let report = judged(&[], &[&stranger, &stranger, &stranger]);
    assert_eq!((report.unexpected.count, report.doubled.count, report.distinct), (1, 2, 1));
}

#[test]
fn only_the_first_few_are_shown() {
    let rows: Vec<String> = (0..100).map(|id| row(id, "1")).collect();
    let report = judged(&rows.iter().map(|row| &**row).collect::<Vec<_>>(), &[]);
    assert_eq!(report.lost.count, 100);
    assert_eq!(report.lost.examples.len(), 3);
    assert!(report.lost.examples[0].contains(r#""id":0,"#));
}

#[test]
fn a_row_sent_twice_is_stored_once() {
    let one = row(1, "1");
    let report = judged(&[&one, &one], &[&one]);
    assert!(report.is_clean());
    assert_eq!(report.sent, 1);
}

#[test]
fn an_open_row_may_be_there_or_not_but_not_changed() {
    let (one, other) = (row(1, "1"), row(1, "2"));
    let open = |stored: &[&str]| compare(&["id"], [(&one, Promise::Open)], stored).unwrap();
    assert!(open(&[&one]).is_clean());
    assert!(open(&[]).is_clean());
    assert_eq!((open(&[]).open_and_absent, open(&[]).lost.count), (1, 0));
    assert_eq!(open(&[&other]).changed.count, 1);
    assert_eq!(open(&[&one, &one]).doubled.count, 1);
}

#[test]
fn a_receipt_at_any_time_is_a_promise() {
    let one = row(1, "1");
    for promises in [[Promise::Open, Promise::Kept], [Promise::Kept, Promise::Open]] {
        let sent = promises.map(|promise| (&one, promise));
        let report = compare(&["id"], sent, [] as [&str; 0]).unwrap();
        assert_eq!(report.lost.count, 1, "{promises:?}");
    }
}

#[test]
fn one_row_has_many_spellings() {
    let sent = r#"{"venue":"é/","id":1,"side":null,"labels":{"a":1}}"#;
    let stored = r#" { "labels" : {"a":1}, "id" : 1, "venue" : "\u00e9\/" } "#;
    assert!(judged(&[sent], &[stored]).is_clean());
    // Not these: a number is not a string, 1 is not 1.0, and JSON comes back byte for byte.
    for other in [
        r#"{"venue":"é/","id":"1","labels":{"a":1}}"#,
        r#"{"venue":"é/","id":1.0,"labels":{"a":1}}"#,
        r#"{"venue":"é/","id":1,"labels":{"a": 1}}"#,
        r#"{"venue":"é/","id":1,"labels":{"a":1},"side":""}"#,
    ] {
        assert!(!judged(&[sent], &[other]).is_clean(), "{other}");
    }
}

#[test]
fn values_of_an_identity_do_not_run_together() {
    let (one, two) = (r#"{"venue":"1","id":11}"#, r#"{"venue":"11","id":1}"#);
    let (three, four) = (r#"{"venue":"a\",","id":"b"}"#, r#"{"venue":"a","id":",\"b"}"#);
    let rows = [one, two, three, four];
    let report = judged(&rows, &rows);
    assert!(report.is_clean());
    assert_eq!(report.distinct, 4);
}

#[test]
fn a_line_that_is_no_row_is_named_without_its_values() {
    let secret = r#"{"venue":"hunter2","id":hunter2}"#;
    let one = row(1, "1");
    let error = compare(&["id"], [(&one, Promise::Kept)], [&one[..], secret]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2 of what was stored is not a row: Syntax error at byte 25"
    );

    let error = compare(&["fill_id"], [(&one, Promise::Kept)], [] as [&str; 0]).unwrap_err();
    assert_eq!(error.to_string(), "line 1 of what was sent is not a row: it has no fill_id");
    for line in ["", "[]", r#""row""#, r#"{"id":null}"#] {
        assert!(compare(&["id"], [(line, Promise::Kept)], [] as [&str; 0]).is_err(), "{line}");
    }
}

#[test]
fn two_rows_sent_with_one_identity_cannot_be_judged() {
    let sent = [row(1, "1"), row(2, "1"), row(1, "2")].map(|row| (row, Promise::Kept));
    let error = compare(&["id"], sent, [] as [&str; 0]).unwrap_err();
    assert_eq!(error, OracleError::Contradiction { line: 3, before: 1 });
}
