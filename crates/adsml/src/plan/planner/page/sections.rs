//! What stands on the page, part by part, in order.

use adsml_optimize::{Objective, ResponseUnit, Risk};

use super::super::super::charts::allocation_chart;
use super::super::{BudgetPlanner, CampaignReport, OptimizerReport, PlanReport};
use super::words::{counted, escape, figure, figure_to, money, percent, signed};
use crate::{Chart, Result};

/// Nobody looks at the curves of more campaigns.
const MOST_CURVES: usize = 60;

/// What changes, what that brings, and how sure it is.
pub(super) fn headline(planner: &BudgetPlanner) -> String {
    let report = &planner.report;
    let spend = report.spend_words();
    let [first, last] = &report.dates;
    let mut html = format!(
        "<header>\n<h1>Budget plan</h1>\n<p class=\"muted\">{}, learnt from {} to {}{}</p>\n<p class=\"lead\">{}</p>\n",
        escape(&counted(report.campaigns.len(), "campaign")),
        escape(first),
        escape(last),
        escape(&planned_for(report)),
        escape(&what_changes(report)),
    );
    let mut figures = vec![(
        "Spend".to_owned(),
        format!("{} {spend}", report.money(report.total)),
        format!("today {}", report.money(report.total_today)),
    )];
    if let Some(gain) = &report.gain {
        let of_response = |value| report.figure(value);
        let of = match planner.plan().problem().objective() {
            Objective::Profit { .. } => format!("profit, {spend}"),
            _ => report.response_with_unit(),
        };
        let share =
            if gain.today > 0.0 { format!(" ({})", signed(gain.mean / gain.today, percent)) } else { String::new() };
        let [low, high] = gain.interval;
        let interval = format!("nine in ten between {} and {}", signed(low, of_response), signed(high, of_response));
        figures.push((format!("Expected gain, {of}"), format!("{}{share}", signed(gain.mean, of_response)), interval));
        let draws = counted(gain.n_draws, "draw");
        let judged = if report.is_for_the_account() {
            format!("judged on {draws} that the plan was not made for")
        } else {
            format!("judged on {draws} of the account's own curves")
        };
        // What happens on no draw is rare, not impossible.
        let worse = match gain.probability_worse {
            0.0 if gain.interval != [0.0, 0.0] => format!("below {}", percent(1.0 / gain.n_draws.max(1) as f64)),
            share => percent(share),
        };
        figures.push(("Probability of being worse than today".to_owned(), worse, judged));
    } else {
        let expected =
            (format!("Expected {}", report.response_with_unit()), report.figure(report.response), String::new());
        figures.push(expected);
    }
    html.push_str("<dl class=\"figures\">\n");
    for (term, value, note) in figures {
        let [term, value, note] = [term, value, note].map(|text| escape(&text));
        html.push_str(&format!("<div><dt>{term}</dt><dd><strong>{value}</strong>{note}</dd></div>\n"));
    }
    html.push_str(&format!("</dl>\n<p class=\"caution\">{}</p>\n</header>\n", escape(report.caution)));
    html
}

/// `, for the curves of forest`; nothing for the account's own.
fn planned_for(report: &PlanReport) -> String {
    if report.is_for_the_account() { String::new() } else { format!(", for the curves of {}", report.curves) }
}

/// `Move 620.00 EUR a day from 3 campaigns to 4 campaigns.`
fn what_changes(report: &PlanReport) -> String {
    // Budgets are whole minor units, means of past spends are not.
    let changes: Vec<f64> = report.campaigns.iter().map(|campaign| campaign.proposed - campaign.today).collect();
    let (more, less): (Vec<f64>, Vec<f64>) =
        changes.iter().filter(|change| change.abs() >= report.coin()).partition(|c| **c > 0.0);
    let [added, taken] = [&more, &less].map(|changes| changes.iter().sum::<f64>().abs());
    let spend = report.spend_words();
    let (to, from) = (counted(more.len(), "campaign"), counted(less.len(), "campaign"));
    match (more.is_empty(), less.is_empty()) {
        (true, true) => "Leave every budget as it is.".to_owned(),
        (false, true) => format!("Add {} {spend} to {to}.", report.money(added)),
        (true, false) => format!("Take {} {spend} from {from}.", report.money(taken)),
        (false, false) if (added - taken).abs() < 0.01 * report.total.max(100.0 * report.coin()) => {
            format!("Move {} {spend} from {from} to {to}.", report.money(added))
        }
        (false, false) => {
            format!("Add {} {spend} to {to}, and take {} from {from}.", report.money(added), report.money(taken))
        }
    }
}

/// What a reader has to know before anything else.
pub(super) fn warnings(report: &PlanReport) -> String {
    if report.warnings.is_empty() {
        return String::new();
    }
    format!(
        "<section class=\"warnings\" role=\"note\">\n<h2>Before you trust it</h2>\n{}</section>\n",
        list(&report.warnings)
    )
}

/// Budgets by campaign, now and proposed.
pub(super) fn campaigns(report: &PlanReport) -> String {
    let heads = [
        "Campaign".to_owned(),
        "Now".to_owned(),
        "Proposed".to_owned(),
        "Change".to_owned(),
        "Brings now".to_owned(),
        "Would bring".to_owned(),
        format!("One more {} brings", report.currency),
        "Observed spend".to_owned(),
    ];
    let rows: String = report.campaigns.iter().map(|campaign| row(report, campaign)).collect();
    let now: f64 = report.campaigns.iter().map(|campaign| campaign.response_today).sum();
    let change = (report.total_today > 0.0).then(|| report.total / report.total_today - 1.0);
    let foot = format!(
        "<tfoot><tr><th scope=\"row\">All</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td></td><td></td></tr></tfoot>\n",
        report.money(report.total_today),
        report.money(report.total),
        change_words(change),
        report.figure(now),
        report.figure(report.response),
    );
    let (spend, response) = (report.spend_words(), report.response_with_unit());
    let caption = format!("Budgets: {spend}. What they bring: {response}, in an average period.");
    let table = table(&caption, &heads, &format!("<tbody>\n{rows}</tbody>\n{foot}"));
    format!("<section>\n<h2>Campaign by campaign</h2>\n{table}</section>\n")
}

fn row(report: &PlanReport, campaign: &CampaignReport) -> String {
    let coin = report.coin();
    let class = match campaign.proposed - campaign.today {
        change if change >= coin => " class=\"more\"",
        change if change <= -coin => " class=\"less\"",
        _ => "",
    };
    let [low, high] = campaign.support.map(|spend| report.money(spend));
    // At the end of what was observed the curve ends, and with it what is known of one more unit of currency.
    let at_the_end = campaign.marginal == 0.0 && campaign.proposed >= campaign.support[1] - coin;
    let marginal = if at_the_end { "–".to_owned() } else { figure(campaign.marginal) };
    let beyond = if campaign.outside_support { " <strong class=\"flag\">beyond it</strong>" } else { "" };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td{class}>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{low} to {high}{beyond}</td></tr>\n",
        escape(&campaign.id),
        report.money(campaign.today),
        report.money(campaign.proposed),
        change_words(campaign.change),
        report.figure(campaign.response_today),
        report.figure(campaign.response),
        marginal,
    )
}

fn change_words(change: Option<f64>) -> String {
    change.map_or("new".to_owned(), |change| signed(change, percent))
}

/// Budgets now and proposed, drawn.
pub(super) fn allocation(planner: &BudgetPlanner) -> Result<String> {
    let chart = allocation_chart(planner.allocation())?;
    let gap = planner.report.gap;
    let proof = if gap < 1e-6 {
        "No other division of the same money is better for these curves: that is proved.".to_owned()
    } else if gap.is_finite() {
        let gap = gap_words(gap);
        format!("No other division of the same money is better by more than {gap} of the objective: that is proved.")
    } else {
        "How much better another division could be is not proved.".to_owned()
    };
    let risk = match planner.report.risk {
        Risk::Cvar { share } => {
            let share = percent(share);
            format!("<p>It is made for the mean of the worst {share} of what the rows leave possible.</p>\n")
        }
        _ => String::new(),
    };
    Ok(format!("<section>\n<h2>Where the money goes</h2>\n{risk}<p>{proof}</p>\n{}</section>\n", wide(&chart)))
}

/// Every campaign's curve, or those of the campaigns that change most.
pub(super) fn curves(planner: &BudgetPlanner) -> Result<String> {
    let campaigns = &planner.report.campaigns;
    let mut order: Vec<usize> = (0..campaigns.len()).collect();
    let size = |at: usize| (campaigns[at].proposed - campaigns[at].today).abs();
    order.sort_by(|&a, &b| size(b).total_cmp(&size(a)));
    order.truncate(MOST_CURVES);
    let charts = planner.small_curves(|at| order.contains(&at))?;
    let left_out = match campaigns.len() - order.len() {
        0 => String::new(),
        n => format!(
            " {} whose budgets change less {} left out.",
            counted(n, "campaign"),
            if n == 1 { "is" } else { "are" }
        ),
    };
    let line = if planner.report.is_for_the_account() {
        "the line is what spend is expected to bring in an average period, and nine in ten curves that the rows leave possible run in the band"
            .to_owned()
    } else {
        let name = escape(&planner.report.curves);
        format!(
            "the line is the curve of {name} that the plan is made for, and nine in ten of the account's own curves run in the band"
        )
    };
    let figures: String = charts.iter().map(|chart| format!("<figure>\n{}</figure>\n", chart.svg)).collect();
    Ok(format!(
        "<section>\n<h2>What each campaign's money buys</h2>\n<p>Dots are past periods, {line}. Where the paper is grey and the line dashed, \
         no spend was observed. The ring is spend now, the black dot the proposal.{left_out}</p>\n<div class=\"grid\">\n{figures}</div>\n</section>\n"
    ))
}

/// The next periods.
pub(super) fn forecast(planner: &BudgetPlanner) -> Result<String> {
    let report = &planner.report;
    let Some(last) = report.forecast.periods.last() else { return Ok(String::new()) };
    let charts: String = planner.forecast_charts()?.iter().map(wide).collect();
    let [low, high] = last.cumulative_interval.map(|sum| report.figure(sum));
    let sum = format!(
        "{} to {}: {} expected in all{}, nine in ten sums between {low} and {high}.",
        counted(report.forecast.periods.len(), "period"),
        last.date,
        report.of_response(&report.figure(last.cumulative)),
        if report.is_for_the_account() { "" } else { " by the account's own curves" },
    );
    Ok(format!("<section>\n<h2>The next periods</h2>\n<p>{}</p>\n{charts}</section>\n", escape(&sum)))
}

/// Other totals.
pub(super) fn frontier(planner: &BudgetPlanner) -> Result<String> {
    let Some(chart) = planner.frontier_chart()? else { return Ok(String::new()) };
    Ok(format!("<section>\n<h2>More money, or less</h2>\n{}</section>\n", wide(&chart)))
}

/// Every optimiser's gap, where they were compared.
pub(super) fn optimizers(report: &PlanReport) -> String {
    if report.optimizers.is_empty() {
        return String::new();
    }
    let heads = ["Optimiser", "Objective", "Gap to what is proved"].map(str::to_owned);
    let row = |optimizer: &OptimizerReport| {
        let plan = match &optimizer.error {
            Some(error) => format!("<td class=\"text\" colspan=\"2\">{}</td>", escape(error)),
            None => {
                let [value, gap] = [
                    optimizer.value.map(|value| money(value, report.response_decimals())),
                    optimizer.gap.map(gap_words),
                ];
                let dash = || "–".to_owned();
                format!("<td>{}</td><td>{}</td>", value.unwrap_or_else(dash), gap.unwrap_or_else(dash))
            }
        };
        format!("<tr><th scope=\"row\">{}</th>{plan}</tr>\n", escape(&optimizer.name.replace('_', " ")))
    };
    let rows: String = report.optimizers.iter().map(row).collect();
    let table = table("The same problem, divided by every optimiser", &heads, &format!("<tbody>\n{rows}</tbody>\n"));
    format!("<section>\n<h2>How other optimisers fare</h2>\n{table}</section>\n")
}

fn gap_words(gap: f64) -> String {
    if gap < 1e-9 { "none".to_owned() } else { format!("{}\u{202f}%", figure(100.0 * gap)) }
}

/// What was learnt beside the curves, and what was put in order.
pub(super) fn learnt(report: &PlanReport) -> String {
    let mut parts = String::new();
    if report.carry_over > 0.0 {
        let share = percent(report.carry_over);
        parts.push_str(&format!("<p>{share} of what a period's spend does comes in the periods after it.</p>\n"));
    }
    if !report.effects.is_empty() {
        let row = |(name, effect): &(String, f64)| {
            let factor = signed(effect.exp() - 1.0, percent);
            format!("<tr><th scope=\"row\">{}</th><td>{factor}</td></tr>\n", escape(name))
        };
        let rows: String = report.effects.iter().map(row).collect();
        let heads = ["Circumstance", "Change of the response"].map(str::to_owned);
        let caption = "Weekdays and months against the others; numbers per standard deviation";
        parts.push_str(&table(caption, &heads, &format!("<tbody>\n{rows}</tbody>\n")));
    }
    if !report.remarks.is_empty() {
        parts.push_str(&format!("<p>Put in order, or left out:</p>\n{}", list(&report.remarks)));
    }
    if parts.is_empty() { parts } else { format!("<section>\n<h2>What else was learnt</h2>\n{parts}</section>\n") }
}

impl PlanReport {
    /// An amount of money.
    fn money(&self, amount: f64) -> String {
        money(amount, self.money_decimals())
    }

    /// A response: three digits, but no less than a coin of the currency, where it is money.
    fn figure(&self, response: f64) -> String {
        let most = if self.unit == ResponseUnit::Conversions { 7 } else { self.money_decimals() };
        figure_to(response, most)
    }

    /// The smallest coin, in currency: budgets that differ by less do not differ.
    fn coin(&self) -> f64 {
        10_f64.powi(-i32::from(self.minor_digits))
    }
}

fn list(sentences: &[String]) -> String {
    let items: String = sentences.iter().map(|sentence| format!("<li>{}.</li>\n", escape(sentence))).collect();
    format!("<ul>\n{items}</ul>\n")
}

/// A table that moves sideways where it is too wide for the screen; `body` is HTML, caption and heads are text.
fn table(caption: &str, heads: &[String], body: &str) -> String {
    let caption = escape(caption);
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{}</th>", escape(head))).collect();
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n<caption>{caption}</caption>\n\
         <thead><tr>{heads}</tr></thead>\n{body}</table>\n</div>\n"
    )
}

fn wide(chart: &Chart) -> String {
    format!("<figure class=\"wide\">\n{}</figure>\n", chart.svg)
}
