//! Models over time: store, history, drift, retraining, health.
//!
//! *A title page: nothing is here yet.* This crate will hold a versioned, checksummed model store,
//! champion and challenger judged on the same held-out rows, promotion on evidence and roll-back,
//! and drift tests with control of false alarms.
