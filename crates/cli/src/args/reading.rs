//! How rows and lines are read that do not tell by themselves.

use tradekeep::formats::{ReadOptions, SideOf, TimeFormat, TimeOptions, TimeZone};
use tradekeep::models::{InvalidInput, Side, TimeUnit};

use super::parse::parsed;
use crate::WrongUsage;

#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What rows do not tell")]
pub(crate) struct Reading {
    /// Columns by name: price=last, ts=date+time, price=data.p, _=unwanted
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    map: Option<String>,
    /// What every row has: venue=kraken,fee_currency=USD
    #[arg(long, value_name = "FIELD=VALUE,…")]
    set: Option<String>,
    /// What times in digits count: s, ms, us, ns
    #[arg(long, value_name = "UNIT", value_parser = parsed::<TimeUnit>)]
    time_unit: Option<TimeUnit>,
    /// How times are written: '%d/%m/%Y %H:%M:%S'
    #[arg(long, value_name = "FORMAT", value_parser = parsed::<TimeFormat>)]
    time_format: Option<TimeFormat>,
    /// Where times without a zone are: Europe/Berlin, +08:00 [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = parsed::<TimeZone>)]
    timezone: Option<TimeZone>,
    /// Whose side ticks tell: taker, or maker as Coinbase does
    #[arg(long, value_name = "WHOSE", value_parser = parsed::<SideOf>)]
    side_of: Option<SideOf>,
    /// What a negative quantity of ticks means: sell, buy
    #[arg(long, value_name = "SIDE", value_parser = parsed::<Side>, allow_hyphen_values = false)]
    negative_is: Option<Side>,
    /// Round half-even what has more than 18 places
    #[arg(long, value_name = "18", value_parser = ["18"])]
    round: Option<String>,
}

impl Reading {
    /// As options of reading.
    pub(crate) fn options(&self) -> Result<ReadOptions, WrongUsage> {
        let wrong =
            |name: &str, error: InvalidInput| WrongUsage(format!("--{name} {}", error.reason));
        let map = self.map.as_deref().unwrap_or_default().parse();
        let set = self.set.as_deref().unwrap_or_default().parse();
        Ok(ReadOptions {
            map: map.map_err(|error| wrong("map", error))?,
            set: set.map_err(|error| wrong("set", error))?,
            time: TimeOptions {
                unit: self.time_unit,
                format: self.time_format.clone(),
                zone: self.timezone,
                round: self.round.is_some(),
            },
            side_of: self.side_of.unwrap_or_default(),
            negative_is: self.negative_is,
            round: self.round.is_some(),
            ..ReadOptions::default()
        })
    }
}
