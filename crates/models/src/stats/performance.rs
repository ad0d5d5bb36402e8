//! What trading gained.

use std::collections::BTreeMap;

use crate::{Decimal, DecimalError, Symbol, Timestamp, Trade, TradeAction, TradeStatus};

/// What our confirmed trades gained, by pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PerformanceSummary {
    /// Confirmed trades.
    pub trades: u64,
    /// Trades that failed; of these only the fees count. Trades on their way do not count at all.
    pub failed: u64,
    /// Fees of the transactions and for priority, those of failed trades included, in lamports.
    pub fees_lamports: u64,
    /// Each pair, ordered by base and quote token.
    pub pairs: Vec<PairPerformance>,
}

/// What confirmed trades in one pair gained.
#[derive(Debug, Clone, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct PairPerformance {
    /// What was traded.
    pub base_token: Symbol,
    /// What it was paid with.
    pub quote_token: Symbol,
    /// Confirmed trades, swaps included.
    pub trades: u64,
    /// Sum of the quote amounts of all of them.
    pub volume: Decimal,
    /// Base tokens bought.
    pub bought: Decimal,
    /// Base tokens sold.
    pub sold: Decimal,
    /// Quote tokens paid for what was bought.
    pub paid: Decimal,
    /// Quote tokens received for what was sold.
    pub received: Decimal,
    /// Fees that the tokens themselves took, in quote tokens.
    pub transfer_fees: Decimal,
    /// Price of the last trade, by (ts, id).
    pub last_price: Decimal,
    /// What is left at the last price, and what trading gained, in quote tokens: received - paid -
    /// transfer fees + (bought - sold) x last price. Realised and unrealised together; swaps move
    /// only the last price and the fees.
    pub pnl: Decimal,
}

impl PairPerformance {
    /// Works out the gain of the other numbers.
    ///
    /// # Errors
    /// When it has more than 20 digits before the point.
    pub fn with_pnl(mut self) -> Result<Self, DecimalError> {
        let left = self.bought.sub(self.sold)?;
        let cash = self.received.sub(self.paid)?.sub(self.transfer_fees)?;
        self.pnl = cash.add(left.mul_round(self.last_price)?)?;
        Ok(self)
    }
}

impl PerformanceSummary {
    /// The summary of `trades`, each in its highest version.
    ///
    /// # Errors
    /// When a sum has more than 20 digits before the point.
    pub fn of<'a>(trades: impl IntoIterator<Item = &'a Trade>) -> Result<Self, DecimalError> {
        let mut summary = Self::default();
        let mut pairs: BTreeMap<(&Symbol, &Symbol), Pair> = BTreeMap::new();
        for trade in trades {
            if matches!(trade.status, TradeStatus::Pending | TradeStatus::Submitted) {
                continue;
            }
            let fees = [trade.transaction_fee, trade.priority_fee].into_iter().flatten();
            summary.fees_lamports = fees.fold(summary.fees_lamports, u64::saturating_add);
            if trade.status == TradeStatus::Failed {
                summary.failed += 1;
                continue;
            }
            summary.trades += 1;
            pairs.entry((&trade.base_token, &trade.quote_token)).or_default().add(trade)?;
        }
        let done = pairs.into_iter().map(|((base, quote), pair)| pair.done(base, quote));
        summary.pairs = done.collect::<Result<_, _>>()?;
        Ok(summary)
    }
}

#[derive(Default)]
struct Pair {
    trades: u64,
    volume: Decimal,
    bought: Decimal,
    sold: Decimal,
    paid: Decimal,
    received: Decimal,
    transfer_fees: Decimal,
    last: Option<((Timestamp, uuid::Uuid), Decimal)>,
}

impl Pair {
    fn add(&mut self, trade: &Trade) -> Result<(), DecimalError> {
        self.trades += 1;
        self.volume = self.volume.add(trade.quote_amount)?;
        self.transfer_fees = self.transfer_fees.add(trade.transfer_fees.unwrap_or_default())?;
        match trade.action {
            TradeAction::Buy => {
                self.bought = self.bought.add(trade.base_amount)?;
                self.paid = self.paid.add(trade.quote_amount)?;
            }
            TradeAction::Sell => {
                self.sold = self.sold.add(trade.base_amount)?;
                self.received = self.received.add(trade.quote_amount)?;
            }
            TradeAction::Swap => {}
        }
        let place = (trade.ts, trade.id);
        if self.last.is_none_or(|(last, _)| last <= place) {
            self.last = Some((place, trade.executed_price));
        }
        Ok(())
    }

    fn done(self, base: &Symbol, quote: &Symbol) -> Result<PairPerformance, DecimalError> {
        PairPerformance {
            base_token: base.clone(),
            quote_token: quote.clone(),
            trades: self.trades,
            volume: self.volume,
            bought: self.bought,
            sold: self.sold,
            paid: self.paid,
            received: self.received,
            transfer_fees: self.transfer_fees,
            last_price: self.last.map(|(_, price)| price).unwrap_or_default(),
            pnl: Decimal::default(),
        }
        .with_pnl()
    }
}
