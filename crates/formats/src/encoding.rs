//! Text in another encoding than UTF-8.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult};
use tradekeep_models::InvalidInput;

/// Bytes read at once.
const CHUNK: usize = 1 << 16;
/// A byte that UTF-8 has nowhere: it stands for bytes that are no text in their encoding, so that the row they are in
/// is rejected and no other.
const BROKEN: u8 = 0xff;

/// The encoding of a text, by one of its names in the [Encoding Standard](https://encoding.spec.whatwg.org/#names-and-labels).
///
/// ```
/// use tradekeep_formats::Encoding;
///
/// let encoding: Encoding = "gb2312".parse()?;
/// assert_eq!(encoding.to_string(), "GBK");
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl FromStr for Encoding {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        encoding_rs::Encoding::for_label(text.as_bytes()).map(Self).ok_or_else(|| {
            let reason = "is none that is known: gbk, big5, shift_jis, euc-kr, windows-1251, windows-1252, utf-16le, …";
            InvalidInput::new("encoding", reason)
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

/// Text in UTF-8, of an input in another encoding.
pub(crate) struct Decoded<R> {
    input: R,
    decoder: Decoder,
    /// What was read, and where the rest of it is that is not decoded.
    bytes: Vec<u8>,
    rest: Range<usize>,
    /// What was decoded, and where the rest of it is that is not handed on.
    text: Vec<u8>,
    given: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// The input has ended, and the decoder may hold something back.
    Ending,
    Ended,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(input: R, encoding: Encoding) -> Self {
        let decoder = encoding.0.new_decoder_with_bom_removal();
        let (bytes, text) = (vec![0; CHUNK], Vec::new());
        Self { input, decoder, bytes, rest: 0..0, text, given: 0, state: State::Reading }
    }

    /// Decodes what comes next, which may come to nothing.
    fn fill(&mut self) -> io::Result<()> {
        if self.rest.is_empty() && self.state == State::Reading {
            self.rest = 0..self.input.read(&mut self.bytes)?;
            if self.rest.is_empty() {
                self.state = State::Ending;
            }
        }
        let is_last = self.state == State::Ending;
        let most = self.decoder.max_utf8_buffer_length_without_replacement(self.rest.len());
        self.text.resize(most.unwrap_or(4 * CHUNK) + 1, 0);
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.bytes[self.rest.clone()],
            &mut self.text,
            is_last,
        );
        self.rest.start += read;
        self.text.truncate(written);
        self.given = 0;
        match result {
            DecoderResult::Malformed(..) => self.text.push(BROKEN),
            DecoderResult::InputEmpty if is_last => self.state = State::Ended,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && self.state != State::Ended {
            self.fill()?;
        }
        let rest = &self.text[self.given..];
        let count = buffer.len().min(rest.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An input that gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let few = buffer.len().min(self.1);
            self.0.read(&mut buffer[..few])
        }
    }

    fn decoded(bytes: &[u8], encoding: &str, step: usize) -> Vec<u8> {
        let mut text = Vec::new();
        let encoding = encoding.parse().unwrap();
        Decoded::new(Slow(bytes, step), encoding).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn text_comes_as_utf8_however_it_is_cut() {
        let text = "时间,代码,价格\n\u{20ac}5,é\n".repeat(9);
        for label in ["gbk", "gb18030", "utf-16le", "utf-16be", "utf-8"] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let bytes = match label {
                "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                _ => encoding.encode(&text).0.into_owned(),
            };
            for step in [1, 2, 3, 7, 1_000] {
                assert_eq!(decoded(&bytes, label, step), text.as_bytes(), "{label} {step}");
            }
        }
        let long = "价".repeat(CHUNK);
        let bytes = encoding_rs::GBK.encode(&long).0.into_owned();
        assert_eq!(decoded(&bytes, "gbk", usize::MAX), long.as_bytes());
        assert_eq!(decoded(b"\xff\xfea\0", "utf-16", 1), b"a", "without its mark");
    }

    #[test]
    fn what_is_no_text_breaks_its_place_alone() {
        for step in [1, 3, 100] {
            assert_eq!(decoded(b"a,\x81\nb,\xff\nc\n", "gbk", step), b"a,\xff\nb,\xff\nc\n");
            assert_eq!(decoded(b"a\x81", "gbk", step), b"a\xff", "cut");
        }
        assert!("klingon".parse::<Encoding>().unwrap_err().to_string().contains("gbk"));
    }
}
