//! adsml-simulate.
