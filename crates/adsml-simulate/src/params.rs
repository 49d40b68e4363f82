//! What can be asked of an account.

use adsml_core::{ParamKind, ParamSpec, ParamValue, Seed, calendar};

use crate::{Account, CurveFamily, Result, SimulateError, generate};

/// What decides a campaign's budget from day to day.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SpendPolicy {
    /// Budgets are set without looking at demand: what is seen is what spend causes.
    #[default]
    Independent,
    /// Budgets are raised when demand is high, so that a curve fitted to the rows flatters the spend.
    FollowsDemand {
        /// Correlation between the logarithms of budget and demand, in `[0, 1]`.
        strength: f64,
    },
}

/// Settings of an [`Account`], made by [`Account::params`].
///
/// | Setting | Default | Accepted |
/// |---|---|---|
/// | [`seed`](Self::seed) | 42 | any |
/// | [`n_campaigns`](Self::n_campaigns) | 8 | 1 to 10,000 |
/// | [`ad_sets_per_campaign`](Self::ad_sets_per_campaign) | 5 | 1 to 1,000 |
/// | [`days`](Self::days) | 90 | 1 to 3,660 |
/// | [`start_date`](Self::start_date) | 2026-01-05, a Monday | years 1971 to 2199 |
/// | [`currency`](Self::currency) | EUR, 2 digits | three capital letters, 0 to 4 digits |
/// | [`ad_set_budget`](Self::ad_set_budget) | 60 per day | (0, 1e8] |
/// | [`cpm`](Self::cpm) | 8 | (0, 1e8] |
/// | [`order_value`](Self::order_value) | 45 | (0, 1e8] |
/// | [`roas`](Self::roas) | 2.5 | (0, 100] |
/// | [`curves`](Self::curves) | five families in turn | at least one |
/// | [`spend_policy`](Self::spend_policy) | independent | strength in [0, 1] |
/// | [`exploration`](Self::exploration) | 0.3 | [0, 1] |
/// | [`outage_rate`](Self::outage_rate) | 0.03 | [0, 0.5] |
/// | [`demand_sd`](Self::demand_sd) | 0.15 | [0, 1] |
/// | [`click_dispersion`](Self::click_dispersion) | 0 | [0, 0.05] |
/// | [`carry_over`](Self::carry_over) | 0 | [0, 0.95] |
/// | [`conversion_delay`](Self::conversion_delay) | 0 days | [0, 60] |
///
/// An account has at most [`AccountParams::MAX_ROWS`] rows, and an ad set at most
/// [`AccountParams::MAX_DAILY_IMPRESSIONS`] in a usual day.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct AccountParams {
    pub(crate) seed: Seed,
    pub(crate) n_campaigns: usize,
    pub(crate) ad_sets_per_campaign: usize,
    pub(crate) days: usize,
    pub(crate) start_date: (i32, u32, u32),
    pub(crate) currency: String,
    pub(crate) minor_digits: u8,
    pub(crate) ad_set_budget: f64,
    pub(crate) cpm: f64,
    pub(crate) order_value: f64,
    pub(crate) roas: f64,
    pub(crate) curves: Vec<CurveFamily>,
    pub(crate) spend_policy: SpendPolicy,
    pub(crate) exploration: f64,
    pub(crate) outage_rate: f64,
    pub(crate) demand_sd: f64,
    pub(crate) click_dispersion: f64,
    pub(crate) carry_over: f64,
    pub(crate) conversion_delay: f64,
}

impl Default for AccountParams {
    fn default() -> Self {
        Self {
            seed: Seed::default(),
            n_campaigns: 8,
            ad_sets_per_campaign: 5,
            days: 90,
            start_date: (2026, 1, 5),
            currency: "EUR".to_owned(),
            minor_digits: 2,
            ad_set_budget: 60.0,
            cpm: 8.0,
            order_value: 45.0,
            roas: 2.5,
            curves: vec![
                CurveFamily::Hill,
                CurveFamily::Logarithmic,
                CurveFamily::SShapedHill,
                CurveFamily::NegativeExponential,
                CurveFamily::Power,
            ],
            spend_policy: SpendPolicy::Independent,
            exploration: 0.3,
            outage_rate: 0.03,
            demand_sd: 0.15,
            click_dispersion: 0.0,
            carry_over: 0.0,
            conversion_delay: 0.0,
        }
    }
}

impl AccountParams {
    /// The most rows an account may have.
    pub const MAX_ROWS: usize = 5_000_000;

    /// The most impressions that the usual budget of an ad set may buy in a day.
    pub const MAX_DAILY_IMPRESSIONS: f64 = 1e9;

    /// Where all randomness comes from. Default 42.
    #[must_use]
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Campaigns `C1`, `C2`, …; those there were stay as they were when more are asked for. Default 8.
    #[must_use]
    pub fn n_campaigns(mut self, n_campaigns: usize) -> Self {
        self.n_campaigns = n_campaigns;
        self
    }

    /// Ad sets `C1-A1`, `C1-A2`, … of each campaign. More of them make a campaign larger (its budget and curve grow
    /// with it); the rows of those there were stay as they were. Default 5.
    #[must_use]
    pub fn ad_sets_per_campaign(mut self, ad_sets_per_campaign: usize) -> Self {
        self.ad_sets_per_campaign = ad_sets_per_campaign;
        self
    }

    /// Days in a row; the days there were stay as they were when more are asked for, but for conversions that have
    /// had more time to arrive. Default 90.
    #[must_use]
    pub fn days(mut self, days: usize) -> Self {
        self.days = days;
        self
    }

    /// The first day: year, month 1–12, day 1–31. Default 2026-01-05.
    #[must_use]
    pub fn start_date(mut self, year: i32, month: u32, day: u32) -> Self {
        self.start_date = (year, month, day);
        self
    }

    /// The currency's code and the number of digits its minor unit has: 2 for cents. All money in the rows is
    /// rounded to it. A label, no conversion: money settings are in this currency. Default EUR, 2.
    #[must_use]
    pub fn currency(mut self, code: impl Into<String>, minor_digits: u8) -> Self {
        self.currency = code.into();
        self.minor_digits = minor_digits;
        self
    }

    /// Median daily budget of an ad set, in currency. Default 60.
    #[must_use]
    pub fn ad_set_budget(mut self, ad_set_budget: f64) -> Self {
        self.ad_set_budget = ad_set_budget;
        self
    }

    /// Price of a thousand impressions in the feed at middling competition, in currency. Default 8.
    #[must_use]
    pub fn cpm(mut self, cpm: f64) -> Self {
        self.cpm = cpm;
        self
    }

    /// Median value of an order over campaigns, in currency. Default 45. Orders of a row are worth more where a
    /// conversion rate above 25 % would be needed to follow the curve.
    #[must_use]
    pub fn order_value(mut self, order_value: f64) -> Self {
        self.order_value = order_value;
        self
    }

    /// Median return on ad spend at the usual budget, over campaigns. Default 2.5.
    #[must_use]
    pub fn roas(mut self, roas: f64) -> Self {
        self.roas = roas;
        self
    }

    /// Families of the campaigns' response curves, dealt out in turn. Default Hill, logarithmic, S-shaped Hill,
    /// negative exponential, power.
    #[must_use]
    pub fn curves(mut self, curves: impl Into<Vec<CurveFamily>>) -> Self {
        self.curves = curves.into();
        self
    }

    /// What decides budgets. Default [`SpendPolicy::Independent`].
    #[must_use]
    pub fn spend_policy(mut self, spend_policy: SpendPolicy) -> Self {
        self.spend_policy = spend_policy;
        self
    }

    /// How much budgets vary: standard deviation of their logarithm over the days of a campaign, two thirds of the
    /// variance between weeks, one third within. At 0.02 no curve can be learnt from the rows. Default 0.3.
    #[must_use]
    pub fn exploration(mut self, exploration: f64) -> Self {
        self.exploration = exploration;
        self
    }

    /// Share of a campaign's days on which it is not delivered at all (half of them) or hardly (0.1 % to 15 % of the
    /// budget). Default 0.03.
    #[must_use]
    pub fn outage_rate(mut self, outage_rate: f64) -> Self {
        self.outage_rate = outage_rate;
        self
    }

    /// Hidden demand of a campaign-day: standard deviation of its logarithm. Its mean is 1, its correlation from day
    /// to day 0.7. No column shows it. Default 0.15.
    #[must_use]
    pub fn demand_sd(mut self, demand_sd: f64) -> Self {
        self.demand_sd = demand_sd;
        self
    }

    /// Correlation `rho` between two impressions of a row: clicks are beta-binomial with variance
    /// `n p (1 - p) (1 + (n - 1) rho)`. Default 0: binomial. For a sense of scale, 0.0001 spreads a CTR of 1 % by a
    /// tenth of itself.
    #[must_use]
    pub fn click_dispersion(mut self, click_dispersion: f64) -> Self {
        self.click_dispersion = click_dispersion;
        self
    }

    /// Share `r` of yesterday's effective spend in today's, per ad set. The curve takes `a[t]`, so a constant spend
    /// ends where it would without carry-over; on a day without spend there is no click to bring what was carried.
    ///
    /// ```text
    /// a[t] = (1 - r) spend[t] + r a[t - 1],   a[-1] = 0
    /// ```
    ///
    /// Default 0. Source: Broadbent (1979), "One way TV advertisements work", JMRS 21(3), scaled to keep the level.
    #[must_use]
    pub fn carry_over(mut self, carry_over: f64) -> Self {
        self.carry_over = carry_over;
        self
    }

    /// Mean days from click to conversion, geometric. Rows show what has arrived by the end of the account's last
    /// day; [`RowTruth`](crate::RowTruth) knows what will. Default 0.
    #[must_use]
    pub fn conversion_delay(mut self, mean_days: f64) -> Self {
        self.conversion_delay = mean_days;
        self
    }

    /// Numeric settings with their ranges, for forms and messages.
    pub const fn specs() -> &'static [ParamSpec] {
        SPECS
    }

    /// Makes the account, `O(n_campaigns * ad_sets_per_campaign * days)`: about 2 µs and 216 bytes per row, some
    /// 4 ms for the defaults.
    ///
    /// # Errors
    ///
    /// [`SimulateError::InvalidParameter`] for a setting outside its range; [`SimulateError::TooManyRows`].
    pub fn build(&self) -> Result<Account> {
        self.check()?;
        Ok(generate::account(self))
    }

    /// Day number of the first day.
    pub(crate) fn start_day(&self) -> Option<i32> {
        let (year, month, day) = self.start_date;
        (1971..=2199).contains(&year).then(|| calendar::day_number(year, month, day)).flatten()
    }

    /// Rounds money to the minor unit.
    pub(crate) fn round_money(&self, amount: f64) -> f64 {
        let minor_units = 10_f64.powi(i32::from(self.minor_digits));
        (amount * minor_units).round() / minor_units
    }

    fn check(&self) -> Result<()> {
        let strength = match self.spend_policy {
            SpendPolicy::Independent => 0.0,
            SpendPolicy::FollowsDemand { strength } => strength,
        };
        let whole = |n: usize| ParamValue::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        let values = [
            whole(self.n_campaigns),
            whole(self.ad_sets_per_campaign),
            whole(self.days),
            ParamValue::Integer(i64::from(self.minor_digits)),
            ParamValue::Real(self.ad_set_budget),
            ParamValue::Real(self.cpm),
            ParamValue::Real(self.order_value),
            ParamValue::Real(self.roas),
            ParamValue::Real(strength),
            ParamValue::Real(self.exploration),
            ParamValue::Real(self.outage_rate),
            ParamValue::Real(self.demand_sd),
            ParamValue::Real(self.click_dispersion),
            ParamValue::Real(self.carry_over),
            ParamValue::Real(self.conversion_delay),
        ];
        check_all(SPECS, &values)?;
        let (year, month, day) = self.start_date;
        if self.start_day().is_none() {
            return Err(refuse(
                "start_date",
                format!("{year:04}-{month:02}-{day:02}"),
                "a date between 1971-01-01 and 2199-12-31",
            ));
        }
        if self.currency.len() != 3 || !self.currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(refuse("currency", format!("{:?}", self.currency), "three capital letters, as EUR"));
        }
        if self.curves.is_empty() {
            return Err(refuse("curves", "empty", "at least one family"));
        }
        let daily_impressions = 1_000.0 * self.ad_set_budget / self.cpm;
        if daily_impressions > Self::MAX_DAILY_IMPRESSIONS {
            return Err(refuse(
                "ad_set_budget",
                self.ad_set_budget,
                format!("at most {} at a cpm of {}", Self::MAX_DAILY_IMPRESSIONS / 1_000.0 * self.cpm, self.cpm),
            ));
        }
        let n_rows = self.n_campaigns as u128 * self.ad_sets_per_campaign as u128 * self.days as u128;
        if n_rows > Self::MAX_ROWS as u128 {
            return Err(SimulateError::TooManyRows {
                n_campaigns: self.n_campaigns,
                ad_sets_per_campaign: self.ad_sets_per_campaign,
                days: self.days,
                n_rows,
                limit: Self::MAX_ROWS as u128,
            });
        }
        Ok(())
    }
}

/// In the order of the values that `check` lists.
const SPECS: &[ParamSpec] = &[
    whole("n_campaigns", 1, 10_000, 8, "Campaigns in the account"),
    whole("ad_sets_per_campaign", 1, 1_000, 5, "Ad sets of each campaign"),
    whole("days", 1, 3_660, 90, "Days in a row"),
    whole("minor_digits", 0, 4, 2, "Digits of the currency's minor unit"),
    positive("ad_set_budget", 1e8, 60.0, "Median daily budget of an ad set, in currency"),
    positive("cpm", 1e8, 8.0, "Price of a thousand impressions in the feed, in currency"),
    positive("order_value", 1e8, 45.0, "Median value of an order, in currency"),
    positive("roas", 100.0, 2.5, "Median return on ad spend at the usual budget"),
    real("strength", 1.0, 0.0, "Correlation between the logarithms of budget and demand"),
    real("exploration", 1.0, 0.3, "Standard deviation of the logarithm of a campaign's budgets"),
    real("outage_rate", 0.5, 0.03, "Share of days with no delivery or hardly any"),
    real("demand_sd", 1.0, 0.15, "Standard deviation of the logarithm of hidden demand"),
    real("click_dispersion", 0.05, 0.0, "Correlation between two impressions of a row"),
    real("carry_over", 0.95, 0.0, "Share of yesterday's effective spend in today's"),
    real("conversion_delay", 60.0, 0.0, "Mean days from click to conversion"),
];

pub(crate) const fn whole(name: &'static str, min: i64, max: i64, default: i64, help: &'static str) -> ParamSpec {
    ParamSpec { name, kind: ParamKind::Integer { min, max }, default: ParamValue::Integer(default), help }
}

/// A number in `[0, max]`.
pub(crate) const fn real(name: &'static str, max: f64, default: f64, help: &'static str) -> ParamSpec {
    let kind = ParamKind::Real { min: 0.0, max, min_excluded: false };
    ParamSpec { name, kind, default: ParamValue::Real(default), help }
}

/// A number in `(0, max]`.
const fn positive(name: &'static str, max: f64, default: f64, help: &'static str) -> ParamSpec {
    let kind = ParamKind::Real { min: 0.0, max, min_excluded: true };
    ParamSpec { name, kind, default: ParamValue::Real(default), help }
}

pub(crate) fn check_all(specs: &'static [ParamSpec], values: &[ParamValue]) -> Result<()> {
    debug_assert_eq!(specs.len(), values.len());
    for (spec, &value) in specs.iter().zip(values) {
        if spec.check(value).is_err() {
            return Err(refuse(spec.name, value, spec.kind));
        }
    }
    Ok(())
}

fn refuse(name: &'static str, value: impl ToString, expected: impl ToString) -> SimulateError {
    SimulateError::InvalidParameter { name, value: value.to_string(), expected: expected.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(params: AccountParams) -> String {
        params.build().unwrap_err().to_string()
    }

    #[test]
    fn every_refusal_names_its_parameter_and_the_range() {
        let params = Account::params;
        let follows = |strength| SpendPolicy::FollowsDemand { strength };
        let cases = [
            (params().n_campaigns(0), "parameter `n_campaigns` is 0, expected a whole number in [1, 10000]"),
            (
                params().n_campaigns(usize::MAX),
                "parameter `n_campaigns` is 9223372036854775807, expected a whole number in [1, 10000]",
            ),
            (
                params().ad_sets_per_campaign(0),
                "parameter `ad_sets_per_campaign` is 0, expected a whole number in [1, 1000]",
            ),
            (params().days(0), "parameter `days` is 0, expected a whole number in [1, 3660]"),
            (
                params().start_date(2026, 2, 29),
                "parameter `start_date` is 2026-02-29, expected a date between 1971-01-01 and 2199-12-31",
            ),
            (
                params().start_date(i32::MIN, 1, 1),
                "parameter `start_date` is -2147483648-01-01, expected a date between 1971-01-01 and 2199-12-31",
            ),
            (params().currency("euro", 2), "parameter `currency` is \"euro\", expected three capital letters, as EUR"),
            (params().currency("JPY", 9), "parameter `minor_digits` is 9, expected a whole number in [0, 4]"),
            (params().ad_set_budget(f64::NAN), "parameter `ad_set_budget` is NaN, expected a number in (0, 100000000]"),
            (
                params().ad_set_budget(1e8).cpm(0.5),
                "parameter `ad_set_budget` is 100000000, expected at most 500000 at a cpm of 0.5",
            ),
            (params().cpm(-1.0), "parameter `cpm` is -1, expected a number in (0, 100000000]"),
            (params().order_value(0.0), "parameter `order_value` is 0, expected a number in (0, 100000000]"),
            (params().roas(f64::INFINITY), "parameter `roas` is inf, expected a number in (0, 100]"),
            (params().curves([]), "parameter `curves` is empty, expected at least one family"),
            (params().spend_policy(follows(1.5)), "parameter `strength` is 1.5, expected a number in [0, 1]"),
            (params().exploration(1.1), "parameter `exploration` is 1.1, expected a number in [0, 1]"),
            (params().outage_rate(-0.1), "parameter `outage_rate` is -0.1, expected a number in [0, 0.5]"),
            (params().demand_sd(2.0), "parameter `demand_sd` is 2, expected a number in [0, 1]"),
            (params().click_dispersion(0.5), "parameter `click_dispersion` is 0.5, expected a number in [0, 0.05]"),
            (params().carry_over(1.0), "parameter `carry_over` is 1, expected a number in [0, 0.95]"),
            (params().conversion_delay(90.0), "parameter `conversion_delay` is 90, expected a number in [0, 60]"),
            (
                params().n_campaigns(10_000).ad_sets_per_campaign(1_000).days(3_660),
                "10000 campaigns of 1000 ad sets over 3660 days are 36600000000 rows, expected at most 5000000",
            ),
        ];
        for (params, expected) in cases {
            assert_eq!(message(params), expected);
        }
    }

    #[test]
    fn defaults_of_the_specs_are_the_defaults() {
        let defaults: Vec<ParamValue> = SPECS.iter().map(|spec| spec.default).collect();
        check_all(SPECS, &defaults).unwrap();
        let find = |name| ParamSpec::find(SPECS, "account", name).unwrap().default;
        let params = AccountParams::default();
        assert_eq!(find("n_campaigns"), ParamValue::Integer(params.n_campaigns as i64));
        assert_eq!(find("days"), ParamValue::Integer(params.days as i64));
        assert_eq!(find("cpm"), ParamValue::Real(params.cpm));
        assert_eq!(find("ad_set_budget"), ParamValue::Real(params.ad_set_budget));
        assert_eq!(find("exploration"), ParamValue::Real(params.exploration));
        assert_eq!(find("outage_rate"), ParamValue::Real(params.outage_rate));
    }
}
