//! Response curves learnt from what happened.
//!
//! ```text
//! history     rows of campaigns and dates, checked and in order
//! params      what is learnt, and how
//! learn       from a history to a model
//! account     all campaigns while effects and noise are learnt
//! campaign    one campaign's curves
//! model       what was learnt: curves, draws, factors of dates, findings
//! finding     what a reader has to know of it
//! series      one campaign's rows, as fits take them
//! carry_over  what was spent before still works
//! family      curves in parameters that siblings can share
//! lift        experiments
//! effects     calendar and context, shared by all campaigns
//! noise       demand that lasts, and chance: a Kalman filter
//! mode        the most plausible curve of a campaign
//! pooling     what campaigns say of each other
//! chaining    which family predicts what it has not seen
//! draws       curves that the rows leave possible
//! follow      does spend follow demand?
//! ```

mod account;
mod campaign;
mod carry_over;
mod chaining;
mod draws;
mod effects;
mod family;
mod finding;
mod follow;
mod history;
mod learn;
mod lift;
mod mode;
mod model;
mod noise;
mod params;
mod pooling;
mod series;
#[cfg(test)]
mod tests;

pub use family::Family;
pub use finding::Finding;
pub use history::{CampaignDay, CampaignHistory, History};
pub use lift::LiftTest;
pub use model::{CampaignResponse, ResponseModel};
pub use params::{CarryOver, ResponseModelParams};
