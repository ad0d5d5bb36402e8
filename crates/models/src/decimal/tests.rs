use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<String, DecimalError> {
    text.parse::<Decimal>().map(|d| d.to_string())
}

#[test]
fn reads_what_feeds_write() {
    for (text, canonical) in [
        ("25741.02", "25741.02"),
        ("3.844E-5", "0.00003844"),
        ("1e3", "1000"),
        ("1000e-20", "0.00000000000000001"),
        ("-0", "0"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("0.10000000000000000000000000000000000000000000", "0.1"),
        ("0000000000000000000000000000000000000000000001", "1"),
        ("0e400", "0"),
        ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
    ] {
        assert_eq!(parse(text).as_deref(), Ok(canonical), "{text}");
    }
}

#[test]
fn refuses_rather_than_rounds() {
    for text in [
        "", "-", ".", "e5", "1e", "1e+", "NaN", "inf", "1 ", " 1", "1_0", "1,0", "0x1", "1.2.3",
        "--1",
    ] {
        assert_eq!(parse(text), Err(DecimalError::Syntax), "{text:?}");
    }
    for text in ["0.1234567890123456789", "1e-19", "12345678901234567890.1234567890123456789"] {
        assert_eq!(parse(text), Err(DecimalError::TooPrecise), "{text}");
    }
    for text in [
        "100000000000000000000",
        "1e20",
        "1e400",
        "1e99999999999999999999",
        "1234567890123456789012345678901234567890",
    ] {
        assert_eq!(parse(text), Err(DecimalError::TooLarge), "{text}");
    }
}

#[test]
fn rounds_half_to_even() {
    let tiny = Decimal(1);
    let half = "0.5".parse().unwrap();
    assert_eq!(tiny.mul_round(half), Ok(Decimal(0)));
    assert_eq!(Decimal(3).mul_round(half), Ok(Decimal(2)));
    assert_eq!(Decimal(-3).mul_round(half), Ok(Decimal(-2)));
    assert_eq!(Decimal(5).mul_round(half), Ok(Decimal(2)));
    assert_eq!(Decimal(5).div_round(2.into()), Ok(Decimal(2)));
    assert_eq!(Decimal(7).div_round(2.into()), Ok(Decimal(4)));
    assert_eq!(Decimal::from(2).div_round(3.into()).unwrap().to_string(), "0.666666666666666667");
    assert_eq!(Decimal::ONE.div_round(Decimal::ZERO), Err(DecimalError::DivisionByZero));
    assert_eq!(Decimal::MAX.mul_round(2.into()), Err(DecimalError::TooLarge));
    assert_eq!(Decimal::MAX.add(tiny), Err(DecimalError::TooLarge));
    // These two pass 2^127, the end of an `i128`.
    assert_eq!(Decimal::MAX.add(Decimal::MAX), Err(DecimalError::TooLarge));
    assert_eq!(Decimal::MIN.sub(Decimal::MAX), Err(DecimalError::TooLarge));
    assert_eq!(Decimal::MAX.div_round(tiny), Err(DecimalError::TooLarge));
    assert_eq!(Decimal::MAX.div_round(Decimal::MAX), Ok(Decimal::ONE));
}

#[test]
fn pads_like_a_number() {
    assert_eq!(
        format!("{:>8}|{:<6}|", "-1.5".parse::<Decimal>().unwrap(), Decimal::ONE),
        "    -1.5|1     |"
    );
}

proptest! {
    #[test]
    fn text_round_trips(scaled in Decimal::MIN.0..=Decimal::MAX.0) {
        let value = Decimal(scaled);
        prop_assert_eq!(value.to_string().parse::<Decimal>(), Ok(value));
        prop_assert_eq!(Decimal::from_parts(scaled, 18), Ok(value));
    }

    #[test]
    fn product_agrees_with_256_bits(
        a in prop_oneof![
            Decimal::MIN.0..=Decimal::MAX.0,
            // Nine places: the short way.
            (-10i128.pow(22)..10i128.pow(22)).prop_map(|n| n * 10i128.pow(9)),
        ],
        b in prop_oneof![
            -(10i128.pow(24))..10i128.pow(24),
            (-10i128.pow(15)..10i128.pow(15)).prop_map(|n| n * 10i128.pow(9)),
        ],
    ) {
        let exact = U256::from(a.unsigned_abs()) * U256::from(b.unsigned_abs());
        let unit = U256::from(UNIT);
        let (mut q, r) = (exact / unit, exact % unit);
        let twice = r * U256::from(2u8);
        if twice > unit || (twice == unit && q % U256::from(2u8) == U256::ONE) { q += U256::ONE; }
        let expected = u128::try_from(q).ok().filter(|q| *q < LIMIT);
        let got = Decimal(a).mul_round(Decimal(b)).ok().map(|d| d.0.unsigned_abs());
        prop_assert_eq!(got, expected);
    }
}
