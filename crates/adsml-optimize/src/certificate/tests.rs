//! Certificates that hold, and certificates that somebody has improved.

use std::sync::Arc;

use super::{Certificate, CertificateError, Node, Prices};
use crate::{
    BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, Hill, Logarithmic, OptimizeError, ResponseCurve, Shape,
    Total, UserCurve,
};

fn problem_of(curves: &[Arc<dyn ResponseCurve>], total: f64) -> BudgetProblem {
    BudgetProblem::builder(Currency::new("EUR"))
        .campaigns(curves.iter().enumerate().map(|(i, curve)| Campaign::with_curve(format!("C{i}"), curve.clone())))
        .total(Total::Exactly(total))
        .build()
        .unwrap()
}

/// S-shaped twins and others, with money for some: a certificate with cuts.
fn with_cuts() -> (BudgetProblem, Certificate) {
    let twin: Arc<dyn ResponseCurve> = Arc::new(Hill::new(500.0, 700.0, 3.0).unwrap());
    let mut curves = vec![twin; 3];
    for i in 0..4 {
        curves.push(Arc::new(Hill::new(400.0 + 50.0 * f64::from(i), 800.0 + 90.0 * f64::from(i), 2.5).unwrap()));
    }
    let problem = problem_of(&curves, 2500.0);
    let certificate = Exact::default().allocate(&problem).unwrap().certificate().clone();
    assert!(certificate.n_parts() > 2, "{certificate:?}");
    assert!(!certificate.twins.is_empty());
    (problem, certificate)
}

#[test]
fn a_proof_by_hand_is_accepted() {
    // 100 ln(1 + x / 100) twice over 200: 100 each, at a marginal return of 0.5 and a value of 200 ln 2.
    let curves: Vec<Arc<dyn ResponseCurve>> =
        (0..2).map(|_| Arc::new(Logarithmic::new(100.0, 100.0).unwrap()) as _).collect();
    let problem = problem_of(&curves, 200.0);
    let value = 200.0 * 2_f64.ln();
    let claimed = value * (1.0 + 1e-11);
    let mut certificate = Certificate {
        value,
        upper_bound: claimed,
        budgets: vec![10_000, 10_000],
        twins: Vec::new(),
        nodes: vec![Node::Bound(Prices { total: 0.5, ..Prices::default() }, claimed)],
    };
    let verified = certificate.verify(&problem).unwrap();
    assert_eq!((verified.parts, verified.gap < 1e-10), (1, true));
    assert_eq!(verified.trusted, [("a curve that is concave, as it declares".to_owned(), 2)]);
    // Any other price proves less.
    certificate.nodes = vec![Node::Bound(Prices { total: 0.51, ..Prices::default() }, claimed)];
    assert!(matches!(certificate.verify(&problem), Err(CertificateError::Bound { node: 0, .. })));
}

#[test]
fn the_certificate_of_a_plan_holds_and_says_what_it_trusts() {
    let (problem, certificate) = with_cuts();
    let verified = certificate.verify(&problem).unwrap();
    assert!(verified.gap < 1e-6 && verified.parts == certificate.n_parts());
    assert_eq!(verified.trusted, [("a curve that is S-shaped, as it declares".to_owned(), 7)]);
    assert!(verified.to_string().ends_with("\n  7 x a curve that is S-shaped, as it declares"));
}

#[test]
fn without_one_of_its_nodes_a_certificate_is_refused() {
    let (problem, certificate) = with_cuts();
    for dropped in 0..certificate.nodes.len() {
        let mut improved = certificate.clone();
        improved.nodes.remove(dropped);
        assert!(improved.verify(&problem).is_err(), "without node {dropped}");
    }
    let mut longer = certificate.clone();
    longer.nodes.push(Node::Bound(Prices::default(), 0.0));
    assert!(matches!(longer.verify(&problem), Err(CertificateError::Malformed { .. })));
    let none = Certificate { nodes: Vec::new(), ..certificate };
    assert!(matches!(none.verify(&problem), Err(CertificateError::Malformed { .. })));
}

#[test]
fn a_number_moved_by_a_millionth_in_the_favourable_direction_is_refused() {
    let (problem, certificate) = with_cuts();
    let favourable = 1.0 - 1e-6;
    let lower = Certificate { upper_bound: certificate.upper_bound * favourable, ..certificate.clone() };
    assert!(matches!(lower.verify(&problem), Err(CertificateError::UpperBound { .. })));
    let better = Certificate { value: certificate.value * (1.0 + 1e-6), ..certificate.clone() };
    assert!(matches!(better.verify(&problem), Err(CertificateError::Value { .. })));
    for i in 0..certificate.nodes.len() {
        let mut improved = certificate.clone();
        if let Node::Bound(_, bound) = &mut improved.nodes[i] {
            *bound *= favourable;
            assert!(matches!(improved.verify(&problem), Err(CertificateError::Bound { .. })), "node {i}");
        }
    }
    let mut richer = certificate.clone();
    richer.budgets[0] += 1;
    assert!(matches!(richer.verify(&problem), Err(CertificateError::Plan(_))));
}

#[test]
fn twins_that_are_not_and_prices_that_prove_nothing_are_refused() {
    let (problem, certificate) = with_cuts();
    let strangers = Certificate { twins: vec![vec![0, 1, 2], vec![3, 4]], ..certificate.clone() };
    let error = strangers.verify(&problem).unwrap_err();
    assert_eq!(error.to_string(), "campaigns 3 and 4 are called twins, but they differ in their curves");
    let twice = Certificate { twins: vec![vec![0, 1], vec![1, 2]], ..certificate.clone() };
    assert!(matches!(twice.verify(&problem), Err(CertificateError::Twins { .. })));
    let nobody = Certificate { twins: vec![vec![0, 99]], ..certificate.clone() };
    assert!(matches!(nobody.verify(&problem), Err(CertificateError::Twins { .. })));
    for prices in [
        Prices { total: f64::NAN, ..Prices::default() },
        Prices { floor: -1.0, ..Prices::default() },
        Prices { floor: 1.0, ..Prices::default() },
        Prices { groups: vec![0.0], ..Prices::default() },
    ] {
        let odd = Certificate { twins: Vec::new(), nodes: vec![Node::Bound(prices, 1e9)], ..certificate.clone() };
        assert!(odd.verify(&problem).is_err());
    }
    let empty = Certificate { nodes: vec![Node::Empty], ..certificate };
    assert!(matches!(empty.verify(&problem), Err(CertificateError::NotEmpty { node: 0 })));
}

#[test]
fn a_deep_tree_needs_no_deep_stack() {
    let (problem, certificate) = with_cuts();
    let depth = 200_000;
    let mut nodes: Vec<Node> = (0..depth).map(|i| Node::Cut(6, 250_000 - i)).collect();
    nodes.extend((0..=depth).map(|_| Node::Empty));
    let deep = Certificate { nodes, ..certificate };
    assert!(matches!(deep.verify(&problem), Err(CertificateError::NotEmpty { .. })));
}

#[test]
fn curves_that_are_not_what_they_declare_are_named() {
    let falls = UserCurve::new(Shape::Monotone, |x| 10.0 * (x / 30.0).sin(), |x| (x / 30.0).cos() / 3.0);
    let bends = UserCurve::new(Shape::Concave, |x| x * x, |x| 2.0 * x);
    let slope = UserCurve::new(Shape::Concave, |x: f64| 10.0 * x.ln_1p(), |x: f64| 5.0 / (1.0 + x));
    for (curve, words) in [
        (Arc::new(falls) as Arc<dyn ResponseCurve>, "declares itself monotone, but it falls"),
        (Arc::new(bends), "declares itself concave, but its slope rises"),
        (Arc::new(slope), "is not between its slopes"),
    ] {
        let problem = problem_of(&[curve, Arc::new(Logarithmic::new(10.0, 50.0).unwrap())], 300.0);
        let certificate = Certificate {
            value: 0.0,
            upper_bound: 0.0,
            budgets: vec![30_000, 0],
            twins: Vec::new(),
            nodes: vec![Node::Bound(Prices::default(), 0.0)],
        };
        let error = certificate.verify(&problem).unwrap_err();
        assert!(
            matches!(&error, CertificateError::Declaration(OptimizeError::FalseDeclaration { id, .. }) if id == "C0")
        );
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_curve_of_unknown_shape_is_believed_where_it_bounds_itself_and_said_to_be() {
    #[derive(Debug)]
    struct Wave;
    impl ResponseCurve for Wave {
        fn value(&self, spend: f64) -> f64 {
            spend.min(100.0) + 5.0 * (spend / 7.0).sin()
        }
        fn marginal(&self, spend: f64) -> f64 {
            f64::from(u8::from(spend < 100.0)) + 5.0 / 7.0 * (spend / 7.0).cos()
        }
        fn shape(&self) -> Shape {
            Shape::Unknown
        }
        fn max_minus(&self, price: f64, [from, to]: [f64; 2]) -> crate::Maximum {
            let spend = if price < 1.0 { to.min(100.0).max(from) } else { from };
            let attained = self.value(spend) - price * spend;
            crate::Maximum { spend, attained, bound: spend.min(100.0) - price * spend + 5.0 }
        }
    }
    let problem = problem_of(&[Arc::new(Wave), Arc::new(Logarithmic::new(10.0, 50.0).unwrap())], 120.0);
    let plan = Exact::default().max_nodes(500).allocate(&problem).unwrap();
    let verified = plan.certificate().verify(&problem).unwrap();
    assert!(verified.trusted.iter().any(|(words, _)| words.contains("gives of itself")), "{verified}");
    assert!(verified.gap < 0.1, "{verified}");
}

#[cfg(feature = "serde")]
#[test]
fn a_certificate_survives_json_and_damage_never_panics() {
    let (problem, certificate) = with_cuts();
    let text = serde_json::to_string(&certificate).unwrap();
    let back: Certificate = serde_json::from_str(&text).unwrap();
    assert_eq!(back, certificate);
    back.verify(&problem).unwrap();
    let mut stream = adsml_core::Seed::new(5).stream("damage", 0);
    for end in (0..text.len()).step_by(7) {
        assert!(serde_json::from_str::<Certificate>(&text[..end]).is_err());
    }
    for _ in 0..2000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..3 {
            let at = stream.below(bytes.len());
            bytes[at] = b"0123456789-.e,[]{}\""[stream.below(19)];
        }
        if let Ok(damaged) = serde_json::from_slice::<Certificate>(&bytes) {
            // It may still be true; it may not panic.
            let _ = damaged.verify(&problem);
        }
    }
}

#[test]
fn prices_so_great_that_sums_overflow_prove_nothing() {
    let (problem, certificate) = with_cuts();
    for total in [1e308, -1e308] {
        let prices = Prices { total, ..Prices::default() };
        let forged = Certificate {
            upper_bound: certificate.value,
            twins: Vec::new(),
            nodes: vec![Node::Bound(prices, certificate.value)],
            ..certificate.clone()
        };
        assert!(matches!(forged.verify(&problem), Err(CertificateError::Bound { node: 0, .. })), "{total}");
    }
}

#[test]
fn a_curve_that_is_no_number_between_its_samples_proves_nothing() {
    for at in [50.0, 123.45] {
        let hole = move |x: f64| if x == at { f64::NAN } else { 20.0 * x.ln_1p() };
        // At every price below, the maximum is looked for at `at`: an end of its part, or the tangent there.
        let slope = move |x: f64| if x == at { f64::NAN } else { 20.0 / (1.0 + x) };
        for shape in [Shape::Concave, Shape::Monotone] {
            let curve = Arc::new(UserCurve::new(shape, hole, slope));
            let problem =
                problem_of(&[curve as Arc<dyn ResponseCurve>, Arc::new(Logarithmic::new(10.0, 50.0).unwrap())], 300.0);
            let value = problem.value(&[30_000, 0]).unwrap();
            let end = (at * 100.0) as i64;
            let prices = || Prices { total: 0.01, ..Prices::default() };
            let part = || Node::Bound(prices(), 1e9);
            let certificate = Certificate {
                value,
                upper_bound: 1e9,
                budgets: vec![30_000, 0],
                twins: Vec::new(),
                nodes: vec![Node::Cut(0, end), part(), part()],
            };
            let error = certificate.verify(&problem).unwrap_err();
            assert!(matches!(error, CertificateError::Bound { node: 1, .. }), "{shape:?} {at}: {error}");
            let there = Certificate { budgets: vec![end, 30_000 - end], nodes: vec![part()], ..certificate };
            assert!(matches!(there.verify(&problem), Err(CertificateError::Value { .. })));
        }
    }
}

#[test]
fn a_deep_tree_over_many_twins_needs_no_more_memory_than_its_cuts() {
    let twin: Arc<dyn ResponseCurve> = Arc::new(Hill::new(500.0, 700.0, 3.0).unwrap());
    let count = 20_000;
    let problem = problem_of(&vec![twin; count], 2500.0);
    // Each cut of the first twin narrows all of them: remembered one by one that would be 16 GB.
    let depth = 20_000;
    let mut nodes: Vec<Node> = (0..depth).map(|i| Node::Cut(0, 250_000 - i)).collect();
    nodes.extend((0..=depth).map(|_| Node::Empty));
    let mut budgets = vec![0; count];
    budgets[0] = 250_000;
    let value = problem.value(&budgets).unwrap();
    let deep = Certificate { value, upper_bound: value, budgets, twins: vec![(0..count).collect()], nodes };
    assert!(matches!(deep.verify(&problem), Err(CertificateError::NotEmpty { .. })));
}

#[test]
fn what_is_refused_is_told_with_its_numbers() {
    let (problem, certificate) = with_cuts();
    let leaf = |prices, claimed| vec![Node::Bound(prices, claimed)];
    let with = |nodes| Certificate { nodes, twins: Vec::new(), ..certificate.clone() };
    let floor = Prices { floor: -0.5, ..Prices::default() };
    let groups = Prices { groups: vec![0.25], ..Prices::default() };
    let refused = [
        Certificate { budgets: vec![0; 7], ..certificate.clone() },
        Certificate { value: 1.0, ..certificate.clone() },
        Certificate { upper_bound: 1.0, ..certificate.clone() },
        Certificate { twins: vec![vec![0, 3]], ..certificate.clone() },
        Certificate { twins: vec![vec![0, 1, 0]], ..certificate.clone() },
        with(Vec::new()),
        with(vec![Node::Cut(7, 0)]),
        with(vec![Node::Empty]),
        with(leaf(Prices { total: f64::INFINITY, ..Prices::default() }, 1e9)),
        with(leaf(floor, 1e9)),
        with(leaf(groups, 1e9)),
    ];
    let messages: Vec<String> =
        refused.iter().map(|certificate| certificate.verify(&problem).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(messages.join("\n"));
}
