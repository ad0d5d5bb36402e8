//! Files of ticks, in every format.

use tradekeep_models::{Tick, Venue};

use crate::clock::Unit;
use crate::csv::CsvRows;
use crate::dbn::DbnRows;
use crate::detect::{Plan, detect};
use crate::draft::Drafter;
use crate::reader::Rows;
use crate::source::Source;
use crate::{Format, FormatError, ReadOptions, Row, binance, binance_ws, ndjson};

/// The rows of a file of ticks.
#[derive(Debug)]
pub struct TickRows {
    drafter: Drafter,
    layout: Layout,
}

#[derive(Debug)]
enum Layout {
    Csv(Box<CsvRows>),
    BinanceWs,
    Ndjson,
    Dbn(Box<DbnRows>),
    Nothing,
}

impl Rows for TickRows {
    type Record = Tick;

    fn open(source: &mut Source, mut options: ReadOptions) -> Result<(Format, Self), FormatError> {
        let (format, layout) = match detect(source, &options)? {
            Plan::Csv { format, columns, header } => {
                if header {
                    source.text_line()?;
                }
                (format, Layout::Csv(Box::new(CsvRows::new(columns))))
            }
            Plan::BinanceWs => (Format::BinanceWs, Layout::BinanceWs),
            Plan::Ndjson => (Format::Ndjson, Layout::Ndjson),
            Plan::Dbn => {
                let rows = DbnRows::open(source, options.symbol.clone())?;
                (Format::Dbn, Layout::Dbn(Box::new(rows)))
            }
            Plan::Nothing(format) => (format, Layout::Nothing),
        };
        if matches!(format, Format::BinanceTrades | Format::BinanceWs) {
            options.venue = options.venue.or_else(|| Venue::new(binance::VENUE).ok());
        }
        if format == Format::BinanceTrades {
            let name = options.file_name.as_deref().unwrap_or_default();
            let symbol = options.symbol.or_else(|| binance::symbol_of_file(name));
            options.symbol = Some(symbol.ok_or(FormatError::MissingSymbol)?);
        }
        let mut drafter = Drafter::new(&options);
        if format == Format::Tardis {
            drafter.fix_unit(Unit::Micros);
        }
        Ok((format, Self { drafter, layout }))
    }

    fn next(&mut self, source: &mut Source) -> Result<Option<Row<Tick>>, FormatError> {
        let drafter = &mut self.drafter;
        match &mut self.layout {
            Layout::Csv(rows) => rows.next(source, drafter),
            Layout::BinanceWs => binance_ws::next(source, drafter),
            Layout::Ndjson => ndjson::next(source, drafter),
            Layout::Dbn(rows) => rows.next(source, drafter),
            Layout::Nothing => Ok(None),
        }
    }
}
