//! What the names of columns say.

use tradekeep_models::TimeUnit;

use crate::TimeZone;

/// A name without what people write differently: case, spaces, `_`, `-`, and the brackets of MetaTrader.
pub(crate) fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '<' | '>'));
    kept.flat_map(char::to_lowercase).collect()
}

/// What the name of a column of times says besides that it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeName {
    /// Without what it says besides.
    pub(crate) base: String,
    pub(crate) unit: Option<TimeUnit>,
    pub(crate) zone: NamedZone,
}

/// The zone in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NamedZone {
    None,
    Known(TimeZone),
    /// Letters that several zones have, or none.
    Asked(String),
}

/// Letters at the end of names that say a zone, or at least that there is one.
const LETTERS: [&str; 26] = [
    "local", "est", "edt", "et", "cst", "cdt", "ct", "mst", "mdt", "pst", "pdt", "pt", "cet",
    "cest", "eet", "eest", "wet", "bst", "ist", "jst", "kst", "hkt", "sgt", "aest", "msk",
    "exchange",
];

const UNITS: [(&str, TimeUnit); 11] = [
    ("ms", TimeUnit::Millis),
    ("millis", TimeUnit::Millis),
    ("milliseconds", TimeUnit::Millis),
    ("us", TimeUnit::Micros),
    ("micros", TimeUnit::Micros),
    ("microseconds", TimeUnit::Micros),
    ("ns", TimeUnit::Nanos),
    ("nanos", TimeUnit::Nanos),
    ("nanoseconds", TimeUnit::Nanos),
    ("s", TimeUnit::Seconds),
    ("seconds", TimeUnit::Seconds),
];

impl TimeName {
    /// Whether it may be a day alone, to be joined with a time of day.
    pub(crate) fn is_day(&self) -> bool {
        ["date", "day", "tradedate", "tradingday"].contains(&self.base.as_str())
    }

    /// Whether it may be a time of day alone, where a day stands beside it.
    pub(crate) fn is_clock(&self) -> bool {
        ["time", "tradetime"].contains(&self.base.as_str())
    }

    /// Of a column whose name is one of `names`, or one of them and a zone or a unit behind it: `Date(UTC)`,
    /// `time_ms`.
    pub(crate) fn of(name: &str, names: &[&str]) -> Option<Self> {
        let is_one = |base: &str| names.iter().any(|name| plain(name) == plain(base));
        if is_one(name) {
            return Some(Self { base: plain(name), unit: None, zone: NamedZone::None });
        }
        let (base, suffix) = split(name)?;
        if !is_one(base) {
            return None;
        }
        let (mut unit, mut zone) = (None, NamedZone::None);
        let letters = suffix.to_ascii_lowercase();
        if let Some((_, found)) = UNITS.iter().find(|(word, _)| *word == letters) {
            unit = Some(*found);
        } else {
            zone = zone_of(suffix)?;
        }
        Some(Self { base: plain(base), unit, zone })
    }
}

/// A name, and what stands behind it in brackets or as its last word.
fn split(name: &str) -> Option<(&str, &str)> {
    let name = name.trim();
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some(inner) = name.strip_suffix(close) {
            return inner.rsplit_once(open).map(|(base, suffix)| (base.trim(), suffix.trim()));
        }
    }
    name.rsplit_once(['_', ' ', '-'])
}

fn zone_of(text: &str) -> Option<NamedZone> {
    let upper = text.to_ascii_uppercase();
    if ["UTC", "GMT", "Z"].contains(&upper.as_str()) {
        return "UTC".parse().ok().map(NamedZone::Known);
    }
    let east = ["UTC", "GMT"].iter().find_map(|name| upper.strip_prefix(name)).unwrap_or(&upper);
    let offset = match east.as_bytes() {
        [sign @ (b'+' | b'-'), hour @ b'0'..=b'9'] => {
            format!("{}0{}:00", char::from(*sign), char::from(*hour))
        }
        _ => east.to_owned(),
    };
    let known = offset.starts_with(['+', '-']).then(|| offset.parse().ok()).flatten();
    let known = known.or_else(|| text.contains('/').then(|| text.parse().ok()).flatten());
    if let Some(zone) = known {
        return Some(NamedZone::Known(zone));
    }
    LETTERS.contains(&text.to_ascii_lowercase().as_str()).then(|| NamedZone::Asked(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    fn time(name: &str) -> Option<String> {
        let TimeName { base, unit, zone } = TimeName::of(name, Field::Ts.column_names())?;
        let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
        Some(match zone {
            NamedZone::None => format!("{base}{unit}"),
            NamedZone::Known(zone) => format!("{base}{unit} {zone}"),
            NamedZone::Asked(zone) => format!("{base}{unit} {zone}?"),
        })
    }

    #[test]
    fn names_say_zones_and_units() {
        for (name, said) in [
            ("Timestamp", "timestamp"),
            ("<DATE>", "date"),
            ("Date(UTC)", "date UTC"),
            ("Date (UTC+8)", "date +08:00"),
            ("time [Europe/Berlin]", "time Europe/Berlin"),
            ("time_utc", "time UTC"),
            ("Time (GMT-05:30)", "time -05:30"),
            ("Time (EST)", "time EST?"),
            ("datetime_local", "datetime local?"),
            ("timestamp_ms", "timestamp milliseconds"),
            ("Trade Time (ns)", "tradetime nanoseconds"),
            ("Unix Timestamp", "unixtimestamp"),
        ] {
            assert_eq!(time(name).as_deref(), Some(said), "{name}");
        }
        for name in
            ["time of day", "Volume (UTC)", "timeout", "local_timestamp", "time (BTC)", "(UTC)", ""]
        {
            assert_eq!(time(name), None, "{name}");
        }
    }
}
