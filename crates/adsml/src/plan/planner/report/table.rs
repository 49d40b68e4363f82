//! A report as text.

use std::fmt;

use super::PlanReport;

/// A table of budgets, what they bring, and what has to be known of them.
impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { currency, total, total_today, .. } = self;
        let response = self.response_words();
        let (m, r) = (self.money_decimals(), self.response_decimals());
        write!(f, "Plan from {} to {}, {currency}, {response}", self.dates[0], self.dates[1])?;
        if self.is_for_the_account() {
            writeln!(f)?
        } else {
            writeln!(f, ", for the curves of `{}`", self.curves)?
        }
        let width = self.campaigns.iter().map(|campaign| campaign.id.chars().count()).max().unwrap_or(0).max(8);
        writeln!(
            f,
            "{:<width$} {:>12} {:>12} {:>8} {:>12} {:>12} {:>9} {:>11}  curve",
            "campaign", "today", "proposed", "change", "brings now", "would bring", "marginal", "elasticity"
        )?;
        for campaign in &self.campaigns {
            let change = campaign.change.map_or("–".to_owned(), |change| format!("{:+.1} %", 100.0 * change));
            let [elasticity, deviation] = campaign.elasticity;
            writeln!(
                f,
                "{:<width$} {:>12.m$} {:>12.m$} {:>8} {:>12.r$} {:>12.r$} {:>9.3} {:>5.2}±{:<5.2}  {}{}",
                campaign.id,
                campaign.today,
                campaign.proposed,
                change,
                campaign.response_today,
                campaign.response,
                campaign.marginal,
                elasticity,
                deviation,
                if self.is_for_the_account() { campaign.family } else { &self.curves },
                if campaign.outside_support { ", beyond what was observed" } else { "" },
            )?;
        }
        let now: f64 = self.campaigns.iter().map(|campaign| campaign.response_today).sum();
        writeln!(
            f,
            "{:<width$} {total_today:>12.m$} {total:>12.m$} {:>8} {now:>12.r$} {:>12.r$}",
            "all", "", self.response
        )?;
        if let Some(gain) = &self.gain {
            let by = if self.is_for_the_account() { "" } else { ", by the account's own curves" };
            writeln!(f, "\nBeyond today's budgets{by}: {gain:.r$}.")?;
        }
        writeln!(f, "Proven gap to the best plan for these curves: {:.1e}.", self.gap)?;
        if let Some(last) = self.forecast.periods.last() {
            let [low, high] = last.cumulative_interval;
            writeln!(
                f,
                "The next {} periods, to {}: {:.r$} expected in all, nine in ten between {low:.r$} and {high:.r$}.",
                self.forecast.periods.len(),
                last.date,
                last.cumulative
            )?;
        }
        for optimizer in &self.optimizers {
            let gap = optimizer.gap.map_or("–".to_owned(), |gap| format!("{gap:.1e}"));
            writeln!(f, "  {:<26} gap {gap}", optimizer.name.replace('_', " "))?;
        }
        for warning in &self.warnings {
            writeln!(f, "Warning: {warning}.")?;
        }
        for remark in &self.remarks {
            writeln!(f, "Note: {remark}.")?;
        }
        f.write_str(self.caution)
    }
}
