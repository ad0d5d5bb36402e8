//! Canaries: a secret and values of a row that a test puts in, and that must not come out anywhere but
//! where they belong: in no log, no error, no panic, no metric.
//!
//! They are looked for as they are, and as programs like to disguise them: as Base64 (a header of basic
//! authentication), in hexadecimal and as a list of bytes (`{:?}` of a `Vec<u8>`), and a decimal without
//! its point (fixed point). All are letters and digits, which neither JSON nor a URL escapes.

mod logs;

use std::error::Error;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use memchr::memmem;

pub use self::logs::Logs;

/// A password, token or key.
pub const SECRET: &str = "Zq7CanarySecretXw93Vb";

/// A text of a row.
pub const VALUE: &str = "Jx4CanaryValueKq81Ty";

/// A decimal of a row. Whole, it fits what every store takes, and a double.
pub const DECIMAL: &str = "90731846.52917364";

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// Which canary: `secret`, `value` or `decimal`.
    pub canary: &'static str,
    /// How it was written: `plain`, `base64`, `hex`, `bytes`, `without its point`.
    pub form: &'static str,
    /// Where it begins.
    pub at: usize,
    /// The line up to it.
    pub line: String,
}

/// The first canary in `text`, in any form, upper or lower case.
#[must_use]
pub fn find(text: &[u8]) -> Option<Leak> {
    let text = text.to_ascii_lowercase();
    let mut leaks = Vec::new();
    for (canary, form, needle) in needles() {
        let needle = needle.to_ascii_lowercase().into_bytes();
        if let Some(at) = memmem::find(&text, &needle) {
            let start = text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            let line = String::from_utf8_lossy(&text[start..at]).into_owned();
            leaks.push(Leak { canary, form, at, line });
        }
    }
    leaks.into_iter().min_by_key(|leak| leak.at)
}

/// Fails where a canary is in `text`.
///
/// # Panics
/// Then, naming the canary and the line up to it, not the canary itself.
pub fn assert_absent(text: &[u8]) {
    let leak = find(text);
    assert!(leak.is_none(), "a canary came out: {leak:?}");
}

/// All that can be read of an error: `{}` and `{:?}` of it and of each of its sources.
#[must_use]
pub fn text_of(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        // A String takes anything.
        let _ = writeln!(text, "{error}\n{error:?}\n{error:#?}");
        next = error.source();
    }
    text
}

/// Canary, form, what to look for.
fn needles() -> Vec<(&'static str, &'static str, String)> {
    let mut needles = vec![("decimal", "without its point", DECIMAL.replace('.', ""))];
    for (canary, text) in [("secret", SECRET), ("value", VALUE), ("decimal", DECIMAL)] {
        let bytes = text.as_bytes();
        needles.push((canary, "plain", text.to_owned()));
        needles.push((canary, "hex", bytes.iter().map(|byte| format!("{byte:02x}")).collect()));
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        needles.push((canary, "bytes", list.join(", ")));
        needles.push((canary, "bytes", list.join(",")));
        needles.extend((0..3).map(|shift| (canary, "base64", base64_at(bytes, shift))));
    }
    needles
}

/// What Base64 makes of `bytes` wherever they stand after `shift` (of 3) others: without the digits that
/// also depend on their neighbours.
fn base64_at(bytes: &[u8], shift: usize) -> String {
    let digits = STANDARD_NO_PAD.encode([&vec![0; shift], bytes].concat());
    let (first, end) = ((shift * 8).div_ceil(6), (shift + bytes.len()) * 8 / 6);
    digits[first..end].to_owned()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_holds_no_canary_passes() {
        assert_absent(b"");
        assert_absent(b"password=*** 90731846.52917365 Zq7CanarySecretXw93V");
    }

    #[test]
    fn each_canary_is_found_in_each_form() {
        for (canary, text) in [("secret", SECRET), ("value", VALUE), ("decimal", DECIMAL)] {
            let bytes = text.as_bytes();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            for (form, said) in [
                ("plain", format!("<{text}>")),
                ("plain", format!("<{}>", text.to_uppercase())),
                ("hex", format!("\\x{hex}")),
                ("bytes", format!("{bytes:?}")),
                ("bytes", serde_json::to_string(bytes).unwrap()),
            ] {
                let leak = find(said.as_bytes()).unwrap();
                assert_eq!((leak.canary, leak.form), (canary, form), "{said}");
            }
            for user in ["", "a", "ab", "abc", "abcd"] {
                for after in ["", "z", "zz"] {
                    let said = STANDARD_NO_PAD.encode(format!("{user}:{text}{after}"));
                    let leak = find(said.as_bytes()).unwrap();
                    assert_eq!((leak.canary, leak.form), (canary, "base64"), "{said}");
                }
            }
        }
        let said = format!("Scaled({}00)", DECIMAL.replace('.', ""));
        assert_eq!(find(said.as_bytes()).unwrap().form, "without its point");
    }

    #[test]
    fn a_double_keeps_the_decimal() {
        assert_eq!(DECIMAL.parse::<f64>().unwrap().to_string(), DECIMAL);
    }

    #[test]
    fn the_first_is_told_with_what_stands_before_it() {
        let said = format!("all well\npassword={SECRET} value={VALUE}\n");
        let leak = find(said.as_bytes()).unwrap();
        assert_eq!((leak.canary, leak.at, &*leak.line), ("secret", 18, "password="));
    }

    #[test]
    #[should_panic(expected = "a canary came out")]
    fn a_canary_fails_a_test() {
        assert_absent(VALUE.as_bytes());
    }

    #[test]
    fn an_error_is_read_to_its_last_source() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] io::Error);

        let text = text_of(&Outer(io::Error::other(SECRET)));
        assert!(text.starts_with("outer\nOuter("));
        assert_eq!(find(text.as_bytes()).unwrap().canary, "secret");
        assert_absent(text_of(&Outer(io::Error::other("***"))).as_bytes());
    }
}
