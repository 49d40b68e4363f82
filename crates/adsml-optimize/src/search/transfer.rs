//! Transfers of money between two campaigns, which leave the feasible set feasible.

use adsml_core::Stream;

use crate::program::Program;

/// What groups and all campaigns spend at the moment.
#[derive(Debug)]
pub(super) struct Books {
    groups: Vec<f64>,
    total: f64,
}

/// An amount that one party gives to another; party `n_campaigns` is the purse of what is not spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transfer {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) amount: f64,
}

impl Books {
    pub(super) fn new(program: &Program) -> Self {
        Self { groups: vec![0.0; program.groups.len()], total: 0.0 }
    }

    /// Adds everything up anew.
    pub(super) fn balance(&mut self, program: &Program, x: &[f64]) {
        for (spent, limit) in self.groups.iter_mut().zip(&program.groups) {
            *spent = limit.members.iter().map(|&member| x[member]).sum();
        }
        self.total = x.iter().sum();
    }

    /// A random transfer that `x` allows; `None` when the parties drawn have nothing to trade.
    ///
    /// Half the time a campaign that may be paused gives all it has. Otherwise the amount is log-uniform: the most that
    /// is possible, times 10 to a power between `-fineness` and 0, so that it is as often coarse as fine.
    pub(super) fn propose(&self, program: &Program, x: &[f64], stream: &mut Stream, fineness: f64) -> Option<Transfer> {
        let n = x.len();
        let parties = n + usize::from(program.total.0 < program.total.1);
        if parties < 2 {
            return None;
        }
        let from = stream.below(parties);
        let to = stream.below(parties - 1);
        let to = to + usize::from(to >= from);
        let group = |party: usize| program.group_of.get(party).copied().flatten();
        let (giving, taking) = (group(from), group(to));
        let mut most = f64::INFINITY;
        if giving != taking {
            if let Some(group) = giving {
                most = most.min(self.groups[group] - program.groups[group].least);
            }
            if let Some(group) = taking {
                most = most.min(program.groups[group].most - self.groups[group]);
            }
        }
        let least = if to == n {
            most = most.min(self.total - program.total.0);
            0.0
        } else {
            let term = &program.terms[to];
            most = most.min(term.upper - x[to]);
            if term.or_zero && x[to] == 0.0 { term.lower } else { 0.0 }
        };
        let giver = program.terms.get(from);
        if giver.is_some_and(|term| term.or_zero && x[from] > 0.0) && stream.below(2) == 0 {
            let amount = x[from];
            return (amount >= least && amount <= most).then_some(Transfer { from, to, amount });
        }
        most = most.min(match giver {
            Some(term) => x[from] - term.lower,
            None => program.total.1 - self.total,
        });
        if !(most > 0.0 && most >= least) {
            return None;
        }
        let amount = least + (most - least) * 10.0_f64.powf(-fineness * stream.uniform());
        (amount > 0.0).then_some(Transfer { from, to, amount })
    }

    /// What both parties spend afterwards; campaigns only, 0 for the purse.
    pub(super) fn after(program: &Program, x: &[f64], transfer: Transfer) -> (f64, f64) {
        let Transfer { from, to, amount } = transfer;
        let given = program.terms.get(from).map_or(0.0, |term| {
            let rest = x[from] - amount;
            if term.or_zero && amount == x[from] { 0.0 } else { rest.max(term.lower) }
        });
        let taken = program.terms.get(to).map_or(0.0, |term| (x[to] + amount).max(term.lower).min(term.upper));
        (given, taken)
    }

    /// Makes a transfer.
    pub(super) fn apply(&mut self, program: &Program, x: &mut [f64], transfer: Transfer) {
        let (given, taken) = Self::after(program, x, transfer);
        for (party, spend) in [(transfer.from, given), (transfer.to, taken)] {
            if let Some(own) = x.get_mut(party) {
                let change = spend - *own;
                if let Some(group) = program.group_of[party] {
                    self.groups[group] += change;
                }
                self.total += change;
                *own = spend;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use adsml_core::Seed;
    use proptest::prelude::*;

    use super::*;
    use crate::search::FeasibleSet;
    use crate::search::feasible::tests::{any_program, complaint};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        #[test]
        fn transfers_never_leave_the_feasible_set(seed in any::<u64>(), n in 1..12_usize) {
            let mut stream = Seed::new(seed).stream("transfers", 0);
            let program = any_program(&mut stream, n);
            let mut x = vec![0.0; n];
            FeasibleSet::new(&program).sample(&mut stream, &mut x);
            let mut books = Books::new(&program);
            books.balance(&program, &x);
            for _ in 0..50 {
                if let Some(transfer) = books.propose(&program, &x, &mut stream, 3.0) {
                    books.apply(&program, &mut x, transfer);
                    prop_assert_eq!(complaint(&program, &x), None, "after {:?}", transfer);
                }
            }
        }
    }

    #[test]
    fn a_pausable_campaign_gives_all_or_keeps_its_minimum() {
        let mut stream = Seed::new(3).stream("pause", 0);
        let mut program = any_program(&mut stream, 2);
        for term in &mut program.terms {
            (term.lower, term.upper, term.or_zero) = (4.0, 10.0, true);
        }
        program.groups.clear();
        program.group_of = vec![None, None];
        program.total = (10.0, 10.0);
        let mut x = vec![5.0, 5.0];
        let mut books = Books::new(&program);
        books.balance(&program, &x);
        let (mut paused, mut both) = (0, 0);
        for _ in 0..200 {
            if let Some(transfer) = books.propose(&program, &x, &mut stream, 3.0) {
                books.apply(&program, &mut x, transfer);
            }
            paused += usize::from(x.contains(&0.0));
            both += usize::from(!x.contains(&0.0));
        }
        assert!(paused > 20 && both > 20, "{paused} {both}");
    }
}
