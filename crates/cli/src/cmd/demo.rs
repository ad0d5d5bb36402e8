//! `tradekeep demo`: a made-up day, imported and shown.

mod activity;

use std::env;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use tradekeep::formats::{SampleMarket, write_csv};
use tradekeep::models::{CandleQuery, Day, Symbol, Venue};
use tradekeep::{Config, Tradekeep};

use self::activity::Activity;

use super::import::{self, Report};
use super::{query, stats, url, with_store};
use crate::Outcome;
use crate::args::{Demo, Global, Type};
use crate::chart::Look;
use crate::output::Out;

/// Its data folder where none is named.
const FOLDER: &str = "tradekeep-demo";
/// The first of the days that seeds choose from, a year's worth.
const FIRST_DAY: &str = "2024-01-01";
const DAYS: u64 = 366;

/// Lines around the chart, the prompt's included, so that a terminal shows all of it.
const TEXT_LINES: usize = 14;

pub(crate) async fn run(args: &Demo, global: &Global, out: &mut Out) -> Result<Outcome> {
    let folder = global.data.clone().unwrap_or_else(|| FOLDER.into());
    let config = Config::from_url(&url(&folder)?)?;
    let day = day_of(args.seed)?;
    let file = folder.join("market.csv");
    write_market(args.seed, day, &folder, &file).map_err(|error| {
        anyhow!("{}: cannot be written: {error}; name a folder with --data", file.display())
    })?;
    let market = Market { seed: args.seed, day, folder: &folder, file: &file };
    with_store(&config, async |store| show(&market, store, out).await).await
}

/// So that two seeds do not make two markets out of one day.
fn day_of(seed: u64) -> Result<Day> {
    let first: Day = FIRST_DAY.parse()?;
    Ok(Day::new(first.number() + i64::try_from(seed % DAYS)?)?)
}

fn write_market(seed: u64, day: Day, folder: &Path, file: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = BufWriter::new(File::create(file)?);
    write_csv(&mut file, SampleMarket::new(seed, day))?;
    file.flush()
}

/// What was made up, and where it is.
struct Market<'a> {
    seed: u64,
    day: Day,
    folder: &'a Path,
    file: &'a Path,
}

async fn show(market: &Market<'_>, store: &Tradekeep, out: &mut Out) -> Result<Outcome> {
    let Market { seed, day, folder, file } = *market;
    let report = Report::of(Type::Ticks, file, folder, store).await?;
    if let Some(error) = report.error() {
        return Err(anyhow!("{}: {error}", file.display()));
    }
    let activity = Activity::import(seed, day, store).await?;
    if out.json() {
        import::tell(&report, None, out)?;
        activity.tell(out)?;
        return Ok(Outcome::Done);
    }
    out.line(format_args!("A made-up day of trades, {}:", file.display()))?;
    import::tell(&report, None, out)?;
    activity.tell(out)?;
    out.line("")?;
    stats::table(&store.series().await?, out)?;
    out.line("")?;
    let (venue, symbol) = (Venue::new("demo")?, Symbol::new("BTC-USD")?);
    // The finest that shows the whole day beside the prices.
    let look = Look::of_terminal(out.colour(), TEXT_LINES);
    let room = look.width.saturating_sub(11);
    let minutes = [15, 20, 30].into_iter().find(|minutes| 24 * 60 / minutes <= room);
    let interval = format!("{}m", minutes.unwrap_or(60)).parse()?;
    let mut candles = CandleQuery::new(venue, symbol, interval);
    candles.range = day.range();
    query::candles::chart_end(candles, &look, store, out).await?;
    activity.show(&look, store, out).await?;
    out.line("")?;
    out.line("Next, try:")?;
    let this = format!("{} --data {}", program(), quoted(&folder.display().to_string()));
    out.line(format_args!("  {this} query candles --symbol ETH-USD --interval 1h"))?;
    out.line(format_args!("  {this} query ticks --symbol SOL-USD --limit 10 --json"))?;
    out.line(format_args!("  {this} query latency --from {day} --chart"))?;
    out.line(format_args!("  {this} query performance"))?;
    out.line(format_args!("  {this} query events --severity error --limit 5"))?;
    out.line(format_args!("  {this} import {}", quoted(&file.display().to_string())))?;
    Ok(Outcome::Done)
}

/// This program as it can be typed in this folder.
fn program() -> String {
    let called = env::args_os().next().map(PathBuf::from).unwrap_or_else(|| "tradekeep".into());
    if called.parent().is_none_or(|folder| folder.as_os_str().is_empty()) {
        // Found on PATH.
        return quoted(&called.display().to_string());
    }
    let here = env::current_dir().unwrap_or_default();
    let short = match called.strip_prefix(here) {
        Ok(rest) if rest.components().count() == 1 => Path::new(".").join(rest),
        Ok(rest) => rest.into(),
        Err(_) => called,
    };
    quoted(&short.display().to_string())
}

/// For a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a/b-c.csv"), "a/b-c.csv");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
    }

    #[test]
    fn seeds_have_days() {
        assert_eq!(day_of(7).unwrap().to_string(), "2024-01-08");
        assert_eq!(day_of(u64::MAX).unwrap().to_string().len(), 10);
    }
}
