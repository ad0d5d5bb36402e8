//! Decimals and whole numbers out of bytes.

use tradekeep_models::{Decimal, InvalidInput};

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
    text.parse::<Decimal>().map_err(|error| InvalidInput::new(field, error.to_string()))
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
            ("0.1234567890123456789", "price: has more than 18 decimal places"),
        ] {
            let error = decimal("price", text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), reason, "{text}");
        }
        assert!(decimal("price", b"1\xff").is_err());
        assert!(integer("sequence", b"9223372036854775808").is_err());
        assert_eq!(integer("sequence", b"-9223372036854775808").unwrap(), i64::MIN);
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
