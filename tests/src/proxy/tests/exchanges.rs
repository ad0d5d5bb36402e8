//! Requests and replies through a proxy, one fault at a time.

use std::io::ErrorKind;

use super::server::{Client, Server};
use super::within;
use crate::proxy::{ChaosProxy, Counters, Direction, Fault, Kind};
use crate::seed::from_env;

async fn served() -> (Server, ChaosProxy) {
    let server = Server::start().await;
    let proxy = ChaosProxy::start(server.addr, from_env()).await.unwrap();
    (server, proxy)
}

#[tokio::test]
async fn without_a_fault_each_request_has_its_reply() {
    let (server, proxy) = served().await;
    proxy.set(Fault::none());
    let mut client = Client::connect(&proxy).await;
    for _ in 0..3 {
        assert_eq!(within(client.ask(b"abc")).await.unwrap(), b"cba");
    }
    assert_eq!(server.requests().len(), 3);
    let expected = Counters {
        connections: 1,
        exchanges: 3,
        bytes_to_server: 21,
        bytes_to_client: 21,
        ..Counters::default()
    };
    assert_eq!(proxy.counters(), expected);
    assert_eq!(expected.faults(), 0);
}

#[tokio::test]
async fn refuse_closes_before_the_server_knows() {
    let (server, proxy) = served().await;
    proxy.set(Fault::always(Kind::Refuse));
    let (bytes, _) = within(Client::connect(&proxy).await.rest()).await;
    assert_eq!(bytes, b"");
    assert_eq!((proxy.counters().refused, proxy.counters().exchanges), (1, 0));

    proxy.set(Fault::none());
    let mut client = Client::connect(&proxy).await;
    assert_eq!(within(client.ask(b"abc")).await.unwrap(), b"cba");
    // Only new connections are refused.
    proxy.set(Fault::always(Kind::Refuse));
    assert_eq!(within(client.ask(b"abc")).await.unwrap(), b"cba");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn drop_reply_serves_the_request_and_resets_before_its_reply() {
    let (server, proxy) = served().await;
    let mut client = Client::connect(&proxy).await;
    within(client.ask(b"abc")).await.unwrap();
    proxy.set(Fault::always(Kind::DropReply));
    // Long, so that it goes through in several pieces.
    let request = vec![7; 300_000];
    client.send(&request).await.unwrap();
    assert_eq!(within(client.rest()).await, (vec![], Some(ErrorKind::ConnectionReset)));
    assert_eq!(server.requests(), [b"abc".to_vec(), request]);
    assert_eq!((proxy.counters().dropped_replies, proxy.counters().faults()), (1, 1));

    proxy.set(Fault::none());
    let mut client = Client::connect(&proxy).await;
    assert_eq!(within(client.ask(b"abc")).await.unwrap(), b"cba");
}

#[tokio::test]
async fn reset_before_a_request_keeps_it_from_the_server() {
    let (server, proxy) = served().await;
    let mut client = Client::connect(&proxy).await;
    within(client.ask(b"abc")).await.unwrap();
    proxy.set(Fault::always(Kind::Reset { after: 0 }));
    client.send(b"def").await.unwrap();
    assert_eq!(within(client.rest()).await, (vec![], Some(ErrorKind::ConnectionReset)));
    assert_eq!(server.requests(), [b"abc"]);
    assert_eq!((proxy.counters().resets, proxy.counters().faults()), (1, 1));
}

#[tokio::test]
async fn reset_counts_the_bytes_of_request_and_reply() {
    let (server, proxy) = served().await;
    // A frame of 3 has 7 bytes: the request, and 5 bytes of the reply.
    proxy.set(Fault::always(Kind::Reset { after: 12 }));
    let mut client = Client::connect(&proxy).await;
    client.send(b"abc").await.unwrap();
    let (bytes, error) = within(client.rest()).await;
    // What arrived before a reset can be read as a rule, but nobody promises it.
    assert!(b"\0\0\0\x03c".starts_with(&bytes), "{bytes:?}");
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
    assert_eq!(server.requests(), [b"abc"]);
    let counters = proxy.counters();
    assert_eq!((counters.bytes_to_server, counters.bytes_to_client), (7, 5));

    // Each exchange is counted for itself, and one that ends before is left alone.
    proxy.set(Fault::always(Kind::Reset { after: 15 }));
    let mut client = Client::connect(&proxy).await;
    for _ in 0..5 {
        assert_eq!(within(client.ask(b"abc")).await.unwrap(), b"cba");
    }
    assert_eq!(proxy.counters().resets, 1);
}

#[tokio::test]
async fn half_close_to_the_client_ends_the_reply_but_not_the_requests() {
    let (server, proxy) = served().await;
    proxy.set(Fault::always(Kind::HalfClose { direction: Direction::ToClient, after: 5 }));
    let mut client = Client::connect(&proxy).await;
    client.send(b"abc").await.unwrap();
    // An end, not an error.
    assert_eq!(within(client.rest()).await, (b"\0\0\0\x03c".to_vec(), None));
    client.send(b"def").await.unwrap();
    assert_eq!(within(server.until(2)).await, [b"abc", b"def"]);
    assert_eq!((proxy.counters().half_closes, proxy.counters().faults()), (1, 1));
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_reset() {
    let (_, proxy) = served().await;
    let gone = ChaosProxy::start(proxy.addr(), 1).await.unwrap();
    let addr = gone.addr();
    proxy.shutdown().await;
    let mut client = Client::connect(&gone).await;
    assert_eq!(within(client.rest()).await, (vec![], Some(ErrorKind::ConnectionReset)));
    assert_eq!(gone.counters().unreachable, 1);
    gone.shutdown().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
