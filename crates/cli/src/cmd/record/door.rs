//! Lines held against what is stored, where that can be asked: a store that is away is never in the way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tradekeep::models::Tick;
use tradekeep::stores::SeriesStore;
use tradekeep::{Met, TickDoor};

use crate::tell_note;

/// How long a store is waited for, and how long it is left alone when it did not answer.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(30);

pub(super) struct Door {
    store: Arc<dyn SeriesStore>,
    door: TickDoor,
    /// Until when the store is not asked.
    not_before: Option<Instant>,
    told: bool,
}

impl Door {
    pub(super) fn before(store: Arc<dyn SeriesStore>) -> Self {
        Self { store, door: TickDoor::default(), not_before: None, told: false }
    }

    /// Which of `ticks` are not to be taken, by their places; none where the store does not answer.
    pub(super) async fn check(&mut self, ticks: &[Tick]) -> Vec<(usize, Met)> {
        if self.not_before.is_some_and(|then| Instant::now() < then) {
            return Vec::new();
        }
        let checked = self.door.check(&*self.store, ticks);
        let error = match tokio::time::timeout(PATIENCE, checked).await {
            Ok(Ok(met)) => return met,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        self.not_before = Some(Instant::now() + PAUSE);
        if !std::mem::replace(&mut self.told, true) {
            tell_note(&format!(
                "the store does not say what it has ({error}): ticks are taken, and may be there already in another \
                 unit of time"
            ));
        }
        Vec::new()
    }
}
