//! Amounts that are written with their currency: `0.001ETH`.

use tradekeep_models::InvalidInput;
use tradekeep_models::record::{Record, Value};

/// A number and the letters behind it; nothing where it is not so.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
    // A currency may have digits, but begins with a letter.
    let start = text.find(|c: char| c.is_ascii_alphabetic())?;
    let at = if end < start { start } else { start.min(end) };
    let (number, currency) = (text[..at].trim_end(), &text[at..]);
    let is_currency = (2..=16).contains(&currency.len())
        && currency.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (is_currency && !number.is_empty()).then_some((number, currency))
}

/// Takes the currency of an amount for that of its column, or checks it by the market, which begins with that of the
/// quantity and ends with that of the price.
pub(super) fn note<R: Record>(
    row: &mut [Value<'_>],
    name: &'static str,
    currency: &str,
) -> Result<(), InvalidInput> {
    if let Some(place) = R::index_of(&format!("{name}_currency")) {
        match &row[place] {
            Value::Null => row[place] = Value::Text(currency.to_owned().into()),
            Value::Text(other) if other == currency => {}
            _ => {
                let reason = format!("is in {currency}, and {name}_currency is another");
                return Err(InvalidInput::new(name, reason));
            }
        }
        return Ok(());
    }
    let market = R::index_of("market").map(|place| &row[place]);
    let fits = matches!(market, Some(Value::Text(market)) if match name {
        "quantity" => market.starts_with(currency),
        _ => market.ends_with(currency),
    });
    if fits {
        Ok(())
    } else {
        Err(InvalidInput::new(name, format!("is in {currency}, which its market does not say")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_letters_behind_them() {
        assert_eq!(split("0.0010000000ETH"), Some(("0.0010000000", "ETH")));
        assert_eq!(split("1,043.7000000000VET"), Some(("1,043.7000000000", "VET")));
        assert_eq!(split("5 USDT"), Some(("5", "USDT")));
        assert_eq!(split("12C98"), Some(("12", "C98")));
        for text in ["", "5", "ETH", "5eth", "5E", "5$"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
