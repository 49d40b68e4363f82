//! Options of examples that plan from rows.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use adsml::plan::{CampaignReport, PlanCurves, SimulatedCurve, read_lift_tests};
use adsml::prelude::*;

use crate::plan::{bounds, total};
use crate::{Outcome, TerminalProgress};

/// Where rows come from, what their columns are, within which limits is planned.
#[derive(Debug, Clone, clap::Args)]
pub struct PlannerArgs {
    /// CSV file (or JSON). One of Meta's own files is recognised: then no column needs a name.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Column of campaigns; without it all rows are one campaign.
    #[arg(long, value_name = "COL", requires = "csv")]
    pub campaign: Option<String>,
    /// Column of dates.
    #[arg(long, value_name = "COL", requires = "csv")]
    pub date: Option<String>,
    /// Column of what was spent.
    #[arg(long, value_name = "COL", requires = "csv")]
    pub spend: Option<String>,
    /// Column of the revenue that came of it.
    #[arg(long, value_name = "COL", requires = "csv", conflicts_with = "conversions")]
    pub revenue: Option<String>,
    /// Column of the conversions that came of it, instead.
    #[arg(long, value_name = "COL", requires = "csv")]
    pub conversions: Option<String>,
    /// Columns of numbers that say in what circumstances, comma separated: competition, season, price.
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "csv")]
    pub context: Vec<String>,
    /// Code of the currency, as in ISO 4217: JPY is planned and written in whole yen, EUR to the cent, KWD to the fils. `CODE:DIGITS`
    /// for one with other decimals: BTC:8.
    #[arg(long, value_name = "CODE", value_parser = currency)]
    pub currency: Option<Currency>,
    /// What a period may cost, to the smallest coin; `at-most:900` for so much or less. Default: what the last periods cost.
    #[arg(long, value_name = "AMOUNT", value_parser = total)]
    pub total: Option<Total>,
    /// Bounds for every campaign: up to 1 shares of the total, above that money.
    #[arg(long, value_name = "LOW,HIGH", value_parser = bounds)]
    pub bounds: Option<(Limit, Limit)>,
    /// Revenue for each unit of spend that the plan has to keep.
    #[arg(long, value_name = "R", conflicts_with = "target_cpa")]
    pub target_roas: Option<f64>,
    /// Spend for each conversion that the plan may not exceed.
    #[arg(long, value_name = "C")]
    pub target_cpa: Option<f64>,
    /// Let budgets leave the spends that were observed; those that do are flagged.
    #[arg(long)]
    pub beyond_support: bool,
    /// Look at the worst share of what is possible instead of the mean: 0.2 for the worst fifth.
    #[arg(long, value_name = "SHARE")]
    pub cvar: Option<f64>,
    /// At most this share of today's budget up or down, per period.
    #[arg(long, value_name = "SHARE")]
    pub max_change: Option<f64>,
    /// What each unit of currency by which a budget changes costs.
    #[arg(long, value_name = "COST", default_value_t = 0.0)]
    pub change_cost: f64,
    /// Last periods to leave out, because their response has not all arrived.
    #[arg(long, value_name = "N")]
    pub immature: Option<usize>,
    /// CSV file of lift tests, which say what spend causes: columns campaign, from and to (spend per period without and with the
    /// treatment), lift (the response per period that the difference caused) and standard_error.
    #[arg(long, value_name = "FILE")]
    pub lift: Option<PathBuf>,
    /// Shares of the response that have arrived, from the last period backwards: 0.4,0.7,0.9. Older periods are complete, and none is
    /// left out but by --immature.
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = share)]
    pub completeness: Vec<f64>,
    /// Whose curves the plan is made for: the account's own, or those of the prototype's forest of ROAS, which the account's then judge.
    #[arg(long, value_enum, default_value_t = Curves::Account)]
    pub curves: Curves,
    /// Curves drawn from what the rows leave possible, per campaign.
    #[arg(long, default_value_t = 200)]
    pub draws: usize,
    /// Periods to look ahead.
    #[arg(long, default_value_t = 30)]
    pub horizon: usize,
    /// Let every optimiser divide the budget too.
    #[arg(long)]
    pub compare: bool,
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Threads to use; all by default. The plan does not depend on it.
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
    /// Folder for the report and its charts.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// Whose curves a plan is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Curves {
    /// Learnt from the rows, with what they leave open.
    Account,
    /// The prototype's: a forest of ROAS per campaign, times spend, repaired so that it never falls.
    Forest,
}

impl PlannerArgs {
    /// The plan of `--csv`, or of the simulated account.
    pub fn fit(&self, account: &Account) -> Outcome<BudgetPlanner> {
        self.fit_with(account, |recipe| recipe)
    }

    /// The same, of a recipe that was changed.
    pub fn fit_with(
        &self,
        account: &Account,
        change: impl FnOnce(BudgetPlannerParams) -> BudgetPlannerParams,
    ) -> Outcome<BudgetPlanner> {
        let (table, recipe) = match &self.csv {
            Some(path) => {
                let table = self.read(path)?;
                let recipe = self.recipe(&table)?;
                (table, recipe)
            }
            None => (account.campaign_table(), demo_recipe(account)),
        };
        let recipe = change(self.limits(recipe)?);
        let progress = TerminalProgress::new();
        let mut context = FitContext { observer: Some(&progress), ..FitContext::seeded(self.seed) };
        if let Some(threads) = self.threads {
            context = context.with_threads(threads);
        }
        let planned = recipe.fit_with(&table, &context);
        progress.finish();
        Ok(planned?)
    }

    /// One of Meta's files gives the canonical table, unless columns are named that only the file itself has.
    fn read(&self, path: &Path) -> Outcome<Table> {
        let file = adsml::read_file(path, true)?;
        let named = [&self.campaign, &self.date, &self.spend, &self.revenue, &self.conversions].into_iter().flatten();
        let mut named = named.chain(&self.context);
        if file.understanding.is_some() && named.any(|name| file.table.get(name).is_none()) {
            return Ok(adsml::read_plain(path, true)?);
        }
        Ok(file.table)
    }

    fn recipe(&self, table: &Table) -> Outcome<BudgetPlannerParams> {
        const ASK: &str =
            "name the columns: --campaign COL --date COL --spend COL and --revenue COL or --conversions COL";
        let nothing_named =
            [&self.date, &self.spend, &self.revenue, &self.conversions].into_iter().all(Option::is_none);
        let mut recipe = if nothing_named {
            BudgetPlannerParams::from_ads(table).map_err(|_| ASK)?
        } else {
            BudgetPlanner::params()
        };
        if let Some(column) = &self.campaign {
            recipe = recipe.campaign(column);
        }
        if let Some(column) = &self.date {
            recipe = recipe.date(column);
        }
        if let Some(column) = &self.spend {
            recipe = recipe.spend(column);
        }
        if let Some(column) = &self.revenue {
            recipe = recipe.revenue(column);
        }
        if let Some(column) = &self.conversions {
            recipe = recipe.conversions(column);
        }
        Ok(recipe.context(&self.context))
    }

    fn limits(&self, mut recipe: BudgetPlannerParams) -> Outcome<BudgetPlannerParams> {
        recipe = recipe.adjust_curves(|curves| {
            let curves = curves.n_draws(self.draws);
            match self.immature {
                Some(periods) => curves.immature_periods(periods),
                None if !self.completeness.is_empty() => curves.immature_periods(0),
                None => curves,
            }
        });
        if let Some(path) = &self.lift {
            recipe = recipe.lift_tests(read_lift_tests(path).map_err(|error| format!("--lift: {error}"))?);
        }
        recipe = recipe.completeness(self.completeness.iter().copied());
        if let Some(currency) = &self.currency {
            recipe = recipe.currency(currency.clone());
        }
        if let Some(total) = self.total {
            recipe = recipe.total(total);
        }
        if let Some((lower, upper)) = self.bounds {
            recipe = recipe.bounds(lower, upper);
        }
        if let Some(target) = self.target_roas {
            recipe = recipe.objective(Objective::TargetRoas(target));
        }
        if let Some(target) = self.target_cpa {
            recipe = recipe.objective(Objective::TargetCpa(target));
        }
        if let Some(share) = self.cvar {
            recipe = recipe.risk(Risk::Cvar { share });
        }
        if let Some(share) = self.max_change {
            recipe = recipe.max_change(share);
        }
        if self.curves == Curves::Forest {
            recipe = recipe.plan_for(PlanCurves::Forest);
        }
        Ok(recipe
            .change_cost(self.change_cost)
            .beyond_support(self.beyond_support)
            .horizon(self.horizon)
            .compare(self.compare))
    }

    /// Writes the report into `--out`, or into `out/<example>`; gives what was written.
    pub fn write(&self, planner: &BudgetPlanner, example: &str) -> Outcome<Vec<PathBuf>> {
        let folder = self.out.clone().unwrap_or_else(|| Path::new("out").join(example));
        std::fs::create_dir_all(&folder)?;
        let files = [
            ("report.json", serde_json::to_string_pretty(&planner.report().to_json())?),
            ("certificate.json", serde_json::to_string(planner.allocation().certificate())?),
            ("plan.html", planner.to_html()?),
        ];
        let charts = planner.charts()?.into_iter().map(|chart| (chart.file_name, chart.svg));
        let mut written = Vec::new();
        for (name, text) in files.into_iter().chain(charts) {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            written.push(path);
        }
        Ok(written)
    }
}

/// A share in (0, 1].
fn share(text: &str) -> Result<f64, String> {
    let share = text.trim().parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| format!("`{text}` is no share above 0 and up to 1"))
}

/// `JPY`, or `BTC:8`.
fn currency(text: &str) -> Result<Currency, String> {
    let (code, digits) = text.trim().split_once(':').map_or((text.trim(), None), |(code, digits)| (code, Some(digits)));
    if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Err(format!("`{code}` is no code of three letters, as EUR and JPY are"));
    }
    let code = code.to_ascii_uppercase();
    match digits {
        None => Ok(Currency::new(code)),
        Some(digits) => match digits.parse() {
            Ok(digits) if digits <= 8 => Ok(Currency::with_minor_digits(code, digits)),
            _ => Err(format!("`{digits}` is no number of decimals from 0 to 8")),
        },
    }
}

/// The columns of a simulated account's campaign days.
pub fn demo_recipe(account: &Account) -> BudgetPlannerParams {
    BudgetPlanner::params()
        .campaign("campaign_id")
        .date("date")
        .spend("spend")
        .revenue("revenue")
        .context(["competition_level", "seasonality_factor"])
        .currency(Currency::new(account.currency()))
}

/// What the plan brings on the true curves, in the average context of the account's days.
pub fn truth(planner: &BudgetPlanner, account: &Account) -> String {
    let value = |budget: fn(&CampaignReport) -> f64| -> f64 {
        let of = |campaign: &CampaignReport| {
            let known = account.campaigns().iter().find(|known| known.id == campaign.id);
            known.map_or(0.0, |known| {
                let usual = known.context.iter().sum::<f64>() / known.context.len() as f64;
                usual * SimulatedCurve(known.curve).value(budget(campaign))
            })
        };
        planner.report().campaigns.iter().map(of).sum()
    };
    let (today, proposed) = (value(|campaign| campaign.today), value(|campaign| campaign.proposed));
    let (currency, decimals) = (&planner.report().currency, planner.report().money_decimals());
    format!(
        "\nThis account is simulated, so its truth is known: {today:.decimals$} {currency} a day today, {proposed:.decimals$} as proposed ({:+.1} %).",
        100.0 * (proposed / today - 1.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_have_the_decimals_of_iso_4217_or_those_that_are_stated() {
        for (text, code, digits) in [("JPY", "JPY", 0), ("eur", "EUR", 2), (" kwd ", "KWD", 3), ("BTC:8", "BTC", 8)] {
            assert_eq!(currency(text).unwrap(), Currency::with_minor_digits(code, digits));
        }
        for text in ["", "EURO", "¥¥", "EUR:9", "EUR:-1", "EUR:", "12€"] {
            assert!(currency(text).is_err(), "{text}");
        }
    }
}
