//! Columns to numbers: categories encoded, gaps filled, scales made alike.

mod categories;
mod frequency;
mod impute;
pub(crate) mod one_hot;
mod ordinal;
mod scale;
mod target;

pub use categories::Categories;
pub use frequency::FrequencyEncoder;
pub use impute::{FittedImputer, Imputation};
pub use one_hot::OneHotEncoder;
pub use ordinal::OrdinalEncoder;
pub use scale::{FittedScaler, FittedWarp, Scaler, Warp};
pub use target::{MissingLevel, Smoothing, TargetEncoder, TargetEncoderParams};

pub(crate) use categories::Distinct;
pub(crate) use frequency::shares;
pub(crate) use ordinal::ordinal;
pub(crate) use scale::{MAX_VALUE, MIN_SCALE, check_quantiles};
pub(crate) use target::{CheckedTarget, Encoding, cross_fit_folds};
