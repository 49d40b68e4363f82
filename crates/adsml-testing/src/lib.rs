//! adsml-testing.
