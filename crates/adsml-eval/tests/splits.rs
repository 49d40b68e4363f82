//! What must hold for every split.

use adsml_core::Seed;
use adsml_eval::{EvalError, Folds, SplitKind};
use proptest::prelude::*;

/// Each row is in exactly one of the test sets, and in all other training sets.
fn check_partition(folds: &Folds) -> Result<(), TestCaseError> {
    let mut judged = vec![0; folds.n_rows()];
    for fold in folds {
        prop_assert!(!fold.test().is_empty() && !fold.train().is_empty());
        fold.test().iter().for_each(|&row| judged[row] += 1);
        let mut both: Vec<usize> = fold.train().iter().chain(fold.test()).copied().collect();
        both.sort_unstable();
        prop_assert_eq!(both, (0..folds.n_rows()).collect::<Vec<_>>());
    }
    prop_assert!(judged.iter().all(|&times| times == 1));
    Ok(())
}

proptest! {
    #[test]
    fn random_folds_partition_the_rows_evenly(n in 2_usize..80, k in 2_usize..8, seed in any::<u64>()) {
        prop_assume!(n >= k);
        let folds = Folds::k_fold(n, k, Seed::new(seed)).unwrap();
        check_partition(&folds)?;
        prop_assert!(folds.iter().all(|fold| fold.test().len() == n / k || fold.test().len() == n / k + 1));
    }

    #[test]
    fn stratified_folds_share_positives_evenly(
        labels in proptest::collection::vec(any::<bool>(), 8..80), k in 2_usize..8, seed in any::<u64>(),
    ) {
        let y: Vec<f64> = labels.iter().map(|&label| f64::from(label)).collect();
        let folds = Folds::stratified(&y, None, k, Seed::new(seed)).unwrap();
        check_partition(&folds)?;
        let positives: Vec<usize> =
            folds.iter().map(|fold| fold.test().iter().filter(|&&row| labels[row]).count()).collect();
        prop_assert!(positives.iter().max().unwrap() - positives.iter().min().unwrap() <= 1, "{positives:?}");
    }

    #[test]
    fn groups_never_straddle(groups in proptest::collection::vec(0_usize..12, 20..80), k in 2_usize..5, seed in any::<u64>()) {
        match Folds::by_group(&groups, k, Seed::new(seed)) {
            Ok(folds) => {
                check_partition(&folds)?;
                for fold in &folds {
                    prop_assert!(fold.test().iter().all(|&test| fold.train().iter().all(|&row| groups[row] != groups[test])));
                }
            }
            Err(error) => {
                let too_few = matches!(error, EvalError::NotEnough { what: "groups to split", .. });
                prop_assert!(too_few);
            }
        }
    }

    #[test]
    fn forward_chaining_never_trains_on_the_future_and_keeps_the_gap(
        times in proptest::collection::vec(-50_i64..50, 30..120), k in 1_usize..5, gap in 0_i64..6,
    ) {
        let Ok(folds) = Folds::forward_chaining(&times, k, gap) else { return Ok(()) };
        let mut judged = vec![false; times.len()];
        for fold in &folds {
            let first = fold.test().iter().map(|&row| times[row]).min().unwrap();
            prop_assert!(fold.train().iter().all(|&row| times[row] + gap < first));
            // Nothing that may be trained on is left out.
            prop_assert_eq!(fold.train().len(), times.iter().filter(|&&time| time + gap < first).count());
            for &row in fold.test() {
                prop_assert!(!std::mem::replace(&mut judged[row], true));
            }
        }
        // Rows of one time are judged together or not at all.
        for (&a, &of_a) in times.iter().zip(&judged) {
            for (&b, &of_b) in times.iter().zip(&judged) {
                prop_assert!(a != b || of_a == of_b);
            }
        }
    }

    #[test]
    fn the_same_seed_splits_the_same_way(n in 10_usize..60, seed in any::<u64>()) {
        let groups: Vec<usize> = (0..n).map(|row| row / 2).collect();
        prop_assert_eq!(Folds::by_group(&groups, 3, Seed::new(seed)).unwrap(), Folds::by_group(&groups, 3, Seed::new(seed)).unwrap());
        prop_assert_eq!(Folds::k_fold(n, 3, Seed::new(seed)).unwrap(), Folds::k_fold(n, 3, Seed::new(seed)).unwrap());
    }
}

#[test]
fn stratified_folds_share_rates_and_weights() {
    // 1,000 rows, most without a click, a few heavy: clicks and impressions per fold stay close to a fifth.
    let impressions: Vec<f64> =
        (0..1_000).map(|row| if row % 100 == 1 { 50_000.0 } else { 100.0 + row as f64 }).collect();
    let ctr: Vec<f64> = (0..1_000).map(|row| if row % 4 == 0 { 0.01 * (row % 7) as f64 } else { 0.0 }).collect();
    let folds = Folds::stratified(&ctr, Some(&impressions), 5, Seed::new(1)).unwrap();
    let total: f64 = impressions.iter().sum();
    for fold in &folds {
        let share = fold.test().iter().map(|&row| impressions[row]).sum::<f64>() / total;
        assert!((share - 0.2).abs() < 0.05, "{share}");
    }
}

#[test]
fn seeds_decide_among_groups_of_one_size() {
    let groups: Vec<usize> = (0..100).map(|row| row / 2).collect();
    let of_seed = |seed| Folds::by_group(&groups, 5, Seed::new(seed)).unwrap().fold_of_rows();
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn holding_out_keeps_both_sides_filled() {
    for share in [0.001, 0.2, 0.999] {
        let folds = Folds::holdout(10, share, Seed::new(3)).unwrap();
        let fold = folds.get(0).unwrap();
        assert!(!fold.train().is_empty() && !fold.test().is_empty());
        assert_eq!(fold.train().len() + fold.test().len(), 10);
    }
    assert_eq!(Folds::holdout(10, 0.2, Seed::new(3)).unwrap().judged_rows().len(), 2);
}

#[test]
fn given_folds_keep_their_order() {
    let folds = Folds::given(&[7, 3, 7, 9]).unwrap().of_column("week");
    assert_eq!(folds.fold_of_rows(), [Some(1), Some(0), Some(1), Some(2)]);
    assert_eq!(folds.kind(), SplitKind::Given);
    let pairs = Folds::given_pairs(4, [(vec![1, 0], vec![3])]).unwrap();
    assert_eq!((pairs.get(0).unwrap().train(), pairs.judged_rows()), (&[0, 1][..], vec![3]));
}

#[test]
fn splits_say_what_they_are() {
    let days: Vec<i64> = (0..40).collect();
    let groups: Vec<usize> = (0..40).map(|row| row / 4).collect();
    let said = [
        Folds::holdout(40, 0.25, Seed::new(1)).unwrap(),
        Folds::k_fold(40, 5, Seed::new(1)).unwrap(),
        Folds::stratified(&[0.0; 40], None, 5, Seed::new(1)).unwrap(),
        Folds::by_group(&groups, 5, Seed::new(1)).unwrap().of_column("campaign_id"),
        Folds::forward_chaining(&days, 4, 2).unwrap().of_column("date"),
        Folds::given(&groups).unwrap(),
    ]
    .map(|folds| folds.to_string());
    insta::assert_snapshot!(said.join("\n"), @r#"
    10 of 40 rows held out at random, seed 1
    5 random folds, seed 1
    5 stratified folds, seed 1
    5 folds by group of `campaign_id`, seed 1
    4 folds forward in time of `date`, gap 2
    10 given folds
    "#);
}

#[test]
fn errors_say_what_is_missing() {
    let seed = Seed::new(1);
    let errors = [
        Folds::k_fold(3, 5, seed),
        Folds::k_fold(3, 1, seed),
        Folds::holdout(3, 1.0, seed),
        Folds::holdout(1, 0.5, seed),
        Folds::stratified(&[0.0, f64::NAN], None, 2, seed),
        Folds::by_group(&[1, 1, 2], 3, seed),
        Folds::forward_chaining(&[1, 1, 2], 3, 0),
        Folds::forward_chaining(&[1, 2, 3, 4], 3, 2),
        Folds::forward_chaining(&[1, 2, 3, 4], 3, -1),
        Folds::forward_chaining(&[1, 2], 0, 0),
        Folds::given(&[4, 4]),
        Folds::given_pairs(3, [(vec![0, 1], vec![1])]),
        Folds::given_pairs(3, [(vec![0], vec![3])]),
        Folds::given_pairs(3, [(vec![0], vec![1]), (vec![2], vec![1])]),
        Folds::given_pairs(3, [(vec![0], vec![])]),
        Folds::given_pairs(3, []),
    ];
    let texts: Vec<String> = errors.into_iter().map(|error| error.unwrap_err().to_string()).collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    rows to split: 3 given, at least 5 needed
    parameter `n_folds` is 1, expected a whole number of at least 2
    parameter `test_share` is 1, expected a number in (0, 1)
    rows to split: 1 given, at least 2 needed
    the target of row 1 is NaN, expected a finite number
    groups to split: 2 given, at least 3 needed
    distinct times to split: 2 given, at least 4 needed
    fold 0 has no training rows: a gap of 2 before time 2 leaves none
    parameter `gap` is -1, expected a whole number of at least 0
    parameter `n_folds` is 0, expected a whole number of at least 1
    given folds: 1 given, at least 2 needed
    row 1 appears twice in fold 0
    row 3 of fold 0 does not exist, there are 3 rows
    row 1 is in two test sets
    fold 0 has no test rows: none were given
    given folds: 0 given, at least 1 needed
    "#);
}
