//! The fast form against the plain walk: the same bits, on every kernel that this processor has.

use ndarray::{Array2, s};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};

use super::super::trees::{CATEGORY, LEAF, LevelSet, MISSING_LEFT, Node, Trees, UNSEEN_LEFT};
use super::*;

/// Numbers without pattern, the same each time.
struct Draws(u64);

impl Draws {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }
}

/// What trees are drawn.
#[derive(Debug, Clone)]
struct Shape {
    n_trees: usize,
    n_features: usize,
    n_outputs: usize,
    n_leaves: usize,
    n_thresholds: usize,
    symmetric: bool,
    /// Of ten questions.
    categories: usize,
    sum: Sum,
    readings: bool,
    seed: u64,
}

const ODD: [f64; 10] = [0.0, -0.0, 5e-324, -5e-324, 1e-36, f64::MAX, f64::MIN, 1e300, f64::INFINITY, f64::NEG_INFINITY];

fn threshold(draws: &mut Draws, n_thresholds: usize) -> f64 {
    if draws.next(20) == 0 {
        return ODD[draws.next(9)];
    }
    draws.next(n_thresholds) as f64 / 8.0 - 4.0
}

fn question(draws: &mut Draws, shape: &Shape, trees: &mut Trees) -> Node {
    let feature = draws.next(shape.n_features);
    let mut flags = feature as u32 | if draws.next(2) == 0 { MISSING_LEFT } else { 0 };
    if draws.next(10) < shape.categories && feature.is_multiple_of(3) {
        flags |= CATEGORY | if draws.next(2) == 0 { UNSEEN_LEFT } else { 0 };
        trees.sets.push(LevelSet { n_levels: 70, bits: vec![draws.next(1 << 30) as u64 * 0x9e37_79b9, 0b10_1101] });
        return Node { value: (trees.sets.len() - 1) as f64, feature: flags, right: 0 };
    }
    Node { value: threshold(draws, shape.n_thresholds), feature: flags, right: 0 }
}

fn draw(draws: &mut Draws, shape: &Shape, n_leaves: usize, levels: &[Node], trees: &mut Trees) {
    let at = trees.nodes.len();
    trees.cover.push(1.0);
    let flip = if draws.next(4) == 0 { MISSING_LEFT } else { 0 };
    let (node, sides) = match levels.split_first() {
        Some((first, rest)) => (Node { feature: first.feature ^ flip, ..*first }, Some((1, 1, rest))),
        None if shape.symmetric || n_leaves < 2 => {
            let value = f64::from((draws.next(20_001) as f32 - 10_000.0) / 777.0);
            (Node { value, feature: LEAF, right: 0 }, None)
        }
        None => {
            let left = 1 + draws.next(n_leaves - 1);
            (question(draws, shape, trees), Some((left, n_leaves - left, levels)))
        }
    };
    trees.nodes.push(node);
    if let Some((left, right, levels)) = sides {
        draw(draws, shape, left, levels, trees);
        trees.nodes[at].right = trees.nodes.len() as u32;
        draw(draws, shape, right, levels, trees);
    }
}

fn ensemble(shape: &Shape) -> Ensemble {
    let mut draws = Draws(shape.seed);
    let mut trees = Trees::default();
    for _ in 0..shape.n_trees {
        trees.roots.push(trees.nodes.len() as u32);
        let n_leaves = 1 + draws.next(shape.n_leaves);
        let levels: Vec<Node> = if shape.symmetric {
            let numbers = Shape { categories: 0, ..shape.clone() };
            (0..n_leaves.ilog2()).map(|_| question(&mut draws, &numbers, &mut trees)).collect()
        } else {
            Vec::new()
        };
        draw(&mut draws, shape, n_leaves, &levels, &mut trees);
    }
    let kinds = [Reading::AsIs, Reading::ZeroIsMissing, Reading::Truncated, Reading::TruncatedF32];
    let mut ensemble =
        Ensemble::of_sums(trees, (0..shape.n_outputs).map(|output| output as f64 / 4.0).collect(), shape.n_features);
    ensemble.sum = shape.sum;
    ensemble.divisor = if shape.seed.is_multiple_of(2) { 1.0 } else { 7.0 };
    if shape.readings {
        ensemble.readings = (0..shape.n_features).map(|_| kinds[draws.next(4)]).collect();
    }
    ensemble
}

/// Rows of thresholds, what lies next to them, and odd numbers.
fn rows(shape: &Shape, n_rows: usize) -> Array2<f64> {
    let mut draws = Draws(shape.seed ^ 0xabcd);
    Array2::from_shape_fn((n_rows, shape.n_features), |_| {
        let value = threshold(&mut draws, shape.n_thresholds);
        match draws.next(12) {
            0 => f64::NAN,
            1 => value.next_up(),
            2 => value.next_down(),
            3 => ODD[draws.next(ODD.len())],
            4 => [-1.0, 69.0, 70.0, 1e10, 0.5, -0.5][draws.next(6)],
            5 => draws.next(80) as f64,
            _ => value,
        }
    })
}

fn kernels() -> Vec<Isa> {
    let mut kernels = vec![Isa::Portable];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") {
            kernels.push(Isa::Avx2);
        }
        if avx512::is_there() {
            kernels.push(Isa::Avx512);
        }
    }
    kernels
}

fn batch(compiled: &Compiled, ensemble: &Ensemble, x: ArrayView2<'_, f64>, isa: Isa) -> Vec<u64> {
    let width = ensemble.n_outputs();
    let mut out = vec![0.0; x.nrows() * width];
    let keep = |raw: &mut [f64], out: &mut [f64]| out.copy_from_slice(raw);
    match &compiled.0 {
        Form::F64(scorer) => scorer.each_raw(ensemble, x, width, &mut out, isa, keep),
        Form::F32(scorer) => scorer.each_raw(ensemble, x, width, &mut out, isa, keep),
    }
    out.iter().map(|value| value.to_bits()).collect()
}

fn equals_the_walk(shape: &Shape, n_rows: usize) -> TestCaseResult {
    let ensemble = ensemble(shape);
    let compiled = Compiled::new(&ensemble);
    let mut x = rows(shape, n_rows);
    // Rows of a block without a missing value take another way.
    if shape.seed.is_multiple_of(3) {
        x.mapv_inplace(|value| if value.is_nan() { 1.0 } else { value });
    }
    let mut out = vec![0.0; ensemble.n_outputs()];
    let mut expected = Vec::new();
    for row in x.outer_iter() {
        ensemble.raw_into(row.as_slice().unwrap(), &mut out);
        expected.extend(out.iter().map(|value| value.to_bits()));
    }
    for isa in kernels() {
        prop_assert_eq!(&batch(&compiled, &ensemble, x.view(), isa), &expected, "{:?}", isa);
        for (at, row) in x.outer_iter().enumerate() {
            compiled.raw_into_by(&ensemble, row.as_slice().unwrap(), &mut out, isa);
            let found: Vec<u64> = out.iter().map(|value| value.to_bits()).collect();
            prop_assert_eq!(&found[..], &expected[at * out.len()..][..out.len()], "row {} alone, {:?}", at, isa);
        }
    }
    Ok(())
}

const PLAIN: Shape = Shape {
    n_trees: 150,
    n_features: 7,
    n_outputs: 1,
    n_leaves: 31,
    n_thresholds: 64,
    symmetric: false,
    categories: 0,
    sum: Sum::F64,
    readings: false,
    seed: 1,
};

fn holds(shape: Shape, n_rows: usize) -> Result<(), TestCaseError> {
    for seed in 1..=3 {
        equals_the_walk(&Shape { seed, ..shape.clone() }, n_rows)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_ensemble_scores_as_the_walk(
        n_trees in 0_usize..140,
        n_features in 1_usize..40,
        n_outputs in 1_usize..4,
        n_leaves in 1_usize..80,
        n_thresholds in 1_usize..700,
        symmetric: bool,
        categories in 0_usize..3,
        wide: bool,
        readings: bool,
        n_rows in 0_usize..300,
        seed: u64,
    ) {
        let sum = if wide { Sum::F64 } else { Sum::F32 };
        let shape = Shape {
            n_trees, n_features, n_outputs, n_leaves, n_thresholds, symmetric, categories, sum, readings, seed,
        };
        equals_the_walk(&shape, n_rows)?;
    }
}

#[test]
fn leaves_of_any_number_score_as_the_walk() -> TestCaseResult {
    for n_leaves in [1, 2, 16, 17, 33, 64, 65, 255, 256, 257, 300] {
        for sum in [Sum::F64, Sum::F32] {
            holds(Shape { n_leaves, sum, n_trees: 9, ..PLAIN }, 300)?;
            holds(Shape { n_leaves, sum, n_trees: 9, symmetric: true, ..PLAIN }, 300)?;
        }
    }
    Ok(())
}

#[test]
fn planes_of_any_number_score_as_the_walk() -> TestCaseResult {
    for n_features in [1, 32, 33, 64, 65, 129, 300, 1000, 5000] {
        holds(Shape { n_features, n_trees: 300, ..PLAIN }, 70)?;
    }
    Ok(())
}

#[test]
fn many_thresholds_of_a_feature_score_as_the_walk() -> TestCaseResult {
    holds(Shape { n_features: 2, n_thresholds: 100_000, n_leaves: 256, n_trees: 80, ..PLAIN }, 300)
}

#[test]
fn more_nodes_than_sixteen_bits_count_score_as_the_walk() -> TestCaseResult {
    holds(Shape { n_leaves: 40_000, n_thresholds: 100_000, n_trees: 3, ..PLAIN }, 300)
}

#[test]
fn rows_that_do_not_lie_together_score_the_same() {
    let ensemble = ensemble(&PLAIN);
    let compiled = Compiled::new(&ensemble);
    let x = rows(&Shape { n_features: 14, ..PLAIN }, 1000);
    let view = x.slice(s![..;-1, 3..10]);
    for isa in kernels() {
        let together = view.as_standard_layout();
        assert_eq!(batch(&compiled, &ensemble, view, isa), batch(&compiled, &ensemble, together.view(), isa));
    }
}
