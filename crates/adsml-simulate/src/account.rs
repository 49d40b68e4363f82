//! The account: what an export shows, and the truth behind it.

use std::fmt;
use std::io;
use std::sync::Arc;

use adsml_core::{CategoryColumn, Column, DateColumn, Levels, Provenance, Ratio, Table, calendar};

use crate::{
    AccountParams, AgeRange, CurveFamily, DevicePlatform, Gender, NoiseFloor, Objective, Placement, Result, Row,
    TrueCurve, floor,
};

/// A simulated ad account whose truth is known.
///
/// A row is one ad set on one day. Its story, from cause to effect:
///
/// ```text
/// budget       = ad set's size * campaign's level * exp(exploration * w),   w ~ N(0, 1): weekly and daily
/// spend        = budget * delivery,   delivery in [0.92, 1], on days of outage 0 or 0.1 % to 15 %
/// impressions  ~ Poisson(1000 spend / cpm),   cpm by placement, ad set, competition and season
/// clicks       ~ Binomial(impressions, ctr),  ctr by the formula of `true_ctr`, or beta-binomial
/// conversions  ~ Binomial(clicks, cvr)
/// revenue      = sum of the conversions' gamma-distributed orders of mean order_value
///
/// E[revenue | spend, context, demand] = f(spend) * context * demand,   f the ad set's true curve
/// context      = seasonality_factor * weekday * exp(-0.6 (competition_level - campaign's usual one))
/// ```
///
/// The curve decides what a row earns, so its `cvr` is what is left once spend, price and CTR are given: where clicks
/// are cheap, they convert less, and the last euros of a large budget buy the least willing. All ad sets of a
/// campaign spend in proportion to their size, so the revenue of a campaign's day follows the campaign's own curve
/// at the campaign's spend, up to the rounding of the ad sets' spend to the minor unit.
///
/// A stream of random numbers belongs to every campaign, ad set and row: rows do not change when campaigns, ad sets
/// or days are added, nor with the number of threads (there is one).
///
/// ```
/// use adsml_simulate::Account;
///
/// let account = Account::params().seed(7).n_campaigns(3).ad_sets_per_campaign(2).days(30).build()?;
/// assert_eq!(account.rows().len(), 3 * 2 * 30);
/// assert_eq!(account.table().names().next(), Some("date"));
/// // What the first campaign earns on a usual day, and what one more euro would bring.
/// let campaign = &account.campaigns()[0];
/// let spend = campaign.usual_budget;
/// let (value, marginal) = (campaign.curve.value(spend), campaign.curve.marginal(spend));
/// assert!(value > 0.0 && marginal < value / spend);
/// # Ok::<(), adsml_simulate::SimulateError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub(crate) params: AccountParams,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) ad_sets: Vec<AdSet>,
    pub(crate) rows: Vec<Row>,
    pub(crate) truth: Vec<RowTruth>,
}

/// A campaign and its truth.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Campaign {
    /// `C1`, `C2`, …
    pub id: String,
    /// What it is after.
    pub objective: Objective,
    /// The family its curve was drawn from.
    pub family: CurveFamily,
    /// Expected revenue of a day by the whole campaign's spend, in currency, at context 1 and demand 1.
    pub curve: TrueCurve,
    /// The budget around which its daily budgets vary (their median), in currency.
    pub usual_budget: f64,
    /// Mean value of an order, in currency.
    pub order_value: f64,
    /// The level of competition at which its context is neutral.
    pub usual_competition: f64,
    /// Per day: what season, weekday and competition multiply the curve by. Computable from the row's columns.
    pub context: Vec<f64>,
    /// Per day: what hidden demand multiplies the curve by. Its mean is 1, and no column shows it.
    pub demand: Vec<f64>,
}

/// An ad set and its truth.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AdSet {
    /// `C1-A1`, `C1-A2`, …
    pub id: String,
    /// Its campaign, an index into [`Account::campaigns`].
    pub campaign: usize,
    /// Its share of the campaign's budget, in proportion to its siblings' sizes.
    pub size: f64,
    /// Expected revenue of a day by this ad set's spend, in currency, at context 1 and demand 1.
    pub curve: TrueCurve,
}

/// What a row does not show.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RowTruth {
    /// Probability that an impression is clicked; [`true_ctr`](crate::true_ctr) of the row.
    pub ctr: f64,
    /// Probability that a click converts, sooner or later.
    pub cvr: f64,
    /// Mean value of an order, in currency.
    pub order_value: f64,
    /// Mean of the impressions' Poisson distribution.
    pub expected_impressions: f64,
    /// `expected_impressions * ctr * cvr * order_value`: the ad set's curve at the effective spend, times context and
    /// demand; zero on a day without spend.
    pub expected_revenue: f64,
    /// What the curve takes for spend: the spend itself, unless some is carried over.
    pub effective_spend: f64,
    /// What season, weekday and competition multiply the curve by.
    pub context: f64,
    /// What hidden demand multiplies the curve by.
    pub demand: f64,
    /// Conversions once all have arrived.
    pub final_conversions: u64,
    /// Revenue once all conversions have arrived, in currency.
    pub final_revenue: f64,
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Totals {
    /// Number of rows.
    pub rows: usize,
    /// Times shown.
    pub impressions: u64,
    /// Times clicked.
    pub clicks: u64,
    /// Purchases.
    pub conversions: u64,
    /// Money spent, in currency.
    pub spend: f64,
    /// Money taken, in currency.
    pub revenue: f64,
}

impl Account {
    /// Settings with their defaults.
    pub fn params() -> AccountParams {
        AccountParams::default()
    }

    /// The account of the examples: the defaults, that is 8 campaigns of 5 ad sets over 90 days, 3,600 rows. A few
    /// milliseconds.
    pub fn demo() -> Self {
        Self::params().build().expect("the defaults are inside their ranges")
    }

    /// The settings it was made with.
    pub const fn settings(&self) -> &AccountParams {
        &self.params
    }

    /// Code of the currency that all money is in.
    pub fn currency(&self) -> &str {
        &self.params.currency
    }

    /// The rows, by date, then by ad set.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The truth behind each row.
    pub fn truth(&self) -> &[RowTruth] {
        &self.truth
    }

    /// The campaigns and their true curves.
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// The ad sets, by campaign.
    pub fn ad_sets(&self) -> &[AdSet] {
        &self.ad_sets
    }

    /// True click-through rate of each row: the best prediction there is.
    pub fn true_ctr(&self) -> Vec<f64> {
        self.truth.iter().map(|truth| truth.ctr).collect()
    }

    /// True conversion rate of each row's clicks.
    pub fn true_cvr(&self) -> Vec<f64> {
        self.truth.iter().map(|truth| truth.cvr).collect()
    }

    /// Log loss of the true click-through rates, per impression: no prediction made before the auction can be
    /// expected to do better. `None` when nothing was shown.
    pub fn noise_floor(&self) -> Option<NoiseFloor> {
        self.noise_floor_of(0..self.rows.len())
    }

    /// As [`noise_floor`](Self::noise_floor), on some rows: those of a test set, say.
    ///
    /// # Panics
    ///
    /// When a row is not smaller than the number of rows.
    pub fn noise_floor_of(&self, rows: impl IntoIterator<Item = usize>) -> Option<NoiseFloor> {
        floor::noise_floor(
            rows.into_iter().map(|row| floor::Shown::new(&self.rows[row], &self.truth[row])),
            self.params.click_dispersion,
        )
    }

    /// Log loss of predicted click-through rates on the clicks that happened, per impression (weighted by
    /// impressions), in nats. `predicted` has one probability per row. `None` when nothing was shown.
    ///
    /// # Errors
    ///
    /// [`SimulateError::PredictionCount`](crate::SimulateError::PredictionCount);
    /// [`SimulateError::InvalidPrediction`](crate::SimulateError::InvalidPrediction) for a row that was shown.
    pub fn log_loss(&self, predicted: &[f64]) -> Result<Option<f64>> {
        floor::log_loss(&self.rows, predicted)
    }

    /// By how much predicted click-through rates are worse than the true ones, free of the noise of clicks: the
    /// expected log loss above the floor, per impression, in nats. Zero for the truth, above zero for anything else.
    ///
    /// ```text
    /// sum(n KL(p || q)) / sum(n),   KL(p || q) = p ln(p / q) + (1 - p) ln((1 - p) / (1 - q))
    /// ```
    ///
    /// with `n` the impressions, `p` the true and `q` the predicted rate of a row.
    ///
    /// # Errors
    ///
    /// As [`log_loss`](Self::log_loss).
    pub fn excess_log_loss(&self, predicted: &[f64]) -> Result<Option<f64>> {
        floor::excess_log_loss(&self.rows, &self.truth, predicted)
    }

    /// Sums over all rows.
    pub fn totals(&self) -> Totals {
        self.rows.iter().collect()
    }

    /// Sums over the rows of each campaign.
    pub fn campaign_totals(&self) -> Vec<Totals> {
        let mut totals = vec![Totals::default(); self.campaigns.len()];
        for row in &self.rows {
            totals[row.campaign].add(row);
        }
        totals
    }

    /// The rows as a table with the prototype's column names, in the order of [`rows`](Self::rows); each column
    /// states when its values become known.
    ///
    /// | Columns | Kind | Known |
    /// |---|---|---|
    /// | `date` | date | before the auction |
    /// | `campaign_id`, `ad_set_id`, `objective`, `placement`, `device_platform`, `age_range`, `gender` | category | before the auction |
    /// | `budget`, `audience_size`, `creative_count`, `relevance_score`, `competition_level`, `market_size`, `hour_of_day`, `day_of_week`, `month`, `seasonality_factor` | number | before the auction |
    /// | `impressions` | number | after the impression |
    /// | `clicks`, `spend` | number | after the click |
    /// | `conversions`, `revenue` | number | after the conversion |
    pub fn table(&self) -> Table {
        use Provenance::{AfterClick, AfterConversion, AfterImpression, BeforeAuction};
        let campaigns: Vec<&str> = self.campaigns.iter().map(|campaign| campaign.id.as_str()).collect();
        let ad_sets: Vec<&str> = self.ad_sets.iter().map(|ad_set| ad_set.id.as_str()).collect();
        table_of([
            ("date", BeforeAuction, DateColumn { days: self.rows.iter().map(|row| row.date).collect() }.into()),
            ("campaign_id", BeforeAuction, self.category(campaigns, |row| row.campaign)),
            ("ad_set_id", BeforeAuction, self.category(ad_sets, |row| row.ad_set)),
            ("budget", BeforeAuction, self.number(|row| row.budget)),
            ("audience_size", BeforeAuction, self.number(|row| row.audience_size as f64)),
            ("creative_count", BeforeAuction, self.number(|row| f64::from(row.creative_count))),
            ("relevance_score", BeforeAuction, self.number(|row| row.relevance_score)),
            ("competition_level", BeforeAuction, self.number(|row| row.competition_level)),
            ("market_size", BeforeAuction, self.number(|row| row.market_size as f64)),
            (
                "objective",
                BeforeAuction,
                self.category(Objective::ALL.iter().map(|l| l.as_str()), |row| row.objective as usize),
            ),
            (
                "placement",
                BeforeAuction,
                self.category(Placement::ALL.iter().map(|l| l.as_str()), |row| row.placement as usize),
            ),
            (
                "device_platform",
                BeforeAuction,
                self.category(DevicePlatform::ALL.iter().map(|l| l.as_str()), |row| row.device_platform as usize),
            ),
            (
                "age_range",
                BeforeAuction,
                self.category(AgeRange::ALL.iter().map(|l| l.as_str()), |row| row.age_range as usize),
            ),
            ("gender", BeforeAuction, self.category(Gender::ALL.iter().map(|l| l.as_str()), |row| row.gender as usize)),
            ("hour_of_day", BeforeAuction, self.number(|row| f64::from(row.hour_of_day))),
            ("day_of_week", BeforeAuction, self.number(|row| f64::from(row.day_of_week))),
            ("month", BeforeAuction, self.number(|row| f64::from(row.month))),
            ("seasonality_factor", BeforeAuction, self.number(|row| row.seasonality_factor)),
            ("impressions", AfterImpression, self.number(|row| row.impressions as f64)),
            ("clicks", AfterClick, self.number(|row| row.clicks as f64)),
            ("conversions", AfterConversion, self.number(|row| row.conversions as f64)),
            ("spend", AfterClick, self.number(|row| row.spend)),
            ("revenue", AfterConversion, self.number(|row| row.revenue)),
        ])
    }

    /// One row per campaign and day, by date: sums of the ad sets' counts and money, and what the day's ad sets have
    /// in common. What response curves are fitted to.
    ///
    /// Columns: `date`, `campaign_id`, `budget`, `competition_level`, `day_of_week`, `month`, `seasonality_factor`,
    /// `impressions`, `clicks`, `conversions`, `spend`, `revenue`.
    pub fn campaign_table(&self) -> Table {
        use Provenance::{AfterClick, AfterConversion, AfterImpression, BeforeAuction};
        // Rows stand by date, then by campaign.
        let groups: Vec<&[Row]> = self.rows.chunk_by(|a, b| (a.date, a.campaign) == (b.date, b.campaign)).collect();
        let totals: Vec<Totals> = groups.iter().map(|rows| rows.iter().collect()).collect();
        let sum = |value: fn(&Totals) -> f64| Column::Number(totals.iter().map(value).collect());
        let common = |value: fn(&Row) -> f64| Column::Number(groups.iter().map(|rows| value(&rows[0])).collect());
        let money = |value: fn(&Row) -> f64| {
            let sums = groups.iter().map(|rows| self.params.round_money(rows.iter().map(value).sum()));
            Column::Number(sums.collect())
        };
        let ids = self.campaigns.iter().map(|campaign| campaign.id.as_str());
        table_of([
            ("date", BeforeAuction, DateColumn { days: groups.iter().map(|rows| rows[0].date).collect() }.into()),
            ("campaign_id", BeforeAuction, category(ids, groups.iter().map(|rows| rows[0].campaign))),
            ("budget", BeforeAuction, money(|row| row.budget)),
            ("competition_level", BeforeAuction, common(|row| row.competition_level)),
            ("day_of_week", BeforeAuction, common(|row| f64::from(row.day_of_week))),
            ("month", BeforeAuction, common(|row| f64::from(row.month))),
            ("seasonality_factor", BeforeAuction, common(|row| row.seasonality_factor)),
            ("impressions", AfterImpression, sum(|totals| totals.impressions as f64)),
            ("clicks", AfterClick, sum(|totals| totals.clicks as f64)),
            ("conversions", AfterConversion, sum(|totals| totals.conversions as f64)),
            ("spend", AfterClick, money(|row| row.spend)),
            ("revenue", AfterConversion, money(|row| row.revenue)),
        ])
    }

    /// Writes the rows as CSV: UTF-8, commas, a header, LF, dates as `2026-01-05`. The columns are those of
    /// [`table`](Self::table). Writes often and little: give it a buffered writer.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_csv(&self, mut out: impl io::Write) -> io::Result<()> {
        let names: Vec<String> = self.table().names().map(str::to_owned).collect();
        writeln!(out, "{}", names.join(","))?;
        for row in &self.rows {
            let (year, month, day) = calendar::date(row.date);
            write!(out, "{year:04}-{month:02}-{day:02},{},", self.campaigns[row.campaign].id)?;
            write!(out, "{},{},{},", self.ad_sets[row.ad_set].id, row.budget, row.audience_size)?;
            write!(out, "{},{},", row.creative_count, row.relevance_score)?;
            write!(out, "{},{},", row.competition_level, row.market_size)?;
            write!(out, "{},{},{},", row.objective, row.placement, row.device_platform)?;
            write!(out, "{},{},{},", row.age_range, row.gender, row.hour_of_day)?;
            write!(out, "{},{},{},", row.day_of_week, row.month, row.seasonality_factor)?;
            write!(out, "{},{},{},", row.impressions, row.clicks, row.conversions)?;
            writeln!(out, "{},{}", row.spend, row.revenue)?;
        }
        Ok(())
    }

    fn number(&self, value: impl Fn(&Row) -> f64) -> Column {
        Column::Number(self.rows.iter().map(value).collect())
    }

    fn category<'a>(&self, levels: impl IntoIterator<Item = &'a str>, code: impl Fn(&Row) -> usize) -> Column {
        category(levels, self.rows.iter().map(code))
    }
}

/// One line per campaign and one for all, with units.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let currency = self.currency();
        writeln!(
            f,
            "{:<10} {:<13} {:>13} {:>10} {:>7} {:>11} {:>14} {:>14} {:>5}",
            "campaign",
            "objective",
            "impressions",
            "clicks",
            "CTR",
            "conversions",
            format!("spend {currency}"),
            format!("revenue {currency}"),
            "ROAS"
        )?;
        for (campaign, totals) in self.campaigns.iter().zip(self.campaign_totals()) {
            write_line(f, &campaign.id, campaign.objective.as_str(), &totals)?;
        }
        write_line(f, "all", "", &self.totals())
    }
}

fn write_line(f: &mut fmt::Formatter<'_>, id: &str, objective: &str, totals: &Totals) -> fmt::Result {
    let or_dash = |ratio: Ratio, show: fn(f64) -> String| ratio.value().map_or_else(|| "–".to_owned(), show);
    writeln!(
        f,
        "{id:<10} {objective:<13} {:>13} {:>10} {:>7} {:>11} {:>14.2} {:>14.2} {:>5}",
        totals.impressions,
        totals.clicks,
        or_dash(totals.ctr(), |ctr| format!("{:.2} %", 100.0 * ctr)),
        totals.conversions,
        totals.spend,
        totals.revenue,
        or_dash(totals.roas(), |roas| format!("{roas:.2}")),
    )
}

impl Totals {
    /// Clicks per impression.
    pub fn ctr(&self) -> Ratio {
        Ratio::new(self.clicks as f64, self.impressions as f64)
    }

    /// Conversions per click.
    pub fn cvr(&self) -> Ratio {
        Ratio::new(self.conversions as f64, self.clicks as f64)
    }

    /// Spend per click, in currency.
    pub fn cpc(&self) -> Ratio {
        Ratio::new(self.spend, self.clicks as f64)
    }

    /// Revenue per spend.
    pub fn roas(&self) -> Ratio {
        Ratio::new(self.revenue, self.spend)
    }

    fn add(&mut self, row: &Row) {
        self.rows += 1;
        self.impressions += row.impressions;
        self.clicks += row.clicks;
        self.conversions += row.conversions;
        self.spend += row.spend;
        self.revenue += row.revenue;
    }
}

impl<'a> FromIterator<&'a Row> for Totals {
    fn from_iter<I: IntoIterator<Item = &'a Row>>(rows: I) -> Self {
        rows.into_iter().fold(Self::default(), |mut totals, row| {
            totals.add(row);
            totals
        })
    }
}

fn category<'a>(levels: impl IntoIterator<Item = &'a str>, codes: impl Iterator<Item = usize>) -> Column {
    let levels: Arc<Levels> = Arc::new(levels.into_iter().collect());
    let codes = codes.map(|code| code as u32).collect();
    CategoryColumn::from_codes(codes, levels).expect("every code has its level").into()
}

pub(crate) fn table_of(columns: impl IntoIterator<Item = (&'static str, Provenance, Column)>) -> Table {
    let mut table = Table::new();
    for (name, provenance, column) in columns {
        table.push(name, column).expect("columns are equally long and differ in name");
        table.set_provenance(name, provenance).expect("the column was just pushed");
    }
    table
}
