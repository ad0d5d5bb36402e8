//! Exact decimals: what money, prices and quantities are made of.

use std::fmt;
use std::str::FromStr;

use ethnum::U256;

pub use sum::DecimalSum;

mod sum;

/// A decimal number with 18 places after the point and up to 20 before it, exact.
///
/// It is an `i128` scaled by 10^18, which is the `DECIMAL(38,18)` of every store, so a value comes
/// back from each of them exactly as it went in. Whatever does not fit is refused, never rounded;
/// only [`mul_round`](Decimal::mul_round) and [`div_round`](Decimal::div_round) round, and say how.
///
/// ```
/// use tradekeep_models::Decimal;
///
/// let price: Decimal = "25741.03".parse()?;
/// let quantity: Decimal = "3.844E-5".parse()?;
/// assert_eq!(quantity.to_string(), "0.00003844");
/// assert_eq!(price.mul_round(quantity)?.to_string(), "0.9894851932");
/// assert!("0.1234567890123456789".parse::<Decimal>().is_err()); // 19 places
/// # Ok::<(), tradekeep_models::DecimalError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

/// Why a number is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// Not a finite decimal number in digits, with optional sign, point and exponent.
    #[error("is not a decimal number")]
    Syntax,
    /// More than 18 places after the point.
    #[error("has more than 18 decimal places")]
    TooPrecise,
    /// 10^20 or more, of either sign.
    #[error("is too large: it has more than 20 digits before the point")]
    TooLarge,
    /// Division by zero.
    #[error("cannot be divided by zero")]
    DivisionByZero,
}

const UNIT: u128 = 10u128.pow(Decimal::SCALE);
const NANO: u128 = 10u128.pow(9);
const LIMIT: u128 = 10u128.pow(38);

impl Decimal {
    /// Places after the point.
    pub const SCALE: u32 = 18;
    /// 0.
    pub const ZERO: Self = Self(0);
    /// 1.
    pub const ONE: Self = Self(1_000_000_000_000_000_000);
    /// The largest value, 10^20 - 10^-18.
    pub const MAX: Self = Self(99_999_999_999_999_999_999_999_999_999_999_999_999);
    /// The smallest value, -[`MAX`](Self::MAX).
    pub const MIN: Self = Self(-Self::MAX.0);

    /// The decimal `scaled` / 10^18.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] outside [`MIN`](Self::MIN)..=[`MAX`](Self::MAX).
    pub const fn from_scaled(scaled: i128) -> Result<Self, DecimalError> {
        if scaled.unsigned_abs() < LIMIT { Ok(Self(scaled)) } else { Err(DecimalError::TooLarge) }
    }

    /// The decimal `mantissa` x 10^-`scale`, exactly.
    ///
    /// # Errors
    /// When it has more than 18 places after the point, or is too large.
    pub fn from_parts(mantissa: i128, scale: u32) -> Result<Self, DecimalError> {
        let exponent = i64::from(Self::SCALE) - i64::from(scale);
        let magnitude = shift(mantissa.unsigned_abs(), exponent)?;
        signed(mantissa < 0, magnitude)
    }

    /// This value x 10^18, the form in which sums travel.
    #[must_use]
    pub const fn scaled(self) -> i128 {
        self.0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The exact sum.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] when the sum does not fit.
    pub const fn add(self, other: Self) -> Result<Self, DecimalError> {
        match self.0.checked_add(other.0) {
            Some(sum) => Self::from_scaled(sum),
            None => Err(DecimalError::TooLarge),
        }
    }

    /// The exact difference.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] when the difference does not fit.
    pub const fn sub(self, other: Self) -> Result<Self, DecimalError> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Self::from_scaled(difference),
            None => Err(DecimalError::TooLarge),
        }
    }

    /// The product, rounded half to even at 18 places.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] when the product does not fit.
    pub fn mul_round(self, other: Self) -> Result<Self, DecimalError> {
        let (a, b) = (self.0.unsigned_abs(), other.0.unsigned_abs());
        let negative = self.is_negative() != other.is_negative();
        // With nine places or fewer each, as nearly all market data has, the product is exact.
        let (short_a, short_b) = (a / NANO, b / NANO);
        if short_a * NANO == a && short_b * NANO == b {
            return signed(negative, short_a.checked_mul(short_b).ok_or(DecimalError::TooLarge)?);
        }
        // (ai + af)(bi + bf) with whole and fractional parts: only af x bf needs rounding, and it
        // stays below 10^36.
        let (ai, af) = (a / UNIT, a % UNIT);
        let (bi, bf) = (b / UNIT, b % UNIT);
        let fraction = af * bf;
        let down = ai
            .checked_mul(b)
            .and_then(|whole| whole.checked_add(af * bi))
            .and_then(|sum| sum.checked_add(fraction / UNIT))
            .ok_or(DecimalError::TooLarge)?;
        let magnitude = round_half_even(down, fraction % UNIT, UNIT);
        signed(negative, magnitude)
    }

    /// The quotient, rounded half to even at 18 places.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`], or [`DecimalError::TooLarge`] when it does not fit.
    pub fn div_round(self, divisor: Self) -> Result<Self, DecimalError> {
        if divisor.is_zero() {
            return Err(DecimalError::DivisionByZero);
        }
        let negative = self.is_negative() != divisor.is_negative();
        let divisor = divisor.0.unsigned_abs();
        let scaled = U256::from(self.0.unsigned_abs()) * U256::from(UNIT);
        let down =
            u128::try_from(scaled / U256::from(divisor)).map_err(|_| DecimalError::TooLarge)?;
        let remainder =
            u128::try_from(scaled % U256::from(divisor)).map_err(|_| DecimalError::TooLarge)?;
        if down >= LIMIT {
            return Err(DecimalError::TooLarge);
        }
        signed(negative, round_half_even(down, remainder, divisor))
    }

    /// The nearest binary float, for charts and statistics only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // Through text: correctly rounded, where dividing two floats would round twice.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

/// `down` plus one where `remainder / divisor` is above a half, or a half and `down` odd.
const fn round_half_even(down: u128, remainder: u128, divisor: u128) -> u128 {
    let rest = divisor - remainder;
    if remainder > rest || (remainder == rest && down % 2 == 1) { down + 1 } else { down }
}

fn signed(negative: bool, magnitude: u128) -> Result<Decimal, DecimalError> {
    let value = i128::try_from(magnitude).map_err(|_| DecimalError::TooLarge)?;
    Decimal::from_scaled(if negative { -value } else { value })
}

/// `mantissa` x 10^`exponent`, exactly.
fn shift(mantissa: u128, exponent: i64) -> Result<u128, DecimalError> {
    if mantissa == 0 {
        return Ok(0);
    }
    let power = |exponent: u64| u32::try_from(exponent).ok().and_then(|e| 10u128.checked_pow(e));
    if exponent >= 0 {
        power(exponent.unsigned_abs())
            .and_then(|p| mantissa.checked_mul(p))
            .ok_or(DecimalError::TooLarge)
    } else {
        let divisor = power(exponent.unsigned_abs()).ok_or(DecimalError::TooPrecise)?;
        if mantissa.is_multiple_of(divisor) {
            Ok(mantissa / divisor)
        } else {
            Err(DecimalError::TooPrecise)
        }
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-12.5`, `+.5`, `3.844E-5`. No spaces, no separators, no `NaN`, no infinity.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (digits, exponent) = match unsigned.iter().position(|b| matches!(b, b'e' | b'E')) {
            Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (mantissa, places) = parse_digits(digits)?;
        let shifted = exponent.saturating_sub(places).saturating_add(i64::from(Self::SCALE));
        signed(negative, shift(mantissa, shifted)?)
    }
}

/// Digits around at most one point: the mantissa without trailing zeros, and the power of ten by
/// which it is to be divided.
fn parse_digits(digits: &[u8]) -> Result<(u128, i64), DecimalError> {
    let (mut mantissa, mut places, mut zeros) = (0u128, 0i64, 0u32);
    let (mut seen, mut point) = (false, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                places += i64::from(point);
                if byte == b'0' {
                    zeros += u32::from(mantissa != 0);
                    continue;
                }
                // Zeros count only once a digit follows, so `1.000…0` of any length is fine.
                let power = zeros.checked_add(1).and_then(|n| 10u128.checked_pow(n));
                mantissa = power
                    .and_then(|p| mantissa.checked_mul(p))
                    .and_then(|m| m.checked_add(u128::from(byte - b'0')))
                    .ok_or(if point { DecimalError::TooPrecise } else { DecimalError::TooLarge })?;
                zeros = 0;
            }
            b'.' if !point => point = true,
            _ => return Err(DecimalError::Syntax),
        }
    }
    if seen { Ok((mantissa, places - i64::from(zeros))) } else { Err(DecimalError::Syntax) }
}

fn parse_exponent(text: &[u8]) -> Result<i64, DecimalError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::Syntax);
    }
    let value = digits
        .iter()
        .fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Ok(if negative { -value } else { value })
}

impl Decimal {
    /// Its digits without the sign, at the end of `buffer`, which holds the 39 there can be; answers
    /// where they start. Keys of ticks are made of them, so this is on the way of every import.
    fn digits(self, buffer: &mut [u8; 40]) -> usize {
        let magnitude = self.0.unsigned_abs();
        let mut at = buffer.len();
        let mut push = |byte| {
            at -= 1;
            buffer[at] = byte;
            at
        };
        let digit = |number: u64| b'0' + u8::try_from(number % 10).unwrap_or_default();
        // Below 10^18; zeros at its end are not written.
        let mut fraction = u64::try_from(magnitude % UNIT).unwrap_or_default();
        if fraction != 0 {
            let mut written = false;
            for _ in 0..Self::SCALE {
                let last = digit(fraction);
                fraction /= 10;
                written |= last != b'0';
                if written {
                    push(last);
                }
            }
            push(b'.');
        }
        // Below 10^20: one digit more than 64 bits are sure to hold.
        let whole = magnitude / UNIT;
        let mut rest = u64::try_from(whole / 10).unwrap_or_default();
        let mut start = push(digit(u64::try_from(whole % 10).unwrap_or_default()));
        while rest != 0 {
            start = push(digit(rest));
            rest /= 10;
        }
        start
    }
}

impl fmt::Display for Decimal {
    /// Plain digits, no exponent, no trailing zeros: `0.00003844`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 40];
        let start = self.digits(&mut buffer);
        let digits = std::str::from_utf8(&buffer[start..]).unwrap_or_default();
        f.pad_integral(self.0 >= 0, "", digits)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        // |i64| < 10^19.
        Self(i128::from(whole) * Self::ONE.0)
    }
}

#[cfg(test)]
mod tests;
