//! The first peak and the first minimum of a radial distribution function.
//!
//! Both are looked for on a smoothed curve, so that noise makes none, and then placed by a parabola through the curve
//! itself, so that smoothing moves and flattens none.

/// Width of the Gaussian that smooths, Å.
const SMOOTHING: f64 = 0.1;
/// Half the stretch of curve that the parabola at a peak is fitted to, Å.
const PEAK_WINDOW: f64 = 0.15;
/// The same at a minimum, which is wider.
const MINIMUM_WINDOW: f64 = 0.3;
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
}

impl Features {
    /// These features, with the other's minimum if there is none.
    pub(super) fn or(self, other: &Self) -> Self {
        Self { minimum: self.minimum.or(other.minimum), ..self }
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
                self.middle_of_gap(&smooth, low, gap)
            } else {
                self.parabola(low, MINIMUM_WINDOW, 1.0).map_or(self.middle(low), |(r, _)| r)
            }
        });
        Some(Features { peak, height, minimum })
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

    /// Vertex of the parabola through the curve within `window` of a bin; `bend` is the sign of its curvature. `None` if it
    /// bends the other way or has its vertex outside.
    fn parabola(&self, at: usize, window: f64, bend: f64) -> Option<(f64, f64)> {
        let reach = ((window / self.bin).round() as usize).max(1);
        let points = at.checked_sub(reach)?..at + reach + 1;
        let values = self.g.get(points)?;
        let n = values.len() as f64;
        // Least squares on x = -reach..=reach, where odd moments vanish.
        let x = |k: usize| k as f64 - reach as f64;
        let sum = |power: i32| values.iter().enumerate().map(|(k, g)| x(k).powi(power) * g).sum::<f64>();
        let moment = |power: i32| (0..values.len()).map(|k| x(k).powi(power)).sum::<f64>();
        let (m2, m4) = (moment(2), moment(4));
        let slope = sum(1) / m2;
        let curvature = (n * sum(2) - m2 * sum(0)) / (n * m4 - m2 * m2);
        let base = (sum(0) - curvature * m2) / n;
        let vertex = -0.5 * slope / curvature;
        let inside = curvature * bend > 0.0 && vertex.abs() <= reach as f64;
        inside.then(|| (self.middle(at) + vertex * self.bin, base - 0.25 * slope * slope / curvature))
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
