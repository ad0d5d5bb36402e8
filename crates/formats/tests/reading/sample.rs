//! The made-up market.

use tradekeep_formats::{ReadOptions, SampleMarket, write_csv};
use tradekeep_models::{Day, Side};

use crate::ticks;

fn day() -> Day {
    "2024-08-08".parse().unwrap()
}

#[test]
fn the_first_rows_never_change() {
    let mut file = Vec::new();
    write_csv(&mut file, SampleMarket::new(42, day()).take(6)).unwrap();
    assert_eq!(
        String::from_utf8(file).unwrap(),
        "\
ts,venue,symbol,trade_id,price,quantity,side
2024-08-08T00:00:00.001520228Z,demo,SOL-USD,19943000000001,154.3271,8.89,buy
2024-08-08T00:00:00.003321642Z,demo,SOL-USD,19943000000002,154.3271,0.599,sell
2024-08-08T00:00:00.004708294Z,demo,SOL-USD,19943000000003,154.3271,82.4,buy
2024-08-08T00:00:00.004720368Z,demo,SOL-USD,19943000000004,154.3272,75.5,buy
2024-08-08T00:00:02.969451423Z,demo,ETH-USD,19943000000001,2683.32,0.034,sell
2024-08-08T00:00:02.969451423Z,demo,ETH-USD,19943000000002,2683.33,0.00462,buy
"
    );
}

#[test]
fn a_day_is_full_and_in_order() {
    let market: Vec<_> = SampleMarket::new(42, day()).collect();
    assert_eq!(market.len(), 200_001);
    assert!(market.is_sorted_by_key(|tick| tick.ts()));
    assert!(market.iter().all(|tick| day().range().contains(tick.ts())));
    let span = market[market.len() - 1].ts().as_nanos() - market[0].ts().as_nanos();
    assert!(span > 23 * 3_600_000_000_000, "{span}");
    for symbol in ["BTC-USD", "ETH-USD", "SOL-USD"] {
        let of: Vec<_> = market.iter().filter(|t| t.symbol().as_str() == symbol).collect();
        assert_eq!(of.len(), 66_667, "{symbol}");
        let ids: Vec<i64> = of.iter().map(|tick| tick.sequence()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{symbol}");
        let buys = of.iter().filter(|tick| tick.side() == Some(Side::Buy)).count();
        assert!((20_000..47_000).contains(&buys), "{symbol}: {buys}");
        let equal = of.windows(2).filter(|pair| pair[0].ts() == pair[1].ts()).count();
        assert!((2_000..8_000).contains(&equal), "{symbol}: {equal}");
        let prices = || of.iter().map(|tick| tick.price().to_f64());
        let (low, high) = (prices().fold(f64::MAX, f64::min), prices().fold(0.0, f64::max));
        assert!(high / low > 1.002 && high / low < 1.5, "{symbol}: {low} to {high}");
    }
}

#[test]
fn seeds_and_days_differ() {
    let few = |seed, day: Day| SampleMarket::new(seed, day).take(50).collect::<Vec<_>>();
    assert_eq!(few(1, day()), few(1, day()));
    assert_ne!(few(1, day()), few(2, day()));
    let next = Day::new(day().number() + 1).unwrap();
    let prices = |day| few(1, day).iter().map(|t| t.price()).collect::<Vec<_>>();
    assert_ne!(prices(day()), prices(next));
}

#[test]
fn it_reads_back() {
    for count in [0, 1, 500] {
        let market = || SampleMarket::new(3, day()).with_ticks_per_symbol(count);
        let mut file = Vec::new();
        write_csv(&mut file, market()).unwrap();
        assert!(market().eq(ticks(file, &ReadOptions::default())), "{count}");
    }
    let last = Day::new(tradekeep_models::Timestamp::MAX.day().number()).unwrap();
    assert_eq!(SampleMarket::new(3, last).with_ticks_per_symbol(100).count(), 300);
}
