//! Shapley values by their definition, over all subsets of few features; and that the quick ones equal them.

use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;

use super::{Explainable, Explained};
use crate::tree::{Part, Sketch, Trees};

/// A row of which only some features are known.
type Value<'a> = dyn Fn(usize) -> f64 + 'a;

/// What a tree says when only the features in `known` are, by the shares of the training rows.
fn by_shares(output: &Explained<'_>, tree: usize, row: &[f64], known: usize) -> f64 {
    fn below(output: &Explained<'_>, node: usize, row: &[f64], known: usize) -> f64 {
        match output.trees.part(node) {
            Part::Leaf(value) => (output.leaf)(value),
            Part::Question { feature, right } if known >> feature & 1 == 1 => {
                below(output, if output.trees.goes_left(node, row) { node + 1 } else { right }, row, known)
            }
            Part::Question { right, .. } => {
                let [l, r] = output.trees.shares(node, right);
                l * below(output, node + 1, row, known) + r * below(output, right, row, known)
            }
        }
    }
    below(output, output.trees.nodes_of(tree).start, row, known)
}

fn score_by_shares(output: &Explained<'_>, row: &[f64], known: usize) -> f64 {
    let sum: f64 = output.tree_numbers().map(|tree| by_shares(output, tree, row, known)).sum();
    (output.base + sum) / output.divisor
}

fn score(output: &Explained<'_>, row: &[f64]) -> f64 {
    let sum: f64 = output.tree_numbers().map(|tree| (output.leaf)(output.trees.leaf_value(tree, row))).sum();
    (output.base + sum) / output.divisor
}

fn score_against(output: &Explained<'_>, row: &[f64], background: ArrayView2<'_, f64>, known: usize) -> f64 {
    let mixed = |other: ndarray::ArrayView1<'_, f64>| -> Vec<f64> {
        other.iter().zip(row).enumerate().map(|(j, (&b, &x))| if known >> j & 1 == 1 { x } else { b }).collect()
    };
    background.outer_iter().map(|other| score(output, &mixed(other))).sum::<f64>() / background.nrows() as f64
}

fn factorial(n: u32) -> f64 {
    (1..=n).map(f64::from).product()
}

/// The values of a game of `n` players.
fn shapley(n: usize, game: &Value<'_>) -> Vec<f64> {
    let without = |i: usize| (0..1_usize << n).filter(move |known| known >> i & 1 == 0);
    let weight = |known: usize| factorial(known.count_ones()) * factorial(n as u32 - known.count_ones() - 1);
    let of = |i: usize| without(i).map(|known| weight(known) * (game(known | 1 << i) - game(known))).sum::<f64>();
    (0..n).map(|i| of(i) / factorial(n as u32)).collect()
}

/// Off the diagonal, Lundberg et al. (2020), equation 12; on it, what is left.
fn interactions(n: usize, game: &Value<'_>) -> Array2<f64> {
    let values = shapley(n, game);
    let mut out = Array2::zeros((n, n));
    for i in 0..n {
        for j in (0..n).filter(|&j| j != i) {
            let (i_bit, j_bit) = (1 << i, 1 << j);
            for known in (0..1_usize << n).filter(|known| known & (i_bit | j_bit) == 0) {
                let size = known.count_ones();
                let weight = factorial(size) * factorial(n as u32 - size - 2) / (2.0 * factorial(n as u32 - 1));
                let joint = game(known | i_bit | j_bit) - game(known | i_bit) - game(known | j_bit) + game(known);
                out[[i, j]] += weight * joint;
            }
        }
        out[[i, i]] = values[i] - out.row(i).sum();
    }
    out
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-12 * expected.abs().max(10.0)
}

fn check(explainable: &Explainable<'_>, x: ArrayView2<'_, f64>, background: ArrayView2<'_, f64>) {
    let n = explainable.n_features;
    let values = explainable.values(x).unwrap();
    let against = explainable.values_against(x, background).unwrap();
    let pairs = explainable.interactions(x).unwrap();
    for (number, output) in explainable.outputs.iter().enumerate() {
        for (at, row) in x.outer_iter().enumerate() {
            let row = row.to_vec();
            let game = |known: usize| score_by_shares(output, &row, known);
            assert!(close(values.base(number), game(0)));
            let found = values.explanation(number, at).contributions;
            for (found, expected) in found.iter().zip(shapley(n, &game)) {
                assert!(close(*found, expected), "{found} is not {expected}");
            }
            assert!(close(found.iter().sum::<f64>() + values.base(number), score(output, &row)));
            let (found, expected) = (pairs.values(number), interactions(n, &game));
            for (found, expected) in found.outer_iter().nth(at).unwrap().iter().zip(&expected) {
                assert!(close(*found, *expected), "{found} is not {expected}");
            }
            let game = |known: usize| score_against(output, &row, background, known);
            assert!(close(against.base(number), game(0)));
            let found = against.explanation(number, at).contributions;
            for (found, expected) in found.iter().zip(shapley(n, &game)) {
                assert!(close(*found, expected), "{found} is not {expected} against the background");
            }
            // A row alone is what it is in a batch.
            let alone = explainable.values(x.slice(ndarray::s![at..=at, ..])).unwrap();
            assert_eq!(alone.explanation(number, 0), values.explanation(number, at));
        }
    }
}

fn explainable(trees: &Trees, n_features: usize, n_outputs: usize, divisor: f64) -> Explainable<'_> {
    let output = |first| Explained {
        trees,
        base: first as f64 - 0.5,
        first,
        step: n_outputs,
        leaf: Box::new(|value| value),
        divisor,
    };
    Explainable { n_features, feature_names: &[], readings: &[], outputs: (0..n_outputs).map(output).collect() }
}

const N_FEATURES: usize = 5;

/// Trees of any shape, in which features come again and covers may be zero; feature 4 is a category.
fn sketch() -> impl Strategy<Value = Sketch> {
    let cover = prop_oneof![4 => 0.5_f32..100.0, 1 => Just(0.0_f32)];
    let leaf = (-10.0..10.0_f64, cover).prop_map(|(value, cover)| Sketch::Leaf { value, cover });
    leaf.prop_recursive(6, 40, 2, |below| {
        (below.clone(), below, 0..N_FEATURES, -2..3_i32, any::<bool>()).prop_map(
            |(left, right, feature, cut, missing_left)| Sketch::Question {
                feature,
                category: feature == 4,
                cut: f64::from(cut),
                missing_left,
                sides: Box::new([left, right]),
            },
        )
    })
}

fn rows(n: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Array2<f64>> {
    let value = prop_oneof![8 => (-3..4_i32).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    proptest::collection::vec(proptest::array::uniform5(value), n)
        .prop_map(|rows| Array2::from_shape_vec((rows.len(), N_FEATURES), rows.into_flattened()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn values_are_those_of_the_definition(
        sketches in proptest::collection::vec(sketch(), 1..5),
        n_outputs in 1..3_usize,
        divisor in 1..4_u32,
        x in rows(1..4),
        background in rows(1..4),
    ) {
        let trees = Trees::sketched(&sketches);
        check(&explainable(&trees, N_FEATURES, n_outputs, f64::from(divisor)), x.view(), background.view());
    }
}

/// A tree that asks one feature after the other, `n` of them.
fn chain(n: usize) -> Sketch {
    let leaf = |value: f64, cover| Sketch::Leaf { value, cover };
    (0..n).rev().fold(leaf(1.0, 1.0), |below, feature| Sketch::Question {
        feature,
        category: false,
        cut: 0.0,
        missing_left: feature % 3 == 0,
        sides: Box::new([below, leaf(feature as f64 / n as f64, 1.0 + (feature % 5) as f32)]),
    })
}

#[test]
fn sums_are_exact_on_deep_paths_of_many_features() {
    for n in [1, 8, 9, 30, 200, 1500, 3000] {
        let trees = Trees::sketched(&[chain(n)]);
        let one = explainable(&trees, n, 1, 1.0);
        // All the way down; off at the last; off here and there.
        let x = Array2::from_shape_fn((3, n), |(row, feature)| match row {
            0 => -1.0,
            1 => {
                if feature + 1 == n {
                    1.0
                } else {
                    -1.0
                }
            }
            _ => {
                if feature % 7 == 3 {
                    f64::NAN
                } else {
                    -1.0
                }
            }
        });
        let values = one.values(x.view()).unwrap();
        let against = one.values_against(x.slice(ndarray::s![..2, ..]), x.slice(ndarray::s![1.., ..])).unwrap();
        for (row, contributions) in values.values(0).outer_iter().enumerate() {
            let expected = score(&one.outputs[0], x.row(row).as_slice().unwrap());
            assert!((contributions.sum() + values.base(0) - expected).abs() < 1e-12, "row {row} of {n} features");
        }
        for (row, contributions) in against.values(0).outer_iter().enumerate() {
            let expected = score(&one.outputs[0], x.row(row).as_slice().unwrap());
            assert!((contributions.sum() + against.base(0) - expected).abs() < 1e-12, "row {row} of {n} features");
        }
    }
}

#[test]
fn a_feature_that_is_alone_gets_everything() {
    let leaf = |value, cover| Sketch::Leaf { value, cover };
    let stump = Sketch::Question {
        feature: 1,
        category: false,
        cut: 0.0,
        missing_left: false,
        sides: Box::new([leaf(1.0, 3.0), leaf(5.0, 1.0)]),
    };
    let trees = Trees::sketched(&[stump, leaf(7.0, 4.0)]);
    let one = explainable(&trees, 3, 1, 1.0);
    let values = one.values(ndarray::array![[0.0, 1.0, 0.0], [0.0, -1.0, f64::NAN]].view()).unwrap();
    // By hand: the base is -0.5 + 7 + (3 * 1 + 1 * 5) / 4.
    assert_eq!(values.base(0), 8.5);
    assert_eq!(values.values(0), ndarray::array![[0.0, 3.0, 0.0], [0.0, -1.0, 0.0]]);
    assert_eq!(values.mean_absolute(0), [0.0, 2.0, 0.0]);
}

#[test]
fn nothing_to_explain_is_no_error_and_the_wrong_shape_is_one() {
    let trees = Trees::sketched(&[chain(3)]);
    let one = explainable(&trees, 3, 2, 1.0);
    let none = one.values(Array2::zeros((0, 3)).view()).unwrap();
    assert_eq!((none.values(1).dim(), none.mean_absolute(0)), ((0, 3), vec![0.0; 3]));
    assert_eq!(one.interactions(Array2::zeros((0, 3)).view()).unwrap().values(0).dim(), (0, 3, 3));
    // The second output has no tree, and the third kind of model no feature.
    assert_eq!((none.base(1), none.n_outputs()), (0.5, 2));
    let trees = Trees::sketched(&[Sketch::Leaf { value: 2.0, cover: 1.0 }]);
    let featureless = explainable(&trees, 0, 1, 1.0);
    assert_eq!(featureless.values(Array2::zeros((2, 0)).view()).unwrap().base(0), 1.5);
    assert_eq!(featureless.explanation(&[]).unwrap().unwrap().base, 1.5);
    assert_eq!(featureless.interactions(Array2::zeros((2, 0)).view()).unwrap().values(0).dim(), (2, 0, 0));
    let two = Array2::zeros((2, 0));
    assert_eq!(featureless.values_against(two.view(), two.view()).unwrap().base(0), 1.5);

    let (narrow, wide) = (Array2::zeros((1, 2)), Array2::zeros((1, 3)));
    let errors = [
        one.values(narrow.view()).unwrap_err(),
        one.interactions(narrow.view()).unwrap_err(),
        one.values_against(wide.view(), narrow.view()).unwrap_err(),
        one.values_against(wide.view(), Array2::zeros((0, 3)).view()).unwrap_err(),
        one.explanation(&[1.0]).unwrap_err(),
    ];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r"
    the input has 2 features, the model was fitted on 3
    the input has 2 features, the model was fitted on 3
    the input has 2 features, the model was fitted on 3
    background rows: 0 given, at least 1 needed
    the input has 1 features, the model was fitted on 3
    ");
}
