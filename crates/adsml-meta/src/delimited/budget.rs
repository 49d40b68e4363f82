//! Budgets of an export: whose they are, and how much in minor units.

use std::collections::HashMap;

use adsml_core::{CategoryColumn, Column};

use crate::dialect::{self, BudgetWord};
use crate::money::to_minor;
use crate::number::{self, Marks};
use crate::{BudgetOwner, Decimal};

/// The cells of a level's budget columns.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) owner: BudgetOwner,
    pub(super) amount: CategoryColumn,
    pub(super) kind: Option<CategoryColumn>,
}

/// What the budget columns make.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    pub(super) owner: Vec<Option<BudgetOwner>>,
    pub(super) daily: Vec<f64>,
    pub(super) lifetime: Vec<f64>,
    /// Amounts that could not be told, one of them.
    pub(super) untold: Option<String>,
}

/// What one pair of cells says.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    owner: Option<BudgetOwner>,
    daily: Option<f64>,
    lifetime: Option<f64>,
    untold: bool,
}

impl Budgets {
    /// Reads the cells of `n` rows. `decimal`: the mark that the file's numbers have, if it is known; `units`: minor units to
    /// the major one, if the currency is known.
    pub(super) fn read(cells: &[Cells], n: usize, decimal: Option<Decimal>, units: Option<u32>) -> Self {
        let mut budgets =
            Self { owner: vec![None; n], daily: vec![f64::NAN; n], lifetime: vec![f64::NAN; n], untold: None };
        for cells in cells {
            let mut memo: HashMap<(u32, u32), Said> = HashMap::new();
            for row in 0..n {
                let kind = cells.kind.as_ref().map_or(CategoryColumn::MISSING, |kind| kind.codes()[row]);
                let key = (cells.amount.codes()[row], kind);
                let said = *memo.entry(key).or_insert_with(|| {
                    let kind = cells.kind.as_ref().and_then(|kind| kind.get(row));
                    say(cells.amount.get(row).unwrap_or_default(), kind, cells.owner, decimal, units)
                });
                if said.untold && budgets.untold.is_none() {
                    budgets.untold = cells.amount.get(row).map(str::to_owned);
                }
                // The campaign's columns come first: who has it there has it, and the other may say how much.
                let bare = budgets.daily[row].is_nan() && budgets.lifetime[row].is_nan();
                if budgets.owner[row].is_none() || (bare && budgets.owner[row] == said.owner) {
                    budgets.owner[row] = said.owner;
                    budgets.daily[row] = said.daily.unwrap_or(f64::NAN);
                    budgets.lifetime[row] = said.lifetime.unwrap_or(f64::NAN);
                }
            }
        }
        budgets
    }

    /// The owners as a column.
    pub(super) fn owners(&self) -> Column {
        Column::Category(self.owner.iter().map(|owner| owner.map(BudgetOwner::as_str)).collect())
    }
}

fn say(amount: &str, kind: Option<&str>, owner: BudgetOwner, decimal: Option<Decimal>, units: Option<u32>) -> Said {
    if let Some(BudgetWord::Owner(owner)) = dialect::budget_word(amount) {
        return Said { owner: Some(owner), ..Said::default() };
    }
    let lone = matches!(number::marks(amount), Some(Marks::LonePoint | Marks::LoneComma));
    if lone && decimal.is_none() {
        return Said { owner: Some(owner), untold: true, ..Said::default() };
    }
    let Some(value) = number::value(amount, decimal.unwrap_or(Decimal::Point)).filter(|value| *value > 0.0) else {
        return Said::default();
    };
    let minor = units.and_then(|units| to_minor(value, units));
    let said = Said { owner: Some(owner), untold: minor.is_none(), ..Said::default() };
    match kind.and_then(dialect::budget_word) {
        Some(BudgetWord::Daily) => Said { daily: minor, ..said },
        Some(BudgetWord::Lifetime) => Said { lifetime: minor, ..said },
        _ => Said { untold: true, ..said },
    }
}
