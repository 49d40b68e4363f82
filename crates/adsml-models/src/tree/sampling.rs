//! Which rows and which features a tree sees.

use adsml_core::Seed;

/// Shares of features that are looked at, each a share of what the one before left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FeatureShares {
    pub(crate) by_tree: f64,
    pub(crate) by_level: f64,
    pub(crate) by_node: f64,
}

/// One row out of each of `size` equal stretches, so that the rows follow whatever the table is ordered by; `None` for all.
pub(crate) fn rows_of_bins(n_rows: usize, size: usize, seed: Seed) -> Option<Vec<usize>> {
    if size == 0 || size >= n_rows {
        return None;
    }
    let start = |at: usize| (at as u128 * n_rows as u128 / size as u128) as usize;
    let mut stream = seed.stream("rows of bins", 0);
    Some((0..size).map(|at| start(at) + stream.below(start(at + 1) - start(at))).collect())
}

/// The features that the nodes of one tree may be split by, in the order they are looked at.
#[derive(Debug)]
pub(crate) struct FeatureSampler<'a> {
    of_tree: Vec<usize>,
    shares: FeatureShares,
    /// Groups of features that may meet on a path; empty when all may.
    interactions: &'a [Vec<usize>],
    /// Whether ties between features are broken at random: features are looked at in another order at each node.
    shuffled: bool,
    seed: Seed,
}

impl<'a> FeatureSampler<'a> {
    pub(crate) fn new(
        n_features: usize,
        shares: FeatureShares,
        interactions: &'a [Vec<usize>],
        shuffled: bool,
        seed: Seed,
    ) -> Self {
        let of_tree = share((0..n_features).collect(), shares.by_tree, seed, "features of a tree", 0);
        Self { of_tree, shares, interactions, shuffled, seed }
    }

    pub(crate) const fn seed(&self) -> Seed {
        self.seed
    }

    /// Whether every node looks at the same features.
    pub(crate) fn is_plain(&self) -> bool {
        let FeatureShares { by_tree, by_level, by_node } = self.shares;
        by_tree >= 1.0 && by_level >= 1.0 && by_node >= 1.0 && self.interactions.is_empty()
    }

    pub(crate) const fn is_shuffled(&self) -> bool {
        self.shuffled
    }

    /// Whether features may not meet freely.
    pub(crate) fn is_constrained(&self) -> bool {
        !self.interactions.is_empty()
    }

    /// Calls `look` with the features of a node. `used` are those of the splits above it.
    pub(crate) fn with<T>(&self, node: usize, depth: usize, used: &[usize], look: impl FnOnce(&[usize]) -> T) -> T {
        let FeatureShares { by_level, by_node, .. } = self.shares;
        if by_level >= 1.0 && by_node >= 1.0 && self.interactions.is_empty() && !self.shuffled {
            return look(&self.of_tree);
        }
        let mut features = self.of_tree.clone();
        if !self.interactions.is_empty() {
            let groups: Vec<&Vec<usize>> =
                self.interactions.iter().filter(|group| used.iter().all(|feature| group.contains(feature))).collect();
            // A feature that no group names stays alone: it may meet nothing but itself.
            let alone = |feature: usize| {
                !self.interactions.iter().any(|group| group.contains(&feature))
                    && used.iter().all(|&other| other == feature)
            };
            features.retain(|feature| groups.iter().any(|group| group.contains(feature)) || alone(*feature));
        }
        features = share(features, by_level, self.seed, "features of a level", depth as u64);
        features = share(features, by_node, self.seed, "features of a node", node as u64);
        if self.shuffled {
            self.seed.stream("order of features", node as u64).shuffle(&mut features);
        }
        look(&features)
    }
}

/// A share of features, at least one, in their order.
fn share(mut features: Vec<usize>, share: f64, seed: Seed, purpose: &str, index: u64) -> Vec<usize> {
    if share >= 1.0 || features.len() < 2 {
        return features;
    }
    let n = ((features.len() as f64 * share).round() as usize).clamp(1, features.len());
    seed.stream(purpose, index).shuffle(&mut features);
    features.truncate(n);
    features.sort_unstable();
    features
}

/// A share of the rows, at least one, ascending; `None` for all of them.
pub(crate) fn rows_of_tree(n_rows: usize, share: f64, seed: Seed, tree: u64) -> Option<Vec<u32>> {
    if share >= 1.0 {
        return None;
    }
    let mut stream = seed.stream("rows of a tree", tree);
    let mut wanted = ((n_rows as f64 * share).round() as usize).clamp(1, n_rows);
    let mut rows = Vec::with_capacity(wanted);
    // Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2S).
    for row in 0..n_rows {
        if stream.below(n_rows - row) < wanted {
            rows.push(row as u32);
            wanted -= 1;
        }
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_bins_are_one_of_each_stretch_and_follow_the_seed() {
        let draw = |seed| rows_of_bins(1_000, 300, Seed::new(seed)).unwrap();
        let rows = draw(1);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 7), "{rows:?}");
        assert_eq!((rows.len(), &rows), (300, &draw(1)));
        assert_ne!(rows, draw(2));
        assert!(rows_of_bins(300, 300, Seed::new(1)).is_none() && rows_of_bins(300, 0, Seed::new(1)).is_none());
    }
}
