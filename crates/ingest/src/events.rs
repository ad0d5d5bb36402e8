//! What happens to delivery is itself recorded as system events, which are delivered as all records are.

use std::sync::Arc;

use tradekeep_models::{InvalidInput, Message, Name, Severity, SystemEvent};
use tradekeep_store_traits::{Records, Table};

use crate::IngestError;
use crate::appender::Appender;

/// Writes system events.
#[derive(Debug, Clone)]
pub(crate) struct Events(pub(crate) Arc<Appender>);

impl Events {
    pub(crate) fn breaker_opened(&self, sink: &str, reason: &str) {
        let message =
            format!("{sink} does not take records, and is probed until it does: {reason}");
        self.tell(Severity::Error, "breaker_opened", &message);
    }

    pub(crate) fn breaker_closed(&self, sink: &str) {
        self.tell(Severity::Info, "breaker_closed", &format!("{sink} takes records again"));
    }

    pub(crate) fn halted(&self, sink: &str, table: Table, reason: &str) {
        let message =
            format!("{sink} takes no {table} until it is repaired, nothing is lost: {reason}");
        self.tell(Severity::Critical, "sink_halted", &message);
    }

    pub(crate) fn resumed(&self, sink: &str, table: Table) {
        self.tell(Severity::Info, "sink_resumed", &format!("{sink} takes {table} again"));
    }

    /// A store has lost records that it had, behind `from`.
    pub(crate) fn resent(&self, sink: &str, table: Table, from: u64) {
        let message = format!(
            "{sink} has lost {table} that it had, all behind record {from} of the spool: what is held of them is sent \
             again"
        );
        self.tell(Severity::Error, "sink_behind", &message);
    }

    /// The first of a table since this process began.
    pub(crate) fn dead_letter(&self, sink: &str, table: Table, reason: &str) {
        let message = format!(
            "{sink} does not take a record of {table} ({reason}): it is kept as a dead letter, and so are others that follow"
        );
        self.tell(Severity::Error, "dead_letter", &message);
    }

    fn tell(&self, severity: Severity, kind: &'static str, message: &str) {
        match severity {
            Severity::Critical => tracing::error!(alarm = kind, "{message}"),
            Severity::Error => tracing::warn!(event = kind, "{message}"),
            _ => tracing::info!(event = kind, "{message}"),
        }
        let event = || -> Result<SystemEvent, InvalidInput> {
            let event = SystemEvent::new(self.0.now(), severity, Message::new(message)?);
            let source = Name::new("tradekeep-ingest")?;
            Ok(event.with_event_type(Name::new(kind)?).with_source(source))
        };
        // Where it breaks a rule, the process's log has it all the same.
        let Ok(event) = event() else { return };
        match self.0.append_always(&Records::SystemEvents(vec![event]), |_| Ok(())) {
            // Nothing is appended any more while the ingest shuts down.
            Ok(_) | Err(IngestError::Closed) => {}
            Err(error) => tracing::warn!(%error, "a system event could not be kept"),
        }
    }
}
