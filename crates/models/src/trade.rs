//! One of our own trades.

use uuid::Uuid;

use crate::record::{Contradiction, Naming, Value, record, text_enum};
use crate::{
    Condition, Decimal, InvalidInput, Json, Name, RecordFilter, Symbol, TimeRange, Timestamp,
    TraderId,
};

text_enum! {
    /// Whether money was at stake.
    pub enum TradingMode as "mode" {
        /// Simulated.
        Paper = "paper",
        /// With money.
        Live = "live",
    }
}

text_enum! {
    /// What a trade did with the base token.
    pub enum TradeAction as "action" {
        /// Bought it for the quote token.
        Buy = "buy",
        /// Sold it for the quote token.
        Sell = "sell",
        /// Exchanged one for the other; counted as neither bought nor sold.
        Swap = "swap",
    }
}

text_enum! {
    /// How far a trade has come.
    pub enum TradeStatus as "status" {
        /// Decided, not sent.
        Pending = "pending",
        /// Sent to the chain or venue.
        Submitted = "submitted",
        /// Executed.
        Confirmed = "confirmed",
        /// Not executed, for good.
        Failed = "failed",
    }
}

record! {
    /// One of our own trades, in one state, with what it cost and what MEV did to it. Identity is
    /// (id, version, ts).
    ///
    /// A change of status is a new state, of the next version or, where its source counts none, of a later time.
    ///
    /// ```
    /// use tradekeep_models::{Symbol, Trade, TradeAction, TraderId, TradingMode};
    ///
    /// let trade = Trade::builder()
    ///     .ts("2024-08-08T10:00:05Z".parse()?)
    ///     .trader_id(TraderId::new("arb-1")?)
    ///     .mode(TradingMode::Live)
    ///     .action(TradeAction::Buy)
    ///     .base_token(Symbol::new("SOL")?)
    ///     .quote_token(Symbol::new("USDC")?)
    ///     .base_amount("2.5".parse()?)
    ///     .quote_amount("375.25".parse()?)
    ///     .executed_price("150.1".parse()?)
    ///     .priority_fee(5_000)
    ///     .build();
    /// assert_eq!(trade.version, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Trade in Trades;
    const IDENTITY: &'static [&'static str] = &["id", "version", "ts"];
    const CONTRADICTION: Contradiction = Contradiction::Conflict;
    const SUBJECT: &'static [&'static str] = &["id"];
    const NAMING: Naming = Naming::Uuid { column: "id", of: &[], or_row: true };
    const NEWEST_FIRST: bool = true;
    {
        /// When it was executed, or last changed.
        ts: Timestamp,
        /// Its id; a UUID of version 7 when none is given.
        [default crate::new_id()]
        id: Uuid,
        /// Counts its changes.
        [default 0]
        version: u32,
        /// Who traded.
        trader_id: TraderId,
        /// Whether money was at stake: `paper` or `live`.
        mode: TradingMode,
        /// What it did with the base token: `buy`, `sell` or `swap`.
        action: TradeAction,
        /// What was bought or sold: a symbol or a mint address.
        base_token: Symbol,
        /// What it was paid with.
        quote_token: Symbol,
        /// How much of the base token; not negative.
        [unit "base tokens"]
        base_amount: Decimal,
        /// How much of the quote token; not negative.
        [unit "quote tokens"]
        quote_amount: Decimal,
        /// Price of one base token.
        [unit "quote tokens"]
        executed_price: Decimal,
        /// Fee of the transaction.
        [unit "lamports"]
        transaction_fee: Option<u64>,
        /// Fee paid for priority, which is what protection from MEV costs.
        [unit "lamports"]
        priority_fee: Option<u64>,
        /// Fees that the tokens themselves take (Token-2022).
        [unit "quote tokens"]
        transfer_fees: Option<Decimal>,
        /// Slippage expected when it was decided; worse is positive.
        [unit "basis points"]
        expected_slippage: Option<Decimal>,
        /// Slippage there was; worse is positive.
        [unit "basis points"]
        actual_slippage: Option<Decimal>,
        /// What is known of MEV, in the trader's own words.
        mev_status: Option<Name>,
        /// Whether it was protected from MEV.
        mev_protected: Option<bool>,
        /// Signature of its transaction.
        tx_signature: Option<Name>,
        /// How far it has come: `pending`, `submitted`, `confirmed` (the default) or `failed`.
        [default TradeStatus::Confirmed]
        status: TradeStatus,
        /// The request that led to it; a lookup key, which no store keeps unique.
        request_id: Option<Name>,
        /// The service that made it.
        source_service: Option<Name>,
        /// Time from decision to execution.
        [unit "nanoseconds"]
        latency_ns: Option<u64>,
        /// Whatever else its trader wants to keep.
        metadata: Option<Json>,
    }
}

impl Trade {
    fn rules(&self) -> Result<(), InvalidInput> {
        not_negative("base_amount", self.base_amount)?;
        not_negative("quote_amount", self.quote_amount)
    }
}

pub(crate) fn not_negative(field: &'static str, value: Decimal) -> Result<(), InvalidInput> {
    if value.is_negative() { Err(InvalidInput::new(field, "is negative")) } else { Ok(()) }
}

/// Which trades: all that match every part that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TradeFilter {
    /// Only this trade.
    pub id: Option<Uuid>,
    /// Only trades that this request led to.
    pub request_id: Option<Name>,
    /// Only trades with this token as base or quote.
    pub token: Option<Symbol>,
    /// Only this trader's.
    pub trader_id: Option<TraderId>,
    /// Only this mode.
    pub mode: Option<TradingMode>,
    /// Only event times in this range.
    pub range: TimeRange,
}

impl RecordFilter for TradeFilter {
    type Record = Trade;

    fn range(&self) -> TimeRange {
        self.range
    }

    fn conditions(&self) -> Vec<Condition> {
        let token = self.token.as_ref().map(|token| Condition::AnyOf {
            columns: vec!["base_token", "quote_token"],
            values: vec![Value::Text(token.to_string().into())],
        });
        [
            self.id.map(|id| Condition::uuid("id", id)),
            self.request_id.as_ref().map(|id| Condition::text("request_id", id)),
            token,
            self.trader_id.as_ref().map(|id| Condition::text("trader_id", id)),
            self.mode.map(|mode| Condition::text("mode", mode.as_str())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
