//! When a column's value becomes known.

/// The moment at which a value becomes known, in the order of an ad's life.
///
/// A model that predicts clicks may use what is known before the auction; a column that is known
/// only after the click (what it cost) gives the answer away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Provenance {
    /// Known before the auction: budgets, targeting, creatives, calendar.
    #[default]
    BeforeAuction,
    /// Known once the ad was shown: impressions, reach, frequency.
    AfterImpression,
    /// Known once it was clicked: clicks, spend (where clicks are billed), CPC.
    AfterClick,
    /// Known once somebody bought: conversions, revenue, ROAS.
    AfterConversion,
}

impl Provenance {
    /// Every moment, in order.
    pub const ALL: [Self; 4] = [Self::BeforeAuction, Self::AfterImpression, Self::AfterClick, Self::AfterConversion];

    /// In words: `"before auction"`, `"after click"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeAuction => "before auction",
            Self::AfterImpression => "after impression",
            Self::AfterClick => "after click",
            Self::AfterConversion => "after conversion",
        }
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
