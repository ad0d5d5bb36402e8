//! Hostile text, through the whole way: it comes back byte for byte, over both protocols.

use tradekeep::models::{
    Json, Labels, Message, Metric, MetricFilter, Name, Severity, Symbol, SystemEvent,
    SystemEventFilter, Tick, TickFilter, Timestamp, TradeId, Venue,
};
use tradekeep::stores::SeriesStore;

use crate::Sharing;
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};

pub(crate) const SHARING: &[Sharing] =
    &[("hostile_text_comes_back_byte_for_byte", |tables| run(hostile(tables)))];

/// For names: neither control characters nor space around.
const NAMES: &[&str] = &[
    "a,b",
    "a=b",
    "a\"b",
    "a'b",
    "\"",
    "'",
    "\\",
    "\\\"",
    "a\\",
    ",=\" \\,",
    "x y",
    "x=1i 2",
    "🚀",
    "e\u{301}",
    "\u{202e}rtl",
    "NULL",
    "null",
    "'; DROP TABLE ticks; --",
    "ticks,venue=x price=1 1",
    "$1",
    "{}",
    "%s",
    "\u{feff}x",
    "\u{10ffff}",
    "true",
    "0",
    "-0",
    "a\u{a0}b",
    "日本",
];

fn at(number: usize) -> Timestamp {
    let nanos = i64::try_from(number).unwrap() * 1_000_003;
    Timestamp::from_nanos(1_723_075_200_000_000_000 + nanos).unwrap()
}

/// Texts of messages and labels: the names, what else is allowed there, and long ones.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    texts.extend(
        ["a\nb", "\n", "a\r\nb", "\tx", " x ", "a\u{0}b", "\u{1b}[31m", "\u{7f}"].map(Into::into),
    );
    texts.push("\"\\\n,= 🚀".repeat(1_000));
    texts.push("x".repeat(10 << 10));
    texts.push(NAMES.concat());
    texts
}

async fn hostile(tables: &Tables) {
    let way = Way::open(tables.config()).await;
    let ticks: Vec<_> = NAMES
        .iter()
        .enumerate()
        .map(|(n, name)| {
            Tick::builder(Symbol::new(name).unwrap(), at(n))
                .venue(Venue::new(NAMES[n * 7 % NAMES.len()]).unwrap())
                .trade_id(TradeId::new(NAMES[n * 5 % NAMES.len()]).unwrap())
                .price(1.into())
                .quantity(n.to_string().parse().unwrap())
                .build()
                .unwrap()
        })
        .collect();
    let texts = texts();
    let labels = |text: &str| Labels::default().with("a/b.c-d_1", text)?.with("plain", "x");
    let metrics = texts.iter().filter_map(|text| labels(text).ok()).enumerate();
    let metrics: Vec<_> = metrics
        .map(|(n, labels)| {
            let name = Name::new(NAMES[n % NAMES.len()]).unwrap();
            Metric { labels, ..Metric::new(at(n), name, -0.1) }
        })
        .collect();
    // As many as there may be, 60 KB of them.
    let many =
        |labels: Labels, n: usize| labels.with(&format!("l{n}"), "\"=,🚀\n".repeat(120)).unwrap();
    let many = (0..64).fold(Labels::default(), many);
    let metric = Metric::new(at(metrics.len()), Name::new("many").unwrap(), 1.0);
    let metrics = [metrics, vec![Metric { labels: many, ..metric }]].concat();
    let events = texts.iter().filter_map(|text| Message::new(text).ok()).enumerate();
    let events: Vec<_> = events
        .map(|(n, message)| {
            let data = serde_json::json!({ "k\"=, \n": message.as_str(), "n": [1, null, "🚀"] });
            SystemEvent::new(at(n), Severity::Warning, message)
                .with_event_type(Name::new(NAMES[n % NAMES.len()]).unwrap())
                .with_data(data.to_string().parse::<Json>().unwrap())
        })
        .collect();
    // All but the ones with a NUL, and the long ones for a label.
    assert!(metrics.len() + 3 >= texts.len() && events.len() + 1 >= texts.len());
    println!("{} symbols, {} labels, {} messages", ticks.len(), metrics.len(), events.len());
    way.stored(ticks.clone().into()).await;
    // Their place is given when they are taken.
    way.stored(metrics.clone().into()).await;
    way.stored(events.clone().into()).await;
    let store: &dyn SeriesStore = &*way.store;
    assert_eq!(store.ticks(TickFilter::default()).all().await.unwrap(), ticks);
    assert_eq!(store.metrics(MetricFilter::default()).all().await.unwrap(), metrics);
    let stored = store.system_events(SystemEventFilter::default()).oldest_first();
    assert_eq!(stored.all().await.unwrap(), events);
    way.end(0).await;
    judge_all(tables, ticks);
    judge_all(tables, metrics);
    judge_all(tables, events);
}
