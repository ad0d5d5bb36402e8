//! gzip, member by member, as `gzip` reads it.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The content of gzip's members one after the other. Zeros behind the last one are padding; anything else is an error.
pub(crate) struct Members<R> {
    /// Nothing only while one is made of the other.
    state: Option<State<R>>,
}

enum State<R> {
    Member(Box<GzDecoder<R>>),
    /// Behind the last one.
    End,
}

impl<R: BufRead> Members<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { state: Some(State::Member(Box::new(GzDecoder::new(input)))) }
    }

    /// What comes behind a member: another one, or the end.
    fn next(mut input: R) -> io::Result<State<R>> {
        loop {
            let bytes = input.fill_buf()?;
            let Some(first) = bytes.first() else { return Ok(State::End) };
            match first {
                0 => {
                    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                    input.consume(zeros);
                    // Behind padding there is nothing more.
                    if input.fill_buf()?.first().is_some_and(|byte| *byte != 0) {
                        return Err(behind());
                    }
                }
                0x1f => return Ok(State::Member(Box::new(GzDecoder::new(input)))),
                _ => return Err(behind()),
            }
        }
    }
}

fn behind() -> io::Error {
    let reason = "something that is not gzip stands behind the compressed data: cut it off, or get the file again";
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(state) = self.state.take() {
            let State::Member(mut member) = state else {
                self.state = Some(State::End);
                return Ok(0);
            };
            let read = member.read(buffer);
            match read {
                Ok(0) if !buffer.is_empty() => self.state = Some(Self::next(member.into_inner())?),
                read => {
                    self.state = Some(State::Member(member));
                    return read;
                }
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn member(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        let mut members = Members::new(io::BufReader::with_capacity(7, bytes));
        members.read_to_string(&mut text).map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn members_follow_each_other_and_zeros_are_padding() {
        let two = [member("one\n"), member(""), member("two\n")].concat();
        for zeros in [0, 1, 6, 7, 8, 1_000] {
            let padded = [two.clone(), vec![0; zeros]].concat();
            assert_eq!(read(&padded).as_deref(), Ok("one\ntwo\n"), "{zeros}");
        }
        for other in [&b"text"[..], b"\0\0text", b"\0\x1f\x8b", b"PK"] {
            let error = read(&[&two[..], other].concat()).unwrap_err();
            assert!(error.contains("behind the compressed data"), "{error}");
        }
        assert!(read(&two[..two.len() - 3]).is_err());
        assert!(read(&[two.clone(), vec![0x1f]].concat()).is_err());
    }
}
