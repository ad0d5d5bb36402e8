//! Ticks by their columns.

use crate::record::{Cell, Column, Contradiction, Kind, Record, Value};
use crate::{
    Decimal, InvalidInput, Records, Side, StoredTick, Symbol, Table, Tick, TickKey, Timestamp,
    TradeId, Venue,
};

const fn column(name: &'static str, kind: Kind, doc: &'static str) -> Column {
    Column { name, kind, required: true, default: false, json: false, unit: None, doc }
}

const fn optional(column: Column) -> Column {
    Column { required: false, ..column }
}

const fn measured(column: Column, unit: &'static str) -> Column {
    Column { unit: Some(unit), ..column }
}

impl Record for Tick {
    const TABLE: Table = Table::Ticks;
    const COLUMNS: &'static [Column] = &[
        column("venue", Kind::Text, "Where it traded; `unknown` when the source does not say."),
        column("symbol", Kind::Text, "What traded."),
        column("ts", Kind::Time, "When it traded, by the venue's clock."),
        column("key", Kind::Int, "What tells it from other ticks of its venue, symbol and time."),
        column("sequence", Kind::Int, "Its place among ticks of equal time."),
        optional(column("trade_id", Kind::Text, "The venue's id of it.")),
        optional(column("received_ts", Kind::Time, "When it was received, by our clock.")),
        measured(column("price", Kind::Decimal, "Price of one unit."), "quote currency"),
        measured(column("quantity", Kind::Decimal, "Units; not negative."), "base currency"),
        measured(column("notional", Kind::Decimal, "Price x quantity."), "quote currency"),
        optional(column("side", Kind::Text, "Side of the aggressor: `buy` or `sell`.")),
        Column {
            default: true,
            ..column(
                "aggregated",
                Kind::Bool,
                "Whether it is several trades that the venue tells as one.",
            )
        },
    ];
    const IDENTITY: &'static [&'static str] = &["venue", "symbol", "ts", "key"];
    // ts, sequence, key, venue, symbol
    // What is no number of the trade may be told by one feed and not by another.
    const CONTRADICTION: Contradiction = Contradiction::ConflictIn(&["price", "quantity", "side"]);
    const ORDER: &'static [usize] = &[2, 4, 3, 0, 1];

    fn ts(&self) -> Timestamp {
        Self::ts(self)
    }

    fn value(&self, column: usize) -> Value<'_> {
        match column {
            0 => self.venue.value(),
            1 => self.symbol.value(),
            2 => self.ts.value(),
            3 => Value::Int(self.key.0),
            4 => self.sequence.value(),
            5 => self.trade_id.value(),
            6 => self.received_ts.value(),
            7 => self.price.value(),
            8 => self.quantity.value(),
            9 => self.notional.value(),
            10 => self.side.value(),
            11 => self.aggregated.value(),
            _ => Value::Null,
        }
    }

    fn from_row(row: Vec<Value<'_>>) -> Result<Self, InvalidInput> {
        let mut row = row.into_iter();
        let mut next = || row.next().unwrap_or(Value::Null);
        let venue: Venue = read("venue", next())?;
        let symbol: Symbol = read("symbol", next())?;
        let ts: Timestamp = read("ts", next())?;
        let key: i64 = read("key", next())?;
        let sequence: i64 = read("sequence", next())?;
        let trade_id: Option<TradeId> = read("trade_id", next())?;
        let received_ts: Option<Timestamp> = read("received_ts", next())?;
        let price: Decimal = read("price", next())?;
        let quantity: Decimal = read("quantity", next())?;
        let notional: Decimal = read("notional", next())?;
        let side: Option<Side> = read("side", next())?;
        let aggregated = match next() {
            Value::Null => false,
            value => read("aggregated", value)?,
        };
        let key = TickKey(key);
        Self::try_from(StoredTick {
            venue,
            symbol,
            ts,
            key,
            sequence,
            trade_id,
            received_ts,
            price,
            quantity,
            notional,
            side,
            aggregated,
        })
    }

    fn into_records(rows: Vec<Self>) -> Records {
        Records::Ticks(rows)
    }

    fn from_records(records: Records) -> Result<Vec<Self>, Records> {
        match records {
            Records::Ticks(ticks) => Ok(ticks),
            other => Err(other),
        }
    }

    fn validate(&self) -> Result<(), InvalidInput> {
        // It could not have been built otherwise.
        Ok(())
    }
}

fn read<T: Cell>(field: &'static str, value: Value<'_>) -> Result<T, InvalidInput> {
    T::from_value(value).map_err(|error| InvalidInput::new(field, error.reason))
}
