//! The words of Ads Manager in each language: headers, labels of summary rows, and the words that cells hold.
//!
//! One table of data per language; what a header means does not depend on which of them it comes from, so that a
//! file with headers of two languages is understood too.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod machine;
mod normal;
mod pt;

use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) use machine::machine_meaning;
pub(crate) use normal::{header_key, mojibake, split_currency};

use crate::{BudgetOwner, Field};

/// A language of Ads Manager, as headers of an export are written in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Language {
    /// English.
    English,
    /// Spanish, Latin America.
    SpanishLatinAmerica,
    /// Spanish, Spain.
    SpanishSpain,
    /// Portuguese (Brazil).
    Portuguese,
    /// German.
    German,
    /// French.
    French,
    /// Italian.
    Italian,
    /// Japanese.
    Japanese,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 8] = [
        Self::English,
        Self::SpanishLatinAmerica,
        Self::SpanishSpain,
        Self::Portuguese,
        Self::German,
        Self::French,
        Self::Italian,
        Self::Japanese,
    ];

    /// Its tag: `"en"`, `"es-419"`, `"es-ES"`, `"pt"`, `"de"`, `"fr"`, `"it"`, `"ja"`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SpanishLatinAmerica => "es-419",
            Self::SpanishSpain => "es-ES",
            Self::Portuguese => "pt",
            Self::German => "de",
            Self::French => "fr",
            Self::Italian => "it",
            Self::Japanese => "ja",
        }
    }

    /// Its name in English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::SpanishLatinAmerica => "Spanish (Latin America)",
            Self::SpanishSpain => "Spanish (Spain)",
            Self::Portuguese => "Portuguese",
            Self::German => "German",
            Self::French => "French",
            Self::Italian => "Italian",
            Self::Japanese => "Japanese",
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::English => &en::WORDS,
            Self::SpanishLatinAmerica => &es::LATIN_AMERICA,
            Self::SpanishSpain => &es::SPAIN,
            Self::Portuguese => &pt::WORDS,
            Self::German => &de::WORDS,
            Self::French => &fr::WORDS,
            Self::Italian => &it::WORDS,
            Self::Japanese => &ja::WORDS,
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

/// What a column of a source holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// A field, as it is.
    Is(Field),
    /// The day of a daily row.
    Day,
    Purchases,
    PurchaseValue,
    Leads,
    /// An amount in major units, or a word that says who has the budget.
    Budget(BudgetOwner),
    /// Daily, lifetime, or 0.
    BudgetType(BudgetOwner),
    /// Nested lists of actions, and of their values.
    Actions,
    ActionValues,
    /// When the source wrote the row: the newest of several with one key counts.
    Version,
    /// The source's own key of the row, which breakdowns may be hidden in.
    RowId,
    /// A ratio of others, which is recomputed from sums.
    Derived,
    /// Known, and of no use here.
    Unused,
}

/// The words of one language. The first header of each meaning is the one that is written nowadays.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) headers: &'static [(Meaning, &'static [&'static str])],
    /// How headers of ratios begin.
    pub(crate) derived: &'static [&'static str],
    /// Labels of summary rows.
    pub(crate) totals: &'static [&'static str],
    /// Cells that say that there is no value.
    pub(crate) missing: &'static [&'static str],
    pub(crate) campaign_budget: &'static [&'static str],
    pub(crate) ad_set_budget: &'static [&'static str],
    pub(crate) daily: &'static [&'static str],
    pub(crate) lifetime: &'static [&'static str],
    /// Female, male, unknown.
    pub(crate) genders: [&'static [&'static str]; 3],
    /// Whether dates are never written with the month first.
    pub(crate) day_first: bool,
}

/// Everything known about words, by how they are compared.
#[derive(Debug, Default)]
struct Index {
    headers: HashMap<String, (Meaning, Vec<Language>)>,
    derived: Vec<(String, Language)>,
    totals: Vec<String>,
    missing: Vec<String>,
    budget: HashMap<String, BudgetWord>,
    genders: HashMap<String, &'static str>,
}

/// What a cell of a budget column or of its type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BudgetWord {
    Owner(BudgetOwner),
    Daily,
    Lifetime,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index::default();
        for language in Language::ALL {
            let words = language.words();
            for &(meaning, headers) in words.headers {
                for header in headers {
                    let entry = index.headers.entry(header_key(header)).or_insert((meaning, Vec::new()));
                    debug_assert_eq!(entry.0, meaning, "`{header}` of {language} means two things");
                    if !entry.1.contains(&language) {
                        entry.1.push(language);
                    }
                }
            }
            let keys = |texts: &[&str]| texts.iter().map(|text| header_key(text)).collect::<Vec<_>>();
            index.derived.extend(keys(words.derived).into_iter().map(|key| (key, language)));
            index.totals.extend(keys(words.totals));
            index.missing.extend(keys(words.missing));
            for (texts, word) in [
                (words.campaign_budget, BudgetWord::Owner(BudgetOwner::Campaign)),
                (words.ad_set_budget, BudgetWord::Owner(BudgetOwner::AdSet)),
                (words.daily, BudgetWord::Daily),
                (words.lifetime, BudgetWord::Lifetime),
            ] {
                index.budget.extend(keys(texts).into_iter().map(|key| (key, word)));
            }
            for (texts, gender) in words.genders.iter().zip(["female", "male", "unknown"]) {
                index.genders.extend(keys(texts).into_iter().map(|key| (key, gender)));
            }
        }
        index
    })
}

/// What a header means and in which languages; the header without currency, as [`header_key`] gives it.
pub(crate) fn meaning_of(key: &str) -> Option<(Meaning, Vec<Language>)> {
    let index = index();
    if let Some((meaning, languages)) = index.headers.get(key) {
        return Some((*meaning, languages.clone()));
    }
    let begins = || index.derived.iter().filter(|(start, _)| key.starts_with(start.as_str()));
    let longest = begins().map(|(start, _)| start.len()).max()?;
    Some((Meaning::Derived, begins().filter(|(start, _)| start.len() == longest).map(|found| found.1).collect()))
}

/// Whether a cell is the label of a summary row: `Total`, `Totales`, `All`, `Results from 3 campaigns`.
pub(crate) fn is_total(cell: &str) -> bool {
    const LONGEST: usize = 60;
    // No label ends in a digit; most names and all ids do.
    if cell.len() > LONGEST || cell.as_bytes().last().is_none_or(u8::is_ascii_digit) {
        return false;
    }
    let key = header_key(cell);
    index().totals.iter().any(|total| match total.strip_suffix('*') {
        Some(start) => {
            key.strip_prefix(start).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        }
        None => *total == key,
    })
}

/// Whether a cell says that there is no value.
pub(crate) fn is_missing(cell: &str) -> bool {
    const LONGEST: usize = 40;
    let digit = |letter: char| letter.is_ascii_digit();
    match cell {
        "" | "-" | "--" | "\u{2014}" | "\u{2013}" => true,
        _ if cell.len() > LONGEST || cell.starts_with(digit) || cell.ends_with(digit) => false,
        _ => index().missing.contains(&header_key(cell)),
    }
}

/// What a word of a budget column says.
pub(crate) fn budget_word(cell: &str) -> Option<BudgetWord> {
    index().budget.get(&header_key(cell)).copied()
}

/// The gender that a word stands for.
pub(crate) fn gender(cell: &str) -> Option<&'static str> {
    index().genders.get(&header_key(cell)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_means_two_things() {
        let mut seen: HashMap<String, Meaning> = HashMap::new();
        for language in Language::ALL {
            for &(meaning, headers) in language.words().headers {
                assert!(!headers.is_empty());
                for header in headers {
                    let first = *seen.entry(header_key(header)).or_insert(meaning);
                    assert_eq!(first, meaning, "`{header}` of {language}");
                }
            }
        }
        assert!(seen.len() > 250, "{}", seen.len());
    }

    #[test]
    fn every_language_has_the_words_that_matter() {
        use Field::{
            AdId, AdName, AdSetId, AdSetName, Age, CampaignId, CampaignName, Gender, Impressions, Reach, Spend,
        };
        let fields =
            [AdId, AdName, AdSetId, AdSetName, Age, CampaignId, CampaignName, Gender, Impressions, Reach, Spend];
        for language in Language::ALL {
            let has = |meaning| language.words().headers.iter().any(|entry| entry.0 == meaning);
            for field in fields {
                assert!(has(Meaning::Is(field)), "{language}: {field}");
            }
            for meaning in [Meaning::Day, Meaning::Purchases, Meaning::PurchaseValue, Meaning::Leads] {
                assert!(has(meaning), "{language}: {meaning:?}");
            }
        }
    }

    #[test]
    fn labels_and_words_of_all_languages_are_known() {
        for label in ["Total", "TOTALES", "all", "Gesamt", "合計", "Results from 3 campaigns"] {
            assert!(is_total(label), "{label}");
        }
        for name in ["Totally new", "Results from spring", "Allianz", ""] {
            assert!(!is_total(name), "{name}");
        }
        assert!(is_missing("Not available") && is_missing("No disponible") && !is_missing("0"));
        assert_eq!(budget_word("Using campaign budget"), Some(BudgetWord::Owner(BudgetOwner::Campaign)));
        assert_eq!(budget_word("広告セット予算を使用"), Some(BudgetWord::Owner(BudgetOwner::AdSet)));
        assert_eq!(gender("Mujer"), Some("female"));
    }
}
