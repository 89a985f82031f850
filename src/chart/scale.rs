//! An axis: its range, its ticks with their labels, and where a value lies on it.

use super::text::power_of_ten;
use super::{Axis, ChartSpec};

/// A range narrower than this share of its values is widened: labels would need too many digits.
const NARROWEST: f64 = 1e-7;
/// Numbers below this count as zero: powers of ten run out.
pub(super) const SMALLEST: f64 = 1e-290;
/// Room that data get beyond their extremes, as a share of the range.
const PADDING: f64 = 0.05;
/// More decades than this are cut off at the low end of a logarithmic axis.
const MOST_DECADES: f64 = 60.0;

/// A tick and its label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// Range and direction of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

/// Lowest and highest of finite values seen.
#[derive(Debug, Clone, Copy)]
struct Extent(f64, f64);

impl Extent {
    const NONE: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    fn with(self, value: f64) -> Self {
        if value.is_finite() { Self(self.0.min(value), self.1.max(value)) } else { self }
    }

    fn span(self) -> f64 {
        self.1 - self.0
    }
}

impl Scale {
    /// The horizontal axis of a chart.
    pub(super) fn horizontal(spec: &ChartSpec) -> Self {
        let usable = |value: &f64| value.is_finite() && (!spec.x.log || *value > 0.0);
        let extent = spec.series.iter().flat_map(|s| &s.x).copied().filter(usable).fold(Extent::NONE, Extent::with);
        let points = spec.series.iter().any(|series| series.style.has_points());
        Self::new(&spec.x, extent, if points { PADDING } else { 0.0 })
    }

    /// The vertical axis, for what is visible along the horizontal one. Errors count, up to the span of the values.
    pub(super) fn vertical(spec: &ChartSpec, x: &Self) -> Self {
        let usable = |value: f64| value.is_finite() && (!spec.y.log || value > 0.0);
        let (mut values, mut bars) = (Extent::NONE, Extent::NONE);
        for series in &spec.series {
            for (k, (&at, &value)) in series.x.iter().zip(&series.y).enumerate() {
                if usable(value) && x.fraction(at).is_some_and(|f| (0.0..=1.0).contains(&f)) {
                    values = values.with(value);
                    let error = series.error.as_ref().and_then(|errors| errors[k]).unwrap_or(0.0);
                    bars = [value - error, value + error].into_iter().filter(|&v| usable(v)).fold(bars, Extent::with);
                }
            }
        }
        let room = if values.span() > 0.0 { values.span() } else { f64::INFINITY };
        let mut extent = Extent(bars.0.max(values.0 - room).min(values.0), bars.1.min(values.1 + room).max(values.1));
        if values.0 >= 0.0 {
            // A quantity that is never negative has an axis that is not, whatever its errors.
            extent.0 = extent.0.max(0.0);
        }
        Self::new(&spec.y, extent, PADDING)
    }

    fn new(axis: &Axis, extent: Extent, padding: f64) -> Self {
        let log = axis.log;
        if let Some([low, high]) = axis.range {
            return Self { low, high, log };
        }
        if log { Self::logarithmic(extent, padding) } else { Self::linear(extent, padding) }
    }

    fn linear(extent: Extent, padding: f64) -> Self {
        let Extent(mut low, mut high) = extent;
        if low > high {
            return Self { low: 0.0, high: 1.0, log: false };
        }
        // Halves, so that the span of the largest numbers there are is finite.
        let size = low.abs().max(high.abs()).min(1e300);
        (low, high) = (low.clamp(-1e300, 1e300), high.clamp(-1e300, 1e300));
        if high - low <= NARROWEST * size || size < SMALLEST {
            let widened = if size < SMALLEST { 1.0 } else { 0.05 * size };
            let middle = 0.5 * (low + high);
            return Self { low: middle - widened, high: middle + widened, log: false };
        }
        let pad = padding * (high - low);
        let from_zero = low >= 0.0 && low < 0.3 * high;
        let to_zero = high <= 0.0 && high > 0.3 * low;
        if padding > 0.0 || from_zero {
            low = if from_zero { 0.0 } else { low - pad };
        }
        high = if to_zero { 0.0 } else { high + pad };
        Self { low, high, log: false }
    }

    fn logarithmic(extent: Extent, padding: f64) -> Self {
        let Extent(low, high) = extent;
        if low > high {
            return Self { low: 0.1, high: 10.0, log: true };
        }
        let top = high.max(SMALLEST).log10();
        let bottom = low.log10().clamp(top - MOST_DECADES, top);
        let pad = if top > bottom { padding * (top - bottom) } else { 0.5 };
        let bound = |exponent: f64| 10.0_f64.powf(exponent.clamp(-300.0, 300.0));
        Self { low: bound(bottom - pad), high: bound(top + pad), log: true }
    }

    /// Where a value lies, 0 at the low and 1 at the high end; outside that, beyond the ends. `None` where it has no place.
    pub(super) fn fraction(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let fraction = if self.log {
            (value / self.low).log10() / (self.high / self.low).log10()
        } else {
            // Each term apart: the difference of the largest numbers overflows.
            value / (self.high - self.low) - self.low / (self.high - self.low)
        };
        // Far outside is as good as a little outside, and can be counted in pixels.
        Some(fraction.clamp(-1e3, 1e3))
    }

    /// The power of ten that labels are divided by: a multiple of three, 0 where numbers read well as they are.
    pub(super) fn exponent(&self) -> i32 {
        let size = self.low.abs().max(self.high.abs());
        if self.log || size == 0.0 || (1e-2..1e5).contains(&size) {
            return 0;
        }
        3 * (size.log10() / 3.0).floor() as i32
    }

    /// Ticks at round values, the most that are at most `most` (two or more on a linear axis).
    pub(super) fn ticks(&self, most: usize) -> Vec<Tick> {
        if self.log { self.decade_ticks(most) } else { self.linear_ticks(most) }
    }

    fn linear_ticks(&self, most: usize) -> Vec<Tick> {
        let unit = 10.0_f64.powi(self.exponent());
        let (low, high) = (self.low / unit, self.high / unit);
        let step = round_step((high - low) / most.max(2) as f64);
        let decimals = (-step.log10().floor()).clamp(0.0, 15.0) as usize;
        // A tick at the very end counts, rounding or not.
        let slack = 1e-6 * step;
        let first = ((low - slack) / step).ceil();
        let count = (((high + slack) / step).floor() - first + 1.0).clamp(0.0, 100.0) as usize;
        (0..count)
            .map(|k| {
                let value = (first + k as f64) * step;
                Tick { value: value * unit, label: plain(value, decimals) }
            })
            .collect()
    }

    fn decade_ticks(&self, most: usize) -> Vec<Tick> {
        let (bottom, top) = (self.low.log10(), self.high.log10());
        let decades = top - bottom;
        let every = (decades / most.max(2) as f64).ceil().max(1.0) as i32;
        let (first, last) = ((bottom - 1e-9).ceil() as i32, (top + 1e-9).floor() as i32);
        let whole = (last - first + 1).max(0);
        let within: &[f64] = match (whole, most) {
            (0 | 1, 7..) => &[1.0, 2.0, 3.0, 5.0],
            (0 | 1, _) | (2, 7..) => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let mut ticks = Vec::new();
        for exponent in (first - 1..=last).filter(|e| e.rem_euclid(every) == 0) {
            for &digit in within {
                let value = digit * 10.0_f64.powi(exponent);
                if value >= self.low * (1.0 - 1e-9) && value <= self.high * (1.0 + 1e-9) {
                    ticks.push(Tick { value, label: decade_label(digit, exponent) });
                }
            }
        }
        // Less than a factor of two or so: a linear axis' ticks tell more.
        if ticks.len() < 2 { self.linear_ticks(most).into_iter().filter(|t| t.value > 0.0).collect() } else { ticks }
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `least`.
fn round_step(least: f64) -> f64 {
    let power = 10.0_f64.powf(least.max(1e-300).log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= least * (1.0 - 1e-9)).unwrap_or(10.0);
    digit * power
}

fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !zero { format!("−{text}") } else { text }
}

fn decade_label(digit: f64, exponent: i32) -> String {
    match exponent {
        -3..=3 => plain(digit * 10.0_f64.powi(exponent), exponent.min(0).unsigned_abs() as usize),
        _ if digit == 1.0 => power_of_ten(exponent),
        _ => format!("{digit:.0}·{}", power_of_ten(exponent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, log: bool, most: usize) -> Vec<String> {
        Scale { low, high, log }.ticks(most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 10.0, false, 5), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(-0.3, 0.3, false, 4), ["−0.2", "0.0", "0.2"]);
        assert_eq!(labels(997.2, 1003.1, false, 3), ["998", "1000", "1002"]);
        assert_eq!(labels(0.0, 0.004, false, 4), ["0", "1", "2", "3", "4"]);
        assert_eq!(Scale { low: 0.0, high: 0.004, log: false }.exponent(), -3);
        assert_eq!(labels(1e-3, 1e2, true, 6), ["0.001", "0.01", "0.1", "1", "10", "100"]);
        assert_eq!(labels(1e-9, 1e3, true, 4), ["10⁻⁹", "10⁻⁶", "0.001", "1", "1000"]);
        assert_eq!(labels(3.0, 30.0, true, 5), ["5", "10", "20"]);
        assert_eq!(labels(3.1, 3.9, true, 5), ["3.2", "3.4", "3.6", "3.8"]);
    }

    #[test]
    fn degenerate_data_have_an_axis() {
        for (low, high) in [
            (0.0, 0.0),
            (3.0, 3.0),
            (-1e308, 1e308),
            (1e-320, 1e-320),
            (5.0, 5.0 + 1e-12),
            (f64::INFINITY, f64::NEG_INFINITY),
        ] {
            for log in [false, true] {
                let axis = Axis { label: String::new(), unit: String::new(), range: None, log };
                let extent = if log { Extent(low.max(1e-320), high.max(1e-320)) } else { Extent(low, high) };
                let scale = Scale::new(&axis, extent, PADDING);
                assert!(scale.low < scale.high, "{low} {high} {log}: {scale:?}");
                let ticks = scale.ticks(6);
                assert!(!ticks.is_empty() && ticks.len() < 30, "{low} {high} {log}: {ticks:?}");
                for tick in ticks {
                    let fraction = scale.fraction(tick.value).unwrap();
                    assert!(
                        (-1e-3..=1.001).contains(&fraction) && tick.label.len() < 25,
                        "{low} {high} {log} {tick:?}"
                    );
                }
            }
        }
    }
}
