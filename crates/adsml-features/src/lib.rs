//! adsml-features.
