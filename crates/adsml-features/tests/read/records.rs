//! Tables from records of one's own types.

use std::collections::BTreeMap;

use adsml_features::{JsonReader, table_from_records};
use serde::Serialize;

use super::{kinds, texts};

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Objective {
    Reach,
    LinkClicks,
}

#[derive(Serialize)]
struct Euro(f64);

#[derive(Serialize)]
struct Ad {
    id: u64,
    objective: Objective,
    spend: Option<Euro>,
    active: bool,
    day: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    ctr: f64,
}

fn ads() -> Vec<Ad> {
    let ad = |id, objective, spend, note, ctr| Ad {
        id,
        objective,
        spend,
        active: id == 1,
        day: format!("2026-01-0{}", id % 9 + 1),
        note,
        ctr,
    };
    vec![
        ad(1, Objective::Reach, Some(Euro(1.5)), None, 0.25),
        ad(2, Objective::LinkClicks, None, Some("x"), f64::NAN),
        ad(23_842_617_390_000_017, Objective::Reach, Some(Euro(2.0)), None, 1.0),
    ]
}

#[test]
fn fields_become_columns_of_their_types() {
    let table = table_from_records(&ads()).unwrap();
    assert_eq!(
        kinds(&table),
        "id:category objective:category spend:number active:category day:date ctr:number note:category"
    );
    assert_eq!(texts(&table, "id"), ["1", "2", "23842617390000017"]);
    assert_eq!(texts(&table, "objective"), ["reach", "link_clicks", "reach"]);
    assert_eq!(texts(&table, "spend"), ["1.5", "-", "2"]);
    assert_eq!(texts(&table, "active"), ["true", "false", "false"]);
    assert_eq!(texts(&table, "ctr"), ["0.25", "-", "1"]);
    assert_eq!(texts(&table, "note"), ["-", "x", "-"]);
}

#[test]
fn records_and_their_json_give_the_same_table() {
    let lines: String = ads().iter().map(|ad| serde_json::to_string(ad).unwrap() + "\n").collect();
    assert_eq!(table_from_records(&ads()).unwrap(), JsonReader::new().read_bytes(lines.as_bytes()).unwrap());
}

#[test]
fn maps_may_lack_keys() {
    let maps = [BTreeMap::from([("a", 1), ("b", 2)]), BTreeMap::from([("b", 3), ("c", 4)])];
    let table = table_from_records(&maps).unwrap();
    assert_eq!(texts(&table, "a"), ["1", "-"]);
    assert_eq!(texts(&table, "b"), ["2", "3"]);
    assert_eq!(texts(&table, "c"), ["-", "4"]);
    let json = [serde_json::json!({"n": 1.5}), serde_json::json!({"n": "many"})];
    assert_eq!(texts(&table_from_records(&json).unwrap(), "n"), ["1.5", "many"]);
}

#[test]
fn no_records_are_a_table_without_columns() {
    assert_eq!(table_from_records::<Ad>(&[]).unwrap().n_columns(), 0);
}
