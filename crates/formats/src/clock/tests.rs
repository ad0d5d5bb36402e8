use super::*;
use proptest::prelude::*;

fn clock() -> Clock {
    Clock::new("ts", &TimeOptions::default())
}

fn read(clock: &Clock, text: &str) -> Result<String, String> {
    let moment = clock.read(text.as_bytes()).map_err(|e| e.to_string())?;
    Ok(moment.ts.to_string())
}

#[test]
fn digits_tell_the_unit() {
    for text in [
        "1693929601",
        "1693929601.000000000000",
        "1693929601000",
        "1693929601000.0",
        "1693929601000000",
        "1693929601000000000",
        "2023-09-05T16:00:01Z",
        "2023-09-05 16:00:01",
        "2023-09-05T18:00:01+02:00",
        "2023-09-05 18:00:01+02",
        "2023-09-05 10:30:01.000-05:30",
        "20230905160001",
        "20230905160001000",
        "20230905160001.0",
    ] {
        assert_eq!(read(&clock(), text).unwrap(), "2023-09-05T16:00:01.000000000Z", "{text}");
    }
    for (text, time) in [
        ("1693929601.281719", "2023-09-05T16:00:01.281719000Z"),
        ("1693929601281.719001", "2023-09-05T16:00:01.281719001Z"),
        ("20200129", "2020-01-29T00:00:00.000000000Z"),
        ("202001290930", "2020-01-29T09:30:00.000000000Z"),
        ("20200129093000123", "2020-01-29T09:30:00.123000000Z"),
        ("946684800", "2000-01-01T00:00:00.000000000Z"),
        ("946684800000", "2000-01-01T00:00:00.000000000Z"),
    ] {
        assert_eq!(read(&clock(), text).unwrap(), time, "{text}");
    }
}

#[test]
fn reasons_say_what_would_be_right() {
    let clock = Clock::new("received_ts", &TimeOptions::default());
    for (text, reason) in [
        ("", "is missing"),
        ("yesterday", "is not a time like 2023-09-05T16:00:01.281719Z, "),
        ("2023-02-29T00:00:00Z", "is no day of the calendar"),
        ("0001-01-01T00:00:00Z", "is outside the years 1970 to 2261"),
        ("9999-12-31T00:00:00Z", "is outside the years 1970 to 2261"),
        ("-1", "is outside the years 1970 to 2261"),
        ("0", "is no time from 2000 until tomorrow"),
        ("946684799", "is no time from 2000 until tomorrow"),
        ("99999999999", "is no time from 2000 until tomorrow"),
        ("9999999999999999999", "is no time from 2000 until tomorrow"),
        ("12345678901234567890", "is no time from 2000 until tomorrow"),
        ("19991231", "is a date in digits before 2000"),
        ("20991231", "is a date in digits before 2000 or after tomorrow"),
        ("43859.395833", "may be a spreadsheet's serial number"),
        ("093000", "may be a time of day in digits"),
        ("09:30:00", "is a time of day without its date"),
        ("1693929601.1234567891", "is finer than a nanosecond: --round 18"),
        ("1.5e9", "is written with an exponent"),
        ("1693929601.", "is not a time like"),
        ("09/04/2020 05:49", "may have its day or its month first"),
        ("2024-03-04 11:05:35 EST", "has letters behind its time of day"),
    ] {
        let error = read(&clock, text).unwrap_err();
        assert!(error.starts_with(&format!("received_ts: {reason}")), "{text}: {error}");
    }
    assert!(clock.read(b"2023-09-05T16:00:01\xff").is_err());
}

#[test]
fn the_first_good_row_fixes_the_unit() {
    let mut clock = clock();
    let text = clock.read(b"2023-09-05").unwrap();
    clock.settle(text);
    let millis = clock.read(b"1693929601000").unwrap();
    assert!(clock.read(b"1693929601").is_ok());
    clock.settle(millis);
    assert_eq!(
        read(&clock, "1693929601"),
        Err("ts: is in seconds by its digits, but this file counts milliseconds".into())
    );
    assert!(read(&clock, "1693929602000").is_ok());
    assert!(read(&clock, "2023-09-05T16:00:01Z").is_ok());
}

#[test]
fn what_is_said_is_taken_as_said() {
    let said = TimeOptions { unit: Some(TimeUnit::Millis), ..TimeOptions::default() };
    let millis = Clock::new("ts", &said);
    assert_eq!(read(&millis, "0").unwrap(), "1970-01-01T00:00:00.000000000Z");
    assert_eq!(read(&millis, "20200129").unwrap(), "1970-01-01T05:36:40.129000000Z");
    assert!(read(&millis, "2023-09-05T16:00:01Z").is_ok());
    let options = TimeOptions {
        format: Some("%d/%m/%Y %H:%M".parse().unwrap()),
        zone: Some("Europe/Berlin".parse().unwrap()),
        ..TimeOptions::default()
    };
    let clock = Clock::new("ts", &options);
    assert_eq!(read(&clock, "09/04/2020 05:49").unwrap(), "2020-04-09T03:49:00.000000000Z");
    assert!(read(&clock, "2020-04-09T05:49:00Z").unwrap_err().contains("%d/%m/%Y %H:%M"));
    let options = TimeOptions { format: None, ..options };
    let clock = Clock::new("ts", &options);
    assert_eq!(read(&clock, "2020-04-09 05:49").unwrap(), "2020-04-09T03:49:00.000000000Z");
    assert_eq!(read(&clock, "20200409").unwrap(), "2020-04-08T22:00:00.000000000Z");
    assert_eq!(read(&clock, "2020-04-09 05:49Z").unwrap(), "2020-04-09T05:49:00.000000000Z");
    assert!(
        read(&clock, "2024-10-27 02:30").unwrap_err().contains("exists twice in Europe/Berlin")
    );
}

#[test]
fn what_is_finer_than_a_nanosecond_is_rounded_where_that_is_asked() {
    let clock = Clock::new("ts", &TimeOptions { round: true, ..TimeOptions::default() });
    for (text, time) in [
        ("1585180700.06469999999", "2020-03-25T23:58:20.064700000Z"),
        ("1585180700.0000000005", "2020-03-25T23:58:20.000000000Z"),
        ("1585180700.0000000015", "2020-03-25T23:58:20.000000002Z"),
        ("1585180700064700.00051", "2020-03-25T23:58:20.064700001Z"),
    ] {
        assert_eq!(read(&clock, text).unwrap(), time, "{text}");
    }
}

proptest! {
    #[test]
    fn no_digits_alone_leave_the_window(text in "[0-9]{1,20}(\\.[0-9]{1,12})?") {
        if let Ok(moment) = clock().read(text.as_bytes()) {
            prop_assert!((YEAR_2000..=tomorrow()).contains(&moment.ts.as_nanos()), "{}", text);
        }
    }
}
