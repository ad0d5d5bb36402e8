//! A store passes the suite through the facade too: behind the router, and every layer of `[query]`.

use std::process::ExitCode;

use tradekeep::stores::Failure;
use tradekeep::{Config, ConfigError, ConfigFormat, ErrorKind, Tradekeep};
use tradekeep_store_traits::conformance;

const CONFIG: &str = "\
[stores]
series = 'memory://'
[query]
retries = 3
timeout_ms = 60000
concurrency = 8
";

fn main() -> ExitCode {
    conformance::run(|| async {
        let wrong = |error: ConfigError| Failure::new(ErrorKind::InvalidInput, error.to_string());
        let config = Config::parse(CONFIG, ConfigFormat::Toml)
            .map_err(|error| wrong(error).at("tradekeep", "open"))?;
        Ok(Tradekeep::open(&config).await?.store())
    })
}
