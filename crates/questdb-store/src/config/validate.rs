//! What a configuration must be like.

use std::net::IpAddr;
use std::time::Duration;

use tradekeep_models::{Ident, InvalidInput};
use tradekeep_store_traits::url::refuse;

use super::QuestDbConfig;
use crate::schema::SCHEMA_TABLE;
use crate::{SCHEME, views};

impl QuestDbConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// Naming all problems at once; none of them holds a value.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        let mut problems: Vec<&str> = Vec::new();
        if self.host.is_empty() || self.pg_host().is_empty() {
            problems.push("host is empty");
        }
        if self.port == 0 || self.pg_port == 0 {
            problems.push("port and pg_port must be 1 to 65535");
        }
        if !self.table_prefix.is_empty() && Ident::new(self.table(SCHEMA_TABLE)).is_err() {
            problems.push(
                "table_prefix must be at most 47 of a-z, 0-9 and _, not starting with a digit",
            );
        }
        if !self.candle_views.iter().all(|interval| views::fits(*interval)) {
            problems
                .push("candle_views must be intervals of which so many make a day: 1m, 15m, 1h");
        }
        if !(1..=64).contains(&self.readers) {
            problems.push("readers must be 1 to 64");
        }
        let timeouts =
            [self.connect_timeout, self.idle_timeout, self.query_timeout, self.write_timeout];
        if timeouts.iter().any(Duration::is_zero) {
            problems.push("timeouts must be longer than nothing");
        }
        if self.tls_roots.is_some() && !self.https {
            problems.push("tls_roots is for https=true");
        }
        let is_safe = (self.https || is_loopback(&self.host)) && is_loopback(self.pg_host());
        if !is_safe && !self.allow_plaintext {
            problems.push(
                "records and passwords would cross a network unencrypted: set https=true, and \
                 pg_host to the near end of a TLS tunnel, or allow_plaintext=true",
            );
        }
        refuse(SCHEME, &problems)
    }
}

/// Whether nobody is between us and `host`.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|addr| addr.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_all_problems_at_once() {
        let config = QuestDbConfig::new("db.example")
            .with_pg_port(0)
            .with_table_prefix("Desk; drop")
            .with_tls_roots("authority.pem")
            .with_readers(0);
        let text = config.validate().unwrap_err().to_string();
        for problem in ["pg_port", "table_prefix", "readers", "tls_roots", "unencrypted"] {
            assert!(text.contains(problem), "{problem} in {text}");
        }
        assert!(!text.contains("drop"), "{text}");
    }

    #[test]
    fn only_this_machine_is_talked_to_in_the_open() {
        for near in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert_eq!(QuestDbConfig::new(near).validate(), Ok(()), "{near}");
        }
        for far in ["10.0.0.1", "localhost.example", "db", "0.0.0.0"] {
            assert!(QuestDbConfig::new(far).validate().is_err(), "{far}");
            assert_eq!(QuestDbConfig::new(far).with_plaintext_allowed().validate(), Ok(()));
        }
    }

    #[test]
    fn prefixes_leave_names_that_are_good() {
        let with = |len: usize| QuestDbConfig::new("::1").with_table_prefix("p".repeat(len));
        assert_eq!(with(47).validate(), Ok(()));
        assert!(with(48).validate().is_err());
    }
}
