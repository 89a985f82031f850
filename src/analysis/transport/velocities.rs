//! Self-diffusion and vibrational density of states from the velocity autocorrelation.
//!
//! ```text
//! D      = integral_0^inf C(t) dt
//! g(nu)  = 4 integral_0^inf C(t)/C(0) cos(2 pi nu t) dt      (its own integral over nu is 1)
//! ```
//!
//! The integral is read as the mean of the running integral between a lag and twice it. The lag is the first that agrees
//! with all later ones, and then the next, as for the [other integrals](super::green_kubo); errors are those of
//! stretches of the run. The density of states is damped by a Hann window, which sets its resolution.

use super::diffusion::{A2_PER_FS_TO_1E9_M2_PER_S, DIFFUSION_UNIT};
use super::report::{chart, plateau};
use crate::analysis::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::math::statistics::{MIN_BLOCKS, rows_error};
use crate::sampling::VelocityCorrelation;

/// Later readings agree within this many standard errors of the difference.
const AGREEMENT: f64 = 2.5;
/// The shortest lag that is tried, in frames.
const FIRST: usize = 4;
/// Frequencies at which the density of states is drawn.
const FREQUENCIES: usize = 300;
/// It is drawn up to where it falls below this part of its peak for good.
const FAINT: f64 = 3e-3;

const TOO_SHORT: &str = "The run is still too short for the velocity autocorrelation.";
const NO_PLATEAU: &str = "The velocity autocorrelation has not died away within the lags that are followed.";

/// Self-diffusion and density of states of one species.
pub fn from_velocities(correlation: &VelocityCorrelation) -> Vec<Property> {
    let of = &correlation.species;
    let diffusion = Property::pending(
        "self-diffusion",
        of,
        format!("Self-diffusion of {of}"),
        "velocity autocorrelation",
        TOO_SHORT,
    );
    let states = Property::pending(
        "vibrational-dos",
        of,
        format!("Vibrational density of states of {of}"),
        "velocity autocorrelation",
        TOO_SHORT,
    );
    if (correlation.stretches.len() as u64) < MIN_BLOCKS {
        return vec![diffusion, states];
    }
    let mut states = states.with_chart(density_of_states(correlation));
    states.pending = None;
    let resolution = 1e3 / (correlation.interval_fs * correlation.stretches[0].len() as f64);
    vec![
        integrated(diffusion, correlation),
        states.with_setting("resolution", format!("{resolution:.2} THz (Hann window)")),
    ]
}

/// Mean of each stretch's running integral between `lag` and twice it.
fn readings(running: &[Vec<f64>], lag: usize) -> Vec<f64> {
    running.iter().map(|values| values[lag..=2 * lag].iter().sum::<f64>() / (lag + 1) as f64).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn integrated(property: Property, correlation: &VelocityCorrelation) -> Property {
    let running: Vec<Vec<f64>> = correlation.stretches.iter().map(|c| integral(c, correlation.interval_fs)).collect();
    let lags: Vec<usize> = std::iter::successors(Some(FIRST), |lag| Some(lag * 3 / 2))
        .take_while(|lag| 2 * lag < running[0].len())
        .collect();
    let all: Vec<Vec<f64>> = lags.iter().map(|&lag| readings(&running, lag)).collect();
    let agrees = |early: &[f64], late: &[f64]| {
        let steps: Vec<f64> = early.iter().zip(late).map(|(a, b)| b - a).collect();
        rows_error(&steps).standard_error.is_some_and(|error| mean(&steps).abs() <= AGREEMENT * error)
    };
    let last = lags.len() - 1;
    let start = (0..last).find(|&k| all[k + 1..].iter().all(|late| agrees(&all[k], late))).unwrap_or(last);
    let taken = (start + 1).min(last);
    let mut estimate = Estimate::new(mean(&all[taken]), rows_error(&all[taken]), "Å²/fs")
        .scaled(A2_PER_FS_TO_1E9_M2_PER_S, DIFFUSION_UNIT);
    if start == last {
        estimate.warnings.push(NO_PLATEAU.to_owned());
    }
    let time = |frames: usize| 1e-3 * correlation.interval_fs * frames as f64;
    let read = [time(lags[taken]), time(2 * lags[taken])];
    let mut running = curve("Self-diffusion", DIFFUSION_UNIT, correlation, |stretch| {
        integral(stretch, correlation.interval_fs * A2_PER_FS_TO_1E9_M2_PER_S)
    });
    running.series.push(plateau(read, estimate.value, estimate.standard_error));
    property
        .measured(estimate)
        .with_chart(curve("Velocity autocorrelation", "", correlation, |stretch| {
            stretch.iter().map(|c| c / stretch[0]).collect()
        }))
        .with_chart(running)
        .with_setting("plateau read over", format!("{:.3} to {:.3} ps", read[0], read[1]))
        .with_setting("stretches", format!("{} of {:.2} ps", all[taken].len(), 1e-3 * correlation.stretch_fs))
        .with_setting("reference frame", "centre of mass of all atoms")
}

/// Running integral by trapezoids.
fn integral(values: &[f64], interval: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let steps = values.windows(2).map(|pair| {
        sum += 0.5 * interval * (pair[0] + pair[1]);
        sum
    });
    std::iter::once(0.0).chain(steps).collect()
}

/// The mean over stretches of what `of` makes of each, with its error.
fn curve(label: &str, unit: &str, correlation: &VelocityCorrelation, of: impl Fn(&[f64]) -> Vec<f64>) -> ChartSpec {
    let stretches: Vec<Vec<f64>> = correlation.stretches.iter().map(|stretch| of(stretch)).collect();
    let at = |lag: usize| -> Vec<f64> { stretches.iter().map(|stretch| stretch[lag]).collect() };
    let lags = 0..stretches[0].len();
    let series = Series {
        name: correlation.species.clone(),
        x: lags.clone().map(|lag| 1e-3 * correlation.interval_fs * lag as f64).collect(),
        y: lags.clone().map(|lag| mean(&at(lag))).collect(),
        error: Some(lags.map(|lag| rows_error(&at(lag)).standard_error).collect()),
        style: Style::Line,
        colour: None,
    };
    chart(label, unit, vec![series])
}

fn density_of_states(correlation: &VelocityCorrelation) -> ChartSpec {
    let lags = correlation.stretches[0].len();
    let sum_at = |lag: usize| correlation.stretches.iter().map(|stretch| stretch[lag]).sum::<f64>();
    let average: Vec<f64> = (0..lags).map(|lag| sum_at(lag) / correlation.stretches.len() as f64).collect();
    let interval_ps = 1e-3 * correlation.interval_fs;
    let hann = |lag: usize| 0.5 * (1.0 + (std::f64::consts::PI * lag as f64 / lags as f64).cos());
    let highest = 0.5 / interval_ps;
    // The transform at one frequency, as a weight for each lag.
    let weights = |frequency: f64| -> Vec<f64> {
        let phase = std::f64::consts::TAU * frequency * interval_ps;
        let of_lag = |lag: usize| if lag == 0 { 0.5 } else { hann(lag) * (phase * lag as f64).cos() };
        (0..lags).map(|lag| 4.0 * interval_ps / average[0] * of_lag(lag)).collect()
    };
    let of = |values: &[f64], weights: &[f64]| values.iter().zip(weights).map(|(c, w)| c * w).sum::<f64>();
    let at = |frequency: f64| of(&average, &weights(frequency));
    // A coarse look first: where the curve ends.
    let coarse: Vec<f64> = (0..=lags).map(|k| at(highest * k as f64 / lags as f64)).collect();
    let peak = coarse.iter().copied().fold(0.0, f64::max);
    let end = coarse.iter().rposition(|&value| value > FAINT * peak).unwrap_or(lags).min(lags - 1) + 1;
    let last = highest * end as f64 / lags as f64;
    let x: Vec<f64> = (0..=FREQUENCIES).map(|k| last * k as f64 / FREQUENCIES as f64).collect();
    let (y, error) = x
        .iter()
        .map(|&frequency| {
            let weights = weights(frequency);
            let each: Vec<f64> = correlation.stretches.iter().map(|stretch| of(stretch, &weights)).collect();
            (mean(&each), rows_error(&each).standard_error)
        })
        .unzip();
    let series =
        Series { name: correlation.species.clone(), x, y, error: Some(error), style: Style::Line, colour: None };
    let mut chart = chart("Density of states", "1/THz", vec![series]);
    chart.x = Axis { label: "Frequency".into(), unit: "THz".into(), range: None, log: false };
    chart
}
