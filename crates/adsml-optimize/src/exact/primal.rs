//! Plans from relaxations: rounding the states of campaigns, then solving what is left concave.

use std::num::NonZeroUsize;

use super::choice::{Domain, concave_stretch, is_plain};
use super::part::{Twins, is_reachable};
use super::relax::{Relaxed, Relaxer};
use crate::certificate::Prices;
use crate::program::Program;

/// Spends worth trying as a plan, from the relaxation of a part: feasible but for the floor, up to rounding error.
pub(super) fn candidates(
    program: &Program,
    relaxer: &mut Relaxer<'_>,
    domains: &[Domain],
    relaxed: &Relaxed,
    twins: &Twins,
) -> Vec<Vec<f64>> {
    let mut found = Vec::new();
    let jumpers = jumpers(program, relaxed, domains, twins);
    if jumpers.is_empty() {
        // One state each: where all is concave, the mixture is the solution.
        if !program.terms.iter().zip(domains).all(|(term, domain)| is_plain(term, domain)) {
            found.extend(local(program, relaxer, domains, &relaxed.spends, &relaxed.prices));
        }
        found.push(relaxed.spends.clone());
        return found;
    }
    let mut orders = vec![jumpers];
    if orders[0].len() > 1 {
        let mut other = orders[0].clone();
        other.reverse();
        orders.push(other);
    }
    for order in orders {
        for extra in [false, true] {
            let states = greedy_states(program, relaxed, &order, extra);
            found.extend(local(program, relaxer, domains, &states, &relaxed.prices));
        }
    }
    found.push(relaxed.spends.clone());
    found
}

/// Campaigns that jump at the price, the greatest jump first; twins in their order.
fn jumpers(program: &Program, relaxed: &Relaxed, domains: &[Domain], twins: &Twins) -> Vec<usize> {
    let jump = |i: usize| relaxed.cheap[i] - relaxed.dear[i];
    let mut jumpers: Vec<usize> = (0..domains.len())
        .filter(|&i| jump(i) > 1e-6 * domains[i].most() && !is_plain(&program.terms[i], &domains[i]))
        .collect();
    jumpers.sort_by(|&a, &b| {
        jump(b).total_cmp(&jump(a)).then_with(|| match (twins.place(a), twins.place(b)) {
            (Some((_, a)), Some((_, b))) => a.cmp(&b),
            _ => a.cmp(&b),
        })
    });
    jumpers
}

/// Jumpers go up in order while the money lasts (and one more if `extra`); the others stay down.
fn greedy_states(program: &Program, relaxed: &Relaxed, order: &[usize], extra: bool) -> Vec<f64> {
    let mut states = relaxed.spends.clone();
    for &jumper in order {
        states[jumper] = relaxed.dear[jumper];
    }
    let target: f64 = relaxed.spends.iter().sum();
    let mut spent: f64 = states.iter().sum();
    let mut left = usize::from(extra);
    let groups = &program.groups;
    let mut in_group: Vec<f64> =
        groups.iter().map(|group| group.members.iter().map(|&member| states[member]).sum()).collect();
    for &jumper in order {
        let rise = relaxed.cheap[jumper] - relaxed.dear[jumper];
        let group = program.group_of[jumper];
        let fits = spent + rise <= target && group.is_none_or(|group| in_group[group] + rise <= groups[group].most);
        if fits || left > 0 {
            left -= usize::from(!fits);
            states[jumper] = relaxed.cheap[jumper];
            spent += rise;
            if let Some(group) = group {
                in_group[group] += rise;
            }
        }
    }
    states
}

/// The best plan whose campaigns stay on the concave stretches that `states` are on.
fn local(
    program: &Program,
    relaxer: &mut Relaxer<'_>,
    domains: &[Domain],
    states: &[f64],
    prices: &Prices,
) -> Option<Vec<f64>> {
    let mut stretches: Vec<Domain> =
        (0..states.len()).map(|i| concave_stretch(program, i, &domains[i], states[i])).collect();
    if !is_reachable(program, &stretches) {
        // One campaign takes what is left or gives what is missing, inside its convex stretch.
        free_one(program, domains, states, &mut stretches);
        if !is_reachable(program, &stretches) {
            return None;
        }
    }
    Some(relaxer.relax(&stretches, prices, 0.0).spends)
}

/// Lets one campaign leave its stretch to take what is left of the total, or to give what is missing: the one with the least
/// room for it; where none has enough, all may move.
fn free_one(program: &Program, domains: &[Domain], states: &[f64], stretches: &mut [Domain]) {
    let least: f64 = stretches.iter().map(Domain::least).sum();
    let most: f64 = stretches.iter().map(Domain::most).sum();
    let too_low = most < program.total.0;
    let missing = if too_low { program.total.0 - most } else { (least - program.total.1).max(0.0) };
    let room = |i: usize| {
        if too_low { domains[i].most() - stretches[i].most() } else { stretches[i].least() - domains[i].from }
    };
    // The one that needs least of its room is disturbed least.
    let taker = (0..states.len())
        .filter(|&i| room(i) >= missing && !domains[i].is_empty() && domains[i].from <= domains[i].to)
        .min_by(|&a, &b| room(a).total_cmp(&room(b)));
    match taker {
        Some(i) if too_low => {
            let spend = (stretches[i].most() + missing).max(domains[i].from);
            stretches[i] = Domain::stretch(spend.min(domains[i].to), spend.min(domains[i].to));
        }
        Some(i) => {
            let spend = (stretches[i].least() - missing).max(domains[i].from);
            stretches[i] = Domain::stretch(spend, spend);
        }
        None => {
            for (stretch, domain) in stretches.iter_mut().zip(domains) {
                if domain.from <= domain.to && !(domain.zero && stretch.is_point()) {
                    *stretch = Domain::stretch(domain.from, domain.to);
                }
            }
        }
    }
}

/// The prices at which a plan's campaigns would not move: those of the concave problem around it.
pub(crate) fn local_prices(program: &Program, spends: &[f64], threads: NonZeroUsize) -> Option<Prices> {
    let stretches: Vec<Domain> = program
        .terms
        .iter()
        .zip(spends)
        .enumerate()
        .map(|(i, (term, &spend))| concave_stretch(program, i, &Domain::whole(term), spend))
        .collect();
    is_reachable(program, &stretches).then(|| {
        let start = Prices::default();
        Relaxer::new(program, threads).relax(&stretches, &start, 0.0).prices
    })
}
