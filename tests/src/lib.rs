//! Tests across crates, through the facade, are the files under `tests/tests/`; here, the READMEs' examples are compiled and run.

#![doc = include_str!("../../README.md")]
#![doc = include_str!("../../README.es.md")]
