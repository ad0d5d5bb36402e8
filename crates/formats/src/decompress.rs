//! gzip and zstd by their first bytes, and what their errors mean.

use std::fmt;
use std::io::{self, BufReader, Chain, Cursor, Read};

use crate::FormatError;
use crate::encoding::{Decoded, Encoding};
use crate::error::FilePosition;
use crate::gzip::Members;

/// A file's bytes, decompressed.
pub(crate) struct Decompressed {
    reader: Box<dyn Read + Send>,
    /// `gzip` or `zstd`.
    data: Option<&'static str>,
}

/// The input, with the bytes back in front that told its compression.
type Input = BufReader<Raw<Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>>>;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

impl Decompressed {
    /// Looks at the first bytes of `input`.
    pub(crate) fn new(mut input: Box<dyn Read + Send>) -> Result<Self, FormatError> {
        let start = || FilePosition::Line(0);
        let failed = |source| FormatError::Io { position: start(), source };
        let mut magic = Vec::new();
        input.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
        let short = |of: &[u8]| magic.len() < of.len() && magic.len() > 1 && of.starts_with(&magic);
        let data = match magic.as_slice() {
            [0x1f] | [0x1f, 0x8b, ..] => Some("gzip"),
            // A frame, or a skippable one, with which parallel compressors begin.
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Some("zstd"),
            _ if short(ZSTD) => Some("zstd"),
            _ => None,
        };
        if let Some(data) = data
            && (magic.len() < GZIP.len() || short(ZSTD))
        {
            return Err(FormatError::Truncated { data, position: start() });
        }
        let input: Input = BufReader::with_capacity(1 << 16, Raw(Cursor::new(magic).chain(input)));
        let reader: Box<dyn Read + Send> = match data {
            Some("gzip") => Box::new(Members::new(input)),
            Some(_) => Box::new(zstd::stream::read::Decoder::with_buffer(input).map_err(failed)?),
            None => Box::new(input),
        };
        Ok(Self { reader, data })
    }

    /// The same as text in UTF-8, where it is in another encoding.
    pub(crate) fn decoded(self, encoding: Option<Encoding>) -> Self {
        match encoding {
            Some(encoding) => {
                Self { reader: Box::new(Decoded::new(self.reader, encoding)), ..self }
            }
            None => self,
        }
    }

    /// What an error of [`read`](Read::read) means, with the last whole row at `position`.
    pub(crate) fn explain(&self, error: io::Error, position: FilePosition) -> FormatError {
        let raw = error.get_ref().is_some_and(|inner| inner.is::<RawError>());
        match self.data {
            Some(data) if !raw && error.kind() == io::ErrorKind::UnexpectedEof => {
                FormatError::Truncated { data, position }
            }
            Some(data) if !raw => {
                FormatError::Corrupt { data, position, reason: error.to_string() }
            }
            _ => FormatError::Io { position, source: unwrap_raw(error) },
        }
    }
}

/// Reads a compressed `input` to its end, for its checksums, which come behind the data: damaged data
/// can look like good rows until then. Input that is not compressed is not read.
///
/// # Errors
/// [`FormatError::Corrupt`] when it is damaged, [`FormatError::Io`] when it cannot be read. Data that
/// only ends too early is left to the reader, which can say how far it came.
pub fn verify(input: Box<dyn Read + Send>) -> Result<(), FormatError> {
    let mut content = match Decompressed::new(input) {
        Err(FormatError::Truncated { .. }) => return Ok(()),
        content => content?,
    };
    if content.data.is_none() {
        return Ok(());
    }
    match io::copy(&mut content.reader, &mut io::sink()) {
        Ok(_) => Ok(()),
        Err(error) => match content.explain(error, FilePosition::Line(0)) {
            FormatError::Truncated { .. } => Ok(()),
            error => Err(error),
        },
    }
}

impl Read for Decompressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Marks the input's own errors, so that a failing disk is not taken for damaged data.
struct Raw<R>(R);

#[derive(Debug)]
struct RawError(io::Error);

impl fmt::Display for RawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for RawError {}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match error.kind() {
            // Readers above try again on this kind; it must stay what it is.
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, RawError(error)),
        })
    }
}

fn unwrap_raw(error: io::Error) -> io::Error {
    match error.downcast::<RawError>() {
        Ok(raw) => raw.0,
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>) -> Result<String, FormatError> {
        let mut source = Decompressed::new(Box::new(Cursor::new(bytes)))?;
        let mut text = String::new();
        match source.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(source.explain(error, FilePosition::Line(7))),
        }
    }

    #[test]
    fn compression_is_told_by_bytes() {
        assert_eq!(read(b"abc".to_vec()).unwrap(), "abc");
        assert_eq!(read(vec![]).unwrap(), "");
        let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        assert_eq!(read(zstd("abc")).unwrap(), "abc");
        assert_eq!(read([gzip("one\n"), gzip("two\n")].concat()).unwrap(), "one\ntwo\n");
        assert_eq!(read([zstd("one\n"), zstd("two\n")].concat()).unwrap(), "one\ntwo\n");
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9];
        assert_eq!(read([skippable.to_vec(), zstd("two")].concat()).unwrap(), "two");
    }

    #[test]
    fn cut_and_damaged_data_differ_from_a_failing_disk() {
        for whole in [gzip("some text"), zstd::encode_all(&b"some text"[..], 1).unwrap()] {
            for cut in 2..whole.len() {
                let error = read(whole[..cut].to_vec()).unwrap_err();
                assert!(matches!(error, FormatError::Truncated { .. }), "{cut}: {error}");
            }
            let mut damaged = whole;
            let at = damaged.len() - 5;
            damaged[at] ^= 0xff;
            let error = read(damaged).unwrap_err();
            assert!(matches!(error, FormatError::Corrupt { .. }), "{error}");
        }

        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::UnexpectedEof))
            }
        }
        let half = gzip("some text")[..12].to_vec();
        let mut source = Decompressed::new(Box::new(Cursor::new(half).chain(Failing))).unwrap();
        let error = io::copy(&mut source, &mut io::sink()).unwrap_err();
        let error = source.explain(error, FilePosition::Line(7));
        assert!(matches!(error, FormatError::Io { .. }), "{error}");
    }
}
