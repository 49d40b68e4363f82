//! When a column becomes known, guessed from its name.

use adsml_core::{Provenance, Table};

/// When a column becomes known, as the table states it, or else as its name suggests, or else before the auction.
pub(crate) fn provenance_in(table: &Table, name: &str) -> Provenance {
    table.provenance(name).or_else(|| provenance_of(name)).unwrap_or_default()
}

/// When a column becomes known, guessed from the words of its name; `None` when they say nothing.
///
/// Knows the words of Ads Manager exports and of the prototype in English and Spanish, in any case and
/// spelling: `Spent`, `amount_spent`, `Total_Conversion`, `costPerClick`, `Importe gastado (EUR)`. The
/// latest word counts: `cost_per_conversion` is known after the conversion. Words of plans
/// (`budget`, `bid`, `cap`) and of the past (`lag`, `trailing`, `previous`) mean that it is known before.
///
/// A guess: what the table states ([`Table::set_provenance`]) goes before it.
///
/// ```
/// use adsml_core::Provenance;
/// use adsml_features::provenance_of;
///
/// assert_eq!(provenance_of("Spent"), Some(Provenance::AfterClick));
/// assert_eq!(provenance_of("Approved_Conversion"), Some(Provenance::AfterConversion));
/// assert_eq!(provenance_of("daily_budget"), Some(Provenance::BeforeAuction));
/// assert_eq!(provenance_of("interest"), None);
/// ```
pub fn provenance_of(name: &str) -> Option<Provenance> {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(BEFORE) {
        return Some(Provenance::BeforeAuction);
    }
    if has(AFTER_CONVERSION) {
        return Some(Provenance::AfterConversion);
    }
    if has(AFTER_CLICK) {
        return Some(Provenance::AfterClick);
    }
    has(AFTER_IMPRESSION).then_some(Provenance::AfterImpression)
}

/// Plans and the past.
const BEFORE: &[&str] = &[
    "budget",
    "presupuesto",
    "bid",
    "bids",
    "bidding",
    "puja",
    "cap",
    "objective",
    "objetivo",
    "lag",
    "lagged",
    "lag1",
    "lag7",
    "trailing",
    "rolling",
    "previous",
    "prev",
    "historical",
    "historico",
    "tcpa",
    "troas",
];

const AFTER_CONVERSION: &[&str] = &[
    "conversion",
    "conversions",
    "conversiones",
    "conv",
    "convs",
    "converted",
    "convertido",
    "purchase",
    "purchases",
    "purchased",
    "compra",
    "compras",
    "revenue",
    "revenues",
    "ingreso",
    "ingresos",
    "roas",
    "roi",
    "mroas",
    "cvr",
    "cpa",
    "acquisition",
    "acquisitions",
    "adquisicion",
    "sale",
    "sales",
    "venta",
    "ventas",
    "order",
    "orders",
    "pedido",
    "pedidos",
    "checkout",
    "checkouts",
    "transaction",
    "transactions",
    "transaccion",
    "transacciones",
    "install",
    "installs",
    "instalaciones",
    "signup",
    "signups",
    "registro",
    "registros",
    "profit",
    "beneficio",
    "ltv",
    "aov",
    "efficiency",
];

const AFTER_CLICK: &[&str] = &[
    "click",
    "clicks",
    "clicked",
    "clic",
    "clics",
    "ctr",
    "cpc",
    "cpm",
    "cpv",
    "cpp",
    "spend",
    "spent",
    "spending",
    "gasto",
    "gastos",
    "gastado",
    "cost",
    "costs",
    "coste",
    "costes",
    "costo",
    "costos",
    "engagement",
    "engagements",
    "interaccion",
    "interacciones",
    "session",
    "sessions",
    "sesion",
    "sesiones",
    "landing",
    "bounce",
    "bounces",
    "rebote",
    "inversion",
    "outbound",
    "likes",
    "comments",
    "shares",
    "reactions",
    "reacciones",
];

const AFTER_IMPRESSION: &[&str] = &[
    "impression",
    "impressions",
    "impresion",
    "impresiones",
    "imps",
    "impr",
    "reach",
    "alcance",
    "frequency",
    "frecuencia",
    "views",
    "viewed",
    "viewability",
    "viewable",
    "visualizacion",
    "visualizaciones",
    "delivery",
];

/// The words of a name: split at what is no letter or digit and where a capital follows a small
/// letter; lower case, without accents.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_small) {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            let word = words.last_mut().expect("there is always a word");
            word.extend(letter.to_lowercase().map(without_accent));
        }
        after_small = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

const fn without_accent(letter: char) -> char {
    match letter {
        'á' | 'à' => 'a',
        'é' | 'è' => 'e',
        'í' => 'i',
        'ó' | 'ò' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_real_exports_are_understood() {
        use Provenance::{AfterClick, AfterConversion, AfterImpression, BeforeAuction};
        let cases: [(&str, Option<Provenance>); 26] = [
            ("Spent", Some(AfterClick)),
            ("Clicks", Some(AfterClick)),
            ("Impressions", Some(AfterImpression)),
            ("Total_Conversion", Some(AfterConversion)),
            ("Approved_Conversion", Some(AfterConversion)),
            ("Amount spent (EUR)", Some(AfterClick)),
            ("Importe gastado (EUR)", Some(AfterClick)),
            ("CPC (cost per link click)", Some(AfterClick)),
            ("CPM (cost per 1,000 impressions)", Some(AfterClick)),
            ("CTR (all)", Some(AfterClick)),
            ("costPerClick", Some(AfterClick)),
            ("cost_per_conversion", Some(AfterConversion)),
            ("Purchase ROAS (return on ad spend)", Some(AfterConversion)),
            ("Ingresos", Some(AfterConversion)),
            ("Reach", Some(AfterImpression)),
            ("Inversión", Some(AfterClick)),
            ("click_frequency", Some(AfterClick)),
            ("audience_efficiency", Some(AfterConversion)),
            ("budget_per_audience", Some(BeforeAuction)),
            ("cost_cap", Some(BeforeAuction)),
            ("clicks_lag", Some(BeforeAuction)),
            ("age", None),
            ("interest", None),
            ("fb_campaign_id", None),
            ("relevance_score", None),
            ("audience_size", None),
        ];
        for (name, expected) in cases {
            assert_eq!(provenance_of(name), expected, "{name}");
        }
    }
}
