//! `tradekeep query` of our own trades, orders, fills and positions.

use tradekeep::Uuid;
use tradekeep::models::{
    FillFilter, Market, Name, OrderFilter, OrderStatus, PositionFilter, Side, Symbol, TradeFilter,
    TraderId, TradingMode, Venue,
};

use super::list::{Listed, Paging};
use super::parse::{parsed, uuid};
use super::window::Window;
use crate::WrongUsage;

const TRADES_HELP: &str = "\
Newest first; each trade in its highest version, which is also what the filters look at. --json gives
rows as `import --type trades` reads them, and where a cut answer goes on in a last {\"next\":…}.

Examples:
  tradekeep query trades --token SOL --from 2024-08-08 --limit 20
  tradekeep query trades --id 01913a5e-7c1b-7d3e-9f00-0123456789ab --history
  tradekeep query trades --json --limit 1000000000 > trades.ndjson";

#[derive(Debug, clap::Args)]
#[command(after_help = TRADES_HELP)]
pub(crate) struct Trades {
    /// Only this trade
    #[arg(long, value_parser = uuid)]
    id: Option<Uuid>,
    /// Only trades that this request led to
    #[arg(long, value_name = "ID", value_parser = parsed::<Name>)]
    request_id: Option<Name>,
    #[command(flatten)]
    which: TradeFlags,
    #[command(flatten)]
    paging: Paging,
    /// Every version, and not only the highest
    #[arg(long)]
    history: bool,
}

/// What trades, and what they gained, are chosen by.
#[derive(Debug, clap::Args)]
struct TradeFlags {
    /// Only with this token as base or quote
    #[arg(long, value_parser = parsed::<Symbol>)]
    token: Option<Symbol>,
    /// Only of this trader
    #[arg(long, value_name = "ID", value_parser = parsed::<TraderId>)]
    trader: Option<TraderId>,
    /// Only paper, or only live
    #[arg(long, value_parser = parsed::<TradingMode>)]
    mode: Option<TradingMode>,
    #[command(flatten)]
    window: Window,
}

impl TradeFlags {
    fn filter(&self) -> Result<TradeFilter, WrongUsage> {
        Ok(TradeFilter {
            id: None,
            request_id: None,
            token: self.token.clone(),
            trader_id: self.trader.clone(),
            mode: self.mode,
            range: self.window.range()?,
        })
    }
}

impl Listed for Trades {
    type Filter = TradeFilter;

    fn filter(&self) -> Result<TradeFilter, WrongUsage> {
        let request_id = self.request_id.clone();
        Ok(TradeFilter { id: self.id, request_id, ..self.which.filter()? })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }

    fn history(&self) -> bool {
        self.history
    }
}

const PERFORMANCE_HELP: &str = "\
Of confirmed trades: profit and loss is received - paid - transfer fees + what is left at the last
price, in quote tokens, realised and unrealised together. --json gives an object a pair, then one with
trades, failed and fees_lamports of all.

Examples:
  tradekeep query performance --from 2024-08-08 --mode live
  tradekeep query performance --trader arb-1 --json";

#[derive(Debug, clap::Args)]
#[command(after_help = PERFORMANCE_HELP)]
pub(crate) struct Performance {
    #[command(flatten)]
    which: TradeFlags,
}

impl Performance {
    pub(crate) fn filter(&self) -> Result<TradeFilter, WrongUsage> {
        self.which.filter()
    }
}

const ORDERS_HELP: &str = "\
Newest first; each order in its highest version, which is also what the filters look at. --json gives
rows as `import --type orders` reads them.

Examples:
  tradekeep query orders --status open --venue polymarket
  tradekeep query orders --client-order-id c-1 --history";

#[derive(Debug, clap::Args)]
#[command(after_help = ORDERS_HELP)]
pub(crate) struct Orders {
    /// Only this order
    #[arg(long, alias = "id", value_name = "ID", value_parser = uuid)]
    order_id: Option<Uuid>,
    /// Only the order that we gave this id; a note tells where several have it
    #[arg(long, value_name = "ID", value_parser = parsed::<Name>)]
    pub(crate) client_order_id: Option<Name>,
    #[command(flatten)]
    which: MarketFlags,
    /// buy or sell
    #[arg(long, value_parser = parsed::<Side>)]
    side: Option<Side>,
    /// Only orders that have come this far: pending, open, partially_filled, filled, …
    #[arg(long, value_parser = parsed::<OrderStatus>)]
    status: Option<OrderStatus>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    paging: Paging,
    /// Every version, and not only the highest
    #[arg(long)]
    history: bool,
}

/// What orders, fills and positions are chosen by.
#[derive(Debug, clap::Args)]
struct MarketFlags {
    /// Only of this trader
    #[arg(long, value_name = "ID", value_parser = parsed::<TraderId>)]
    trader: Option<TraderId>,
    /// Only on this venue
    #[arg(long, value_parser = parsed::<Venue>)]
    venue: Option<Venue>,
    /// Only of this market
    #[arg(long, value_parser = parsed::<Market>)]
    market: Option<Market>,
}

impl Listed for Orders {
    type Filter = OrderFilter;

    fn filter(&self) -> Result<OrderFilter, WrongUsage> {
        Ok(OrderFilter {
            order_id: self.order_id,
            client_order_id: self.client_order_id.clone(),
            trader_id: self.which.trader.clone(),
            venue: self.which.venue.clone(),
            market: self.which.market.clone(),
            side: self.side,
            status: self.status,
            range: self.window.range()?,
        })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }

    fn history(&self) -> bool {
        self.history
    }
}

const FILLS_HELP: &str = "\
Oldest first. --json gives rows as `import --type fills` reads them.

Examples:
  tradekeep query fills --market 0x123abc --newest-first --limit 20
  tradekeep query fills --order-id 01913a5e-7c1b-7d3e-9f00-0123456789ab";

#[derive(Debug, clap::Args)]
#[command(after_help = FILLS_HELP)]
pub(crate) struct Fills {
    /// Only of this order
    #[arg(long, value_name = "ID", value_parser = uuid)]
    order_id: Option<Uuid>,
    #[command(flatten)]
    which: MarketFlags,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    paging: Paging,
}

impl Listed for Fills {
    type Filter = FillFilter;

    fn filter(&self) -> Result<FillFilter, WrongUsage> {
        Ok(FillFilter {
            order_id: self.order_id,
            trader_id: self.which.trader.clone(),
            venue: self.which.venue.clone(),
            market: self.which.market.clone(),
            range: self.window.range()?,
        })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

const POSITIONS_HELP: &str = "\
Oldest first; of each time the highest version. --json gives rows as `import --type positions` reads
them.

Examples:
  tradekeep query positions --venue polymarket --market 0x123abc --newest-first --limit 1
  tradekeep query positions --trader mm-1 --from 2024-08-08";

#[derive(Debug, clap::Args)]
#[command(after_help = POSITIONS_HELP)]
pub(crate) struct Positions {
    #[command(flatten)]
    which: MarketFlags,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    paging: Paging,
    /// Every version, and not only the highest
    #[arg(long)]
    history: bool,
}

impl Listed for Positions {
    type Filter = PositionFilter;

    fn filter(&self) -> Result<PositionFilter, WrongUsage> {
        Ok(PositionFilter {
            trader_id: self.which.trader.clone(),
            venue: self.which.venue.clone(),
            market: self.which.market.clone(),
            range: self.window.range()?,
        })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }

    fn history(&self) -> bool {
        self.history
    }
}
