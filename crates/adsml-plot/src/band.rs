//! Bands around lines, and lines read between their points.

use crate::{
    canvas::{Canvas, Paint, Point},
    palette::FAINT,
};

/// The area between two lines of equally many points; a stroke where they are of one.
pub(crate) fn band(canvas: &mut Canvas, low: &[Point], high: &[Point], paint: Paint) {
    match (low, high) {
        ([low], [high]) => canvas.line(*low, *high, paint.outlined(FAINT, 6.0)),
        _ => {
            let outline: Vec<Point> = low.iter().chain(high.iter().rev()).copied().collect();
            canvas.polygon(&outline, paint);
        }
    }
}

/// The value at `x` of a line through points with ascending `xs`; beyond them the nearest one's.
pub(crate) fn between(xs: &[f64], values: &[f64], x: f64) -> f64 {
    let above = xs.partition_point(|&at| at < x).min(xs.len() - 1);
    if above == 0 || xs[above] <= x {
        return values[above];
    }
    let below = above - 1;
    // Halves, so that differences of the largest numbers do not overflow.
    let share = (x / 2.0 - xs[below] / 2.0) / (xs[above] / 2.0 - xs[below] / 2.0);
    values[below] * (1.0 - share) + values[above] * share
}

/// Ascending `xs` in parts that end, and begin anew, at each of the ascending `cuts` that lies between them.
pub(crate) fn sections(xs: &[f64], cuts: &[f64]) -> Vec<Vec<f64>> {
    let mut parts = vec![Vec::with_capacity(xs.len())];
    let mut cuts: Vec<f64> = cuts.iter().copied().filter(|&cut| xs[0] < cut && cut < xs[xs.len() - 1]).collect();
    cuts.dedup();
    let mut cuts = cuts.into_iter().peekable();
    for &x in xs {
        while let Some(cut) = cuts.next_if(|&cut| cut <= x) {
            let last = parts.len() - 1;
            parts[last].push(cut);
            parts.push(vec![cut]);
        }
        let last = parts.len() - 1;
        if parts[last].last() != Some(&x) {
            parts[last].push(x);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_straight_between_points_and_level_beyond() {
        let at = |x| between(&[1.0, 3.0, 5.0], &[0.0, 4.0, 2.0], x);
        assert_eq!([0.0, 1.0, 2.0, 3.0, 4.5, 5.0, 9.0].map(at), [0.0, 0.0, 2.0, 4.0, 2.5, 2.0, 2.0]);
        assert_eq!(between(&[f64::MIN, f64::MAX], &[f64::MIN, f64::MAX], 0.0), 0.0);
    }

    #[test]
    fn sections_share_their_cuts_and_leave_out_those_beyond() {
        let xs = [0.0, 1.0, 2.0];
        assert_eq!(sections(&xs, &[]), [xs.to_vec()]);
        assert_eq!(sections(&xs, &[-1.0, 0.5]), [vec![0.0, 0.5], vec![0.5, 1.0, 2.0]]);
        assert_eq!(sections(&xs, &[1.0, 1.0]), [vec![0.0, 1.0], vec![1.0, 2.0]]);
        assert_eq!(sections(&xs, &[0.2, 0.4]), [vec![0.0, 0.2], vec![0.2, 0.4], vec![0.4, 1.0, 2.0]]);
        assert_eq!(sections(&xs, &[0.0, 2.0, 3.0]), [xs.to_vec()]);
    }
}
