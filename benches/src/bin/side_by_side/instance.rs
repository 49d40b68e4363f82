//! Budget problems as the peers' `budgets.py` writes them: curves, bounds and a total as plain numbers.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use adsml_optimize::{BudgetProblem, Campaign, Currency, Hill, Limit, Logarithmic, Power, Steps, Total};
use serde::{Deserialize, Serialize};

/// A `budget_*.json` or `hard_*.json`; amounts in major units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) k: usize,
    pub(crate) variant: String,
    pub(crate) total_budget: f64,
    #[serde(default)]
    pub(crate) formulas: BTreeMap<String, String>,
    pub(crate) curves: Vec<Curve>,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) optimum: Option<Optimum>,
}

/// One curve; `formulas` says what the letters mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Curve {
    Hill { a: f64, k: f64, s: f64 },
    Log { a: f64, k: f64 },
    Power { a: f64, k: f64, s: f64 },
    Steps { spend: Vec<f64>, value: Vec<f64> },
}

/// The best plan the file's author knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Optimum {
    pub(crate) objective: f64,
    pub(crate) upper_bound: f64,
}

impl Instance {
    /// Every `*.json` of `folder` whose name begins with `budget_`, `hard_`, `steps_` or `concave_`, small ones first.
    pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        const KINDS: [&str; 4] = ["budget_", "hard_", "steps_", "concave_"];
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = stem(&path);
            if path.extension().is_some_and(|ext| ext == "json") && KINDS.iter().any(|kind| name.starts_with(kind)) {
                files.push(path);
            }
        }
        files.sort_by_cached_key(|path| natural(&stem(path)));
        Ok(files)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let instance: Self = serde_json::from_slice(&std::fs::read(path)?)
            .map_err(|error| format!("{} is not a budget problem: {error}", path.display()))?;
        let k = instance.k;
        if [instance.curves.len(), instance.lower.len(), instance.upper.len()] != [k; 3] {
            return Err(format!("{} does not have {k} curves with two bounds each", path.display()).into());
        }
        Ok(instance)
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        Ok(std::fs::write(folder.join(format!("{}.json", self.name)), serde_json::to_vec(self)?)?)
    }

    /// The boxed curves and the problem they are part of: all that an advertiser's program has to make of its numbers.
    pub(crate) fn problem(&self) -> Result<BudgetProblem, Box<dyn Error>> {
        let mut campaigns = Vec::with_capacity(self.k);
        for (i, curve) in self.curves.iter().enumerate() {
            let id = format!("C{}", i + 1);
            let campaign = match curve {
                Curve::Hill { a, k, s } => Campaign::new(id, Hill::new(*a, *k, *s)?),
                Curve::Log { a, k } => Campaign::new(id, Logarithmic::new(*a, *k)?),
                Curve::Power { a, k, s } => Campaign::new(id, Power::new(*a, *k, *s)?),
                Curve::Steps { spend, value } => {
                    Campaign::new(id, Steps::new(spend.iter().copied().zip(value.iter().copied()))?)
                }
            };
            campaigns.push(campaign.between(Limit::Amount(self.lower[i]), Limit::Amount(self.upper[i])));
        }
        let builder = BudgetProblem::builder(Currency::new("EUR"));
        Ok(builder.campaigns(campaigns).total(Total::Exactly(self.total_budget)).build()?)
    }
}

/// Name of a file without folder and ending.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A key that sorts `budget_10` after `budget_3`.
fn natural(name: &str) -> Vec<(u64, String)> {
    name.split(['_', 'x'])
        .map(|part| (part.trim_start_matches('s').parse().unwrap_or(u64::MAX), part.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_peers_write() {
        let text = r#"{"name": "budget_2", "k": 2, "variant": "concave", "total_budget": 2000.0, "formulas": {},
            "curves": [{"type": "log", "a": 500.0, "k": 900.0, "s": 1.0}, {"type": "hill", "a": 1.0, "k": 2.0, "s": 3.0}],
            "lower": [1.0, 2.0], "upper": [1e3, 2e3], "optimum": {"x": [1.0, 2.0], "objective": 7.0, "upper_bound": 7.5}}"#;
        let instance: Instance = serde_json::from_str(text).unwrap();
        assert_eq!(instance.curves[0], Curve::Log { a: 500.0, k: 900.0 });
        assert_eq!(instance.optimum, Some(Optimum { objective: 7.0, upper_bound: 7.5 }));
        assert_eq!(instance.problem().unwrap().campaigns().len(), 2);
    }

    #[test]
    fn ten_comes_after_three() {
        let mut names =
            ["hard_50_s1", "hard_5_same_s1", "hard_5_s10", "hard_5_s2", "budget_10_sshaped", "budget_3_sshaped"];
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(
            names,
            ["budget_3_sshaped", "budget_10_sshaped", "hard_5_s2", "hard_5_s10", "hard_5_same_s1", "hard_50_s1"]
        );
    }
}
