//! Binance's files of trades: spot and futures, single and aggregated, with and without header.

use tradekeep_models::{Interval, Symbol};

use crate::columns::{Columns, Origin};
use crate::csv_row::CsvRow;
use crate::number::is_digits;
use crate::{Field, FormatError};

/// Which market of Binance a file or a message is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Market {
    Spot,
    /// USD-M or COIN-M: names of symbols tell them apart.
    Futures,
}

impl Market {
    /// What it is called, where the venue is not given. The markets name other things alike, and number their trades
    /// each by itself.
    pub(crate) fn venue(self, symbol: &str) -> &'static str {
        match self {
            Self::Spot => "binance",
            Self::Futures if is_coin_margined(symbol) => "binance-coinm",
            Self::Futures => "binance-usdm",
        }
    }
}

/// `BTCUSD_PERP` and `BTCUSD_240927` are; `BTCUSDT` and `BTCUSDT_240927` are not.
fn is_coin_margined(symbol: &str) -> bool {
    let of = |(base, expiry): (&str, &str)| {
        base.ends_with("USD") && (expiry == "PERP" || expiry.bytes().all(|b| b.is_ascii_digit()))
    };
    symbol.split_once('_').is_some_and(of)
}

const SUPPORTED: &str =
    "Binance trades and aggTrades; klines are read with --type candles --set venue=binance";

const ID: Option<Field> = Some(Field::TradeId);
const PRICE: Option<Field> = Some(Field::Price);
const QUANTITY: Option<Field> = Some(Field::Quantity);
const TIME: Option<Field> = Some(Field::Ts);
const MAKER: Option<Field> = Some(Field::IsBuyerMaker);

/// `id, price, qty, quote qty, time, is buyer maker`, then for spot `is best match`.
const TRADES: [Option<Field>; 7] = [ID, PRICE, QUANTITY, None, TIME, MAKER, None];
/// `id, price, qty, first id, last id, time, is buyer maker`, then for spot `is best match`.
const AGGREGATED: [Option<Field>; 8] = [ID, PRICE, QUANTITY, None, None, TIME, MAKER, None];

/// The headers of futures files, and what spot's would be, in lower case without `_`.
const HEADERS: [(&[&str], &[Option<Field>]); 6] = [
    (&["id", "price", "qty", "quoteqty", "time", "isbuyermaker"], &TRADES),
    (&["id", "price", "qty", "baseqty", "time", "isbuyermaker"], &TRADES),
    (&["id", "price", "qty", "quoteqty", "time", "isbuyermaker", "isbestmatch"], &TRADES),
    (
        &[
            "aggtradeid",
            "price",
            "quantity",
            "firsttradeid",
            "lasttradeid",
            "transacttime",
            "isbuyermaker",
        ],
        &AGGREGATED,
    ),
    (&["aggid", "price", "qty", "firstid", "lastid", "time", "isbuyermaker"], &AGGREGATED),
    (
        &["aggid", "price", "qty", "firstid", "lastid", "time", "isbuyermaker", "isbestmatch"],
        &AGGREGATED,
    ),
];

/// The header of a file of candles, where it has one.
const KLINES: [&str; 12] = [
    "opentime",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "closetime",
    "quotevolume",
    "count",
    "takerbuyvolume",
    "takerbuyquotevolume",
    "ignore",
];

/// What the first line of such a file says: its columns, of which market they are, and whether it is a header. `None`
/// where it is no Binance file.
pub(crate) fn columns(first: &CsvRow) -> Result<Option<(Columns, Market, bool)>, FormatError> {
    if let Some((columns, market)) = by_header(first) {
        return Ok(Some((columns, market, true)));
    }
    if !is_digits(first.get(0)) {
        return Ok(None);
    }
    let is_flag = |place| {
        let text = first.get(place);
        text.eq_ignore_ascii_case(b"true") || text.eq_ignore_ascii_case(b"false")
    };
    let fields = match first.len() {
        _ if klines(first).is_some() => {
            return Err(FormatError::UnsupportedSchema {
                found: "Binance klines".into(),
                supported: SUPPORTED.into(),
            });
        }
        6 if is_flag(5) => &TRADES[..6],
        7 if is_flag(5) && is_flag(6) => &TRADES[..],
        7 if is_flag(6) => &AGGREGATED[..7],
        8 if is_flag(6) && is_flag(7) => &AGGREGATED[..],
        _ => return Ok(None),
    };
    let (columns, market) = table(fields);
    Ok(Some((columns, market, false)))
}

fn by_header(first: &CsvRow) -> Option<(Columns, Market)> {
    let names: Vec<_> = first.iter().map(plain_name).collect();
    let (names, fields) = HEADERS.iter().find(|(header, _)| *header == names.as_slice())?;
    Some(table(&fields[..names.len()]))
}

/// The columns of a file that has these fields. Spot's have one more, and the ids of the first and the last trade are
/// in those of several.
fn table(fields: &[Option<Field>]) -> (Columns, Market) {
    let mut columns = Columns::positional(fields);
    let aggregated = fields.len() > 6 && fields[4].is_none();
    let most = if aggregated { AGGREGATED.len() } else { TRADES.len() };
    if aggregated {
        columns.places.push((Field::Aggregated, Origin::Set("true".into())));
    }
    let market = if fields.len() == most { Market::Spot } else { Market::Futures };
    (columns, market)
}

/// Whether a first line is one of a file of candles, and a header.
pub(crate) fn klines(first: &CsvRow) -> Option<bool> {
    if first.len() == KLINES.len() && first.iter().all(is_numeric) {
        return Some(false);
    }
    first.iter().map(plain_name).eq(KLINES).then_some(true)
}

fn is_numeric(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
}

fn plain_name(name: &[u8]) -> String {
    let plain = name.iter().filter(|byte| **byte != b'_');
    plain.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// The symbol in a name like `BTCUSDT-aggTrades-2024-08-08.csv`, or of candles like `BTCUSDT-1m-2024-08.csv`.
pub(crate) fn symbol_of_file(name: &str) -> Option<Symbol> {
    let base = name.rsplit(['/', '\\']).next()?;
    let of_trades = base.split_once("-trades-").or_else(|| base.split_once("-aggTrades-"));
    if let Some((symbol, _)) = of_trades {
        return Symbol::new(symbol).ok();
    }
    let (symbol, rest) = base.split_once('-')?;
    let (width, _) = rest.split_once('-')?;
    let is_width = width.parse::<Interval>().is_ok() || width == "1mo";
    is_width.then(|| Symbol::new(symbol).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Option<(usize, bool)> {
        let first = CsvRow::of(format!("{line}\n").as_bytes()).unwrap();
        let (columns, _, header) = columns(&first).unwrap()?;
        Some((columns.width, header))
    }

    #[test]
    fn shapes_are_told_by_their_flags() {
        for (line, expected) in [
            ("1,0.5,2,1,1700000000000,True,True", (7, false)),
            ("1,0.5,2,1,1,1700000000000,true,True", (8, false)),
            ("1,0.5,2,1,1700000000000,false", (6, false)),
            ("1,0.5,2,1,1,1700000000000,false", (7, false)),
            ("id,price,qty,quote_qty,time,is_buyer_maker", (6, true)),
            (
                "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
                (7, true),
            ),
        ] {
            assert_eq!(found(line), Some(expected), "{line}");
        }
        for line in ["1,2,3", "ts,price,qty", "1,0.5,2,1,1700000000000,5", "1,2,3,4,5,6,7"] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn markets_are_venues_of_their_own() {
        let of = |line: &str, symbol: &str| {
            let first = CsvRow::of(format!("{line}\n").as_bytes()).unwrap();
            let (columns, market, _) = columns(&first).unwrap().unwrap();
            (market.venue(symbol), columns.has(Field::Aggregated))
        };
        for (line, symbol, expected) in [
            ("1,0.5,2,1,1700000000000,True,True", "BTCUSDT", ("binance", false)),
            ("1,0.5,2,1,1,1700000000000,True,True", "BTCUSDT", ("binance", true)),
            ("1,0.5,2,1,1700000000000,True", "BTCUSDT", ("binance-usdm", false)),
            ("1,0.5,2,1,1,1700000000000,True", "BTCUSDT_240927", ("binance-usdm", true)),
            ("id,price,qty,base_qty,time,is_buyer_maker", "BTCUSD_PERP", ("binance-coinm", false)),
            ("1,0.5,2,1,1,1700000000000,True", "BTCUSD_240927", ("binance-coinm", true)),
        ] {
            assert_eq!(of(line, symbol), expected, "{line}");
        }
    }

    #[test]
    fn klines_are_refused_by_name() {
        let row = b"1723075200000,1,2,0.5,1.5,10,1723075259999,15,3,5,7,0\n";
        let error = columns(&CsvRow::of(row).unwrap()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the file holds Binance klines; supported here: Binance trades and aggTrades; \
             klines are read with --type candles --set venue=binance"
        );
    }

    #[test]
    fn file_names_tell_the_symbol() {
        let symbol = |name| symbol_of_file(name).map(|s| s.to_string());
        assert_eq!(symbol("a/BTCUSDT-trades-2024-08-08.csv.gz").as_deref(), Some("BTCUSDT"));
        assert_eq!(
            symbol("C:\\x\\BTCUSDT_240927-aggTrades-2024-08.csv").as_deref(),
            Some("BTCUSDT_240927")
        );
        assert_eq!(symbol("-trades-2024.csv"), None);
        assert_eq!(symbol("trades.csv"), None);
    }
}
