//! Ctrl-C, SIGTERM, and the end of the terminal.

use std::future::poll_fn;
use std::task::Poll;

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
        let mut signals = vec![listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?];
        // Whoever starts it by `nohup` wants it to go on.
        if !is_hangup_ignored() {
            signals.push(listen(SignalKind::hangup())?);
        }
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

async fn any(signals: &mut [Signal]) {
    poll_fn(|context| {
        let come = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if come { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Whether this process was started to outlive its terminal. Only Linux says so without unsafe code.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is the first signal.
    ignored.is_some_and(|mask| mask & 1 == 1)
}
