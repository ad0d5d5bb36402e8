//! Files of ticks, in every format.

use tradekeep_models::{Tick, TimeUnit, Venue};

use crate::backwards::Backwards;
use crate::csv::CsvRows;
use crate::dbn::DbnRows;
use crate::detect::{Plan, detect};
use crate::draft::Drafter;
use crate::objects::ObjectRows;
use crate::reader::Rows;
use crate::source::Source;
use crate::{Format, FormatError, ReadOptions, Row, binance, binance_ws, ndjson};

/// The rows of a file of ticks.
#[derive(Debug)]
pub struct TickRows {
    drafter: Drafter,
    layout: Layout,
    notes: Vec<String>,
    order: Backwards,
    /// What ended the reading, behind rows that are still to be given.
    end: Option<FormatError>,
}

#[derive(Debug)]
enum Layout {
    Csv(Box<CsvRows>),
    Objects(Box<ObjectRows>),
    /// Whether its venue is given.
    BinanceWs(bool),
    Ndjson,
    Dbn(Box<DbnRows>),
    Nothing,
}

impl Rows for TickRows {
    type Record = Tick;

    fn open(source: &mut Source, mut options: ReadOptions) -> Result<(Format, Self), FormatError> {
        let (mut unit, mut notes, mut of) = (None, Vec::new(), None);
        let (format, layout) = match detect(source, &mut options)? {
            Plan::Csv { format, columns, header, market } => {
                if header.is_some() {
                    source.text_line()?;
                }
                (unit, notes) = (columns.time_unit, columns.notes.clone());
                of = market;
                (format, Layout::Csv(Box::new(CsvRows::new(columns, header))))
            }
            Plan::Objects { columns, paths } => {
                (unit, notes) = (columns.time_unit, columns.notes.clone());
                (Format::Ndjson, Layout::Objects(Box::new(ObjectRows::new(columns, &paths))))
            }
            Plan::BinanceWs => (Format::BinanceWs, Layout::BinanceWs(options.venue.is_some())),
            Plan::Ndjson => (Format::Ndjson, Layout::Ndjson),
            Plan::Dbn => {
                let rows = DbnRows::open(source, options.symbol.clone())?;
                (Format::Dbn, Layout::Dbn(Box::new(rows)))
            }
            Plan::Nothing(format) => (format, Layout::Nothing),
        };
        if let Some(market) = of {
            let name = options.file_name.as_deref().unwrap_or_default();
            let symbol = options.symbol.or_else(|| binance::symbol_of_file(name));
            let symbol = symbol.ok_or(FormatError::MissingSymbol { like: None })?;
            options.venue =
                options.venue.or_else(|| Venue::new(market.venue(symbol.as_str())).ok());
            options.symbol = Some(symbol);
        }
        let mut drafter = Drafter::new(&options);
        if format == Format::Tardis {
            drafter.expect_both(TimeUnit::Micros);
        }
        if let Some(unit) = unit {
            drafter.expect_unit(unit);
        }
        Ok((format, Self { drafter, layout, notes, order: Backwards::new(), end: None }))
    }

    fn next(&mut self, source: &mut Source) -> Result<Option<Row<Tick>>, FormatError> {
        loop {
            if let Some(row) = self.order.ready() {
                return Ok(Some(row));
            }
            if let Some(end) = self.end.take() {
                return Err(end);
            }
            if self.order.is_over() {
                return self.read(source);
            }
            match self.read(source) {
                Ok(Some(row)) => self.order.take(row, self.drafter.has_counted()),
                Ok(None) => {
                    self.order.end();
                    return Ok(self.order.ready());
                }
                Err(error) => {
                    self.order.end();
                    self.end = Some(error);
                }
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if self.drafter.rounded() > 0 {
            notes.push(format!("{} rows rounded to 18 places", self.drafter.rounded()));
        }
        notes
    }
}

impl TickRows {
    /// The next row as it stands in the file.
    fn read(&mut self, source: &mut Source) -> Result<Option<Row<Tick>>, FormatError> {
        let drafter = &mut self.drafter;
        match &mut self.layout {
            Layout::Csv(rows) => rows.next(source, drafter),
            Layout::Objects(rows) => rows.next(source, drafter),
            Layout::BinanceWs(given) => binance_ws::next(source, drafter, *given),
            Layout::Ndjson => ndjson::next(source, drafter),
            Layout::Dbn(rows) => rows.next(source, drafter),
            Layout::Nothing => Ok(None),
        }
    }
}
