//! Cases of [`TradeStore::performance`](crate::TradeStore::performance), worked out by hand.

use tradekeep_models::{
    Decimal, PairPerformance, PerformanceSummary, Trade, TradeAction, TradeFilter, TradeStatus,
    TradingMode,
};

use super::samples::uuid;
use super::trades::trade;
use super::{Store, at, between, decimal, symbol, trader};
use crate::ErrorKind;

super::list_cases!(performance:
    nothing_of_no_trades,
    gain_of_a_pair,
    loss_of_a_pair,
    pairs_are_listed_in_order,
    failed_trades_cost_their_fees,
    trades_on_their_way_do_not_count,
    swaps_move_volume_price_and_fees,
    last_price_is_by_time_then_id,
    highest_version_counts,
    only_what_passes_the_filter,
    rounds_once_half_to_even,
    fees_beyond_63_bits_add_up,
    sum_that_does_not_fit_is_an_error,
);

async fn performance(store: &Store, filter: TradeFilter) -> PerformanceSummary {
    store.performance(&filter).await.unwrap()
}

async fn all(store: &Store) -> PerformanceSummary {
    performance(store, TradeFilter::default()).await
}

/// A trade of `base` SOL for `quote` USDC.
fn deal(n: i64, action: TradeAction, base: &str, quote: &str, price: &str) -> Trade {
    Trade {
        action,
        base_amount: decimal(base),
        quote_amount: decimal(quote),
        executed_price: decimal(price),
        ..trade(n, n)
    }
}

/// `base/quote trades volume bought sold paid received fees last pnl`, for short expectations.
fn row(pair: &PairPerformance) -> String {
    let PairPerformance { base_token, quote_token, trades, volume, .. } = pair;
    let PairPerformance { bought, sold, paid, received, transfer_fees, .. } = pair;
    let PairPerformance { last_price, pnl, .. } = pair;
    format!(
        "{base_token}/{quote_token} {trades} {volume} {bought} {sold} {paid} {received} \
         {transfer_fees} {last_price} {pnl}"
    )
}

fn rows(summary: &PerformanceSummary) -> Vec<String> {
    summary.pairs.iter().map(row).collect()
}

async fn nothing_of_no_trades(store: Store) {
    assert_eq!(all(&store).await, PerformanceSummary::default());
}

async fn gain_of_a_pair(store: Store) {
    let mut trades = vec![
        deal(1, TradeAction::Buy, "2", "200", "100"),
        deal(2, TradeAction::Buy, "1", "110.5", "110.5"),
        deal(3, TradeAction::Sell, "1.5", "180", "120"),
    ];
    trades[0].transaction_fee = Some(5_000);
    trades[1].priority_fee = Some(700);
    trades[1].transfer_fees = Some(decimal("0.25"));
    trades[2].transaction_fee = Some(5_001);
    trades[2].priority_fee = Some(30);
    store.save(trades).await.unwrap();
    let found = all(&store).await;
    assert_eq!((found.trades, found.failed, found.fees_lamports), (3, 0, 10_731));
    // 180 - 310.5 - 0.25 + (3 - 1.5) x 120 = 49.25
    assert_eq!(rows(&found), ["SOL/USDC 3 490.5 3 1.5 310.5 180 0.25 120 49.25"]);
}

async fn loss_of_a_pair(store: Store) {
    let short = deal(1, TradeAction::Sell, "2", "200", "100");
    let back = deal(2, TradeAction::Buy, "0.5", "75", "150");
    store.save(vec![short, back]).await.unwrap();
    // 200 - 75 + (0.5 - 2) x 150 = -100
    assert_eq!(rows(&all(&store).await), ["SOL/USDC 2 275 0.5 2 75 200 0 150 -100"]);
}

async fn pairs_are_listed_in_order(store: Store) {
    let pairs = [("b", "X"), ("B", "Y"), ("a", "Z"), ("B", "X"), ("X", "B")];
    let trades = pairs.iter().zip(1..).map(|((base, quote), n)| Trade {
        base_token: symbol(base),
        quote_token: symbol(quote),
        ..trade(n, n)
    });
    store.save(trades.collect::<Vec<_>>()).await.unwrap();
    let found = all(&store).await;
    let names: Vec<_> = found
        .pairs
        .iter()
        .map(|pair| format!("{}/{}", pair.base_token, pair.quote_token))
        .collect();
    assert_eq!(names, ["B/X", "B/Y", "X/B", "a/Z", "b/X"]);
    assert!(found.pairs.iter().all(|pair| pair.trades == 1 && pair.paid == Decimal::from(100)));
}

async fn failed_trades_cost_their_fees(store: Store) {
    let done = Trade { transaction_fee: Some(10), ..trade(1, 1) };
    let failed = Trade {
        status: TradeStatus::Failed,
        transaction_fee: Some(3),
        priority_fee: Some(4),
        transfer_fees: Some(decimal("50")),
        executed_price: decimal("7"),
        ..trade(2, 2)
    };
    let only_failed = Trade { base_token: symbol("BTC"), id: uuid(3), ..failed.clone() };
    store.save(vec![done, failed, only_failed]).await.unwrap();
    let found = all(&store).await;
    assert_eq!((found.trades, found.failed, found.fees_lamports), (1, 2, 24));
    assert_eq!(rows(&found), ["SOL/USDC 1 100 1 0 100 0 0 100 0"]);
}

async fn trades_on_their_way_do_not_count(store: Store) {
    for (status, n) in [(TradeStatus::Pending, 1), (TradeStatus::Submitted, 2)] {
        let fee = Some(1_000);
        let waiting = Trade { status, transaction_fee: fee, priority_fee: fee, ..trade(n, n) };
        store.save(vec![waiting]).await.unwrap();
    }
    assert_eq!(all(&store).await, PerformanceSummary::default());
}

async fn swaps_move_volume_price_and_fees(store: Store) {
    let swap = Trade {
        transfer_fees: Some(decimal("2")),
        priority_fee: Some(9),
        ..deal(2, TradeAction::Swap, "5", "600", "120")
    };
    store.save(vec![deal(1, TradeAction::Buy, "2", "200", "100"), swap]).await.unwrap();
    let found = all(&store).await;
    assert_eq!((found.trades, found.fees_lamports), (2, 9));
    // 0 - 200 - 2 + 2 x 120 = 38
    assert_eq!(rows(&found), ["SOL/USDC 2 800 2 0 200 0 2 120 38"]);
}

async fn last_price_is_by_time_then_id(store: Store) {
    // At one time; the ids of 1, 3 and 5 have their highest bit set, that of 1 less than of 3.
    let at_once = |n, price| Trade { ts: at(9, 0), ..deal(n, TradeAction::Buy, "0", "0", price) };
    assert!(uuid(2) < uuid(1) && uuid(1) < uuid(3));
    let earlier = Trade { ts: at(8, 999_999_999), id: uuid(7), ..at_once(7, "4") };
    store.save(vec![at_once(3, "30"), at_once(2, "20"), earlier]).await.unwrap();
    store.save(vec![at_once(1, "10")]).await.unwrap();
    assert_eq!(all(&store).await.pairs[0].last_price, decimal("30"));
}

async fn highest_version_counts(store: Store) {
    let waiting = Trade { status: TradeStatus::Pending, ..trade(1, 1) };
    let done = Trade { status: TradeStatus::Confirmed, version: 1, ts: at(5, 0), ..trade(1, 1) };
    let reversed = Trade { status: TradeStatus::Failed, version: 1, ts: at(0, 0), ..trade(2, 2) };
    store.save(vec![waiting, done, trade(2, 2), reversed]).await.unwrap();
    let found = all(&store).await;
    assert_eq!((found.trades, found.failed), (1, 1));
    assert_eq!(rows(&found), ["SOL/USDC 1 100 1 0 100 0 0 100 0"]);
    let early = TradeFilter { range: between(1, 5), ..TradeFilter::default() };
    assert_eq!(performance(&store, early).await, PerformanceSummary::default());
}

async fn only_what_passes_the_filter(store: Store) {
    let trades = vec![
        trade(1, 1),
        Trade { trader_id: trader("u"), ..trade(2, 2) },
        Trade { mode: TradingMode::Paper, ..trade(3, 3) },
        Trade { base_token: symbol("BTC"), ..trade(4, 4) },
        trade(5, 50),
    ];
    store.save(trades).await.unwrap();
    let any = TradeFilter::default;
    for (filter, expected) in [
        (any(), 5),
        (TradeFilter { trader_id: Some(trader("t")), ..any() }, 4),
        (TradeFilter { mode: Some(TradingMode::Live), ..any() }, 4),
        (TradeFilter { token: Some(symbol("SOL")), ..any() }, 4),
        (TradeFilter { token: Some(symbol("USDC")), ..any() }, 5),
        (TradeFilter { range: between(1, 50), ..any() }, 4),
        (TradeFilter { id: Some(uuid(5)), ..any() }, 1),
    ] {
        let found = performance(&store, filter.clone()).await;
        assert_eq!(found.trades, expected, "{filter:?}");
        assert_eq!(found.pairs.iter().map(|pair| pair.trades).sum::<u64>(), expected);
    }
}

async fn rounds_once_half_to_even(store: Store) {
    // Left is 0.000000000000000005 at 0.5: a tie between …002 and …003.
    let tiny = "0.000000000000000005";
    store.save(vec![deal(1, TradeAction::Buy, tiny, "0", "0.5")]).await.unwrap();
    let pnl = |found: PerformanceSummary| found.pairs[0].pnl.to_string();
    assert_eq!(pnl(all(&store).await), "0.000000000000000002");
    // Twice as much is exact: what is left is rounded, not each trade.
    store.save(vec![deal(2, TradeAction::Buy, tiny, "0", "0.5")]).await.unwrap();
    assert_eq!(pnl(all(&store).await), "0.000000000000000005");
}

async fn fees_beyond_63_bits_add_up(store: Store) {
    let largest = Some(i64::MAX.unsigned_abs());
    let dear = Trade { transaction_fee: largest, priority_fee: largest, ..trade(1, 1) };
    store.save(vec![dear]).await.unwrap();
    assert_eq!(all(&store).await.fees_lamports, u64::MAX - 1);
}

async fn sum_that_does_not_fit_is_an_error(store: Store) {
    let half = "60000000000000000000";
    let buys = [1, 2].map(|n| deal(n, TradeAction::Buy, "1", half, "1"));
    store.save(buys.to_vec()).await.unwrap();
    let error = store.performance(&TradeFilter::default()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Query, "{error}");
    let one = TradeFilter { id: Some(uuid(1)), ..TradeFilter::default() };
    assert_eq!(performance(&store, one).await.pairs[0].paid, decimal(half), "each alone fits");
}
