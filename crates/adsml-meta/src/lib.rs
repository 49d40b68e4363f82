//! Meta (Facebook) ad formats to one canonical table.
//!
//! Point [`MetaReader`] at a file that came out of Meta, in whatever language and spelling, and get one table with one set of
//! column names, and an account of what was understood.
//!
//! | Source | Recognised by | What is done with it |
//! |---|---|---|
//! | Ads Manager export (CSV) | its headers, in the eight dialects of [`Language`] | number and date style decided by whole columns or refused; summary rows checked and taken out; budgets to minor units |
//! | Insights rows (JSON) | `date_start` and a measure | pages, arrays or lines; one action type chosen; later rows replace earlier ones |
//! | Insights rows in a CSV | `date_start`, `date_stop` | nested cells of JSON or Python are read |
//! | tables of warehouse connectors | the connector's columns, `inline_link_clicks` | rows, actions and histories joined by [`MetaReader::read_paths`] |
//!
//! The result is an [`AdTable`]: columns named by [`Field`], one [`AdRow`] per row, and an [`Understanding`] that says what was
//! recognised, ignored and taken out, how summary rows reconcile, and what to beware of. What a file leaves open (`1,250`, `07/09/2026`)
//! is refused with both readings, never guessed.
//!
//! ```
//! use adsml_meta::{Decimal, MetaError, MetaReader};
//!
//! let export = "\
//! Día;Nombre de la campaña;Importe gastado (EUR);Impresiones;Clics en el enlace
//! 07/09/2026;Otoño;1.204,50;182.330;2.203
//! 08/09/2026;Otoño;998,07;160.010;1.980
//! Totales;;2.202,57;342.340;4.183
//! ";
//! let read = MetaReader::new().read_bytes(export.as_bytes(), "export.csv")?;
//! let row = read.row(0)?;
//! assert_eq!(row.campaign_name.as_deref(), Some("Otoño"));
//! assert_eq!(row.date, Some(jiff::civil::date(2026, 9, 7)));
//! assert_eq!((row.spend, row.link_clicks), (Some(1204.5), Some(2203.0)));
//! // The last row was a sum: it agreed, and is gone.
//! assert_eq!(read.n_rows(), 2);
//! assert!(read.understanding().removed[0].checks.iter().all(|check| check.agrees));
//!
//! let lone = "Campaign name,Amount spent (USD)\nSpring,\"1,250\"\n";
//! let error = MetaReader::new().read_bytes(lone.as_bytes(), "lone.csv").unwrap_err();
//! assert!(matches!(error, MetaError::AmbiguousNumber { as_point, as_comma, .. } if (as_point, as_comma) == (1250.0, 1.25)));
//! let stated = MetaReader::new().decimal(Decimal::Point).read_bytes(lone.as_bytes(), "lone.csv")?;
//! assert_eq!(stated.row(0)?.spend, Some(1250.0));
//! # Ok::<(), MetaError>(())
//! ```
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `parallel` | yes | several threads; results are the same without |

mod actions;
mod builder;
mod connector;
mod date;
mod delimited;
mod dialect;
mod error;
mod field;
mod insights;
mod limits;
mod maturity;
mod money;
mod number;
mod objects;
mod reader;
mod recognise;
#[cfg(test)]
mod roundtrip;
mod row;
mod source;
mod table;
mod understanding;
mod words;

pub use adsml_core::{Column, Table};
pub use dialect::Language;
pub use error::{MetaError, Place, Result};
pub use field::Field;
pub use jiff;
pub use limits::Limits;
pub use money::minor_units;
pub use reader::MetaReader;
pub use recognise::{Recognition, recognise, recognise_bytes};
pub use row::AdRow;
pub use source::Source;
pub use table::AdTable;
pub use understanding::{
    Check, ChosenAction, Grain, IgnoredColumn, RecognisedColumn, RemovedRow, Totals, Understanding,
};
pub use words::{BudgetOwner, DateOrder, Decimal, Delivery, Gender, Level, Maturity, Objective};
