//! The first peak and the first minimum of a radial distribution function.
//!
//! Both are looked for on a smoothed curve, so that noise makes none, and then placed by a parabola through the curve
//! itself, so that smoothing moves and flattens none. The parabola's weights follow its vertex: did they sit on a bin, a
//! position would jump with the bin, and no error bar would know of it.

use crate::math::{Mat3, Vec3};

/// Width of the Gaussian that smooths, Å.
const SMOOTHING: f64 = 0.1;
/// Where the weights of the parabola at a peak end, Å from its vertex.
const PEAK_WINDOW: f64 = 0.23;
/// The same at a minimum, which is wider.
const MINIMUM_WINDOW: f64 = 0.46;
/// A vertex has settled when it moves by less than this, Å; one that does not within so many rounds is none.
const SETTLED: (f64, usize) = (1e-5, 60);
/// The first peak is the first maximum of at least this share of the highest.
const PEAK_SHARE: f64 = 0.6;
/// A peak rises above 1 by at least this, and by this many times its counting noise.
const PEAK_RISE: (f64, f64) = (0.15, 4.0);
/// After a minimum the curve rises by at least this share of its drop from the peak, and by this many times its noise.
const MINIMUM_RISE: (f64, f64) = (0.1, 3.0);
/// Below this share of the peak a minimum is a gap, whose middle is taken.
const GAP_SHARE: f64 = 0.01;

/// Where a curve has its first peak and minimum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Features {
    /// Position of the first peak, Å.
    pub(super) peak: f64,
    /// Its height.
    pub(super) height: f64,
    /// Position of the first minimum, Å; `None` if the curve does not rise again within its range.
    pub(super) minimum: Option<f64>,
    /// g there; `None` where there is none, or next to none.
    pub(super) depth: Option<f64>,
}

impl Features {
    /// These features, with the other's minimum if there is none.
    pub(super) fn or(self, other: &Self) -> Self {
        Self { minimum: self.minimum.or(other.minimum), depth: self.depth.or(other.depth), ..self }
    }
}

/// A curve to look at.
pub(super) struct FeatureFinder<'a> {
    /// g by bin.
    pub(super) g: &'a [f64],
    /// Pairs that an ideal gas would have had in each bin: the curve's statistical weight.
    pub(super) ideal: &'a [f64],
    /// Width of a bin, Å.
    pub(super) bin: f64,
}

impl FeatureFinder<'_> {
    /// `None` where no peak stands out.
    pub(super) fn find(&self) -> Option<Features> {
        let (smooth, noise) = self.smoothed();
        let at = first_peak(&smooth, &noise)?;
        let (peak, height) = self.parabola(at, PEAK_WINDOW, -1.0).unwrap_or((self.middle(at), self.g[at]));
        let minimum = first_minimum(&smooth, &noise, at).map(|low| {
            let gap = GAP_SHARE * smooth[at];
            if smooth[low] < gap {
                (self.middle_of_gap(&smooth, low, gap), None)
            } else {
                let (r, g) = self.parabola(low, MINIMUM_WINDOW, 1.0).unwrap_or((self.middle(low), smooth[low]));
                (r, (g > 0.0).then_some(g))
            }
        });
        Some(Features { peak, height, minimum: minimum.map(|(r, _)| r), depth: minimum.and_then(|(_, g)| g) })
    }

    fn middle(&self, bin: usize) -> f64 {
        (bin as f64 + 0.5) * self.bin
    }

    /// The curve under a Gaussian, and its counting noise: pairs are added, not values of g, so that the noisy bins at
    /// short distances weigh little.
    fn smoothed(&self) -> (Vec<f64>, Vec<f64>) {
        let reach = (3.0 * SMOOTHING / self.bin).ceil() as usize;
        let kernel: Vec<f64> = (0..=reach).map(|d| (-0.5 * (d as f64 * self.bin / SMOOTHING).powi(2)).exp()).collect();
        (0..self.g.len())
            .map(|k| {
                let (mut pairs, mut ideal) = (0.0, 0.0);
                for j in k.saturating_sub(reach)..(k + reach + 1).min(self.g.len()) {
                    let weight = kernel[j.abs_diff(k)] * self.ideal[j];
                    pairs += weight * self.g[j];
                    ideal += weight;
                }
                let g = pairs / ideal;
                (g, (g.max(0.0) / ideal).sqrt())
            })
            .unzip()
    }

    /// Vertex of the parabola through the curve with weights `(1 - (d/window)^2)^2` around the vertex itself, found from
    /// that around a bin; `bend` is the sign of its curvature. `None` if it bends the other way, or wanders off.
    fn parabola(&self, at: usize, window: f64, bend: f64) -> Option<(f64, f64)> {
        // At least four bins have weight, however coarse they are.
        let window = window.max(2.5 * self.bin);
        let (start, mut centre) = (self.middle(at), self.middle(at));
        for _ in 0..SETTLED.1 {
            let (vertex, value) = self.weighted_parabola(centre, window, bend)?;
            if (vertex - start).abs() > window {
                return None;
            }
            if (vertex - centre).abs() < SETTLED.0 {
                return Some((vertex, value));
            }
            centre = vertex;
        }
        None
    }

    /// One round of [`FeatureFinder::parabola`], with the weights around `centre`.
    fn weighted_parabola(&self, centre: f64, window: f64, bend: f64) -> Option<(f64, f64)> {
        let first = ((centre - window) / self.bin - 0.5).ceil().max(0.0) as usize;
        let last = ((centre + window) / self.bin - 0.5).floor() as usize;
        let values = self.g.get(first..=last)?;
        let (mut matrix, mut right) = (Mat3::zeros(), Vec3::zeros());
        for (k, &g) in values.iter().enumerate() {
            let x = (self.middle(first + k) - centre) / window;
            let weight = (1.0 - x * x).powi(2);
            let powers = Vec3::new(1.0, x, x * x);
            matrix += weight * powers * powers.transpose();
            right += weight * g * powers;
        }
        let [base, slope, curvature] = matrix.try_inverse().map(|inverse| (inverse * right).into())?;
        let vertex: f64 = -0.5 * slope / curvature;
        let found = (centre + vertex * window, base + 0.5 * slope * vertex);
        (curvature * bend > 0.0 && vertex.abs() <= 1.0).then_some(found)
    }

    fn middle_of_gap(&self, smooth: &[f64], low: usize, gap: f64) -> f64 {
        let below = smooth[..low].iter().rev().take_while(|&&g| g < gap).count();
        let above = smooth[low..].iter().take_while(|&&g| g < gap).count();
        (low - below + low + above) as f64 * 0.5 * self.bin
    }
}

fn first_peak(smooth: &[f64], noise: &[f64]) -> Option<usize> {
    let stands_out = |k: usize| smooth[k] - 1.0 > PEAK_RISE.0.max(PEAK_RISE.1 * noise[k]);
    let highest = (0..smooth.len()).filter(|&k| stands_out(k)).map(|k| smooth[k]).fold(0.0, f64::max);
    (1..smooth.len().saturating_sub(1)).find(|&k| {
        stands_out(k) && smooth[k] >= PEAK_SHARE * highest && smooth[k] >= smooth[k - 1] && smooth[k] > smooth[k + 1]
    })
}

fn first_minimum(smooth: &[f64], noise: &[f64], peak: usize) -> Option<usize> {
    let mut low = peak;
    for k in peak + 1..smooth.len() {
        if smooth[k] < smooth[low] {
            low = k;
        }
        let rise = (MINIMUM_RISE.0 * (smooth[peak] - smooth[low])).max(MINIMUM_RISE.1 * noise[k]);
        if low > peak && smooth[k] > smooth[low] + rise {
            return Some(low);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell of Gaussian form, sampled by fine bins and by ones as wide as itself.
    #[test]
    fn a_shell_is_found_with_any_bins() {
        for (bin, near, high) in [(0.02, 0.005, 0.05), (0.05, 0.005, 0.05), (0.2, 0.05, 0.4), (0.3, 0.15, 0.6)] {
            let g: Vec<f64> = (0..(8.0 / bin) as usize)
                .map(|k| 1.0 + 3.0 * (-0.5 * (((k as f64 + 0.5) * bin - 2.83) / 0.25).powi(2)).exp())
                .collect();
            let ideal = vec![1e4; g.len()];
            let found = FeatureFinder { g: &g, ideal: &ideal, bin }.find().unwrap();
            // The parabola flattens what is narrower than it.
            assert!((found.peak - 2.83).abs() < near && (found.height - 4.0).abs() < high, "{bin}: {found:?}");
        }
    }
}
