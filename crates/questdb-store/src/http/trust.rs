//! Whose certificates are trusted, as the client that sends records has it.

use std::path::Path;
use std::{fs, io};

use ureq::tls::{Certificate, PemItem, parse_pem};

/// The authorities in a PEM file, or, without one, those that this system trusts.
pub(super) fn roots(file: Option<&Path>) -> io::Result<Vec<Certificate<'static>>> {
    let Some(file) = file else {
        let found = rustls_native_certs::load_native_certs().certs;
        return Ok(found.iter().map(|der| Certificate::from_der(der).to_owned()).collect());
    };
    let mut roots = Vec::new();
    for item in parse_pem(&fs::read(file)?) {
        if let PemItem::Certificate(certificate) = item.map_err(io::Error::other)? {
            roots.push(certificate);
        }
    }
    Ok(roots)
}
