//! Side-by-side benches: see `benches/`.
