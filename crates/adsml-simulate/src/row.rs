//! One ad set on one day, as an export would show it.

/// Makes an enum of category levels with their texts.
macro_rules! levels {
    ($(#[$doc:meta])* $name:ident { $($(#[$level_doc:meta])* $level:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name { $($(#[$level_doc])* #[cfg_attr(feature = "serde", serde(rename = $text))] $level),+ }

        impl $name {
            /// Every level, in the order of its code.
            pub const ALL: &'static [Self] = &[$(Self::$level),+];

            /// As in the table.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$level => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

levels! {
    /// What a campaign is after.
    Objective {
        /// To be remembered.
        Awareness = "AWARENESS",
        /// Visits.
        Traffic = "TRAFFIC",
        /// Likes, comments, shares.
        Engagement = "ENGAGEMENT",
        /// Contacts.
        Leads = "LEADS",
        /// Installs of an app.
        AppInstalls = "APP_INSTALLS",
        /// Purchases.
        Conversions = "CONVERSIONS",
    }
}

levels! {
    /// Where an ad is shown.
    Placement {
        /// Among the posts.
        Feed = "FEED",
        /// Between stories.
        Stories = "STORIES",
        /// Between short videos.
        Reels = "REELS",
        /// Beside search results.
        Search = "SEARCH",
        /// On other apps and sites.
        AudienceNetwork = "AUDIENCE_NETWORK",
    }
}

levels! {
    /// On what an ad is seen.
    DevicePlatform {
        /// A telephone.
        Mobile = "MOBILE",
        /// A computer.
        Desktop = "DESKTOP",
        /// A tablet.
        Tablet = "TABLET",
    }
}

levels! {
    /// How old the audience is.
    AgeRange {
        /// 18 to 24.
        From18 = "18-24",
        /// 25 to 34.
        From25 = "25-34",
        /// 35 to 44.
        From35 = "35-44",
        /// 45 to 54.
        From45 = "45-54",
        /// 55 to 64.
        From55 = "55-64",
        /// 65 and over.
        From65 = "65+",
    }
}

levels! {
    /// The gender an ad set is shown to.
    Gender {
        /// Women.
        Female = "FEMALE",
        /// Men.
        Male = "MALE",
        /// Everybody.
        All = "ALL",
    }
}

/// One ad set on one day: everything an export would show, and nothing of the truth behind it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Row {
    /// Day, as days since 1970-01-01.
    pub date: i32,
    /// Campaign, an index into [`Account::campaigns`](crate::Account::campaigns).
    pub campaign: usize,
    /// Ad set, an index into [`Account::ad_sets`](crate::Account::ad_sets).
    pub ad_set: usize,
    /// The day's budget, in currency.
    pub budget: f64,
    /// People the ad set can reach.
    pub audience_size: u64,
    /// Creatives in rotation, 1 to 10.
    pub creative_count: u32,
    /// The platform's relevance score, 1 to 10, one decimal.
    pub relevance_score: f64,
    /// How hard the auction is fought, 0 to 1, four decimals; the same for all ad sets of a campaign-day.
    pub competition_level: f64,
    /// People in the market.
    pub market_size: u64,
    /// What the campaign is after.
    pub objective: Objective,
    /// Where the ad is shown.
    pub placement: Placement,
    /// On what it is seen.
    pub device_platform: DevicePlatform,
    /// How old the audience is.
    pub age_range: AgeRange,
    /// Which gender it is shown to.
    pub gender: Gender,
    /// Hour of the day around which most of the day's impressions fall, 0 to 23.
    pub hour_of_day: u32,
    /// Monday 0 to Sunday 6.
    pub day_of_week: u32,
    /// 1 to 12.
    pub month: u32,
    /// `1 + 0.1 sin(2 pi day_of_year / 365)`, as in the prototype, four decimals.
    pub seasonality_factor: f64,
    /// Times the ad was shown.
    pub impressions: u64,
    /// Times it was clicked.
    pub clicks: u64,
    /// Purchases that have arrived so far.
    pub conversions: u64,
    /// What the day cost, in currency; never above the budget.
    pub spend: f64,
    /// What the conversions brought, in currency.
    pub revenue: f64,
}
