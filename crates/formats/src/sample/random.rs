//! Numbers that are the same everywhere, and always will be.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use tradekeep_models::Day;

/// A generator of its own for each number of a seed and a day.
#[derive(Debug)]
pub(super) struct Random(ChaCha8Rng);

impl Random {
    pub(super) fn new(seed: u64, day: Day, number: u8) -> Self {
        let day = u64::try_from(day.number()).unwrap_or_default();
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&day.to_le_bytes());
        key[16] = number;
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `bound`, 0 where that is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// Whether something happens that does so `percent` times of a hundred.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `all`.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(all.len()).unwrap_or_default();
        all.get(usize::try_from(self.below(bound)).unwrap_or_default())
    }

    /// A number around `median`, about as often half of it as twice, sometimes many times of it: the
    /// logarithm is the sum of four dice.
    pub(super) fn around(&mut self, median: u64) -> u64 {
        let (mut value, steps) =
            (median, self.below(9) + self.below(9) + self.below(9) + self.below(9));
        for _ in 16..steps {
            value += value / 8;
        }
        for _ in steps..16 {
            value -= value / 9;
        }
        value + self.below(value / 16 + 1)
    }

    /// `count` of these characters.
    pub(super) fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        let letters = (0..count).filter_map(|_| self.pick(alphabet).copied());
        letters.map(char::from).collect()
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
