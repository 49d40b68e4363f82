//! Small nodes of trees without a limit, by sorted lists.
//!
//! Below some hundred rows a histogram is mostly zeros. The rows of such a node are copied together, sorted once by each
//! feature, and the sorted lists are divided from node to node: everything stays in the nearest cache.
//!
//! Source: Breiman et al. (1984), "Classification and Regression Trees", section 10.3 on keeping sorted lists.

use std::ops::Range;

use super::super::gradients::{Derivatives, Sums};
use super::super::matrix::BinnedMatrix;
use super::super::split::{Bounds, Cut, Split, SplitRules};
use super::by_leaf::may_be_split;
use super::deep::push_sides;
use super::{Grower, Grown, GrownNode, Plan};

/// Nodes of at most this many rows are finished by sorted lists; positions in them are bytes.
pub(super) const SMALL: usize = 256;
/// Gains below this share of a node's score may be rounding.
const NOISE: f64 = 1e-26;
/// A gain is better than another when it is this many times larger: ties are not broken by rounding.
const BETTER: f64 = 1.0 + 1e-12;

/// Room for small nodes.
pub(super) struct SmallNodes {
    rows: Vec<u32>,
    sums: Box<[Sums; SMALL]>,
    /// The same with the mean of the node that is looked at taken off the gradients.
    centred: Box<[Sums; SMALL]>,
    /// Positions of the rows, those of each node next to each other.
    order: Vec<u8>,
    /// By column of the matrix, and by feature: the codes and the bins of the rows, by position.
    codes: Vec<[u8; SMALL]>,
    bins: Vec<[u8; SMALL]>,
    /// By feature: bin and position of the rows, sorted by bin within each node.
    lists: Vec<Vec<u16>>,
    /// The features that vary in each node on the way down, node after node, each in ascending order.
    varying: Vec<u32>,
    goes_left: [bool; SMALL],
    spare: [u16; SMALL],
    state: u64,
}

/// A small node that waits for its split.
struct Waiting {
    node: usize,
    /// The features that vary in its parent, in [`SmallNodes::varying`].
    varying: Range<usize>,
}

impl SmallNodes {
    pub(super) fn new(matrix: &BinnedMatrix, plan: &Plan<'_>) -> Self {
        Self {
            rows: Vec::new(),
            sums: Box::new([Sums::default(); SMALL]),
            centred: Box::new([Sums::default(); SMALL]),
            order: Vec::new(),
            codes: vec![[0; SMALL]; matrix.columns.len()],
            bins: vec![[0; SMALL]; matrix.n_features()],
            lists: vec![Vec::new(); matrix.n_features()],
            varying: Vec::new(),
            goes_left: [false; SMALL],
            spare: [0; SMALL],
            state: plan.features.seed().value(),
        }
    }

    /// Grows everything below a node.
    pub(super) fn finish(&mut self, grower: &mut Grower<'_>, plan: &Plan<'_>, tree: &mut Grown, at: usize) {
        let range = tree.nodes[at].rows.clone();
        self.load(grower, plan, range.clone());
        tree.nodes[at].sums = self.total(0..self.rows.len());
        let first = tree.nodes.len();
        let mut todo = vec![Waiting { node: at, varying: 0..self.varying.len() }];
        while let Some(Waiting { node: at, varying }) = todo.pop() {
            if !may_be_split(plan, &tree.nodes[at]) {
                continue;
            }
            // What is beyond belonged to nodes that are done.
            self.varying.truncate(varying.end);
            let node = &tree.nodes[at];
            let local = node.rows.start - range.start..node.rows.end - range.start;
            // Added up again: a difference would bring along what was rounded away in larger nodes.
            let total = self.total(local.clone());
            let leaf = SmallLeaf::new(grower.matrix, plan, node, total, local);
            let used = tree.used_above(plan.features, at);
            let Some((feature, cut, gain)) = self.search(&leaf, plan, at, &used, varying.clone()) else { continue };
            let (middle, left) = self.divide(&leaf, feature, &cut);
            let split = Split { feature, cut, gain, left, right: leaf.total - left };
            let ranges = [leaf.rows.start..middle, middle..leaf.rows.end];
            // The features that vary in pairs are found without lists.
            let below = if leaf.rows.len() == 2 { varying } else { varying.end..self.varying.len() };
            if ranges.iter().any(|side| side.len() > 2) {
                self.divide_lists(leaf.rows, below.clone());
            }
            let ranges = ranges.map(|side| range.start + side.start..range.start + side.end);
            let [left, right] = push_sides(plan, tree, at, &split, &ranges);
            todo.push(Waiting { node: right, varying: below.clone() });
            todo.push(Waiting { node: left, varying: below });
        }
        if tree.nodes.len() > first {
            let moved = self.order.iter().map(|&position| self.rows[usize::from(position)]);
            grower.partition.rows_mut(range).iter_mut().zip(moved).for_each(|(row, moved)| *row = moved);
        }
    }

    /// The sums of some rows, by place in the order.
    fn total(&self, rows: Range<usize>) -> Sums {
        self.order[rows].iter().fold(Sums::default(), |sum, &position| sum + self.sums[usize::from(position)])
    }

    /// Copies the rows of a node together and sorts them by every feature that varies.
    fn load(&mut self, grower: &Grower<'_>, plan: &Plan<'_>, range: Range<usize>) {
        let rows = grower.partition.rows(range);
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        self.order.clear();
        self.order.extend((0..rows.len()).map(|position| position as u8));
        self.sums.fill(Sums::default());
        for (sums, &row) in self.sums.iter_mut().zip(rows) {
            *sums = unrounded(plan, row as usize);
        }
        // By block, where the codes of a row lie side by side.
        for block in &grower.matrix.blocks {
            let columns = &mut self.codes[block.first..block.first + block.width];
            for (position, &row) in rows.iter().enumerate() {
                let codes = &block.codes[row as usize * block.width..][..block.width];
                columns.iter_mut().zip(codes).for_each(|(column, &code)| column[position] = code);
            }
        }
        self.varying.clear();
        for (feature, (list, bins)) in self.lists.iter_mut().zip(&mut self.bins).enumerate() {
            let codes = &self.codes[grower.matrix.places[feature].0][..rows.len()];
            let bins = &mut bins[..rows.len()];
            bins.iter_mut().zip(codes).for_each(|(bin, &code)| *bin = grower.matrix.bin_of(feature, code));
            if bins.iter().all(|&bin| bin == bins[0]) {
                continue;
            }
            self.varying.push(feature as u32);
            let mut places = [0_u16; 256];
            bins.iter().for_each(|&bin| places[usize::from(bin)] += 1);
            let mut before = 0;
            for place in &mut places {
                (*place, before) = (before, before + *place);
            }
            list.resize(rows.len(), 0);
            for (&bin, position) in bins.iter().zip(0..) {
                let place = &mut places[usize::from(bin)];
                list[usize::from(*place)] = u16::from(bin) << 8 | position;
                *place += 1;
            }
        }
    }

    /// The best split of a node; leaves behind which of the features that vary in its parent do so in the node.
    fn search(
        &mut self,
        leaf: &SmallLeaf<'_>,
        plan: &Plan<'_>,
        at: usize,
        used: &[usize],
        varying: Range<usize>,
    ) -> Option<(usize, Cut, f64)> {
        if self.centre(leaf) <= leaf.least {
            return None;
        }
        let is_pair = leaf.rows.len() == 2;
        let features = if is_pair {
            varying
        } else {
            let below = self.varying.len();
            for index in varying {
                let list = &self.lists[self.varying[index] as usize];
                if list[leaf.rows.start] >> 8 != list[leaf.rows.end - 1] >> 8 {
                    self.varying.push(self.varying[index]);
                }
            }
            below..self.varying.len()
        };
        // From another feature at every node, so that ties are not always won by the first.
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let start = if plan.features.is_shuffled() { (self.state >> 33) as usize % features.len().max(1) } else { 0 };
        let features = &self.varying[features];
        let rows = SmallRows { sums: &self.sums, centred: &self.centred };
        let mut best: Option<(f64, usize, Cut)> = None;
        // Whether a further feature may be better.
        let mut look = |feature: usize| {
            let above = best.map_or(leaf.least, |(gain, ..)| gain);
            let found = if is_pair {
                let list = self.pair(leaf, feature);
                if list[0] >> 8 == list[1] >> 8 { None } else { leaf.best(feature, &list, rows, above) }
            } else {
                leaf.best(feature, &self.lists[feature][leaf.rows.clone()], rows, above)
            };
            if let Some((gain, cut)) = found {
                best = Some((gain, feature, cut));
            }
            // Whatever tells two rows apart does so equally well.
            !(is_pair && leaf.is_plain && best.is_some())
        };
        if plan.features.is_plain() {
            let mut turned = features[start..].iter().chain(&features[..start]);
            turned.all(|&feature| look(feature as usize));
        } else {
            plan.features.with(at, leaf.depth, used, |allowed| {
                let varies = |feature: &&usize| features.binary_search(&(**feature as u32)).is_ok();
                allowed.iter().filter(varies).all(|&feature| look(feature))
            });
        }
        best.map(|(gain, feature, cut)| (feature, cut, gain - leaf.rules.min_gain))
    }

    /// Takes the mean off the gradients of a node's rows; what is gained when each becomes a leaf.
    fn centre(&mut self, leaf: &SmallLeaf<'_>) -> f64 {
        if !leaf.is_plain {
            return f64::INFINITY;
        }
        let mean = leaf.total.g / leaf.total.h;
        let mut gain = 0.0;
        for &position in &self.order[leaf.rows.clone()] {
            let Sums { g, h } = self.sums[usize::from(position)];
            let g = g - h * mean;
            self.centred[usize::from(position)] = Sums { g, h };
            gain += g * g / h;
        }
        gain
    }

    /// The sorted list of a node of two rows.
    fn pair(&self, leaf: &SmallLeaf<'_>, feature: usize) -> [u16; 2] {
        let entry = |at: usize| {
            let position = self.order[leaf.rows.start + at];
            u16::from(self.bins[feature][usize::from(position)]) << 8 | u16::from(position)
        };
        let [a, b] = [entry(0), entry(1)];
        [a.min(b), a.max(b)]
    }

    /// Divides the order of a node's rows: where the right side starts, and the sums of the left.
    fn divide(&mut self, leaf: &SmallLeaf<'_>, feature: usize, cut: &Cut) -> (usize, Sums) {
        let bins = &leaf.matrix.features[feature];
        let order = &mut self.order[leaf.rows.clone()];
        let mut sums = Sums::default();
        let (mut left, mut right) = (0, 0);
        for at in 0..order.len() {
            let position = order[at];
            let row = usize::from(position);
            let goes_left = cut.goes_left(bins, self.bins[feature][row]);
            self.goes_left[row] = goes_left;
            order[left] = position;
            self.spare[right] = u16::from(position);
            left += usize::from(goes_left);
            right += usize::from(!goes_left);
            if goes_left {
                sums = sums + self.sums[row];
            }
        }
        order[left..].iter_mut().zip(&self.spare).for_each(|(position, &spare)| *position = spare as u8);
        (leaf.rows.start + left, sums)
    }

    /// Divides the lists of a node that was divided.
    fn divide_lists(&mut self, rows: Range<usize>, varying: Range<usize>) {
        for &feature in &self.varying[varying] {
            let list = &mut self.lists[feature as usize][rows.clone()];
            let (mut left, mut right) = (0, 0);
            for at in 0..list.len() {
                let entry = list[at];
                let goes_left = self.goes_left[usize::from(entry) & (SMALL - 1)];
                list[left] = entry;
                self.spare[right & (SMALL - 1)] = entry;
                left += usize::from(goes_left);
                right += usize::from(!goes_left);
            }
            list[left..].copy_from_slice(&self.spare[..right]);
        }
    }
}

/// The derivatives of a row before rounding, in the units of the rounded ones.
pub(crate) fn unrounded(plan: &Plan<'_>, row: usize) -> Sums {
    let Some(Derivatives { gradient, hessian }) = plan.exact else { return plan.rounded.row(row) };
    let scale = plan.rounded.scale;
    let h = hessian.get(row).map_or_else(|| plan.rounded.row(row).h, |h| h * scale.hessian);
    Sums { g: gradient[row] * scale.gradient, h }
}

/// The derivatives of the rows of small nodes, by position.
#[derive(Clone, Copy)]
struct SmallRows<'a> {
    sums: &'a [Sums; SMALL],
    centred: &'a [Sums; SMALL],
}

/// A small node that is looked at.
struct SmallLeaf<'a> {
    matrix: &'a BinnedMatrix,
    rules: &'a SplitRules,
    /// Whether gains are those of means, without penalties or bounds.
    is_plain: bool,
    total: Sums,
    bounds: Bounds,
    depth: usize,
    /// Its score without a split, and what a split has to gain more than.
    whole: f64,
    least: f64,
    rows: Range<usize>,
    least_rows: usize,
}

impl<'a> SmallLeaf<'a> {
    fn new(matrix: &'a BinnedMatrix, plan: &Plan<'a>, node: &GrownNode, total: Sums, rows: Range<usize>) -> Self {
        let rules = plan.rules;
        let whole = rules.score_within(total, node.bounds, rules.l2);
        Self {
            matrix,
            rules,
            is_plain: rules.is_plain(),
            total,
            bounds: node.bounds,
            depth: node.depth,
            whole,
            least: if rules.is_plain() {
                NOISE * whole.abs() + rules.min_gain
            } else {
                rules.least_score(total, node.bounds) - whole
            },
            rows,
            least_rows: plan.limits.min_samples_leaf,
        }
    }

    /// The best cut of a sorted list that gains more than `above`.
    fn best(&self, feature: usize, list: &[u16], rows: SmallRows<'_>, above: f64) -> Option<(f64, Cut)> {
        let bins = &self.matrix.features[feature];
        if bins.is_category() {
            return self.best_of_category(list, rows, above);
        }
        let n_known = match bins.missing_code() {
            Some(missing) => list.partition_point(|&entry| (entry >> 8) as u8 != missing),
            None => list.len(),
        };
        let direction = self.rules.monotone.get(feature).copied().unwrap_or(0);
        let scan = |list: &[u16], before: &[u16], above: f64| {
            if self.is_plain {
                self.scan(list, before, rows.centred, above)
            } else {
                self.scan_bounded(list, before, rows.sums, direction, above)
            }
        };
        // Missing values come last in the list: they are on the right.
        let right = scan(list, &[], above).map(|(gain, bin)| (gain, Cut::number(bin, false)));
        if n_known == list.len() || n_known == 0 {
            return right;
        }
        let above = right.map_or(above, |(gain, _)| gain);
        let (known, missing) = list.split_at(n_known);
        scan(known, missing, above).map(|(gain, bin)| (gain, Cut::number(bin, true))).or(right)
    }

    /// Looks between every two neighbours of different bins.
    ///
    /// With the node's mean taken off, the gradients of both sides are `g` and `-g`, and the gain is
    /// `g^2 (h_left + h_right) / (h_left h_right)`: compared without a division.
    fn scan(&self, list: &[u16], before: &[u16], centred: &[Sums; SMALL], above: f64) -> Option<(f64, u8)> {
        let row = |entry: u16| centred[usize::from(entry) & (SMALL - 1)];
        let total = self.total.h;
        let mut left = before.iter().fold(Sums::default(), |sum, &entry| sum + row(entry));
        let mut bar = BETTER * above / total;
        let mut best = None;
        for (at, pair) in list.windows(2).enumerate() {
            left = left + row(pair[0]);
            let product = left.h * (total - left.h);
            if left.g * left.g > bar * product
                && pair[0] >> 8 != pair[1] >> 8
                && self.is_allowed(at + 1 + before.len(), left.h)
            {
                let gain = left.g * left.g / product;
                bar = BETTER * gain;
                best = Some((gain * total, (pair[0] >> 8) as u8));
            }
        }
        best
    }

    /// Whether both sides are large enough.
    fn is_allowed(&self, rows: usize, hessian: f64) -> bool {
        rows >= self.least_rows
            && self.rows.len() - rows >= self.least_rows
            && hessian >= self.rules.min_hessian
            && self.total.h - hessian >= self.rules.min_hessian
    }

    /// The same where values are held between bounds.
    fn scan_bounded(
        &self,
        list: &[u16],
        before: &[u16],
        sums: &[Sums; SMALL],
        direction: i8,
        above: f64,
    ) -> Option<(f64, u8)> {
        let row = |entry: u16| sums[usize::from(entry) & (SMALL - 1)];
        let mut left = before.iter().fold(Sums::default(), |sum, &entry| sum + row(entry));
        let mut best = None;
        let mut look = |n_rows: usize, left: Sums, bin: u16| {
            if self.is_allowed(n_rows, left.h)
                && let Some(score) = self.rules.sides(left, self.total - left, direction, self.bounds, self.rules.l2)
                && score - self.whole > BETTER * best.map_or(above, |(gain, _)| gain)
            {
                best = Some((score - self.whole, bin as u8));
            }
        };
        // Missing values alone may go either way, and a direction may want them on the left.
        if !before.is_empty() && list[0] >> 8 > 0 {
            look(before.len(), left, (list[0] >> 8) - 1);
        }
        for (at, pair) in list.windows(2).enumerate() {
            left = left + row(pair[0]);
            if pair[0] >> 8 != pair[1] >> 8 {
                look(at + 1 + before.len(), left, pair[0] >> 8);
            }
        }
        best
    }

    fn best_of_category(&self, list: &[u16], rows: SmallRows<'_>, above: f64) -> Option<(f64, Cut)> {
        let mut runs: Vec<(u8, Sums, usize)> = list
            .chunk_by(|a, b| a >> 8 == b >> 8)
            .map(|run| {
                let sum =
                    run.iter().fold(Sums::default(), |sum, &entry| sum + rows.sums[usize::from(entry) & (SMALL - 1)]);
                ((run[0] >> 8) as u8, sum, run.len())
            })
            .collect();
        let smooth = self.rules.categories.smooth;
        let slope = |run: &(u8, Sums, usize)| run.1.g / (run.1.h + smooth);
        runs.sort_by(|a, b| slope(a).total_cmp(&slope(b)));
        let l2 = self.rules.l2 + self.rules.categories.l2;
        let (mut left, mut n_rows, mut bins) = (Sums::default(), 0, [0_u64; 4]);
        let mut best = None;
        let mut most = self.whole + above;
        for &(bin, sum, n) in &runs[..runs.len() - 1] {
            left = left + sum;
            n_rows += n;
            bins[usize::from(bin) / 64] |= 1 << (bin % 64);
            if self.is_allowed(n_rows, left.h)
                && let Some(score) = self.rules.sides(left, self.total - left, 0, self.bounds, l2)
                && score > most
            {
                most = score;
                best = Some((score, bins, left));
            }
        }
        let (score, mut bins, left) = best?;
        // Levels without rows here go where more rows went.
        if left.h > self.total.h - left.h {
            let mut present = [0_u64; 4];
            runs.iter().for_each(|&(bin, ..)| present[usize::from(bin) / 64] |= 1 << (bin % 64));
            bins.iter_mut().zip(present).for_each(|(bins, present)| *bins |= !present);
        }
        Some((score - self.whole, Cut { bins, ..Cut::number(0, false) }))
    }
}
