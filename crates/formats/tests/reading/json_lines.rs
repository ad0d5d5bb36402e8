//! What is written reads back.

use proptest::prelude::*;
use tradekeep_formats::{ReadOptions, write_csv, write_record};
use tradekeep_models::{Tick, strategies};

use crate::ticks;

proptest! {
    #[test]
    fn json_round_trips(written in strategies::ticks(30), symbol in strategies::symbol()) {
        let odd = Tick::builder(symbol, "2024-08-08".parse().unwrap())
            .price("-0.5".parse().unwrap())
            .quantity("1".parse().unwrap())
            .sequence(i64::MIN)
            .build()
            .unwrap();
        let mut file = Vec::new();
        for tick in written.iter().chain([&odd]) {
            write_record(&mut file, tick).unwrap();
        }
        let read = ticks(file, &ReadOptions::default());
        prop_assert_eq!(&read[..written.len()], &written[..]);
        prop_assert_eq!(&read[written.len()..], &[odd][..]);
    }

    #[test]
    fn csv_keeps_what_it_has_columns_for(written in strategies::ticks(30)) {
        let mut file = Vec::new();
        write_csv(&mut file, written.iter().cloned()).unwrap();
        for (read, tick) in ticks(file, &ReadOptions::default()).iter().zip(&written) {
            prop_assert_eq!(read.ts(), tick.ts());
            prop_assert_eq!(read.venue(), tick.venue());
            prop_assert_eq!(read.symbol(), tick.symbol());
            prop_assert_eq!(read.trade_id(), tick.trade_id());
            prop_assert_eq!(read.price(), tick.price());
            prop_assert_eq!(read.quantity(), tick.quantity());
            prop_assert_eq!(read.side(), tick.side());
        }
    }
}
