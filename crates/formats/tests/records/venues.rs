//! Histories as venues export them: their ids, their words, amounts with their currency.

use tradekeep_formats::ReadOptions;
use tradekeep_models::{Fill, Order};

use crate::{read_with, records_with, refused_with};

fn options(map: &str, set: &str) -> ReadOptions {
    ReadOptions { map: map.parse().unwrap(), set: set.parse().unwrap(), ..ReadOptions::default() }
}

/// A fill as `time market side price x quantity, fee currency`.
fn shown(fill: &Fill) -> String {
    let Fill { ts, market, side, price, quantity, fee, fee_currency, .. } = fill;
    format!("{ts} {market} {side} {price} x {quantity}, {fee} {fee_currency}")
}

#[test]
fn a_trade_history_of_binance_is_fills() {
    let file = "\"Date(UTC)\",\"Pair\",\"Side\",\"Price\",\"Executed\",\"Amount\",\"Fee\"\n\
        \"2023-12-31 18:12:45\",\"ETHUSDT\",\"BUY\",\"2297.0600000000\",\"0.0010000000ETH\",\"2.29706000USDT\",\"0.0000010000ETH\"\n\
        \"2023-12-31 18:15:45\",\"VETUSDT\",\"SELL\",\"0.0340000000\",\"1,043.7000000000VET\",\"35.48580000USDT\",\"0.0000114300BNB\"\n";
    let error = refused_with::<Fill>(file, &ReadOptions::default());
    assert!(error.contains("no column for venue"), "{error}");
    let fills = records_with::<Fill>(file, &options("", "venue=binance"));
    assert_eq!(
        fills.iter().map(shown).collect::<Vec<_>>(),
        [
            "2023-12-31T18:12:45.000000000Z ETHUSDT buy 2297.06 x 0.001, 0.000001 ETH",
            "2023-12-31T18:15:45.000000000Z VETUSDT sell 0.034 x 1043.7, 0.00001143 BNB",
        ]
    );
    // Ids are made of what is there: the same again.
    assert_eq!(records_with::<Fill>(file, &options("", "venue=binance")), fills);
    assert_ne!(fills[0].order_id, fills[1].order_id);
    // A currency that its market does not have.
    let odd = file.replace("0.0010000000ETH", "0.0010000000BTC");
    let outcome = read_with::<Fill>(odd, &options("", "venue=binance"));
    assert_eq!(outcome.records.len(), 1);
    assert!(outcome.reasons()[0].contains("quantity: is in BTC"), "{:?}", outcome.reasons());
}

#[test]
fn an_older_one_has_its_side_in_type_and_its_currency_beside() {
    let file = "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\n\
                2021-05-09 22:47:36,VETUSDT,BUY,0.22917,43.7,10.014729,0.00001143,BNB\n";
    let error = refused_with::<Fill>(file, &options("", "venue=binance"));
    assert!(error.contains("--map _=Total"), "{error}");
    let expected = "2021-05-09T22:47:36.000000000Z VETUSDT buy 0.22917 x 43.7, 0.00001143 BNB";
    for map in ["_=Total", "notional=Total"] {
        let fills = records_with::<Fill>(file, &options(map, "venue=binance"));
        assert_eq!(fills.iter().map(shown).collect::<Vec<_>>(), [expected], "{map}");
    }
}

#[test]
fn ids_of_venues_name_ours() {
    let file = "symbol,orderId,orderLinkId,side,execPrice,execQty,execFee,execTime,execId\n\
                BTCUSDT,o-1,l-1,Buy,109183,0.5,5.4,1748327839460,e-1\n\
                BTCUSDT,o-1,l-1,Buy,109184,0.5,5.4,1748327839470,e-2\n";
    let options = options("_=orderLinkId", "venue=bybit,fee_currency=USDT");
    let fills = records_with::<Fill>(file, &options);
    assert_eq!(fills[0].venue_fill_id.as_ref().unwrap().as_str(), "e-1");
    assert_eq!(fills[0].order_id, fills[1].order_id);
    assert_ne!(fills[0].fill_id, fills[1].fill_id);
    // Told by another feed it is the same fill, and its order is the one that is told of itself.
    let told = r#"{"ts":"2025-05-27T06:37:19.461Z","venue":"bybit","market":"BTCUSDT","fill_id":"e-1","order_id":"o-1","side":"buy","price":"109183","quantity":"0.5","fee":"5.4","fee_currency":"USDT"}"#;
    let again = records_with::<Fill>(told, &ReadOptions::default());
    assert_eq!((again[0].fill_id, again[0].order_id), (fills[0].fill_id, fills[0].order_id));
    let order = r#"{"ts":"2025-05-27T06:37:19Z","venue":"bybit","market":"BTCUSDT","order_id":"o-1","side":"Buy","order_type":"limit","quantity":"1","status":"NEW"}"#;
    let orders = records_with::<Order>(order, &ReadOptions::default());
    assert_eq!(orders[0].order_id, fills[0].order_id);
    assert_eq!(orders[0].venue_order_id.as_ref().unwrap().as_str(), "o-1");
}

#[test]
fn states_are_told_as_venues_tell_them() {
    let header = "ts,client_order_id,venue,market,side,order_type,price,quantity,status";
    for (status, ours) in [
        ("NEW", "open"),
        ("canceled", "cancelled"),
        ("PARTIALLY_FILLED", "partially_filled"),
        ("FILLED", "filled"),
        ("closed", "filled"),
        ("cancelled", "cancelled"),
        ("EXPIRED_IN_MATCH", "expired"),
    ] {
        let file =
            format!("{header}\n2023-01-26T10:00:00Z,c1,bybit,X,BUY,LIMIT,23000,0.1,{status}\n");
        let orders = records_with::<Order>(file, &ReadOptions::default());
        assert_eq!(orders[0].status.as_str(), ours, "{status}");
    }
    let file = format!("{header}\n2023-01-26T10:00:00Z,c1,bybit,X,BUY,LIMIT,23000,0.1,done\n");
    assert!(
        read_with::<Order>(file, &ReadOptions::default()).reasons()[0]
            .contains("status: is none of")
    );
}
