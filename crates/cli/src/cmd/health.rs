//! `tradekeep health`: how the stores are doing.

use anyhow::Result;
use serde::Serialize;
use tradekeep::stores::{Health, Trouble};
use tradekeep::{Config, Role, StoreError, Tradekeep};

use super::spool::Brief;
use crate::output::{Out, one_line};
use crate::{Outcome, args};

#[derive(Serialize)]
struct Object<'a> {
    /// Its URL, without secrets.
    name: Option<&'a str>,
    roles: &'a [Role],
    #[serde(flatten)]
    health: &'a Health,
}

pub(crate) async fn run(
    args: &args::Health,
    store: &Tradekeep,
    config: &Config,
    out: &mut Out,
) -> Result<Outcome> {
    let spool = Brief::of(config.ingest().data()).await?;
    let report = store.health().await;
    for store in &report.stores {
        tell(Some(&store.name), &store.roles, &store.health, out)?;
    }
    let is_well = match spool {
        None => true,
        Some(spool) => {
            let mut troubles = spool.troubles(config.max_wait());
            if args.deep {
                troubles.extend(store.missing(spool.status()).await?);
            }
            of_spool(&spool, troubles, out)?
        }
    };
    Ok(if report.is_healthy() && is_well { Outcome::Done } else { Outcome::Failed })
}

/// Tells of the spool; answers whether it is healthy.
fn of_spool(spool: &Brief, troubles: Vec<Trouble>, out: &mut Out) -> Result<bool> {
    let healthy = troubles.is_empty();
    if out.json() {
        let health = Health::builder()
            .store("spool")
            .readable(true)
            .writable(true)
            .troubles(troubles)
            .build();
        out.object(&Object { name: None, roles: &[], health: &health })?;
    } else {
        let how = if healthy { "healthy" } else { "in trouble" };
        out.line(format_args!("spool: {how}, {}", spool.waiting()))?;
        tell_troubles(&troubles, out)?;
    }
    Ok(healthy)
}

fn tell_troubles(troubles: &[Trouble], out: &mut Out) -> Result<()> {
    for Trouble { cause, remedy, .. } in troubles {
        out.line(format_args!("  {cause}: {remedy}"))?;
    }
    Ok(())
}

/// Tells of a store that could not even be opened; people see that in the error itself.
pub(crate) fn report_closed(error: &StoreError, out: &mut Out) -> Result<()> {
    if !out.json() {
        return Ok(());
    }
    let trouble = Trouble::new(error.to_string(), "mend what the cause names, then ask again");
    let health = Health::builder()
        .store(error.store)
        .readable(false)
        .writable(false)
        .troubles(vec![trouble])
        .build();
    tell(None, &[], &health, out)
}

fn tell(name: Option<&str>, roles: &[Role], health: &Health, out: &mut Out) -> Result<()> {
    if out.json() {
        return out.object(&Object { name, roles, health });
    }
    let can = |able: bool, what: &str| format!("{}{what}", if able { "" } else { "not " });
    let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let all = roles.len() == Role::ALL.len();
    let name = name.map_or_else(String::new, |name| format!(" ({})", one_line(name)));
    out.line(format_args!(
        "{}: {}, {} {}, {}, {}{name}",
        match roles.len() {
            0 => "records besides".into(),
            _ if all => "all series".into(),
            _ => roles.join(", "),
        },
        if health.is_healthy() { "healthy" } else { "in trouble" },
        health.store,
        health.version.as_deref().unwrap_or("(version unknown)"),
        can(health.readable, "readable"),
        can(health.writable, "writable"),
    ))?;
    tell_troubles(&health.troubles, out)
}
