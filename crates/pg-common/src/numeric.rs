//! NUMERIC as PostgreSQL's protocol carries it, exactly.

/// Digits behind the point of every decimal that is stored.
const SCALE: i32 = 18;

/// Why it is no decimal of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadNumeric {
    /// Bytes are missing, or it is not a number.
    Malformed,
    /// More than 18 digits behind the point that are not zero.
    TooFine,
    /// It does not fit 128 bits, x 10^18.
    TooLarge,
}

/// A NUMERIC x 10^18.
///
/// # Errors
/// When it is no decimal of at most 18 digits behind the point, or does not fit.
pub fn scaled(raw: &[u8]) -> Result<i128, BadNumeric> {
    let mut sum = 0i128;
    let negative = each_digit(raw, |digit, power| {
        sum = sum.checked_add(part(digit, power + SCALE)?).ok_or(BadNumeric::TooLarge)?;
        Ok(())
    })?;
    Ok(if negative { -sum } else { sum })
}

/// A NUMERIC that is not negative, and may be larger than a decimal: what stands before the point, and what
/// stands behind it x 10^18.
///
/// # Errors
/// As [`scaled`]; `Malformed` where it is negative.
pub fn halves(raw: &[u8]) -> Result<(u128, i128), BadNumeric> {
    let (mut whole, mut fraction) = (0i128, 0i128);
    let negative = each_digit(raw, |digit, power| {
        if power < 0 {
            fraction += part(digit, power + SCALE)?;
        } else {
            whole = whole.checked_add(part(digit, power)?).ok_or(BadNumeric::TooLarge)?;
        }
        Ok(())
    })?;
    if negative { Err(BadNumeric::Malformed) } else { Ok((whole.unsigned_abs(), fraction)) }
}

/// Hands on each digit, with the power of ten that it is worth, and answers whether the whole is negative. Digits
/// are of base 10,000, the first of them worth 10,000^weight.
fn each_digit(
    raw: &[u8],
    mut add: impl FnMut(i128, i32) -> Result<(), BadNumeric>,
) -> Result<bool, BadNumeric> {
    let word = |at: usize| -> Result<u16, BadNumeric> {
        let bytes = raw.get(2 * at..2 * at + 2).ok_or(BadNumeric::Malformed)?;
        bytes.try_into().map(u16::from_be_bytes).map_err(|_| BadNumeric::Malformed)
    };
    let (count, weight, sign) = (word(0)?, word(1)?.cast_signed(), word(2)?);
    for at in 0..count {
        let digit = word(4 + usize::from(at))?;
        if digit > 9_999 {
            return Err(BadNumeric::Malformed);
        }
        add(digit.into(), 4 * (i32::from(weight) - i32::from(at)))?;
    }
    match sign {
        0x0000 => Ok(false),
        0x4000 => Ok(true),
        _ => Err(BadNumeric::Malformed),
    }
}

/// Those of ten that fit.
const POWERS: [i128; 39] = {
    let mut powers = [1; 39];
    let mut power = 1;
    while power < powers.len() {
        powers[power] = powers[power - 1] * 10;
        power += 1;
    }
    powers
};

/// `digit` x 10^`power`.
fn part(digit: i128, power: i32) -> Result<i128, BadNumeric> {
    if digit == 0 {
        return Ok(0);
    }
    let ten =
        usize::try_from(power.unsigned_abs()).ok().and_then(|power| POWERS.get(power)).copied();
    if power >= 0 {
        return ten.and_then(|ten| ten.checked_mul(digit)).ok_or(BadNumeric::TooLarge);
    }
    match ten {
        Some(ten) if digit % ten == 0 => Ok(digit / ten),
        _ => Err(BadNumeric::TooFine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        let head = [u16::try_from(digits.len()).unwrap(), weight.cast_unsigned(), sign, 18];
        head.iter().chain(digits).flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn digits_are_worth_what_they_stand_for() {
        let ten = |power| 10i128.pow(power);
        assert_eq!(scaled(&raw(0, 0, &[])), Ok(0));
        assert_eq!(scaled(&raw(0, 0, &[150, 2_500])), Ok(15_025 * ten(16)));
        assert_eq!(scaled(&raw(1, 0x4000, &[6, 1_837, 6_300])), Ok(-6_183_763 * ten(16)));
        // 10^-18, whose digits end with two zeros of the fifth group.
        assert_eq!(scaled(&raw(-5, 0, &[100])), Ok(1));
        assert_eq!(scaled(&raw(-5, 0, &[101])), Err(BadNumeric::TooFine));
        assert_eq!(scaled(&raw(4, 0, &[9_999])), Ok(9_999 * ten(34)));
        assert_eq!(scaled(&raw(5, 0, &[170])), Err(BadNumeric::TooLarge));
        assert_eq!(scaled(&raw(0, 0xC000, &[])), Err(BadNumeric::Malformed), "not a number");
        assert_eq!(scaled(&raw(0, 0, &[10_000])), Err(BadNumeric::Malformed));
        // Twice the largest decimal.
        let twice = [1, 9_999, 9_999, 9_999, 9_999, 9_999, 9_999, 9_999, 9_999, 9_999, 9_800];
        let fraction = 999_999_999_999_999_998;
        assert_eq!(halves(&raw(5, 0, &twice)), Ok((199_999_999_999_999_999_999, fraction)));
        assert_eq!(scaled(&raw(5, 0, &twice)), Err(BadNumeric::TooLarge));
        assert_eq!(halves(&raw(0, 0x4000, &[1])), Err(BadNumeric::Malformed), "negative");
        let whole = raw(1, 0, &[1, 2]);
        for cut in 0..whole.len() {
            assert_eq!(scaled(&whole[..cut]), Err(BadNumeric::Malformed), "{cut} bytes");
        }
    }
}
