//! Bytes through a proxy, with both ends in the hands of the test.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::server::ends;
use super::within;
use crate::proxy::{Direction, Fault, Kind};
use crate::seed::from_env;

fn random_bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}

/// Writes and reads at once, else two ends that only write would wait for each other.
async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    let (mut from, mut to) = stream.split();
    let mut read = Vec::new();
    let write = async {
        to.write_all(bytes).await?;
        to.shutdown().await
    };
    let (written, came) = tokio::join!(write, from.read_to_end(&mut read));
    written.unwrap();
    came.unwrap();
    read
}

async fn both(client: &mut TcpStream, server: &mut TcpStream, bytes: [&[u8]; 2]) -> [Vec<u8>; 2] {
    let (to_client, to_server) =
        within(async { tokio::join!(exchange(client, bytes[0]), exchange(server, bytes[1])) })
            .await;
    [to_server, to_client]
}

#[tokio::test]
async fn without_a_fault_a_mebibyte_goes_each_way_unchanged() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    let (request, reply) = (random_bytes(1, 1 << 20), random_bytes(2, 1 << 20));
    let came = both(&mut client, &mut server, [&request, &reply]).await;
    assert!(came == [request, reply]);
    let counters = proxy.counters();
    assert_eq!((counters.bytes_to_server, counters.bytes_to_client), (1 << 20, 1 << 20));
    assert_eq!(counters.faults(), 0);
}

#[tokio::test]
async fn corrupt_changes_one_byte_of_its_direction() {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let (proxy, mut client, mut server) = ends(from_env()).await;
        proxy.set(Fault::always(Kind::Corrupt { direction, within: 100_000 }));
        let bytes = random_bytes(3, 100_000);
        // One after the other, so that all of it is one exchange.
        within(client.write_all(&bytes)).await.unwrap();
        let mut request = vec![0; bytes.len()];
        within(server.read_exact(&mut request)).await.unwrap();
        let [_, reply] = both(&mut client, &mut server, [b"", &bytes]).await;

        let changed = |came: &[u8]| came.iter().zip(&bytes).filter(|(a, b)| a != b).count();
        let expected = if direction == Direction::ToServer { (1, 0) } else { (0, 1) };
        assert_eq!((changed(&request), changed(&reply)), expected, "{direction:?}");
        assert_eq!((request.len(), reply.len()), (bytes.len(), bytes.len()));
        assert_eq!(proxy.counters().corruptions, 1);
    }
}

#[tokio::test]
async fn half_close_to_the_server_ends_the_request_but_not_the_replies() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    proxy.set(Fault::always(Kind::HalfClose { direction: Direction::ToServer, after: 4 }));
    within(client.write_all(b"request")).await.unwrap();
    let mut request = Vec::new();
    within(server.read_to_end(&mut request)).await.unwrap();
    assert_eq!(request, b"requ");
    within(client.write_all(b"more of it")).await.unwrap();

    let [_, reply] = both(&mut client, &mut server, [b"", b"reply"]).await;
    assert_eq!(reply, b"reply");
    let counters = proxy.counters();
    assert_eq!((counters.half_closes, counters.bytes_to_server, counters.faults()), (1, 4, 1));
}

/// Whether nothing comes for as long as bytes take that go through a proxy undisturbed.
async fn comes_nothing(stream: &TcpStream) -> bool {
    let (_proxy, mut client, mut server) = ends(0).await;
    both(&mut client, &mut server, [b"request", b"reply"]).await;
    let came = stream.try_read(&mut [0]);
    came.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

#[tokio::test]
async fn a_stall_holds_both_ways_until_it_is_lifted() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    proxy.set(Fault::always(Kind::Stall));
    client.write_all(b"request").await.unwrap();
    server.write_all(b"reply").await.unwrap();
    within(proxy.until(|counters| counters.stalls == 2)).await;
    assert!(comes_nothing(&server).await && comes_nothing(&client).await);
    let counters = proxy.counters();
    assert_eq!((counters.bytes_to_server, counters.bytes_to_client), (0, 0));

    proxy.set(Fault::none());
    let came = both(&mut client, &mut server, [b" goes on", b" too"]).await;
    assert_eq!(came, [b"request goes on".to_vec(), b"reply too".to_vec()]);
}

#[tokio::test]
async fn a_stall_holds_an_end_too() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    proxy.set(Fault::always(Kind::Stall));
    client.shutdown().await.unwrap();
    within(proxy.until(|counters| counters.stalls == 1)).await;
    assert!(comes_nothing(&server).await);
    proxy.set(Fault::none());
    assert_eq!(within(server.read_to_end(&mut Vec::new())).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stall_begins_in_the_midst_of_a_stream() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    // More than all buffers on the way hold, while nobody reads: the proxy is held up in a write.
    let bytes = random_bytes(4, 64 << 20);
    let expected = bytes.clone();
    let writer = tokio::spawn(async move {
        client.write_all(&bytes).await.unwrap();
        client
    });
    within(proxy.until(|counters| counters.bytes_to_server > 1 << 20)).await;
    proxy.set(Fault::always(Kind::Stall));
    within(proxy.until(|counters| counters.stalls == 1)).await;
    let before = proxy.counters().bytes_to_server;
    // All that was forwarded comes, and no more.
    let mut came = vec![0; usize::try_from(before).unwrap()];
    within(server.read_exact(&mut came)).await.unwrap();
    assert!(comes_nothing(&server).await);

    proxy.set(Fault::none());
    let mut rest = vec![0; expected.len() - came.len()];
    within(server.read_exact(&mut rest)).await.unwrap();
    assert!([came, rest].concat() == expected);
    writer.await.unwrap();
}

/// Time is paused: it jumps to the next timer where all wait.
#[tokio::test(start_paused = true)]
async fn a_throttle_takes_its_time_and_changes_nothing() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    proxy.set(Fault::always(Kind::Throttle { bytes_per_second: 10_000 }));
    let bytes = random_bytes(5, 100_000);
    let started = Instant::now();
    let (sent, came) = tokio::join!(client.write_all(&bytes), async {
        let mut came = vec![0; bytes.len()];
        server.read_exact(&mut came).await.map(|_| came)
    });
    sent.unwrap();
    assert!(came.unwrap() == bytes);
    // 10 s, and a timer is late by up to a millisecond in each of its 200 slices.
    let took = started.elapsed();
    assert!((10_000..=10_400).contains(&took.as_millis()), "{took:?}");
    assert!(proxy.counters().throttled >= 200);
}

#[tokio::test]
async fn a_throttle_that_is_lifted_holds_nothing_any_more() {
    let (proxy, mut client, mut server) = ends(from_env()).await;
    proxy.set(Fault::always(Kind::Throttle { bytes_per_second: 1 }));
    client.write_all(&[7; 600]).await.unwrap();
    within(proxy.until(|counters| counters.throttled > 0)).await;
    proxy.set(Fault::none());
    // Else it would take ten minutes.
    within(server.read_exact(&mut [0; 600])).await.unwrap();
}

#[tokio::test]
async fn a_reset_goes_through_either_way() {
    for reverse in [false, true] {
        let (_proxy, client, server) = ends(from_env()).await;
        let (gone, mut left) = if reverse { (client, server) } else { (server, client) };
        gone.set_zero_linger().unwrap();
        drop(gone);
        let error = within(left.read_u8()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn shutdown_ends_what_is_connected() {
    let (proxy, mut client, _server) = ends(from_env()).await;
    proxy.until(|counters| counters.connections == 1).await;
    within(proxy.shutdown()).await;
    let ended = within(client.read_u8()).await.unwrap_err();
    assert!(matches!(ended.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset));
}
