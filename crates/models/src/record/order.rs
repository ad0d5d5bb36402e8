//! The order of rows, worked out by the compiler: lists compare millions of rows by it.

use super::Column;

/// How many columns rows with this identity are ordered by.
pub(crate) const fn len(identity: &[&str]) -> usize {
    let mut count = 1;
    let mut at = 0;
    while at < identity.len() {
        if !is_same(identity[at], "ts") {
            count += 1;
        }
        at += 1;
    }
    count
}

/// The indexes of time and then of the other columns of `identity`, of which there are `N` as
/// [`len`] counts them.
pub(crate) const fn by_identity<const N: usize>(
    columns: &[Column],
    identity: &[&str],
) -> [usize; N] {
    let mut order = [index_of(columns, "ts"); N];
    let (mut next, mut at) = (1, 0);
    while at < identity.len() {
        if !is_same(identity[at], "ts") {
            order[next] = index_of(columns, identity[at]);
            next += 1;
        }
        at += 1;
    }
    order
}

/// One past the last where there is none of that name: its value is null.
const fn index_of(columns: &[Column], name: &str) -> usize {
    let mut at = 0;
    while at < columns.len() && !is_same(columns[at].name, name) {
        at += 1;
    }
    at
}

/// There is no `==` of texts in a constant yet.
const fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, rest @ ..], [b, more @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest, more);
    }
    one.is_empty() && other.is_empty()
}
