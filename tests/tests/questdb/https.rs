//! A proxy that ends https before the server, its certificate by an authority of our own.

use std::io::{Read as _, Seek as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tradekeep::models::{Records, Symbol, Table, Tick};
use tradekeep::stores::Probe as _;

use crate::Sharing;
use crate::judge::judge_all;
use crate::tables::{Tables, Way, run};

pub(crate) const SHARING: &[Sharing] =
    &[("https_goes_to_whom_our_authority_vouches_for_and_to_nobody_else", |tables| {
        run(over_https(tables));
    })];

async fn over_https(tables: &Tables) {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (folder.path().join("ours.pem"), folder.path().join("other.pem"));
    let port = proxy(tables.port, &ours).await;
    authority(&other);
    let config = || tables.config().with_port(port).with_https();
    let ticks: Vec<_> = (0..2_000).map(tick).collect();

    for (config, told) in [
        // Neither this system's authorities nor another one know it.
        (config(), "give tls_roots"),
        (config().with_tls_roots(&other), "give tls_roots"),
        (config().with_tls_roots(folder.path().join("gone.pem")), "tls_roots cannot be read"),
        (tables.config().with_port(port), "what listens there takes no records"),
    ] {
        let way = Way::open(config).await;
        way.ingest.append(ticks[..10].to_vec()).await.unwrap();
        way.halted_because(Table::Ticks, told).await;
        let health = way.store.health().await;
        assert!(health.readable && !health.writable, "{health:?}");
        let trouble = &health.troubles[0];
        let trouble = format!("{}: {}", trouble.cause, trouble.remedy);
        assert!(trouble.contains(told), "{trouble}");
    }
    assert_eq!(tables.number("SELECT count() FROM \"{}ticks\""), Some(0));

    let way = Way::open(config().with_tls_roots(&ours)).await;
    way.stored(Records::from(ticks.clone())).await;
    assert!(way.store.health().await.writable);
    let mut file = tempfile::tempfile().unwrap();
    let day = ticks[0].ts().day();
    let bytes = way.store.export_day(Table::Ticks, day, file.try_clone().unwrap()).await.unwrap();
    let mut end = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut end).unwrap();
    assert!(bytes == end.len() as u64 && end.ends_with(b"PAR1"), "{bytes} bytes");
    way.end(0).await;
    judge_all(tables, ticks);
}

fn tick(number: i64) -> Tick {
    let ts = format!("2024-08-08T00:00:00.{number:06}Z").parse().unwrap();
    Tick::builder(Symbol::new("BTC-USD").unwrap(), ts)
        .price(number.into())
        .quantity(1.into())
        .build()
        .unwrap()
}

/// An authority, whose certificate is written to `file`.
fn authority(file: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(file, issuer.pem()).unwrap();
    issuer
}

/// Ends TLS before `upstream`, on the port that it answers, with a certificate by the authority in `roots`.
async fn proxy(upstream: u16, roots: &Path) -> u16 {
    let issuer = authority(roots);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who does not trust it goes away.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, upstream));
                let mut server = TcpStream::connect(upstream).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}
