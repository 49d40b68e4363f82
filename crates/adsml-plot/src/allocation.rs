//! Allocation: what every campaign spends now, and what it should.

use crate::{
    canvas::{Anchor, Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area, BODY, Key, MARGIN, NAME, SMALL},
    number::{NumberFormat, Numerals, count},
    palette::{CONTRAST, Color, MAIN, OTHER, PAPER},
    scale::Domain,
    text,
};

const WIDTH: f64 = 880.0;
const ROW: f64 = 28.0;
const MAX_ROWS: usize = 200;
const SERIES: &str = "campaigns";

/// One row of an [`AllocationChart`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CampaignBudget {
    name: String,
    proposed: f64,
    now: Option<f64>,
}

impl CampaignBudget {
    /// A campaign and its proposed budget.
    pub fn new(name: impl Into<String>, proposed: f64) -> Self {
        Self { name: name.into(), proposed, now: None }
    }

    /// Its budget now.
    #[must_use]
    pub fn now(mut self, budget: f64) -> Self {
        self.now = Some(budget);
        self
    }

    fn change(&self) -> f64 {
        self.now.map_or(0.0, |now| self.proposed - now)
    }
}

/// Campaigns as dumbbells, in the order given: a ring for the budget now, a dot for the one proposed.
///
/// Budgets that grow are blue with the dot on the right, budgets that shrink vermilion with the dot on the left; the numbers
/// stand beside them. The axis begins at zero.
///
/// ```
/// use adsml_plot::{AllocationChart, CampaignBudget};
///
/// let svg = AllocationChart::new("Where should the money go?")
///     .unit("EUR per day")
///     .campaign(CampaignBudget::new("brand", 180.0).now(240.0))
///     .campaign(CampaignBudget::new("search", 420.0).now(360.0))
///     .to_svg()?;
/// assert!(svg.contains("brand"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AllocationChart {
    title: String,
    subtitle: String,
    unit: String,
    campaigns: Vec<CampaignBudget>,
    top_n: usize,
}

impl AllocationChart {
    /// An empty chart. It needs at least one [`campaign`](Self::campaign).
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: String::new(), unit: String::new(), campaigns: Vec::new(), top_n: 40 }
    }

    /// A line below the title. How many campaigns are left out is added to it.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Unit of the budgets, such as `EUR per day`; none by default.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Adds a campaign, below those before it.
    #[must_use]
    pub fn campaign(mut self, campaign: CampaignBudget) -> Self {
        self.campaigns.push(campaign);
        self
    }

    /// Adds several campaigns, below those before them.
    #[must_use]
    pub fn campaigns(mut self, campaigns: impl IntoIterator<Item = CampaignBudget>) -> Self {
        self.campaigns.extend(campaigns);
        self
    }

    /// How many campaigns to draw, from 1 to 200; of more, those whose budgets change most. Default 40.
    #[must_use]
    pub fn top_n(mut self, top_n: usize) -> Self {
        self.top_n = top_n;
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without campaigns; [`PlotError::NonFinite`] for a budget that is missing or infinite;
    /// [`PlotError::OutOfRange`] for one below zero; [`PlotError::InvalidParameter`] for `top_n` outside its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let shown = self.shown();
        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(shown.len());
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &keys(&shown));

        let budgets = shown.iter().flat_map(|campaign| [Some(campaign.proposed), campaign.now]).flatten();
        let domain = Domain::linear(budgets.chain([0.0])).rounded(6);
        let ticks = domain.ticks(6, NumberFormat::Plain);
        let numbers: Vec<String> = shown.iter().map(|campaign| in_numbers(campaign, ticks.numerals.finer())).collect();
        let widest = |texts: &mut dyn Iterator<Item = f64>, most: f64| texts.fold(60.0, f64::max).min(most);
        let names = widest(&mut shown.iter().map(|campaign| text::width(&campaign.name, BODY)), 240.0);
        let room = widest(&mut numbers.iter().map(|number| text::width(number, SMALL)), 240.0);
        let area = Area {
            left: MARGIN + names + 18.0,
            right: WIDTH - MARGIN - room - 18.0,
            top,
            bottom: top + ROW * shown.len() as f64,
        };

        let label = frame::with_unit("budget", &self.unit);
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, &label);
        for (i, (campaign, number)) in shown.iter().zip(&numbers).enumerate() {
            let y = top + ROW * (i as f64 + 0.5);
            canvas.group(&format!("{}: {number}", campaign.name), |canvas| {
                let name = text::fit(&campaign.name, BODY, names);
                canvas.text_beside((MARGIN + names, y), &name, NAME.anchor(Anchor::End));
                let proposed = area.x(&domain, campaign.proposed);
                let now = campaign.now.map(|now| area.x(&domain, now));
                dumbbell(canvas, now, proposed, y, color(campaign));
                canvas.text_beside((area.right + 18.0, y), &text::fit(number, SMALL, room), frame::NOTE);
            });
        }
        let parts = shown.iter().zip(&numbers).map(|(campaign, number)| format!("{}: {number}", campaign.name));
        let description = format!("{label}. {}", parts.collect::<Vec<_>>().join("; "));
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        if !(1..=MAX_ROWS).contains(&self.top_n) {
            let expected = "a number from 1 to 200";
            return Err(PlotError::InvalidParameter { name: "top_n", value: self.top_n, expected });
        }
        between_one_and(SERIES, usize::MAX, self.campaigns.len())?;
        for (index, campaign) in self.campaigns.iter().enumerate() {
            let now = ("budget now of campaign", campaign.now.unwrap_or(0.0));
            for (series, value) in [("proposed budget of campaign", campaign.proposed), now] {
                finite(series, index, value)?;
                if value < 0.0 {
                    return Err(PlotError::OutOfRange { series, index, value, expected: "a budget of at least 0" });
                }
            }
        }
        Ok(())
    }

    /// The campaigns that are drawn, in the order given.
    fn shown(&self) -> Vec<&CampaignBudget> {
        let mut order: Vec<usize> = (0..self.campaigns.len()).collect();
        if order.len() > self.top_n {
            let size = |&i: &usize| self.campaigns[i].change().abs();
            order.sort_by(|a, b| size(b).total_cmp(&size(a)));
            order.truncate(self.top_n);
            order.sort_unstable();
        }
        order.into_iter().map(|i| &self.campaigns[i]).collect()
    }

    fn full_subtitle(&self, shown: usize) -> String {
        let all = self.campaigns.len();
        if shown == all {
            return self.subtitle.clone();
        }
        let left_out = format!("the {} greatest changes of {} campaigns", count(shown), count(all));
        frame::joined(&[&self.subtitle, &left_out])
    }
}

fn color(campaign: &CampaignBudget) -> Color {
    match campaign.now {
        None => MAIN,
        Some(now) if campaign.proposed > now => MAIN,
        Some(now) if campaign.proposed < now => CONTRAST,
        Some(_) => OTHER,
    }
}

fn dumbbell(canvas: &mut Canvas, now: Option<f64>, proposed: f64, y: f64, color: Color) {
    if let Some(now) = now {
        canvas.line((now, y), (proposed, y), Paint::stroke(color, 3.0));
        canvas.circle((now, y), 5.0, Paint::fill(PAPER).outlined(color, 1.75));
    }
    canvas.circle((proposed, y), 5.5, Paint::fill(color));
}

fn keys(shown: &[&CampaignBudget]) -> Vec<Key<'static>> {
    let key = |label: &str, mark| Key { label: label.to_owned(), mark };
    let any = |sign: fn(f64) -> bool| shown.iter().any(|campaign| sign(campaign.change()));
    let mut keys: Vec<Key<'static>> = Vec::new();
    if shown.iter().any(|campaign| campaign.now.is_some()) {
        let ring: &dyn Fn(&mut Canvas, Point) =
            &|canvas, at| canvas.circle(at, 5.0, Paint::fill(PAPER).outlined(OTHER, 1.75));
        keys.push(key("now", ring));
    }
    keys.push(key("proposed", &|canvas, at| canvas.circle(at, 5.5, Paint::fill(OTHER))));
    if any(|change| change > 0.0) {
        keys.push(key("more", &|canvas, (x, y)| dumbbell(canvas, Some(x - 3.0), x + 9.0, y, MAIN)));
    }
    if any(|change| change < 0.0) {
        keys.push(key("less", &|canvas, (x, y)| dumbbell(canvas, Some(x + 9.0), x - 3.0, y, CONTRAST)));
    }
    keys
}

/// `240 → 180`, or the proposed budget alone.
fn in_numbers(campaign: &CampaignBudget, numerals: Numerals) -> String {
    let proposed = numerals.write(campaign.proposed);
    match campaign.now {
        Some(now) => format!("{} → {proposed}", numerals.write(now)),
        None => proposed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count, finite, name, texts};

    fn four_campaigns() -> AllocationChart {
        AllocationChart::new("Where should the money go?").subtitle("780 EUR in all").unit("EUR per day").campaigns([
            CampaignBudget::new("brand", 180.0).now(240.0),
            CampaignBudget::new("search <exact>", 420.0).now(360.0),
            CampaignBudget::new("display", 180.0).now(180.0),
            CampaignBudget::new("new", 0.0),
        ])
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = four_campaigns().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn of_too_many_campaigns_the_greatest_changes_are_drawn_in_the_order_given() {
        let texts = texts(&four_campaigns().top_n(2).to_svg().unwrap());
        assert!(texts.contains("780 EUR in all · the 2 greatest changes of 4 campaigns"), "{texts}");
        let place = |name| texts.lines().position(|line| line == name);
        assert!(place("brand") < place("search <exact>") && place("brand").is_some() && place("display").is_none());
    }

    #[test]
    fn budgets_of_today_are_not_needed() {
        let svg = AllocationChart::new("").campaign(CampaignBudget::new("a", 1.0)).to_svg().unwrap();
        assert!(!texts(&svg).contains("now") && texts(&svg).contains("proposed"));
        // The campaign and the legend.
        assert_eq!(count(&svg, "circle"), 2);
    }

    #[test]
    fn errors_name_series_and_place() {
        let with = |campaign| four_campaigns().campaign(campaign).to_svg();
        let errors = [
            AllocationChart::new("").to_svg(),
            with(CampaignBudget::new("x", f64::NAN)),
            with(CampaignBudget::new("x", 1.0).now(f64::INFINITY)),
            with(CampaignBudget::new("x", 1.0).now(-1.0)),
            four_campaigns().top_n(0).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no campaigns given, expected at least one
        proposed budget of campaign 4 is NaN, expected a finite number
        budget now of campaign 4 is inf, expected a finite number
        budget now of campaign 4 is -1, expected a budget of at least 0
        top_n is 0, expected a number from 1 to 200
        ");
    }

    proptest! {
        #[test]
        fn any_finite_budgets_give_a_sound_chart(
            campaigns in prop::collection::vec((name(), finite(), prop::option::of(finite())), 1..30),
            top_n in 1..=200_usize,
            unit in name(),
        ) {
            let campaigns = campaigns.into_iter().map(|(name, proposed, now)| {
                let campaign = CampaignBudget::new(name, proposed.abs());
                now.iter().fold(campaign, |campaign, now| campaign.now(now.abs()))
            });
            let chart = AllocationChart::new("").unit(unit).campaigns(campaigns).top_n(top_n);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            prop_assert_eq!(svg, chart.to_svg().unwrap());
        }

        #[test]
        fn every_campaign_has_its_numbers(budgets in prop::collection::vec((finite(), finite()), 1..20)) {
            let campaigns =
                budgets.iter().map(|(now, proposed)| CampaignBudget::new("campaign", proposed.abs()).now(now.abs()));
            let svg = AllocationChart::new("").campaigns(campaigns).to_svg().unwrap();
            assert_only_numbers(&svg);
            prop_assert_eq!(texts(&svg).matches('→').count() , budgets.len());
        }
    }
}
