//! How durations spread, as bars: one line a range of time, each range a fixed factor wide.

use super::{Look, axis};
use crate::output::{grouped, took};

/// Steps within a power of ten, from coarse to fine: the preferred numbers of engineers.
const STEPS: [&[u64]; 4] = [
    &[100],
    &[100, 200, 500],
    &[100, 150, 200, 300, 500, 700],
    &[100, 120, 150, 180, 220, 270, 330, 390, 470, 560, 680, 820],
];

/// Bars, at most: more are a list, not a shape.
const MOST: usize = 24;

/// Round bounds, a factor apart, with `least` in the first range and `most` in the last; as fine as
/// fits in `height` lines.
pub(crate) fn bounds(least: u64, most: u64, height: usize) -> Vec<u64> {
    let fits = |bounds: &Vec<u64>| bounds.len() <= height.min(MOST) + 1;
    let finest = STEPS.iter().rev().map(|steps| ladder(steps, least, most)).find(fits);
    finest.unwrap_or_else(|| ladder(STEPS[0], least, most))
}

/// The rungs around `least` and `most`: the last at or below the one, the first above the other.
fn ladder(steps: &[u64], least: u64, most: u64) -> Vec<u64> {
    let powers = (0..18).map(|power| 10u64.pow(power));
    // In hundredths, of which the first rungs have none left: 1.2 ns is no whole number.
    let rungs = powers.flat_map(|power| {
        steps.iter().filter_map(move |step| {
            let hundredths = step.checked_mul(power)?;
            (hundredths % 100 == 0).then_some(hundredths / 100)
        })
    });
    let mut bounds = vec![0];
    for rung in rungs.chain([u64::MAX]) {
        if rung <= least {
            bounds.clear();
        }
        bounds.push(rung);
        if rung > most {
            break;
        }
    }
    bounds
}

/// How many durations are in each range.
#[derive(Debug)]
pub(crate) struct Histogram {
    pub(crate) title: String,
    pub(crate) bounds: Vec<u64>,
    /// Below the first bound, between two, from the last on.
    pub(crate) counts: Vec<u64>,
    /// Names of durations, told where they are.
    pub(crate) marks: Vec<(&'static str, u64)>,
}

impl Histogram {
    /// The lines: a title, and one a range.
    pub(crate) fn draw(&self, look: &Look) -> Vec<String> {
        let all: u64 = self.counts.iter().sum();
        let rows: Vec<_> = self.rows().collect();
        let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let labels = widest(&mut rows.iter().map(|row| row.label.chars().count()));
        let counts = widest(&mut rows.iter().map(|row| grouped(row.count).len()));
        let marks = widest(&mut rows.iter().map(|row| row.marks.chars().count()));
        // Between them: a space, the axis, a space before the count, share and marks.
        let around = labels + counts + marks + 13;
        let room = look.width.saturating_sub(around).clamp(8, LONGEST);
        let most = rows.iter().map(|row| row.count).max().unwrap_or(0);
        let title = format!("{}: {} that succeeded", self.title, grouped(all));
        let mut lines = vec![look.bold(title)];
        for row in &rows {
            let line = format!(
                "{:>labels$} ┤{} {:>counts$}  {:>6}  {}",
                row.label,
                look.coloured(&bar(row.count, most, room)),
                grouped(row.count),
                share(row.count, all),
                row.marks,
            );
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let last = self.counts.len().saturating_sub(1);
        self.counts.iter().enumerate().filter_map(move |(place, count)| {
            let from = place.checked_sub(1).and_then(|below| self.bounds.get(below)).copied();
            let to = self.bounds.get(place).copied();
            let label = match (from, to) {
                (Some(from), Some(to)) => format!("{} - {}", round(from), round(to)),
                (None, Some(to)) => format!("below {}", round(to)),
                (from, None) => format!("from {} on", round(from.unwrap_or_default())),
            };
            // Outside of all bounds there is something only where it came between two questions.
            let shown = (1..last).contains(&place) || *count > 0;
            shown.then(|| Row { label, count: *count, marks: self.marks_within(from, to) })
        })
    }

    fn marks_within(&self, from: Option<u64>, to: Option<u64>) -> String {
        let within = |ns: u64| from.is_none_or(|from| from <= ns) && to.is_none_or(|to| ns < to);
        let names: Vec<_> =
            self.marks.iter().filter(|(_, ns)| within(*ns)).map(|(name, _)| *name).collect();
        if names.is_empty() { String::new() } else { format!("◂ {}", names.join(", ")) }
    }
}

/// Characters of the longest bar: beyond that it is only long.
const LONGEST: usize = 60;

struct Row {
    label: String,
    count: u64,
    marks: String,
}

/// A bound, which has no more digits than it needs: `1.5 ms`.
fn round(nanos: u64) -> String {
    let text = took(nanos);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// `count` of `most`, in eighths of characters; something where it is not nothing.
fn bar(count: u64, most: u64, room: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if count == 0 || most == 0 {
        return " ".repeat(room);
    }
    let share = real(count) / real(most);
    let eighths = axis::whole(share * real(room as u64) * 8.0, room * 8).max(1);
    let (full, part) = (eighths / 8, PARTS[eighths % 8]);
    let blank = room - full - part.chars().count();
    format!("{}{part}{}", "█".repeat(full), " ".repeat(blank))
}

fn share(count: u64, all: u64) -> String {
    if all == 0 {
        return String::new();
    }
    format!("{:.1} %", real(count) / real(all) * 100.0)
}

#[allow(clippy::cast_precision_loss, reason = "for a drawing")]
const fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest latency that a record can have.
    const LONGEST_TAKEN: u64 = i64::MAX as u64;

    #[test]
    fn bounds_are_round_and_around() {
        assert_eq!(bounds(1_300_000, 1_300_000, 20), [1_200_000, 1_500_000]);
        assert_eq!(bounds(0, 0, 20), [0, 1]);
        assert_eq!(bounds(1, 1, 20), [1, 10]);
        let wide = bounds(900, 4_000_000_000, 24);
        assert_eq!((wide[0], wide[1], wide.len()), (500, 1_000, 22));
        for (least, most) in
            [(0, LONGEST_TAKEN), (LONGEST_TAKEN, LONGEST_TAKEN), (7, 7_000), (10, 10)]
        {
            for height in [1, 8, 20] {
                let bounds = bounds(least, most, height);
                assert!(bounds.is_sorted_by(|a, b| a < b) && bounds[0] <= least);
                assert!(bounds[bounds.len() - 1] > most, "{bounds:?}");
                assert!(bounds.len() > 1 && bounds.len() <= 1_000);
            }
        }
    }

    fn histogram() -> Histogram {
        let bounds = vec![1_000_000, 2_000_000, 5_000_000, 10_000_000];
        let marks = vec![("p50", 1_500_000), ("p95", 2_100_000), ("p99", 4_999_999)];
        Histogram { title: "quote of router".into(), bounds, counts: vec![0, 700, 1, 0, 3], marks }
    }

    #[test]
    fn it_is_drawn() {
        let look = Look { width: 60, height: 20, colour: false };
        let lines = histogram().draw(&look);
        assert_eq!(lines.concat().matches('┤').count(), 4);
        let expected = [
            "quote of router: 704 that succeeded",
            "  1 ms - 2 ms ┤█████████████████████ 700  99.4 %  ◂ p50",
            "  2 ms - 5 ms ┤▏                       1   0.1 %  ◂ p95, p99",
            " 5 ms - 10 ms ┤                        0   0.0 %",
            "from 10 ms on ┤▏                       3   0.4 %",
        ];
        assert_eq!(lines, expected, "\n{}", lines.join("\n"));
        let coloured = histogram().draw(&Look { colour: true, ..look });
        assert!(coloured.iter().all(|line| line.matches('\x1b').count() % 2 == 0));
    }
}
