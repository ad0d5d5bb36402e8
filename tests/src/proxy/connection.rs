//! One connection: bytes both ways, and what happens to them.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::counters::Counters;
use super::fault::{Direction, Fault};
use super::plan::{FaultSite, Step, Talk, Then};

/// What is read at once.
const BUFFER: usize = 64 * 1024;

/// A throttled direction forwards this part of a second's bytes at once.
const SLICES_PER_SECOND: u32 = 20;

/// Both sides get a reset: a fault wants it so, or one side broke, and then the other is to see that.
#[derive(Debug)]
struct Cut;

impl From<io::Error> for Cut {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// What a connection knows, and each of its directions.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) seed: u64,
    pub(super) number: u64,
    pub(super) faults: watch::Receiver<Vec<Fault>>,
    pub(super) counters: watch::Sender<Counters>,
}

impl Connection {
    fn site(&self) -> FaultSite {
        FaultSite { seed: self.seed, connection: self.number }
    }

    fn count(&self, change: impl FnOnce(&mut Counters)) {
        self.counters.send_modify(change);
    }

    /// Forwards what `client` and `upstream` say until both are done, or a fault ends it.
    pub(super) async fn serve(&mut self, mut client: TcpStream, upstream: SocketAddr) {
        let refused = self.site().is_refused(&self.faults.borrow_and_update());
        self.count(|counters| {
            counters.connections += 1;
            counters.refused += u64::from(refused);
        });
        if refused {
            return;
        }
        let Ok(mut server) = TcpStream::connect(upstream).await else {
            self.count(|counters| counters.unreachable += 1);
            reset(client);
            return;
        };
        // A proxy is not to add the delays of Nagle's algorithm. Without it all goes on as well.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));

        let talk = Mutex::new(Talk::new(self.site()));
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let mut requests = Pump::new(Direction::ToServer, to_server, &talk, self.clone());
        let mut replies = Pump::new(Direction::ToClient, to_client, &talk, self.clone());
        let done = tokio::try_join!(requests.run(from_client), replies.run(from_server));
        if let Err(Cut) = done {
            reset(client);
            reset(server);
        }
    }
}

/// Closes with a reset: what is still to be sent is lost, and the other side sees an error, not an end.
fn reset(stream: TcpStream) {
    // It fails only on a socket that is broken already.
    let _ = stream.set_zero_linger();
}

/// One direction.
struct Pump<'a> {
    direction: Direction,
    to: WriteHalf<'a>,
    talk: &'a Mutex<Talk>,
    connection: Connection,
    /// When the bytes so far are due, where they are throttled.
    due: Instant,
}

impl<'a> Pump<'a> {
    fn new(
        direction: Direction,
        to: WriteHalf<'a>,
        talk: &'a Mutex<Talk>,
        connection: Connection,
    ) -> Self {
        Self { direction, to, talk, connection, due: Instant::now() }
    }

    async fn run(&mut self, mut from: ReadHalf<'_>) -> Result<(), Cut> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let len = from.read(&mut buffer).await?;
            self.released().await;
            if len == 0 {
                self.to.shutdown().await?;
                return Ok(());
            }
            let step = self.step(&mut buffer[..len]);
            self.forward(&buffer[..step.pass]).await?;
            match step.then {
                Then::GoOn => {}
                Then::Reset => {
                    self.connection.count(|counters| counters.resets += 1);
                    return Err(Cut);
                }
                Then::DropReply => {
                    self.connection.count(|counters| counters.dropped_replies += 1);
                    return Err(Cut);
                }
                Then::HalfClose => {
                    self.to.shutdown().await?;
                    self.connection.count(|counters| counters.half_closes += 1);
                    // Who speaks does not notice: what it says is taken, and lost.
                    while from.read(&mut buffer).await? > 0 {}
                    return Ok(());
                }
            }
        }
    }

    fn step(&self, bytes: &mut [u8]) -> Step {
        let step = lock(self.talk).step(self.direction, bytes, &self.connection.faults.borrow());
        self.connection.count(|counters| {
            counters.exchanges += u64::from(step.begins_exchange);
            counters.corruptions += u64::from(step.corrupted);
        });
        step
    }

    async fn forward(&mut self, mut bytes: &[u8]) -> Result<(), Cut> {
        while !bytes.is_empty() {
            self.released().await;
            let Some(len) = self.paced(bytes.len()).await else { continue };
            let site = self.connection.site();
            let written = tokio::select! {
                biased;
                written = self.to.write(&bytes[..len]) => written?,
                // A side that does not read may hold a write up for long; a stall comes first.
                () = become_so(&mut self.connection.faults, |now| site.is_stalled(now)) => continue,
            };
            self.connection.count(|counters| counters.forwarded(self.direction, written as u64));
            bytes = &bytes[written..];
        }
        Ok(())
    }

    /// Waits while this connection is stalled.
    async fn released(&mut self) {
        let site = self.connection.site();
        if site.is_stalled(&self.connection.faults.borrow()) {
            self.connection.count(|counters| counters.stalls += 1);
            become_so(&mut self.connection.faults, |now| !site.is_stalled(now)).await;
        }
    }

    /// Waits until some of `len` bytes are due, and says how many. None: the faults changed meanwhile.
    async fn paced(&mut self, len: usize) -> Option<usize> {
        let rate = self.connection.site().rate(&self.connection.faults.borrow_and_update());
        let Some(rate) = rate else {
            self.due = Instant::now();
            return Some(len);
        };
        let slice = usize::try_from((rate / SLICES_PER_SECOND).max(1)).unwrap_or(len).min(len);
        let takes = Duration::from_secs(1).mul_f64(slice as f64 / f64::from(rate));
        let due = self.due.max(Instant::now()) + takes;
        self.connection.count(|counters| counters.throttled += 1);
        tokio::select! {
            () = sleep_until(due) => {
                self.due = due;
                Some(slice)
            }
            Ok(()) = self.connection.faults.changed() => None,
        }
    }
}

/// Waits until the faults are so. Forever, where nobody is left to change them: the proxy is gone then,
/// and with it this task.
async fn become_so(faults: &mut watch::Receiver<Vec<Fault>>, so: impl Fn(&[Fault]) -> bool) {
    if faults.wait_for(|now| so(now)).await.is_err() {
        pending::<()>().await;
    }
}

fn lock(talk: &Mutex<Talk>) -> MutexGuard<'_, Talk> {
    talk.lock().unwrap_or_else(PoisonError::into_inner)
}
