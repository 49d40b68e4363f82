//! What a file is.

use std::fmt;

use crate::{Language, Level};

/// One of the formats that this crate reads or knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A table exported from Ads Manager, with headers of this language.
    AdsManagerExport(Language),
    /// JSON rows of the Insights API: pages, arrays, or an object per line.
    InsightsRows,
    /// Insights rows as delimited text, with nested cells perhaps.
    InsightsTable,
    /// A report of the dbt package for Facebook Ads.
    DbtReport,
    /// Daily rows as a warehouse connector writes them.
    ConnectorRows,
    /// Actions, one row per object, day and action type, as a connector writes them.
    ConnectorActions,
    /// Versions of the objects of one level, as a connector writes them.
    ConnectorHistory(Level),
    /// Versions of creatives, as a connector writes them: known, and without rows of delivery.
    ConnectorCreatives,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdsManagerExport(language) => write!(f, "Ads Manager export, {language}"),
            Self::InsightsRows => f.write_str("Insights rows"),
            Self::InsightsTable => f.write_str("Insights rows as a table"),
            Self::DbtReport => f.write_str("report of the dbt package"),
            Self::ConnectorRows => f.write_str("rows of a warehouse connector"),
            Self::ConnectorActions => f.write_str("actions of a warehouse connector"),
            Self::ConnectorHistory(level) => {
                write!(f, "history of the {}s of a warehouse connector", level.as_str().replace('_', " "))
            }
            Self::ConnectorCreatives => f.write_str("history of the creatives of a warehouse connector"),
        }
    }
}

impl serde::Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::AdsManagerExport(_) => "ads_manager_export",
            Self::InsightsRows => "insights_rows",
            Self::InsightsTable => "insights_table",
            Self::DbtReport => "dbt_report",
            Self::ConnectorRows => "connector_rows",
            Self::ConnectorActions => "connector_actions",
            Self::ConnectorHistory(_) => "connector_history",
            Self::ConnectorCreatives => "connector_creatives",
        })
    }
}
