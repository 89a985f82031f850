//! From an integral to a [`Property`] with the curves behind it.

use super::cepstrum::Limit;
use super::green_kubo::{GreenKubo, Integral};
use crate::analysis::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::math::statistics::MeanError;

/// Points of a curve.
const POINTS: usize = 300;

/// Said where longer windows do not agree.
const NO_PLATEAU: &str = "The running integral has not reached a plateau yet: the run is too short for an error bar.";

/// Said before there is anything to integrate.
pub(super) const NO_SAMPLES: &str = "The run is still too short to integrate its fluctuations.";

/// The property as measured by a Green–Kubo integral, whose unit times `factor` is `unit`.
pub(super) fn integrated(
    property: Property,
    integrals: &GreenKubo,
    integral: Option<&Integral>,
    factor: f64,
    unit: &str,
) -> Property {
    let Some(integral) = integral else { return property };
    let mut estimate = Estimate::new(integral.value, integral.error, "").scaled(factor, unit);
    if integral.error.standard_error.is_none() {
        estimate.warnings = vec![NO_PLATEAU.to_owned()];
    }
    let [first, last] = [1e-3 * integral.lag, 2e-3 * integral.lag];
    let property = property
        .measured(estimate)
        .with_setting("plateau read over", format!("{first:.3} to {last:.3} ps"))
        .with_setting("equivalent components", integrals.components)
        .with_setting("length of the run", format!("{:.1} ps", 1e-3 * integrals.interval * integrals.samples as f64));
    charts(property, integrals, integral, factor, unit)
}

fn charts(property: Property, integrals: &GreenKubo, integral: &Integral, factor: f64, unit: &str) -> Property {
    let curves = integrals.curves(integral, POINTS);
    let time: Vec<f64> = curves.time.iter().map(|t| 1e-3 * t).collect();
    let start = curves.correlation.first().copied().unwrap_or(1.0);
    let line = |name: &str, x, y, error| Series { name: name.into(), x, y, error, style: Style::Line, colour: None };
    let correlation = curves.correlation.iter().map(|c| c / start).collect();
    let running = curves.running.iter().map(|value| value * factor).collect();
    let band = curves.error.iter().map(|error| Some(error * factor)).collect();
    let error = integral.error.standard_error.map(|error| error * factor);
    let plateau = [1e-3 * integral.lag, 2e-3 * integral.lag];
    let name = property.name.clone();
    property
        .with_chart(chart("Autocorrelation", "", vec![line("correlation", time.clone(), correlation, None)]))
        .with_chart(chart(
            &name,
            unit,
            vec![
                line("running integral", time, running, Some(band)),
                line("plateau", plateau.into(), vec![integral.value * factor; 2], Some(vec![error; 2])),
            ],
        ))
}

/// Curves over time in ps.
pub(super) fn chart(label: &str, unit: &str, series: Vec<Series>) -> ChartSpec {
    let axis = |label: &str, unit: &str| Axis { label: label.into(), unit: unit.into(), range: None, log: false };
    ChartSpec {
        title: String::new(),
        x: axis("Time", "ps"),
        y: axis(label, unit),
        series,
        theme: Default::default(),
        transparent: false,
    }
}

/// The property as measured by cepstral analysis. The limit is extrapolated from frequencies above one over the run's length,
/// and knows nothing of memories longer than that: it has an error only where the `integral` of the same current has one.
pub(super) fn limited(
    property: Property,
    limit: Option<Limit>,
    integrals: &GreenKubo,
    integral: Option<&Integral>,
    factor: f64,
    unit: &str,
) -> Property {
    let Some(limit) = limit else { return property };
    let relative = limit.standard_error / limit.integral;
    let known = integral.is_some_and(|integral| integral.error.standard_error.is_some());
    let standard_error = known.then_some(limit.standard_error);
    let error = MeanError { standard_error, independent_samples: 2.0 / (relative * relative) };
    let highest = limit.frequencies as f64 / (integrals.samples as f64 * integrals.interval) * 1e3;
    let mut estimate = Estimate::new(limit.integral, error, "").scaled(factor, unit);
    if !known {
        estimate.warnings = vec![NO_PLATEAU.to_owned()];
    }
    property
        .measured(estimate)
        .with_setting("cepstral coefficients", limit.coefficients)
        .with_setting("frequencies up to", format!("{highest:.2} THz"))
}
