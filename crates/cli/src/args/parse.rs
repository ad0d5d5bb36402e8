//! Parsers of values on the command line.

use std::str::FromStr;

use tradekeep::Uuid;
use tradekeep::models::InvalidInput;

/// As many rows as one likes: more than there are is fine.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(0) => {}
        Ok(limit) => return Ok(limit),
        Err(_) if digits => return Ok(usize::MAX),
        Err(_) => {}
    }
    Err("must be a whole number from 1 on".into())
}

/// The reason alone: clap names the flag.
pub(super) fn parsed<T: FromStr<Err = InvalidInput>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidInput| error.reason.into_owned())
}

/// A UUID, as every id that we give is.
pub(super) fn uuid(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "is not a UUID, like 01913a5e-7c1b-7d3e-9f00-0123456789ab".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_counts() {
        assert_eq!(limit("25"), Ok(25));
        assert_eq!(limit("99999999999999999999999"), Ok(usize::MAX));
        for bad in ["", "0", "-1", "1e6", "+5 "] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }
}
