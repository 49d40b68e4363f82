//! Closed and open sets of words that rows use.

/// An enum of known words that keeps the unknown ones: new words appear with each version of the API.
macro_rules! open_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal $(| $also:literal)*,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that this version does not know, as it is written.
            Other(String),
        }

        impl $name {
            /// The word, as Meta writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            /// Never fails: what is not known is kept.
            fn from(text: &str) -> Self {
                match text {
                    $($text $(| $also)* => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// An enum of all the words there are.
macro_rules! closed_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// What the word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

open_words! {
    /// Objective of a campaign.
    Objective {
        /// `OUTCOME_AWARENESS`
        Awareness = "OUTCOME_AWARENESS",
        /// `OUTCOME_TRAFFIC`
        Traffic = "OUTCOME_TRAFFIC",
        /// `OUTCOME_ENGAGEMENT`
        Engagement = "OUTCOME_ENGAGEMENT",
        /// `OUTCOME_LEADS`
        Leads = "OUTCOME_LEADS",
        /// `OUTCOME_APP_PROMOTION`
        AppPromotion = "OUTCOME_APP_PROMOTION",
        /// `OUTCOME_SALES`
        Sales = "OUTCOME_SALES",
    }
}

open_words! {
    /// State of delivery of an object.
    Delivery {
        /// `active`
        Active = "active",
        /// `inactive`
        Inactive = "inactive",
        /// `not_delivering`
        NotDelivering = "not_delivering",
    }
}

open_words! {
    /// Gender, as Meta reports it.
    Gender {
        /// `female`
        Female = "female",
        /// `male`
        Male = "male",
        /// `unknown`
        Unknown = "unknown",
    }
}

closed_words! {
    /// What a row is about.
    Level {
        /// The ad account.
        Account = "account",
        /// A campaign.
        Campaign = "campaign",
        /// An ad set.
        AdSet = "ad_set",
        /// An ad.
        Ad = "ad",
    }
}

closed_words! {
    /// Who has the budget: never both.
    BudgetOwner {
        /// The campaign shares it out to its ad sets.
        Campaign = "campaign",
        /// Each ad set has its own.
        AdSet = "ad_set",
    }
}

closed_words! {
    /// Whether a row's figures can still change.
    Maturity {
        /// The attribution window has passed.
        Mature = "mature",
        /// Conversions of these days can still arrive.
        Immature = "immature",
    }
}

closed_words! {
    /// The decimal mark of numbers.
    Decimal {
        /// `1,234.56`
        Point = "point",
        /// `1.234,56`
        Comma = "comma",
    }
}

closed_words! {
    /// The order of day and month in dates that do not begin with the year.
    DateOrder {
        /// `31/12/2026`
        DayFirst = "the day first",
        /// `12/31/2026`
        MonthFirst = "the month first",
    }
}
