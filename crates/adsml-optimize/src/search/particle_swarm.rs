//! Particle swarm.

use adsml_core::FitContext;

use super::driver::{Driver, at_least, check_max_evaluations, within};
use crate::{Allocation, BudgetOptimizer, BudgetProblem, Result, StoppingReason};

/// A particle swarm, as in pyswarm, on the feasible set itself.
///
/// ```text
/// v <- omega v + phip r_p (own best - x) + phig r_g (swarm's best - x),   x <- project(x + v)
/// ```
///
/// with `r_p` and `r_g` uniform on `[0, 1)`, anew for each campaign. Each particle sees what those before it have found in
/// the same iteration. It stops when the swarm's best, in an iteration that improves it, moves by less than `minstep` or
/// gains less than `minfunc`.
///
/// Defaults are those of the prototype: 100 particles, 100 iterations, `omega`, `phip` and `phig` 0.5, `minstep` 1e-8.
///
/// Source: Kennedy and Eberhart (1995), "Particle swarm optimization", ICNN; Shi and Eberhart (1998) for `omega`; pyswarm's `pso`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticleSwarm {
    swarm_size: usize,
    max_iter: usize,
    omega: f64,
    phip: f64,
    phig: f64,
    minstep: f64,
    minfunc: f64,
    max_evaluations: Option<usize>,
}

impl Default for ParticleSwarm {
    fn default() -> Self {
        Self {
            swarm_size: 100,
            max_iter: 100,
            omega: 0.5,
            phip: 0.5,
            phig: 0.5,
            minstep: 1e-8,
            minfunc: 1e-12,
            max_evaluations: None,
        }
    }
}

impl ParticleSwarm {
    /// Particles. At least 1; default 100.
    #[must_use]
    pub fn swarm_size(mut self, particles: usize) -> Self {
        self.swarm_size = particles;
        self
    }

    /// Iterations at most. At least 1; default 100.
    #[must_use]
    pub fn max_iter(mut self, iterations: usize) -> Self {
        self.max_iter = iterations;
        self
    }

    /// How much of its velocity a particle keeps. Between 0 and 1; default 0.5.
    #[must_use]
    pub fn omega(mut self, omega: f64) -> Self {
        self.omega = omega;
        self
    }

    /// The pull of the best place that a particle has seen. Between 0 and 4; default 0.5.
    #[must_use]
    pub fn phip(mut self, phip: f64) -> Self {
        self.phip = phip;
        self
    }

    /// The pull of the best place that the swarm has seen. Between 0 and 4; default 0.5.
    #[must_use]
    pub fn phig(mut self, phig: f64) -> Self {
        self.phig = phig;
        self
    }

    /// Stops when the swarm's best moves by less than this share of the budget. At least 0; default `1e-8`.
    #[must_use]
    pub fn minstep(mut self, minstep: f64) -> Self {
        self.minstep = minstep;
        self
    }

    /// Stops when the swarm's best gains less than this share of the objective. At least 0; default `1e-12`.
    ///
    /// pyswarm's 1e-8 is absolute: for an objective of ten thousand, the same.
    #[must_use]
    pub fn minfunc(mut self, minfunc: f64) -> Self {
        self.minfunc = minfunc;
        self
    }

    /// Evaluations of the objective at most. At least 1; default as many as the iterations need.
    #[must_use]
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.max_evaluations = Some(evaluations);
        self
    }

    fn check(&self) -> Result<()> {
        let owner = self.name();
        at_least(owner, "swarm_size", self.swarm_size, 1, "a whole number of at least 1")?;
        at_least(owner, "max_iter", self.max_iter, 1, "a whole number of at least 1")?;
        within(owner, "omega", self.omega, (0.0, 1.0), "a number in [0, 1]")?;
        within(owner, "phip", self.phip, (0.0, 4.0), "a number in [0, 4]")?;
        within(owner, "phig", self.phig, (0.0, 4.0), "a number in [0, 4]")?;
        within(owner, "minstep", self.minstep, (0.0, f64::MAX), "a finite number, at least 0")?;
        within(owner, "minfunc", self.minfunc, (0.0, f64::MAX), "a finite number, at least 0")?;
        check_max_evaluations(owner, self.max_evaluations)
    }

    fn swarm(&self, driver: &mut Driver<'_>) -> StoppingReason {
        let n = driver.program.n_campaigns();
        let mut stream = driver.stream(0);
        let mut places = vec![0.0; self.swarm_size * n];
        let mut velocities = places.clone();
        let mut standings = vec![driver.best().1; self.swarm_size];
        for (i, (place, velocity)) in places.chunks_exact_mut(n).zip(velocities.chunks_exact_mut(n)).enumerate() {
            if i == 0 {
                place.copy_from_slice(driver.best().0);
            } else {
                if let Some(reason) = driver.stop() {
                    return reason;
                }
                driver.set.sample(&mut stream, place);
                standings[i] = driver.evaluate(place);
            }
            // Towards another random point: a velocity along the set, as long as the set is wide.
            driver.set.sample(&mut stream, velocity);
            velocity.iter_mut().zip(&*place).for_each(|(to, from)| *to -= from);
        }
        let mut own_bests = places.clone();
        let mut last = driver.best().0.to_vec();
        driver.iterated(0, self.max_iter);
        for iteration in 1..=self.max_iter {
            let before = driver.best().1;
            last.copy_from_slice(driver.best().0);
            for (i, own_standing) in standings.iter_mut().enumerate() {
                if let Some(reason) = driver.stop() {
                    return reason;
                }
                let particle = i * n..(i + 1) * n;
                let (place, velocity) = (&mut places[particle.clone()], &mut velocities[particle.clone()]);
                let own_best = &mut own_bests[particle];
                let swarms_best = driver.best().0;
                for j in 0..n {
                    let own = self.phip * stream.uniform() * (own_best[j] - place[j]);
                    let common = self.phig * stream.uniform() * (swarms_best[j] - place[j]);
                    velocity[j] = self.omega * velocity[j] + own + common;
                    place[j] += velocity[j];
                }
                driver.set.project(place);
                let standing = driver.evaluate(place);
                if standing.beats(*own_standing) {
                    *own_standing = standing;
                    own_best.copy_from_slice(place);
                }
            }
            driver.iterated(iteration, self.max_iter);
            let (best, now) = driver.best();
            if now.beats(before) && now.shortfall == 0.0 && before.shortfall == 0.0 {
                let moved = best.iter().zip(&last).map(|(to, from)| (to - from).powi(2)).sum::<f64>().sqrt();
                if moved <= self.minstep * driver.set.scale()
                    || now.value - before.value <= self.minfunc * now.value.abs()
                {
                    return StoppingReason::Converged;
                }
            }
        }
        StoppingReason::MaxIterations
    }
}

impl BudgetOptimizer for ParticleSwarm {
    fn name(&self) -> &'static str {
        "particle_swarm"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        self.check()?;
        let mut driver = Driver::new(self.name(), problem, context, self.max_evaluations);
        let stopping = self.swarm(&mut driver);
        driver.finish(stopping)
    }
}
