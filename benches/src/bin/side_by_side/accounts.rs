//! Plans made from the rows of simulated accounts, judged by the truth that the rows do not show.
//!
//! A third of the accounts has curves of the families that are fitted, a third of families that are not, and in a third
//! spend follows demand. Captured is `(plan - today) / (optimum - today)` on the true curves in the history's average context, where
//! the optimum keeps the same constraints: the same total, and every campaign within the spends that were observed.

use std::error::Error;
use std::time::Instant;

use adsml::plan::{SimulatedCurve, simulated_history};
use adsml::simulate::{Account, CurveFamily, SpendPolicy, TrueCurve};
use adsml_optimize::{
    BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, Finding, FitContext, ResponseCurve, ResponseModel, Risk,
    Total, UncertainProblem,
};
use serde_json::json;

/// Options of `accounts`.
#[derive(Debug, clap::Args)]
pub(crate) struct AccountsArgs {
    /// Accounts in all, a third of each kind.
    #[arg(long, default_value_t = 600)]
    accounts: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Correlation of spend and demand where spend follows it.
    #[arg(long, default_value_t = 0.8)]
    strength: f64,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
    /// A line per account, too.
    #[arg(long)]
    each: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Known,
    Unknown,
    Follows,
}

struct Judged {
    captured: f64,
    worse: bool,
    covered: bool,
    width: f64,
    oracle_width: f64,
    warned: bool,
    seconds: f64,
    gain: f64,
    foreseen: f64,
}

impl Judged {
    fn line(&self, kind: Kind, account: u64) -> serde_json::Value {
        json!({
            "bench": "account", "kind": format!("{kind:?}"), "account": account, "captured": self.captured, "gain": self.gain,
            "foreseen": self.foreseen, "width": self.width, "width_at_truth": self.oracle_width, "covered": self.covered,
            "warned": self.warned, "seconds": self.seconds,
        })
    }
}

pub(crate) fn run(args: &AccountsArgs) -> Result<(), Box<dyn Error>> {
    for kind in [Kind::Known, Kind::Unknown, Kind::Follows] {
        let mut all = Vec::new();
        for i in 0..args.accounts / 3 {
            let judged = judge(&account(kind, args.seed + i, args.strength)?)?;
            if args.each {
                println!("{}", judged.line(kind, i));
            }
            all.push(judged);
        }
        report(args, kind, &all);
    }
    Ok(())
}

fn account(kind: Kind, seed: u64, strength: f64) -> Result<Account, Box<dyn Error>> {
    // 3 to 20 campaigns, every number about equally often.
    let params = Account::params().seed(seed * 7_919 + kind as u64).n_campaigns(3 + (seed as usize * 7) % 18).days(90);
    Ok(match kind {
        Kind::Known => params,
        Kind::Unknown => params.curves([CurveFamily::Gompertz, CurveFamily::Arctangent]),
        Kind::Follows => params.spend_policy(SpendPolicy::FollowsDemand { strength }),
    }
    .build()?)
}

fn judge(account: &Account) -> Result<Judged, Box<dyn Error>> {
    let started = Instant::now();
    let history = simulated_history(account)?;
    let model = ResponseModel::params().fit(&history)?;
    let currency = Currency::new(account.currency());
    let minor = currency.minor_per_major();
    let cents = |amount: f64| (amount * minor).round() / minor;
    let problem = |curve: &dyn Fn(usize) -> std::sync::Arc<dyn ResponseCurve>| {
        let campaigns = model.campaigns().iter().enumerate();
        let today: f64 = model.campaigns().iter().map(|campaign| cents(campaign.today())).sum();
        BudgetProblem::builder(currency.clone())
            .campaigns(
                campaigns.map(|(i, fitted)| Campaign::with_curve(fitted.id(), curve(i)).today(cents(fitted.today()))),
            )
            .total(Total::Exactly(cents(today)))
    };
    let draws = model.campaigns().iter().map(|campaign| campaign.draws().to_vec()).collect();
    let uncertain = UncertainProblem::new(problem(&|i| model.campaigns()[i].curve().clone()), draws)?;
    let plan = uncertain.allocate(Risk::Mean)?;
    let seconds = started.elapsed().as_secs_f64();

    let truth = problem(&|i| {
        let (fitted, campaign) = (&model.campaigns()[i], &account.campaigns()[i]);
        let context = campaign.context.iter().sum::<f64>() / campaign.context.len() as f64;
        let curve = SimulatedCurve(campaign.curve).scaled(context, 1.0).expect("a positive context");
        std::sync::Arc::new(curve.observed(fitted.support()).expect("a support"))
    })
    .build()?;
    let today = truth.today().expect("every campaign spends today");
    let best = Exact::default().allocate_with(&truth, &FitContext::default())?;
    let value = |budgets: &[i64]| truth.value(budgets);
    let (of_today, of_plan) = (value(&today)?, value(plan.allocation().budgets())?);
    let gain = plan.gain().expect("every campaign spends today");
    let [low, high] = gain.interval;
    let found = of_plan - of_today;
    Ok(Judged {
        captured: found / (best.value() - of_today),
        worse: found < 0.0,
        covered: (low..=high).contains(&found),
        width: (high - low) / of_today,
        oracle_width: oracle_width(account, &today, plan.allocation().budgets(), minor) / of_today,
        warned: model.findings().iter().any(|finding| matches!(finding, Finding::SpendFollowsDemand { .. })),
        seconds,
        gain: found / of_today,
        foreseen: gain.mean / of_today,
    })
}

/// The width of a 90 % interval of the gain that nobody who knows the families can beat: by the Fisher information of each
/// campaign's rows at its true parameters.
fn oracle_width(account: &Account, today: &[i64], plan: &[i64], minor: f64) -> f64 {
    let variance: f64 = (0..account.campaigns().len())
        .map(|i| gain_variance(account, i, today[i] as f64 / minor, plan[i] as f64 / minor))
        .sum();
    2.0 * 1.645 * variance.sqrt()
}

fn gain_variance(account: &Account, number: usize, today: f64, plan: f64) -> f64 {
    const MEMORY: f64 = 0.7;
    const DEMAND: f64 = 0.15;
    let campaign = &account.campaigns()[number];
    let usual = campaign.context.iter().sum::<f64>() / campaign.context.len() as f64;
    let mut days = vec![(0.0, 0.0); campaign.context.len()];
    let first = account.rows()[0].date;
    for row in account.rows().iter().filter(|row| row.campaign == number) {
        let day = &mut days[(row.date - first) as usize];
        (day.0, day.1) = (day.0 + row.spend, day.1 + row.revenue);
    }
    let rows: Vec<usize> = (0..days.len()).filter(|&day| days[day].0 > 0.0).collect();
    let mean = |day: usize, curve: &TrueCurve| curve.value(days[day].0) * campaign.context[day];
    let expected = |day: usize| mean(day, &campaign.curve) * campaign.demand[day];
    let squares: f64 = rows.iter().map(|&day| (days[day].1 - expected(day)).powi(2)).sum();
    let dispersion = squares / rows.iter().map(|&day| expected(day)).sum::<f64>();
    let n = rows.len();
    let mut covariance = vec![vec![0.0; n]; n];
    for (i, &a) in rows.iter().enumerate() {
        for (j, &b) in rows.iter().enumerate() {
            let shared = DEMAND * DEMAND * MEMORY.powi((a as i32 - b as i32).abs());
            covariance[i][j] = shared * mean(a, &campaign.curve) * mean(b, &campaign.curve);
        }
        covariance[i][i] += dispersion * mean(a, &campaign.curve) + 1e-9;
    }
    let moved = |parameter: usize, by: f64| with_parameter(campaign.curve, parameter, by);
    let n_parameters = (0..3).take_while(|&parameter| moved(parameter, 0.1).is_some()).count();
    const STEP: f64 = 1e-5;
    let slope = |parameter: usize, of: &dyn Fn(&TrueCurve) -> f64| {
        let [up, down] = [STEP, -STEP].map(|by| moved(parameter, by).map_or(0.0, |curve| of(&curve)));
        (up - down) / (2.0 * STEP)
    };
    let columns: Vec<Vec<f64>> = (0..n_parameters)
        .map(|parameter| rows.iter().map(|&day| slope(parameter, &|curve| mean(day, curve))).collect())
        .collect();
    let of_gain: Vec<f64> = (0..n_parameters)
        .map(|parameter| usual * slope(parameter, &|curve| curve.value(plan) - curve.value(today)))
        .collect();
    let solved: Vec<Vec<f64>> = columns.iter().map(|column| solve(&covariance, column)).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let information: Vec<Vec<f64>> =
        columns.iter().map(|column| solved.iter().map(|solved| dot(column, solved)).collect()).collect();
    dot(&of_gain, &solve(&information, &of_gain))
}

/// The curve with the logarithm of one of its parameters moved; `None` beyond the last one.
fn with_parameter(curve: TrueCurve, parameter: usize, by: f64) -> Option<TrueCurve> {
    let times = |value: f64, at: usize| if at == parameter { value * by.exp() } else { value };
    let (moved, n) = match curve {
        TrueCurve::Hill { ceiling, half_spend, exponent } => (
            TrueCurve::Hill {
                ceiling: times(ceiling, 0),
                half_spend: times(half_spend, 1),
                exponent: times(exponent, 2),
            },
            3,
        ),
        TrueCurve::Logarithmic { slope, scale } => {
            (TrueCurve::Logarithmic { slope: times(slope, 0), scale: times(scale, 1) }, 2)
        }
        // Its scale says where the coefficient is bought: no parameter of its own.
        TrueCurve::Power { coefficient, scale, exponent } => {
            (TrueCurve::Power { coefficient: times(coefficient, 0), scale, exponent: times(exponent, 1) }, 2)
        }
        TrueCurve::NegativeExponential { ceiling, scale } => {
            (TrueCurve::NegativeExponential { ceiling: times(ceiling, 0), scale: times(scale, 1) }, 2)
        }
        TrueCurve::Gompertz { ceiling, displacement, scale } => (
            TrueCurve::Gompertz {
                ceiling: times(ceiling, 0),
                displacement: times(displacement, 1),
                scale: times(scale, 2),
            },
            3,
        ),
        TrueCurve::Arctangent { ceiling, scale } => {
            (TrueCurve::Arctangent { ceiling: times(ceiling, 0), scale: times(scale, 1) }, 2)
        }
    };
    (parameter < n).then_some(moved)
}

/// `A^-1 b` of a symmetric positive definite matrix.
fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let rest = matrix[i][j] - (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
            lower[i][j] = if i == j { rest.max(1e-300).sqrt() } else { rest / lower[j][j] };
        }
    }
    let mut x = right.to_vec();
    for i in 0..n {
        x[i] = (x[i] - (0..i).map(|k| lower[i][k] * x[k]).sum::<f64>()) / lower[i][i];
    }
    for i in (0..n).rev() {
        x[i] = (x[i] - (i + 1..n).map(|k| lower[k][i] * x[k]).sum::<f64>()) / lower[i][i];
    }
    x
}

fn report(args: &AccountsArgs, kind: Kind, all: &[Judged]) {
    let name = match kind {
        Kind::Known => "families that are fitted",
        Kind::Unknown => "families that are not",
        Kind::Follows => "spend follows demand",
    };
    let quantile = |of: &dyn Fn(&Judged) -> f64, share: f64| {
        let mut sorted: Vec<f64> = all.iter().map(of).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * share).round() as usize]
    };
    let share = |of: &dyn Fn(&Judged) -> bool| all.iter().filter(|judged| of(judged)).count() as f64 / all.len() as f64;
    let width = quantile(&|judged| judged.width, 0.5);
    let oracle = quantile(&|judged| judged.oracle_width, 0.5);
    let line = json!({
        "bench": "accounts",
        "kind": name,
        "accounts": all.len(),
        "captured_median": quantile(&|judged| judged.captured, 0.5),
        "captured_p10": quantile(&|judged| judged.captured, 0.1),
        "worse_than_today": share(&|judged| judged.worse),
        "covered": share(&|judged| judged.covered),
        "width_median": width,
        "width_at_truth_median": oracle,
        "width_ratio_median": quantile(&|judged| judged.width / judged.oracle_width, 0.5),
        "gain_median": quantile(&|judged| judged.gain, 0.5),
        "gain_foreseen_median": quantile(&|judged| judged.foreseen, 0.5),
        "warned": share(&|judged| judged.warned),
        "seconds_median": quantile(&|judged| judged.seconds, 0.5),
    });
    if args.json {
        println!("{line}");
    } else {
        println!("{line:#}");
    }
}
