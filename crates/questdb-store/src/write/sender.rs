//! A thread that sends: the client of this server's HTTP waits for each answer.

use std::sync::mpsc;
use std::thread;

use questdb::ingress::{
    Buffer, CertificateAuthority, Protocol, ProtocolVersion, Sender, SenderBuilder,
};
use secrecy::ExposeSecret;
use tokio::sync::oneshot;
use tradekeep_store_traits::{ErrorKind, Failure, Inner};

use crate::QuestDbConfig;
use crate::error::refused;

/// What may be sent at once. The server takes 1 GiB by default.
const MOST_BYTES: usize = 512 << 20;

/// A connection, and the thread that has it. Dropped, it ends once what it sends is answered.
#[derive(Debug)]
pub(crate) struct Connection {
    requests: mpsc::Sender<Request>,
    /// Of the table when it was made.
    pub(crate) generation: u64,
}

struct Request {
    buffer: Buffer,
    answer: oneshot::Sender<questdb::Result<()>>,
}

impl Connection {
    /// Connects when it first sends.
    pub(crate) fn new(config: &QuestDbConfig, generation: u64) -> Inner<Self> {
        let mut sender = settings(config).and_then(|settings| settings.build()).map_err(refused)?;
        let (requests, inbox) = mpsc::channel();
        let serve = move || serve(&mut sender, &inbox);
        thread::Builder::new().name("tradekeep-questdb".into()).spawn(serve).map_err(|error| {
            let context = "no thread can be started to send with: see the limits of this process";
            Failure::new(ErrorKind::Connection, context).with_source(error)
        })?;
        Ok(Self { requests, generation })
    }

    /// Sends `buffer` as one request.
    pub(crate) fn send(&self, buffer: Buffer) -> Inner<Answer> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { buffer, answer }).map_err(|_| ended())?;
        Ok(Answer(answered))
    }
}

/// What will be answered to a request.
pub(crate) struct Answer(oneshot::Receiver<questdb::Result<()>>);

impl Answer {
    /// Waits for it.
    pub(crate) async fn wait(self) -> Inner<()> {
        let answer = self.0.await.map_err(|_| ended())?;
        answer.map_err(refused)
    }
}

fn ended() -> Failure {
    let context = "the thread that sends has ended: send again";
    Failure::new(ErrorKind::Connection, context)
}

fn serve(sender: &mut Sender, inbox: &mpsc::Receiver<Request>) {
    for Request { buffer, answer } in inbox {
        // Nobody may wait for it any more.
        let _ = answer.send(sender.flush_and_keep(&buffer));
    }
}

/// How records are sent. What it is not told, a client asks the server for.
fn settings(config: &QuestDbConfig) -> questdb::Result<SenderBuilder> {
    let protocol = if config.https() { Protocol::Https } else { Protocol::Http };
    let mut settings = SenderBuilder::new(protocol, config.http_host(), config.port)
        .protocol_version(VERSION)?
        .max_buf_size(MOST_BYTES)?
        .request_timeout(config.write_timeout)?
        // A batch whose answer is lost is sent again by who delivers it, in its order.
        .retry_timeout(std::time::Duration::ZERO)?;
    if config.https() {
        settings = match config.tls_roots() {
            Some(file) => settings.tls_roots(file)?,
            // Its default depends on what else is linked.
            None => settings.tls_ca(CertificateAuthority::OsRoots)?,
        };
    }
    if let Some(credentials) = &config.http {
        settings =
            settings.username(&credentials.user)?.password(credentials.password.expose_secret())?;
    }
    Ok(settings)
}

/// The first version of the line protocol that has decimals.
const VERSION: ProtocolVersion = ProtocolVersion::V3;

/// An empty buffer for what is sent.
pub(crate) fn buffer() -> Buffer {
    Buffer::new(VERSION)
}
