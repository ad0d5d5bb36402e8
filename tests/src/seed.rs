//! Seeds: what a random test did, it does again with the same one.

use std::thread;

/// The variable that gives every random test its seed.
pub const VARIABLE: &str = "TRADEKEEP_TEST_SEED";

/// The seed that [`VARIABLE`] holds, or else a new one.
///
/// ```
/// let seed = tradekeep_tests::seed::from_env();
/// let _told = tradekeep_tests::seed::Told::new("dice", seed);
/// assert!(fastrand::Rng::with_seed(seed).u8(1..=6) > 0);
/// ```
#[must_use]
pub fn from_env() -> u64 {
    let given = std::env::var(VARIABLE).ok().and_then(|text| text.trim().parse().ok());
    given.unwrap_or_else(|| fastrand::u64(..))
}

/// Tells a seed on stderr when its test fails: it lives as long as the test, and sees the panic. A test
/// that returns an error puts [`advice`](Self::advice) into it.
#[derive(Debug)]
pub struct Told {
    who: &'static str,
    seed: u64,
}

impl Told {
    /// Tells `seed`, in the name of `who`.
    #[must_use]
    pub const fn new(who: &'static str, seed: u64) -> Self {
        Self { who, seed }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How to have the same again.
    #[must_use]
    pub fn advice(&self) -> String {
        format!("{}: {VARIABLE}={} does the same again", self.who, self.seed)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.advice());
        }
    }
}

/// One number from several: a place in a test (the 3rd exchange of the 7th connection) gets a random
/// stream of its own, however the threads of the test interleave.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| {
        // The finalizer of SplitMix64, which spreads neighbours such as 7 and 8.
        let mut z = (sum ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_place_has_its_own_number() {
        let places = (0..20).flat_map(|a| (0..20).map(move |b| mix(&[1, a, b])));
        assert_eq!(places.collect::<HashSet<_>>().len(), 400);
        assert_eq!(mix(&[1, 2, 3]), mix(&[1, 2, 3]));
        assert_ne!(mix(&[1, 2, 3]), mix(&[2, 2, 3]));
    }

    #[test]
    fn the_advice_names_the_seed() {
        let told = Told::new("dice", 42);
        assert_eq!(told.advice(), "dice: TRADEKEEP_TEST_SEED=42 does the same again");
    }
}
