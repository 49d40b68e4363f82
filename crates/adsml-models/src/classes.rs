//! Classes that are numbered from 0: their names, and the probabilities of two.

use ndarray::{Array2, ArrayView1};

/// Their numbers, as names.
pub(crate) fn numbered(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|class| class.to_string()).collect()
}

/// `1 - p` and `p`, shape `(n_samples, 2)`: the second column is what `predict` gives, to the last bit.
pub(crate) fn of_two(positive: ArrayView1<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn(
        (positive.len(), 2),
        |(row, class)| {
            if class == 1 { positive[row] } else { 1.0 - positive[row] }
        },
    )
}
