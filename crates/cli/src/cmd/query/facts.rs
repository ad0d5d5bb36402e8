//! A few facts, one a line, with their names before them.

use anyhow::Result;

use crate::output::Out;

/// Facts in order.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<(&'static str, String)>);

impl Facts {
    pub(super) fn add(&mut self, name: &'static str, fact: impl Into<String>) {
        self.0.push((name, fact.into()));
    }

    pub(super) fn tell(&self, out: &mut Out) -> Result<()> {
        let widest = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let line = |(name, fact): &(_, _)| format!("{name:widest$}  {fact}");
        self.0.iter().try_for_each(|fact| out.line(line(fact)))
    }
}
