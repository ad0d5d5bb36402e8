//! Prices at the side, times below.

use tradekeep::models::{Candle, NANOS_PER_DAY, NANOS_PER_SECOND};

/// Lines between two labels, at least.
const APART: usize = 2;

/// Where a price is on a chart, in half lines from the bottom.
#[derive(Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    halves: usize,
    step: f64,
    decimals: usize,
}

impl Scale {
    /// That shows all of `candles` in `height` lines; nothing where they have no prices.
    pub(super) fn of(candles: &[Candle], height: usize) -> Option<Self> {
        let prices = |of: fn(&Candle) -> Option<tradekeep::models::Decimal>| {
            candles.iter().filter_map(of).map(tradekeep::models::Decimal::to_f64)
        };
        let mut low = prices(|candle| candle.low).reduce(f64::min)?;
        let mut high = prices(|candle| candle.high).reduce(f64::max)?;
        if high - low <= low.abs() * 1e-12 {
            // One price: in the middle, with something above and below.
            let margin = (high.abs() * 0.001).max(1e-9);
            (low, high) = (low - margin, high + margin);
        }
        let labels = (height / (APART + 1)).max(1);
        let (step, decimals) = round_step((high - low) / real(labels));
        Some(Self { low, high, halves: 2 * height, step, decimals })
    }

    /// The half line of `price`.
    pub(super) fn half(&self, price: f64) -> usize {
        let part = (price - self.low) / (self.high - self.low);
        whole((part * real(self.halves)).floor(), self.halves - 1)
    }

    /// The round price in line `row` from the top, where there is one.
    pub(super) fn label(&self, row: usize) -> Option<String> {
        let line = self.halves / 2 - 1 - row;
        let first = (self.low / self.step).ceil();
        (0..self.halves)
            .map(|count| (first + real(count)) * self.step)
            .take_while(|price| *price <= self.high)
            .find(|price| self.half(*price) / 2 == line)
            .map(|price| self.text(price))
    }

    /// Characters of the longest label.
    pub(super) fn label_width(&self) -> usize {
        self.text(self.low).len().max(self.text(self.high).len())
    }

    fn text(&self, price: f64) -> String {
        // Without the sign of a zero that came out negative.
        format!("{:.*}", self.decimals, price + 0.0)
    }
}

/// The next 1, 2 or 5 times a power of ten from `least` on, and the decimals it needs.
fn round_step(least: f64) -> (f64, usize) {
    let power = least.log10().floor();
    let unit = 10f64.powf(power);
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * unit >= least);
    let factor = factor.unwrap_or(10.0);
    let power = if factor < 10.0 { power } else { power + 1.0 };
    (factor * unit, whole(-power, 18))
}

/// Seconds between labels of time.
const STEPS: [i64; 22] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    14_400,
    21_600,
    43_200,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
];
const DAY: i64 = NANOS_PER_DAY / NANOS_PER_SECOND;

/// The ruler below the candles, with a mark over each label, and the labels, which may reach under
/// the prices, up to `room` characters.
pub(super) fn times(candles: &[Candle], stride: usize, room: usize) -> (String, String) {
    let columns = candles.len() * stride;
    let longer = (0..).map(|power| (28 * DAY) << power).take(12);
    let steps = STEPS.into_iter().chain(longer);
    let crowded = |step: &i64| {
        let labels = (1..candles.len()).filter(|place| crosses(candles, *place, *step)).count();
        (labels + 1) * (width(*step) + 3) > columns
    };
    let step = steps.clone().find(|step| !crowded(step)).or(steps.last()).unwrap_or(DAY);

    let mut ruler = vec!['─'; columns];
    let mut labels = String::new();
    let mut free = 0;
    let mut day = candles.first().map(|candle| candle.open_ts.day());
    for place in (0..candles.len()).filter(|place| *place == 0 || crosses(candles, *place, step)) {
        let ts = candles[place].open_ts;
        let text = ts.to_string();
        let text = match step {
            DAY.. => &text[..10],
            _ if day != Some(ts.day()) => &text[5..10],
            60.. => &text[11..16],
            _ => &text[11..19],
        };
        let column = place * stride;
        let fits = column + text.len() <= room || place == 0;
        if column < free || !fits {
            continue;
        }
        day = Some(ts.day());
        ruler[column] = '┴';
        let used = labels.chars().count();
        labels.extend(std::iter::repeat_n(' ', column - used));
        labels.push_str(text);
        free = column + text.len() + 2;
    }
    (ruler.into_iter().collect(), labels)
}

/// Whether a multiple of `step` seconds lies between the candle at `place` and the one before.
fn crosses(candles: &[Candle], place: usize, step: i64) -> bool {
    let bucket = |place: usize| candles[place].open_ts.as_nanos() / NANOS_PER_SECOND / step;
    bucket(place) != bucket(place - 1)
}

const fn width(step: i64) -> usize {
    match step {
        DAY.. => 10,
        60.. => 5,
        _ => 8,
    }
}

fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// `number` as a whole one from 0 to `most`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what fits, and NaN becomes 0"
)]
pub(super) fn whole(number: f64, most: usize) -> usize {
    number.clamp(0.0, real(most)).round() as usize
}
