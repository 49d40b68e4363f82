//! The page of a plan.

use adsml_core::CategoryColumn;
use adsml_optimize::ResponseModel;

use super::super::tests::{recipe, table};
use super::*;

/// Every start tag's name, and whether tags nest.
fn tags(html: &str) -> Vec<&str> {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let (mut names, mut open) = (Vec::new(), Vec::new());
    for part in html.split('<').skip(1) {
        let tag = &part[..part.find('>').expect("a tag without an end")];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "crossed tags");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        names.push(name);
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "tags left open: {open:?}");
    names
}

#[test]
fn a_page_shows_the_plan_and_needs_nothing_else() {
    let planner = recipe().fit(&table(60)).unwrap();
    let html = planner.to_html().unwrap();
    let count = |name: &str| tags(&html).iter().filter(|tag| **tag == name).count();
    // Two curves, the allocation, two panels of the forecast, the frontier.
    assert_eq!((count("svg"), count("h1"), count("script"), count("link"), count("img")), (6, 1, 0, 0, 0));
    assert!(html.contains("Optimal for the fitted curves; not causal evidence."));
    assert!(html.contains("Probability of being worse than today") && html.contains("nine in ten between"));
    assert_eq!(html.matches("<th scope=").count(), html.matches("<th").count() - html.matches("<thead").count());
    // The one address is the name of SVG's vocabulary.
    assert_eq!(html.matches("http://").count(), html.matches("http://www.w3.org/2000/svg").count());
    assert!(!html.contains("https://") && !html.contains("url(") && !html.contains("@import"));
    assert_eq!(html, planner.to_html().unwrap());
}

#[test]
fn markup_in_a_name_is_only_text() {
    const NAME: &str = "</title><script>alert('x')</script>\" onload=\"x";
    let names = table(60)
        .category("campaign")
        .unwrap()
        .iter()
        .map(|name| name.map(|name| if name == "a" { NAME } else { "b" }))
        .collect::<CategoryColumn>();
    let mut table = table(60);
    table.replace("campaign", names.into()).unwrap();
    // A plan beyond what was observed is warned of by name.
    let html = recipe().beyond_support(true).fit(&table).unwrap().to_html().unwrap();
    let tags = tags(&html);
    assert!(!tags.contains(&"script") && !html.contains("<script"));
    assert_eq!(tags.iter().filter(|tag| **tag == "svg").count(), 6);
    assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;x"));
}

#[test]
fn warnings_stand_before_the_budgets() {
    let few = recipe().curves(ResponseModel::params().n_draws(60)).fit(&table(9)).unwrap();
    assert!(!few.report().warnings.is_empty(), "{}", few.report());
    let html = few.to_html().unwrap();
    let at = |text: &str| html.find(text).unwrap();
    assert!(at("Before you trust it") < at("Campaign by campaign"));
    assert!(html.contains(&format!("<li>{}.</li>", escape(&few.report().warnings[0]))));
}

#[test]
fn optimisers_are_a_table_where_they_were_compared() {
    let planner = recipe().compare(true).horizon(0).fit(&table(40)).unwrap();
    let html = planner.to_html().unwrap();
    tags(&html);
    assert!(
        html.contains("<th scope=\"row\">exact</th>") && html.contains("<th scope=\"row\">differential evolution</th>")
    );
    // Without a horizon there is no forecast.
    assert!(!html.contains("The next periods"));
    let names: Vec<&str> = planner.charts().unwrap().iter().map(|chart| chart.file_name).collect();
    assert_eq!(names, ["allocation.svg", "frontier.svg", "gap_by_evaluations.svg", "gap_by_time.svg"]);
}

#[test]
fn every_planned_campaign_has_its_curve() {
    let planner = recipe().fit(&table(40)).unwrap();
    let svg = planner.curve_chart("a").unwrap().unwrap().svg;
    assert!(svg.contains("What does spend on a buy?") && svg.contains("spend, EUR a day") && svg.contains("proposed"));
    assert!(planner.curve_chart("nobody").unwrap().is_none());
}
