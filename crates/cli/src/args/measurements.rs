//! `tradekeep query` of measurements and events.

use tradekeep::Uuid;
use tradekeep::models::{
    BucketCursor, BucketQuery, Interval, Labels, LatencyFilter, MetricFilter, MevFilter, Name,
    NodeHealthFilter, Severity, Symbol, SystemEventFilter, TraderId,
};

use super::list::{Listed, Paging};
use super::parse::{parsed, uuid};
use super::window::Window;
use crate::WrongUsage;

const METRICS_HELP: &str = "\
Single values, oldest first; or with --interval, or --stats for the whole window, their count, sum,
average, least, most and percentiles (nearest rank). --json gives single values as `import --type
metrics` reads them.

Examples:
  tradekeep query metrics --name quote_lag_ms --label venue=binance --limit 20
  tradekeep query metrics --name quote_lag_ms --interval 1m --from 2024-08-08
  tradekeep query metrics --name quote_lag_ms --stats --json";

#[derive(Debug, clap::Args)]
#[command(after_help = METRICS_HELP)]
pub(crate) struct Metrics {
    /// Only of this name
    #[arg(long, value_parser = parsed::<Name>)]
    name: Option<Name>,
    /// Only with this label; repeat it for more
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    window: Window,
    /// Numbers about each bucket of time: a number and s, m (minute), h, d, w or M (month)
    #[arg(long, value_parser = parsed::<Interval>)]
    pub(crate) interval: Option<Interval>,
    /// Numbers about the whole window
    #[arg(long, conflicts_with = "interval")]
    pub(crate) stats: bool,
    #[command(flatten)]
    paging: Paging,
}

impl Metrics {
    pub(crate) fn check(&self) -> Result<(), WrongUsage> {
        if self.stats {
            self.paging.must_be_unused("leave it or --stats out")?;
            return self.filter().map(drop);
        }
        match self.interval {
            Some(interval) => self.buckets(interval).map(drop),
            None => self.query().map(drop),
        }
    }

    /// The query for buckets of `interval`, whose limit is left open.
    pub(crate) fn buckets(&self, interval: Interval) -> Result<BucketQuery, WrongUsage> {
        self.paging.must_be_in_order("buckets")?;
        let mut query = BucketQuery::new(self.filter()?, interval);
        query.after = self.paging.after(str::parse::<BucketCursor>)?;
        Ok(query)
    }
}

impl Listed for Metrics {
    type Filter = MetricFilter;

    fn filter(&self) -> Result<MetricFilter, WrongUsage> {
        let labels = self.labels.iter().cloned();
        let labels = labels.collect::<std::collections::BTreeMap<_, _>>();
        if labels.len() < self.labels.len() {
            return Err(WrongUsage("--label names one label twice: give each once".into()));
        }
        let labels = Labels::try_from(labels)
            .map_err(|error| WrongUsage(format!("--label: labels {}", error.reason)))?;
        Ok(MetricFilter { name: self.name.clone(), labels, range: self.window.range()? })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("must be NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

const LATENCY_HELP: &str = "\
Of each operation of each service how often it succeeded and failed, and how long it took when it
succeeded: percentiles by nearest rank, exact. --chart draws how they spread; --list gives the single
ones, with --json as `import --type latencies` reads them.

Examples:
  tradekeep query latency --from 2024-08-08
  tradekeep query latency --service router --operation quote --chart
  tradekeep query latency --list --newest-first --limit 20";

#[derive(Debug, clap::Args)]
#[command(after_help = LATENCY_HELP)]
pub(crate) struct Latency {
    /// Only of this service
    #[arg(long, value_parser = parsed::<Name>)]
    service: Option<Name>,
    /// Only this operation
    #[arg(long, value_parser = parsed::<Name>)]
    operation: Option<Name>,
    #[command(flatten)]
    window: Window,
    /// Draw how the latencies spread
    #[arg(long, conflicts_with = "list")]
    pub(crate) chart: bool,
    /// The single latencies
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    paging: Paging,
}

/// What to do where a flag of lists stands without `--list`.
const ADD_LIST: &str = "add --list, or leave it out";

impl Latency {
    pub(crate) fn check(&self) -> Result<(), WrongUsage> {
        if !self.list {
            self.paging.must_be_unused(ADD_LIST)?;
        }
        self.query().map(drop)
    }
}

impl Listed for Latency {
    type Filter = LatencyFilter;

    fn filter(&self) -> Result<LatencyFilter, WrongUsage> {
        let (service, operation) = (self.service.clone(), self.operation.clone());
        Ok(LatencyFilter { service, operation, range: self.window.range()? })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

const MEV_HELP: &str = "\
How many attacks were avoided and suffered, and what they cost. --list gives the single events, with
--json as `import --type mev-events` reads them.

Examples:
  tradekeep query mev --from 2024-08-08
  tradekeep query mev --pair SOL/USDC --list --newest-first --limit 20";

#[derive(Debug, clap::Args)]
#[command(after_help = MEV_HELP)]
pub(crate) struct Mev {
    /// Only of this pair, as the events write it
    #[arg(long, alias = "token", value_parser = parsed::<Symbol>)]
    pair: Option<Symbol>,
    /// Only of this trader
    #[arg(long, value_name = "ID", value_parser = parsed::<TraderId>)]
    trader: Option<TraderId>,
    /// Only of this trade
    #[arg(long, alias = "id", value_name = "ID", value_parser = uuid)]
    trade_id: Option<Uuid>,
    #[command(flatten)]
    window: Window,
    /// The single events
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    paging: Paging,
}

impl Mev {
    pub(crate) fn check(&self) -> Result<(), WrongUsage> {
        if !self.list {
            self.paging.must_be_unused(ADD_LIST)?;
        }
        self.query().map(drop)
    }
}

impl Listed for Mev {
    type Filter = MevFilter;

    fn filter(&self) -> Result<MevFilter, WrongUsage> {
        Ok(MevFilter {
            trade_id: self.trade_id,
            trader_id: self.trader.clone(),
            token_pair: self.pair.clone(),
            range: self.window.range()?,
        })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

const EVENTS_HELP: &str = "\
Newest first. --json gives rows as `import --type system-events` reads them.

Examples:
  tradekeep query events --severity error --from 2024-08-08
  tradekeep query events --source router --limit 20";

#[derive(Debug, clap::Args)]
#[command(after_help = EVENTS_HELP)]
pub(crate) struct Events {
    /// Only as bad as this, or worse: info, warning, error, critical
    #[arg(long, value_parser = parsed::<Severity>)]
    severity: Option<Severity>,
    /// Only of this kind
    #[arg(long = "type", value_name = "NAME", value_parser = parsed::<Name>)]
    event_type: Option<Name>,
    /// Only of this service or part
    #[arg(long, value_name = "NAME", value_parser = parsed::<Name>)]
    source: Option<Name>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    paging: Paging,
}

impl Listed for Events {
    type Filter = SystemEventFilter;

    fn filter(&self) -> Result<SystemEventFilter, WrongUsage> {
        Ok(SystemEventFilter {
            at_least: self.severity,
            event_type: self.event_type.clone(),
            source: self.source.clone(),
            range: self.window.range()?,
        })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

const NODES_HELP: &str = "\
Oldest first. --json gives rows as `import --type node-health` reads them.

Examples:
  tradekeep query nodes --node rpc-1 --newest-first --limit 1
  tradekeep query nodes --from 2024-08-08";

#[derive(Debug, clap::Args)]
#[command(after_help = NODES_HELP)]
pub(crate) struct Nodes {
    /// Only of this node
    #[arg(long, value_name = "NAME", value_parser = parsed::<Name>)]
    node: Option<Name>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    paging: Paging,
}

impl Listed for Nodes {
    type Filter = NodeHealthFilter;

    fn filter(&self) -> Result<NodeHealthFilter, WrongUsage> {
        Ok(NodeHealthFilter { node: self.node.clone(), range: self.window.range()? })
    }

    fn paging(&self) -> &Paging {
        &self.paging
    }
}

const SLIPPAGE_HELP: &str = "\
In basis points, worse is positive: of our trades where any has an actual slippage, else of the metric
slippage_bps, whose label `token` names the token.

Examples:
  tradekeep query slippage --token SOL --from 2024-08-08";

#[derive(Debug, clap::Args)]
#[command(after_help = SLIPPAGE_HELP)]
pub(crate) struct Slippage {
    /// Only with this token
    #[arg(long, value_parser = parsed::<Symbol>)]
    pub(crate) token: Option<Symbol>,
    #[command(flatten)]
    pub(crate) window: Window,
}
