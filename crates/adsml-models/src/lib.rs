//! adsml-models.
