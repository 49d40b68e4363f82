//! The training rows as bytes: binned features, those of few levels sharing columns.
//!
//! Advertising tables are full of features with a handful of values: age, gender, placement, weekday, hour, and the
//! sines and cosines made of them. A histogram costs one addition per row and column, so features whose
//! combinations fit into one byte share a column of *joint codes*: hour, its sine and its cosine have 24 combinations
//! between them. The histogram of a feature is read off that of its column, exactly: its bin is a function of the code.
//! (LightGBM bundles features that are rarely non-zero together; this bundles whatever has few combinations, which covers that.)

use adsml_core::FeatureColumn;
use ndarray::ArrayView2;

use super::binning::{BinRules, FeatureBins, bin_feature};
use super::workers::Workers;
use crate::Result;

/// Codes of a column: bytes.
const CODES: usize = 256;
/// Features with more bins than this have a column of their own.
const FEW: usize = 128;
/// Most features of a column: each one more rewrites the codes of all.
const MAX_MEMBERS: usize = 32;
/// A feature is tried with at most this many columns that still have room.
const MAX_TRIES: usize = 12;
/// Most columns of a block, whose codes lie side by side.
pub(crate) const BLOCK: usize = 16;

/// Binned training rows.
#[derive(Debug)]
pub(crate) struct BinnedMatrix {
    pub(crate) n_rows: usize,
    pub(crate) features: Vec<FeatureBins>,
    pub(crate) columns: Vec<Column>,
    /// Column and member of each feature.
    pub(crate) places: Vec<(usize, usize)>,
    /// Codes row by row, in blocks of up to 16 columns.
    pub(crate) blocks: Vec<Block>,
    /// Where each column's codes start in a histogram; one entry more than columns.
    pub(crate) offsets: Vec<usize>,
}

/// A column of codes.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) n_codes: usize,
    pub(crate) members: Vec<Member>,
    /// The code of every row.
    pub(crate) codes: Vec<u8>,
}

/// A feature of a column.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) feature: usize,
    /// How codes and bins belong together; `None` when the code is the bin.
    pub(crate) shared: Option<SharedCodes>,
}

/// The bins of a feature that shares its column.
#[derive(Debug)]
pub(crate) struct SharedCodes {
    bin_of_code: Vec<u8>,
    /// Codes in the order of their bins.
    codes: Vec<u8>,
    /// Where the codes of each bin start; one entry more than bins.
    starts: Vec<u16>,
}

impl SharedCodes {
    fn new(bin_of_code: Vec<u8>, n_bins: usize) -> Self {
        let mut codes: Vec<u8> = (0..bin_of_code.len()).map(|code| code as u8).collect();
        codes.sort_by_key(|&code| bin_of_code[usize::from(code)]);
        let mut starts = vec![0; n_bins + 1];
        bin_of_code.iter().for_each(|&bin| starts[usize::from(bin) + 1] += 1);
        (0..n_bins).for_each(|bin| starts[bin + 1] += starts[bin]);
        Self { codes, starts, bin_of_code }
    }

    pub(crate) fn bin(&self, code: u8) -> u8 {
        self.bin_of_code[usize::from(code)]
    }

    /// The codes of a bin.
    #[inline]
    pub(crate) fn of_bin(&self, bin: usize) -> &[u8] {
        &self.codes[usize::from(self.starts[bin])..usize::from(self.starts[bin + 1])]
    }
}

/// Columns `first .. first + width`, row by row.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) first: usize,
    pub(crate) width: usize,
    pub(crate) codes: Vec<u8>,
}

impl BinnedMatrix {
    pub(crate) fn new(
        x: ArrayView2<'_, f64>,
        columns: &[FeatureColumn],
        rules: BinRules<'_>,
        workers: &Workers,
    ) -> Result<Self> {
        let n_rows = x.nrows();
        let binned = workers.map(x.ncols(), |feature| bin_feature(x, feature, columns.get(feature), rules));
        let mut features = Vec::with_capacity(binned.len());
        let mut codes = Vec::with_capacity(binned.len());
        for feature in binned {
            let (bins, code) = feature?;
            features.push(bins);
            codes.push(code);
        }
        let mut columns = bundle(&features, codes);
        if columns.is_empty() {
            // Without features, all rows have one code: their sums are read off a column.
            columns.push(Column { n_codes: 1, members: Vec::new(), codes: vec![0; n_rows] });
        }
        let mut places = vec![(0, 0); features.len()];
        let mut offsets = vec![0];
        for (at, column) in columns.iter().enumerate() {
            for (member, part) in column.members.iter().enumerate() {
                places[part.feature] = (at, member);
            }
            offsets.push(offsets[at] + column.n_codes);
        }
        let firsts: Vec<usize> = (0..columns.len()).step_by(BLOCK).collect();
        let blocks = workers.map(firsts.len(), |at| {
            let first = firsts[at];
            let width = BLOCK.min(columns.len() - first);
            Block { first, width, codes: interleave(&columns[first..first + width], n_rows) }
        });
        Ok(Self { n_rows, features, columns, places, blocks, offsets })
    }

    /// Codes of all columns together: the length of a histogram.
    pub(crate) fn n_codes(&self) -> usize {
        self.offsets[self.columns.len()]
    }

    pub(crate) fn n_features(&self) -> usize {
        self.features.len()
    }

    /// The bin of a feature by the code of its column.
    pub(crate) fn bin_of(&self, feature: usize, code: u8) -> u8 {
        let (column, member) = self.places[feature];
        self.columns[column].members[member].shared.as_ref().map_or(code, |shared| shared.bin(code))
    }

    /// The column that holds a feature.
    pub(crate) fn column_of(&self, feature: usize) -> &Column {
        &self.columns[self.places[feature].0]
    }
}

/// Puts features of few levels together.
fn bundle(features: &[FeatureBins], codes: Vec<Vec<u8>>) -> Vec<Column> {
    let mut codes: Vec<Option<Vec<u8>>> = codes.into_iter().map(Some).collect();
    // Those with most bins first: what depends on them adds no codes.
    let mut order: Vec<usize> = (0..features.len()).collect();
    order.sort_by_key(|&feature| std::cmp::Reverse(features[feature].n_bins()));
    let mut columns: Vec<Column> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for feature in order {
        let own = codes[feature].take().expect("each feature is placed once");
        let n_bins = features[feature].n_bins();
        if n_bins > FEW {
            columns.push(Column { n_codes: n_bins, members: vec![Member { feature, shared: None }], codes: own });
            continue;
        }
        // The column that grows least by it.
        let best = open
            .iter()
            .rev()
            .take(MAX_TRIES)
            .filter_map(|&at| {
                let joint = Joint::new(&columns[at], &own, n_bins)?;
                Some((joint.n_codes as f64 / columns[at].n_codes as f64, at, joint))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        match best {
            Some((_, at, joint)) => {
                joint.apply(&mut columns[at], feature, &own);
                if columns[at].members.len() == MAX_MEMBERS {
                    open.retain(|&other| other != at);
                } else if columns[at].n_codes * 2 > CODES {
                    // Only what depends on its members still fits: worth trying, but not forever.
                    open.sort_by_key(|&at| std::cmp::Reverse(columns[at].n_codes));
                }
            }
            None => {
                open.push(columns.len());
                columns.push(Column { n_codes: n_bins, members: vec![Member { feature, shared: None }], codes: own });
            }
        }
    }
    columns
}

/// The codes that a column would have with one feature more.
struct Joint {
    n_codes: usize,
    n_bins: usize,
    /// The new code of each pair that occurs, by `code * n_bins + bin`.
    code_of_pair: Vec<u8>,
    /// The pairs that occur, by new code.
    pairs: Vec<usize>,
}

impl Joint {
    /// `None` when more pairs occur than a byte can tell apart.
    fn new(column: &Column, own: &[u8], n_bins: usize) -> Option<Self> {
        let mut seen = vec![false; column.n_codes * n_bins];
        // In pieces, so that what does not fit is found out early.
        for (codes, bins) in column.codes.chunks(4096).zip(own.chunks(4096)) {
            for (&code, &bin) in codes.iter().zip(bins) {
                seen[usize::from(code) * n_bins + usize::from(bin)] = true;
            }
            if seen.len() > CODES && seen.iter().filter(|&&seen| seen).count() > CODES {
                return None;
            }
        }
        let pairs: Vec<usize> = (0..seen.len()).filter(|&pair| seen[pair]).collect();
        let mut code_of_pair = vec![0; seen.len()];
        for (code, &pair) in pairs.iter().enumerate() {
            code_of_pair[pair] = code as u8;
        }
        Some(Self { n_codes: pairs.len(), n_bins, code_of_pair, pairs })
    }

    fn apply(self, column: &mut Column, feature: usize, own: &[u8]) {
        for (code, &bin) in column.codes.iter_mut().zip(own) {
            *code = self.code_of_pair[usize::from(*code) * self.n_bins + usize::from(bin)];
        }
        for member in &mut column.members {
            let code = |pair: usize| (pair / self.n_bins) as u8;
            let bin = |pair: usize| member.shared.as_ref().map_or(code(pair), |shared| shared.bin(code(pair)));
            let bins: Vec<u8> = self.pairs.iter().map(|&pair| bin(pair)).collect();
            let n_bins = member.shared.as_ref().map_or(column.n_codes, |shared| shared.starts.len() - 1);
            member.shared = Some(SharedCodes::new(bins, n_bins));
        }
        let bins = self.pairs.iter().map(|&pair| (pair % self.n_bins) as u8).collect();
        column.members.push(Member { feature, shared: Some(SharedCodes::new(bins, self.n_bins)) });
        column.n_codes = self.n_codes;
    }
}

/// Codes of several columns, row by row.
fn interleave(columns: &[Column], n_rows: usize) -> Vec<u8> {
    let width = columns.len();
    let mut codes = vec![0; n_rows * width];
    // A tile at a time, so that the rows written to stay in the cache.
    const TILE: usize = 1024;
    for (tile, rows) in codes.chunks_mut(TILE * width).enumerate() {
        for (at, column) in columns.iter().enumerate() {
            let from = &column.codes[tile * TILE..];
            for (row, &code) in rows.chunks_exact_mut(width).zip(from) {
                row[at] = code;
            }
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::Seed;
    use ndarray::Array2;

    #[test]
    fn features_of_few_levels_share_columns_and_are_read_back_exactly() {
        let mut stream = Seed::new(3).stream("matrix", 0);
        let x = Array2::from_shape_fn((5_000, 9), |(row, feature)| {
            let hour = (row % 24) as f64;
            match feature {
                0 => hour,
                1 => (hour / 24.0 * std::f64::consts::TAU).sin(),
                2 => (hour / 24.0 * std::f64::consts::TAU).cos(),
                3 if row % 11 == 0 => f64::NAN,
                4 => stream.uniform(),
                _ => stream.below(feature) as f64,
            }
        });
        let rules = BinRules { max_bins: 255, rows: None, given: None };
        let matrix = BinnedMatrix::new(x.view(), &[], rules, &Workers::new(1).unwrap()).unwrap();
        assert!(matrix.columns.len() <= 4, "{} columns", matrix.columns.len());
        for feature in 0..9 {
            let (_, expected) = bin_feature(x.view(), feature, None, rules).unwrap();
            let codes = &matrix.column_of(feature).codes;
            let found: Vec<u8> = codes.iter().map(|&code| matrix.bin_of(feature, code)).collect();
            assert_eq!(found, expected, "feature {feature}");
        }
        let block = &matrix.blocks[0];
        assert_eq!(block.codes[17 * block.width + 1], matrix.columns[1].codes[17]);
    }
}
