//! Who we are on a server.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A user of the server, and its password, which Debug shows as `***`.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

impl Credentials {
    pub(super) fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// Those that every QuestDB is shipped with.
    pub(crate) fn are_shipped(&self) -> bool {
        self.user == "admin" && self.password.expose_secret() == "quest"
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for Credentials {}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.user)
    }
}
