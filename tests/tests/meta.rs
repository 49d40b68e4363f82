//! Point it at your export: the same account, exported in two languages, gives the same figures all the way through.

use std::fmt::Write;
use std::path::Path;

use adsml::meta::{Language, Source};
use adsml::prelude::*;
use adsml::{read_file, read_plain};

/// How an export is written.
struct Style {
    header: &'static str,
    delimiter: char,
    spanish: bool,
    total: &'static str,
    daily: &'static str,
    genders: [&'static str; 2],
    line_end: &'static str,
}

const ENGLISH: Style = Style {
    header: "Day,Campaign ID,Ad set ID,Objective,Age,Gender,Device platform,Ad set budget,Ad set budget type,Amount spent (EUR),Impressions,Link clicks,Purchases,Purchases conversion value,CTR (link click-through rate)",
    delimiter: ',',
    spanish: false,
    total: "Total",
    daily: "Daily",
    genders: ["female", "male"],
    line_end: "\n",
};

const SPANISH: Style = Style {
    header: "\u{feff}Día;Identificador de la campaña;Identificador del conjunto de anuncios;Objetivo;Edad;Sexo;Plataforma del dispositivo;Presupuesto del conjunto de anuncios;Tipo de presupuesto del conjunto de anuncios;Importe gastado (EUR);Impresiones;Clics en el enlace;Compras;Valor de conversión de compras;CTR (tasa de clics en el enlace)",
    delimiter: ';',
    spanish: true,
    total: "Totales",
    daily: "Diario",
    genders: ["Mujer", "Hombre"],
    line_end: "\r\n",
};

impl Style {
    fn number(&self, value: f64, decimals: usize) -> String {
        let plain = format!("{value:.decimals$}");
        if !self.spanish {
            return plain;
        }
        let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut grouped = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        if rest.is_empty() { grouped } else { format!("{grouped},{rest}") }
    }

    fn day(&self, day: i32) -> String {
        let date =
            adsml::meta::jiff::civil::date(1970, 1, 1).checked_add(adsml::meta::jiff::Span::new().days(day)).unwrap();
        if self.spanish { format!("{:02}/{:02}/{}", date.day(), date.month(), date.year()) } else { date.to_string() }
    }

    fn write(&self, account: &Table) -> String {
        let mut text = self.header.to_owned() + self.line_end;
        let text_of = |name: &str, row: usize| account.category(name).unwrap().get(row).unwrap_or_default().to_owned();
        let number = |name: &str, row: usize| account.number(name).unwrap()[row];
        let mut line = |cells: Vec<String>| {
            let join = self.delimiter.to_string();
            write!(text, "{}{}", cells.join(&join), self.line_end).unwrap();
        };
        for row in 0..account.n_rows() {
            let gender = match text_of("gender", row).as_str() {
                "female" => self.genders[0].to_owned(),
                "male" => self.genders[1].to_owned(),
                other => other.to_owned(),
            };
            line(vec![
                self.day(account.date("date").unwrap().days[row]),
                text_of("campaign_id", row),
                text_of("ad_set_id", row),
                text_of("objective", row),
                text_of("age_range", row),
                gender,
                text_of("device_platform", row),
                self.number(number("budget", row).round(), 2),
                self.daily.to_owned(),
                self.number(number("spend", row), 2),
                self.number(number("impressions", row), 0),
                self.number(number("clicks", row), 0),
                self.number(number("conversions", row), 0),
                self.number(number("revenue", row), 2),
                String::new(),
            ]);
        }
        let sum = |name: &str| account.number(name).unwrap().iter().sum::<f64>();
        let blank = String::new;
        line(vec![
            self.total.to_owned(),
            blank(),
            blank(),
            blank(),
            blank(),
            blank(),
            blank(),
            blank(),
            blank(),
            self.number(sum("spend"), 2),
            self.number(sum("impressions"), 0),
            self.number(sum("clicks"), 0),
            self.number(sum("conversions"), 0),
            self.number(sum("revenue"), 2),
            blank(),
        ]);
        text
    }
}

fn account() -> Table {
    Account::params().n_campaigns(4).ad_sets_per_campaign(6).days(20).build().expect("valid settings").table()
}

fn written(folder: &Path, name: &str, style: &Style) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, style.write(&account())).unwrap();
    path
}

#[test]
fn one_account_in_two_languages_gives_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let english = read_file(written(folder.path(), "english.csv", &ENGLISH), true).unwrap();
    let spanish = read_file(written(folder.path(), "spanish.csv", &SPANISH), true).unwrap();
    let (in_english, in_spanish) = (english.understanding.unwrap(), spanish.understanding.unwrap());
    assert_eq!(in_english.source, Source::AdsManagerExport(Language::English));
    assert_eq!(in_spanish.source, Source::AdsManagerExport(Language::SpanishSpain));

    // What `inspect_export` prints.
    let json = |understanding: &adsml::meta::Understanding| {
        let mut json = understanding.to_json();
        for of_the_file in ["input", "language", "style", "recognised", "ignored", "removed"] {
            json.as_object_mut().unwrap().remove(of_the_file);
        }
        json
    };
    assert_eq!(json(&in_english), json(&in_spanish));
    assert_eq!(in_english.rows, account().n_rows());
    for understanding in [&in_english, &in_spanish] {
        assert_eq!(understanding.n_removed, 1);
        assert!(
            understanding.removed[0].checks.len() == 3
                && understanding.removed[0].checks.iter().all(|check| check.agrees),
            "{understanding}"
        );
    }
    assert_eq!(english.table, spanish.table);

    // What `predict_ctr` prints.
    let facts = |table: &Table| {
        let recipe = CtrPredictorParams::from_ads(table, 3).unwrap();
        let predictor = recipe.fit(table).unwrap();
        let mut json = predictor.report().to_json();
        for model in json["models"].as_array_mut().unwrap() {
            model.as_object_mut().unwrap().remove("fit_s");
        }
        json
    };
    let (in_english, in_spanish) = (facts(&english.table), facts(&spanish.table));
    assert_eq!(in_english, in_spanish);
    assert_eq!(in_english["split"]["column"], "ad_set_id");
    // Nothing that tells the outcome is a feature.
    for feature in in_english["features"].as_array().unwrap() {
        let name = feature["name"].as_str().unwrap();
        assert!(!["spend", "reach", "conversions", "value", "link_clicks"].contains(&name), "{name}");
    }
}

#[test]
fn a_file_of_meta_is_canonical_and_any_other_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let export = written(folder.path(), "export.csv", &SPANISH);
    assert!(read_file(&export, true).unwrap().table.number("link_clicks").is_ok());
    assert!(read_table(&export, true).unwrap().number("spend").is_ok());
    // As it stands, where that is asked for.
    assert!(read_plain(&export, true).unwrap().get("Impresiones").is_some());
    assert!(read_file(&export, false).unwrap().understanding.is_none());

    let own = folder.path().join("own.csv");
    std::fs::write(&own, "campaign_id,date,spend,impressions,clicks,mood\nc1,2026-03-02,1.5,100,3,calm\n").unwrap();
    let file = read_file(&own, true).unwrap();
    assert!(file.understanding.is_none() && file.table.category("mood").is_ok());
    let own = folder.path().join("own.json");
    std::fs::write(&own, r#"[{"spend": 1.5, "mood": "calm"}]"#).unwrap();
    assert!(read_file(&own, true).unwrap().understanding.is_none());

    let rows = folder.path().join("rows.json");
    std::fs::write(&rows, r#"{"data":[{"date_start":"2026-03-02","date_stop":"2026-03-02","ad_id":"12","spend":"1.5","impressions":"9"}]}"#).unwrap();
    assert_eq!(read_file(&rows, true).unwrap().table.category("ad_id").unwrap().get(0), Some("12"));

    let open = folder.path().join("open.csv");
    std::fs::write(&open, "Campaign name,Amount spent (USD)\nSpring,\"1,250\"\n").unwrap();
    let error = read_file(&open, true).unwrap_err();
    assert!(matches!(error, adsml::Error::Meta(_)), "{error}");
    assert!(matches!(read_file(folder.path().join("nowhere.csv"), true), Err(adsml::Error::Read(_))));
}
