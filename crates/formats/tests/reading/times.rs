//! Times as people have them: what is certain is read, and what is not is asked.

use tradekeep_formats::{ReadOptions, TimeOptions};

use crate::door::{map, plain, shown};
use crate::{read, read_with, refused};

#[test]
fn a_time_is_read_in_one_way_or_not_at_all() {
    let one = |text: &str, options: &ReadOptions| {
        let file = format!("timestamp,symbol,price,size\n\"{text}\",X,1.5,2\n");
        let outcome = read_with(file, options);
        outcome.ticks.first().map(|tick| tick.ts().to_string()).ok_or_else(|| {
            outcome.rejects.first().map(|reject| reject.reason.clone()).unwrap_or_default()
        })
    };
    for (text, time) in [
        ("2018-12-05D00:00:25.948313000", "2018-12-05T00:00:25.948313000Z"),
        ("2025-06-30 16:22:58 UTC", "2025-06-30T16:22:58.000000000Z"),
        ("2024-03-04 11:05:35,250", "2024-03-04T11:05:35.250000000Z"),
        ("20200406T214347Z", "2020-04-06T21:43:47.000000000Z"),
        ("1585180700.0647", "2020-03-25T23:58:20.064700000Z"),
        ("1585180700064.0", "2020-03-25T23:58:20.064000000Z"),
        ("1585180700064700.0", "2020-03-25T23:58:20.064700000Z"),
        ("2024-03-04t11:05:35z", "2024-03-04T11:05:35.000000000Z"),
        ("2024-03-04 11:05", "2024-03-04T11:05:00.000000000Z"),
        ("2024-03-04T11:05:35.000+0000", "2024-03-04T11:05:35.000000000Z"),
        ("2017-01-01 12:00:00 -0700", "2017-01-01T19:00:00.000000000Z"),
        ("2024/03/04 11:05:35", "2024-03-04T11:05:35.000000000Z"),
        ("20200129", "2020-01-29T00:00:00.000000000Z"),
    ] {
        assert_eq!(one(text, &plain()), Ok(time.to_owned()), "{text}");
    }
    let time = |time: TimeOptions| ReadOptions { time, ..plain() };
    let format =
        |format: &str| time(TimeOptions { format: format.parse().ok(), ..TimeOptions::default() });
    // Each is refused by naming a way, and that is followed.
    for (text, named, options, expected) in [
        (
            "09/04/2020 05:49",
            "--time-format",
            format("%d/%m/%Y %H:%M"),
            "2020-04-09T05:49:00.000000000Z",
        ),
        (
            "9-Apr-2020 05:49",
            "--time-format",
            format("%d-%b-%Y %H:%M"),
            "2020-04-09T05:49:00.000000000Z",
        ),
        (
            "2024-03-04 11:05:35 EST",
            "--time-format and --timezone",
            time(TimeOptions {
                format: "%Y-%m-%d %H:%M:%S EST".parse().ok(),
                zone: "-05:00".parse().ok(),
                ..TimeOptions::default()
            }),
            "2024-03-04T16:05:35.000000000Z",
        ),
        (
            "86400",
            "a spreadsheet's serial number",
            time(TimeOptions { unit: "s".parse().ok(), ..TimeOptions::default() }),
            "1970-01-02T00:00:00.000000000Z",
        ),
        (
            "0",
            "--time-unit",
            time(TimeOptions { unit: "ms".parse().ok(), ..TimeOptions::default() }),
            "1970-01-01T00:00:00.000000000Z",
        ),
        (
            "1585180700.06469999999",
            "--round 18",
            time(TimeOptions { round: true, ..TimeOptions::default() }),
            "2020-03-25T23:58:20.064700000Z",
        ),
    ] {
        let error = one(text, &plain()).unwrap_err();
        assert!(error.contains(named), "{text}: {error}");
        assert_eq!(one(text, &options), Ok(expected.to_owned()), "{text}");
    }
    for (text, named) in [
        ("-1", "outside the years 1970 to 2261"),
        ("NaT", "is not a time like"),
        ("1.5851807E9", "exponent"),
        ("2016-12-31T23:59:60Z", "leap second"),
        ("43859.395833", "a spreadsheet's serial number"),
        ("09:30:00", "--map ts=DATE+TIME"),
    ] {
        let error = one(text, &plain()).unwrap_err();
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn one_bad_time_costs_its_own_row() {
    let good: String = (0..50).map(|n| format!("15802902{n:02}000,CL,53,1\n")).collect();
    for file in [format!("0,CL,53,1\n{good}"), format!("{good}0,CL,53,1\n")] {
        let outcome = read(format!("timestamp,symbol,price,size\n{file}"));
        assert_eq!((outcome.ticks.len(), outcome.rejects.len()), (50, 1));
    }
}

#[test]
fn a_day_and_a_time_of_day_are_one_time() {
    let file =
        "date,time,symbol,price,volume\n20200129,093000,CL,53.33,10\n20200129,093001,CL,53.35,2\n";
    let expected = [
        "2020-01-29T09:30:00.000000000Z CL - 53.33 x 10",
        "2020-01-29T09:30:01.000000000Z CL - 53.35 x 2",
    ];
    assert_eq!(shown(file, &plain()), expected);
    let named = file.replace("date,time", "day_of_it,clock");
    let error = refused(named.clone(), &plain());
    assert!(error.contains("no column for ts"), "{error}");
    assert_eq!(shown(&named, &map("ts=day_of_it+clock")), expected);
    // Two times that agree are one; others are asked for.
    let both = |second: &str| {
        format!("unix timestamp,date,symbol,price,volume\n1585180700,{second},X,1,1\n")
    };
    let time = "2020-03-25T23:58:20.000000000Z X - 1 x 1";
    assert_eq!(shown(&both("2020-03-25 23:58:20"), &plain()), [time]);
    assert_eq!(shown(&both("2020-03-25"), &plain()), [time]);
    let error = refused(both("2020-03-25 19:58:20"), &plain());
    assert!(error.contains("--map ts=date or --map ts=unix timestamp"), "{error}");
    assert_eq!(shown(&both("2020-03-25 19:58:20"), &map("ts=unix timestamp")), [time]);
}

#[test]
fn a_day_is_not_taken_for_a_time_that_cannot_be_read() {
    let file = "timestamp,date,symbol,price,size\n1.5851807E9,2020-03-25,X,1,1\n";
    let error = refused(file, &plain());
    assert!(error.contains("--map ts=date or --map ts=timestamp"), "{error}");
    assert_eq!(shown(file, &map("ts=date")), ["2020-03-25T00:00:00.000000000Z X - 1 x 1"]);
}

#[test]
fn the_zone_in_a_columns_name_is_honoured_or_asked_for() {
    let file = |name: &str| format!("{name},symbol,price,size\n2024-08-08 12:00:00,X,1,1\n");
    for (name, hour) in
        [("Date(UTC)", "12"), ("time (UTC+8)", "04"), ("Time [Europe/Berlin]", "10")]
    {
        let time = format!("2024-08-08T{hour}:00:00.000000000Z X - 1 x 1");
        assert_eq!(shown(&file(name), &plain()), [time], "{name}");
    }
    let error = refused(file("Time (EST)"), &plain());
    assert!(error.contains("zone EST") && error.contains("--timezone"), "{error}");
    let zone = TimeOptions { zone: "America/New_York".parse().ok(), ..TimeOptions::default() };
    let options = ReadOptions { time: zone, ..plain() };
    assert_eq!(shown(&file("Time (EST)"), &options), ["2024-08-08T16:00:00.000000000Z X - 1 x 1"]);
    // A name that says a unit keeps to it.
    let outcome = read("time_ms,symbol,price,size\n1585180700,X,1,1\n1585180700000,X,1,1\n");
    assert_eq!((outcome.ticks.len(), outcome.rejects.len()), (1, 1));
}
