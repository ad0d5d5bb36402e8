//! The window of time that queries are about.

use tradekeep::models::{TimeRange, Timestamp};

use super::parse::time;
use crate::WrongUsage;

/// From when to when.
#[derive(Debug, clap::Args)]
pub(crate) struct Window {
    /// From this time on: 2024-08-08, 2024-08-08T10:00:05.25Z, 1723111205, 1h (ago)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<Timestamp>,
    /// Up to, but without this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<Timestamp>,
}

impl Window {
    /// The range of time.
    pub(crate) fn range(&self) -> Result<TimeRange, WrongUsage> {
        TimeRange::new(self.from, self.to)
            .map_err(|_| WrongUsage("--to is before --from: swap them".into()))
    }
}
