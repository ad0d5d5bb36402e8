//! Ctrl-C and SIGTERM.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::Outcome;

/// Whether somebody wants it to end.
pub(super) struct Quit(watch::Receiver<bool>);

impl Quit {
    /// Listens from now on: the first signal asks to end, the second ends the process.
    pub(super) fn on_signals() -> Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be handled");
        let mut signals = [listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?];
        let (asked, quit) = watch::channel(false);
        tokio::spawn(async move {
            any(&mut signals).await;
            asked.send_replace(true);
            any(&mut signals).await;
            // What was taken is in the spool.
            std::process::exit(Outcome::Interrupted.code().into());
        });
        Ok(Self(quit))
    }

    pub(super) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for it.
    pub(super) async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // Nobody listens any more, which only the end of the process brings.
            std::future::pending::<()>().await;
        }
    }
}

async fn any([interrupt, terminate]: &mut [Signal; 2]) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
