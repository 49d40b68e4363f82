//! Numbers that leaves are added up as.

use std::fmt::Debug;
use std::ops::{Add, AddAssign};

/// `f64` or `f32`.
pub(super) trait Real:
    Copy + Debug + PartialEq + Default + Send + Sync + Add<Output = Self> + AddAssign + 'static
{
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
}

impl Real for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}

impl Real for f32 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.into()
    }
}
