//! Servers and clients to put a proxy between. A frame is its length, 4 bytes, and its content.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::proxy::ChaosProxy;

/// Answers each frame with the same one backwards, and keeps it.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    requests: watch::Sender<Vec<Vec<u8>>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (requests, _) = watch::channel(Vec::new());
        let server = Self { addr: listener.local_addr().unwrap(), requests: requests.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, requests.clone()));
            }
        });
        server
    }

    /// What came in completely.
    pub(super) fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.borrow().clone()
    }

    /// As [`requests`](Self::requests), once there are so many.
    pub(super) async fn until(&self, count: usize) -> Vec<Vec<u8>> {
        let mut requests = self.requests.subscribe();
        requests.wait_for(|requests| requests.len() >= count).await.unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, requests: watch::Sender<Vec<Vec<u8>>>) -> io::Result<()> {
    loop {
        let mut frame = read_frame(&mut stream).await?;
        requests.send_modify(|requests| requests.push(frame.clone()));
        frame.reverse();
        write_frame(&mut stream, &frame).await?;
    }
}

async fn read_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; usize::try_from(stream.read_u32().await?).unwrap()];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn write_frame(stream: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, frame].concat()).await
}

/// A client of that server.
#[derive(Debug)]
pub(super) struct Client(pub(super) TcpStream);

impl Client {
    pub(super) async fn connect(proxy: &ChaosProxy) -> Self {
        Self(TcpStream::connect(proxy.addr()).await.unwrap())
    }

    pub(super) async fn send(&mut self, request: &[u8]) -> io::Result<()> {
        write_frame(&mut self.0, request).await
    }

    pub(super) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        read_frame(&mut self.0).await
    }

    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        self.send(request).await?;
        self.receive().await
    }

    /// All that comes before the end or an error, and which error.
    pub(super) async fn rest(&mut self) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut bytes = Vec::new();
        let ended = self.0.read_to_end(&mut bytes).await;
        (bytes, ended.err().map(|error| error.kind()))
    }
}

/// Both ends of one connection through a proxy, in the hands of the test: client's and server's.
pub(super) async fn ends(seed: u64) -> (ChaosProxy, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = ChaosProxy::start(listener.local_addr().unwrap(), seed).await.unwrap();
    let client = TcpStream::connect(proxy.addr()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    (proxy, client, server)
}
