//! A configuration as a URL.

use tradekeep_models::{Interval, InvalidInput};
use tradekeep_store_traits::url::{Credentials, StoreUrl};

use super::QuestDbConfig;
use crate::SCHEME;

const FORM: &str = "url must look like questdb://user:password@host:9000?pg_port=8812";

/// What `url` says, not yet validated.
pub(super) fn parse(url: &str) -> Result<QuestDbConfig, InvalidInput> {
    let mut url = StoreUrl::of(SCHEME, url).ok_or_else(|| InvalidInput::new(SCHEME, FORM))?;
    let server = url.server();
    let mut config = QuestDbConfig::new(server.host);
    config.port = server.port.unwrap_or(config.port);
    config.http = server.credentials;
    config.https = url.switch("https").unwrap_or_default();
    config.tls_roots = url.text("tls_roots").map(Into::into);
    config.pg_host = url.text("pg_host");
    config.pg_port = url.port("pg_port").unwrap_or(config.pg_port);
    config.pg = match (url.text("pg_user"), url.text("pg_password")) {
        (Some(user), password) => Some(Credentials::new(user, password.unwrap_or_default())),
        (None, None) => None,
        (None, Some(_)) => {
            url.problem("pg_password needs a pg_user");
            None
        }
    };
    config.table_prefix = url.text("table_prefix").unwrap_or_default();
    let views = url.take("candle_views", "are not intervals like 1m,1h", intervals);
    config.candle_views = views.unwrap_or_default();
    config.allow_plaintext = url.switch("allow_plaintext").unwrap_or_default();
    config.auto_migrate = url.switch("auto_migrate").unwrap_or_default();
    if let Some(window) = url.hours("duplicate_window_hours") {
        config.duplicate_window = window;
    }
    url.finish()?;
    Ok(config)
}

fn intervals(list: &str) -> Option<Vec<Interval>> {
    list.split(',').map(|interval| interval.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn pg(config: &QuestDbConfig) -> (String, String) {
        let Credentials { user, password } = config.pg_credentials();
        (user, password.expose_secret().to_owned())
    }

    #[test]
    fn every_part_is_read() {
        let url = "questdb://bot:p%40ss%3A%2F@db.example:9443?pg_port=8813&https=true\
                   &pg_host=localhost&pg_user=re%26ader&pg_password=%F0%9F%94%91&table_prefix=a_\
                   &auto_migrate=true&tls_roots=/etc/a%20b.pem";
        let config = QuestDbConfig::from_url(url).unwrap();
        assert_eq!((config.host.as_str(), config.port, config.https), ("db.example", 9443, true));
        assert_eq!((config.pg_host(), config.pg_port), ("localhost", 8813));
        let http = config.http.as_ref().unwrap();
        assert_eq!((http.user.as_str(), http.password.expose_secret()), ("bot", "p@ss:/"));
        assert_eq!(pg(&config), ("re&ader".into(), "🔑".into()));
        assert_eq!(config.table("ticks"), "a_ticks");
        assert!(config.auto_migrate);
        assert_eq!(config.tls_roots(), Some("/etc/a b.pem".as_ref()));
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let config = QuestDbConfig::from_url("questdb://localhost").unwrap();
        assert_eq!((config.port, config.pg_port, config.https), (9000, 8812, false));
        assert!(
            config.http.is_none() && config.pg_credentials() == Credentials::new("admin", "quest")
        );
        let config = QuestDbConfig::from_url("questdb://bot:s@[::1]:9001/").unwrap();
        assert_eq!((config.host.as_str(), config.port), ("::1", 9001));
        assert_eq!(pg(&config), ("bot".into(), "s".into()));
    }

    #[test]
    fn all_problems_are_named_and_no_secret() {
        let url = "questdb://bot:s3cret%FF@:9x/db?pg_port=x&https=maybe&pg_password=s3cret&pg=1&pg=2\
                   &s3cret";
        let text = QuestDbConfig::from_url(url).unwrap_err().to_string();
        for problem in [
            "password is not",
            "port is not",
            "pg_port is not",
            "https is",
            "no path",
            "pg_user",
            "parameter 4 is none of",
            "parameter 5 is given before",
            "parameter 6 is none of",
        ] {
            assert!(text.contains(problem), "{problem} in {text}");
        }
        assert!(!text.contains("s3cret") && !text.contains("maybe"), "{text}");
        for other in ["questdb:localhost", "postgres://localhost", "localhost", ""] {
            assert!(QuestDbConfig::from_url(other).is_err(), "{other}");
        }
    }

    #[test]
    fn debug_keeps_secrets() {
        let url = "questdb://bot:s3cret@localhost?pg_user=r&pg_password=s3cret";
        let text = format!("{:?}", QuestDbConfig::from_url(url).unwrap());
        assert!(text.contains("bot:***") && text.contains("r:***"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}
