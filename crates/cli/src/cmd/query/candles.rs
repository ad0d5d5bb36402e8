//! `tradekeep query candles`.

use anyhow::{Result, bail};
use tradekeep::Tradekeep;
use tradekeep::models::{
    Candle, CandleQuery, Decimal, GapFill, MAX_LIMIT, StoredCandle, Symbol, TimeRange, Timestamp,
    Venue,
};
use tradekeep::stores::TickSeries;

use super::list::{self, maybe, versions};
use super::{pages, tell_next};
use crate::args::Candles;
use crate::chart::{self, Look};
use crate::output::{Column, Out, grouped};

/// Series that are named where one has to be chosen.
const MOST_NAMED: usize = 10;

pub(crate) async fn run(
    args: Candles,
    max_results: usize,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    if args.stored {
        return list::run(&args, max_results, store, stored_columns, out).await;
    }
    let (range, after) = (args.window.range()?, args.after()?);
    let (asked, interval) = (args.paging.limit, args.computed_interval()?);
    let (venue, symbol) = choose(args.series.venue, args.series.symbol, store).await?;
    let mut query = CandleQuery::new(venue, symbol, interval);
    (query.range, query.fill, query.after) = (range, args.fill.fill(), after);
    if args.chart && asked.is_none() && after.is_none() {
        let look = Look::of_terminal(out.colour(), 0);
        return chart_end(query, &look, store, out).await;
    }
    let limit = asked.unwrap_or(if args.chart { usize::MAX } else { max_results });

    let fetch = async |limit, after| {
        store.candle_page(&CandleQuery { limit, after, ..query.clone() }).await
    };
    let title = format!("{} on {}, {}", query.symbol, query.venue, query.interval);
    let (mut found, mut drawn) = (0, Vec::new());
    let take = |page: Vec<Candle>| {
        if args.chart {
            drawn.extend(page);
            let surplus = drawn.len().saturating_sub(MAX_LIMIT);
            drawn.drain(..surplus);
            return Ok(true);
        }
        if found == 0 && !page.is_empty() && !out.json() {
            out.dim(&title)?;
        }
        found += page.len();
        tell(&page, out)?;
        Ok(!out.is_closed())
    };
    let next = pages(limit, after, fetch, take).await?;
    if args.chart {
        draw(&drawn, false, &Look::of_terminal(out.colour(), 0), out)?;
    } else if found == 0 && !out.json() {
        nothing(out)?;
    }
    tell_next(next, out)
}

fn nothing(out: &mut Out) -> Result<()> {
    out.dim("no candles match: `tradekeep stats` shows what is stored")
}

/// The one series meant, where it is not named in full.
async fn choose(
    venue: Option<Venue>,
    symbol: Option<Symbol>,
    store: &Tradekeep,
) -> Result<(Venue, Symbol)> {
    let (venue, symbol) = match (venue, symbol) {
        (Some(venue), Some(symbol)) => return Ok((venue, symbol)),
        unsure => unsure,
    };
    let mut matching = store.series().await?;
    matching.retain(|series| {
        venue.as_ref().is_none_or(|venue| *venue == series.venue)
            && symbol.as_ref().is_none_or(|symbol| *symbol == series.symbol)
    });
    match &matching[..] {
        [series] => Ok((series.venue.clone(), series.symbol.clone())),
        [] => {
            let wanted = match (&venue, &symbol) {
                (Some(venue), _) => format!("no ticks of venue {venue} are stored"),
                (_, Some(symbol)) => format!("no ticks of {symbol} are stored"),
                (None, None) => "no ticks are stored".into(),
            };
            bail!("{wanted}: import some, or look at `tradekeep stats`")
        }
        several => bail!("{}", which_one(several, symbol.is_some())),
    }
}

fn which_one(several: &[TickSeries], by_venue: bool) -> String {
    let one_venue = several.windows(2).all(|pair| pair[0].venue == pair[1].venue);
    let flags = match (by_venue, one_venue) {
        (true, _) => "--venue",
        (false, true) => "--symbol",
        (false, false) => "--symbol and --venue",
    };
    let named = several.iter().take(MOST_NAMED);
    let mut names: Vec<_> = named.map(|s| format!("{} on {}", s.symbol, s.venue)).collect();
    if several.len() > MOST_NAMED {
        names.push(format!("{} more", several.len() - MOST_NAMED));
    }
    format!("{} series match: say with {flags} which one ({})", several.len(), names.join(", "))
}

/// Draws the last candles of `query` that fit.
pub(crate) async fn chart_end(
    query: CandleQuery,
    look: &Look,
    store: &Tradekeep,
    out: &mut Out,
) -> Result<()> {
    let series = store.series().await?;
    let found =
        series.iter().find(|series| series.venue == query.venue && series.symbol == query.symbol);
    let Some(series) = found else {
        return nothing(out);
    };
    // One more than can fit tells whether there are earlier ones.
    let candles = last(query, series, look.width + 1, store).await?;
    let earlier = candles.len() > look.width;
    draw(&candles[usize::from(earlier)..], earlier, look, out)
}

/// The last `count` candles of `query`, found from the end: a long history is not read whole.
async fn last(
    mut query: CandleQuery,
    series: &TickSeries,
    count: usize,
    store: &Tradekeep,
) -> Result<Vec<Candle>> {
    let (interval, asked) = (query.interval, query.range);
    let index = |ts: Timestamp| interval.index(ts);
    let first = match (asked.from(), query.fill) {
        (Some(from), GapFill::Zero) => from,
        (Some(from), _) => from.max(series.first_ts),
        (None, _) => series.first_ts,
    };
    let last = match (asked.to(), query.fill) {
        (Some(to), GapFill::Previous | GapFill::Zero) => to,
        (to, _) => to.map_or(series.last_ts, |to| to.min(series.last_ts)),
    };
    let mut span = i64::try_from(count).unwrap_or(i64::MAX);
    loop {
        let start = index(last).saturating_sub(span);
        let all = start <= index(first);
        // The asked start may cut its bucket off, the start of a bucket may not.
        let from = if all { asked.from() } else { interval.start(start) };
        query.range = TimeRange::new(from, asked.to()).unwrap_or(asked);
        let mut candles = store.candles(query.clone()).all().await?;
        if all || candles.len() >= count {
            let surplus = candles.len().saturating_sub(count);
            candles.drain(..surplus);
            return Ok(candles);
        }
        span = span.saturating_mul(8);
    }
}

fn draw(candles: &[Candle], earlier: bool, look: &Look, out: &mut Out) -> Result<()> {
    match chart::draw(candles, earlier, look) {
        Some(lines) => lines.into_iter().try_for_each(|line| out.line(line)),
        None => nothing(out),
    }
}

/// The columns of stored candles.
fn stored_columns(candles: &[StoredCandle]) -> Vec<Column> {
    let column = |cell: fn(&StoredCandle) -> String| candles.iter().map(cell).collect();
    vec![
        Column::times("open time (UTC)", candles.iter().map(|candle| candle.ts)),
        Column::text("venue", column(|candle| candle.venue.to_string())),
        Column::text("symbol", column(|candle| candle.symbol.to_string())),
        Column::text("interval", column(|candle| candle.interval.to_string())),
        Column::numbers("open", column(|candle| candle.open.to_string())),
        Column::numbers("high", column(|candle| candle.high.to_string())),
        Column::numbers("low", column(|candle| candle.low.to_string())),
        Column::numbers("close", column(|candle| candle.close.to_string())),
        Column::numbers("volume", column(|candle| candle.volume.to_string())),
        Column::numbers("vwap", column(|candle| maybe(candle.vwap))).extra(),
        Column::numbers("count", column(|candle| maybe(candle.count))).extra(),
        Column::text("source", column(|candle| candle.source.to_string())).extra(),
        versions(candles.iter().map(|candle| candle.version)),
    ]
}

fn tell(candles: &[Candle], out: &mut Out) -> Result<()> {
    if out.json() {
        return candles.iter().try_for_each(|candle| out.object(candle));
    }
    if candles.is_empty() {
        return Ok(());
    }
    let text = |value: Option<Decimal>| value.map(|value| value.to_string()).unwrap_or_default();
    let column = |value: fn(&Candle) -> Option<Decimal>| -> Vec<String> {
        candles.iter().map(|candle| text(value(candle))).collect()
    };
    let prices = [column(|c| c.open), column(|c| c.high), column(|c| c.low), column(|c| c.close)];
    // An average may have 18 places: for people, two more than the prices have.
    let places = prices.iter().flatten().filter_map(|text| Some(text.split_once('.')?.1.len()));
    let places = places.max().unwrap_or(0) + 2;
    let average = |candle: &Candle| candle.vwap.map(|vwap| format!("{:.places$}", vwap.to_f64()));
    let [open, high, low, close] = prices;
    out.table(vec![
        Column::times("open time (UTC)", candles.iter().map(|candle| candle.open_ts)),
        Column::numbers("open", open),
        Column::numbers("high", high),
        Column::numbers("low", low),
        Column::numbers("close", close),
        Column::numbers("volume", column(|candle| Some(candle.volume))),
        Column::numbers("vwap", candles.iter().map(|c| average(c).unwrap_or_default()).collect())
            .extra(),
        Column::numbers("ticks", candles.iter().map(|candle| grouped(candle.count)).collect()),
    ])
}
