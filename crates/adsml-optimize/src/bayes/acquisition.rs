//! How much is expected of a plan, and the climb to where it is most.

use super::gp::{GaussianProcess, Posterior};
use super::kernel::Kernel;
use super::normal::{log_improvement, log_probability};
use crate::program::Program;
use crate::search::FeasibleSet;

/// Steps of one climb.
const MAX_STEPS: usize = 40;

/// What plans are judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    /// The greatest logarithm of the expected improvement on an objective, or of the probability of keeping the floor where
    /// nothing is known to keep it.
    Improve(Option<f64>),
    /// The greatest posterior mean of the objective, the floor kept by the mean.
    Mean,
}

/// The view from the observations over all plans.
#[derive(Debug)]
pub(super) struct Outlook<'a> {
    pub(super) program: &'a Program,
    pub(super) process: &'a GaussianProcess,
    /// Campaigns whose spend can move: the dimensions of the process.
    pub(super) active: &'a [Axis],
    point: Vec<f64>,
    posterior: Posterior,
}

/// A campaign whose spend can move, and how far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    pub(super) kernel: Kernel,
    pub(super) campaign: usize,
    pub(super) least: f64,
    pub(super) width: f64,
}

impl Axis {
    /// Where the process sees a spend, and how fast that moves with it.
    fn place(&self, spends: &[f64]) -> (f64, f64) {
        let (coordinate, slope) = self.kernel.coordinate((spends[self.campaign] - self.least) / self.width);
        (coordinate, slope / self.width)
    }

    /// Where the process sees a spend.
    pub(super) fn coordinate(&self, spends: &[f64]) -> f64 {
        self.place(spends).0
    }
}

/// Objective and floor, given a response.
struct Terms {
    /// What is known to be taken from the objective: spend and changes.
    costs: f64,
    /// The response that the floor asks for.
    needed: Option<f64>,
}

impl<'a> Outlook<'a> {
    pub(super) fn new(program: &'a Program, process: &'a GaussianProcess, active: &'a [Axis]) -> Self {
        Self { program, process, active, point: Vec::new(), posterior: Posterior::default() }
    }

    /// Posterior mean and standard deviation of the response to `spends`.
    pub(super) fn response(&mut self, spends: &[f64]) -> (f64, f64) {
        self.locate(spends);
        self.process.predict(&self.point, &mut self.posterior);
        (self.posterior.mean, self.posterior.sd)
    }

    /// What `spends` are worth towards `goal`.
    pub(super) fn value(&mut self, goal: Goal, spends: &[f64]) -> f64 {
        let (mean, sd) = self.response(spends);
        self.judge(goal, &terms(self.program, spends), mean, sd).value
    }

    /// [`value`](Self::value), writing its derivatives by the spends; 0 for those that cannot move.
    fn value_with_slopes(&mut self, goal: Goal, spends: &[f64], slopes: &mut [f64]) -> f64 {
        self.locate(spends);
        self.process.predict_with_slopes(&self.point, &mut self.posterior);
        let judged = self.judge(goal, &terms(self.program, spends), self.posterior.mean, self.posterior.sd);
        slopes.fill(0.0);
        let program = self.program;
        let ratio = program.floor.map_or(0.0, |floor| floor.ratio);
        for (i, axis) in self.active.iter().enumerate() {
            let term = &program.terms[axis.campaign];
            let change = match spends[axis.campaign].partial_cmp(&term.today) {
                Some(std::cmp::Ordering::Greater) => term.change_cost,
                Some(std::cmp::Ordering::Less) => -term.change_cost,
                _ => 0.0,
            };
            slopes[axis.campaign] = (judged.by_mean * self.posterior.mean_slopes[i]
                + judged.by_sd * self.posterior.sd_slopes[i])
                * axis.place(spends).1
                + judged.by_costs * (program.cost + change)
                + judged.by_needed * ratio;
        }
        judged.value
    }

    fn locate(&mut self, spends: &[f64]) {
        self.point.clear();
        self.point.extend(self.active.iter().map(|axis| axis.coordinate(spends)));
    }

    fn judge(&self, goal: Goal, terms: &Terms, mean: f64, sd: f64) -> Judged {
        let reward = self.program.reward;
        let mut judged = Judged::default();
        match goal {
            Goal::Mean => {
                judged.value = reward * mean - terms.costs;
                (judged.by_mean, judged.by_costs) = (reward, -1.0);
                if let Some(missing) = terms.needed.map(|needed| needed - mean).filter(|&missing| missing > 0.0) {
                    // Steep enough that no gain in the objective pays for it, and a climb finds back.
                    let price = 1e3 * reward.max(1.0);
                    judged.value -= price * missing;
                    judged.by_mean += price;
                    judged.by_needed = -price;
                }
            }
            Goal::Improve(best) => {
                if let Some(best) = best {
                    judged.improve(reward, best, terms.costs, mean, sd);
                }
                if let Some(needed) = terms.needed {
                    let z = (mean - needed) / sd;
                    let (log, slope) = log_probability(z);
                    judged.value += log;
                    judged.by_mean += slope / sd;
                    judged.by_needed -= slope / sd;
                    judged.by_sd -= slope * z / sd;
                }
            }
        }
        judged
    }

    /// Climbs from `x`, a feasible plan, by projected gradients with backtracking, keeping which campaigns are paused; the value
    /// it ends at.
    pub(super) fn climb(&mut self, set: &FeasibleSet<'_>, goal: Goal, x: &mut [f64]) -> f64 {
        let n = x.len();
        let (mut slopes, mut trial, mut trial_slopes) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let mut value = self.value_with_slopes(goal, x, &mut slopes);
        let steepest = slopes.iter().fold(0.0_f64, |most, slope| most.max(slope.abs()));
        if !(steepest > 0.0 && steepest.is_finite()) {
            return value;
        }
        let reach = self.active.iter().map(|axis| axis.width).fold(0.0, f64::max);
        let mut step = 0.1 * reach / steepest;
        let shortest = 1e-7 * reach;
        for _ in 0..MAX_STEPS {
            let reached = loop {
                for i in 0..n {
                    trial[i] = x[i] + step * slopes[i];
                }
                set.project_like(&mut trial, x);
                let (mut rise, mut moved) = (0.0, 0.0_f64);
                for i in 0..n {
                    rise += slopes[i] * (trial[i] - x[i]);
                    moved = moved.max((trial[i] - x[i]).abs());
                }
                if moved < shortest {
                    return value;
                }
                let reached = self.value_with_slopes(goal, &trial, &mut trial_slopes);
                if reached >= value + 1e-3 * rise {
                    break reached;
                }
                step *= 0.3;
            };
            // Barzilai and Borwein's step, from the last two slopes.
            let (mut moved, mut bent) = (0.0, 0.0);
            for i in 0..n {
                let by = trial[i] - x[i];
                moved += by * by;
                bent += by * (slopes[i] - trial_slopes[i]);
            }
            step = if bent > 0.0 { (moved / bent).min(100.0 * step) } else { 4.0 * step };
            let gain = reached - value;
            x.copy_from_slice(&trial);
            slopes.copy_from_slice(&trial_slopes);
            value = reached;
            if gain.abs() <= 1e-9 * (1.0 + value.abs()) {
                break;
            }
        }
        value
    }
}

/// A value and its derivatives by what it is made of.
#[derive(Debug, Default)]
struct Judged {
    value: f64,
    by_mean: f64,
    by_sd: f64,
    by_costs: f64,
    by_needed: f64,
}

impl Judged {
    /// The logarithm of the expected improvement of `reward * response - costs` on `best`.
    fn improve(&mut self, reward: f64, best: f64, costs: f64, mean: f64, sd: f64) {
        if reward > 0.0 {
            let spread = reward * sd;
            let z = (reward * mean - costs - best) / spread;
            let (log, slope) = log_improvement(z);
            self.value = log + spread.ln();
            self.by_mean = slope / sd;
            self.by_costs = -slope / spread;
            self.by_sd = (1.0 - slope * z) / sd;
        } else {
            // The objective is known: its improvement itself; where there is none, the tangent goes on.
            let (gain, least) = (-costs - best, 1e-4 * best.abs().max(1e-6));
            if gain > least {
                (self.value, self.by_costs) = (gain.ln(), -1.0 / gain);
            } else {
                (self.value, self.by_costs) = (least.ln() + (gain - least) / least, -1.0 / least);
            }
        }
    }
}

fn terms(program: &Program, spends: &[f64]) -> Terms {
    let total: f64 = spends.iter().sum();
    let changes: f64 =
        program.terms.iter().zip(spends).map(|(term, x)| term.change_cost * (x - term.today).abs()).sum();
    Terms {
        costs: program.cost * total + changes,
        needed: program.floor.map(|floor| floor.ratio * total + floor.least),
    }
}

/// The objective of a response to `spends`, and by how much the floor is missed.
pub(super) fn objective(program: &Program, spends: &[f64], response: f64) -> (f64, f64) {
    let missing = program.floor.map_or(0.0, |floor| floor.shortfall(response, spends.iter().sum()));
    (program.reward * response - terms(program, spends).costs, missing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::random_program;

    #[test]
    fn slopes_of_every_goal_are_those_of_finite_differences() {
        let mut checked = 0;
        for seed in 0..40 {
            let program = random_program(seed);
            let kernel = if seed % 2 == 0 { Kernel::Additive } else { Kernel::Ard };
            let axis = |campaign| Axis { kernel, campaign, least: 0.0, width: 10.0 };
            let axes: Vec<Axis> = (0..program.n_campaigns()).map(axis).collect();
            let d = axes.len();
            let x: Vec<f64> = (0..4 * d).map(|i| (0.37 * i as f64 + 0.1).fract()).collect();
            let process = GaussianProcess::fit(kernel, d, &x, &[3.0, 5.0, 4.0, 6.5], &mut None).unwrap();
            let mut outlook = Outlook::new(&program, &process, &axes);
            let spends: Vec<f64> = (0..d).map(|i| 2.3 + 1.1 * i as f64).collect();
            for goal in [Goal::Mean, Goal::Improve(Some(4.2)), Goal::Improve(None)] {
                let mut slopes = vec![0.0; d];
                outlook.value_with_slopes(goal, &spends, &mut slopes);
                for i in 0..d {
                    let mut moved = |by: f64| {
                        let mut spends = spends.clone();
                        spends[i] += by;
                        outlook.value(goal, &spends)
                    };
                    let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    let tolerance = 1e-5 * difference.abs().max(1.0);
                    assert!((slopes[i] - difference).abs() < tolerance, "{goal:?} {} {difference}", slopes[i]);
                    checked += 1;
                }
            }
        }
        assert!(checked > 200);
    }
}
