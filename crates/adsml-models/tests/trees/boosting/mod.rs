//! What boosted trees promise.

mod constraints;
mod files;
mod growth;
mod losses;
mod parameters;
mod promises;
mod rounds;
mod values;
mod weights;

use adsml_core::Seed;
use adsml_models::{GradientBoosting, GradientBoostingParams, Growth, Loss};
use ndarray::{Array1, Array2};

const GROWTHS: [Growth; 3] = [Growth::LeafWise, Growth::DepthWise, Growth::Symmetric];
const LOSSES: [Loss; 9] = [
    Loss::SquaredError,
    Loss::AbsoluteError,
    Loss::Huber,
    Loss::Quantile,
    Loss::Poisson,
    Loss::Gamma,
    Loss::Tweedie,
    Loss::Logistic,
    Loss::Softmax,
];

fn params(growth: Growth, loss: Loss) -> GradientBoostingParams {
    GradientBoosting::params().growth(growth).loss(loss).n_classes(3).n_estimators(10).max_leaves(12)
}

/// Numbers, few levels, and one column with holes; a noisy target in `(0, 1)`, or a class of three.
fn rows(n: usize, loss: Loss, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("trees", 0);
    let x = Array2::from_shape_fn((n, 5), |(_, feature)| match feature {
        0 | 1 => stream.uniform(),
        2 => stream.below(6) as f64,
        3 => (stream.uniform() * 100.0).floor(),
        _ => [stream.uniform(), f64::NAN][usize::from(stream.below(4) == 0)],
    });
    let y = x.outer_iter().map(|row| {
        let hole = if row[4].is_nan() { 0.2 } else { 0.1 * row[4] };
        let mean = 0.3 * row[0] + 0.2 * (6.0 * row[1]).sin().abs() + 0.02 * row[2] + hole;
        let y = 0.05 + 0.7 * mean + 0.2 * stream.uniform();
        if loss == Loss::Softmax { (y * 4.0).floor().min(2.0) } else { y }
    });
    let y = y.collect();
    (x, y)
}
