//! Cepstral analysis: the zero-frequency limit of a noisy spectrum from the smooth part of its logarithm (Ercole, Marcolongo,
//! Baroni, Sci. Rep. 7, 15835 (2017), doi:10.1038/s41598-017-15843-2; several currents: Bertossa, Grasselli, Ercole, Baroni,
//! Phys. Rev. Lett. 122, 255901 (2019), doi:10.1103/PhysRevLett.122.255901).
//!
//! The logarithm of a periodogram is that of the spectrum plus independent noise of known mean and variance, digamma and
//! trigamma of half the degrees of freedom. Its Fourier coefficients c_n are cut at the number P that Akaike's criterion
//! chooses; then `ln S(0) = c_0 + 2 sum_(n<P) c_n` less the noise's mean, with variance `trigamma (4 P - 2) / N`.
//!
//! With currents to be eliminated, the spectrum is `1 / (S^-1)_EE` of the matrix of cross-spectra at each frequency,
//! averaged over as many neighbouring frequencies as leave it invertible. Energy and particle currents change sign together
//! when time runs backwards, so that cross-spectra are real; each current that is taken out then costs one of the 2 l
//! degrees of freedom.

use nalgebra::DMatrix;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use super::spectrum::Flux;

/// Frequencies that are used hold this part of the power.
const POWER: f64 = 0.9;
/// Coefficients that are kept over those that the criterion chooses: it weighs the whole spectrum, not its end at zero.
const MARGIN: usize = 2;
/// Fewer frequencies than this say nothing.
const FEWEST: usize = 40;

/// A zero-frequency limit by cepstral analysis.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    /// Half of S(0): the integral of the correlation over positive times.
    pub integral: f64,
    pub standard_error: f64,
    /// Number of coefficients.
    pub coefficients: usize,
    /// The highest frequency that was used, in units of the frequency step.
    pub frequencies: usize,
    /// Half of the spectrum at the frequencies that were used, in units of the frequency step: averages of its logarithm
    /// over neighbouring ones, without the bias of noise.
    pub spectrum: [Vec<f64>; 2],
    /// The same as the kept coefficients have it.
    pub smooth: [Vec<f64>; 2],
}

/// Points of a curve.
const POINTS: usize = 150;

/// The limit for `flux` without what follows `others`; `None` for spectra too short for it.
pub(super) fn limit(flux: &Flux, others: &[Flux]) -> Option<Limit> {
    let currents: Vec<&Flux> = std::iter::once(flux).chain(others).collect();
    let bundle = (currents.len() + 3).div_ceil(2 * flux.count().max(1));
    let degrees = 2 * bundle * flux.count() + 1 - currents.len();
    let spectrum = reduced(&currents, bundle);
    let total: f64 = spectrum.iter().sum();
    let mut power = 0.0;
    let holding = spectrum.iter().take_while(|&&s| {
        power += s;
        power < POWER * total
    });
    let used = holding.count().max(FEWEST);
    if used > spectrum.len() || !spectrum[..used].iter().all(|&s| s > 0.0 && s.is_finite()) {
        return None;
    }
    let logarithms: Vec<f64> = spectrum[..used].iter().map(|s| s.ln()).collect();
    let coefficients = cepstrum(&logarithms);
    let (n, noise) = ((2 * used) as f64, trigamma(degrees));
    let mut tail: f64 = 0.0;
    let mut best = (f64::INFINITY, 1);
    for p in (1..coefficients.len() / 2).rev() {
        tail += coefficients[p].powi(2);
        let criterion = n / noise * tail + 2.0 * p as f64;
        if criterion < best.0 {
            best = (criterion, p);
        }
    }
    let count = (MARGIN * best.1).min(coefficients.len() / 2);
    let smooth = coefficients[0] + 2.0 * coefficients[1..count].iter().sum::<f64>();
    let bias = digamma(degrees) - ((bundle * flux.count()) as f64).ln();
    let error = (noise * (4 * count - 2) as f64 / n).sqrt();
    let integral = 0.5 * (smooth - bias).exp();
    let kept = &coefficients[..count];
    Some(Limit {
        integral,
        standard_error: integral * error,
        coefficients: count,
        frequencies: used * bundle,
        spectrum: thinned(&logarithms, bias, bundle),
        smooth: smooth_part(kept, used, bias, bundle),
    })
}

/// Half of the spectrum whose biased logarithms these are, averaged over neighbours.
fn thinned(logarithms: &[f64], bias: f64, bundle: usize) -> [Vec<f64>; 2] {
    let together = logarithms.len().div_ceil(POINTS);
    let point = |(k, own): (usize, &[f64])| {
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        let middle = (k * together) as f64 + 0.5 * (own.len() + 1) as f64;
        (middle * bundle as f64, 0.5 * (mean - bias).exp())
    };
    let (x, y) = logarithms.chunks(together).enumerate().map(point).unzip();
    [x, y]
}

/// Half of the spectrum from 0 to the highest of `used` frequencies, by its first cepstral coefficients.
fn smooth_part(kept: &[f64], used: usize, bias: f64, bundle: usize) -> [Vec<f64>; 2] {
    let point = |p: usize| {
        let k = (used * p) as f64 / POINTS as f64;
        let phase = std::f64::consts::PI * k / used as f64;
        let wave = |(n, c): (usize, &f64)| if n == 0 { *c } else { 2.0 * c * (phase * n as f64).cos() };
        let logarithm: f64 = kept.iter().enumerate().map(wave).sum();
        (k * bundle as f64, 0.5 * (logarithm - bias).exp())
    };
    let (x, y) = (0..=POINTS).map(point).unzip();
    [x, y]
}

/// `1 / (S^-1)_00` of the currents' cross-spectra, averaged over bundles of frequencies.
fn reduced(currents: &[&Flux], bundle: usize) -> Vec<f64> {
    let n = currents.len();
    let cross: Vec<Vec<Vec<f64>>> = currents.iter().map(|a| currents.iter().map(|b| a.cross(b)).collect()).collect();
    let averaged =
        |a: usize, b: usize, k: usize| cross[a][b][k * bundle..(k + 1) * bundle].iter().sum::<f64>() / bundle as f64;
    (0..cross[0][0].len() / bundle)
        .map(|k| match n {
            1 => averaged(0, 0, k),
            _ => DMatrix::from_fn(n, n, |a, b| averaged(a, b, k))
                .try_inverse()
                .map_or(0.0, |inverse| 1.0 / inverse[(0, 0)]),
        })
        .collect()
}

/// Fourier coefficients of values at frequencies 1 .. K, even and periodic in 2 K; the missing value at 0 is like the first.
fn cepstrum(values: &[f64]) -> Vec<f64> {
    let n = 2 * values.len();
    let mut even = vec![Complex::default(); n];
    even[0].re = values[0];
    for (k, &value) in values.iter().enumerate() {
        even[k + 1].re = value;
        even[n - k - 1].re = value;
    }
    FftPlanner::new().plan_fft_forward(n).process(&mut even);
    even[..n / 2].iter().map(|c| c.re / n as f64).collect()
}

/// psi(n/2) for whole n.
fn digamma(n: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let start = if n.is_multiple_of(2) { -EULER } else { -EULER - 2.0 * std::f64::consts::LN_2 };
    start + below(n).map(|x| 1.0 / x).sum::<f64>()
}

/// psi'(n/2) for whole n.
fn trigamma(n: usize) -> f64 {
    let square = std::f64::consts::PI.powi(2);
    let start = if n.is_multiple_of(2) { square / 6.0 } else { square / 2.0 };
    start - below(n).map(|x| 1.0 / (x * x)).sum::<f64>()
}

/// n/2 - 1, n/2 - 2, … as long as they are positive.
fn below(n: usize) -> impl Iterator<Item = f64> {
    (1..n).rev().filter(move |k| (n - k).is_multiple_of(2)).map(|k| 0.5 * k as f64)
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{Mode, cases, check_coverage, coverage, current, exact};
    use super::*;
    use crate::math::rng::seeded;

    fn coverages(runs: u64) {
        // A slow tail under a fast decay is a narrow peak at zero: the smooth logarithm falls short of it by some percent,
        // which is why this is the second route.
        for (name, modes, samples, components) in cases().into_iter().filter(|case| case.0 != "slow tail") {
            let estimate = |seed| {
                let flux = Flux::new(&current(&mut seeded(seed, 0), &modes, samples, components), 1.0);
                limit(&flux, &[]).map(|limit| (limit.integral, limit.standard_error))
            };
            check_coverage(&format!("cepstral, {name}"), &modes, runs, estimate);
        }
    }

    #[test]
    fn one_sigma_covers_about_two_thirds() {
        coverages(60);
    }

    #[test]
    #[ignore = "slow: cargo dev test --slow"]
    fn slow_one_sigma_covers_two_thirds() {
        coverages(1000);
    }

    #[test]
    fn matter_is_taken_out_at_every_frequency() {
        let mode = |weight, memory| [Mode { weight, memory, frequency: 0.0 }];
        let truth = exact(&mode(1.0, 4.0));
        for count in [1, 2, 3] {
            let (_, known, mean) = coverage(truth, 40, |seed| {
                let mut rng = seeded(seed, 3);
                let heat = Flux::new(&current(&mut rng, &mode(1.0, 4.0), 6000, 3), 1.0);
                let others: Vec<Flux> =
                    (0..count).map(|_| Flux::new(&current(&mut rng, &mode(3.0, 2.0), 6000, 3), 1.0)).collect();
                let energy = Flux::combined(std::iter::once((1.0, &heat)).chain(others.iter().map(|o| (2.0, o))));
                limit(&energy, &others).map(|limit| (limit.integral, limit.standard_error))
            });
            // Some 7 % each, over 40 runs.
            assert!(known == 1.0 && (mean - 1.0).abs() < 0.04, "{count}: {mean}");
        }
    }

    #[test]
    fn polygammas_are_those_of_whole_numbers() {
        // Abramowitz and Stegun, sections 6.3 and 6.4: psi(3), psi'(3), psi(3/2), psi'(3/2).
        assert!((digamma(6) - 0.922_784_335).abs() < 1e-9 && (trigamma(6) - 0.394_934_067).abs() < 1e-9);
        assert!((digamma(3) - 0.036_489_974).abs() < 1e-9 && (trigamma(3) - 0.934_802_201).abs() < 1e-9);
    }

    #[test]
    fn too_few_frequencies_give_nothing() {
        assert!(limit(&Flux::new(&[vec![1.0; 10]], 1.0), &[]).is_none());
        assert!(limit(&Flux::new(&[vec![1.0; 1000]], 1.0), &[]).is_none());
    }
}
