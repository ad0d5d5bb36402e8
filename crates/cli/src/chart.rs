//! Candles, and how latencies spread, as characters.

mod axis;
pub(crate) mod histogram;

use std::io::stdout;

use terminal_size::{Height, Width, terminal_size_of};
use tradekeep::models::{Candle, Decimal};

use self::axis::{Scale, times};
use crate::output;

/// How large, and whether in colours.
#[derive(Debug)]
pub(crate) struct Look {
    /// Characters in a line.
    pub(crate) width: usize,
    /// Lines of prices; title, volume and times come on top.
    pub(crate) height: usize,
    pub(crate) colour: bool,
}

impl Look {
    /// To fit the terminal together with so many `other` lines; 100 characters wide where there is
    /// no terminal.
    pub(crate) fn of_terminal(colour: bool, other: usize) -> Self {
        let (width, height): (usize, usize) = terminal_size_of(stdout())
            .map_or((100, 34), |(Width(width), Height(height))| (width.into(), height.into()));
        let height = height.saturating_sub(AROUND + other).clamp(LOWEST, HIGHEST);
        Self { width: width.clamp(40, 400), height, colour }
    }

    fn bold(&self, text: String) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text }
    }

    /// As a bar that neither rises nor falls.
    fn coloured(&self, text: &str) -> String {
        if self.colour { format!("\x1b[36m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Lines of prices, and lines that come on top with the prompt.
const LOWEST: usize = 8;
const HIGHEST: usize = 24;
const AROUND: usize = 8;

/// Columns a candle may take: more only look thin.
const WIDEST: usize = 3;

/// The last of `candles` that fit; nothing where no candle has a price. `earlier` says that there are
/// candles before these.
pub(crate) fn draw(candles: &[Candle], earlier: bool, look: &Look) -> Option<Vec<String>> {
    let scale = Scale::of(candles, look.height)?;
    let room = look.width.saturating_sub(scale.label_width() + 3);
    let cut = candles.len().saturating_sub(room);
    let shown = &candles[cut..];
    // Fewer candles may do with a smaller scale; the last may all be without prices.
    let scale = Scale::of(shown, look.height).unwrap_or(scale);
    let stride = (room / shown.len().max(1)).clamp(1, WIDEST);

    let most = shown.iter().map(|candle| candle.volume.to_f64()).fold(0.0, f64::max);
    let mut lines = title(shown, most, earlier || cut > 0, look);
    for row in 0..look.height {
        let cells = shown.iter().map(|candle| cell(candle, row, &scale, look));
        let label = scale.label(row).map_or("│".into(), |label| format!("┤ {label}"));
        lines.push(format!("{} {label}", line(cells, stride)));
    }
    let bars = shown.iter().map(|candle| bar(candle, most, look));
    lines.push(format!("{} │", line(bars, stride)));
    let (ruler, labels) = times(shown, stride, look.width);
    lines.push(format!("{ruler}─┘"));
    lines.push(labels);
    Some(lines)
}

fn title(shown: &[Candle], most: f64, earlier: bool, look: &Look) -> Vec<String> {
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return Vec::new();
    };
    let mut line = format!("{} on {}, {}", first.symbol, first.venue, first.interval);
    let open = shown.iter().find_map(|candle| candle.open);
    let close = shown.iter().rev().find_map(|candle| candle.close);
    if let (Some(open), Some(close)) = (open, close) {
        line += &format!(": {open} to {close}");
        if open.to_f64() > 0.0 {
            let change = (close.to_f64() / open.to_f64() - 1.0) * 100.0;
            line += &format!(" ({change:+.2} %)");
        }
    }
    let mut times = output::times([first.open_ts, last.open_ts]);
    if times.iter().all(|text| text.ends_with(":00")) {
        times.iter_mut().for_each(|text| text.truncate(text.len() - 3));
    }
    let [from, to] = [0, 1].map(|place| times.get(place).map_or("", String::as_str));
    let mut below = format!("{from} to {to} UTC, volume up to {}", short(most));
    if !look.colour {
        below += ", ┃ up █ down";
    }
    let mut lines = vec![look.bold(line), below];
    if earlier {
        let count = shown.len();
        lines
            .push(format!("the last {count} candles; for others name --to, or a wider --interval"));
    }
    lines
}

/// What one candle shows in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Glyph {
    sign: char,
    colour: Option<Colour>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colour {
    Green,
    Red,
}

const BLANK: Glyph = Glyph { sign: ' ', colour: None };

/// What of a candle is in half a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    Wick,
    Body,
}

fn rises(candle: &Candle) -> bool {
    candle.close >= candle.open
}

fn glyph(sign: char, candle: &Candle, look: &Look) -> Glyph {
    let colour = if rises(candle) { Colour::Green } else { Colour::Red };
    Glyph { sign, colour: look.colour.then_some(colour) }
}

fn cell(candle: &Candle, row: usize, scale: &Scale, look: &Look) -> Glyph {
    let half = |price: Option<Decimal>| price.map(|price| scale.half(price.to_f64()));
    let (Some(open), Some(high), Some(low), Some(close)) =
        (half(candle.open), half(candle.high), half(candle.low), half(candle.close))
    else {
        return BLANK;
    };
    let part = |half: usize| {
        if (open.min(close)..=open.max(close)).contains(&half) {
            Part::Body
        } else if (low..=high).contains(&half) {
            Part::Wick
        } else {
            Part::None
        }
    };
    let bottom = 2 * (look.height - 1 - row);
    let solid = !look.colour && !rises(candle);
    let sign = match (part(bottom + 1), part(bottom)) {
        (Part::None, Part::None) => return BLANK,
        (Part::Wick, Part::Wick) => '│',
        (Part::Wick, Part::None) => '╵',
        (Part::None, Part::Wick) => '╷',
        (Part::Body, Part::Body) if solid => '█',
        (Part::Body, _) if solid => '▀',
        (_, Part::Body) if solid => '▄',
        (Part::Body, Part::Body) => '┃',
        (Part::Body, Part::Wick) => '╿',
        (Part::Wick, Part::Body) => '╽',
        (Part::Body, Part::None) => '╹',
        (Part::None, Part::Body) => '╻',
    };
    glyph(sign, candle, look)
}

fn bar(candle: &Candle, most: f64, look: &Look) -> Glyph {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    if candle.volume.is_zero() || most <= 0.0 {
        return BLANK;
    }
    let level = axis::whole(candle.volume.to_f64() / most * 8.0, 8).max(1);
    glyph(BARS[level - 1], candle, look)
}

/// A line of cells, each with its colour said only where it changes.
fn line(cells: impl Iterator<Item = Glyph>, stride: usize) -> String {
    let mut line = String::new();
    let mut colour = None;
    for glyph in cells {
        if glyph.colour != colour && glyph != BLANK {
            line.push_str(match glyph.colour {
                Some(Colour::Green) => "\x1b[32m",
                Some(Colour::Red) => "\x1b[31m",
                None => "\x1b[0m",
            });
            colour = glyph.colour;
        }
        line.push(glyph.sign);
        line.extend(std::iter::repeat_n(' ', stride - 1));
    }
    if colour.is_some() {
        line.push_str("\x1b[0m");
    }
    line
}

/// About three digits: 0.0123, 12.3, 1.23M.
fn short(number: f64) -> String {
    let (number, unit) = match number {
        n if n >= 1e9 => (n / 1e9, "G"),
        n if n >= 1e6 => (n / 1e6, "M"),
        n if n >= 1e4 => (n / 1e3, "k"),
        n => (n, ""),
    };
    let decimals = match number {
        n if n >= 100.0 => 0,
        n if n >= 10.0 => 1,
        n if n >= 1.0 => 2,
        _ => 4,
    };
    format!("{number:.decimals$}{unit}")
}

#[cfg(test)]
mod tests;
