//! Spectra of fluctuating currents, and lag windows as weights over their frequencies.
//!
//! A current X sampled N times, dt apart, has the periodogram
//!
//! ```text
//! I_k = (dt / N) | sum_m X_m exp(-2 pi i k m / N) |^2,      f_k = k / (N dt),   k = 1 .. N/2
//! ```
//!
//! averaged over the l equivalent components of the current. Its values at different k are independent, and each is the
//! spectrum S(f_k), which is the Fourier transform of the autocorrelation C(t), times chi^2 / (2 l) with 2 l degrees of
//! freedom. Anything linear in C(t) is a weighted sum of I_k, and so has a known error, whatever the shape of the spectrum:
//!
//! ```text
//! integral_0^inf w(t) C(t) dt = sum_k W_k I_k,      variance = sum_k W_k^2 I_k^2 / (l + 1)
//! ```
//!
//! (Percival and Walden, Spectral Analysis for Physical Applications, Cambridge 1993, chapter 6.) The mean is taken out, and
//! k = 0 counts as k = 1.
//!
//! | symbol | here |
//! |---|---|
//! | l | [`Flux::components`] |
//! | w(t) | 1 up to a lag T, then down to 0 at 2 T in a straight line |
//! | W_k | [`LagWindow::weights`] |
//!
//! With this w the weighted integral is the mean of the running integral of C between T and 2 T, and also half the slope
//! of the mean-square displacement of the integrated current between these lags: Green–Kubo and Einstein at once.

use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// Windows are not longer than this part of the run.
const LONGEST: usize = 16;
/// Nor so long that fewer than these degrees of freedom are left.
const FEWEST_DEGREES: f64 = 20.0;
/// What varies by less than this part of its largest value is constant, and the rest rounding.
const ROUNDING: f64 = 1e-11;

/// Transforms of the components of a current, scaled so that the squared modulus is the periodogram.
#[derive(Debug, Clone)]
pub(super) struct Flux {
    components: Vec<Vec<Complex<f64>>>,
}

impl Flux {
    /// From `components` equally long series of samples that are `interval` apart.
    pub(super) fn new(components: &[Vec<f64>], interval: f64) -> Self {
        let samples = components.first().map_or(0, Vec::len) / 2 * 2;
        let fft = FftPlanner::new().plan_fft_forward(samples);
        let scale = (interval / samples.max(1) as f64).sqrt();
        let transform = |series: &Vec<f64>| {
            let late = &series[series.len() - samples..];
            let mean = late.iter().sum::<f64>() / samples.max(1) as f64;
            let (largest, spread) =
                late.iter().fold((0f64, 0f64), |(most, far), x| (most.max(x.abs()), far.max((x - mean).abs())));
            let scale = if spread > ROUNDING * largest { scale } else { 0.0 };
            let mut values: Vec<_> = late.iter().map(|x| Complex::new((x - mean) * scale, 0.0)).collect();
            fft.process(&mut values);
            values[1.min(samples)..samples / 2 + samples.min(1)].to_vec()
        };
        Self { components: components.iter().map(transform).collect() }
    }

    /// The sum of currents, each times its factor.
    pub(super) fn combined<'a>(terms: impl IntoIterator<Item = (f64, &'a Self)>) -> Self {
        let mut sum: Option<Self> = None;
        for (factor, flux) in terms {
            let total = sum.get_or_insert_with(|| Self {
                components: vec![vec![Complex::default(); flux.frequencies()]; flux.count()],
            });
            for (total, values) in total.components.iter_mut().zip(&flux.components) {
                total.iter_mut().zip(values).for_each(|(total, value)| *total += value * factor);
            }
        }
        sum.unwrap_or(Self { components: Vec::new() })
    }

    /// Number of components.
    pub(super) fn count(&self) -> usize {
        self.components.len()
    }

    fn frequencies(&self) -> usize {
        self.components.first().map_or(0, Vec::len)
    }

    /// Real part of the cross-spectrum, averaged over components; with itself: the periodogram.
    pub(super) fn cross(&self, other: &Self) -> Vec<f64> {
        let scale = 1.0 / self.count().max(1) as f64;
        let mut sum = vec![0.0; self.frequencies()];
        for (one, two) in self.components.iter().zip(&other.components) {
            for ((sum, x), y) in sum.iter_mut().zip(one).zip(two) {
                *sum += scale * (x.re * y.re + x.im * y.im);
            }
        }
        sum
    }

    /// The average over components.
    pub(super) fn periodogram(&self) -> Vec<f64> {
        self.cross(self)
    }
}

/// A lag window as weights over frequencies.
#[derive(Debug, Clone)]
pub(super) struct LagWindow {
    /// The lag up to which the window is 1; it ends at twice that.
    pub time: f64,
    /// W_k for k = 1 .. N/2.
    pub weights: Vec<f64>,
}

impl LagWindow {
    fn new(lag: usize, samples: usize, interval: f64) -> Self {
        let mut shape = vec![Complex::<f64>::default(); samples];
        shape[0].re = 0.5;
        for m in 1..=(2 * lag).min(samples / 2) {
            let weight = if m <= lag { 1.0 } else { 2.0 - m as f64 / lag as f64 };
            shape[m].re += 0.5 * weight;
            shape[samples - m].re += 0.5 * weight;
        }
        FftPlanner::new().plan_fft_forward(samples).process(&mut shape);
        // Either sign of a frequency counts, but for the last; the one that is missing is taken to be like the first.
        let mut weights: Vec<f64> = shape[1..=samples / 2].iter().map(|w| 2.0 * w.re / samples as f64).collect();
        if let Some(last) = weights.last_mut() {
            *last *= 0.5;
        }
        if let Some(first) = weights.first_mut() {
            *first += shape[0].re / samples as f64;
        }
        Self { time: lag as f64 * interval, weights }
    }

    /// The weighted integral of the correlation whose spectrum is given.
    pub(super) fn integral(&self, spectrum: &[f64]) -> f64 {
        self.weights.iter().zip(spectrum).map(|(w, s)| w * s).sum()
    }

    /// Variance of the integral, or of its difference from that of an earlier window.
    pub(super) fn variance(&self, earlier: Option<&Self>, spectrum: &[f64], components: usize) -> f64 {
        let squares = self.weights.iter().zip(spectrum).enumerate().map(|(k, (w, s))| {
            let less = earlier.map_or(0.0, |earlier| earlier.weights[k]);
            ((w - less) * s).powi(2)
        });
        squares.sum::<f64>() / (components + 1) as f64
    }
}

/// Windows with lags that grow by a factor of about the root of 2, as long as a run of `samples` allows.
pub(super) fn lag_windows(samples: usize, interval: f64, components: usize) -> Vec<LagWindow> {
    let samples = samples / 2 * 2;
    // A window of lag T leaves 3 l N / (8 T) degrees of freedom.
    let longest = (3.0 * (components * samples) as f64 / (8.0 * FEWEST_DEGREES)).min((samples / LONGEST) as f64);
    let mut lags = Vec::new();
    let mut lag = 1.0_f64;
    while lag.round() <= longest {
        lags.push(lag.round() as usize);
        lag *= std::f64::consts::SQRT_2;
    }
    lags.dedup();
    lags.into_iter().map(|lag| LagWindow::new(lag, samples, interval)).collect()
}

/// The autocorrelation at lags 0, 1, 2, … up to `most` from the spectrum of a run of `samples`.
pub(super) fn autocorrelation(spectrum: &[f64], samples: usize, interval: f64, most: usize) -> Vec<f64> {
    let samples = samples / 2 * 2;
    let mut values = vec![Complex::default(); samples];
    for (k, &s) in spectrum.iter().enumerate().take(samples / 2) {
        values[k + 1].re = s;
        values[samples - k - 1].re = s;
    }
    if let (Some(zero), Some(&first)) = (values.first_mut(), spectrum.first()) {
        zero.re = first;
    }
    FftPlanner::new().plan_fft_forward(samples).process(&mut values);
    values.iter().take(most + 1).map(|value| value.re / (samples as f64 * interval)).collect()
}
