//! The fitted linear function that every model of the family carries.

use adsml_core::{Error, Explanation, FeatureColumn, ModelFile, TrainingSet, check_predict_shapes};
use ndarray::{ArrayView1, ArrayView2};

use super::design::Design;

/// ```text
/// raw(x) = base + sum of coefficients[j] (x[j] - center[j])
/// ```
///
/// Centred, because a coefficient times a timestamp minus its mean keeps digits that an
/// intercept far from the data would lose.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "Parts"))]
pub(crate) struct LinearFunction {
    coefficients: Vec<f64>,
    center: Vec<f64>,
    deviation: Vec<f64>,
    base: f64,
    intercept: f64,
    feature_names: Vec<String>,
    n_iter: usize,
    converged: bool,
}

/// How a fit ended.
pub(super) struct Ending {
    pub(super) n_iter: usize,
    pub(super) converged: bool,
}

impl LinearFunction {
    pub(super) fn new(
        design: Design,
        gamma: &[f64],
        base: f64,
        fit_intercept: bool,
        names: Vec<String>,
        ending: Ending,
    ) -> Self {
        let coefficients = design.raw_coefficients(gamma);
        let shift: f64 = coefficients.iter().zip(&design.center).map(|(c, m)| c * m).sum();
        Self {
            coefficients,
            center: design.center,
            deviation: design.deviation,
            base,
            intercept: if fit_intercept { base - shift } else { 0.0 },
            feature_names: names,
            n_iter: ending.n_iter,
            converged: ending.converged,
        }
    }

    pub(super) fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    pub(super) fn intercept(&self) -> f64 {
        self.intercept
    }

    pub(super) fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    pub(super) fn n_iter(&self) -> usize {
        self.n_iter
    }

    pub(super) fn converged(&self) -> bool {
        self.converged
    }

    pub(super) fn n_features(&self) -> usize {
        self.coefficients.len()
    }

    /// The linear function of one row; `row` only names it in errors.
    pub(super) fn raw(&self, row: usize, features: &[f64]) -> adsml_core::Result<f64> {
        if features.len() != self.n_features() {
            return Err(Error::FeatureCount { expected: self.n_features(), found: features.len() });
        }
        let raw = self.base + centered_product(&self.coefficients, features, &self.center);
        // One value that is not finite makes the sum so; who it was is only asked then.
        if raw.is_finite() { Ok(raw) } else { Err(self.complaint(row, features, raw)) }
    }

    #[cold]
    fn complaint(&self, row: usize, features: &[f64], raw: f64) -> Error {
        let (what, value) = match features.iter().position(|value| !value.is_finite()) {
            Some(feature) => (self.label(feature), features[feature]),
            None => ("the linear function".to_owned(), raw),
        };
        Error::InvalidSample { what, row, value, expected: "a finite number" }
    }

    /// ``feature 3 (`age`)``, or `feature 3`.
    fn label(&self, feature: usize) -> String {
        match self.feature_names.get(feature) {
            Some(name) => format!("feature {feature} (`{name}`)"),
            None => format!("feature {feature}"),
        }
    }

    /// The linear function of each row, passed through `mean`.
    pub(super) fn predict_into(
        &self,
        x: ArrayView2<'_, f64>,
        offset: Option<ArrayView1<'_, f64>>,
        out: &mut [f64],
        mean: impl Fn(f64) -> f64,
    ) -> adsml_core::Result<()> {
        check_predict_shapes(self.n_features(), x, out)?;
        if let Some(offset) = offset {
            Error::check_length("the offset", x.nrows(), offset.len())?;
        }
        let mut copy = Vec::new();
        for (row, (features, out)) in x.outer_iter().zip(out).enumerate() {
            let raw = if let Some(slice) = features.as_slice() {
                self.raw(row, slice)?
            } else {
                copy.clear();
                copy.extend(features);
                self.raw(row, &copy)?
            };
            *out = mean(raw + offset.map_or(0.0, |offset| offset[row]));
        }
        Ok(())
    }

    /// Absolute coefficients of columns of unit deviation.
    pub(super) fn importance(&self) -> Vec<f64> {
        self.coefficients.iter().zip(&self.deviation).map(|(c, s)| (c * s).abs()).collect()
    }

    pub(super) fn explain(&self, row: &[f64]) -> adsml_core::Result<Explanation> {
        self.raw(0, row)?;
        let terms = self.coefficients.iter().zip(row).zip(&self.center);
        Ok(Explanation { base: self.base, contributions: terms.map(|((c, x), m)| c * (x - m)).collect() })
    }

    pub(super) fn to_file(&self, kind: &str) -> ModelFile {
        let mut file = ModelFile::new(kind);
        let columns: Vec<FeatureColumn> = self.feature_names.iter().map(FeatureColumn::number).collect();
        if !columns.is_empty() {
            file.set_features(&columns);
        }
        file.put_f64("coefficients", &self.coefficients)
            .put_f64("center", &self.center)
            .put_f64("deviation", &self.deviation)
            .put_f64("base", &[self.base, self.intercept])
            .put_u32("ending", &[u32::try_from(self.n_iter).unwrap_or(u32::MAX), u32::from(self.converged)]);
        file
    }

    pub(super) fn from_file(file: &ModelFile, kind: &str) -> adsml_core::Result<Self> {
        file.require_kind(kind)?;
        let (base, ending) = (file.finite_f64("base")?, file.u32("ending")?);
        Error::check_length("section `base`", 2, base.len())?;
        Error::check_length("section `ending`", 2, ending.len())?;
        Self {
            coefficients: file.finite_f64("coefficients")?,
            center: file.finite_f64("center")?,
            deviation: file.finite_f64("deviation")?,
            base: base[0],
            intercept: base[1],
            feature_names: file.feature_names().to_vec(),
            n_iter: ending[0] as usize,
            converged: ending[1] != 0,
        }
        .checked()
    }

    /// Itself, when its parts fit together.
    fn checked(self) -> adsml_core::Result<Self> {
        let n = self.n_features();
        Error::check_length("section `center`", n, self.center.len())?;
        Error::check_length("section `deviation`", n, self.deviation.len())?;
        if !self.feature_names.is_empty() {
            Error::check_length("the list of feature names", n, self.feature_names.len())?;
        }
        Ok(self)
    }
}

/// `sum of c (x - m)`, in four running sums: the same shape for a row alone and in a batch.
fn centered_product(c: &[f64], x: &[f64], m: &[f64]) -> f64 {
    let ((c, c_rest), (x, x_rest), (m, m_rest)) = (c.as_chunks::<4>(), x.as_chunks::<4>(), m.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for ((c, x), m) in c.iter().zip(x).zip(m) {
        for k in 0..4 {
            sums[k] += c[k] * (x[k] - m[k]);
        }
    }
    let rest: f64 = c_rest.iter().zip(x_rest).zip(m_rest).map(|((c, x), m)| c * (x - m)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Names of the training set's columns, when they were described.
pub(super) fn feature_names(data: &TrainingSet<'_>) -> adsml_core::Result<Vec<String>> {
    if !data.columns.is_empty() {
        Error::check_length("the list of feature columns", data.n_features(), data.columns.len())?;
    }
    Ok(data.columns.iter().map(|column| column.name.clone()).collect())
}

/// As it is serialised; judged on the way in.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct Parts {
    coefficients: Vec<f64>,
    center: Vec<f64>,
    deviation: Vec<f64>,
    base: f64,
    intercept: f64,
    feature_names: Vec<String>,
    n_iter: usize,
    converged: bool,
}

#[cfg(feature = "serde")]
impl TryFrom<Parts> for LinearFunction {
    type Error = Error;

    fn try_from(parts: Parts) -> adsml_core::Result<Self> {
        let Parts { coefficients, center, deviation, base, intercept, feature_names, n_iter, converged } = parts;
        Self { coefficients, center, deviation, base, intercept, feature_names, n_iter, converged }.checked()
    }
}

/// What all models of the family share: accessors, [`Regressor`](adsml_core::Regressor), files.
///
/// `$model` has a field `linear: LinearFunction`; `mean` is the inverse link.
macro_rules! linear_model {
    ($model:ident, $kind:literal, mean: $mean:expr, save: $save:expr, load: $load:expr, classifier: $classifier:expr $(,)?) => {
        impl $model {
            /// The kind of its model files.
            pub const KIND: &str = $kind;

            /// Coefficients of the raw columns, length `n_features`.
            pub fn coefficients(&self) -> &[f64] {
                self.linear.coefficients()
            }

            /// The linear function where every feature is zero; 0 without `fit_intercept`.
            pub fn intercept(&self) -> f64 {
                self.linear.intercept()
            }

            /// Names of the features, when the training set described its columns; else empty.
            pub fn feature_names(&self) -> &[String] {
                self.linear.feature_names()
            }

            /// Iterations the fit took; 1 for a closed form.
            pub fn n_iter(&self) -> usize {
                self.linear.n_iter()
            }

            /// Whether the optimality conditions hold to `tol`; when not, the model is the best found
            /// within `max_iter`.
            pub fn converged(&self) -> bool {
                self.linear.converged()
            }

            /// Predicts with a known part of the linear predictor per row, as fitted with an offset.
            ///
            /// [`predict`](adsml_core::Regressor::predict) is this with an offset of zero.
            ///
            /// # Errors
            ///
            /// As [`predict_into`](adsml_core::Regressor::predict_into); [`Error::Length`](adsml_core::Error::Length)
            /// unless there is one offset per row.
            pub fn predict_with_offset(
                &self,
                x: ndarray::ArrayView2<'_, f64>,
                offset: ndarray::ArrayView1<'_, f64>,
            ) -> adsml_core::Result<ndarray::Array1<f64>> {
                let mut out = vec![0.0; x.nrows()];
                self.linear.predict_into(x, Some(offset), &mut out, $mean)?;
                Ok(out.into())
            }

            /// Reads a model file.
            ///
            /// # Errors
            ///
            /// [`ModelError::Core`](crate::ModelError::Core) when the file is of another kind or does not add up.
            pub fn from_file(file: &adsml_core::ModelFile) -> crate::Result<Self> {
                let linear = crate::linear::function::LinearFunction::from_file(file, $kind)?;
                let load: fn(_, &adsml_core::ModelFile) -> crate::Result<Self> = $load;
                load(linear, file)
            }
        }

        impl adsml_core::Regressor for $model {
            fn n_features(&self) -> usize {
                self.linear.n_features()
            }

            fn predict_into(&self, x: ndarray::ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
                self.linear.predict_into(x, None, out, $mean)
            }

            fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
                // Plus an offset of zero, so that even the sign of a zero is that of the batch.
                self.linear.raw(0, row).map(|raw| $mean(raw + 0.0))
            }

            fn importance(&self) -> Option<Vec<f64>> {
                Some(self.linear.importance())
            }

            fn explain(&self, row: &[f64]) -> adsml_core::Result<Option<adsml_core::Explanation>> {
                self.linear.explain(row).map(Some)
            }

            fn as_classifier(&self) -> Option<&dyn adsml_core::Classifier> {
                let as_classifier: fn(&Self) -> Option<&dyn adsml_core::Classifier> = $classifier;
                as_classifier(self)
            }

            fn to_file(&self) -> adsml_core::Result<adsml_core::ModelFile> {
                let mut file = self.linear.to_file($kind);
                let save: fn(&Self, &mut adsml_core::ModelFile) = $save;
                save(self, &mut file);
                Ok(file)
            }
        }
    };
    ($model:ident, $kind:literal) => {
        $crate::linear::function::linear_model!(
            $model, $kind,
            mean: |raw: f64| raw,
            save: |_, _| {},
            load: |linear, _| Ok(Self { linear }),
            classifier: |_| None,
        );
    };
}

pub(super) use linear_model;
