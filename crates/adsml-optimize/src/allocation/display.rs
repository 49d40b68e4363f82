//! A plan as a table.

use std::fmt;

use super::{Allocation, Binding};

/// Rows shown before the middle of a long table is left out.
const MOST_ROWS: usize = 40;

impl fmt::Display for Allocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.currency.code();
        let id_width = self.campaigns.iter().map(|campaign| campaign.id.chars().count()).max().unwrap_or(0).max(8);
        let with_today = self.campaigns.iter().any(|campaign| campaign.today.is_some());
        write!(f, "{:<id_width$}", "campaign")?;
        if with_today {
            write!(f, " {:>14} {:>14}", format!("today {code}"), "change")?;
        }
        writeln!(f, " {:>14} {:>14} {:>10}  bound", format!("budget {code}"), "response", "marginal")?;
        let left_out = self.campaigns.len().saturating_sub(MOST_ROWS);
        for (i, campaign) in self.campaigns.iter().enumerate() {
            if left_out > 0 && i == MOST_ROWS / 2 {
                writeln!(f, "… {left_out} more")?;
            }
            if left_out > 0 && (MOST_ROWS / 2..MOST_ROWS / 2 + left_out).contains(&i) {
                continue;
            }
            write!(f, "{:<id_width$}", campaign.id)?;
            if with_today {
                let (today, change) = match campaign.today {
                    Some(today) => {
                        let change = campaign.budget - today;
                        let sign = if change > 0 { "+" } else { "" };
                        (self.currency.format_bare(today), format!("{sign}{}", self.currency.format_bare(change)))
                    }
                    None => ("–".to_owned(), "–".to_owned()),
                };
                write!(f, " {today:>14} {change:>14}")?;
            }
            let budget = self.currency.format_bare(campaign.budget);
            writeln!(
                f,
                " {budget:>14} {:>14} {:>10.4}{}",
                amount(campaign.response),
                campaign.marginal,
                match campaign.binding {
                    Binding::Free => "",
                    Binding::AtLeast => "  at least",
                    Binding::AtMost => "  at most",
                    Binding::Fixed => "  fixed",
                    Binding::Paused => "  paused",
                }
            )?;
        }
        write!(f, "{:<id_width$}", "total")?;
        if with_today {
            write!(f, " {:>14} {:>14}", "", "")?;
        }
        writeln!(f, " {:>14} {:>14}", self.currency.format_bare(self.total()), amount(self.response))?;
        f.write_str(&self.verdict())
    }
}

impl Allocation {
    /// How good the plan is, in one sentence.
    pub(super) fn verdict(&self) -> String {
        let value = amount(self.value);
        if self.upper_bound == f64::INFINITY {
            return format!("{}: objective {value}; nothing is known that could bound it", self.optimizer);
        }
        let bound = amount(self.upper_bound);
        format!("{}: objective {value}, and no plan has more than {bound} (gap {})", self.optimizer, share(self.gap))
    }
}

/// A response or objective: two decimals, more for small ones.
pub(crate) fn amount(value: f64) -> String {
    if value == 0.0 || value.abs() >= 10.0 { format!("{value:.2}") } else { format!("{value:.5}") }
}

/// A gap: percent while it can be read as one.
pub(crate) fn share(gap: f64) -> String {
    if gap >= 1e-5 { format!("{:.4} %", 100.0 * gap) } else { format!("{gap:.1e}") }
}
