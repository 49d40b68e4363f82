//! A row alone is predicted without memory from the allocator.

use adsml_models::{
    Criterion, DecisionTree, GradientBoosting, GradientBoostingParams, ImportedModel, Loss, RandomForest, Regressor,
};
use adsml_testing::{CountingAllocator, allocated_here};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const LIGHTGBM: &str = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=2\n\
    objective=regression\nfeature_names=a b c\nfeature_infos=[0:3] [0:3] [0:3]\ntree_sizes=1\n\n\
    Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=1\nthreshold=1.5\ndecision_type=2\nleft_child=-1\n\
    right_child=-2\nleaf_value=0.4 0.7\n\nend of trees\n";

#[test]
fn predict_row_of_every_tree_model_allocates_nothing() {
    let x: Vec<[f64; 3]> = (0..600_u32)
        .map(|row| {
            [f64::from(row * 7 % 101), f64::from(row % 13), if row % 9 == 0 { f64::NAN } else { f64::from(row % 5) }]
        })
        .collect();
    let y: Vec<f64> = x.iter().map(|row| (row[0] * row[1] + 10.0 * row[2].max(0.0)).round()).collect();
    let classes: Vec<f64> = y.iter().map(|y| y % 4.0).collect();
    let few: Vec<f64> = y.iter().map(|y| y % 2.0).collect();
    let trees = |params: GradientBoostingParams| params.n_estimators(70);
    let models: Vec<(&str, Box<dyn Regressor>)> = vec![
        ("leaf-wise", Box::new(trees(GradientBoosting::params()).fit(&x, &y).unwrap())),
        ("symmetric", Box::new(trees(GradientBoostingParams::catboost()).fit(&x, &y).unwrap())),
        ("clicks", Box::new(trees(GradientBoostingParams::xgboost()).loss(Loss::Logistic).fit(&x, &few).unwrap())),
        (
            "classes",
            Box::new(trees(GradientBoosting::params()).loss(Loss::Softmax).n_classes(4).fit(&x, &classes).unwrap()),
        ),
        ("forest", Box::new(RandomForest::params().n_estimators(70).fit(&x, &y).unwrap())),
        (
            "forest of classes",
            Box::new(RandomForest::params().criterion(Criterion::Gini).n_classes(4).fit(&x, &classes).unwrap()),
        ),
        ("tree", Box::new(DecisionTree::params().fit(&x, &y).unwrap())),
        ("imported", Box::new(ImportedModel::from_lightgbm_text(LIGHTGBM).unwrap())),
    ];
    for (name, model) in &models {
        // Which instructions there are is found out once.
        model.predict_row(&x[0]).unwrap();
        let (sum, bytes) = allocated_here(|| x.iter().map(|row| model.predict_row(row).unwrap()).sum::<f64>());
        assert!(sum.is_finite());
        assert_eq!(bytes, 0, "{name}");
    }
}
