//! The server over HTTP, besides the records that are sent to it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;
use tradekeep_store_traits::{ErrorKind, Result, StoreError};
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use ureq::{Agent, Body};

use crate::error::not_answered;
use crate::{QuestDbConfig, STORE};

/// Whether the server lets us write, as far as can be told: it is sent a batch of no rows.
pub(crate) async fn knock(config: &QuestDbConfig, op: &'static str) -> Result<()> {
    let config = config.clone();
    blocking(op, move || {
        let limit = config.connect_timeout();
        let agent = Agent::config_builder().timeout_global(Some(limit)).build().new_agent();
        let mut request = agent.post(url(&config, "write"));
        if let Some(user) = user(&config) {
            request = request.header("Authorization", user);
        }
        match request.send_empty() {
            // Whatever else it thinks of a batch of nothing.
            Err(error) if !matches!(error, ureq::Error::StatusCode(400)) => {
                Err(not_answered(op, error))
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
) -> std::result::Result<Body, ureq::Error> {
    let mut request = settings.build().new_agent().get(url(config, path)).query_pairs(values);
    if let Some(user) = user(config) {
        request = request.header("Authorization", user);
    }
    Ok(request.call()?.into_body())
}

/// Runs what waits for the server on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    op: &'static str,
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(run).await.map_err(|error| {
        let context = "it was called off: ask again";
        StoreError::new(ErrorKind::Query, STORE, op, context).with_source(error)
    })?
}

fn url(config: &QuestDbConfig, path: &str) -> String {
    let scheme = if config.https() { "https" } else { "http" };
    format!("{scheme}://{}/{path}", config.server())
}

fn user(config: &QuestDbConfig) -> Option<String> {
    let credentials = config.http_credentials()?;
    let pair = format!("{}:{}", credentials.user, credentials.password.expose_secret());
    Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}
