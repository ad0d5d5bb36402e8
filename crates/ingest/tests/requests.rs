//! What other processes ask of the one that holds a spool.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

#[path = "beside/support.rs"]
mod support;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use support::{Data, SOON, halt, mend, store, stored, ticks, until, with_letters};
use tradekeep_ingest::requests::{Answer, Request, ask};
use tradekeep_ingest::{Class, DeadLetterFilter, IngestError, Replayed};
use tradekeep_models::Table;
use uuid::Uuid;

/// What nobody answers is given up after this.
const SHORT: Duration = Duration::from_millis(300);

fn requests(data: &Data) -> PathBuf {
    data.path().join("requests")
}

/// Names in the folder of requests.
fn left(data: &Data) -> Vec<String> {
    let Ok(entries) = fs::read_dir(requests(data)) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Holds the spool as a process would that answers nothing.
fn hold(data: &Data) -> File {
    fs::create_dir_all(data.spool()).unwrap();
    fs::write(data.spool().join("lock"), "process 4711 (other)\n").unwrap();
    let lock = File::options().write(true).open(data.spool().join("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

fn millis() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// An id that was made so long ago.
fn id(ago: Duration) -> Uuid {
    let made = millis() - i64::try_from(ago.as_millis()).unwrap();
    format!("{made:012x}70008000{:012x}", fastrand::u64(..1 << 48)).parse().unwrap()
}

/// A file as another process would leave it.
fn leave(data: &Data, id: Uuid, what: &str, content: &[u8]) -> PathBuf {
    fs::create_dir_all(requests(data)).unwrap();
    let (temporary, path) = (requests(data).join("x"), requests(data).join(format!("{id}.{what}")));
    fs::write(&temporary, content).unwrap();
    fs::rename(temporary, &path).unwrap();
    path
}

fn asked(request: &Value, until: i64) -> Vec<u8> {
    json!({ "version": 1, "until": until, "request": request }).to_string().into_bytes()
}

async fn answer(data: &Data, id: Uuid) -> Value {
    let path = requests(data).join(format!("{id}.answer.json"));
    until("it is answered", || path.exists()).await;
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_holder_does_what_it_is_asked() {
    let (data, store) = (Data::new(), store());
    let ingest = with_letters(&data, &store, 5).await;
    let ask = async |request| ask(data.path(), &request, SOON).await.unwrap();
    let all = |dry_run| Request::Replay { filter: DeadLetterFilter::default(), dry_run };
    let replayed = |replayed, already| {
        let mut told = Replayed::default();
        (told.replayed, told.already) = (replayed, already);
        Answer::Replayed(told)
    };
    assert_eq!(ask(all(true)).await, replayed(5, 0));
    let filter = DeadLetterFilter {
        class: Some(Class::Conflict),
        table: Some(Table::Ticks),
        limit: Some(2),
        ..DeadLetterFilter::default()
    };
    assert_eq!(ask(Request::Replay { filter, dry_run: false }).await, replayed(2, 0));
    assert_eq!(ask(all(false)).await, replayed(3, 2));
    assert_eq!(ask(Request::PurgeResolved).await, Answer::Purged { letters: 5 });
    let Answer::Flushed(stats) = ask(Request::Flush { ms: 20_000 }).await else { panic!() };
    assert_eq!((stats.pending(), stats.dead_letters), (0, 0));
    assert_eq!(ask(Request::Stats).await, Answer::Stats(Box::new(ingest.stats())));
    assert_eq!(stored(&store).await.len(), 5);

    halt(&store);
    ingest.append(ticks(5..6)).await.unwrap();
    let Answer::Flushed(stats) = ask(Request::Flush { ms: 50 }).await else { panic!() };
    assert!(stats.pending() > 0);
    mend(&store);
    assert_eq!(ask(Request::Resume).await, Answer::Resumed);
    assert_eq!(left(&data), [""; 0]);
    ingest.shutdown(SOON).await.unwrap();
    assert_eq!(ask(Request::Stats).await, Answer::NobodyThere, "though the handle is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_is_there_nothing_is_written() {
    let data = Data::new();
    let answer = ask(data.path(), &Request::Stats, SOON).await.unwrap();
    assert_eq!(answer, Answer::NobodyThere);
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_answered_takes_it_back() {
    let data = Data::new();
    let lock = hold(&data);
    let error = ask(data.path(), &Request::Resume, SHORT).await.unwrap_err();
    let text = error.to_string();
    let IngestError::NoAnswer { holder, begun: false, .. } = error else { panic!("{text}") };
    assert_eq!(holder, "process 4711 (other)");
    assert!(text.starts_with("process 4711 (other) has the spool and did not answer"), "{text}");
    assert_eq!(left(&data), [""; 0]);

    // It goes while we wait.
    let path = data.path().to_owned();
    let asking = tokio::spawn(async move { ask(&path, &Request::Resume, SOON).await });
    until("it is asked", || left(&data).iter().any(|name| name.ends_with(".request.json"))).await;
    drop(lock);
    assert_eq!(asking.await.unwrap().unwrap(), Answer::NobodyThere);
    assert_eq!(left(&data), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_what_was_begun_is_told_so() {
    let data = Data::new();
    let _lock = hold(&data);
    let path = data.path().to_owned();
    // Until its request is seen and begun, however busy the machine is.
    let asking = tokio::spawn(async move { ask(&path, &Request::Resume, SHORT * 10).await });
    let request = || left(&data).into_iter().find(|name| name.ends_with(".request.json"));
    until("it is asked", || request().is_some()).await;
    let name = requests(&data).join(request().unwrap());
    let mode = fs::metadata(&name).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::metadata(requests(&data)).unwrap().permissions().mode() & 0o777, 0o700);
    let working = name.to_str().unwrap().replace("request", "working");
    // The folder may be called so, too.
    let working = Path::new(&working).file_name().unwrap().to_owned();
    fs::rename(&name, requests(&data).join(working)).unwrap();
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, IngestError::NoAnswer { begun: true, .. }), "{error}");
    assert!(error.to_string().ends_with("see what has come of it before asking again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_leaves_nothing() {
    let data = Data::new();
    let _lock = hold(&data);
    let asking = ask(data.path(), &Request::Resume, SOON);
    tokio::select! {
        answer = asking => panic!("nobody is there to answer: {answer:?}"),
        () = until("it is asked", || left(&data).iter().any(|name| name.ends_with(".request.json"))) => {}
    }
    assert_eq!(left(&data), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused_and_harms_nobody() {
    let (data, store) = (Data::new(), store());
    let ingest = data.open(&[("a", &store)]).await;
    let soon = millis() + 60_000;
    let bad = [
        b"".to_vec(),
        b"\xff\xfe".to_vec(),
        b"{".to_vec(),
        asked(&json!("delete_everything"), soon),
        asked(&json!({ "replay": { "filter": { "idz": [1] } } }), soon),
        asked(&json!({ "replay": { "dry": true } }), soon),
        asked(&json!({ "flush": {} }), soon),
        asked(&json!({ "flush": { "ms": -1 } }), soon),
        json!({ "version": 1, "until": soon, "request": "stats", "more": 1 }).to_string().into(),
        json!({ "version": 2, "until": soon, "request": "stats" }).to_string().into(),
        [asked(&json!("stats"), soon), vec![b' '; 5 << 20]].concat(),
        "[".repeat(100_000).into_bytes(),
    ];
    for content in bad {
        let id = id(Duration::ZERO);
        leave(&data, id, "request.json", &content);
        let answer = answer(&data, id).await;
        let reason = answer["refused"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(reason.starts_with("the request is none: "), "{reason}");
        fs::remove_file(requests(&data).join(format!("{id}.answer.json"))).unwrap();
    }
    fs::create_dir(requests(&data).join(format!("{}.request.json", id(Duration::ZERO)))).unwrap();
    fs::write(requests(&data).join("notes.request.json"), "mine").unwrap();
    fs::write(requests(&data).join(format!("{}.request.json", Uuid::nil())), "mine").unwrap();
    let answer = ask(data.path(), &Request::Resume, SOON).await.unwrap();
    assert_eq!(answer, Answer::Resumed);
    assert!(requests(&data).join("notes.request.json").exists(), "not ours");
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_an_error_with_its_reason() {
    let data = Data::new();
    let _lock = hold(&data);
    let path = data.path().to_owned();
    let asking = tokio::spawn(async move { ask(&path, &Request::Resume, SOON).await });
    let request = || left(&data).into_iter().find(|name| name.ends_with(".request.json"));
    until("it is asked", || request().is_some()).await;
    let id = request().unwrap().split('.').next().unwrap().parse().unwrap();
    leave(&data, id, "answer.json", br#"{"refused":"the disk is full: free space"}"#);
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, IngestError::Refused { .. }));
    assert_eq!(error.to_string(), "the disk is full: free space");
    assert_eq!(left(&data), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_waits_for_is_not_done() {
    let (data, store) = (Data::new(), store());
    with_letters(&data, &store, 2).await.shutdown(SOON).await.unwrap();
    let replay = json!({ "replay": {} });
    let late = id(Duration::from_secs(60));
    leave(&data, late, "request.json", &asked(&replay, millis() - 1));
    let old = id(Duration::from_secs(3_700));
    for what in ["tmp", "answer.json", "working.json", "request.json", "answer.json.tmp"] {
        leave(&data, old, what, &asked(&replay, millis() + 60_000));
    }
    // Just left for the process before: who asks still waits.
    let (waits, begun) = (id(Duration::ZERO), id(Duration::from_secs(2)));
    leave(&data, waits, "request.json", &asked(&json!("stats"), millis() + 60_000));
    leave(&data, begun, "working.json", &asked(&json!("purge_resolved"), millis() + 60_000));
    let ingest = data.open(&[("a", &store)]).await;
    assert!(answer(&data, waits).await["done"]["stats"]["stream"].is_string());
    assert_eq!(answer(&data, begun).await["done"], json!({ "purged": { "letters": 0 } }));
    until("the others are gone", || left(&data).len() == 2).await;
    assert_eq!(ingest.stats().dead_letters, 2, "nothing was replayed");
    ingest.shutdown(SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_ask_at_once() {
    let (data, store) = (Data::new(), store());
    let ingest = with_letters(&data, &store, 40).await;
    let asking: Vec<_> = (0..40)
        .map(|number| {
            let path = data.path().to_owned();
            let filter = DeadLetterFilter::ids([1 + number % 20]);
            tokio::spawn(async move {
                ask(&path, &Request::Replay { filter, dry_run: false }, SOON).await.unwrap()
            })
        })
        .collect();
    let mut done = Replayed::default();
    for asking in asking {
        let Answer::Replayed(one) = asking.await.unwrap() else { panic!() };
        done.replayed += one.replayed;
        done.already += one.already;
    }
    assert_eq!((done.replayed, done.already), (20, 20), "each letter once");
    assert_eq!(left(&data), [""; 0]);
    ingest.shutdown(SOON).await.unwrap();
    assert_eq!(stored(&store).await.len(), 20);
}
