//! What importances of a forest promise, seen from outside.

use std::num::NonZeroUsize;

use adsml_core::{CancelToken, FitContext, ModelFile, Regressor, Seed, TrainingSet};
use adsml_models::{Criterion, ModelError, PermutationImportance, RandomForest, RandomForestParams};
use ndarray::{Array1, Array2, ArrayView1, s};

/// A signal, its copy, a second signal with holes, noise; a noisy target in `(0, 1)`.
fn rows(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("rows", 0);
    let mut x = Array2::from_shape_fn((n, 4), |(_, feature)| match feature {
        2 => [stream.uniform(), f64::NAN][usize::from(stream.below(5) == 0)],
        _ => stream.uniform(),
    });
    let signal = x.column(0).to_owned();
    x.column_mut(1).assign(&signal);
    let mut noise = Seed::new(seed).stream("noise", 0);
    let y = x.outer_iter().map(|row| {
        let second = if row[2].is_nan() { 0.0 } else { row[2] };
        0.1 + 0.5 * row[0] + 0.1 * second + 0.2 * noise.uniform()
    });
    let y = y.collect();
    (x, y)
}

fn params() -> RandomForestParams {
    RandomForest::params().n_estimators(30).max_features(0.5).oob_importance(true)
}

fn importances(params: &RandomForestParams, x: &Array2<f64>, y: &Array1<f64>) -> Vec<PermutationImportance> {
    params.fit(x, y).unwrap().oob_importance().unwrap().to_vec()
}

#[test]
fn the_signal_is_found_and_noise_is_about_nothing() {
    let of_seed = |seed| {
        let (x, y) = rows(300, seed);
        importances(&params(), &x, &y)
    };
    let found: Vec<_> = (0..12).map(of_seed).collect();
    for found in &found {
        // Its copy stands in for it in some trees, so that they differ.
        assert!(found[0].mean > 5.0 * found[0].standard_error(), "{found:?}");
        assert!(found[0].mean > 5.0 * found[3].mean.abs(), "{found:?}");
        assert_eq!(found[0].n_repeats, 30);
    }
    // Trees of one data set share its rows, and the accidents in them; data sets do not.
    let noise: Vec<f64> = found.iter().map(|found| found[3].mean).collect();
    let (n, mean) = (noise.len() as f64, noise.iter().sum::<f64>() / noise.len() as f64);
    let error = (noise.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
    assert!(mean.abs() < 3.0 * error, "{mean} is more than 3 times {error}");
}

#[test]
fn two_copies_matter_more_together_than_each_alone() {
    let (x, y) = rows(300, 5);
    let groups = [vec![0], vec![1], vec![0, 1], vec![2], vec![3]];
    let found = importances(&params().oob_importance_groups(groups.clone()), &x, &y);
    assert_eq!(found.iter().map(|one| one.features.clone()).collect::<Vec<_>>(), groups);
    assert!(found[2].mean > 1.5 * found[0].mean.max(found[1].mean), "{found:?}");
    // Alone or in other company, a group is shuffled the same way.
    assert_eq!(found[4], importances(&params(), &x, &y)[3]);
}

/// The same figures by the definition: forests of one tree, the draws taken again from the documented streams.
#[test]
fn the_definition_gives_the_same() {
    for (criterion, weighted) in [(Criterion::SquaredError, true), (Criterion::Gini, false)] {
        let (x, mut y) = rows(40, 9);
        if criterion == Criterion::Gini {
            y.mapv_inplace(|y| f64::from(y > 0.5));
        }
        let weight: Array1<f64> = (0..40).map(|row| if weighted { f64::from(row % 3) } else { 1.0 }).collect();
        let data = TrainingSet::new(x.view(), y.view()).unwrap().with_weight(Some(weight.view())).unwrap();
        let groups = vec![vec![0, 1], vec![2], vec![3]];
        let params = params().n_estimators(7).criterion(criterion).oob_importance_groups(groups.clone());
        let context = FitContext::seeded(3);
        let forest = params.fit_set(&data, &context).unwrap();
        let mut sums = vec![0.0; groups.len()];
        for tree in 0..7 {
            let seed = context.seed.derive("tree of a forest", tree);
            let mut draws = [0; 40];
            let mut stream = seed.stream("bootstrap", 0);
            (0..40).for_each(|_| draws[stream.below(40)] += 1);
            let unseen: Vec<usize> = (0..40).filter(|&row| draws[row] == 0 && weight[row] > 0.0).collect();
            let mut order: Vec<usize> = (0..unseen.len()).collect();
            seed.stream("out-of-bag importance", 0).shuffle(&mut order);
            let single = nth_tree(&params, &data, &context, tree as usize);
            for (sum, group) in sums.iter_mut().zip(&groups) {
                let (mut before, mut after, mut total) = (0.0, 0.0, 0.0);
                for (at, &row) in unseen.iter().enumerate() {
                    let mut shuffled = x.row(row).to_vec();
                    group.iter().for_each(|&feature| shuffled[feature] = x[(unseen[order[at]], feature)]);
                    before += weight[row] * (single(x.row(row)) - y[row]).powi(2);
                    after += weight[row] * (single(ArrayView1::from(&shuffled)) - y[row]).powi(2);
                    total += weight[row];
                }
                *sum += (after - before) / total;
            }
        }
        for (sum, found) in sums.iter().zip(forest.oob_importance().unwrap()) {
            assert!((sum / 7.0 - found.mean).abs() < 1e-9, "{} instead of {}", found.mean, sum / 7.0);
        }
    }
}

/// What one tree of a forest says: the sum of the forests with it minus that of the forest without it.
fn nth_tree<'a>(
    params: &RandomForestParams,
    data: &TrainingSet<'_>,
    context: &FitContext<'_>,
    tree: usize,
) -> impl Fn(ArrayView1<'_, f64>) -> f64 + 'a {
    let forest = |n: usize| params.clone().n_estimators(n).fit_set(data, context).unwrap();
    let (with, without) = (forest(tree + 1), (tree > 0).then(|| forest(tree)));
    move |row| {
        let row = row.to_vec();
        let sum = |forest: &RandomForest, n: usize| n as f64 * forest.predict_row(&row).unwrap();
        sum(&with, tree + 1) - without.as_ref().map_or(0.0, |without| sum(without, tree))
    }
}

#[test]
fn threads_and_asking_change_nothing() {
    let (x, y) = rows(200, 1);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let fit = |params: RandomForestParams, threads| {
        let context = FitContext::default().with_threads(NonZeroUsize::new(threads).unwrap());
        params.fit_set(&data, &context).unwrap()
    };
    let found = fit(params(), 1);
    assert_eq!(found, fit(params(), 2));
    let unasked = fit(params().oob_importance(false), 2);
    assert_eq!(unasked.oob_importance(), None);
    assert_eq!(found.predict(x.view()).unwrap(), unasked.predict(x.view()).unwrap());
}

#[test]
fn it_is_saved_and_read_and_a_broken_file_is_refused() {
    let (x, y) = rows(100, 2);
    let forest = params().oob_importance_groups([vec![0, 1], vec![3]]).fit(&x, &y).unwrap();
    let file = forest.to_file().unwrap();
    let read = RandomForest::from_file(&ModelFile::from_bytes(&file.to_bytes()).unwrap()).unwrap();
    assert_eq!(read, forest);
    let refused = |groups: &[u32], figures: &[f64]| {
        let mut file = file.clone();
        file.put_u32("oob_importance_groups", groups).put_f64("oob_importance", figures);
        RandomForest::from_file(&file).unwrap_err().to_string()
    };
    let errors = [
        refused(&[1, 0], &[0.0, 0.0]),
        refused(&[2, 0], &[0.0, 0.0, 1.0]),
        refused(&[0], &[0.0, 0.0, 1.0]),
        refused(&[1, 4], &[0.0, 0.0, 1.0]),
        refused(&[1, 0, 1], &[0.0, 0.0, 1.0]),
        refused(&[1, 0], &[0.0, 0.0, f64::NAN]),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    model file refused: section `oob_importance`: its length is no multiple of 3
    model file refused: section `oob_importance_groups`: it ends before its last group does, or a group is empty
    model file refused: section `oob_importance_groups`: it ends before its last group does, or a group is empty
    model file refused: section `oob_importance_groups`: a feature is none of the model's
    model file refused: section `oob_importance_groups`: it goes on after its last group
    model file refused: section `oob_importance`: a number of trees is no whole number above zero
    ");
}

#[test]
fn what_cannot_be_asked_is_named_and_what_has_no_answer_is_none() {
    let (x, y) = rows(60, 3);
    let refused = |groups: Vec<Vec<usize>>| params().oob_importance_groups(groups).fit(&x, &y).unwrap_err().to_string();
    let errors = [refused(vec![vec![0], vec![4]]), refused(vec![vec![]])];
    insta::assert_snapshot!(errors.join("\n"), @r"
    parameter `oob_importance_groups` is feature 4, expected features below 4
    parameter `oob_importance_groups` is empty in group 0, expected at least one feature per group
    ");
    // All rows are in every bag.
    assert_eq!(params().bootstrap(false).fit(&x, &y).unwrap().oob_importance(), None);
    let one = params().fit(x.slice(s![..1, ..]), y.slice(s![..1])).unwrap();
    assert_eq!(one.oob_importance(), None);
    // A forest that goes on does not know which rows its first trees left out.
    let first = params().fit(&x, &y).unwrap();
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let context = FitContext { warm_start: Some(&first), ..FitContext::default() };
    assert_eq!(params().fit_set(&data, &context).unwrap().oob_importance(), None);
}

#[test]
fn it_can_be_cancelled() {
    let (x, y) = rows(60, 3);
    let cancel = CancelToken::new();
    cancel.cancel();
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let context = FitContext { cancel: Some(&cancel), ..FitContext::default() };
    let error = params().fit_set(&data, &context).unwrap_err();
    assert!(matches!(error, ModelError::Core(adsml_core::Error::Cancelled)));
}
