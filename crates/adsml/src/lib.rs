//! adsml.
