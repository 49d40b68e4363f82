//! A simulated ad account whose truth is known.
//!
//! A prediction on real data can only be compared with other predictions; here it can be compared
//! with the truth. An [`Account`] has daily rows as an export shows them, and beside each row the
//! [`RowTruth`] that made it: the click-through rate, the conversion rate, the response curve.
//!
//! | To judge | The rows | The truth |
//! |---|---|---|
//! | a CTR model | [`Account::table`] | [`Account::true_ctr`], [`true_ctr`], [`Account::noise_floor`], [`Account::excess_log_loss`] |
//! | a fitted response curve, a budget plan | [`Account::campaign_table`] | [`Campaign::curve`], a [`TrueCurve`] |
//! | a warning against confounding | [`SpendPolicy::FollowsDemand`] | [`Campaign::demand`] |
//! | what is done about immature conversions | [`AccountParams::conversion_delay`] | [`RowTruth::final_conversions`] |
//! | audience segments | [`Audiences::table`] | [`Audiences::labels`] |
//!
//! ```
//! use adsml_simulate::Account;
//!
//! let account = Account::demo();
//! let totals = account.totals();
//! let overall = totals.ctr().or_missing();
//!
//! // A constant prediction, beside the best there is.
//! let constant = account.log_loss(&vec![overall; account.rows().len()])?.unwrap_or(f64::NAN);
//! let floor = account.noise_floor().expect("the demo was shown to somebody");
//! assert!(constant > floor.log_loss);
//! // Chance moves the floor by about a thousandth of itself.
//! assert!(floor.standard_error < 2e-3 * floor.expected_log_loss);
//! # Ok::<(), adsml_simulate::SimulateError>(())
//! ```
//!
//! Same settings and seed, same bits, on one target; the stored values in the tests say when a release changes them.
//! Money is in the account's currency, rates are probabilities, a day is a calendar day.
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `serde` | no | `Serialize` and `Deserialize` for settings, rows and truths |

mod account;
mod audience;
mod ctr;
mod curve;
mod error;
mod floor;
mod generate;
mod params;
mod row;

pub use account::{Account, AdSet, Campaign, RowTruth, Totals};
pub use adsml_core::{Seed, Table};
pub use audience::{AudienceParams, Audiences};
pub use ctr::{MAX_CTR, MIN_CTR, true_ctr};
pub use curve::{CurveFamily, TrueCurve};
pub use error::{Result, SimulateError};
pub use floor::NoiseFloor;
pub use params::{AccountParams, SpendPolicy};
pub use row::{AgeRange, DevicePlatform, Gender, Objective, Placement, Row};

/// The README's example runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
