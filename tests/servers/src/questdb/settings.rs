//! What a server of a test is told.

use std::fmt::Write as _;

/// The three ports of a server, all on the loopback interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// Records in, and queries: HTTP.
    pub http: u16,
    /// Queries: PostgreSQL's protocol.
    pub pg: u16,
    /// Health: HTTP.
    pub health: u16,
}

/// Who may use it over HTTP, and who over PostgreSQL's protocol: two, so that a test sees them mixed up.
pub const HTTP_USER: &str = "tester";
/// The password of [`HTTP_USER`].
pub const HTTP_PASSWORD: &str = "http-secret";
/// Who may use it over PostgreSQL's protocol.
pub const PG_USER: &str = "reader";
/// The password of [`PG_USER`].
pub const PG_PASSWORD: &str = "pg-secret";

/// The text of `conf/server.conf`, with these passwords over HTTP and PostgreSQL's protocol.
pub(super) fn server_conf(ports: Ports, [http_password, pg_password]: [&str; 2]) -> String {
    let Ports { http, pg, health } = ports;
    let mut text = String::new();
    for (name, value) in [
        ("http.bind.to", format!("127.0.0.1:{http}").as_str()),
        ("pg.net.bind.to", format!("127.0.0.1:{pg}").as_str()),
        ("http.min.net.bind.to", format!("127.0.0.1:{health}").as_str()),
        ("http.health.check.authentication.required", "false"),
        ("http.user", HTTP_USER),
        ("http.password", http_password),
        ("pg.user", PG_USER),
        ("pg.password", pg_password),
        ("line.tcp.enabled", "false"),
        ("line.udp.enabled", "false"),
        ("telemetry.enabled", "false"),
        // A hostile tag would make a column, a stray measurement a table.
        ("line.auto.create.new.columns", "false"),
        ("line.auto.create.new.tables", "false"),
        // Without it `ALTER TABLE … SUSPEND WAL` is refused, which tests do to a table.
        ("dev.mode.enabled", "true"),
        ("shared.worker.count", "2"),
        // Files grow by so much at a time, by column: tests make many small tables.
        ("cairo.writer.data.append.page.size", "262144"),
        ("cairo.writer.data.index.key.append.page.size", "65536"),
        ("cairo.writer.data.index.value.append.page.size", "65536"),
        ("cairo.wal.writer.data.append.page.size", "131072"),
        ("cairo.o3.column.memory.size", "262144"),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}={value}");
    }
    text
}
