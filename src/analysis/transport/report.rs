//! From an integral to a [`Property`] with the curves behind it.

use super::cepstrum::Limit;
use super::green_kubo::{Curves, GreenKubo, Integral};
use crate::analysis::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::math::statistics::MeanError;

/// Points of a curve.
pub(super) const POINTS: usize = 300;

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
    let start = curves.correlation.first().copied().unwrap_or(1.0);
    let correlation = curves.correlation.iter().map(|c| c / start).collect();
    let correlation = line("correlation", in_ps(&curves.time), correlation, None);
    let running = running_integral(&property.name, &curves, integral, factor, unit);
    property.with_chart(chart("Autocorrelation", "", vec![correlation])).with_chart(running)
}

/// The running integral with its error band, and the value where it was read; `curves` are those of `integral`.
pub(super) fn running_integral(
    label: &str,
    curves: &Curves,
    integral: &Integral,
    factor: f64,
    unit: &str,
) -> ChartSpec {
    let running = curves.running.iter().map(|value| value * factor).collect();
    let band = curves.error.iter().map(|error| Some(error * factor.abs())).collect();
    let error = integral.error.standard_error.map(|error| error * factor.abs());
    let read = [1e-3 * integral.lag, 2e-3 * integral.lag];
    let running = line("running integral", in_ps(&curves.time), running, Some(band));
    chart(label, unit, vec![running, plateau(read, integral.value * factor, error)])
}

fn line(name: &str, x: Vec<f64>, y: Vec<f64>, error: Option<Vec<Option<f64>>>) -> Series {
    Series { name: name.into(), x, y, error, style: Style::Line, colour: None }
}

fn in_ps(times: &[f64]) -> Vec<f64> {
    times.iter().map(|time| 1e-3 * time).collect()
}

/// The value that was read between two times, ps.
pub(super) fn plateau(read: [f64; 2], value: f64, error: Option<f64>) -> Series {
    Series {
        name: "plateau".into(),
        x: read.into(),
        y: vec![value; 2],
        error: Some(vec![error; 2]),
        style: Style::Line,
        colour: None,
    }
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
    let step = 1e3 / (integrals.samples as f64 * integrals.interval);
    let highest = limit.frequencies as f64 * step;
    let mut estimate = Estimate::new(limit.integral, error, "").scaled(factor, unit);
    if !known {
        estimate.warnings = vec![NO_PLATEAU.to_owned()];
    }
    let drawn = spectrum(&property.name, &limit, step, factor, unit, standard_error);
    property
        .with_chart(drawn)
        .measured(estimate)
        .with_setting("cepstral coefficients", limit.coefficients)
        .with_setting("frequencies up to", format!("{highest:.2} THz"))
}

/// The spectrum in the unit of its limit at zero, as it is and as its first cepstral coefficients have it.
fn spectrum(label: &str, limit: &Limit, step: f64, factor: f64, unit: &str, error: Option<f64>) -> ChartSpec {
    let series = |name: &str, x, y, error, style| Series { name: name.into(), x, y, error, style, colour: None };
    let curve = |name: &str, [x, y]: &[Vec<f64>; 2], style| {
        let frequencies = x.iter().map(|k| k * step).collect();
        series(name, frequencies, y.iter().map(|value| value * factor).collect(), None, style)
    };
    let at_zero = series(
        "limit",
        vec![0.0],
        vec![limit.integral * factor],
        Some(vec![error.map(|error| error * factor)]),
        Style::Points,
    );
    let all = vec![
        curve("spectrum", &limit.spectrum, Style::Points),
        curve("smooth part", &limit.smooth, Style::Line),
        at_zero,
    ];
    let mut chart = chart(label, unit, all);
    chart.x = Axis { label: "Frequency".into(), unit: "THz".into(), range: None, log: false };
    chart.y.log = true;
    chart
}
