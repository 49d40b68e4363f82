//! Benches; see `benches/README.md`.
