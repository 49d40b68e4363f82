//! The true click-through rate.

use std::f64::consts::PI;

use crate::{AgeRange, DevicePlatform, Gender, Objective, Placement, Row};

/// The lowest click-through rate there is: 0.3 %.
pub const MIN_CTR: f64 = 0.003;
/// The highest: 5 %.
pub const MAX_CTR: f64 = 0.05;

/// The true probability that an impression of this row is clicked.
///
/// ```text
/// ctr = 0.003 + 0.047 / (1 + exp(-(z - 1.6)))
///
/// z = - 0.5 tanh(0.5 (ln(1000 budget / audience_size) + 1.6))      money per head tires the audience
///     + 0.5 r - 0.8 r c - 0.7 c                                    relevance is worth more where competition is low
///     + OBJECTIVE + PLACEMENT x DEVICE + AGE x GENDER              two interaction tables
///     + 0.3 - 0.03 (creative_count - 6)^2                          too few creatives tire, too many dilute
///     + A[device] cos(2 pi (hour - H[device]) / 24)                evening peak on telephones, noon on desktops
///     - 0.15 [weekend] + 0.35 [weekend and objective in {ENGAGEMENT, APP_INSTALLS}]
///     + 0.25 cos(2 pi (month - 11) / 12)                           a season with its peak in November
///     - 0.8 [competition_level > 0.7 and audience_size < 100,000]  a hard corner
///
/// r = (relevance_score - 5.5) / 2.6,   c = competition_level - 0.5
/// ```
///
/// It uses only what is known before the auction, so it can be asked of rows that never were:
/// change a field and ask again. Always between [`MIN_CTR`] and [`MAX_CTR`] for fields inside their ranges.
pub fn true_ctr(row: &Row) -> f64 {
    MIN_CTR + (MAX_CTR - MIN_CTR) * sigmoid(score(row) - 1.6)
}

fn score(row: &Row) -> f64 {
    let money_per_head = 1_000.0 * row.budget / row.audience_size as f64;
    let relevance = (row.relevance_score - 5.5) / 2.6;
    let competition = row.competition_level - 0.5;
    let creatives = f64::from(row.creative_count) - 6.0;
    let device = row.device_platform as usize;
    let weekend = row.day_of_week >= 5;
    let loves_weekends = matches!(row.objective, Objective::Engagement | Objective::AppInstalls);
    let corner = row.competition_level > 0.7 && row.audience_size < 100_000;

    -0.5 * (0.5 * (money_per_head.ln() + 1.6)).tanh() + 0.5 * relevance
        - 0.8 * relevance * competition
        - 0.7 * competition
        + OBJECTIVE[row.objective as usize]
        + PLACEMENT_DEVICE[row.placement as usize][device]
        + AGE_GENDER[row.age_range as usize][row.gender as usize]
        + 0.3
        - 0.03 * creatives * creatives
        + HOUR_AMPLITUDE[device] * (2.0 * PI * (f64::from(row.hour_of_day) - HOUR_PEAK[device]) / 24.0).cos()
        - if weekend { 0.15 } else { 0.0 }
        + if weekend && loves_weekends { 0.35 } else { 0.0 }
        + 0.25 * (2.0 * PI * (f64::from(row.month) - 11.0) / 12.0).cos()
        - if corner { 0.8 } else { 0.0 }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

const OBJECTIVE: [f64; Objective::ALL.len()] = [-0.5, 0.4, 0.2, -0.1, 0.3, -0.2];
const PLACEMENT_DEVICE: [[f64; DevicePlatform::ALL.len()]; Placement::ALL.len()] =
    [[0.40, 0.10, 0.00], [0.55, -0.60, -0.20], [0.70, -0.80, -0.10], [0.10, 0.60, 0.30], [-0.60, -0.20, -0.50]];
const AGE_GENDER: [[f64; Gender::ALL.len()]; AgeRange::ALL.len()] = [
    [0.35, 0.05, 0.10],
    [0.30, 0.20, 0.10],
    [0.10, 0.15, 0.00],
    [-0.10, 0.10, -0.10],
    [-0.35, 0.00, -0.20],
    [-0.50, -0.20, -0.30],
];
const HOUR_AMPLITUDE: [f64; DevicePlatform::ALL.len()] = [0.45, 0.35, 0.20];
const HOUR_PEAK: [f64; DevicePlatform::ALL.len()] = [20.0, 12.0, 21.0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Account;
    use approx::assert_relative_eq;

    /// The row for which most terms of the formula vanish.
    fn plain_row() -> Row {
        Row {
            date: 0,
            campaign: 0,
            ad_set: 0,
            budget: 100.0 * (-1.6_f64).exp(),
            audience_size: 100_000,
            creative_count: 6,
            relevance_score: 5.5,
            competition_level: 0.5,
            market_size: 1_000_000,
            objective: Objective::Leads,
            placement: Placement::Feed,
            device_platform: DevicePlatform::Tablet,
            age_range: AgeRange::From35,
            gender: Gender::All,
            hour_of_day: 15,
            day_of_week: 2,
            month: 8,
            seasonality_factor: 1.0,
            impressions: 0,
            clicks: 0,
            conversions: 0,
            spend: 0.0,
            revenue: 0.0,
        }
    }

    fn logit_of(row: &Row) -> f64 {
        let share = (true_ctr(row) - MIN_CTR) / (MAX_CTR - MIN_CTR);
        (share / (1.0 - share)).ln() + 1.6
    }

    #[test]
    fn the_terms_are_those_of_the_formula() {
        // Left over: -0.1 for leads, 0.3 for the best number of creatives.
        let plain = plain_row();
        assert_relative_eq!(logit_of(&plain), 0.2, epsilon = 1e-12);
        let change = |edit: fn(&mut Row)| {
            let mut row = plain.clone();
            edit(&mut row);
            logit_of(&row) - 0.2
        };
        assert_relative_eq!(change(|row| row.relevance_score = 8.1), 0.5, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.competition_level = 0.6), -0.07, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.creative_count = 2), -0.48, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.hour_of_day = 21), 0.2, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.day_of_week = 6), -0.15, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.month = 11), 0.25, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.gender = Gender::Male), 0.15, epsilon = 1e-12);
        assert_relative_eq!(change(|row| row.placement = Placement::Search), 0.3, epsilon = 1e-12);
        let corner = change(|row| {
            row.audience_size = 99_999;
            row.competition_level = 0.7 + 1e-9;
        });
        assert_relative_eq!(corner, -0.7 * 0.2 - 0.8, epsilon = 1e-4);
    }

    #[test]
    fn the_demo_has_realistic_levels() {
        let rates = Account::demo().true_ctr();
        let (low, high) = rates.iter().fold((1.0_f64, 0.0_f64), |(low, high), &rate| (low.min(rate), high.max(rate)));
        assert!(low > MIN_CTR && low < 0.007, "{low}");
        assert!(high < MAX_CTR && high > 0.02, "{high}");
    }
}
