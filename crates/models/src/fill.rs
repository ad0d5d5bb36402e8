//! An execution of one of our own orders.

use uuid::Uuid;

use crate::record::{Contradiction, Naming, record};
use crate::trade::not_negative;
use crate::{
    Condition, Decimal, InvalidInput, Market, Name, RecordFilter, Side, Symbol, TimeRange,
    Timestamp, TraderId, Venue,
};

record! {
    /// An execution of an order, whole or in part. Identity is its id, whatever its time: told twice, by two feeds
    /// for example, it is one fill.
    ///
    /// ```
    /// use tradekeep_models::{Fill, Market, Side, Symbol, Venue};
    /// use uuid::Uuid;
    ///
    /// let fill = Fill::builder()
    ///     .ts("2024-08-08T10:00:06Z".parse()?)
    ///     .order_id(Uuid::now_v7())
    ///     .venue(Venue::new("polymarket")?)
    ///     .market(Market::new("0x123abc")?)
    ///     .side(Side::Buy)
    ///     .price("0.52".parse()?)
    ///     .quantity("50".parse()?)
    ///     .fee("0.1".parse()?)
    ///     .fee_currency(Symbol::new("USDC")?)
    ///     .build();
    /// assert_eq!(fill.notional.to_string(), "26");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Fill in Fills;
    const IDENTITY: &'static [&'static str] = &["fill_id"];
    const CONTRADICTION: Contradiction =
        Contradiction::ConflictIn(&["side", "price", "quantity", "fee", "fee_currency"]);
    const NAMING: Naming = Naming::Uuid {
        column: "fill_id",
        of: &[&["venue", "market", "venue_fill_id"]],
        or_row: true,
    };
    {
        /// When it was executed.
        ts: Timestamp,
        /// Its id; a UUID of version 7 when none is given.
        [default crate::new_id()]
        fill_id: Uuid,
        /// The order it is of.
        order_id: Uuid,
        /// Whose order it was.
        trader_id: Option<TraderId>,
        /// Where it was executed.
        venue: Venue,
        /// What was traded.
        market: Market,
        /// `buy` or `sell`.
        side: Side,
        /// Price of one unit.
        [unit "quote currency"]
        price: Decimal,
        /// How much; not negative.
        [unit "base currency"]
        quantity: Decimal,
        /// Price x quantity, half-even to 18 decimals.
        [unit "quote currency"]
        [default price.mul_round(quantity).unwrap_or(Decimal::MAX)]
        notional: Decimal,
        /// What the venue took; negative where it paid.
        [unit "fee currency"]
        fee: Decimal,
        /// The currency of the fee.
        fee_currency: Symbol,
        /// The id the venue gave it.
        venue_fill_id: Option<Name>,
    }
}

impl Fill {
    fn rules(&self) -> Result<(), InvalidInput> {
        not_negative("quantity", self.quantity)?;
        let wrong = |reason: String| InvalidInput::new("notional", reason);
        match self.price.mul_round(self.quantity) {
            Ok(notional) if notional == self.notional => Ok(()),
            Ok(_) => Err(wrong("is not price x quantity".into())),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

/// Which fills: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FillFilter {
    /// Only of this order.
    pub order_id: Option<Uuid>,
    /// Only this trader's.
    pub trader_id: Option<TraderId>,
    /// Only on this venue.
    pub venue: Option<Venue>,
    /// Only of this market.
    pub market: Option<Market>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for FillFilter {
    type Record = Fill;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        [
            self.order_id.map(|id| Condition::uuid("order_id", id)),
            self.trader_id.as_ref().map(|id| Condition::text("trader_id", id)),
            self.venue.as_ref().map(|venue| Condition::text("venue", venue)),
            self.market.as_ref().map(|market| Condition::text("market", market)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
