//! What every list of records is asked with.

use serde::Serialize;
use tradekeep::models::{InvalidInput, ListQuery, RecordFilter};

use super::parse::limit;
use crate::WrongUsage;

/// How much of an answer, and in which order.
#[derive(Debug, clap::Args)]
pub(crate) struct Paging {
    /// Rows at most [default: query.max_results of the configuration, 10000]
    #[arg(long, value_name = "N", value_parser = limit)]
    pub(crate) limit: Option<usize>,
    /// Go on behind the last row of a cut answer
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// Begin with the oldest
    #[arg(long, conflicts_with = "newest_first")]
    oldest_first: bool,
    /// Begin with the newest
    #[arg(long)]
    newest_first: bool,
}

impl Paging {
    /// Refuses flags of lists where `instead` is asked for.
    pub(super) fn must_be_unused(&self, instead: &str) -> Result<(), WrongUsage> {
        let flag = match self {
            Self { limit: Some(_), .. } => "--limit",
            Self { after: Some(_), .. } => "--after",
            Self { oldest_first: true, .. } => "--oldest-first",
            Self { newest_first: true, .. } => "--newest-first",
            _ => return Ok(()),
        };
        Err(WrongUsage(format!("{flag} is for single rows: {instead}")))
    }

    /// Refuses an order where there is only one.
    pub(super) fn must_be_in_order(&self, what: &str) -> Result<(), WrongUsage> {
        if self.oldest_first || self.newest_first {
            return Err(WrongUsage(format!("{what} come in order of time: leave the order out")));
        }
        Ok(())
    }

    /// Where to go on, as `read` reads it.
    pub(super) fn after<C>(
        &self,
        read: impl FnOnce(&str) -> Result<C, InvalidInput>,
    ) -> Result<Option<C>, WrongUsage> {
        self.after.as_deref().map(read).transpose().map_err(|error| {
            WrongUsage(format!("--after: {}: repeat the flags of the cut answer", error.reason))
        })
    }

    /// Whether to begin with the newest, when asked.
    const fn newest_first(&self) -> Option<bool> {
        match (self.oldest_first, self.newest_first) {
            (false, false) => None,
            (_, newest) => Some(newest),
        }
    }
}

/// The arguments of a list of records.
pub(crate) trait Listed {
    /// What they filter by.
    type Filter: RecordFilter<Record: Serialize>;

    /// Which records.
    fn filter(&self) -> Result<Self::Filter, WrongUsage>;

    /// How much of them.
    fn paging(&self) -> &Paging;

    /// Whether every version is asked for.
    fn history(&self) -> bool {
        false
    }

    /// The query for the first page, whose limit is left open.
    fn query(&self) -> Result<ListQuery, WrongUsage> {
        let mut query = ListQuery::new(&self.filter()?);
        let paging = self.paging();
        query.newest_first = paging.newest_first().unwrap_or(query.newest_first);
        query.history = self.history();
        query.after = paging.after(|text| query.cursor(text))?;
        Ok(query)
    }
}
