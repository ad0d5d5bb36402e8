//! Orders of the made-up system, what was filled of them, and what that left it with.

use std::collections::BTreeMap;

use tradekeep_models::{
    Decimal, Fill, Market, Name, Order, OrderStatus, OrderType, Position, Side, Symbol,
    TimeInForce, Timestamp, TraderId, Venue,
};

use super::{SampleActivity, decimal, id, later};
use crate::sample::random::Random;

const ORDERS: u64 = 400;
const NUMBER: u8 = 101;
const SECOND: u64 = 1_000_000_000;

/// Where it makes a market.
struct Listing {
    venue: &'static str,
    market: &'static str,
    /// In thousandths.
    price: u64,
    /// Decimal places of quantities.
    scale: u32,
}

const LISTINGS: [Listing; 4] = [
    Listing { venue: "polymarket", market: "0x6f1d1e2c9a04", price: 520, scale: 0 },
    Listing { venue: "polymarket", market: "0xb83a5c77e190", price: 110, scale: 0 },
    Listing { venue: "demo", market: "SOL-USD", price: 154_327, scale: 1 },
    Listing { venue: "demo", market: "ETH-USD", price: 2_683_410, scale: 2 },
];

/// All of them, each order's in time order.
#[derive(Debug, Default)]
pub(super) struct Executions {
    pub(super) orders: Vec<Order>,
    pub(super) fills: Vec<Fill>,
}

impl Executions {
    pub(super) fn of(activity: &SampleActivity) -> Self {
        let mut random = activity.random(NUMBER);
        let mut all = Self::default();
        for number in 0..ORDERS {
            let ts = activity.moment(&mut random, number, ORDERS);
            let order = ts.and_then(|ts| order(&mut random, number, ts));
            if let Some(order) = order {
                // What came of it as far as it could be made.
                let _ = all.follow(&mut random, order);
            }
        }
        all
    }

    /// What comes of an order that is pending.
    fn follow(&mut self, random: &mut Random, mut order: Order) -> Option<()> {
        self.orders.push(order.clone());
        let venue_id = format!("v-{}", self.orders.len());
        order.ts = later(order.ts, random.around(60_000_000))?;
        if random.chance(3) {
            self.change(&mut order, OrderStatus::Rejected);
            return Some(());
        }
        order.venue_order_id = Name::new(venue_id).ok();
        self.change(&mut order, OrderStatus::Open);
        let parts = if random.chance(25) { 0 } else { 1 + random.below(3) };
        let mut left = order.quantity;
        for part in 1..=parts {
            order.ts = later(order.ts, random.around(4 * SECOND))?;
            let last = part == parts && random.chance(85);
            let half = decimal(5, 1)?;
            let quantity = if last { left } else { left.mul_round(half).ok()? };
            left = left.sub(quantity).ok()?;
            self.fills.push(fill(random, &order, quantity)?);
            self.change(
                &mut order,
                if last { OrderStatus::Filled } else { OrderStatus::PartiallyFilled },
            );
        }
        if !left.is_zero() {
            order.ts = later(order.ts, random.around(30 * SECOND))?;
            self.change(&mut order, OrderStatus::Cancelled);
        }
        Some(())
    }

    /// The next version of `order`.
    fn change(&mut self, order: &mut Order, status: OrderStatus) {
        order.version += 1;
        order.status = status;
        self.orders.push(order.clone());
    }
}

fn order(random: &mut Random, number: u64, ts: Timestamp) -> Option<Order> {
    let Listing { venue, market, price, scale } = *random.pick(&LISTINGS)?;
    let limit = random.chance(80);
    let price = price + random.below(price / 50 + 1);
    Some(
        Order::builder()
            .ts(ts)
            .order_id(id(random, ts)?)
            .trader_id(TraderId::new(*random.pick(&["mm-1", "mm-2"])?).ok()?)
            .venue(Venue::new(venue).ok()?)
            .market(Market::new(market).ok()?)
            .side(if random.chance(50) { Side::Buy } else { Side::Sell })
            .order_type(if limit { OrderType::Limit } else { OrderType::Market })
            .maybe_price(if limit { decimal(price, 3) } else { None })
            .quantity(decimal(10 * (1 + random.around(40)), scale)?)
            .client_order_id(Name::new(format!("c-{}-{number}", ts.day())).ok()?)
            .time_in_force(if limit { TimeInForce::Gtc } else { TimeInForce::Ioc })
            .build(),
    )
}

fn fill(random: &mut Random, order: &Order, quantity: Decimal) -> Option<Fill> {
    let usual = LISTINGS.iter().find(|listing| listing.market == order.market.as_str())?.price;
    let price = match order.price {
        Some(price) => price,
        None => decimal(usual + random.below(usual / 100 + 1), 3)?,
    };
    // Makers are paid a little by the one venue, takers pay at the other.
    let fee = match order.venue.as_str() {
        "polymarket" => decimal(-2, 4)?,
        _ => decimal(4, 4)?,
    };
    Some(
        Fill::builder()
            .ts(order.ts)
            .fill_id(id(random, order.ts)?)
            .order_id(order.order_id)
            .maybe_trader_id(order.trader_id.clone())
            .venue(order.venue.clone())
            .market(order.market.clone())
            .side(order.side)
            .price(price)
            .quantity(quantity)
            .fee(price.mul_round(quantity).and_then(|notional| notional.mul_round(fee)).ok()?)
            .fee_currency(Symbol::new("USDC").ok()?)
            .venue_fill_id(Name::new(format!("f-{}", random.below(u64::MAX))).ok()?)
            .build(),
    )
}

/// What `fills`, which are in time order, leave each trader with.
pub(super) fn positions(fills: &[Fill]) -> Vec<Position> {
    let mut held: BTreeMap<_, Position> = BTreeMap::new();
    fills.iter().filter_map(|fill| after(&mut held, fill)).collect()
}

type Held = BTreeMap<(TraderId, Venue, Market), Position>;

fn after(held: &mut Held, fill: &Fill) -> Option<Position> {
    let trader = fill.trader_id.clone()?;
    let key = (trader.clone(), fill.venue.clone(), fill.market.clone());
    let nothing = || {
        Position::builder()
            .ts(Timestamp::MIN)
            .trader_id(trader)
            .venue(fill.venue.clone())
            .market(fill.market.clone())
            .amount(Decimal::ZERO)
            .cost_basis(Decimal::ZERO)
            .build()
    };
    let position = held.entry(key).or_insert_with(nothing);
    if position.ts == fill.ts {
        // One identity has one content.
        position.version += 1;
    } else {
        position.version = 0;
    }
    let (amount, cost) = match fill.side {
        Side::Buy => (position.amount.add(fill.quantity), position.cost_basis.add(fill.notional)),
        Side::Sell => (position.amount.sub(fill.quantity), position.cost_basis.sub(fill.notional)),
    };
    position.ts = fill.ts;
    position.amount = amount.ok()?;
    position.cost_basis = cost.ok()?;
    position.current_price = Some(fill.price);
    let worth = position.amount.mul_round(fill.price).ok()?;
    position.unrealized_pnl = worth.sub(position.cost_basis).ok();
    Some(position.clone())
}
