//! Two scales of money: major units in reports, minor units in budgets.

/// How many minor units make one major unit of a currency, by Meta's own table (not ISO 4217: BHD and JOD count 100).
///
/// `None` for what is not three capital letters.
///
/// ```
/// assert_eq!(adsml_meta::minor_units("EUR"), Some(100));
/// assert_eq!(adsml_meta::minor_units("JPY"), Some(1));
/// assert_eq!(adsml_meta::minor_units("euro"), None);
/// ```
pub fn minor_units(currency: &str) -> Option<u32> {
    const WHOLE: [&str; 11] = ["CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"];
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then(|| if WHOLE.contains(&currency) { 1 } else { 100 })
}

/// An amount in minor units; `None` unless it is a whole, finite and exact number of them.
pub(crate) fn to_minor(amount: f64, units: u32) -> Option<f64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let minor = (amount * f64::from(units)).round();
    let fits = minor.is_finite() && minor.abs() < EXACT;
    (fits && (minor - amount * f64::from(units)).abs() < 1e-6 * minor.abs().max(1.0)).then_some(minor)
}
