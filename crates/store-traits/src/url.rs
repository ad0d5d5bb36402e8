//! The URL of a store, taken apart: `scheme://user:password@host:port?name=value&…`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use tradekeep_models::InvalidInput;

/// A store's URL, of which each part is taken by its name. What is wrong is gathered, and told at the end, all at
/// once; none of it holds a value, for that may be a secret.
///
/// ```
/// use tradekeep_store_traits::url::StoreUrl;
///
/// let mut url = StoreUrl::of("questdb", "questdb://bot:s3cret@db:9000?https=true").ok_or("another store")?;
/// let (server, https) = (url.server(), url.switch("https"));
/// url.finish()?;
/// assert_eq!((server.host.as_str(), server.port, https), ("db", Some(9000), Some(true)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StoreUrl<'a> {
    scheme: &'static str,
    /// What stands before the `?`.
    place: &'a str,
    /// Name and value, and whether it was taken.
    given: Vec<(&'a str, &'a str, bool)>,
    known: Vec<&'static str>,
    problems: Vec<String>,
}

impl fmt::Debug for StoreUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreUrl").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// A server, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// A name or an address, which stands without its brackets here.
    pub host: String,
    /// Nothing where the URL names none.
    pub port: Option<u16>,
    /// Nothing where the URL names nobody.
    pub credentials: Option<Credentials>,
}

impl<'a> StoreUrl<'a> {
    /// `url` as one of `scheme`; nothing where it is of another.
    #[must_use]
    pub fn of(scheme: &'static str, url: &'a str) -> Option<Self> {
        let rest = url.strip_prefix(scheme)?.strip_prefix("://")?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let given = parameters.split('&').filter(|parameter| !parameter.is_empty());
        let given = given.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
        let given = given.map(|(name, value)| (name, value, false)).collect();
        Some(Self { scheme, place, given, known: Vec::new(), problems: Vec::new() })
    }

    /// What stands between `://` and `?`.
    #[must_use]
    pub const fn place(&self) -> &'a str {
        self.place
    }

    /// The place as `user:password@host:port`, user and password percent-encoded.
    pub fn server(&mut self) -> Server {
        let (user, place) = match self.place.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, self.place),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains(['/', '#']) {
            self.problem("url takes no path after the port");
        }
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = port.and_then(|port| self.read("port", NO_PORT, port, port_of));
        let credentials = user.and_then(|user| {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            let user = self.read("user", NO_TEXT, user, decoded);
            let password = self.read("password", NO_TEXT, password, decoded);
            Some(Credentials::new(user?, password?))
        });
        Server { host: host.to_owned(), port, credentials }
    }

    /// The parameter `name` as `read` reads it; where that answers nothing, `name` and `wrong` are told.
    pub fn take<T>(
        &mut self,
        name: &'static str,
        wrong: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let given = self.given.iter_mut().find(|(given, ..)| *given == name)?;
        given.2 = true;
        let value = given.1;
        self.read(name, wrong, value, read)
    }

    /// The parameter `name` as percent-encoded text.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, NO_TEXT, decoded)
    }

    /// The parameter `name` as `true` or `false`.
    pub fn switch(&mut self, name: &'static str) -> Option<bool> {
        self.take(name, "is neither true nor false", parsed)
    }

    /// The parameter `name` as a port.
    pub fn port(&mut self, name: &'static str) -> Option<u16> {
        self.take(name, NO_PORT, port_of)
    }

    /// The parameter `name` as whole hours, up to those of a year.
    pub fn hours(&mut self, name: &'static str) -> Option<Duration> {
        self.take(name, "is not a whole number from 0 to 8784", |value| {
            let hours = parsed::<u64>(value).filter(|hours| *hours <= 24 * 366)?;
            Some(Duration::from_secs(hours * 3_600))
        })
    }

    /// Something else that is wrong, without a value.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Naming all that is wrong, and by its number each parameter that nobody took.
    pub fn finish(mut self) -> Result<(), InvalidInput> {
        let mut before: Vec<&str> = Vec::new();
        for (number, (name, _, taken)) in (1..).zip(std::mem::take(&mut self.given)) {
            // Its name is not shown: it may be the rest of a secret that is not encoded.
            if before.contains(&name) {
                self.problem(format!("parameter {number} is given before"));
            } else if !taken && self.known.is_empty() {
                self.problem(format!("parameter {number}: there are none"));
            } else if !taken {
                let known = self.known.join(", ");
                self.problem(format!("parameter {number} is none of {known}"));
            }
            before.push(name);
        }
        refuse(self.scheme, &self.problems)
    }

    fn read<T>(
        &mut self,
        name: &str,
        wrong: &str,
        value: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = read(value);
        if found.is_none() {
            self.problem(format!("{name} {wrong}"));
        }
        found
    }
}

const NO_TEXT: &str = "is not percent-encoded UTF-8";
const NO_PORT: &str = "is not a number from 1 to 65535";

fn decoded(value: &str) -> Option<String> {
    percent_decode_str(value).decode_utf8().ok().map(Into::into)
}

fn parsed<T: FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

fn port_of(value: &str) -> Option<u16> {
    parsed(value).filter(|port| *port > 0)
}

/// All problems of a store's configuration as one error; none is fine.
///
/// # Errors
/// Where there are any.
pub fn refuse(store: &'static str, problems: &[impl AsRef<str>]) -> Result<(), InvalidInput> {
    if problems.is_empty() {
        return Ok(());
    }
    let problems: Vec<&str> = problems.iter().map(AsRef::as_ref).collect();
    Err(InvalidInput::new(store, problems.join("; ")))
}

/// A user of a server, and its password, which Debug shows as `***`.
#[derive(Clone)]
pub struct Credentials {
    /// Its name.
    pub user: String,
    /// Empty where it has none.
    pub password: SecretString,
}

impl Credentials {
    /// This user with this password.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// Whether it is this user with this password.
    #[must_use]
    pub fn are(&self, user: &str, password: &str) -> bool {
        self.user == user && self.password.expose_secret() == password
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.are(&other.user, other.password.expose_secret())
    }
}

impl Eq for Credentials {}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.user)
    }
}
