//! The server over HTTP, besides the records that are sent to it.

mod trust;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;
use tradekeep_store_traits::{ErrorKind, Failure, Inner};
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::{Agent, Body};

use crate::QuestDbConfig;
use crate::error::{not_answered, roots_unreadable};

/// Whether the server lets us write, as far as can be told: it is sent a batch of no rows.
pub(crate) async fn knock(config: &QuestDbConfig) -> Inner<()> {
    let config = config.clone();
    blocking(move || {
        let limit = config.connect_timeout;
        let settings = Agent::config_builder().timeout_global(Some(limit));
        let mut request = agent(settings, &config)?.post(url(&config, "write"));
        if let Some(user) = user(&config) {
            request = request.header("Authorization", user);
        }
        match request.send_empty() {
            // Whatever else it thinks of a batch of nothing.
            Err(error) if !matches!(error, ureq::Error::StatusCode(400)) => {
                Err(not_answered(error))
            }
            _ => Ok(()),
        }
    })
    .await
}

/// What the server answers to a request of `path` with these values.
pub(crate) fn get(
    settings: ConfigBuilder<AgentScope>,
    config: &QuestDbConfig,
    path: &str,
    values: [(&str, &str); 2],
) -> Inner<Body> {
    let mut request = agent(settings, config)?.get(url(config, path)).query_pairs(values);
    if let Some(user) = user(config) {
        request = request.header("Authorization", user);
    }
    let answer = request.call().map_err(not_answered)?;
    Ok(answer.into_body())
}

/// Runs what waits for the server on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Inner<T> + Send + 'static,
) -> Inner<T> {
    tokio::task::spawn_blocking(run).await.map_err(|error| {
        let context = "it was called off: ask again";
        Failure::new(ErrorKind::Query, context).with_source(error)
    })?
}

/// Which trusts whom `config` says.
fn agent(settings: ConfigBuilder<AgentScope>, config: &QuestDbConfig) -> Inner<Agent> {
    if !config.https() {
        return Ok(settings.build().new_agent());
    }
    let roots = trust::roots(config.tls_roots()).map_err(roots_unreadable)?;
    let tls = TlsConfig::builder().root_certs(RootCerts::from(roots)).build();
    Ok(settings.tls_config(tls).build().new_agent())
}

fn url(config: &QuestDbConfig, path: &str) -> String {
    let scheme = if config.https() { "https" } else { "http" };
    format!("{scheme}://{}/{path}", config.server())
}

fn user(config: &QuestDbConfig) -> Option<String> {
    let credentials = config.http.as_ref()?;
    let pair = format!("{}:{}", credentials.user, credentials.password.expose_secret());
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}
