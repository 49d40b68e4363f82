//! Budget problems that are hard, or large, in the peers' own form.
//!
//! | Files | What is hard about them |
//! |---|---|
//! | `hard_{5,10,20,50}_s{1..5}` | every curve S-shaped, bounds open, 300 per campaign where half of a ceiling costs 300 to 3,000 |
//! | `hard_{5,10,20,50}_same_s{1..5}` | the same with one curve for all: every permutation of a plan is as good as the plan |
//! | `steps_20x{200,500,1000,2000}_s{1..3}` | 20 campaigns of so many steps, bounds open |
//! | `concave_{1000,100000}_s1` | nothing but their size; curves and bounds as in the peers' concave set |

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use adsml::core::{Seed, Stream};

use crate::instance::{Curve, Instance};

/// Options of `hard-instances`.
#[derive(Debug, clap::Args)]
pub(crate) struct HardInstancesArgs {
    /// Folder to write to; made where it is missing.
    folder: PathBuf,
}

pub(crate) fn run(args: &HardInstancesArgs) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(&args.folder)?;
    let mut written = 0;
    for instance in instances() {
        instance.write(&args.folder)?;
        written += 1;
    }
    println!("{written} instances in {}", args.folder.display());
    Ok(())
}

/// Every instance, made one at a time: the largest has 100,000 curves.
fn instances() -> impl Iterator<Item = Instance> {
    let s_shaped = [5, 10, 20, 50]
        .into_iter()
        .flat_map(|k| (1..=5).flat_map(move |seed| [false, true].into_iter().map(move |same| hard(k, same, seed))));
    let steps = [200, 500, 1000, 2000].into_iter().flat_map(|n| (1..=3).map(move |seed| steps(20, n, seed)));
    s_shaped.chain(steps).chain([1000, 100_000].into_iter().map(|k| concave(k, 1)))
}

/// S-shaped curves, open bounds, scarce budget.
fn hard(k: usize, same: bool, seed: u64) -> Instance {
    let mut random = Random(Seed::new(seed).stream(if same { "hard, same" } else { "hard" }, k as u64));
    let mut curve = || Curve::Hill { a: random.ceiling(), k: random.half_spend(), s: random.between(1.5, 4.0) };
    let curves = if same { vec![curve(); k] } else { (0..k).map(|_| curve()).collect() };
    let name = format!("hard_{k}{}_s{seed}", if same { "_same" } else { "" });
    open(name, if same { "same" } else { "sshaped" }, curves)
}

/// Steps at whole cents up to three times the half spend: every other campaign's along an S, the rest along an arc.
///
/// A jump is the trend's times a random factor of mean 1 and variance 5, so that many are small and a few large, as
/// isotonic regression leaves them.
fn steps(k: usize, n: usize, seed: u64) -> Instance {
    let mut random = Random(Seed::new(seed).stream("steps", n as u64));
    let curves = (0..k).map(|campaign| {
        let (a, half) = (random.ceiling(), random.half_spend());
        let exponent = if campaign % 2 == 0 { random.between(1.5, 4.0) } else { random.between(0.5, 1.0) };
        let most = (300.0 * half) as usize;
        let mut cents: Vec<usize> = (0..n).map(|_| 1 + random.0.below(most)).collect();
        cents.sort_unstable();
        for i in 1..n {
            cents[i] = cents[i].max(cents[i - 1] + 1);
        }
        let spend: Vec<f64> = cents.iter().map(|&cents| cents as f64 / 100.0).collect();
        let (mut before, mut sum) = (0.0, 0.0);
        let value = spend.iter().map(|&spend| {
            let power = (spend / half).powf(exponent);
            let trend = a * power / (1.0 + power);
            let draw = random.exponential();
            sum += (trend - before) * 0.5 * draw * draw + 2e-6;
            before = trend;
            rounded(sum)
        });
        let value = value.collect();
        Curve::Steps { spend, value }
    });
    let curves = curves.collect();
    open(format!("steps_{k}x{n}_s{seed}"), "steps", curves)
}

/// The peers' concave set, of any size.
fn concave(k: usize, seed: u64) -> Instance {
    let mut random = Random(Seed::new(seed).stream("concave", k as u64));
    let curves = (0..k).map(|_| {
        let (a, half) = (random.ceiling(), random.half_spend());
        match random.0.below(3) {
            0 => Curve::Hill { a, k: half, s: random.between(0.5, 1.0) },
            1 => Curve::Log { a, k: half },
            _ => Curve::Power { a, k: half, s: random.between(0.3, 0.8) },
        }
    });
    let instance = open(format!("concave_{k}_s{seed}"), "concave", curves.collect());
    Instance { total_budget: 1000.0 * k as f64, lower: vec![200.0; k], upper: vec![10_000.0; k], ..instance }
}

/// From nothing to everything for every campaign, 300 each on average.
fn open(name: String, variant: &str, curves: Vec<Curve>) -> Instance {
    let (k, total) = (curves.len(), 300.0 * curves.len() as f64);
    let formulas = [
        ("hill", "a*x^s/(k^s+x^s)"),
        ("log", "a*ln(1+x/k)"),
        ("power", "a*(x/k)^s"),
        ("steps", "value[i] where spend[i] <= x < spend[i+1], 0 before spend[0]"),
    ];
    Instance {
        name,
        k,
        variant: variant.to_owned(),
        total_budget: total,
        formulas: BTreeMap::from(formulas.map(|(kind, formula)| (kind.to_owned(), formula.to_owned()))),
        curves,
        lower: vec![0.0; k],
        upper: vec![total; k],
        optimum: None,
    }
}

/// The distributions of the peers' `budgets.py`, rounded as there.
struct Random(Stream);

impl Random {
    /// Log-normal around 500.
    fn ceiling(&mut self) -> f64 {
        rounded((500.0_f64.ln() + 0.6 * self.normal()).exp())
    }

    /// Log-uniform from 300 to 3,000.
    fn half_spend(&mut self) -> f64 {
        rounded(1000.0 * self.uniform(0.3_f64.ln(), 3.0_f64.ln()).exp())
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        rounded(self.uniform(from, to))
    }

    fn uniform(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.0.uniform()
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.0.uniform()).ln()
    }

    /// Box and Muller (1958).
    fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.0.uniform()).cos()
    }
}

/// To six decimal digits.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_five_of_each_hard_set_and_all_are_feasible() {
        let mut hard = 0;
        for instance in instances().take_while(|instance| instance.variant != "concave") {
            assert!(instance.problem().is_ok(), "{}", instance.name);
            hard += usize::from(instance.name.starts_with("hard"));
        }
        assert_eq!(hard, 2 * 4 * 5);
        assert_eq!(concave(1000, 1).problem().unwrap().campaigns().len(), 1000);
    }

    #[test]
    fn a_file_has_the_numbers_it_was_written_with() {
        for instance in [hard(5, true, 3), steps(20, 200, 1), concave(10, 1)] {
            let text = serde_json::to_string(&instance).unwrap();
            assert_eq!(serde_json::from_str::<Instance>(&text).unwrap(), instance);
        }
    }

    #[test]
    fn no_step_is_lost() {
        for curve in steps(20, 2000, 1).curves {
            let Curve::Steps { spend, value } = curve else { panic!("not steps") };
            assert_eq!((spend.len(), value.len()), (2000, 2000));
            let ascend = |numbers: &[f64]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
            assert!(spend[0] > 0.0 && ascend(&spend) && ascend(&value));
        }
    }

    #[test]
    fn ceilings_and_half_spends_are_distributed_as_the_peers() {
        let mut random = Random(Seed::new(1).stream("test", 0));
        let n = 10_000.0;
        let draws: Vec<(f64, f64)> = (0..10_000).map(|_| (random.ceiling().ln(), random.half_spend())).collect();
        let mean = draws.iter().map(|draw| draw.0).sum::<f64>() / n;
        let variance = draws.iter().map(|draw| (draw.0 - mean).powi(2)).sum::<f64>() / n;
        // Five standard errors: 0.6 / 100 of the mean, 0.36 * sqrt(2) / 100 of the variance.
        assert!((mean - 500.0_f64.ln()).abs() < 0.03 && (variance - 0.36).abs() < 0.0255, "{mean} {variance}");
        assert!(draws.iter().all(|draw| (300.0..=3000.0).contains(&draw.1)));
    }
}
