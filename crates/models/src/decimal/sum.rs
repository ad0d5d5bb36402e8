//! Sums that may be larger than what they are made of.

use ethnum::{I256, U256};

use super::{Decimal, DecimalError, LIMIT, UNIT, round_half_even, signed};

/// An exact sum of decimals on its way to a [`Decimal`]: what is added up may be larger than one, only
/// the result has to fit.
///
/// ```
/// use tradekeep_models::{Decimal, DecimalSum};
///
/// let twice = DecimalSum::default().plus(DecimalSum::from(Decimal::MAX), 2)?;
/// assert_eq!(twice.div_round(2)?, Decimal::MAX);
/// assert!(twice.div_round(1).is_err());
/// # Ok::<(), tradekeep_models::DecimalError>(())
/// ```
// Scaled by 10^18. A sum of 2^64 decimals, times an `i32`, has 222 bits: no sum of records reaches 256,
// but the type cannot say so, hence the errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecimalSum(I256);

impl DecimalSum {
    /// `whole` + `fraction`: how a sum too large for a decimal of 38 digits comes from a store that has
    /// nothing wider.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] when it does not fit in 256 bits.
    pub fn from_halves(whole: u128, fraction: Decimal) -> Result<Self, DecimalError> {
        let whole = U256::from(whole) * U256::from(UNIT); // 188 bits
        Self::from(fraction).plus(Self(whole.as_i256()), 1)
    }

    /// This sum plus `times` x `other`.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] when it does not fit in 256 bits.
    pub fn plus(self, other: Self, times: i32) -> Result<Self, DecimalError> {
        let product = other.0.checked_mul(I256::from(times));
        let sum = product.and_then(|product| self.0.checked_add(product));
        sum.map(Self).ok_or(DecimalError::TooLarge)
    }

    /// The sum / `divisor`, rounded half to even at 18 places, once.
    ///
    /// # Errors
    /// [`DecimalError::DivisionByZero`], or [`DecimalError::TooLarge`] when the quotient has more than
    /// 20 digits before the point.
    pub fn div_round(self, divisor: u32) -> Result<Decimal, DecimalError> {
        if divisor == 0 {
            return Err(DecimalError::DivisionByZero);
        }
        let (magnitude, wide) = (self.0.unsigned_abs(), U256::from(divisor));
        let small = |n: U256| u128::try_from(n).map_err(|_| DecimalError::TooLarge);
        let (down, remainder) = (small(magnitude / wide)?, small(magnitude % wide)?);
        // Rounded up, 128 bits could overflow.
        if down >= LIMIT {
            return Err(DecimalError::TooLarge);
        }
        signed(self.0.is_negative(), round_half_even(down, remainder, divisor.into()))
    }
}

impl From<Decimal> for DecimalSum {
    fn from(value: Decimal) -> Self {
        Self(I256::from(value.scaled()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn sum(parts: &[(Decimal, i32)]) -> DecimalSum {
        let add =
            |sum: DecimalSum, (part, times): &(Decimal, i32)| sum.plus((*part).into(), *times);
        parts.iter().try_fold(DecimalSum::default(), add).unwrap()
    }

    #[test]
    fn only_the_result_has_to_fit() {
        let large = sum(&[(Decimal::MAX, i32::MAX); 9]);
        assert_eq!(large.div_round(1), Err(DecimalError::TooLarge));
        assert_eq!(large.plus(large, -1).unwrap().div_round(1), Ok(Decimal::ZERO));
        assert_eq!(sum(&[(Decimal::MAX, 10_000)]).div_round(10_000), Ok(Decimal::MAX));
        assert_eq!(sum(&[(Decimal::MAX, -10_000)]).div_round(10_000), Ok(Decimal::MIN));
        // Half of the last place more rounds up, to 10^20.
        let over = sum(&[(Decimal::MAX, 2), (Decimal(1), 1)]);
        assert_eq!(over.div_round(2), Err(DecimalError::TooLarge));
        assert_eq!(large.div_round(0), Err(DecimalError::DivisionByZero));
    }

    #[test]
    fn rounds_once_half_to_even() {
        for (scaled, by_four) in [(2, 0), (3, 1), (5, 1), (6, 2), (10, 2), (-6, -2), (-2, 0)] {
            assert_eq!(sum(&[(Decimal(scaled), 1)]).div_round(4), Ok(Decimal(by_four)), "{scaled}");
        }
    }

    #[test]
    fn halves_are_put_together() {
        let whole = DecimalSum::from_halves(7, dec("0.000000000000000001")).unwrap();
        assert_eq!(whole.div_round(1), Ok(dec("7.000000000000000001")));
        // Fractions alone can add up to more than one.
        let both = DecimalSum::from_halves(LIMIT - 1, dec("12.5")).unwrap();
        let less = both.plus(DecimalSum::from_halves(LIMIT - 1, dec("1.25")).unwrap(), -1);
        assert_eq!(less.unwrap().div_round(1), Ok(dec("11.25")));
        assert!(DecimalSum::from_halves(u128::MAX, Decimal::MAX).is_ok());
    }

    #[test]
    fn more_than_256_bits_are_an_error() {
        let mut sum = DecimalSum::from_halves(u128::MAX, Decimal::ZERO).unwrap();
        sum = DecimalSum::default().plus(sum, i32::MAX).unwrap();
        sum = DecimalSum::default().plus(sum, i32::MAX).unwrap();
        assert_eq!(DecimalSum::default().plus(sum, i32::MAX), Err(DecimalError::TooLarge));
    }
}
