//! Points drawn from the feasible set.

use adsml_core::Stream;

use super::FeasibleSet;

impl FeasibleSet<'_> {
    /// Replaces `x` by a random point of the set.
    ///
    /// A third of the draws spreads the money over everybody (Dirichlet weights, uniform on a simplex), a third over a
    /// random few, from one campaign to all; a third fills a random few to the brim, one after the other. Where returns
    /// are S-shaped and money is scarce, the best plans are such corners, and uniform draws never come near them.
    pub(crate) fn sample(&self, stream: &mut Stream, x: &mut [f64]) {
        let program = self.program;
        let kind = stream.below(3);
        let n = x.len() as f64;
        // Log-uniform between one campaign and all.
        let funded = if kind == 0 { 1.0 } else { n.powf(-stream.uniform()) };
        let base = |i: usize| if program.terms[i].or_zero { 0.0 } else { program.terms[i].lower };
        let bases: f64 = (0..x.len()).map(base).sum();
        let most = program.total.1.min(program.terms.iter().map(|term| term.upper).sum());
        let least = program.total.0.max(bases);
        let target =
            if least < most && stream.below(2) == 0 { least + stream.uniform() * (most - least) } else { most };
        let always = stream.below(x.len().max(1));
        let mut weights = 0.0;
        for (i, spend) in x.iter_mut().enumerate() {
            *spend = if i != always && stream.uniform() >= funded {
                f64::NAN
            } else if kind == 2 {
                stream.uniform()
            } else {
                -(1.0 - stream.uniform()).ln()
            };
            weights += if spend.is_nan() { 0.0 } else { *spend };
        }
        let free = (target - bases).max(0.0);
        for (i, spend) in x.iter_mut().enumerate() {
            *spend = base(i)
                + if spend.is_nan() {
                    // So far below that the others are filled first.
                    -8.0 * n * self.scale
                } else if kind == 2 {
                    // So far apart that one is full before the next is given anything.
                    4.0 * n * self.scale * *spend
                } else if weights > 0.0 {
                    free * *spend / weights
                } else {
                    0.0
                };
        }
        if program.total.0 < program.total.1 {
            // The amount was drawn; the projection onto "at most" would always spend all of it.
            self.project_to_sum(x, target);
        } else {
            self.project(x);
        }
    }
}
