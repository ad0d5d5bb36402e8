//! Cases of [`EventStore`](crate::EventStore): system events and the health of nodes.

use tradekeep_models::{
    Message, NodeHealth, NodeHealthFilter, Severity, StreamId, SystemEvent, SystemEventFilter,
};

use super::{Store, at, between, decimal, name};

super::list_cases!(events:
    severity_is_at_least,
    filters_match_all_their_parts,
    newest_first_then_by_stream_and_number,
    latest_report_of_a_node,
    history_of_a_node_is_oldest_first,
    reports_of_one_moment_are_by_node,
);

fn event(n: i64, severity: Severity) -> SystemEvent {
    SystemEvent {
        ts: at(n, 0),
        stream: StreamId::new("s").unwrap(),
        seq: n,
        severity,
        event_type: None,
        source: None,
        message: Message::new("what happened").unwrap(),
        data: None,
    }
}

async fn found(store: &Store, filter: SystemEventFilter) -> Vec<i64> {
    let events = store.system_events(filter).page().await.unwrap().items;
    events.iter().map(|event| event.seq).collect()
}

fn any() -> SystemEventFilter {
    SystemEventFilter::default()
}

async fn severity_is_at_least(store: Store) {
    // In an order that is neither that of the alphabet nor that of the severities.
    let [info, warning, error, critical] =
        [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical];
    let events = [error, info, critical, warning, info, critical];
    let events = events.into_iter().zip(1..).map(|(severity, n)| event(n, severity));
    store.save(events.collect::<Vec<_>>()).await.unwrap();
    for (least, expected) in [
        (None, vec![6, 5, 4, 3, 2, 1]),
        (Some(info), vec![6, 5, 4, 3, 2, 1]),
        (Some(warning), vec![6, 4, 3, 1]),
        (Some(error), vec![6, 3, 1]),
        (Some(critical), vec![6, 3]),
    ] {
        assert_eq!(found(&store, SystemEventFilter { at_least: least, ..any() }).await, expected);
    }
}

async fn filters_match_all_their_parts(store: Store) {
    let wanted = event(5, Severity::Error)
        .with_event_type(name("breaker_opened"))
        .with_source(name("rpc-1"));
    let events = vec![
        SystemEvent { seq: 1, severity: Severity::Info, ..wanted.clone() },
        SystemEvent { seq: 2, event_type: None, ..wanted.clone() },
        SystemEvent { seq: 3, event_type: Some(name("breaker%")), ..wanted.clone() },
        SystemEvent { seq: 4, source: Some(name("RPC-1")), ..wanted.clone() },
        wanted.clone(),
        SystemEvent { seq: 6, ts: at(6, 0), ..wanted.clone() },
        SystemEvent { seq: 7, source: None, ..wanted },
    ];
    store.save(events).await.unwrap();
    let filter = SystemEventFilter {
        at_least: Some(Severity::Error),
        event_type: Some(name("breaker_opened")),
        source: Some(name("rpc-1")),
        range: between(5, 6),
    };
    assert_eq!(found(&store, filter).await, [5]);
    let one = SystemEventFilter { event_type: Some(name("breaker%")), ..any() };
    assert_eq!(found(&store, one).await, [3]);
}

async fn newest_first_then_by_stream_and_number(store: Store) {
    let placed = |stream: &str, seq| SystemEvent {
        ts: at(2, 0),
        stream: StreamId::new(stream).unwrap(),
        ..event(seq, Severity::Info)
    };
    let events = [
        event(3, Severity::Info),
        placed("b", -1),
        placed("a", 10),
        placed("a", 9),
        placed("a", -10),
        event(1, Severity::Critical),
    ];
    let mixed = [4, 0, 2, 5, 1, 3].map(|place: usize| events[place].clone());
    store.save(mixed.to_vec()).await.unwrap();
    assert_eq!(store.system_events(any()).page().await.unwrap().items, events);
}

fn report(node: &str, second: i64, latency_ms: u32) -> NodeHealth {
    NodeHealth::builder()
        .ts(at(second, 0))
        .node(name(node))
        .latency_ms(latency_ms)
        .error_rate(decimal("0.0125"))
        .build()
}

async fn latest_report_of_a_node(store: Store) {
    assert_eq!(store.latest_node_health(name("rpc-1")).await.unwrap(), None);
    let reports = vec![report("rpc-1", 3, 30), report("rpc-1", 1, 10), report("rpc-2", 9, 90)];
    store.save(reports).await.unwrap();
    let latest = async |node| store.latest_node_health(name(node)).await.unwrap();
    assert_eq!(latest("rpc-1").await, Some(report("rpc-1", 3, 30)));
    store.save(vec![report("rpc-1", 4, 40), report("rpc-1", 2, 20)]).await.unwrap();
    assert_eq!(latest("rpc-1").await, Some(report("rpc-1", 4, 40)));
    assert_eq!(latest("RPC-1").await, None);
}

async fn history_of_a_node_is_oldest_first(store: Store) {
    let reports: Vec<_> = (1..=5).map(|second| report("rpc-1", second, 1)).collect();
    let others = [2, 3].map(|second| report("rpc-2", second, 2));
    store.save([others.to_vec(), reports.clone()].concat()).await.unwrap();
    let filter = NodeHealthFilter { node: Some(name("rpc-1")), range: between(2, 5) };
    let found = store.node_health(filter).page().await.unwrap().items;
    assert_eq!(found, reports[1..4]);
}

async fn reports_of_one_moment_are_by_node(store: Store) {
    let in_order = ["N", "n-10", "n-9", "ñ"].map(|node| report(node, 1, 1));
    let mixed = [2, 3, 0, 1].map(|place: usize| in_order[place].clone());
    store.save(mixed.to_vec()).await.unwrap();
    let all = NodeHealthFilter::default();
    assert_eq!(store.node_health(all).page().await.unwrap().items, in_order);
}
