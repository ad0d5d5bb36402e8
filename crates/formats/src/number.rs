//! Decimals and whole numbers out of bytes.

use tradekeep_models::{Decimal, DecimalError, InvalidInput};

/// 10^n for the 18 places of a [`Decimal`].
const POWERS: [i128; 19] = powers();

const fn powers() -> [i128; 19] {
    let mut powers = [1; 19];
    let mut n = 1;
    while n < powers.len() {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
}

/// Reads the decimal of `field`, rounded half-even to its 18 places where it has more; and whether it was.
pub(crate) fn rounded(field: &'static str, text: &[u8]) -> Result<(Decimal, bool), InvalidInput> {
    match decimal(field, text) {
        Err(error) => round(text).map(|value| (value, true)).ok_or(error),
        exact => exact.map(|value| (value, false)),
    }
}

/// A decimal of more than 18 places to 18 of them; nothing where it is none, or too large.
fn round(text: &[u8]) -> Option<Decimal> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok().filter(|exponent| (-400..=400).contains(exponent))?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if !is_digits(&all) || all.len() > 400 {
        return None;
    }
    // The first digit behind the eighteenth place.
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let end = point + 18;
    let kept = usize::try_from(end.max(0)).ok()?.min(all.len());
    let missing = usize::try_from(end).map_or(0, |end| end - kept);
    let mut value: i128 = 0;
    for digit in all[..kept].iter().map(|byte| byte - b'0').chain(std::iter::repeat_n(0, missing)) {
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    // Zeros stand between the point and the first digit of what is smaller than half a place.
    let rest = if end < 0 { &[][..] } else { &all[kept..] };
    let up = match rest.split_first() {
        Some((b'5', others)) if others.iter().all(|byte| *byte == b'0') => value % 2 == 1,
        Some((first, _)) => *first >= b'5',
        None => false,
    };
    let value = value + i128::from(up);
    Decimal::from_scaled(if negative { -value } else { value }).ok()
}

/// Reads the decimal of `field`.
pub(crate) fn decimal(field: &'static str, text: &[u8]) -> Result<Decimal, InvalidInput> {
    if let Some(value) = plain_decimal(text) {
        return Ok(value);
    }
    if text.is_empty() {
        return Err(InvalidInput::new(field, "is missing"));
    }
    // What is not UTF-8 is no number either.
    let text = std::str::from_utf8(text).unwrap_or_default();
    let read = text.parse::<Decimal>().or_else(|error| match without_thousands(text) {
        Some(plain) => plain.parse(),
        None => Err(error),
    });
    read.map_err(|error| match error {
        DecimalError::TooPrecise => {
            InvalidInput::new(field, format!("{error}: --round 18 rounds it half-even"))
        }
        error => InvalidInput::new(field, error.to_string()),
    })
}

/// `1,043.70` without the commas. Without a point behind them they may be one.
fn without_thousands(text: &str) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.')?;
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_first = matches!(first.len(), 1..=3) && is_digits(first.as_bytes());
    let mut count = 0;
    let are_others =
        groups.inspect(|_| count += 1).all(|group| group.len() == 3 && is_digits(group.as_bytes()));
    let is = is_first && are_others && count > 0 && is_digits(fraction.as_bytes());
    is.then(|| text.replace(',', ""))
}

/// The usual form, up to 19 digits around a point: everything else takes the long way.
fn plain_decimal(text: &[u8]) -> Option<Decimal> {
    let point = memchr::memchr(b'.', text);
    let (whole, fraction) = match point {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    if whole.is_empty() || whole.len() + fraction.len() > 19 {
        return None;
    }
    let mantissa = digits(fraction, digits(whole, 0)?)?;
    let power = POWERS.get(18usize.checked_sub(fraction.len())?)?;
    Decimal::from_scaled(i128::from(mantissa) * power).ok()
}

/// `before` with the decimal digits of `text` appended; `None` at any other byte.
fn digits(text: &[u8], before: u64) -> Option<u64> {
    let mut value = before;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    Some(value)
}

/// A number of at most 18 digits, nothing else around it.
pub(crate) fn short_number(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    digits(text, 0).and_then(|value| i64::try_from(value).ok())
}

/// Whether `text` is digits only, and at least one.
pub(crate) fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Reads the whole number of `field`.
pub(crate) fn integer(field: &'static str, text: &[u8]) -> Result<i64, InvalidInput> {
    short_number(text)
        .or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
        .ok_or_else(|| InvalidInput::new(field, "is not a whole number of 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reasons_name_the_field() {
        for (text, reason) in [
            ("", "price: is missing"),
            ("NaN", "price: is not a decimal number"),
            ("12,5", "price: is not a decimal number"),
            ("1e400", "price: is too large: it has more than 20 digits before the point"),
            (
                "1234567890123456789012345678901234567890",
                "price: is too large: it has more than 20 digits before the point",
            ),
            (
                "0.1234567890123456789",
                "price: has more than 18 decimal places: --round 18 rounds it half-even",
            ),
        ] {
            let error = decimal("price", text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), reason, "{text}");
        }
        assert!(decimal("price", b"1\xff").is_err());
        assert!(integer("sequence", b"9223372036854775808").is_err());
        assert_eq!(integer("sequence", b"-9223372036854775808").unwrap(), i64::MIN);
    }

    #[test]
    fn what_has_too_many_places_is_rounded_half_even() {
        for (text, expected) in [
            ("0.0000033499998400000004", "0.0000033499998400"),
            ("3.3499998400000004e-06", "0.0000033499998400"),
            ("0.0000000000000000005", "0"),
            ("0.0000000000000000015", "0.000000000000000002"),
            ("-0.0000000000000000025", "-0.000000000000000002"),
            ("0.00000000000000000051", "0.000000000000000001"),
            ("1e-19", "0"),
            ("9e-19", "0.000000000000000001"),
            ("9e-20", "0"),
            ("9e-200", "0"),
            ("0.9999999999999999999", "1"),
            ("123456789.12345678901234567890", "123456789.123456789012345679"),
            ("0.10000000000000000000000", "0.1"),
        ] {
            let (value, _) = rounded("price", text.as_bytes()).unwrap();
            assert_eq!(value, expected.parse().unwrap(), "{text}");
        }
        assert!(!rounded("price", b"1.5").unwrap().1 && rounded("price", b"1e-19").unwrap().1);
        for text in [
            "",
            "x",
            "1e400",
            "100000000000000000000.0000000000000000001",
            "1.2.3",
            "1e",
            "e5",
            ".",
        ] {
            assert!(rounded("price", text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn thousands_are_certain_before_a_point() {
        let read =
            |text: &str| decimal("price", text.as_bytes()).ok().map(|value| value.to_string());
        assert_eq!(read("1,043.70").as_deref(), Some("1043.7"));
        assert_eq!(read("-12,345,678.5").as_deref(), Some("-12345678.5"));
        for text in ["1,043", "12,5", "1,04.5", "1043,000.5", ",043.5", "1,043.", "1.043,5"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_agrees_with_the_long(text in "[+-]?[0-9]{0,22}(\\.[0-9]{0,20})?(e-?[0-9])?") {
            prop_assert_eq!(
                decimal("price", text.as_bytes()).ok(),
                text.parse::<Decimal>().ok()
            );
        }
    }
}
