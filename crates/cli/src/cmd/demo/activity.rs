//! The made-up system's own activity: stored, and shown in part.

use std::time::Instant;

use anyhow::Result;
use tradekeep::formats::SampleActivity;
use tradekeep::models::record::Record;
use tradekeep::models::{Day, LatencyFilter, MevFilter, Records, TradeFilter, with_records};
use tradekeep::{ImportSummary, Tradekeep};

use crate::chart::Look;
use crate::cmd::import::{self, Report};
use crate::cmd::query::{latency, mev, trades};
use crate::output::Out;

/// Trades that are shown.
const TRADES: usize = 5;

/// What was stored of a day's activity.
pub(super) struct Activity {
    day: Day,
    report: Report,
}

impl Activity {
    pub(super) async fn import(seed: u64, day: Day, store: &Tradekeep) -> Result<Self> {
        let start = Instant::now();
        let made = SampleActivity::new(seed, day);
        let records: [Records; 9] = [
            made.trades().into(),
            made.orders().into(),
            made.fills().into(),
            made.positions().into(),
            made.metrics().into(),
            made.latencies().into(),
            made.mev_events().into(),
            made.system_events().into(),
            made.node_health().into(),
        ];
        let mut summary = ImportSummary::default();
        for records in records {
            let times = with_records!(&records, rows => (
                rows.iter().map(Record::ts).min(),
                rows.iter().map(Record::ts).max(),
            ));
            let read = records.len() as u64;
            let saved = store.save(records).await?;
            let mut done = ImportSummary::default();
            (done.read, done.imported, done.duplicates) = (read, saved.inserted, saved.duplicates);
            (done.first_ts, done.last_ts) = times;
            summary = summary.and(done);
        }
        Ok(Self { day, report: Report::done("own activity", summary, start.elapsed()) })
    }

    /// What was stored, in a line.
    pub(super) fn tell(&self, out: &mut Out) -> Result<()> {
        import::tell(&self.report, Some("own activity"), out)
    }

    /// The last trades, how long operations took, and what MEV did.
    pub(super) async fn show(&self, look: &Look, store: &Tradekeep, out: &mut Out) -> Result<()> {
        let range = self.day.range();
        let filter = TradeFilter { range, ..TradeFilter::default() };
        let last = store.trades(filter).limit(TRADES).all().await?;
        out.line("")?;
        out.bold("Its last trades")?;
        out.table(trades::columns(&last))?;

        let filter = LatencyFilter { range, ..LatencyFilter::default() };
        let stats = store.latency_stats(&filter).await?;
        out.line("")?;
        out.bold("How long its operations took")?;
        out.table(latency::numbers(&stats))?;
        if let Some(busiest) = stats.iter().max_by_key(|stats| stats.successes) {
            let (service, operation) = (busiest.service.clone(), busiest.operation.clone());
            let (service, operation) = (Some(service), Some(operation));
            let filter = LatencyFilter { service, operation, range };
            out.line("")?;
            latency::chart(&filter, std::slice::from_ref(busiest), look, store, out).await?;
        }

        let filter = MevFilter { range, ..MevFilter::default() };
        out.line("")?;
        out.bold("What MEV did to its trades")?;
        mev::tell(&store.mev_analysis(&filter).await?, out)
    }
}
