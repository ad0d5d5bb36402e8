//! The commands, each with its store opened before and closed after.

mod dead_letters;
mod demo;
mod health;
mod import;
mod optimize;
mod query;
mod record;
mod spool;
mod stats;
mod tail;

use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow, bail};
use tradekeep::{Config, ConfigFormat, IMPORT_MEMORY_MEGABYTES, Role, Tradekeep};

use crate::args::{Args, Command, Global};
use crate::output::Out;
use crate::{Outcome, clock};

/// Configuration that is read where none is named.
const CONFIGS: [&str; 3] = ["tradekeep.toml", "tradekeep.yaml", "tradekeep.yml"];
/// Where the embedded store is where nothing says otherwise.
const DATA: &str = "tradekeep-data";

pub(crate) async fn run(args: Args) -> Result<Outcome> {
    let mut out = Out::new(args.global.json);
    let outcome = command(args, &mut out).await;
    let flushed = out.flush();
    let outcome = outcome?;
    flushed?;
    Ok(outcome)
}

async fn command(args: Args, out: &mut Out) -> Result<Outcome> {
    let global = &args.global;
    if matches!(args.command, Command::Demo(_) | Command::Import(_) | Command::Record(_)) {
        // These make ids and times of their own.
        clock::now().map_err(Error::msg)?;
    }
    match args.command {
        Command::Demo(args) => demo::run(&args, global, out).await,
        Command::Import(args) => {
            let config = config(global)?.with_memory_megabytes(IMPORT_MEMORY_MEGABYTES);
            import::check(&args)?;
            let role = Role::of(args.records.table());
            let data = config.folder(role).unwrap_or_else(|| DATA.into());
            with_store(&config, async |store| import::run(&args, &data, store, out).await).await
        }
        Command::Record(args) => {
            let config = config(global)?.with_memory_megabytes(IMPORT_MEMORY_MEGABYTES);
            with_store(&config, async |store| record::run(&args, &config, store, out).await).await
        }
        Command::Query(args) => {
            let config = config(global)?;
            query::check(&args, global.json)?;
            must_have_data(&config)?;
            with_store(&config, async |store| query::run(args, &config, store, out).await).await
        }
        Command::Stats => {
            let config = config(global)?;
            must_have_data(&config)?;
            let run = async |store: &_| stats::run(store, config.ingest().data(), out).await;
            with_store(&config, run).await
        }
        Command::Optimize => {
            let config = config(global)?;
            must_have_data(&config)?;
            with_store(&config, async |store| optimize::run(store, out).await).await
        }
        Command::Spool(args) => spool::run(args, &config(global)?, out).await,
        Command::DeadLetters(args) => dead_letters::run(args, &config(global)?, out).await,
        Command::Tail(args) => tail::run(&args, &config(global)?, out).await,
        Command::Health(args) => {
            let config = config(global)?;
            must_have_data(&config)?;
            match Tradekeep::open(&config).await {
                Ok(store) => {
                    let run = async |store: &_| health::run(&args, store, &config, out).await;
                    with_open_store(&store, run).await
                }
                Err(error) => {
                    health::report_closed(&error, out)?;
                    Err(error.into())
                }
            }
        }
    }
}

/// The configuration that the flags name.
fn config(global: &Global) -> Result<Config> {
    let config = match &global.config {
        Some(file) => Config::from_file(file)?,
        None => config_here()?,
    };
    match &global.data {
        Some(folder) => Ok(config.with_series(&url(folder)?)?),
        None => Ok(config),
    }
}

/// The one configuration that is here, or that of nothing.
fn config_here() -> Result<Config> {
    let here: Vec<_> = CONFIGS.into_iter().filter(|file| Path::new(file).exists()).collect();
    match here.as_slice() {
        [] => Ok(Config::parse("", ConfigFormat::Toml)?),
        [file] => Ok(Config::from_file(Path::new(file))?),
        [one, other, ..] => {
            bail!("{one} and {other} are both here: name one with --config, or remove the other")
        }
    }
}

/// The URL of the embedded store in `folder`.
fn url(folder: &Path) -> Result<String> {
    let text = folder.to_str().ok_or_else(|| {
        anyhow!("{}: the name of a data folder must be UTF-8: choose another", folder.display())
    })?;
    Ok(format!("duckdb://{text}"))
}

/// Keeps a mistyped folder from answering as an empty store.
fn must_have_data(config: &Config) -> Result<()> {
    // What was recorded may be on its way.
    if config.ingest().data().exists() {
        return Ok(());
    }
    let folders: Vec<_> = Role::ALL.into_iter().filter_map(|role| config.folder(role)).collect();
    // What is on a server may be there, whatever is here.
    let embedded = folders.len() == Role::ALL.len();
    match folders.first() {
        Some(folder) if embedded && folders.iter().all(|folder: &PathBuf| !folder.exists()) => {
            bail!(
                "{}: there is no such data folder: import something first, or name the folder with \
             --data",
                folder.display()
            )
        }
        _ => Ok(()),
    }
}

/// Runs `job` on the store of `config`, and closes it whatever comes, for the next process.
async fn with_store(
    config: &Config,
    job: impl AsyncFnOnce(&Tradekeep) -> Result<Outcome>,
) -> Result<Outcome> {
    let store = Tradekeep::open(config).await?;
    with_open_store(&store, job).await
}

async fn with_open_store(
    store: &Tradekeep,
    job: impl AsyncFnOnce(&Tradekeep) -> Result<Outcome>,
) -> Result<Outcome> {
    let outcome = job(store).await;
    match (outcome, store.shutdown().await) {
        (outcome @ (Err(_) | Ok(Outcome::Failed)), Err(error)) => {
            // What came first is told; this most likely follows from it.
            tracing::info!(%error, "the store did not close well");
            outcome
        }
        (Ok(_), Err(error)) => Err(error.into()),
        (outcome, Ok(())) => outcome,
    }
}
