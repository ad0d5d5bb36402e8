//! One of our own orders.

use uuid::Uuid;

use crate::record::{Contradiction, Naming, record, text_enum};
use crate::trade::not_negative;
use crate::{
    Condition, Decimal, InvalidInput, Market, Name, RecordFilter, Side, TimeRange, Timestamp,
    TraderId, Venue,
};

text_enum! {
    /// How an order is to be executed.
    pub enum OrderType as "order_type" {
        /// At once, at any price.
        Market = "market",
        /// At its price or better.
        Limit = "limit",
        /// As a market order once the price is reached.
        Stop = "stop",
        /// As a limit order once the price is reached.
        StopLimit = "stop_limit",
    }
}

text_enum! {
    /// How far an order has come.
    pub enum OrderStatus as "status" {
        /// Made, not yet answered by the venue.
        Pending = "pending",
        /// Accepted by the venue.
        Open = "open",
        /// Filled in part.
        PartiallyFilled = "partially_filled",
        /// Filled.
        Filled = "filled",
        /// Taken back.
        Cancelled = "cancelled",
        /// Refused by the venue.
        Rejected = "rejected",
        /// Ended by its time in force.
        Expired = "expired",
    }
}

text_enum! {
    /// How long an order stays in force.
    pub enum TimeInForce as "time_in_force" {
        /// Until it is cancelled.
        Gtc = "gtc",
        /// What can be filled at once; the rest is cancelled.
        Ioc = "ioc",
        /// All at once or nothing.
        Fok = "fok",
        /// Until the end of the trading day.
        Day = "day",
        /// Until a date.
        Gtd = "gtd",
    }
}

record! {
    /// One of our own orders, in one state. Identity is (order_id, version, ts); a change of status is a new
    /// state, of the next version or, where its source counts none, of a later time.
    ///
    /// ```
    /// use tradekeep_models::{Market, Name, Order, OrderType, Side, Venue};
    ///
    /// let order = Order::builder()
    ///     .ts("2024-08-08T10:00:05Z".parse()?)
    ///     .venue(Venue::new("polymarket")?)
    ///     .market(Market::new("0x123abc")?)
    ///     .side(Side::Buy)
    ///     .order_type(OrderType::Limit)
    ///     .quantity("100".parse()?)
    ///     .client_order_id(Name::new("c-1")?)
    ///     .build()
    ///     .with_price("0.52".parse()?);
    /// assert_eq!(order.status.as_str(), "pending");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Order in Orders;
    const IDENTITY: &'static [&'static str] = &["order_id", "version", "ts"];
    const CONTRADICTION: Contradiction = Contradiction::Conflict;
    const SUBJECT: &'static [&'static str] = &["order_id"];
    const UNIQUE: Option<&'static str> = Some("client_order_id");
    const NAMING: Naming = Naming::Uuid {
        column: "order_id",
        of: &[&["client_order_id"], &["venue", "market", "venue_order_id"]],
        or_row: false,
    };
    const NEWEST_FIRST: bool = true;
    {
        /// When it was made, or last changed.
        ts: Timestamp,
        /// Its id; a UUID of version 7 when none is given.
        [default crate::new_id()]
        order_id: Uuid,
        /// Counts its changes.
        [default 0]
        version: u32,
        /// Whose it is.
        trader_id: Option<TraderId>,
        /// Where it is to be executed.
        venue: Venue,
        /// What is to be traded.
        market: Market,
        /// `buy` or `sell`.
        side: Side,
        /// How it is to be executed: `market`, `limit`, `stop` or `stop_limit`.
        order_type: OrderType,
        /// Its limit, or the price that triggers it.
        [unit "quote currency"]
        price: Option<Decimal>,
        /// How much; not negative.
        [unit "base currency"]
        quantity: Decimal,
        /// How far it has come: `pending` (the default), `open`, `partially_filled`, `filled`,
        /// `cancelled`, `rejected` or `expired`.
        [default OrderStatus::Pending]
        status: OrderStatus,
        /// The id we gave it, which no other order has.
        client_order_id: Name,
        /// The id the venue gave it.
        venue_order_id: Option<Name>,
        /// How long it stays in force: `gtc`, `ioc`, `fok`, `day` or `gtd`.
        time_in_force: Option<TimeInForce>,
    }
}

impl Order {
    /// The order at this price.
    #[must_use]
    pub const fn with_price(mut self, price: Decimal) -> Self {
        self.price = Some(price);
        self
    }

    fn rules(&self) -> Result<(), InvalidInput> {
        not_negative("quantity", self.quantity)
    }
}

/// Which orders: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only this order.
    pub order_id: Option<Uuid>,
    /// Only the order that we gave this id.
    pub client_order_id: Option<Name>,
    /// Only this trader's.
    pub trader_id: Option<TraderId>,
    /// Only on this venue.
    pub venue: Option<Venue>,
    /// Only for this market.
    pub market: Option<Market>,
    /// Only this side.
    pub side: Option<Side>,
    /// Only orders that have come this far.
    pub status: Option<OrderStatus>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for OrderFilter {
    type Record = Order;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        let id = self.order_id.map(|id| Condition::uuid("order_id", id));
        [
            id,
            self.client_order_id.as_ref().map(|id| Condition::text("client_order_id", id)),
            self.trader_id.as_ref().map(|id| Condition::text("trader_id", id)),
            self.venue.as_ref().map(|venue| Condition::text("venue", venue)),
            self.market.as_ref().map(|market| Condition::text("market", market)),
            self.side.map(|side| Condition::text("side", side.as_str())),
            self.status.map(|status| Condition::text("status", status.as_str())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
