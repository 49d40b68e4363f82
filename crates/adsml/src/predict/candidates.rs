//! The candidates that the recipe brings.

use std::sync::Arc;

use adsml_core::{FitContext, Learner, ParamSpec, ParamValue, Regressor, Result, TrainingSet, Transform};
use adsml_features::CategoryEncoding;
use adsml_models::{
    ConstantBaseline, Criterion, DecisionTree, DecisionTreeParams, ElasticNet, GradientBoosting,
    GradientBoostingParams, Growth, LinearRegression, LogisticRegression, Loss, PoissonRegression, RandomForest,
    RandomForestParams, Ridge,
};

use super::columns::Columns;
use super::{OwnCandidate, Task};

/// Name of the constant baseline, always the first candidate.
pub(super) const BASELINE: &str = "base_rate";

/// One of each way of growing: none is the best of all tables.
const BOOSTING: [(&str, Growth); 3] = [
    ("boosting_leaf_wise", Growth::LeafWise),
    ("boosting_depth_wise", Growth::DepthWise),
    ("boosting_symmetric", Growth::Symmetric),
];

/// The candidates for a task, the baseline first.
///
/// Penalties count against sums of log losses: `alpha` 1 is a prior worth about one click per coefficient, 100 one for
/// rates that vary more between rows than chance alone would make them. The penalties of models whose objective is a
/// mean are brought to the same scale by [`Scaled`], and so is what trees are held to. Trees have a pipeline of their
/// own: [`TreePipeline`](super::tree_columns::TreePipeline).
pub(super) fn candidates(task: Task, columns: &Columns) -> Vec<OwnCandidate> {
    let pipeline = columns.pipeline();
    let one_hot: Arc<dyn Transform> = Arc::new(pipeline.clone().max_one_hot(50));
    let encoded: Arc<dyn Transform> = Arc::new(pipeline.encoding(CategoryEncoding::Target));
    let raw: Arc<dyn Transform> = Arc::new(columns.tree_pipeline());
    let candidate = |name: &str, transform: &Arc<dyn Transform>, learner: Arc<dyn Learner>| OwnCandidate {
        name: name.to_owned(),
        transform: Arc::clone(transform),
        learner,
    };
    let mut list = vec![candidate(BASELINE, &one_hot, Arc::new(ConstantBaseline::params()))];
    match task {
        Task::Rate | Task::Binary => {
            let logistic = LogisticRegression::params;
            list.push(candidate("logistic", &one_hot, Arc::new(logistic().alpha(1.0))));
            list.push(candidate("logistic_strong_l2", &one_hot, Arc::new(logistic().alpha(100.0))));
            list.push(candidate("logistic_l1", &one_hot, Arc::new(logistic().alpha(5.0).l1_ratio(1.0))));
            let standardised = logistic().alpha(1.0).standardize(true);
            list.push(candidate("logistic_target_encoded", &encoded, Arc::new(standardised)));
            if task == Task::Rate {
                list.push(candidate("poisson", &one_hot, Arc::new(Scaled::new(Kind::Poisson))));
            }
            list.push(candidate("ridge_on_rate", &one_hot, Arc::new(Ridge::params())));
        }
        Task::Number => {
            list.push(candidate("linear_regression", &one_hot, Arc::new(LinearRegression::params())));
            list.push(candidate("ridge", &one_hot, Arc::new(Ridge::params())));
            list.push(candidate("elastic_net", &one_hot, Arc::new(Scaled::new(Kind::ElasticNet))));
            list.push(candidate("ridge_target_encoded", &encoded, Arc::new(Ridge::params())));
        }
    }
    let (loss, criterion) = match task {
        Task::Rate | Task::Binary => (Loss::Logistic, Criterion::Gini),
        Task::Number => (Loss::SquaredError, Criterion::SquaredError),
    };
    for (name, growth) in BOOSTING {
        list.push(candidate(name, &raw, Arc::new(Scaled::new(Kind::Boosting(growth, loss)))));
    }
    list.push(candidate("decision_tree", &raw, Arc::new(Scaled::new(Kind::Tree(criterion)))));
    list.push(candidate("random_forest", &raw, Arc::new(Scaled::new(Kind::Forest(criterion)))));
    list
}

/// A learner whose penalties are set by the rows it is fitted on, and by no others; what the caller sets goes before.
#[derive(Debug, Clone)]
struct Scaled {
    kind: Kind,
    set: Vec<(String, ParamValue)>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// `alpha` is one over the number of trials: one click's worth, as for the logistic candidates.
    Poisson,
    /// `alpha` is a hundredth of the target's standard deviation.
    ElasticNet,
    /// What leaves are asked for is counted in units: see [`unit`].
    Boosting(Growth, Loss),
    /// A leaf of rates has trials for [`EVIDENCE`] successes at the mean rate.
    Tree(Criterion),
    /// The same.
    Forest(Criterion),
}

impl Scaled {
    const fn new(kind: Kind) -> Self {
        Self { kind, set: Vec::new() }
    }

    /// The learner without the rows: what is set by them is as it is by default.
    fn unscaled(&self) -> Box<dyn Learner> {
        match self.kind {
            Kind::Poisson => Box::new(PoissonRegression::params()),
            Kind::ElasticNet => Box::new(ElasticNet::params()),
            Kind::Boosting(growth, loss) => Box::new(boosting(growth, loss)),
            Kind::Tree(criterion) => Box::new(tree(criterion)),
            Kind::Forest(criterion) => Box::new(forest(criterion)),
        }
    }

    fn learner(&self, data: &TrainingSet<'_>) -> Result<Box<dyn Learner>> {
        let weight = |row| data.weight(row);
        let total: f64 = (0..data.n_samples()).map(weight).sum();
        let mut learner: Box<dyn Learner> = match self.kind {
            Kind::Poisson => Box::new(PoissonRegression::params().alpha(1.0 / total)),
            Kind::ElasticNet => {
                let mean = data.y.iter().enumerate().map(|(row, y)| weight(row) * y).sum::<f64>() / total;
                let square = |(row, y): (usize, &f64)| weight(row) * (y - mean).powi(2);
                let spread = (data.y.iter().enumerate().map(square).sum::<f64>() / total).sqrt();
                Box::new(ElasticNet::params().alpha(0.01 * spread))
            }
            Kind::Boosting(growth, loss) => {
                let evidence = EVIDENCE * unit(loss, data);
                let params = boosting(growth, loss).min_child_weight(evidence).l2(evidence);
                Box::new(params.cat_smooth(evidence).cat_l2(evidence))
            }
            Kind::Tree(criterion) => Box::new(tree(criterion).min_child_weight(trials(criterion, data))),
            Kind::Forest(criterion) => Box::new(forest(criterion).min_child_weight(trials(criterion, data))),
        };
        self.set.iter().try_for_each(|(name, value)| learner.set_param(name, *value))?;
        Ok(learner)
    }
}

/// What a leaf needs: successes, rows, or units of boosting.
const EVIDENCE: f64 = 10.0;

/// 200 small steps of trees of up to 16 leaves. Each leaf is held back by as much evidence as it needs.
fn boosting(growth: Growth, loss: Loss) -> GradientBoostingParams {
    let params = GradientBoosting::params().loss(loss).growth(growth).n_estimators(200).learning_rate(0.05);
    match growth {
        Growth::LeafWise => params.max_leaves(16),
        _ => params.max_leaves(16).max_depth(4),
    }
}

/// A tree that can still be read.
fn tree(criterion: Criterion) -> DecisionTreeParams {
    DecisionTree::params().criterion(criterion).max_leaves(16).min_samples_leaf(EVIDENCE as usize)
}

/// 100 trees whose splits look at half of the features.
fn forest(criterion: Criterion) -> RandomForestParams {
    let params = RandomForest::params().criterion(criterion).n_estimators(100).max_features(0.5);
    params.min_samples_leaf(EVIDENCE as usize)
}

/// The trials that a leaf needs: without enough of them, it would say that a rate is zero.
fn trials(criterion: Criterion, data: &TrainingSet<'_>) -> f64 {
    if criterion != Criterion::Gini {
        return 0.0;
    }
    let total: f64 = (0..data.n_samples()).map(|row| data.weight(row)).sum();
    let successes: f64 = data.y.iter().enumerate().map(|(row, y)| data.weight(row) * y).sum();
    // No leaf has more than all there is.
    if successes > EVIDENCE { EVIDENCE * total / successes } else { total }
}

/// What the hessian of boosting says of one row on average: its weight; for a rate, about its successes, but no less
/// than one success, since rows of nothing but failures say little however many they are.
///
/// Rows of two hundred clicks vary more between each other than two hundred coins do: penalties that count clicks would
/// weigh nothing against them.
fn unit(loss: Loss, data: &TrainingSet<'_>) -> f64 {
    let weight = |row| data.weight(row);
    let (mut total, mut successes, mut rows) = (0.0, 0.0, 0_usize);
    for (row, y) in data.y.iter().enumerate().filter(|&(row, _)| weight(row) > 0.0) {
        total += weight(row);
        successes += weight(row) * y;
        rows += 1;
    }
    let rows = rows.max(1) as f64;
    match loss {
        Loss::Logistic => (successes / rows * (1.0 - successes / total)).max(1.0),
        _ => total / rows,
    }
}

impl Learner for Scaled {
    fn name(&self) -> &'static str {
        self.unscaled().name()
    }

    fn params(&self) -> &'static [ParamSpec] {
        self.unscaled().params()
    }

    /// What was set; else the value that rows may still change.
    fn param(&self, name: &str) -> Result<ParamValue> {
        match self.set.iter().rev().find(|(set, _)| set == name) {
            Some((_, value)) => Ok(*value),
            None => self.unscaled().param(name),
        }
    }

    fn set_param(&mut self, name: &str, value: ParamValue) -> Result<()> {
        self.unscaled().set_param(name, value)?;
        self.set.push((name.to_owned(), value));
        Ok(())
    }

    fn fit(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Box<dyn Regressor>> {
        self.learner(data)?.fit(data, context)
    }

    fn boxed_clone(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_unit_is_a_row_of_clicks_but_no_less_than_a_click() {
        let x = array![[0.0], [1.0], [2.0]];
        let unit_of = |loss, y: [f64; 3], weight: [f64; 3]| {
            let (y, weight) = (ndarray::Array1::from(y.to_vec()), ndarray::Array1::from(weight.to_vec()));
            let set = TrainingSet::new(x.view(), y.view()).unwrap().with_weight(Some(weight.view())).unwrap();
            unit(loss, &set)
        };
        // 400 clicks out of 20,000 impressions on two rows, 98 % of the hessian of as many coins.
        let unit_of_rate = unit_of(Loss::Logistic, [0.01, 0.03, 0.0], [10_000.0, 10_000.0, 0.0]);
        assert!((unit_of_rate - 200.0 * 0.98).abs() < 1e-9, "{unit_of_rate}");
        assert_eq!(unit_of(Loss::Logistic, [0.0, 1.0, 0.0], [1.0; 3]), 1.0);
        assert_eq!(unit_of(Loss::SquaredError, [7.0, 1.0, 0.0], [4.0, 2.0, 0.0]), 3.0);
    }

    #[test]
    fn what_is_set_goes_before_what_the_rows_say() {
        let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![0.0, 0.0, 1.0, 1.0]);
        let set = TrainingSet::new(x.view(), y.view()).unwrap();
        let mut learner = Scaled::new(Kind::Boosting(Growth::LeafWise, Loss::SquaredError));
        let scaled = learner.learner(&set).unwrap();
        assert_eq!(scaled.param("l2").unwrap(), ParamValue::Real(EVIDENCE));
        learner.set_param("l2", ParamValue::Real(0.5)).unwrap();
        assert_eq!(learner.learner(&set).unwrap().param("l2").unwrap(), ParamValue::Real(0.5));
        assert_eq!(learner.param("l2").unwrap(), ParamValue::Real(0.5));
        assert!(learner.set_param("l2", ParamValue::Real(-1.0)).is_err());
        assert!(learner.params().iter().any(|spec| spec.name == "learning_rate"));
    }
}
