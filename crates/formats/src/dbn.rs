//! Databento's binary encoding, versions 1 to 3, schema `trades`.
//!
//! The `dbn` crate reads the metadata. Records are read here: a trade has had the same 48 bytes in
//! all three versions, and reading them one by one shows a file that was cut, which that crate takes
//! for a whole one.

use dbn::decode::dbn::fsm::{DbnFsm, ProcessResult};
use dbn::{Metadata, Schema, TsSymbolMap, UNDEF_PRICE, UNDEF_TIMESTAMP};
use tradekeep_models::{Decimal, InvalidInput, Side, Symbol, Tick, Timestamp};

use crate::draft::{Draft, Drafter};
use crate::error::FilePosition;
use crate::source::Source;
use crate::{FormatError, Reject, Row};

/// Metadata beyond this is taken for damage: a year of all US equities is not that long.
const LONGEST_METADATA: usize = 256 << 20;
const PRELUDE: usize = 8;
const HEADER: usize = 16;
const TRADE: usize = 48;

/// Types of records: trades, and those that tell of the stream itself.
const RTYPE_TRADE: u8 = 0x00;
const RTYPE_ABOUT_STREAM: std::ops::RangeInclusive<u8> = 0x15..=0x17;

const SUPPORTED: &str = "the schema trades of DBN versions 1 to 3";

/// Whether a file that starts like this is one.
pub(crate) fn is_dbn(start: &[u8]) -> bool {
    // The version is a byte below every letter, so no CSV with a column DBN… is taken for one.
    matches!(start, b"DBN" | [b'D', b'B', b'N', 0..0x20, ..])
}

/// A file behind its metadata.
#[derive(Debug)]
pub(crate) struct DbnRows {
    venue: String,
    symbols: TsSymbolMap,
    /// What is traded where the metadata does not say.
    symbol: Option<Symbol>,
    /// The symbol of the last record.
    last: Option<Symbol>,
    record: Vec<u8>,
}

impl DbnRows {
    /// Reads the metadata.
    pub(crate) fn open(source: &mut Source, symbol: Option<Symbol>) -> Result<Self, FormatError> {
        source.count_records();
        let metadata = read_metadata(source)?;
        let symbols = match metadata.schema {
            Some(Schema::Trades) => symbols(&metadata, source.position())?,
            Some(other) => return Err(unsupported(format!("the schema {other}"))),
            None => return Err(unsupported("a mix of schemas".into())),
        };
        Ok(Self { venue: metadata.dataset, symbols, symbol, last: None, record: Vec::new() })
    }

    pub(crate) fn next(
        &mut self,
        source: &mut Source,
        drafter: &mut Drafter,
    ) -> Result<Option<Row<Tick>>, FormatError> {
        loop {
            let Some(size) = source.peek(1).first().map(|words| usize::from(*words) * 4) else {
                return source.take_error().map_or(Ok(None), Err);
            };
            if size < HEADER {
                return Err(corrupt(source.position(), "a record is shorter than its header"));
            }
            self.record.clear();
            take(source, size, &mut self.record)?;
            source.count_record();
            if RTYPE_ABOUT_STREAM.contains(&self.record[1]) {
                continue;
            }
            let trade = Trade::read(&self.record);
            return Ok(Some(match self.tick(trade.as_ref(), drafter) {
                Ok(tick) => Row::Record(tick),
                Err(error) => Row::Rejected(Reject::new(
                    source.number(),
                    error.to_string(),
                    trade.map_or_else(|| format!("{:?}", self.record), |t| format!("{t:?}")),
                )),
            }));
        }
    }

    fn tick(&mut self, trade: Option<&Trade>, drafter: &mut Drafter) -> Result<Tick, InvalidInput> {
        let trade =
            trade.ok_or_else(|| InvalidInput::new("record", "is no trade, or not of its size"))?;
        if trade.action != 'T' {
            return Err(InvalidInput::new("action", "is not that of a trade"));
        }
        if trade.price == UNDEF_PRICE {
            return Err(InvalidInput::new("price", "is undefined"));
        }
        let price = Decimal::from_parts(trade.price.into(), 9)
            .map_err(|error| InvalidInput::new("price", error.to_string()))?;
        let ts = time("ts", trade.ts_event)?;
        let draft = Draft {
            ts: ts.ok_or_else(|| InvalidInput::new("ts", "is undefined"))?,
            venue: drafter.venue(self.venue.as_bytes())?,
            symbol: self.symbol_of(trade)?,
            price,
            quantity: i64::from(trade.size).into(),
            side: match trade.side {
                'A' => Some(Side::Sell),
                'B' => Some(Side::Buy),
                'N' => None,
                _ => return Err(InvalidInput::new("side", "is none of A, B, N")),
            },
            rounded: false,
            trade_id: None,
            aggregated: false,
            received_ts: time("received_ts", trade.ts_recv)?,
            sequence: Some(trade.sequence.into()),
            key: None,
        };
        drafter.complete(draft)
    }

    /// By the metadata for the time of the record; else the one of the options; else its number.
    fn symbol_of(&mut self, trade: &Trade) -> Result<Symbol, InvalidInput> {
        let at = match trade.ts_recv {
            UNDEF_TIMESTAMP => trade.ts_event,
            ts => ts,
        };
        let Some(mapped) = self.symbols.get_for_ts(at, trade.instrument_id) else {
            let number = || Symbol::new(trade.instrument_id.to_string());
            return self.symbol.clone().map_or_else(number, Ok);
        };
        if let Some(last) = self.last.as_ref().filter(|last| last.as_str() == mapped) {
            return Ok(last.clone());
        }
        let symbol = Symbol::new(mapped)?;
        self.last = Some(symbol.clone());
        Ok(symbol)
    }
}

/// A trade's bytes, little-endian.
#[derive(Debug)]
struct Trade {
    instrument_id: u32,
    ts_event: u64,
    price: i64,
    size: u32,
    action: char,
    side: char,
    ts_recv: u64,
    sequence: u32,
}

impl Trade {
    /// `None` where it is another record, or of another size: with the time of sending at its end a
    /// record is longer.
    fn read(record: &[u8]) -> Option<Self> {
        if record.len() < TRADE || record[1] != RTYPE_TRADE {
            return None;
        }
        Some(Self {
            instrument_id: u32::from_le_bytes(bytes(record, 4)?),
            ts_event: u64::from_le_bytes(bytes(record, 8)?),
            price: i64::from_le_bytes(bytes(record, 16)?),
            size: u32::from_le_bytes(bytes(record, 24)?),
            action: char::from(record[28]),
            side: char::from(record[29]),
            ts_recv: u64::from_le_bytes(bytes(record, 32)?),
            sequence: u32::from_le_bytes(bytes(record, 44)?),
        })
    }
}

fn bytes<const N: usize>(record: &[u8], at: usize) -> Option<[u8; N]> {
    record.get(at..)?.first_chunk().copied()
}

fn time(field: &'static str, nanos: u64) -> Result<Option<Timestamp>, InvalidInput> {
    if nanos == UNDEF_TIMESTAMP {
        return Ok(None);
    }
    i64::try_from(nanos)
        .ok()
        .and_then(|nanos| Timestamp::from_nanos(nanos).ok())
        .map(Some)
        .ok_or_else(|| InvalidInput::new(field, "is outside the years 1970 to 2261"))
}

/// Takes `size` bytes, a bufferful at a time, so that a lie about the size costs no memory.
fn take(source: &mut Source, size: usize, into: &mut Vec<u8>) -> Result<(), FormatError> {
    while into.len() < size {
        let wanted = size - into.len();
        let unread = source.peek(1);
        let part = &unread[..unread.len().min(wanted)];
        if part.is_empty() {
            let cut = FormatError::Truncated { data: "DBN", position: source.position() };
            return Err(source.take_error().unwrap_or(cut));
        }
        let taken = part.len();
        into.extend_from_slice(part);
        source.skip(taken);
    }
    Ok(())
}

fn read_metadata(source: &mut Source) -> Result<Metadata, FormatError> {
    let mut header = Vec::new();
    take(source, PRELUDE, &mut header)?;
    let version = header[3];
    if !(1..=3).contains(&version) {
        return Err(unsupported(format!("DBN version {version}")));
    }
    let length = bytes(&header, 4).map_or(0, u32::from_le_bytes);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST_METADATA {
        return Err(corrupt(source.position(), "its metadata is longer than 256 MiB"));
    }
    take(source, PRELUDE + length, &mut header)?;
    let mut machine = DbnFsm::new(0, 0);
    machine.write_all(&header);
    match machine.process() {
        ProcessResult::Metadata(metadata) => Ok(metadata),
        ProcessResult::Err(error) => Err(corrupt(source.position(), &error.to_string())),
        ProcessResult::ReadMore(_) | ProcessResult::Record(()) => {
            Err(corrupt(source.position(), "its metadata is not of the length it states"))
        }
    }
}

fn symbols(metadata: &Metadata, position: FilePosition) -> Result<TsSymbolMap, FormatError> {
    // Without instrument ids on one side there is nothing to look up.
    if metadata.is_inverse().is_err() {
        return Ok(TsSymbolMap::new());
    }
    let symbols = metadata.symbol_map();
    symbols.map_err(|error| corrupt(position, &error.to_string()))
}

fn corrupt(position: FilePosition, reason: &str) -> FormatError {
    FormatError::Corrupt {
        data: "DBN",
        position,
        reason: crate::csv_row::printable(reason.as_bytes()),
    }
}

fn unsupported(found: String) -> FormatError {
    FormatError::UnsupportedSchema { found, supported: SUPPORTED.into() }
}
