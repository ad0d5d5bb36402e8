//! Free ports of the loopback interface, and whether somebody answers on one.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::time::Duration;

/// `N` different ports that nobody listens on now. Somebody else may take one before it is used.
pub(crate) fn free<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    // Held until all are known, so that they differ.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

/// An address of this machine alone.
pub(crate) const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// The status that `GET /` is answered with.
pub(crate) fn http_status(addr: SocketAddr, patience: Duration) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&addr, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    // `HTTP/1.1 200 `
    let mut head = [0; 13];
    stream.read_exact(&mut head)?;
    let status = std::str::from_utf8(&head[9..12]).ok().and_then(|digits| digits.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it does not speak HTTP"))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn ports_differ_and_are_free() {
        let [a, b, c] = free().unwrap();
        assert!(a != b && b != c && a != c);
        assert!(TcpListener::bind(loopback(a)).is_ok());
    }

    #[test]
    fn a_status_is_read_and_silence_is_an_error() {
        let listener = TcpListener::bind(loopback(0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            client.write_all(b"HTTP/1.1 503 Not yet\r\n\r\n").unwrap();
            // Closed only when the request was read, or it is reset before the answer arrives.
            let mut request = Vec::new();
            let _ = client.read_to_end(&mut request);
            listener
        });
        assert_eq!(http_status(addr, Duration::from_secs(5)).unwrap(), 503);
        let _silent = server.join().unwrap();
        assert!(http_status(addr, Duration::from_millis(20)).is_err());
    }
}
