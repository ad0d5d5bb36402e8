//! A configuration as a URL.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use tradekeep_models::InvalidInput;

use super::validate::refuse;
use super::{Credentials, QuestDbConfig};

const FORM: &str = "url must look like questdb://user:password@host:9000?pg_port=8812";
const PARAMETERS: &str = "https, tls_roots, pg_host, pg_port, pg_user, pg_password, table_prefix, \
                          candle_views, allow_plaintext, auto_migrate";

/// What `url` says, not yet validated.
pub(super) fn parse(url: &str) -> Result<QuestDbConfig, InvalidInput> {
    let Some(rest) = url.strip_prefix("questdb://") else {
        return Err(InvalidInput::new("questdb", FORM));
    };
    let mut problems = Vec::new();
    let (authority, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let mut config = server(authority, &mut problems);
    parse_parameters(&mut config, parameters, &mut problems);
    refuse(&problems)?;
    Ok(config)
}

fn server(authority: &str, problems: &mut Vec<String>) -> QuestDbConfig {
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains(['/', '#']) {
        problems.push("url takes no path after the port".into());
    }
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let mut config = QuestDbConfig::new(host);
    if let Some(port) = port {
        config.port = number("port", port, problems);
    }
    config.http = user.and_then(|user| {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        Some(Credentials::new(text("user", user, problems)?, text("password", password, problems)?))
    });
    config
}

fn parse_parameters(config: &mut QuestDbConfig, parameters: &str, problems: &mut Vec<String>) {
    let mut pg_user = None;
    let mut pg_password = None;
    let mut seen = Vec::new();
    let given = parameters.split('&').filter(|parameter| !parameter.is_empty());
    for (place, parameter) in (1..).zip(given) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if seen.contains(&name) {
            problems.push(format!("parameter {place} is given before"));
        }
        seen.push(name);
        match name {
            "https" => config.https = switch("https", value, problems),
            "tls_roots" => {
                config.tls_roots = text("tls_roots", value, problems).map(Into::into);
            }
            "allow_plaintext" => {
                config.allow_plaintext = switch("allow_plaintext", value, problems);
            }
            "auto_migrate" => config.auto_migrate = switch("auto_migrate", value, problems),
            "pg_host" => config.pg_host = text("pg_host", value, problems),
            "pg_port" => config.pg_port = number("pg_port", value, problems),
            "pg_user" => pg_user = text("pg_user", value, problems),
            "pg_password" => pg_password = text("pg_password", value, problems),
            "candle_views" => {
                for interval in value.split(',') {
                    match interval.parse() {
                        Ok(interval) => config.candle_views.push(interval),
                        Err(_) => problems.push("candle_views are not intervals like 1m,1h".into()),
                    }
                }
            }
            "table_prefix" => {
                config.table_prefix = text("table_prefix", value, problems).unwrap_or_default();
            }
            // Its name is not shown: it may be the rest of a secret that is not encoded.
            _ => problems.push(format!("parameter {place} is none of {PARAMETERS}")),
        }
    }
    match (pg_user, pg_password) {
        (None, None) => {}
        (Some(user), password) => {
            config.pg = Some(Credentials {
                user,
                password: password.map(SecretString::from).unwrap_or_default(),
            });
        }
        (None, Some(_)) => problems.push("pg_password needs a pg_user".into()),
    }
}

fn text(name: &str, value: &str, problems: &mut Vec<String>) -> Option<String> {
    let decoded = percent_decode_str(value).decode_utf8();
    if decoded.is_err() {
        problems.push(format!("{name} is not percent-encoded UTF-8"));
    }
    decoded.ok().map(Into::into)
}

/// 0, which is no port, where it is no number.
fn number(name: &str, value: &str, problems: &mut Vec<String>) -> u16 {
    value.parse().unwrap_or_else(|_| {
        problems.push(format!("{name} is not a number from 1 to 65535"));
        0
    })
}

fn switch(name: &str, value: &str, problems: &mut Vec<String>) -> bool {
    if !matches!(value, "true" | "false") {
        problems.push(format!("{name} is neither true nor false"));
    }
    value == "true"
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
        assert!(config.auto_migrate());
        assert_eq!(config.tls_roots(), Some("/etc/a b.pem".as_ref()));
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let config = QuestDbConfig::from_url("questdb://localhost").unwrap();
        assert_eq!((config.port, config.pg_port, config.https), (9000, 8812, false));
        assert!(config.http.is_none() && config.pg_credentials().are_shipped());
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
