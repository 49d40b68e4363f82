//! adsml-eval.
