//! Self-diffusion from displacements.
//!
//! ```text
//! MSD_a(t) = 6 D_a t + const     once the ballistic flight and the rattling in the cage are over
//! ```
//!
//! A line is fitted over windows of lags, each twice as late as the one before, in every stretch of the run by itself. The
//! scatter of the stretches is the error ([`rows_error`]); it asks for no model of how atoms move together. The window is
//! the earliest whose slope agrees with all later ones, and then the next one: early windows are precise and biased, late
//! ones the other way round, and a test at the edge of its power needs a margin.

use crate::analysis::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::math::statistics::rows_error;
use crate::sampling::{DiffusionWindow, MsdCurve};

/// One Å^2/fs in 1e-9 m^2/s.
pub(super) const A2_PER_FS_TO_1E9_M2_PER_S: f64 = 1e4;
/// Unit in which the literature prints diffusion coefficients.
pub(super) const DIFFUSION_UNIT: &str = "10⁻⁹ m²/s";
/// Slopes of two windows agree within this many standard errors of their difference.
const AGREEMENT: f64 = 2.0;

/// Said where no later window confirms the slope.
const NOT_YET_STRAIGHT: &str = "No later window confirms this slope: longer runs may change it by more than its error.";

/// Self-diffusion of one species from its mean-square displacement.
pub fn self_diffusion(curve: &MsdCurve, windows: &[DiffusionWindow]) -> Property {
    let name = format!("Self-diffusion of {}", curve.species);
    let why = "The run is still too short for a straight stretch of the mean-square displacement.";
    let property = Property::pending("self-diffusion", &curve.species, name, "Einstein", why);
    let Some((window, confirmed)) = choose(windows) else {
        return property.with_chart(chart(curve, None));
    };
    let mut estimate = Estimate::new(mean(&window.slopes), rows_error(&window.slopes), "Å²/fs")
        .scaled(A2_PER_FS_TO_1E9_M2_PER_S, DIFFUSION_UNIT);
    if !confirmed {
        estimate.warnings.push(NOT_YET_STRAIGHT.to_owned());
    }
    let [first, last] = window.lags_ps;
    property
        .measured(estimate)
        .with_chart(chart(curve, Some(window)))
        .with_setting("fit window", format!("{first:.3} to {last:.3} ps"))
        .with_setting("stretches", format!("{} of {:.2} ps", window.slopes.len(), window.stretch_ps))
        .with_setting("reference frame", "centre of mass of all atoms")
}

/// What [`self_diffusion`] gave, among other properties.
pub(super) fn einstein(properties: &[Property]) -> impl Iterator<Item = &Property> {
    properties.iter().filter(|property| property.id == "self-diffusion" && property.route == "Einstein")
}

fn mean(slopes: &[f64]) -> f64 {
    slopes.iter().sum::<f64>() / slopes.len() as f64
}

/// The window to read, and whether a later one confirms it.
fn choose(windows: &[DiffusionWindow]) -> Option<(&DiffusionWindow, bool)> {
    let known: Vec<(&DiffusionWindow, f64, f64)> = windows
        .iter()
        .filter_map(|window| Some((window, mean(&window.slopes), rows_error(&window.slopes).standard_error?)))
        .collect();
    // The later window knows less: its error is that of the difference and of what both have in common.
    let agrees = |&(_, early, early_error): &(_, f64, f64), &(_, late, late_error): &(_, f64, f64)| {
        let variance = (late_error.powi(2) - early_error.powi(2)).max(0.25 * late_error.powi(2));
        (late - early).abs() <= AGREEMENT * variance.sqrt()
    };
    let straight = (0..known.len()).find(|&k| known[k + 1..].iter().all(|later| agrees(&known[k], later)))?;
    let taken = (straight + 1).min(known.len() - 1);
    Some((known[taken].0, taken > straight))
}

/// The curve on double-logarithmic axes, and the line over its window.
fn chart(curve: &MsdCurve, window: Option<&DiffusionWindow>) -> ChartSpec {
    let points = Series {
        name: curve.species.clone(),
        x: curve.time_ps.clone(),
        y: curve.msd.clone(),
        error: Some(curve.standard_error.clone()),
        style: Style::Points,
        colour: None,
    };
    let line = window.map(|window| {
        let slope = 6e3 * mean(&window.slopes);
        let middle = 0.5 * (window.lags_ps[0] + window.lags_ps[1]);
        let y = window.lags_ps.map(|t| window.middle + slope * (t - middle));
        Series {
            name: "fit".into(),
            x: window.lags_ps.into(),
            y: y.into(),
            error: None,
            style: Style::Line,
            colour: None,
        }
    });
    ChartSpec {
        title: String::new(),
        x: Axis { label: "Time".into(), unit: "ps".into(), range: None, log: true },
        y: Axis { label: "Mean-square displacement".into(), unit: "Å²".into(), range: None, log: true },
        series: [points].into_iter().chain(line).collect(),
        theme: Default::default(),
        transparent: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(last: f64, slope: f64, scatter: f64) -> DiffusionWindow {
        let slopes = (0..20).map(|k| slope + scatter * if k % 2 == 0 { 1.0 } else { -1.0 }).collect();
        DiffusionWindow { lags_ps: [0.6 * last, last], stretch_ps: last, slopes, middle: 1.0 }
    }

    #[test]
    fn the_window_comes_after_the_cage_with_a_margin() {
        let (cage, bent) = (window(0.1, 5.0, 0.05), window(0.2, 2.0, 0.1));
        let later = [window(0.4, 1.1, 0.2), window(0.8, 1.0, 0.4), window(1.6, 0.9, 0.8)];
        let windows = [&[cage, bent][..], &later].concat();
        let (taken, confirmed) = choose(&windows).unwrap();
        assert!(confirmed && taken.lags_ps[1] == 0.8, "{taken:?}");
        let (taken, confirmed) = choose(&windows[..2]).unwrap();
        assert!(!confirmed && taken.lags_ps[1] == 0.2);
        assert!(choose(&[]).is_none());
    }
}
