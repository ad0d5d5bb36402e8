//! Numbers and times as people read them.

use tradekeep::models::Timestamp;

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 tick`, `2,000 ticks`.
pub(crate) fn counted(number: u64, word: &str) -> String {
    format!("{} {word}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Times for people: all with as many decimals as the finest needs, in thousands.
pub(crate) fn times(times: impl IntoIterator<Item = Timestamp>) -> Vec<String> {
    let texts: Vec<_> = times.into_iter().map(|ts| ts.to_string()).collect();
    // 2024-08-08T10:00:05.123456789Z
    let decimals = |text: &String| {
        let fraction = text.get(20..29).unwrap_or_default().trim_end_matches('0');
        fraction.len().div_ceil(3) * 3
    };
    let finest = texts.iter().map(decimals).max().unwrap_or(0);
    let end = if finest == 0 { 19 } else { 20 + finest };
    texts.iter().map(|text| text.get(..end).unwrap_or(text).replace('T', " ")).collect()
}

/// 1536 as 1.5 KiB.
pub(crate) fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(shift, _)| bytes >> shift > 0);
    let Some((shift, name)) = unit else {
        return format!("{bytes} bytes");
    };
    let tenths = (u128::from(bytes) * 10) >> shift;
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// 1250000 nanoseconds as 1.25 ms: three digits.
pub(crate) fn took(nanos: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    // What rounds up to 1000 of a unit is 1 of the next.
    let unit = UNITS.into_iter().find(|(unit, _)| nanos >= unit - unit / 2000);
    let Some((unit, name)) = unit else {
        return format!("{nanos} ns");
    };
    let decimals = match nanos / (unit / 10) {
        0..100 => 2,
        100..1000 => 1,
        _ => 0,
    };
    let step = unit / 10u64.pow(decimals);
    let steps = nanos / step + u64::from(nanos % step >= step.div_ceil(2));
    let (whole, part) = (steps / 10u64.pow(decimals), steps % 10u64.pow(decimals));
    match decimals {
        0 => format!("{} {name}", grouped(whole)),
        decimals => format!("{whole}.{part:0places$} {name}", places = decimals as usize),
    }
}

/// About six digits: what is worked out need not be shown to the last.
pub(crate) fn rounded(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e12).contains(&size) {
        return format!("{number:.5e}");
    }
    let decimals = [1e5, 1e4, 1e3, 1e2, 1e1, 1e0].iter().take_while(|limit| size < **limit).count();
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// 0.1234 as 12.3 %.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Text that may have lines and controls in a line, safe for a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let texts = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "tick"), "1 tick");
    }

    #[test]
    fn times_are_as_fine_as_needed() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(times([at("2024-08-08")]), ["2024-08-08 00:00:00"]);
        assert_eq!(
            times([at("2024-08-08T00:00:00.1234Z"), at("2024-08-08")]),
            ["2024-08-08 00:00:00.123400", "2024-08-08 00:00:00.000000"]
        );
    }

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1536, 5 << 20, u64::MAX].map(size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.5 KiB", "5.0 MiB", "17179869183.9 GiB"]);
    }

    #[test]
    fn durations_have_three_digits() {
        let texts =
            [0, 999, 1_000, 1_250_000, 99_960, 123_456, 999_999, 2_500_000_000_000].map(took);
        assert_eq!(
            texts,
            ["0 ns", "999 ns", "1.00 µs", "1.25 ms", "100.0 µs", "123 µs", "1.00 ms", "2,500 s"]
        );
        assert_eq!(took(u64::MAX), "18,446,744,074 s");
    }

    #[test]
    fn worked_out_numbers_are_short() {
        let texts =
            [0.0, 1.0, 0.1 + 0.2, -12.345_678_9, 1e5, 123_456.789, 1e300, 1e-9].map(rounded);
        assert_eq!(
            texts,
            ["0", "1", "0.3", "-12.3457", "100000", "123457", "1.00000e300", "1.00000e-9"]
        );
        assert_eq!(percent(0.1234), "12.3 %");
    }

    #[test]
    fn lines_are_one() {
        assert_eq!(one_line("a\nb\x1b[31mc\u{9b}d\n"), "a b [31mc d");
    }
}
