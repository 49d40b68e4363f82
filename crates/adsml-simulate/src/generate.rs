//! How an account comes about, from the top down: campaigns, their days, their ad sets, rows.
//!
//! Every stream is keyed by what it is for (campaign, ad set, day), so that nothing moves when something is added.

use std::f64::consts::PI;

use adsml_core::{Seed, Stream, calendar};
use rand::distributions::Distribution;
use rand_distr::{Beta, Binomial, Gamma, Poisson, StandardNormal};

use crate::params::{AccountParams, SpendPolicy};
use crate::{
    Account, AdSet, AgeRange, Campaign, CurveFamily, DevicePlatform, Gender, Objective, Placement, Row, RowTruth,
    TrueCurve, true_ctr,
};

/// Revenue by day of the week, Monday first; its mean is 1.
pub(crate) const WEEKDAY: [f64; 7] = [1.04, 1.0, 0.98, 1.0, 1.03, 1.0, 0.95];
/// Price of an impression by placement, against the feed.
const PLACEMENT_PRICE: [f64; Placement::ALL.len()] = [1.0, 0.8, 0.85, 1.4, 0.5];
/// The highest conversion rate; beyond it, orders are worth more instead.
const MAX_CVR: f64 = 0.25;
/// Shape of the gamma distribution of one order's value: a standard deviation of 71 % of the mean.
const ORDER_SHAPE: f64 = 2.0;
/// Correlation of hidden demand from day to day.
const DEMAND_MEMORY: f64 = 0.7;
/// Days after which an ad set's creatives are renewed.
const CREATIVE_DAYS: usize = 30;

pub(crate) fn account(params: &AccountParams) -> Account {
    let mut campaigns = Vec::with_capacity(params.n_campaigns);
    let mut ad_sets = Vec::with_capacity(params.n_campaigns * params.ad_sets_per_campaign);
    let mut histories = Vec::with_capacity(ad_sets.capacity());
    for number in 0..params.n_campaigns {
        let plan = CampaignPlan::draw(params, number);
        let first = ad_sets.len();
        for ad_set in 0..params.ad_sets_per_campaign {
            let traits = AdSetTraits::draw(params.seed.derive("ad_set", (number as u64) << 32 | ad_set as u64));
            histories.push(traits.live(params, &plan, number, ad_sets.len()));
            ad_sets.push(AdSet {
                id: format!("C{}-A{}", number + 1, ad_set + 1),
                campaign: number,
                size: traits.size,
                curve: plan.unit_curve.enlarged(traits.size),
            });
        }
        let size: f64 = ad_sets[first..].iter().map(|ad_set| ad_set.size).sum();
        campaigns.push(plan.into_campaign(number, size));
    }
    // By date, then by ad set: as an export is sorted.
    let (mut rows, mut truth) = (Vec::new(), Vec::new());
    rows.reserve_exact(histories.len() * params.days);
    truth.reserve_exact(histories.len() * params.days);
    for day in 0..params.days {
        for history in &histories {
            let (row, row_truth) = &history[day];
            rows.push(row.clone());
            truth.push(row_truth.clone());
        }
    }
    Account { params: params.clone(), campaigns, ad_sets, rows, truth }
}

/// A campaign before it is known how many ad sets share it: everything per unit of ad-set size.
struct CampaignPlan {
    objective: Objective,
    family: CurveFamily,
    unit_curve: TrueCurve,
    unit_budget: f64,
    order_value: f64,
    usual_competition: f64,
    days: Vec<DayPlan>,
}

struct DayPlan {
    date: i32,
    /// Budget per unit of ad-set size.
    unit_budget: f64,
    /// Share of the budget that is spent.
    delivery: f64,
    competition: f64,
    seasonality: f64,
    context: f64,
    demand: f64,
}

impl CampaignPlan {
    fn draw(params: &AccountParams, number: usize) -> Self {
        let seed = params.seed.derive("campaign", number as u64);
        let mut traits = seed.stream("traits", 0);
        let objective = Objective::ALL[traits.below(Objective::ALL.len())];
        let unit_budget = params.ad_set_budget * (0.4 * normal(&mut traits)).exp();
        let roas = params.roas * (0.3 * normal(&mut traits)).exp();
        let order_value = params.order_value * (0.4 * normal(&mut traits)).exp();
        let usual_competition = 0.35 + 0.3 * traits.uniform();
        let family = params.curves[number % params.curves.len()];
        let unit_curve = draw_curve(family, unit_budget, roas * unit_budget, &mut seed.stream("curve", 0));

        let demand = draw_demand(params, &mut seed.stream("demand", 0));
        let mut budgets = seed.stream("budget", 0);
        let mut deliveries = seed.stream("delivery", 0);
        let mut rivals = seed.stream("competition", 0);
        let first = params.start_day().expect("settings have been checked");
        let (mut weekly, mut rivalry) = (0.0, 0.0);
        let mut days = Vec::with_capacity(params.days);
        for (day, &z) in demand.iter().enumerate() {
            let date = first + day as i32;
            if day % 7 == 0 {
                weekly = normal(&mut budgets);
            }
            let explored = (2.0_f64 / 3.0).sqrt() * weekly + (1.0_f64 / 3.0).sqrt() * normal(&mut budgets);
            let strength = match params.spend_policy {
                SpendPolicy::Independent => 0.0,
                SpendPolicy::FollowsDemand { strength } => strength,
            };
            let wish = strength * z + (1.0 - strength * strength).sqrt() * explored;

            rivalry = 0.6 * rivalry + 0.06 * normal(&mut rivals);
            let year = 2.0 * PI * f64::from(calendar::day_of_year(date)) / 365.0;
            let competition = round_to(usual_competition + rivalry + 0.05 * year.sin(), 1e4).clamp(0.02, 0.98);
            let seasonality = round_to(1.0 + 0.1 * year.sin(), 1e4);
            let weekday = WEEKDAY[calendar::day_of_week(date) as usize];
            days.push(DayPlan {
                date,
                unit_budget: unit_budget * (params.exploration * wish).exp(),
                delivery: draw_delivery(params.outage_rate, &mut deliveries),
                competition,
                seasonality,
                context: seasonality * weekday * (-0.6 * (competition - usual_competition)).exp(),
                demand: (params.demand_sd * z - 0.5 * params.demand_sd * params.demand_sd).exp(),
            });
        }
        Self { objective, family, unit_curve, unit_budget, order_value, usual_competition, days }
    }

    fn into_campaign(self, number: usize, size: f64) -> Campaign {
        Campaign {
            id: format!("C{}", number + 1),
            objective: self.objective,
            family: self.family,
            curve: self.unit_curve.enlarged(size),
            usual_budget: self.unit_budget * size,
            order_value: self.order_value,
            usual_competition: self.usual_competition,
            context: self.days.iter().map(|day| day.context).collect(),
            demand: self.days.iter().map(|day| day.demand).collect(),
        }
    }
}

/// A curve of the family that passes through `revenue` at `spend`.
fn draw_curve(family: CurveFamily, spend: f64, revenue: f64, stream: &mut Stream) -> TrueCurve {
    let (u, n) = (stream.uniform(), normal(stream));
    let curve = match family {
        CurveFamily::Hill => {
            TrueCurve::Hill { ceiling: 1.0, half_spend: spend * (0.3 + 0.5 * n).exp(), exponent: 0.6 + 0.4 * u }
        }
        CurveFamily::SShapedHill => {
            TrueCurve::Hill { ceiling: 1.0, half_spend: spend * (0.3 * n).exp(), exponent: 1.5 + 1.5 * u }
        }
        CurveFamily::Logarithmic => TrueCurve::Logarithmic { slope: 1.0, scale: spend * (0.5 * n - 0.5).exp() },
        CurveFamily::Power => TrueCurve::Power { coefficient: 1.0, scale: spend, exponent: 0.35 + 0.45 * u },
        CurveFamily::NegativeExponential => {
            TrueCurve::NegativeExponential { ceiling: 1.0, scale: spend * (0.2 + 0.4 * n).exp() }
        }
        CurveFamily::Gompertz => {
            let scale = spend * (0.2 * n - 0.5).exp();
            TrueCurve::Gompertz { ceiling: 1.0, displacement: 2.0 + 2.0 * u, scale }
        }
        CurveFamily::Arctangent => TrueCurve::Arctangent { ceiling: 1.0, scale: spend * (0.4 * n).exp() },
    };
    curve.times(revenue / curve.value(spend))
}

/// Standardised logarithm of hidden demand, day by day: a stationary first-order autoregression.
fn draw_demand(params: &AccountParams, stream: &mut Stream) -> Vec<f64> {
    let mut z = normal(stream);
    let fresh = (1.0 - DEMAND_MEMORY * DEMAND_MEMORY).sqrt();
    let mut demand = Vec::with_capacity(params.days);
    for _ in 0..params.days {
        demand.push(z);
        z = DEMAND_MEMORY * z + fresh * normal(stream);
    }
    demand
}

fn draw_delivery(outage_rate: f64, stream: &mut Stream) -> f64 {
    let [happens, which, how_much] = [stream.uniform(), stream.uniform(), stream.uniform()];
    if happens >= outage_rate {
        0.92 + 0.08 * how_much
    } else if which < 0.5 {
        0.0
    } else {
        0.001 + 0.149 * how_much.powi(3)
    }
}

/// What stays the same about an ad set.
struct AdSetTraits {
    seed: Seed,
    size: f64,
    audience_size: u64,
    market_size: u64,
    relevance: f64,
    price: f64,
    hour: f64,
    placement: Placement,
    device_platform: DevicePlatform,
    age_range: AgeRange,
    gender: Gender,
}

impl AdSetTraits {
    fn draw(seed: Seed) -> Self {
        let mut stream = seed.stream("traits", 0);
        let audience_size = 10_f64.powf(4.0 + 2.8 * stream.uniform()).floor();
        let market_size = (audience_size * 10_f64.powf(0.2 + 1.6 * stream.uniform())).floor();
        let relevance = (6.0 + 1.8 * normal(&mut stream)).clamp(1.0, 10.0);
        let price = (0.15 * normal(&mut stream)).exp();
        let hour = 24.0 * stream.uniform();
        let size = (0.9 * normal(&mut stream)).exp();
        Self {
            seed,
            size,
            audience_size: audience_size as u64,
            market_size: market_size as u64,
            relevance,
            price,
            hour,
            placement: pick(Placement::ALL, &[0.35, 0.20, 0.15, 0.20, 0.10], &mut stream),
            device_platform: pick(DevicePlatform::ALL, &[0.70, 0.22, 0.08], &mut stream),
            age_range: pick(AgeRange::ALL, &[0.20, 0.28, 0.20, 0.15, 0.10, 0.07], &mut stream),
            gender: pick(Gender::ALL, &[0.35, 0.30, 0.35], &mut stream),
        }
    }

    /// Its rows, one per day.
    fn live(
        &self,
        params: &AccountParams,
        plan: &CampaignPlan,
        campaign: usize,
        ad_set: usize,
    ) -> Vec<(Row, RowTruth)> {
        let curve = plan.unit_curve.enlarged(self.size);
        let mut carried = 0.0;
        let mut creative_count = 0;
        let mut history = Vec::with_capacity(params.days);
        for (day, today) in plan.days.iter().enumerate() {
            if day % CREATIVE_DAYS == 0 {
                creative_count = 1 + self.seed.stream("creatives", (day / CREATIVE_DAYS) as u64).below(10) as u32;
            }
            let mut stream = self.seed.stream("row", day as u64);
            let hour = (self.hour + 2.5 * normal(&mut stream)).rem_euclid(24.0);
            let tiredness = 0.02 * (day % CREATIVE_DAYS) as f64;
            let relevance = round_to(self.relevance - tiredness + 0.4 * normal(&mut stream), 10.0).clamp(1.0, 10.0);
            let budget = params.round_money(self.size * today.unit_budget);
            let spend = params.round_money(budget * today.delivery).min(budget);
            carried = (1.0 - params.carry_over) * spend + params.carry_over * carried;

            let mut row = Row {
                date: today.date,
                campaign,
                ad_set,
                budget,
                audience_size: self.audience_size,
                creative_count,
                relevance_score: relevance,
                competition_level: today.competition,
                market_size: self.market_size,
                objective: plan.objective,
                placement: self.placement,
                device_platform: self.device_platform,
                age_range: self.age_range,
                gender: self.gender,
                hour_of_day: (hour as u32).min(23),
                day_of_week: calendar::day_of_week(today.date),
                month: calendar::date(today.date).1,
                seasonality_factor: today.seasonality,
                impressions: 0,
                clicks: 0,
                conversions: 0,
                spend,
                revenue: 0.0,
            };
            let truth = self.deliver(params, plan, today, &curve, carried, &mut row, &mut stream);
            let age = params.days - 1 - day;
            mature(params, age, &truth, &mut row, || self.seed.stream("maturity", day as u64));
            history.push((row, truth));
        }
        history
    }

    /// Fills in what happened: impressions and clicks in the row, the rest in its truth.
    #[expect(clippy::too_many_arguments, reason = "the day's whole situation, used once")]
    fn deliver(
        &self,
        params: &AccountParams,
        plan: &CampaignPlan,
        today: &DayPlan,
        curve: &TrueCurve,
        carried: f64,
        row: &mut Row,
        stream: &mut Stream,
    ) -> RowTruth {
        let cpm = params.cpm
            * PLACEMENT_PRICE[self.placement as usize]
            * self.price
            * (0.8 * (today.competition - 0.5)).exp()
            * today.seasonality;
        let ctr = true_ctr(row);
        // Of a day without spend: what a click would be worth, had the smallest coin been spent.
        let smallest = 10_f64.powi(-i32::from(params.minor_digits));
        let (spend, effective) = if row.spend > 0.0 { (row.spend, carried) } else { (smallest, carried.max(smallest)) };
        let revenue = curve.value(effective) * today.context * today.demand;
        let clicks = 1_000.0 * spend / cpm * ctr;
        let cvr = (revenue / (clicks * plan.order_value)).min(MAX_CVR);
        // When conversions alone cannot follow the curve, larger orders do.
        let order_value = (revenue / (clicks * cvr)).max(plan.order_value);

        let expected_impressions = 1_000.0 * row.spend / cpm;
        row.impressions = draw_poisson(expected_impressions, stream);
        row.clicks = draw_clicks(row.impressions, ctr, params.click_dispersion, stream);
        let final_conversions = draw_binomial(row.clicks, cvr, stream);
        let final_revenue = draw_orders(final_conversions, order_value, stream);
        RowTruth {
            ctr,
            cvr,
            order_value,
            expected_impressions,
            expected_revenue: expected_impressions * ctr * cvr * order_value,
            effective_spend: carried,
            context: today.context,
            demand: today.demand,
            final_conversions,
            final_revenue: params.round_money(final_revenue),
        }
    }
}

/// Shows the conversions that have arrived `age` days after the click.
fn mature(params: &AccountParams, age: usize, truth: &RowTruth, row: &mut Row, stream: impl FnOnce() -> Stream) {
    if params.conversion_delay == 0.0 || truth.final_conversions == 0 {
        row.conversions = truth.final_conversions;
        row.revenue = truth.final_revenue;
        return;
    }
    // Geometric with mean d: P(delay <= age) = 1 - (d / (1 + d))^(age + 1).
    let delay = params.conversion_delay;
    let arrived = 1.0 - (delay / (1.0 + delay)).powf(age as f64 + 1.0);
    let mut stream = stream();
    row.conversions = draw_binomial(truth.final_conversions, arrived, &mut stream);
    let missing = truth.final_conversions - row.conversions;
    // Given their sum, the share of some of the gamma-distributed orders is beta distributed.
    let share = match (row.conversions, missing) {
        (_, 0) => 1.0,
        (0, _) => 0.0,
        (here, missing) => Beta::new(ORDER_SHAPE * here as f64, ORDER_SHAPE * missing as f64)
            .expect("both shapes are at least 2")
            .sample(&mut stream),
    };
    row.revenue = params.round_money(share * truth.final_revenue);
}

fn draw_poisson(mean: f64, stream: &mut Stream) -> u64 {
    if mean > 0.0 { Poisson::new(mean).expect("a positive, finite mean").sample(stream) as u64 } else { 0 }
}

/// Binomial, or beta-binomial when impressions of a row are correlated.
fn draw_clicks(impressions: u64, ctr: f64, dispersion: f64, stream: &mut Stream) -> u64 {
    if dispersion == 0.0 {
        return draw_binomial(impressions, ctr, stream);
    }
    let concentration = 1.0 / dispersion - 1.0;
    let [clicked, passed] = [ctr, 1.0 - ctr].map(|p| draw_gamma(p * concentration, stream));
    let p = clicked / (clicked + passed);
    // Both draws can only underflow together for shapes far below those that are accepted.
    draw_binomial(impressions, if p.is_finite() { p } else { ctr }, stream)
}

pub(crate) fn draw_binomial(n: u64, p: f64, stream: &mut Stream) -> u64 {
    // Beyond 2^31 trials rand_distr 0.4 takes the algorithm for many successes even where there are few, and panics. There
    // p is below 1e-8, and the Poisson limit is off by no more than that.
    if n > i32::MAX as u64 && n as f64 * p < 10.0 {
        return draw_poisson(n as f64 * p, stream).min(n);
    }
    Binomial::new(n, p.clamp(0.0, 1.0)).expect("a probability").sample(stream)
}

/// Sum of `n` gamma-distributed orders.
pub(crate) fn draw_orders(n: u64, mean: f64, stream: &mut Stream) -> f64 {
    if n == 0 { 0.0 } else { draw_gamma(ORDER_SHAPE * n as f64, stream) * mean / ORDER_SHAPE }
}

fn draw_gamma(shape: f64, stream: &mut Stream) -> f64 {
    Gamma::new(shape, 1.0).expect("a positive shape").sample(stream)
}

pub(crate) fn normal(stream: &mut Stream) -> f64 {
    StandardNormal.sample(stream)
}

/// One of `levels` with these probabilities, which sum to 1.
fn pick<T: Copy>(levels: &[T], shares: &[f64], stream: &mut Stream) -> T {
    let mut left = stream.uniform();
    for (&level, share) in levels.iter().zip(shares) {
        left -= share;
        if left < 0.0 {
            return level;
        }
    }
    levels[levels.len() - 1]
}

/// Rounds to multiples of `1 / per_unit`.
pub(crate) fn round_to(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_successes_among_billions_are_drawn_about_their_mean() {
        let mut stream = adsml_core::Seed::new(1).stream("few among many", 0);
        for (n, p) in [(3_000_000_000, 1e-9), (u64::MAX >> 11, 0.0), (5_000_000_000, 5e-324)] {
            let sum: u64 = (0..4000).map(|_| draw_binomial(n, p, &mut stream)).sum();
            let mean = 4000.0 * n as f64 * p;
            // Six standard deviations of a Poisson sum.
            assert!((sum as f64 - mean).abs() <= 6.0 * mean.sqrt(), "{n} {p}: {sum}, expected {mean}");
        }
    }
}
