//! What a seed decides.

use std::io;

use super::server::{Client, Server};
use super::within;
use crate::proxy::plan::{FaultSite, Talk, Then};
use crate::proxy::{ChaosProxy, Counters, Direction, Fault, Kind};

const MIXED: [Fault; 3] = [
    Fault::new(Kind::Refuse, 0.2),
    Fault::new(Kind::DropReply, 0.2),
    Fault::new(Kind::Reset { after: 9 }, 0.2),
];

/// What 20 clients of 5 requests each saw, and what the proxy says it did.
async fn outcomes(seed: u64) -> (Vec<Vec<bool>>, Counters) {
    let server = Server::start().await;
    let proxy = ChaosProxy::start(server.addr, seed).await.unwrap();
    proxy.set_all(MIXED.to_vec());
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        let mut client = Client::connect(&proxy).await;
        let mut replied = Vec::new();
        for _ in 0..5 {
            let reply: io::Result<Vec<u8>> = within(client.ask(b"abc")).await;
            replied.push(reply.is_ok());
        }
        outcomes.push(replied);
    }
    let counters = proxy.counters();
    proxy.shutdown().await;
    (outcomes, counters)
}

#[tokio::test]
async fn the_same_seed_does_the_same_again_and_another_does_not() {
    let first = outcomes(11).await;
    assert_eq!(first, outcomes(11).await);
    assert_ne!(first.0, outcomes(12).await.0);
    let counters = first.1;
    assert!(counters.refused > 0 && counters.dropped_replies > 0 && counters.resets > 0);
    assert!(counters.bytes_to_client > 0);
}

fn site(connection: u64) -> FaultSite {
    FaultSite { seed: 5, connection }
}

#[test]
fn a_probability_is_kept() {
    for (probability, expected) in [(0.0, 0..=0), (0.2, 180..=220), (1.0, 1000..=1000)] {
        let faults = [Fault::new(Kind::Stall, probability)];
        let stalled = (0..1000).filter(|&number| site(number).is_stalled(&faults)).count();
        assert!(expected.contains(&stalled), "{probability}: {stalled}");
    }
}

#[test]
fn faults_of_a_list_are_thrown_each_for_itself() {
    let half = |kind| Fault::new(kind, 0.5);
    let faults = [half(Kind::Stall), half(Kind::Refuse)];
    let both = |&number: &u64| site(number).is_stalled(&faults) && site(number).is_refused(&faults);
    let both = (0..1000).filter(both).count();
    assert!((200..=300).contains(&both), "{both}");
}

/// What comes of 10 exchanges of 50 bytes each way, cut into pieces of up to `piece` bytes.
fn conversation(faults: &[Fault], piece: usize) -> (Vec<u8>, Option<Then>) {
    let mut talk = Talk::new(site(3));
    let mut came = Vec::new();
    for _ in 0..10 {
        for direction in [Direction::ToServer, Direction::ToClient] {
            let mut bytes = [7; 50];
            for bytes in bytes.chunks_mut(piece) {
                let step = talk.step(direction, bytes, faults);
                came.extend_from_slice(&bytes[..step.pass]);
                if step.then != Then::GoOn {
                    return (came, Some(step.then));
                }
            }
        }
    }
    (came, None)
}

#[test]
fn it_does_not_matter_how_a_stream_is_cut_into_pieces() {
    let corrupt = Kind::Corrupt { direction: Direction::ToClient, within: 50 };
    let half_close = Kind::HalfClose { direction: Direction::ToServer, after: 13 };
    for kind in [Kind::DropReply, Kind::Reset { after: 70 }, half_close, corrupt] {
        let faults = [Fault::new(kind, 0.3)];
        let whole = conversation(&faults, 50);
        for piece in 1..50 {
            assert_eq!(conversation(&faults, piece), whole, "{kind:?} in pieces of {piece}");
        }
        let undisturbed = (vec![7; 1000], None);
        assert_ne!(whole, undisturbed, "{kind:?}");
        assert_eq!(conversation(&[Fault::none()], 50), undisturbed);
    }
}

#[test]
fn the_slowest_throttle_counts() {
    let throttle = |bytes_per_second| Fault::always(Kind::Throttle { bytes_per_second });
    assert_eq!(site(0).rate(&[throttle(9), throttle(0), throttle(5)]), Some(1));
    assert_eq!(site(0).rate(&[Fault::none()]), None);
}
