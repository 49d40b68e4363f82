//! Audiences to segments, profiles, strategies and lifetime value.
//!
//! *A title page: nothing is here yet.* This crate will hold the segmenters behind one trait
//! (k-means, hierarchical, DBSCAN, Gaussian mixtures), their stability under resampling, segment
//! profiles as ratios of sums, and customer lifetime value models.
