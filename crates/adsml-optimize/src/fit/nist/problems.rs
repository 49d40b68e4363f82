//! The reference problems: formula, data, starts and certified values.

use super::dual::Dual;
use crate::fit::levenberg_marquardt::Residuals;

/// One of the problems.
pub(super) struct Problem {
    pub(super) name: &'static str,
    formula: Formula,
    pub(super) starts: [Vec<f64>; 2],
    pub(super) certified: Vec<f64>,
    pub(super) certified_sd: Vec<f64>,
    pub(super) certified_sum_of_squares: f64,
    /// The response, and one or two predictors.
    y: Vec<f64>,
    x: Vec<[f64; 2]>,
}

/// The model's mean, from its parameters and predictors.
type Formula = fn(&[Dual], [f64; 2]) -> Dual;

impl Problem {
    /// All 27.
    pub(super) fn all() -> Vec<Self> {
        macro_rules! problems {
            ($($name:ident: $formula:expr,)*) => {
                vec![$(Self::read(
                    stringify!($name),
                    $formula,
                    include_str!(concat!("../../../tests/nist/", stringify!($name), ".txt")),
                )),*]
            };
        }
        problems! {
            Bennett5: |b, [x, _]| b[0] * (b[1] + x).pow(Dual::from(-1.0) / b[2]),
            BoxBOD: saturation,
            Chwirut1: chwirut,
            Chwirut2: chwirut,
            DanWood: |b, [x, _]| b[0] * (b[1] * x.ln()).exp(),
            ENSO: enso,
            Eckerle4: |b, [x, _]| b[0] / b[1] * (((-b[2] + x) / b[1]).square() * -0.5).exp(),
            Gauss1: gauss,
            Gauss2: gauss,
            Gauss3: gauss,
            Hahn1: cubics,
            Kirby2: |b, [x, _]| (b[0] + b[1] * x + b[2] * x * x) / (b[3] * x + b[4] * x * x + 1.0),
            Lanczos1: lanczos,
            Lanczos2: lanczos,
            Lanczos3: lanczos,
            MGH09: |b, [x, _]| b[0] * (b[1] * x + x * x) / (b[2] * x + b[3] + x * x),
            MGH10: |b, [x, _]| b[0] * (b[1] / (b[2] + x)).exp(),
            MGH17: |b, [x, _]| b[0] + b[1] * (b[3] * -x).exp() + b[2] * (b[4] * -x).exp(),
            Misra1a: saturation,
            Misra1b: |b, [x, _]| b[0] * (-(b[1] * (x / 2.0) + 1.0).powf(-2.0) + 1.0),
            Misra1c: |b, [x, _]| b[0] * (-(b[1] * (2.0 * x) + 1.0).powf(-0.5) + 1.0),
            Misra1d: |b, [x, _]| b[0] * b[1] * x / (b[1] * x + 1.0),
            // Of the logarithm of y.
            Nelson: |b, [x1, x2]| b[0] - b[1] * x1 * (b[2] * -x2).exp(),
            Rat42: |b, [x, _]| b[0] / ((b[1] - b[2] * x).exp() + 1.0),
            Rat43: |b, [x, _]| b[0] / ((b[1] - b[2] * x).exp() + 1.0).pow(Dual::from(1.0) / b[3]),
            Roszman1: |b, [x, _]| b[0] - b[1] * x - (b[2] / (-b[3] + x)).atan() * std::f64::consts::FRAC_1_PI,
            Thurber: cubics,
        }
    }

    fn read(name: &'static str, formula: Formula, text: &str) -> Self {
        let numbers = |line: &str| line.split_whitespace().map(|n| n.parse().unwrap()).collect::<Vec<f64>>();
        let mut parts = vec![];
        for line in text.lines() {
            match (line.starts_with('#'), parts.last_mut()) {
                (true, Some(last)) if Vec::<Vec<f64>>::is_empty(last) => {}
                (true, _) => parts.push(vec![]),
                (false, last) => last.unwrap().push(numbers(line)),
            }
        }
        let [parameters, sums, rows] = &parts[..] else { panic!("{name} has {} parts", parts.len()) };
        let column = |k: usize| parameters.iter().map(|row| row[k]).collect();
        let logarithmic = name == "Nelson";
        Self {
            name,
            formula,
            starts: [column(0), column(1)],
            certified: column(2),
            certified_sd: column(3),
            certified_sum_of_squares: sums[0][0],
            y: rows.iter().map(|row| if logarithmic { row[0].ln() } else { row[0] }).collect(),
            x: rows.iter().map(|row| [row[1], row.get(2).copied().unwrap_or_default()]).collect(),
        }
    }

    /// The formula with derivatives, row by row.
    fn means(&self, theta: &[f64]) -> impl Iterator<Item = Dual> {
        let b: Vec<Dual> = theta.iter().enumerate().map(|(j, &value)| Dual::parameter(j, value)).collect();
        self.x.iter().map(move |&x| (self.formula)(&b, x))
    }
}

impl Residuals for &Problem {
    fn shape(&self) -> (usize, usize) {
        (self.y.len(), self.certified.len())
    }

    fn residuals(&mut self, theta: &[f64], residuals: &mut [f64]) {
        for ((residual, mean), y) in residuals.iter_mut().zip(self.means(theta)).zip(&self.y) {
            *residual = mean.value - y;
        }
    }

    fn jacobian(&mut self, theta: &[f64], columns: &mut [f64]) {
        for (i, mean) in self.means(theta).enumerate() {
            for (j, column) in columns.chunks_exact_mut(self.y.len()).enumerate() {
                column[i] = mean.by[j];
            }
        }
    }
}

fn saturation(b: &[Dual], [x, _]: [f64; 2]) -> Dual {
    b[0] * (-(b[1] * -x).exp() + 1.0)
}

fn chwirut(b: &[Dual], [x, _]: [f64; 2]) -> Dual {
    (b[0] * -x).exp() / (b[1] + b[2] * x)
}

fn enso(b: &[Dual], [x, _]: [f64; 2]) -> Dual {
    let angle = std::f64::consts::TAU * x;
    let wave = |cosine: Dual, sine: Dual, period: Dual| {
        let phase = Dual::from(angle) / period;
        cosine * phase.cos() + sine * phase.sin()
    };
    b[0] + wave(b[1], b[2], 12.0.into()) + wave(b[4], b[5], b[3]) + wave(b[7], b[8], b[6])
}

fn gauss(b: &[Dual], [x, _]: [f64; 2]) -> Dual {
    let bell = |height: Dual, middle: Dual, width: Dual| height * (-((-middle + x) / width).square()).exp();
    b[0] * (b[1] * -x).exp() + bell(b[2], b[3], b[4]) + bell(b[5], b[6], b[7])
}

/// A cubic over a cubic.
fn cubics(b: &[Dual], [x, _]: [f64; 2]) -> Dual {
    let (x2, x3) = (x * x, x * x * x);
    (b[0] + b[1] * x + b[2] * x2 + b[3] * x3) / (b[4] * x + b[5] * x2 + b[6] * x3 + 1.0)
}

fn lanczos(b: &[Dual], [x, _]: [f64; 2]) -> Dual {
    b[0] * (b[1] * -x).exp() + b[2] * (b[3] * -x).exp() + b[4] * (b[5] * -x).exp()
}
