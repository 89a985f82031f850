//! Green–Kubo integrals whose cut the data choose.
//!
//! The integral of a correlation is read over [lag windows](super::spectrum) of growing length. The shortest one that
//! agrees with all longer ones starts the plateau; the value is that of the window twice as long, since agreement within
//! errors still leaves room for a bias of about one error. Errors are those of the periodogram, so that a spectrum with a
//! peak far from zero (the current of a salt) makes the error larger, as it should.

use super::spectrum::{Flux, LagWindow, autocorrelation, lag_windows};
use crate::math::statistics::MeanError;

/// A longer window agrees within this many standard errors of the difference.
const AGREEMENT: f64 = 2.5;
/// Windows beyond one that it is held against: up to six times as long. Later ones have nothing to add but noise.
const LOOK_AHEAD: usize = 5;
/// Windows from the one that starts the plateau to the one that is read: twice as long.
const MARGIN: usize = 2;
/// Nor may the integral change by more than this part of itself while the window doubles: as long as few frequencies make
/// it, errors are wide enough for a straight rise.
const LARGEST_CHANGE: f64 = 0.3;
/// An error needs this many degrees of freedom: with fewer, a correlation as long as the run passes for a plateau.
const FEWEST_DEGREES: f64 = 10.0;

/// An integral of a correlation over all positive times.
#[derive(Debug, Clone)]
pub(super) struct Integral {
    pub value: f64,
    /// Known where longer windows agree, and enough frequencies make the value.
    pub error: MeanError,
    /// The window that was read: from this lag to twice it, fs.
    pub lag: f64,
    /// The spectrum that was integrated, for curves.
    pub spectrum: Vec<f64>,
    /// What the noise of a running integral is proportional to: of an autocorrelation its value.
    pub size: f64,
}

/// Integrals of one run.
#[derive(Debug, Clone)]
pub(super) struct GreenKubo {
    windows: Vec<LagWindow>,
    pub samples: usize,
    /// Time between two samples, fs.
    pub interval: f64,
    pub components: usize,
}

impl GreenKubo {
    /// For currents with `components` equivalent components, sampled `samples` times, `interval` apart.
    pub(super) fn new(samples: usize, interval: f64, components: usize) -> Self {
        Self { windows: lag_windows(samples, interval, components), samples, interval, components }
    }

    /// The integral of the autocorrelation of `flux`; `None` for runs that are too short for any window.
    pub(super) fn integral(&self, flux: &Flux) -> Option<Integral> {
        let spectrum = flux.periodogram();
        self.plateau(0, |_| Some(spectrum.clone()))
    }

    /// The integral of what is left of `flux` once the part that follows `others` is taken out: with L the matrix of
    /// integrals, `L_EE - L_EQ L_QQ^-1 L_QE`.
    pub(super) fn reduced(&self, flux: &Flux, others: &[Flux]) -> Option<Integral> {
        if others.is_empty() {
            return self.integral(flux);
        }
        let own = flux.periodogram();
        let mixed: Vec<_> = others.iter().map(|other| flux.cross(other)).collect();
        let among: Vec<Vec<_>> = others.iter().map(|a| others.iter().map(|b| a.cross(b)).collect()).collect();
        self.plateau(others.len(), |window| {
            let n = others.len();
            let matrix = nalgebra::DMatrix::from_fn(n, n, |a, b| window.integral(&among[a][b]));
            let side = nalgebra::DVector::from_fn(n, |a, _| window.integral(&mixed[a]));
            let follow = matrix.lu().solve(&side)?;
            let mut spectrum = own.clone();
            for a in 0..n {
                spectrum.iter_mut().zip(&mixed[a]).for_each(|(s, x)| *s -= 2.0 * follow[a] * x);
                for b in 0..n {
                    spectrum.iter_mut().zip(&among[a][b]).for_each(|(s, x)| *s += follow[a] * follow[b] * x);
                }
            }
            Some(spectrum)
        })
    }

    /// Integral of the correlation of two currents over the window that was read for `integral`, as certain as that one.
    pub(super) fn mixed(&self, integral: &Integral, one: &Flux, other: &Flux) -> Integral {
        let spectrum = one.cross(other);
        let window = self.windows.iter().find(|window| window.time >= integral.lag);
        let (value, error) = window.map_or((0.0, 0.0), |window| self.mixed_over(window, &spectrum, one, other));
        let size = window.map_or(0.0, |window| {
            let [own, others] = [one, other].map(|flux| window.integral(&flux.periodogram()));
            (0.5 * (own * others + value * value).max(0.0)).sqrt()
        });
        // A share of what has no error has none either.
        let standard_error = integral.error.standard_error.map(|_| error);
        Integral { value, error: MeanError { standard_error, ..integral.error }, lag: integral.lag, spectrum, size }
    }

    fn mixed_over(&self, window: &LagWindow, cross: &[f64], one: &Flux, other: &Flux) -> (f64, f64) {
        let product = one.periodogram().into_iter().zip(other.periodogram()).map(|(x, y)| x * y);
        let variance: f64 = (window.weights.iter().zip(cross).zip(product))
            .map(|((w, cross), product)| w * w * 0.5 * (product + cross * cross))
            .sum();
        (window.integral(cross), (variance / (self.components + 1) as f64).sqrt())
    }

    /// `spectrum_at` gives the spectrum for a window, fitted there with `fitted` coefficients.
    fn plateau(&self, fitted: usize, spectrum_at: impl Fn(&LagWindow) -> Option<Vec<f64>>) -> Option<Integral> {
        let spectra: Vec<_> = self.windows.iter().map_while(spectrum_at).collect();
        let values: Vec<_> =
            self.windows.iter().zip(&spectra).map(|(window, s)| self.corrected(window, s, fitted)).collect();
        let agrees = |early: usize, late: usize| {
            let (from, to) = (&self.windows[early], &self.windows[late]);
            let variance = to.variance(Some(from), &spectra[late], self.components);
            let change = (values[late] - values[early]).abs();
            let steady = late > early + MARGIN || change <= LARGEST_CHANGE * values[late].abs();
            steady && change <= AGREEMENT * variance.sqrt()
        };
        let last = spectra.len().checked_sub(1)?;
        let start = (0..=last)
            .find(|&early| (early + 1..=last.min(early + LOOK_AHEAD)).all(|late| agrees(early, late)))
            .unwrap_or(last);
        let taken = (start + MARGIN).min(last);
        let (window, spectrum) = (&self.windows[taken], spectra.into_iter().nth(taken)?);
        let (value, variance) = (values[taken], window.variance(None, &spectrum, self.components));
        let degrees = 2.0 * value * value / variance;
        let known = start + MARGIN <= last && degrees > FEWEST_DEGREES;
        let error = MeanError { standard_error: known.then(|| variance.sqrt()), independent_samples: degrees };
        Some(Integral { value, error, lag: window.time, spectrum, size: value.abs() })
    }

    /// The integral, and what fitted coefficients have taken from its degrees of freedom given back.
    fn corrected(&self, window: &LagWindow, spectrum: &[f64], fitted: usize) -> f64 {
        let value = window.integral(spectrum);
        let degrees = 2.0 * value * value / window.variance(None, spectrum, self.components);
        let left = degrees - fitted as f64;
        if fitted > 0 && left > 1.0 { value * degrees / left } else { value }
    }

    /// Lags, the autocorrelation, its running integral and the error of that, up to three times the lag that was read; at
    /// most `points` of each.
    pub(super) fn curves(&self, integral: &Integral, points: usize) -> Curves {
        let most = ((3.0 * integral.lag / self.interval).ceil() as usize).clamp(2, (self.samples / 4).max(2));
        let correlation = autocorrelation(&integral.spectrum, self.samples, self.interval, most);
        let thin = correlation.len().div_ceil(points.max(1)).max(1);
        let duration = self.samples as f64 * self.interval * self.components as f64;
        let (mut running, mut curves) = (0.0, Curves::default());
        for (m, pair) in correlation.windows(2).enumerate() {
            if m % thin == 0 {
                let time = m as f64 * self.interval;
                curves.time.push(time);
                curves.correlation.push(pair[0]);
                curves.running.push(running);
                curves.error.push(2.0 * (time / duration).sqrt() * integral.size);
            }
            running += 0.5 * self.interval * (pair[0] + pair[1]);
        }
        curves
    }
}

/// Curves behind an integral, over the lag.
#[derive(Debug, Clone, Default)]
pub(super) struct Curves {
    pub time: Vec<f64>,
    pub correlation: Vec<f64>,
    pub running: Vec<f64>,
    pub error: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{Mode, cases, check_coverage, coverage, current, exact};
    use super::*;
    use crate::math::rng::seeded;

    fn coverages(runs: u64) {
        for (name, modes, samples, components) in cases() {
            let estimate = |seed| {
                let flux = Flux::new(&current(&mut seeded(seed, 0), &modes, samples, components), 1.0);
                let integral = GreenKubo::new(samples, 1.0, components).integral(&flux)?;
                Some((integral.value, integral.error.standard_error?))
            };
            check_coverage(&format!("Green–Kubo, {name}"), &modes, runs, estimate);
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

    /// Heat that flows with two kinds of matter.
    fn mixture(seed: u64, partial: [f64; 2]) -> (Flux, [Flux; 2]) {
        let mode = |weight, memory| [Mode { weight, memory, frequency: 0.0 }];
        let mut rng = seeded(seed, 3);
        let heat = Flux::new(&current(&mut rng, &mode(1.0, 4.0), 6000, 3), 1.0);
        let first = Flux::new(&current(&mut rng, &mode(3.0, 2.0), 6000, 3), 1.0);
        let other = Flux::new(&current(&mut rng, &mode(2.0, 8.0), 6000, 3), 1.0);
        let second = Flux::combined([(1.0, &other), (-0.5, &first)]);
        (Flux::combined([(1.0, &heat), (partial[0], &first), (partial[1], &second)]), [first, second])
    }

    #[test]
    fn what_flows_with_matter_is_no_heat() {
        let integrals = GreenKubo::new(6000, 1.0, 3);
        let truth = exact(&[Mode { weight: 1.0, memory: 4.0, frequency: 0.0 }]);
        let (within, known, mean) = coverage(truth, 60, |seed| {
            let (energy, others) = mixture(seed, [2.0, -1.0]);
            let integral = integrals.reduced(&energy, &others)?;
            Some((integral.value, integral.error.standard_error?))
        });
        println!("two currents taken out: within {within:.3} known {known:.3} mean {mean:.3}");
        assert!((0.48..0.88).contains(&within) && known > 0.9 && (mean - 1.0).abs() < 0.04, "{within} {known} {mean}");
        // The zero of each species' energy is of no account.
        let value = |partial| {
            let (energy, others) = mixture(5, partial);
            integrals.reduced(&energy, &others).unwrap().value
        };
        assert!((value([2.0, -1.0]) / value([-40.0, 7.0]) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_run_without_plateau_has_no_error() {
        let slow = [Mode { weight: 1.0, memory: 800.0, frequency: 0.0 }];
        let told = (0..20).filter(|&seed| {
            let flux = Flux::new(&current(&mut seeded(seed, 1), &slow, 2000, 3), 1.0);
            let integral = GreenKubo::new(2000, 1.0, 3).integral(&flux);
            integral.is_some_and(|integral| integral.error.standard_error.is_some())
        });
        // Two and a half memories can't know; chance makes some look flat.
        let told = told.count();
        assert!(told <= 8, "{told}");
        let empty = Flux::new(&[vec![1.0; 3], vec![1.0; 3], vec![1.0; 3]], 1.0);
        assert!(GreenKubo::new(3, 1.0, 3).integral(&empty).is_none());
    }

    #[test]
    fn curves_end_where_the_integral_is_read() {
        let modes = [Mode { weight: 2.0, memory: 5.0, frequency: 0.0 }];
        let flux = Flux::new(&current(&mut seeded(1, 0), &modes, 8000, 5), 2.0);
        let integrals = GreenKubo::new(8000, 2.0, 5);
        let integral = integrals.integral(&flux).unwrap();
        let curves = integrals.curves(&integral, 300);
        assert!(curves.time.len() <= 301 && curves.time.len() == curves.error.len());
        // 8000 samples of variance 2, correlated over 5, in five components.
        assert!((curves.correlation[0] - 2.0).abs() < 0.1, "{}", curves.correlation[0]);
        let plateau: Vec<f64> = curves
            .time
            .iter()
            .zip(&curves.running)
            .filter(|(t, _)| (integral.lag..=2.0 * integral.lag).contains(*t))
            .map(|(_, value)| *value)
            .collect();
        let mean = plateau.iter().sum::<f64>() / plateau.len() as f64;
        // The ends of the stretch count half in the window.
        assert!((mean / integral.value - 1.0).abs() < 0.02, "{mean} {}", integral.value);
    }
}
