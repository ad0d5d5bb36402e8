//! A TCP proxy that disturbs what goes through it, by a seed.
//!
//! It knows no protocol but this much: a client asks, a server answers. An *exchange* is a request and
//! its reply, and begins with the first byte a client sends after the server said something. Faults are
//! thrown for each connection or each exchange, from the seed and their numbers alone: neither the
//! scheduler nor how TCP cuts a stream into pieces matters. Connections are numbered as they are
//! accepted, so clients that connect at once may swap fates.

mod connection;
mod counters;
mod fault;
mod plan;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

pub use self::counters::Counters;
pub use self::fault::{Direction, Fault, Kind};

use self::connection::Connection;
use crate::seed::Told;

/// A TCP proxy on a loopback port of its own, between a client and `upstream`. Disturbs nothing until
/// it is told to; ends with [`shutdown`](Self::shutdown) or when dropped. Tells its seed and what it did
/// when its test fails.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use tradekeep_tests::proxy::{ChaosProxy, Fault, Kind};
///
/// let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let proxy = ChaosProxy::start(server.local_addr()?, tradekeep_tests::seed::from_env()).await?;
/// proxy.set(Fault::new(Kind::DropReply, 0.2));
/// // A client of proxy.addr() does its work here.
/// proxy.set(Fault::none());
/// println!("{:?}", proxy.counters());
/// proxy.shutdown().await;
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ChaosProxy {
    addr: SocketAddr,
    faults: watch::Sender<Vec<Fault>>,
    account: Account,
    stop: oneshot::Sender<()>,
    /// One task, which is aborted when this is dropped, and the connections with it.
    acceptor: JoinSet<()>,
}

impl ChaosProxy {
    /// Listens on a free port of 127.0.0.1, for clients of `upstream`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(upstream: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (faults, _) = watch::channel(Vec::new());
        let (counters, _) = watch::channel(Counters::default());
        let (stop, stopped) = oneshot::channel();
        let shared =
            Connection { seed, number: 0, faults: faults.subscribe(), counters: counters.clone() };
        let mut acceptor = JoinSet::new();
        acceptor.spawn(accept(listener, upstream, shared, stopped));
        let account = Account { counters, told: Told::new("chaos proxy", seed) };
        Ok(Self { addr, faults, account, stop, acceptor })
    }

    /// Where clients connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The seed it was started with.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.account.told.seed()
    }

    /// From now on this fault and no other. A stall or a throttle starts and ends at once, any other
    /// fault meets the connections and exchanges that begin from now on.
    pub fn set(&self, fault: Fault) {
        self.set_all(vec![fault]);
    }

    /// From now on these faults, each thrown for itself. As [`set`](Self::set).
    pub fn set_all(&self, faults: Vec<Fault>) {
        self.faults.send_replace(faults);
    }

    /// What was done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        *self.account.counters.borrow()
    }

    /// Waits until the counters are so. Returns them. Bounded in time only by its caller.
    pub async fn until(&self, so: impl FnMut(&Counters) -> bool) -> Counters {
        let mut counters = self.account.counters.subscribe();
        // An error would mean that the sender is gone, and `self` holds it.
        counters.wait_for(so).await.map_or_else(|_| Counters::default(), |counters| *counters)
    }

    /// Closes the port and every connection, and waits until that is done.
    pub async fn shutdown(mut self) {
        // Whom nobody hears has ended already.
        let _ = self.stop.send(());
        while self.acceptor.join_next().await.is_some() {}
    }
}

/// What was done, and by which seed: told when a test fails.
#[derive(Debug)]
struct Account {
    counters: watch::Sender<Counters>,
    told: Told,
}

impl Drop for Account {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("chaos proxy: {:?}", *self.counters.borrow());
        }
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    shared: Connection,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let connection = Connection { number, ..shared.clone() };
                    number += 1;
                    connections.spawn(serve(connection, client, upstream));
                }
                // Out of descriptors, say. No event tells when there are some again.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(mut connection: Connection, client: TcpStream, upstream: SocketAddr) {
    connection.serve(client, upstream).await;
}
