//! What an oracle says.

use std::fmt;

/// Rows of one kind of fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: u64,
    /// The first few.
    pub examples: Vec<String>,
}

impl Found {
    /// So many are kept to look at.
    const EXAMPLES: usize = 3;

    pub(super) fn add(&mut self, row: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push(row());
        }
    }
}

/// What came of the rows that were sent. `Display` is one line, without any row's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows sent, each identity once.
    pub sent: u64,
    /// Rows stored.
    pub stored: u64,
    /// Identities stored.
    pub distinct: u64,
    /// Rows sent without a receipt that are not stored. No fault.
    pub open_and_absent: u64,
    /// Rows with a receipt that are not stored.
    pub lost: Found,
    /// Rows stored beyond the first of their identity.
    pub doubled: Found,
    /// Rows stored with the identity of a row that was sent, and other content.
    pub changed: Found,
    /// Identities stored that nobody sent.
    pub unexpected: Found,
}

impl Report {
    /// Whether stored is sent: all that was promised, once, unchanged, and nothing else.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.kinds().iter().all(|(_, found)| found.count == 0)
    }

    /// The first few rows of each kind of fault, one a line.
    #[must_use]
    pub fn examples(&self) -> String {
        let mut text = String::new();
        for (name, found) in self.kinds() {
            for example in &found.examples {
                text.extend([name, ": ", example, "\n"]);
            }
        }
        text
    }

    const fn kinds(&self) -> [(&'static str, &Found); 4] {
        [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("changed", &self.changed),
            ("unexpected", &self.unexpected),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", if self.is_clean() { "clean" } else { "NOT CLEAN" })?;
        write!(f, "{} sent, {} stored, {} distinct", self.sent, self.stored, self.distinct)?;
        for (name, found) in self.kinds() {
            write!(f, ", {} {name}", found.count)?;
        }
        write!(f, ", {} open and absent", self.open_and_absent)
    }
}
