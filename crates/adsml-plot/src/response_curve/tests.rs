//! The chart of a small campaign, and of hostile numbers.

use proptest::prelude::*;

use super::*;
use crate::checks::{assert_only_numbers, assert_sound, count as elements, finite, name, texts};

fn brand() -> ResponseCurveChart {
    ResponseCurveChart::new("What does more spend on <brand> buy?")
        .subtitle("90 days")
        .spend("spend per day, EUR")
        .response("revenue per day, EUR")
        .observed(&[(40.0, 210.0), (60.0, 240.0), (90.0, 330.0)])
        .curve(&[0.0, 50.0, 100.0, 150.0], &[80.0, 230.0, 330.0, 400.0])
        .band(&[50.0, 210.0, 300.0, 310.0], &[110.0, 250.0, 360.0, 490.0])
        .support(40.0, 90.0)
        .now(60.0)
        .proposed(100.0)
}

#[test]
fn a_chart_looks_as_before() {
    let svg = brand().to_svg().unwrap();
    assert_sound(&svg);
    insta::assert_snapshot!(svg);
}

#[test]
fn the_curve_is_cut_where_the_support_ends() {
    // Below, within, beyond; each with its band.
    let svg = brand().to_svg().unwrap();
    assert_eq!((elements(&svg, "polyline"), elements(&svg, "polygon")), (3, 3));
    assert!(svg.contains("proposed: 100, which brings 330, beyond what was observed"), "{svg}");
    assert!(svg.contains("now: 60, which brings 250<"), "{svg}");
    // Without a support all of it is observed; with one that is elsewhere, nothing.
    let whole = ResponseCurveChart { support: None, ..brand() }.to_svg().unwrap();
    assert!(elements(&whole, "polyline") == 1 && !whole.contains("beyond"));
    let elsewhere = brand().support(500.0, 600.0).to_svg().unwrap();
    assert!(elements(&elsewhere, "polyline") == 1 && elsewhere.contains("now: 60, which brings 250, beyond"));
    assert_sound(&elsewhere);
}

#[test]
fn a_small_chart_is_narrow_and_has_no_legend() {
    let svg = brand().small().to_svg().unwrap();
    assert_sound(&svg);
    assert!(svg.contains(r#"width="380""#) && !texts(&svg).contains("fitted curve"));
}

#[test]
fn many_periods_do_not_make_a_large_file() {
    let many: Vec<(f64, f64)> = (0..200_000).map(|day| (f64::from(day % 100), 100.0)).collect();
    let svg = brand().observed(&many).to_svg().unwrap();
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
    assert!(texts(&svg).replace('\u{2009}', " ").contains("1 000 of 200 000 periods drawn"));
}

#[test]
fn errors_name_series_and_place() {
    let curve = |grid: &[f64], values: &[f64]| ResponseCurveChart::new("").curve(grid, values).to_svg();
    let errors = [
        ResponseCurveChart::new("").to_svg(),
        curve(&[1.0], &[1.0]),
        curve(&[1.0, 1.0], &[1.0, 1.0]),
        curve(&[1.0, f64::NAN], &[1.0, 1.0]),
        curve(&[1.0, 2.0], &[1.0]),
        curve(&[1.0, 2.0], &[1.0, f64::INFINITY]),
        brand().band(&[1.0], &[2.0]).to_svg(),
        brand().band(&[1.0, 1.0, 1.0, 9.0], &[2.0, 2.0, 2.0, 2.0]).to_svg(),
        brand().support(9.0, 1.0).to_svg(),
        brand().observed(&[(1.0, 1.0), (f64::NAN, 1.0)]).to_svg(),
        brand().now(-1.0).to_svg(),
        brand().proposed(f64::NAN).to_svg(),
    ];
    let texts = errors.map(|error| error.unwrap_err().to_string());
    insta::assert_snapshot!(texts.join("\n"), @r"
    length of grid is 0, expected a number from 2 to 10000
    length of grid is 1, expected a number from 2 to 10000
    grid 1 is 1, expected more than the value before it
    grid 1 is NaN, expected a finite number
    curve is of length 1, expected 2, the length of grid
    curve 1 is inf, expected a finite number
    lower end of the band is of length 1, expected 4, the length of grid
    band 3 runs from 9 to 2, expected low <= high
    support 0 runs from 9 to 1, expected low <= high
    observed spend 1 is NaN, expected a finite number
    spend now 0 is -1, expected a spend on the grid of the curve
    proposed spend 0 is NaN, expected a finite number
    ");
}

proptest! {
    #[test]
    fn any_finite_curve_gives_a_sound_chart(
        points in prop::collection::vec((finite(), finite(), finite()), 2..20),
        observed in prop::collection::vec((finite(), finite()), 0..20),
        support in prop::option::of((finite(), finite())),
        label in name(),
        small in any::<bool>(),
    ) {
        let mut grid: Vec<f64> = points.iter().map(|point| point.0).collect();
        grid.sort_by(f64::total_cmp);
        grid.dedup();
        prop_assume!(grid.len() > 1);
        let column = |of: fn(&(f64, f64, f64)) -> f64| points.iter().take(grid.len()).map(of).collect::<Vec<f64>>();
        let (low, high) = (column(|p| p.1.min(p.2)), column(|p| p.1.max(p.2)));
        let chart = ResponseCurveChart::new("").curve(&grid, &column(|p| p.1)).band(&low, &high).observed(&observed);
        let mut chart = chart.now(grid[0]).proposed(grid[grid.len() - 1]);
        if let Some((a, b)) = support {
            chart = chart.support(a.min(b), a.max(b));
        }
        if small {
            chart = chart.small();
        }
        assert_only_numbers(&chart.to_svg().unwrap());
        assert_sound(&chart.spend(label.clone()).response(label).to_svg().unwrap());
    }
}
