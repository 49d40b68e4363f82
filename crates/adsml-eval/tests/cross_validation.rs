//! Nothing is learnt from rows it is judged on, and nothing depends on threads.

mod common;

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use adsml_core::{CancelToken, FitContext, Progress, Seed};
use adsml_eval::{Candidate, Dataset, EvalError, Evaluation, Folds, Metric, cross_validate, inner_folds, metrics};
use common::{Ads, OneColumn, Toy};

fn threads(n: usize) -> FitContext<'static> {
    FitContext::seeded(5).with_threads(NonZeroUsize::new(n).unwrap())
}

#[test]
fn out_of_fold_predictions_come_from_models_that_have_not_seen_the_row() {
    let ads = Ads::new(60, 0.05);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap().with_weight(Some(&ads.impressions)).unwrap();
    let folds = Folds::k_fold(60, 4, Seed::new(1)).unwrap();
    let (transform, learner) = (OneColumn::new("bid"), Toy::Mean);
    let candidate = Candidate::new("mean", &transform, &learner);
    let result = cross_validate(&candidate, &data, &folds, &[Metric::LogLoss], &threads(2)).unwrap();
    for fold in &folds {
        let sum = |f: &dyn Fn(usize) -> f64| fold.train().iter().map(|&row| f(row)).sum::<f64>();
        let mean = sum(&|row| ads.impressions[row] * ads.ctr[row]) / sum(&|row| ads.impressions[row]);
        for &row in fold.test() {
            assert!((result.out_of_fold()[row] - mean).abs() < 1e-15);
        }
    }
    assert_eq!(transform.n_fits.load(Ordering::Relaxed), 4);
}

#[test]
fn training_scores_flatter_and_are_kept_apart() {
    let ads = Ads::new(90, 0.0);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap();
    let folds = Folds::k_fold(90, 3, Seed::new(1)).unwrap();
    let (transform, learner) = (OneColumn::new("bid"), Toy::Nearest);
    let candidate = Candidate::new("nearest", &transform, &learner);
    let result = cross_validate(&candidate, &data, &folds, &[Metric::Mse, Metric::R2], &threads(1)).unwrap();
    assert_eq!(result.mean_training(0), Some(0.0));
    assert!(result.mean_test(0).unwrap() > 0.0 && result.mean_test(1).unwrap() < 0.0);
    let whole = metrics::mse(&ads.ctr, result.out_of_fold(), None).unwrap();
    assert!((whole - result.mean_test(0).unwrap()).abs() < 1e-12, "folds of equal size");
}

#[test]
fn rows_that_are_never_judged_have_no_prediction() {
    let ads = Ads::new(60, 0.05);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap();
    let folds = Folds::forward_chaining(&ads.days, 2, 0).unwrap();
    let (transform, learner) = (OneColumn::new("bid"), Toy::Mean);
    let candidate = Candidate::new("mean", &transform, &learner);
    let result = cross_validate(&candidate, &data, &folds, &[Metric::Mse], &threads(1)).unwrap();
    let judged = folds.judged_rows();
    assert_eq!(judged.len(), 40);
    for row in 0..60 {
        assert_eq!(result.out_of_fold()[row].is_nan(), !judged.contains(&row));
    }
}

#[test]
fn bits_are_the_same_on_one_and_on_two_threads() {
    let ads = Ads::new(200, 0.03);
    let data = Dataset::new(&ads.table, &ads.ctr)
        .unwrap()
        .with_weight(Some(&ads.impressions))
        .unwrap()
        .with_groups("campaign", &ads.campaigns)
        .unwrap();
    let folds = Folds::by_group(&ads.campaigns, 5, Seed::new(1)).unwrap();
    let transform = OneColumn::new("bid");
    let evaluation = Evaluation::new()
        .metrics(Metric::ALL)
        .candidate("mean", &transform, &Toy::Mean)
        .candidate("line", &transform, &Toy::Line)
        .candidate("random", &transform, &Toy::Random);
    let run = |n| evaluation.run(&data, &folds, &threads(n)).unwrap();
    let (one, two) = (run(1), run(2));
    for (a, b) in one.rows().iter().zip(two.rows()) {
        assert_eq!(a.name(), b.name());
        assert_eq!(a.out_of_fold(), b.out_of_fold());
        assert_eq!(a.scores(), b.scores());
        assert_eq!(a.difference_to_best(), b.difference_to_best());
    }
    // One transform object, three learners, two runs of five folds.
    assert_eq!(transform.n_fits.load(Ordering::Relaxed), 10);
}

#[test]
fn adding_a_candidate_does_not_change_the_others() {
    let ads = Ads::new(60, 0.05);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap();
    let folds = Folds::k_fold(60, 3, Seed::new(1)).unwrap();
    let (first, second) = (OneColumn::new("bid"), OneColumn::new("bid"));
    let alone = Evaluation::new().candidate("random", &first, &Toy::Random);
    let beside = Evaluation::new().candidate("mean", &second, &Toy::Mean).candidate("random", &first, &Toy::Random);
    let predictions = |evaluation: &Evaluation<'_>| {
        evaluation.run(&data, &folds, &threads(2)).unwrap().row("random").unwrap().out_of_fold().to_vec()
    };
    assert_eq!(predictions(&alone), predictions(&beside));
}

#[test]
fn siblings_of_a_group_share_an_inner_fold() {
    let ads = Ads::new(60, 0.05);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap();
    let grouped = data.with_groups("campaign", &ads.campaigns).unwrap();
    let folds = Folds::by_group(&ads.campaigns, 3, Seed::new(1)).unwrap();
    let transform = OneColumn::new("bid");
    let candidate = Candidate::new("mean", &transform, &Toy::Mean);
    cross_validate(&candidate, &grouped, &folds, &[Metric::Mse], &threads(1)).unwrap();
    let seen = std::mem::take(&mut *transform.folds.lock().unwrap());
    assert_eq!(seen.len(), 3);
    for (fold, inner) in folds.iter().zip(&seen) {
        let inner = inner.as_ref().expect("inner folds of groups");
        assert_eq!(inner.len(), fold.train().len());
        let mut used = inner.clone();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, [0, 1, 2, 3, 4]);
        for (&a, &in_a) in fold.train().iter().zip(inner) {
            for (&b, &in_b) in fold.train().iter().zip(inner) {
                assert!(ads.campaigns[a] != ads.campaigns[b] || in_a == in_b, "rows {a} and {b}");
            }
        }
    }

    // Without groups, and with one group left to train on, the transform makes its own.
    cross_validate(&candidate, &data, &folds, &[Metric::Mse], &threads(1)).unwrap();
    let halves: Vec<usize> = (0..60).map(|row| row / 30).collect();
    let two = data.with_groups("half", &halves).unwrap();
    let folds = Folds::by_group(&halves, 2, Seed::new(1)).unwrap();
    cross_validate(&candidate, &two, &folds, &[Metric::Mse], &threads(1)).unwrap();
    assert_eq!(*transform.folds.lock().unwrap(), [None, None, None, None, None]);
    assert_eq!(inner_folds(&ads.campaigns, Seed::new(3)), inner_folds(&ads.campaigns, Seed::new(3)));
    assert_eq!(inner_folds(&[], Seed::new(3)), None);
}

#[test]
fn progress_is_told_and_cancelling_stops_everything() {
    let ads = Ads::new(60, 0.05);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap();
    let folds = Folds::k_fold(60, 3, Seed::new(1)).unwrap();
    let transform = OneColumn::new("bid");
    let told = Mutex::new(Vec::new());
    let observer =
        |progress: Progress<'_>| told.lock().unwrap().push((progress.stage.to_owned(), progress.done, progress.total));
    let token = CancelToken::new();
    let context = FitContext { observer: Some(&observer), cancel: Some(&token), ..threads(1) };
    let fine = Evaluation::new().candidate("mean", &transform, &Toy::Mean).candidate("line", &transform, &Toy::Line);
    fine.run(&data, &folds, &context).unwrap();
    let told = told.lock().unwrap().clone();
    assert!(told.contains(&("cross-validation".to_owned(), 6, Some(6))), "{told:?}");
    assert!(told.contains(&("bootstrap".to_owned(), 1_000, Some(1_000))), "{told:?}");

    let cancels = Toy::Cancels(token.clone());
    let cancelled = fine.candidate("cancels", &transform, &cancels);
    let context = FitContext { cancel: Some(&token), ..threads(1) };
    assert!(matches!(cancelled.run(&data, &folds, &context), Err(EvalError::Cancelled)));
}

#[test]
fn what_the_data_set_cannot_be_is_said() {
    let ads = Ads::new(6, 0.05);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap();
    let folds = Folds::k_fold(7, 2, Seed::new(1)).unwrap();
    let (transform, elsewhere) = (OneColumn::new("bid"), OneColumn::new("bud"));
    let run = |candidate: &Candidate<'_>, folds: &Folds| {
        cross_validate(candidate, &data, folds, &[Metric::Mse], &threads(1)).map(|_| ()).unwrap_err().to_string()
    };
    let own = Folds::k_fold(6, 2, Seed::new(1)).unwrap();
    let texts = [
        Dataset::new(&ads.table, &ads.ctr[1..]).unwrap_err().to_string(),
        Dataset::new(&ads.table, &[f64::NAN; 6]).unwrap_err().to_string(),
        data.with_weight(Some(&[1.0, 1.0, f64::INFINITY, 1.0, 1.0, 1.0])).unwrap_err().to_string(),
        data.with_groups("campaign", &[1]).unwrap_err().to_string(),
        data.with_times("day", &[1]).unwrap_err().to_string(),
        run(&Candidate::new("mean", &transform, &Toy::Mean), &folds),
        run(&Candidate::new("mean", &elsewhere, &Toy::Mean), &own),
        run(&Candidate::new("nan", &transform, &Toy::NotANumber), &own),
        run(&Candidate::new("fails", &transform, &Toy::Fails(-1.0)), &own),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r#"
    targets: 5 given, expected 6, one per row
    the target of row 0 is NaN, expected a finite number
    the weight of row 2 is inf, expected a finite number, 0 or more
    groups: 1 given, expected 6, one per row
    times: 1 given, expected 6, one per row
    rows of the folds: 7 given, expected 6, one per row
    fold 0: the table has no column `bud`; it has bid
    the prediction of row 1 is NaN, expected a finite number
    fold 0: parameter `limit` is -1, expected more than the first feature
    "#);
}
