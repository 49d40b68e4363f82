//! The prototype's own route: a forest of ROAS per campaign, times budget.

use std::collections::HashMap;
use std::fmt;

use adsml_core::{FitContext, Regressor, Table, TrainingSet, calendar};
use adsml_models::{RandomForest, RandomForestParams};
use ndarray::{Array2, ArrayView1};

use super::model_response::{ModelResponse, ModelResponseParams, ModelTarget};
use super::planner::columns;
use crate::{Error, Result};

/// A forest of ROAS for every campaign, as the prototype grows it, and budget times its prediction as the response.
///
/// ```text
/// revenue(budget) = budget * forest(budget, day_of_week, hour_of_day, month, seasonality_factor,
///                                   competition_level, audience_size, creative_count, relevance_score)
/// ```
///
/// 100 trees of depth 10 per campaign. Along the budget a forest is a step function, and budget times that a saw-tooth that ends where the
/// campaign's own budgets end: [`response`](Self::response) makes a curve of it that never falls and knows its support, and says
/// what that took. A campaign that was not in the table is an error; the prototype predicts a ROAS of 0 and starves it.
///
/// It is here to be compared with. [`BudgetPlanner`](super::BudgetPlanner) learns responses instead of ratios, shares what campaigns
/// have in common, and knows how sure it is.
///
/// ```
/// use adsml::plan::{PrototypeContext, PrototypeForest};
/// use adsml::prelude::*;
///
/// let table = Account::params().n_campaigns(2).days(60).build()?.table();
/// let forest = PrototypeForest::params().budget("spend").fit(&table)?;
/// let tomorrow = PrototypeContext::on(20_550);
/// let campaign = forest.campaigns().next().unwrap();
/// let response = forest.response(campaign, &tomorrow)?;
/// println!("{campaign}: {response}");
/// let curve = response.curve();
/// assert!(curve.value(curve.support().unwrap()[1]) > 0.0);
/// assert!(forest.response("another", &tomorrow).is_err());
/// # Ok::<(), adsml::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrototypeForest {
    campaigns: Vec<CampaignForest>,
    n_without_roas: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct CampaignForest {
    id: String,
    forest: RandomForest,
    budgets: Vec<f64>,
}

impl PrototypeForest {
    /// Its features, in the forest's order.
    pub const FEATURES: [&str; 9] = [
        "budget",
        "day_of_week",
        "hour_of_day",
        "month",
        "seasonality_factor",
        "competition_level",
        "audience_size",
        "creative_count",
        "relevance_score",
    ];

    /// Parameters with their defaults.
    pub fn params() -> PrototypeForestParams {
        PrototypeForestParams::default()
    }

    /// The campaigns' ids, in the order of their first rows.
    pub fn campaigns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.campaigns.iter().map(|campaign| campaign.id.as_str())
    }

    /// Rows that were left out because nothing was spent, or no ROAS was told.
    pub fn n_without_roas(&self) -> usize {
        self.n_without_roas
    }

    /// The forest of one campaign.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCampaign`].
    pub fn forest(&self, campaign: &str) -> Result<&RandomForest> {
        Ok(&self.find(campaign)?.forest)
    }

    /// What the prototype predicts: budget times the forest's ROAS, as it is, anywhere.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCampaign`].
    pub fn predict(&self, campaign: &str, budget: f64, context: &PrototypeContext) -> Result<f64> {
        Ok(self.find(campaign)?.forest.predict_row(&context.row(budget))? * budget)
    }

    /// The same as a curve to divide budgets by: repaired, and within the budgets the campaign has had.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCampaign`].
    pub fn response(&self, campaign: &str, context: &PrototypeContext) -> Result<ModelResponse> {
        self.response_with(campaign, context, &ModelResponse::params())
    }

    /// The same with another repair, or another currency; feature and target are the forest's.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCampaign`].
    pub fn response_with(
        &self,
        campaign: &str,
        context: &PrototypeContext,
        params: &ModelResponseParams,
    ) -> Result<ModelResponse> {
        let campaign = self.find(campaign)?;
        let params = params.clone().feature(0).target(ModelTarget::Rate);
        params.fit(&campaign.forest, &context.row(0.0), &campaign.budgets)
    }

    fn find(&self, campaign: &str) -> Result<&CampaignForest> {
        let unknown = || Error::UnknownCampaign { campaign: campaign.to_owned(), n_known: self.campaigns.len() };
        self.campaigns.iter().find(|known| known.id == campaign).ok_or_else(unknown)
    }
}

impl fmt::Display for PrototypeForest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.campaigns.len();
        write!(f, "The prototype's forests of ROAS for {n} campaigns, times budget: predictions, not causal evidence.")
    }
}

/// The circumstances of a day, as the prototype's forest sees them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrototypeContext {
    /// 0 on Monday to 6 on Sunday.
    pub day_of_week: f64,
    /// 0 to 23.
    pub hour_of_day: f64,
    /// 1 to 12.
    pub month: f64,
    /// 1 in a usual season.
    pub seasonality_factor: f64,
    /// 0 to 1.
    pub competition_level: f64,
    /// People.
    pub audience_size: f64,
    /// Creatives.
    pub creative_count: f64,
    /// 0 to 10.
    pub relevance_score: f64,
}

impl PrototypeContext {
    /// The prototype's idea of a day to come (days since 1970-01-01): two o'clock, 100,000 people, three creatives of relevance 8.5, and one
    /// wave a year of season and competition. A caller who knows better says so in the fields.
    pub fn on(date: i32) -> Self {
        let (_, month, _) = calendar::date(date);
        let wave = (std::f64::consts::TAU * f64::from(calendar::day_of_year(date)) / 365.0).sin();
        Self {
            day_of_week: f64::from(calendar::day_of_week(date)),
            hour_of_day: 14.0,
            month: f64::from(month),
            seasonality_factor: 1.0 + 0.1 * wave,
            competition_level: 0.6 + 0.1 * wave,
            audience_size: 100_000.0,
            creative_count: 3.0,
            relevance_score: 8.5,
        }
    }

    fn row(&self, budget: f64) -> [f64; 9] {
        [
            budget,
            self.day_of_week,
            self.hour_of_day,
            self.month,
            self.seasonality_factor,
            self.competition_level,
            self.audience_size,
            self.creative_count,
            self.relevance_score,
        ]
    }
}

/// Parameters of a [`PrototypeForest`].
#[derive(Debug, Clone, PartialEq)]
pub struct PrototypeForestParams {
    campaign: String,
    budget: String,
    roas: String,
    forest: RandomForestParams,
}

impl Default for PrototypeForestParams {
    fn default() -> Self {
        Self {
            campaign: "campaign_id".to_owned(),
            budget: PrototypeForest::FEATURES[0].to_owned(),
            roas: "roas".to_owned(),
            forest: RandomForest::params().n_estimators(100).max_depth(10),
        }
    }
}

impl PrototypeForestParams {
    /// The column of campaigns; default `campaign_id`.
    #[must_use]
    pub fn campaign(mut self, column: impl Into<String>) -> Self {
        self.campaign = column.into();
        self
    }

    /// The column of budgets, where what was spent is not called `budget`.
    #[must_use]
    pub fn budget(mut self, column: impl Into<String>) -> Self {
        self.budget = column.into();
        self
    }

    /// The column of ROAS; default `roas`. A table without it may have `revenue` and `spend`, of which it is the ratio.
    #[must_use]
    pub fn roas(mut self, column: impl Into<String>) -> Self {
        self.roas = column.into();
        self
    }

    /// The forest; default the prototype's, 100 trees of depth 10.
    #[must_use]
    pub fn forest(mut self, forest: RandomForestParams) -> Self {
        self.forest = forest;
        self
    }

    /// Grows a forest per campaign from a table with [`PrototypeForest::FEATURES`].
    ///
    /// # Errors
    ///
    /// As [`fit_with`](Self::fit_with).
    pub fn fit(&self, table: &Table) -> Result<PrototypeForest> {
        self.fit_with(table, &FitContext::default())
    }

    /// The same with a seed, threads, and somebody who watches.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] for columns that the table lacks, all of them named, and what the forest refuses; [`Error::PlanRow`] for a row
    /// without campaign or budget; [`Error::NoTarget`] where no row of a campaign, or of the table, has a ROAS.
    pub fn fit_with(&self, table: &Table, context: &FitContext<'_>) -> Result<PrototypeForest> {
        let names = PrototypeForest::FEATURES.map(|name| if name == "budget" { &self.budget } else { name });
        let missing: Vec<&str> =
            [self.campaign.as_str()].into_iter().chain(names).filter(|name| table.get(name).is_none()).collect();
        if !missing.is_empty() {
            return Err(Error::MissingColumns { columns: missing.into_iter().map(str::to_owned).collect() });
        }
        let columns = names.into_iter().map(|name| table.number(name)).collect::<adsml_core::Result<Vec<_>>>()?;
        let roas = self.ratios(table)?;
        let ids = columns::campaigns(table, &self.campaign)?;
        let mut campaigns: Vec<(String, Vec<usize>)> = Vec::new();
        let mut of_id = HashMap::new();
        let mut n_without_roas = 0;
        for (row, id) in ids.into_iter().enumerate() {
            let budget = columns[0][row];
            if !(budget.is_finite() && budget >= 0.0) {
                let expected = "a budget, finite and at least 0";
                return Err(Error::PlanRow { row, column: self.budget.clone(), expected });
            }
            let at = *of_id.entry(id.clone()).or_insert(campaigns.len());
            if at == campaigns.len() {
                campaigns.push((id, Vec::new()));
            }
            if roas[row].is_finite() {
                campaigns[at].1.push(row);
            } else {
                n_without_roas += 1;
            }
        }
        if campaigns.is_empty() {
            return Err(Error::NoTarget { columns: self.roas.clone(), rows: 0 });
        }
        let grow = |(id, rows): (String, Vec<usize>)| -> Result<CampaignForest> {
            if rows.is_empty() {
                return Err(Error::NoTarget {
                    columns: format!("{} of campaign {id}", self.roas),
                    rows: table.n_rows(),
                });
            }
            let x = Array2::from_shape_fn((rows.len(), names.len()), |(row, column)| columns[column][rows[row]]);
            let y: Vec<f64> = rows.iter().map(|&row| roas[row]).collect();
            let data = TrainingSet::new(x.view(), ArrayView1::from(&y))?;
            let forest = self.forest.fit_set(&data, context).map_err(adsml_core::Error::from)?;
            Ok(CampaignForest { id, forest, budgets: x.column(0).to_vec() })
        };
        let campaigns = campaigns.into_iter().map(grow).collect::<Result<_>>()?;
        Ok(PrototypeForest { campaigns, n_without_roas })
    }

    /// ROAS by row, `NaN` where there is none.
    fn ratios(&self, table: &Table) -> Result<Vec<f64>> {
        if table.get(&self.roas).is_some() {
            return Ok(table.number(&self.roas)?.to_vec());
        }
        match (table.number("revenue"), table.number("spend")) {
            (Ok(revenue), Ok(spend)) => {
                let ratio = |(revenue, spend): (&f64, &f64)| if *spend > 0.0 { revenue / spend } else { f64::NAN };
                Ok(revenue.iter().zip(spend).map(ratio).collect())
            }
            _ => Err(Error::MissingColumns { columns: vec![self.roas.clone()] }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::{CategoryColumn, Column};
    use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, Total};

    /// Two campaigns of 80 days; ROAS falls with the budget.
    fn table() -> Table {
        let n = 160;
        let campaigns: CategoryColumn = (0..n).map(|i| Some(if i % 2 == 0 { "a" } else { "b" })).collect();
        let mut table = Table::from_columns([("campaign_id", Column::from(campaigns))]).unwrap();
        let mut push = |name: &str, of: &dyn Fn(usize) -> f64| {
            table.push(name, Column::Number((0..n).map(of).collect())).unwrap();
        };
        let budget = |i: usize| 20.0 + (i * 37 % 101) as f64;
        push("budget", &budget);
        for (k, name) in PrototypeForest::FEATURES[1..].iter().enumerate() {
            push(name, &|i| ((i / 2 + k) % 7) as f64);
        }
        push("roas", &|i| (if i % 2 == 0 { 9.0 } else { 4.0 }) / (1.0 + budget(i) / 60.0) + (i % 5) as f64 * 0.05);
        table
    }

    #[test]
    fn columns_that_are_missing_are_all_named() {
        let mut table = table();
        table.remove("month").unwrap();
        table.remove("audience_size").unwrap();
        let error = PrototypeForest::params().fit(&table).unwrap_err();
        assert_eq!(error.to_string(), "the table lacks `month`, `audience_size`");
        table = self::table();
        table.remove("roas").unwrap();
        let error = PrototypeForest::params().fit(&table).unwrap_err();
        assert_eq!(error.to_string(), "the table lacks `roas`");
    }

    #[test]
    fn an_unknown_campaign_is_an_error_and_not_a_roas_of_0() {
        let forest = PrototypeForest::params().fit(&table()).unwrap();
        let error = forest.predict("c", 50.0, &PrototypeContext::on(20_000)).unwrap_err();
        assert_eq!(error.to_string(), "campaign `c` is none of the 2 that were learnt from");
    }

    #[test]
    fn rows_without_roas_are_counted_and_rows_without_budget_refused() {
        let mut broken = table();
        let mut roas = broken.number("roas").unwrap().to_vec();
        roas[7] = f64::NAN;
        broken.replace("roas", Column::Number(roas)).unwrap();
        assert_eq!(PrototypeForest::params().fit(&broken).unwrap().n_without_roas(), 1);
        let mut budget = broken.number("budget").unwrap().to_vec();
        budget[3] = -1.0;
        broken.replace("budget", Column::Number(budget)).unwrap();
        assert!(matches!(PrototypeForest::params().fit(&broken), Err(Error::PlanRow { row: 3, .. })));
    }

    #[test]
    fn the_saw_tooth_is_the_forests_and_becomes_a_plan() {
        let (forest, context) = (PrototypeForest::params().fit(&table()).unwrap(), PrototypeContext::on(20_000));
        let problem = BudgetProblem::builder(Currency::new("EUR")).total(Total::Exactly(150.0));
        let campaigns = ["a", "b"].map(|id| {
            let response = forest.response(id, &context).unwrap();
            assert!(response.is_exact() && response.to_string().contains("saw-tooth"), "{response}");
            // The repair neither lifts nor lowers on average: the first corner may fall, the greatest cannot rise.
            let raw = (2_000..=12_000).map(|cents| forest.predict(id, f64::from(cents) / 100.0, &context).unwrap());
            let greatest = raw.fold(0.0, f64::max);
            assert!(response.curve().value(120.0) <= greatest * (1.0 + 1e-12));
            Campaign::with_curve(id, response.curve().clone())
        });
        let problem = problem.campaigns(campaigns).build().unwrap();
        let plan = Exact::default().allocate(&problem).unwrap();
        plan.certificate().verify(&problem).unwrap();
        assert!(plan.gap() < 1e-6 && plan.total() == 15_000, "{plan}");
    }

    #[test]
    fn a_day_to_come_is_the_prototypes() {
        // 2026-01-31, a Saturday.
        let context = PrototypeContext::on(calendar::day_number(2026, 1, 31).unwrap());
        assert_eq!((context.day_of_week, context.month, context.hour_of_day), (5.0, 1.0, 14.0));
        assert!(
            (context.seasonality_factor - (1.0 + 0.1 * (std::f64::consts::TAU * 31.0 / 365.0).sin())).abs() < 1e-15
        );
    }
}
