//! Trades of the made-up system.

use tradekeep_models::{
    Decimal, Json, Name, Symbol, Timestamp, Trade, TradeAction, TradeStatus, TraderId, TradingMode,
};

use super::{SampleActivity, decimal, id, later};
use crate::sample::random::Random;

const TRADES: u64 = 2_000;
const NUMBER: u8 = 100;
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// What it trades for USDC.
struct Token {
    symbol: &'static str,
    /// In billionths of a USDC.
    price: u64,
    /// The median of trades, in thousandths of a token.
    amount: u64,
    /// What the token itself takes of each trade, in basis points.
    transfer_fee_bps: u64,
}

const TOKENS: [Token; 6] = [
    Token { symbol: "SOL", price: 154_327_000_000, amount: 6_500, transfer_fee_bps: 0 },
    Token { symbol: "JUP", price: 812_400_000, amount: 900_000, transfer_fee_bps: 0 },
    Token { symbol: "WIF", price: 1_644_300_000, amount: 450_000, transfer_fee_bps: 0 },
    Token { symbol: "JTO", price: 2_087_100_000, amount: 300_000, transfer_fee_bps: 0 },
    Token { symbol: "BONK", price: 18_240, amount: 40_000_000_000, transfer_fee_bps: 0 },
    Token { symbol: "BERN", price: 3_120_000, amount: 80_000_000, transfer_fee_bps: 690 },
];

pub(super) fn trades(activity: &SampleActivity) -> Vec<Trade> {
    let mut random = activity.random(NUMBER);
    let trades = (0..TRADES).filter_map(|number| {
        let ts = activity.moment(&mut random, number, TRADES)?;
        let trade = trade(&mut random, number, ts)?;
        versions(&mut random, trade, ts)
    });
    trades.flatten().collect()
}

/// A trade that was decided at `ts` and confirmed.
fn trade(random: &mut Random, number: u64, ts: Timestamp) -> Option<Trade> {
    let token = random.pick(&TOKENS)?;
    let trader = *random.pick(&["arb-1", "arb-2", "arb-2", "mm-1", "paper-1"])?;
    let mode = if trader == "paper-1" { TradingMode::Paper } else { TradingMode::Live };
    let action = match random.below(20) {
        0..9 => TradeAction::Buy,
        9..18 => TradeAction::Sell,
        _ => TradeAction::Swap,
    };
    let Terms { expected, actual, price, amount, quote } = terms(random, token, action)?;
    let transfer_fee = decimal(token.transfer_fee_bps, 4)?;
    let protected = random.chance(70);
    let latency = random.around(380_000_000);
    let trade = Trade::builder()
        .ts(later(ts, latency)?)
        .id(id(random, ts)?)
        .trader_id(TraderId::new(trader).ok()?)
        .mode(mode)
        .action(action)
        .base_token(Symbol::new(token.symbol).ok()?)
        .quote_token(Symbol::new("USDC").ok()?)
        .base_amount(amount)
        .quote_amount(quote)
        .executed_price(price)
        .transaction_fee(5_000)
        .maybe_priority_fee(protected.then(|| random.around(40_000)))
        .expected_slippage(expected)
        .actual_slippage(actual)
        .mev_status(Name::new(if protected { "protected" } else { "unprotected" }).ok()?)
        .mev_protected(protected)
        .tx_signature(Name::new(random.text(BASE58, 88)).ok()?)
        .request_id(Name::new(format!("req-{number}")).ok()?)
        .source_service(Name::new(if trader == "mm-1" { "maker" } else { "router" }).ok()?)
        .latency_ns(latency)
        .maybe_metadata(route(random, action, token))
        .build();
    let transfer_fees = quote.mul_round(transfer_fee).ok().filter(|fee| !fee.is_zero());
    Some(Trade { transfer_fees, ..trade })
}

/// All versions of what became of `trade`.
fn versions(random: &mut Random, trade: Trade, decided: Timestamp) -> Option<Vec<Trade>> {
    let failed = random.chance(4);
    if !failed && !random.chance(10) {
        return Some(vec![trade]);
    }
    let before = Trade {
        ts: later(decided, trade.latency_ns? / 4)?,
        status: TradeStatus::Submitted,
        actual_slippage: None,
        latency_ns: None,
        ..trade.clone()
    };
    let (status, actual_slippage) = match failed {
        true => (TradeStatus::Failed, None),
        false => (TradeStatus::Confirmed, trade.actual_slippage),
    };
    Some(vec![before, Trade { version: 1, status, actual_slippage, ..trade }])
}

struct Terms {
    expected: Decimal,
    actual: Decimal,
    price: Decimal,
    amount: Decimal,
    quote: Decimal,
}

fn terms(random: &mut Random, token: &Token, action: TradeAction) -> Option<Terms> {
    let expected = random.below(80);
    // In tenths of a basis point, as the expected: now and then it is better.
    let actual = i64::try_from(expected + random.around(40)).ok()? - 30;
    let worse = if action == TradeAction::Sell { -actual } else { actual };
    let asked = i64::try_from(token.price + random.below(token.price / 20 + 1)).ok()?;
    let price = decimal(asked * (100_000 + worse), 14)?;
    let amount = decimal(random.around(token.amount), 3)?;
    let quote = amount.mul_round(price).ok()?;
    Some(Terms {
        expected: decimal(expected, 1)?,
        actual: decimal(actual, 1)?,
        price,
        amount,
        quote,
    })
}

fn route(random: &mut Random, action: TradeAction, token: &Token) -> Option<Json> {
    if action != TradeAction::Swap {
        return None;
    }
    let hops = 2 + random.below(2);
    Json::new(format!("{{\"route\":\"{}>USDC\",\"hops\":{hops}}}", token.symbol)).ok()
}
