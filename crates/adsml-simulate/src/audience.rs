//! Audiences with planted segments.

use adsml_core::{Column, ParamSpec, ParamValue, Provenance, Seed, Stream, Table};

use crate::account::table_of;
use crate::generate::{draw_binomial, draw_orders, normal, round_to};
use crate::params::{check_all, real, whole};
use crate::{Account, Result};

/// A table of audiences into which segments were planted, and who belongs to which.
///
/// A segment is a point in nine hidden dimensions (click rate, conversion rate, price of a click, hour, gender, two
/// of age, interests, behaviour); its audiences scatter around it with standard deviation 1, and the points
/// themselves with standard deviation [`separation`](AudienceParams::separation). Counts are then drawn from the rates.
///
/// ```text
/// ctr = 0.012 exp(0.15 h1)    cvr = 0.05 exp(0.12 h2)     cpc = 0.6 exp(0.12 h3)     hour = 14 + h4 (mod 24)
/// gender_male = s(0.35 h5)    ages: softmax of (0.35 h6, 0.35 h7, 0, 0)
/// interests_count = 15 exp(0.2 h8)    behavior_score = 5.5 + 0.6 h9, kept within 1 to 10
/// ```
///
/// ```
/// use adsml_simulate::Audiences;
///
/// let audiences = Audiences::params().n_audiences(200).n_segments(3).build()?;
/// assert_eq!(audiences.table().n_rows(), 200);
/// assert_eq!(audiences.labels().iter().flatten().max(), Some(&2));
/// # Ok::<(), adsml_simulate::SimulateError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Audiences {
    table: Table,
    labels: Vec<Option<usize>>,
}

impl Audiences {
    /// Settings with their defaults.
    pub fn params() -> AudienceParams {
        AudienceParams::default()
    }

    /// One row per audience. Columns: `audience_id` (category); `audience_size`, `hour_of_day`, `day_of_week`,
    /// `age_25_34`, `age_35_44`, `age_45_54`, `gender_male`, `gender_female` (shares), `interests_count`,
    /// `behavior_score`, known before the auction; `impressions`; `clicks`, `spend`; `conversions`, `revenue`.
    /// Money in euros and cents.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The segment of each audience, counted from zero; `None` for background noise.
    pub fn labels(&self) -> &[Option<usize>] {
        &self.labels
    }
}

impl Account {
    /// Audiences with planted segments, from this account's seed and the other defaults of [`Audiences::params`].
    pub fn audiences(&self) -> Audiences {
        Audiences::params().seed(self.params.seed).build().expect("the defaults are inside their ranges")
    }
}

/// Settings of [`Audiences`].
///
/// | Setting | Default | Accepted |
/// |---|---|---|
/// | [`seed`](Self::seed) | 42 | any |
/// | [`n_audiences`](Self::n_audiences) | 1,000 | 1 to 1,000,000 |
/// | [`n_segments`](Self::n_segments) | 5 | 1 to 50 |
/// | [`separation`](Self::separation) | 3 | [0, 10] |
/// | [`noise`](Self::noise) | 0.02 | [0, 0.5] |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct AudienceParams {
    seed: Seed,
    n_audiences: usize,
    n_segments: usize,
    separation: f64,
    noise: f64,
}

impl Default for AudienceParams {
    fn default() -> Self {
        Self { seed: Seed::default(), n_audiences: 1_000, n_segments: 5, separation: 3.0, noise: 0.02 }
    }
}

impl AudienceParams {
    /// Where all randomness comes from. Default 42.
    #[must_use]
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Audiences `A1`, `A2`, …; those there were stay as they were when more are asked for. Default 1,000.
    #[must_use]
    pub fn n_audiences(mut self, n_audiences: usize) -> Self {
        self.n_audiences = n_audiences;
        self
    }

    /// Segments, of unequal size: the share of segment `s` is in proportion to `1 / sqrt(1 + s)`. Default 5.
    #[must_use]
    pub fn n_segments(mut self, n_segments: usize) -> Self {
        self.n_segments = n_segments;
        self
    }

    /// How far apart segments lie, in standard deviations of an audience around its segment. At 0 there is nothing to
    /// be found. Default 3.
    #[must_use]
    pub fn separation(mut self, separation: f64) -> Self {
        self.separation = separation;
        self
    }

    /// Probability that an audience belongs to no segment and lies anywhere in the box. Default 0.02.
    #[must_use]
    pub fn noise(mut self, noise: f64) -> Self {
        self.noise = noise;
        self
    }

    /// Numeric settings with their ranges, for forms and messages.
    pub const fn specs() -> &'static [ParamSpec] {
        SPECS
    }

    /// Makes the audiences, `O(n_audiences * n_segments)`.
    ///
    /// # Errors
    ///
    /// [`SimulateError::InvalidParameter`](crate::SimulateError::InvalidParameter) for a setting outside its range.
    pub fn build(&self) -> Result<Audiences> {
        let whole = |n: usize| ParamValue::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        let values = [
            whole(self.n_audiences),
            whole(self.n_segments),
            ParamValue::Real(self.separation),
            ParamValue::Real(self.noise),
        ];
        check_all(SPECS, &values)?;
        let centres = self.draw_centres();
        let (audiences, labels): (Vec<_>, Vec<_>) = (0..self.n_audiences).map(|i| self.draw(i, &centres)).unzip();
        Ok(Audiences { table: table(&audiences), labels })
    }

    /// Each centre is the one among 32 candidates that lies farthest from its nearest predecessor, so that no two
    /// segments coincide by chance.
    fn draw_centres(&self) -> Vec<Hidden> {
        let mut centres: Vec<Hidden> = Vec::with_capacity(self.n_segments);
        for segment in 0..self.n_segments {
            let mut stream = self.seed.stream("segment", segment as u64);
            let mut best = (f64::NEG_INFINITY, [0.0; DIMENSIONS]);
            for _ in 0..32 {
                let candidate: Hidden = std::array::from_fn(|_| self.separation * normal(&mut stream));
                let nearest = centres.iter().map(|centre| distance(centre, &candidate)).fold(f64::INFINITY, f64::min);
                if nearest > best.0 {
                    best = (nearest, candidate);
                }
            }
            centres.push(best.1);
        }
        centres
    }

    fn draw(&self, number: usize, centres: &[Hidden]) -> (Audience, Option<usize>) {
        let mut stream = self.seed.stream("audience", number as u64);
        let is_noise = stream.uniform() < self.noise;
        let segment = pick_segment(centres.len(), stream.uniform());
        let reach = 2.0 * self.separation + 2.0;
        let hidden: Hidden = std::array::from_fn(|dimension| {
            let scatter = normal(&mut stream);
            let anywhere = reach * (2.0 * stream.uniform() - 1.0);
            if is_noise { anywhere } else { centres[segment][dimension] + scatter }
        });
        (Audience::show(number, &hidden, &mut stream), (!is_noise).then_some(segment))
    }
}

const SPECS: &[ParamSpec] = &[
    whole("n_audiences", 1, 1_000_000, 1_000, "Audiences in the table"),
    whole("n_segments", 1, 50, 5, "Planted segments"),
    real("separation", 10.0, 3.0, "Distance between segments in standard deviations within"),
    real("noise", 0.5, 0.02, "Share of audiences that belong to no segment"),
];

const DIMENSIONS: usize = 9;
type Hidden = [f64; DIMENSIONS];

fn distance(a: &Hidden, b: &Hidden) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The segment at quantile `u` of shares in proportion to `1 / sqrt(1 + segment)`.
fn pick_segment(n_segments: usize, u: f64) -> usize {
    let share = |segment: usize| 1.0 / (1.0 + segment as f64).sqrt();
    let mut left = u * (0..n_segments).map(share).sum::<f64>();
    for segment in 0..n_segments {
        left -= share(segment);
        if left < 0.0 {
            return segment;
        }
    }
    n_segments - 1
}

/// What a row of the table shows.
struct Audience {
    id: String,
    audience_size: f64,
    hour_of_day: f64,
    day_of_week: f64,
    ages: [f64; 3],
    gender_male: f64,
    interests_count: f64,
    behavior_score: f64,
    impressions: u64,
    clicks: u64,
    conversions: u64,
    spend: f64,
    revenue: f64,
}

impl Audience {
    fn show(number: usize, hidden: &Hidden, stream: &mut Stream) -> Self {
        let &[click, convert, price, hour, male, young, middle, interests, behaviour] = hidden;
        let impressions = (60_000.0 * (0.6 * normal(stream)).exp()).round();
        let audience_size = (3.0 * impressions * (0.3 * normal(stream)).exp()).round();
        let clicks = draw_binomial(impressions as u64, 0.012 * (0.15 * click).exp(), stream);
        let conversions = draw_binomial(clicks, 0.05 * (0.12 * convert).exp(), stream);
        let weights = [(0.35 * young).exp(), (0.35 * middle).exp(), 1.0, 1.0];
        let sum: f64 = weights.iter().sum();
        Self {
            id: format!("A{}", number + 1),
            audience_size,
            hour_of_day: (14.0 + hour).rem_euclid(24.0).floor().min(23.0),
            day_of_week: stream.below(7) as f64,
            ages: [0, 1, 2].map(|age| round_to(weights[age] / sum, 1e4)),
            gender_male: round_to(1.0 / (1.0 + (-0.35 * male).exp()), 1e4),
            interests_count: (15.0 * (0.2 * interests).exp()).round(),
            behavior_score: round_to(5.5 + 0.6 * behaviour, 10.0).clamp(1.0, 10.0),
            impressions: impressions as u64,
            clicks,
            conversions,
            spend: round_to(clicks as f64 * 0.6 * (0.12 * price).exp(), 100.0),
            revenue: round_to(draw_orders(conversions, 45.0, stream), 100.0),
        }
    }
}

fn table(audiences: &[Audience]) -> Table {
    use Provenance::{AfterClick, AfterConversion, AfterImpression, BeforeAuction};
    let number = |value: fn(&Audience) -> f64| Column::Number(audiences.iter().map(value).collect());
    table_of([
        ("audience_id", BeforeAuction, Column::Category(audiences.iter().map(|a| Some(a.id.as_str())).collect())),
        ("audience_size", BeforeAuction, number(|a| a.audience_size)),
        ("hour_of_day", BeforeAuction, number(|a| a.hour_of_day)),
        ("day_of_week", BeforeAuction, number(|a| a.day_of_week)),
        ("age_25_34", BeforeAuction, number(|a| a.ages[0])),
        ("age_35_44", BeforeAuction, number(|a| a.ages[1])),
        ("age_45_54", BeforeAuction, number(|a| a.ages[2])),
        ("gender_male", BeforeAuction, number(|a| a.gender_male)),
        ("gender_female", BeforeAuction, number(|a| round_to(1.0 - a.gender_male, 1e4))),
        ("interests_count", BeforeAuction, number(|a| a.interests_count)),
        ("behavior_score", BeforeAuction, number(|a| a.behavior_score)),
        ("impressions", AfterImpression, number(|a| a.impressions as f64)),
        ("clicks", AfterClick, number(|a| a.clicks as f64)),
        ("conversions", AfterConversion, number(|a| a.conversions as f64)),
        ("spend", AfterClick, number(|a| a.spend)),
        ("revenue", AfterConversion, number(|a| a.revenue)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of audiences whose nearest segment mean (standardised columns, means over the labelled) is their own.
    fn agreement(separation: f64) -> f64 {
        let audiences = Audiences::params().separation(separation).noise(0.0).n_segments(4).build().unwrap();
        let names = ["age_25_34", "age_35_44", "gender_male", "interests_count", "behavior_score"];
        let mut columns: Vec<Vec<f64>> =
            names.iter().map(|name| audiences.table().number(name).unwrap().to_vec()).collect();
        let rate = |top: &str, bottom: &str| -> Vec<f64> {
            let [top, bottom] = [top, bottom].map(|name| audiences.table().number(name).unwrap());
            top.iter().zip(bottom).map(|(top, bottom)| top / bottom).collect()
        };
        columns.push(rate("clicks", "impressions"));
        columns.push(rate("spend", "clicks"));
        for column in &mut columns {
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / column.len() as f64).sqrt();
            column.iter_mut().for_each(|v| *v = (*v - mean) / sd);
        }
        let labels: Vec<usize> = audiences.labels().iter().map(|label| label.unwrap()).collect();
        let means: Vec<Vec<f64>> = (0..4)
            .map(|segment| {
                let members: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == segment).collect();
                columns.iter().map(|c| members.iter().map(|&row| c[row]).sum::<f64>() / members.len() as f64).collect()
            })
            .collect();
        let right = (0..labels.len()).filter(|&row| {
            let distance =
                |mean: &[f64]| columns.iter().zip(mean).map(|(c, mean)| (c[row] - mean).powi(2)).sum::<f64>();
            let nearest = (0..4).min_by(|&a, &b| distance(&means[a]).total_cmp(&distance(&means[b])));
            nearest == Some(labels[row])
        });
        right.count() as f64 / labels.len() as f64
    }

    #[test]
    fn planted_segments_can_be_told_apart_and_absent_ones_cannot() {
        assert!(agreement(3.0) > 0.95, "{}", agreement(3.0));
        // Four classes without structure: the nearest mean is hardly better than a guess.
        assert!(agreement(0.0) < 0.45, "{}", agreement(0.0));
    }

    #[test]
    fn more_audiences_leave_the_first_ones_alone() {
        let few = Audiences::params().n_audiences(50).build().unwrap();
        let many = Audiences::params().n_audiences(500).build().unwrap();
        let first: Vec<usize> = (0..50).collect();
        assert_eq!(few.table(), &many.table().take_rows(&first));
        assert_eq!(few.labels(), &many.labels()[..50]);
    }

    #[test]
    fn shares_of_segments_and_noise_are_as_stated() {
        let audiences = Audiences::params().n_audiences(20_000).n_segments(2).noise(0.1).build().unwrap();
        let count = |label| audiences.labels().iter().filter(|&&l| l == label).count() as f64;
        // Binomial(20,000, 0.1): standard deviation 42; four of them.
        assert!((count(None) - 2_000.0).abs() < 170.0);
        // 0.9 / (1 + 1 / sqrt(2)) = 0.527: standard deviation 71.
        assert!((count(Some(0)) - 10_544.0).abs() < 283.0);
    }

    #[test]
    fn counts_are_consistent() {
        let audiences = Account::demo().audiences();
        let table = audiences.table();
        let column = |name| table.number(name).unwrap();
        for row in 0..table.n_rows() {
            assert!(column("clicks")[row] <= column("impressions")[row]);
            assert!(column("conversions")[row] <= column("clicks")[row]);
            assert!(column("gender_male")[row] + column("gender_female")[row] == 1.0);
            assert!((0.0..=23.0).contains(&column("hour_of_day")[row]));
        }
        assert!(table.columns().all(|(_, column)| column.n_missing() == 0));
    }

    #[test]
    fn refusals_name_their_parameter() {
        let message = |params: AudienceParams| params.build().unwrap_err().to_string();
        let params = Audiences::params;
        assert_eq!(message(params().n_segments(0)), "parameter `n_segments` is 0, expected a whole number in [1, 50]");
        assert_eq!(
            message(params().separation(f64::NAN)),
            "parameter `separation` is NaN, expected a number in [0, 10]"
        );
        assert_eq!(message(params().noise(0.6)), "parameter `noise` is 0.6, expected a number in [0, 0.5]");
    }
}
