use super::*;

use tradekeep::models::{Symbol, Tick, Venue};

/// Candles of prices that go up and down, a minute each, with a gap.
fn candles(count: i64, interval: &str) -> Vec<Candle> {
    let ticks: Vec<_> = (0..count * 4)
        .filter(|place| !(80..100).contains(place))
        .map(|place| {
            let (wave, turn) = (place % 61 - 30, place % 7);
            let price =
                Decimal::from_parts(i128::from(6_000_000 + wave * wave * 10 + turn * 700), 2);
            let ts =
                "2024-08-08T22:40:00Z".parse::<tradekeep::models::Timestamp>().unwrap().as_nanos();
            Tick::builder(
                Symbol::new("BTC-USD").unwrap(),
                tradekeep::models::Timestamp::from_nanos(ts + place * 15_000_000_000).unwrap(),
            )
            .venue(Venue::new("demo").unwrap())
            .price(price.unwrap())
            .quantity(Decimal::from_parts(i128::from(1 + place % 11), 1).unwrap())
            .build()
            .unwrap()
        })
        .collect();
    Candle::from_ticks(interval.parse().unwrap(), &ticks).unwrap()
}

fn plain(width: usize, height: usize) -> Look {
    Look { width, height, colour: false }
}

/// Set TRADEKEEP_BLESS=1 to write what is drawn as what is expected.
fn golden(name: &str, lines: &[String]) {
    // Cargo runs tests in the folder of their package.
    let path = format!("src/chart/{name}.txt");
    let drawn = lines.iter().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    if std::env::var_os("TRADEKEEP_BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(drawn, std::fs::read_to_string(path).unwrap(), "\n{drawn}");
}

#[test]
fn minutes_over_midnight() {
    golden("minutes", &draw(&candles(90, "1m"), false, &plain(80, 12)).unwrap());
}

#[test]
fn few_candles_get_room() {
    golden("few", &draw(&candles(90, "10m"), true, &plain(60, 8)).unwrap());
}

#[test]
fn more_than_fit_are_cut_and_said() {
    let lines = draw(&candles(300, "1m"), false, &plain(60, 8)).unwrap();
    assert!(lines[2].starts_with("the last 52 candles"), "{}", lines[2]);
    for line in &lines[3..] {
        assert!(line.chars().count() <= 60, "{line}");
    }
}

#[test]
fn colours_say_up_and_down() {
    let look = Look { width: 80, height: 8, colour: true };
    let text = draw(&candles(60, "1m"), false, &look).unwrap().join("\n");
    assert!(text.contains("\x1b[32m") && text.contains("\x1b[31m"));
    // Every line ends without colour.
    for line in text.lines().filter(|line| line.contains('\x1b')) {
        let last = line.rfind("\x1b[").unwrap();
        assert!(line[last..].starts_with("\x1b[0m"), "{line:?}");
    }
}

#[test]
fn one_price_and_no_price() {
    let one: Vec<_> = candles(1, "1M");
    let mut flat = one[0].clone();
    (flat.open, flat.high, flat.low) = (flat.close, flat.close, flat.close);
    let lines = draw(&[flat.clone()], false, &plain(50, 7)).unwrap();
    assert!(lines[2 + 3].starts_with(['╻', '╹', '┃']), "{}", lines.join("\n"));
    (flat.open, flat.high, flat.low, flat.close) = (None, None, None, None);
    assert_eq!(draw(&[flat], false, &plain(50, 7)), None);
    assert_eq!(draw(&[], false, &plain(50, 7)), None);
}

#[test]
fn volumes_are_short() {
    let texts = [0.01234, 5.0, 12.34, 123.4, 9999.0, 12_345.0, 2.5e6, 3e9].map(short);
    assert_eq!(texts, ["0.0123", "5.00", "12.3", "123", "9999", "12.3k", "2.50M", "3.00G"]);
}
