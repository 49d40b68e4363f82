//! Who is best, who is tied, who is chosen, and how it reads.

mod common;

use adsml_core::{FitContext, Seed};
use adsml_eval::{Bootstrap, Dataset, EvalError, Evaluation, Folds, Leaderboard, Metric, NoInterval, UnitKind, Units};
use common::{Ads, OneColumn, Toy};

fn board(ads: &Ads, evaluation: &Evaluation<'_>) -> Result<Leaderboard, EvalError> {
    let data = Dataset::new(&ads.table, &ads.ctr)?
        .with_weight(Some(&ads.impressions))?
        .with_groups("campaign", &ads.campaigns)?;
    let folds = Folds::by_group(&ads.campaigns, 4, Seed::new(42))?.of_column("campaign");
    evaluation.run(&data, &folds, &FitContext::default())
}

/// Fits of these sizes take no time that shows, but a busy machine may stall: the last column is cut off.
fn without_times(board: &Leaderboard) -> String {
    let text = board.to_string();
    let cut = text.lines().find_map(|line| line.find("  fit s")).unwrap();
    let in_table =
        |line: &str| line.len() > cut && (line.starts_with("* ") || line.starts_with("  ") || line.starts_with("cand"));
    text.lines().map(|line| if in_table(line) { &line[..cut] } else { line }).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_leaderboard_reads_as_a_table() {
    let ads = Ads::new(240, 0.04);
    let (transform, missing) = (OneColumn::new("bid"), OneColumn::new("budget"));
    let evaluation = Evaluation::new()
        .candidate("base_rate", &transform, &Toy::Mean)
        .candidate("line", &transform, &Toy::Line)
        .candidate("nearest", &transform, &Toy::Nearest)
        .candidate("broken", &missing, &Toy::Line)
        .metrics([Metric::LogLoss, Metric::Auc]);
    let board = board(&ads, &evaluation).unwrap();
    insta::assert_snapshot!(without_times(&board), @r#"
    Out-of-fold scores on 240 of 240 rows: 4 folds by group of `campaign`, seed 42.
    95 % intervals from 1000 resamples of 80 groups, differences simultaneous over all pairs; "train" is on training rows.

    candidate                              log_loss   train  fold mean                     minus best  tied                         auc    train  fold mean
    * line                  0.1683 [0.1623, 0.1743]  0.1683     0.1682                              -   yes     0.5858 [0.5752, 0.5917]   0.5859     0.5858
      nearest               0.1686 [0.1625, 0.1747]  0.1680     0.1686  +0.00033 [+0.00018, +0.00048]    no     0.5801 [0.5691, 0.5871]   0.5915     0.5799
      base_rate (baseline)  0.1701 [0.1642, 0.1762]  0.1701     0.1701  +0.00182 [+0.00150, +0.00215]    no  0.50000 [0.50000, 0.50000]  0.50000    0.50000
    broken failed: fold 0: the table has no column `budget`; it has bid
    auc compares rows of one fold only: predictions of different models do not rank each other.

    Primary: log_loss (lower is better). Chosen: line, shown to be better than base_rate, the baseline.
    "#);
    assert_eq!(board.chosen().name(), "line");
    assert_eq!(board.best().name(), "line");
    assert_eq!(board.baseline().name(), "base_rate");
    assert!(board.row("broken").unwrap().error().unwrap().contains("`budget`"));
    let base_rate = board.row("base_rate").unwrap();
    assert!(!base_rate.tied_with_best() && base_rate.difference_to_best().unwrap().low.unwrap() > 0.0);
    let line = board.row("line").unwrap();
    assert_eq!(line.difference_to_best().unwrap().interval(), Some((0.0, 0.0)));
    assert!(line.difference_to_baseline().unwrap().high.unwrap() < 0.0);

    // What is said of ranking metrics is said where there are some.
    let board = self::board(&ads, &evaluation.metrics([Metric::LogLoss, Metric::PrAuc])).unwrap().to_string();
    assert!(board.contains("costs weak models some pr_auc") && !board.contains("auc compares rows"), "{board}");
}

#[test]
fn blocks_of_time_are_as_long_as_leaves_enough_of_them() {
    let of_days = |n: i64| {
        let days: Vec<i64> = (0..n).collect();
        let ads = Ads::new(days.len(), 0.04);
        let data = Dataset::new(&ads.table, &ads.ctr).unwrap().with_times("day", &days).unwrap();
        let units = Units::of_dataset(&data).unwrap();
        (units.n_units(), units.kind().to_string())
    };
    assert_eq!(of_days(365), (53, "blocks of 7 time steps".to_owned()));
    assert_eq!(of_days(134), (20, "blocks of 7 time steps".to_owned()));
    assert_eq!(of_days(133), (23, "blocks of 6 time steps".to_owned()));
    assert_eq!(of_days(39), (20, "blocks of 2 time steps".to_owned()));
    assert_eq!(of_days(38), (38, "blocks of 1 time step".to_owned()));
    assert_eq!(of_days(12), (12, "blocks of 1 time step".to_owned()));

    // 30 blocks of a week, of which 15 are judged: shorter ones give these an interval.
    let days: Vec<i64> = (0..210).collect();
    let ads = Ads::new(210, 0.04);
    let data = Dataset::new(&ads.table, &ads.ctr).unwrap().with_times("day", &days).unwrap();
    assert_eq!(Units::of_dataset(&data).unwrap().n_units(), 30);
    let folds = Folds::forward_chaining(&days, 1, 0).unwrap();
    let transform = OneColumn::new("bid");
    let evaluation = Evaluation::new().candidate("base_rate", &transform, &Toy::Mean).metrics([Metric::Mse]);
    let board = evaluation.run(&data, &folds, &FitContext::default()).unwrap();
    assert_eq!((board.about().units, board.about().n_units), (UnitKind::TimeBlocks { length: 5 }, 21));
    assert!(board.to_string().contains("resamples of 21 blocks of 5 time steps"), "{board}");
    assert!(board.best().scores()[0].out_of_fold.as_ref().unwrap().interval().is_some());

    // Days without weight do not count.
    let weight: Vec<f64> = days.iter().map(|&day| f64::from(u8::from(day < 40))).collect();
    let units = Units::of_dataset(&data.with_weight(Some(&weight)).unwrap()).unwrap();
    assert_eq!(units.kind(), UnitKind::TimeBlocks { length: 2 });
}

#[test]
fn the_baseline_is_chosen_when_nothing_is_shown_to_be_better() {
    let ads = Ads::new(240, 0.0);
    let transform = OneColumn::new("bid");
    let evaluation = Evaluation::new()
        .candidate("line", &transform, &Toy::Line)
        .candidate("base_rate", &transform, &Toy::Mean)
        .baseline("base_rate");
    let board = board(&ads, &evaluation).unwrap();
    assert_eq!(board.chosen().name(), "base_rate");
    assert!(board.rows().iter().all(adsml_eval::Row::tied_with_best));
}

#[test]
fn too_few_units_give_no_interval_and_no_winner() {
    let ads = Ads::new(57, 0.2);
    let transform = OneColumn::new("bid");
    let evaluation = Evaluation::new()
        .metrics([Metric::LogLoss])
        .candidate("base_rate", &transform, &Toy::Mean)
        .candidate("line", &transform, &Toy::Line);
    let board = board(&ads, &evaluation).unwrap();
    assert_eq!(board.best().name(), "line");
    assert_eq!(board.chosen().name(), "base_rate");
    let estimate = board.best().scores()[0].out_of_fold.as_ref().unwrap();
    assert!(matches!(estimate.no_interval, Some(NoInterval::FewUnits { found: 19, needed: 20, .. })));
    assert!(board.to_string().contains("no intervals: only 19 independent groups, 20 needed"), "{board}");

    // The same ads, taken to be independent: there are enough of them.
    let by_row = evaluation.units(Units::rows(57).unwrap());
    let board = self::board(&ads, &by_row).unwrap();
    assert_eq!(board.chosen().name(), "line");
}

#[test]
fn a_metric_that_is_undefined_for_one_candidate_is_a_gap_and_not_a_failure() {
    // One bid far beyond the others: a falling line predicts a rate below zero there, which has a squared error but no
    // log loss until it is clipped.
    let mut ads = Ads::new(90, -0.01);
    let mut bids = ads.table.number("bid").unwrap().to_vec();
    bids[0] = 1_000.0;
    ads.table.replace("bid", bids.into()).unwrap();
    let transform = OneColumn::new("bid");
    let evaluation = Evaluation::new()
        .metrics([Metric::LogLoss, Metric::Mse])
        .candidate("base_rate", &transform, &Toy::Mean)
        .candidate("line", &transform, &Toy::Line);
    let open = board(&ads, &evaluation).unwrap();
    let line = open.row("line").unwrap();
    assert!(line.out_of_fold()[0] < 0.0);
    assert!(line.score(Metric::LogLoss).unwrap().undefined.as_ref().unwrap().contains("a probability in [0, 1]"));
    assert!(line.score(Metric::Mse).unwrap().out_of_fold.is_some());
    assert!(!line.tied_with_best() && line.difference_to_best().is_none());
    assert_eq!(open.chosen().name(), "base_rate");

    let clipped = board(&ads, &evaluation.clip_predictions(1e-6, 1.0 - 1e-6)).unwrap();
    let line = clipped.row("line").unwrap();
    assert!(line.score(Metric::LogLoss).unwrap().out_of_fold.is_some());
    assert_eq!(line.validation().unwrap().n_clipped(), 1);
    assert_eq!(line.out_of_fold()[0], 1e-6);
}

#[test]
fn questions_without_an_answer_are_refused() {
    let ads = Ads::new(60, 0.04);
    let transform = OneColumn::new("bid");
    let one = || Evaluation::new().candidate("mean", &transform, &Toy::Mean);
    let evaluations = [
        Evaluation::new(),
        one().metrics([]),
        one().candidate("mean", &transform, &Toy::Line),
        one().baseline("median"),
        one().candidate("nan", &transform, &Toy::NotANumber).baseline("nan"),
        one().bootstrap(Bootstrap { n_draws: 10, ..Bootstrap::new() }),
        one().bootstrap(Bootstrap { level: 95.0, ..Bootstrap::new() }),
        one().clip_predictions(1.0, 0.0),
        one().units(Units::rows(3).unwrap()),
    ];
    let texts: Vec<String> =
        evaluations.iter().map(|evaluation| board(&ads, evaluation).map(|_| ()).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    candidates: 0 given, at least 1 needed
    metrics: 0 given, at least 1 needed
    two candidates are called `mean`
    there is no candidate `median`; there are mean
    the baseline `nan` could not be judged: the prediction of row 6 is NaN, expected a finite number
    parameter `n_draws` is 10, expected a whole number of at least 100
    parameter `level` is 95, expected a number in [0.5, 0.999]
    parameter `clip_predictions` is [1, 0], expected two numbers, the lower one first
    units: 3 given, expected 60, one per row
    "#);
}

#[cfg(feature = "serde")]
#[test]
fn a_leaderboard_survives_json() {
    let ads = Ads::new(240, 0.04);
    let transform = OneColumn::new("bid");
    let evaluation =
        Evaluation::new().candidate("base_rate", &transform, &Toy::Mean).candidate("line", &transform, &Toy::Line);
    let board = board(&ads, &evaluation).unwrap();
    let json = serde_json::to_string(&board).unwrap();
    let read: Leaderboard = serde_json::from_str(&json).unwrap();
    assert_eq!(read.chosen().name(), board.chosen().name());
    assert_eq!(read.best().scores(), board.best().scores());
    assert!(json.contains("\"normalized_entropy\"") && !json.contains("null,null"), "{json}");
}
