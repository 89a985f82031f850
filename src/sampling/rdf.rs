//! Partial radial distribution functions.
//!
//! ```text
//! g_ab(r) = < V n_ab(r) > / (N_a (N_b - delta_ab) 4/3 pi ((r + dr/2)^3 - (r - dr/2)^3))
//! n_ab(R) = 4 pi rho_b integral_0^R r^2 g_ab(r) dr,   rho_b = (N_b - delta_ab) / <V>
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | n_ab(r) | ordered pairs of an atom of a and an atom of b in the shell around r |
//! | dr | width of a bin |
//! | V | volume of the cell in the frame |
//!
//! Beyond half the shortest distance between faces each image of a neighbour counts, an atom's own included. There a small
//! cell's g shows the periodicity of the cell, not only the liquid's structure.
//!
//! Errors: frames are averaged over 32 to 63 equal stretches of the run; each curve's error is that of these rows' mean
//! ([`rows_error`]), and that of a peak, a minimum or a coordination number comes from the jackknife's pseudo-values over
//! the same rows, each with its own peak and minimum.

use serde::{Deserialize, Serialize};

use super::pairs::PairSearch;
use super::rdf_features::{FeatureFinder, Features};
use super::rows::Rows;
use super::{Frame, Observer};
use crate::analysis::Estimate;
use crate::error::{Error, Result};
use crate::math::statistics::rows_error;
use crate::system::System;

/// Largest range, Å.
const MAX_RANGE: f64 = 40.0;
/// The range that is taken where none is asked for, if the cell allows, Å.
const USUAL_RANGE: f64 = 10.0;
/// Smallest bin, Å.
const MIN_BIN: f64 = 0.005;
/// More pairs per frame than this are refused.
const MAX_PAIRS: f64 = 2e8;

/// What [`Rdf`] measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RdfSettings {
    /// Largest distance, Å; `None`: half the shortest distance between the cell's faces, at most 10 Å.
    pub range_angstrom: Option<f64>,
    /// Width of a bin, Å (adjusted so that bins fill the range).
    pub bin_angstrom: f64,
}

impl Default for RdfSettings {
    fn default() -> Self {
        Self { range_angstrom: None, bin_angstrom: 0.05 }
    }
}

/// One pair of species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RdfCurve {
    /// Species in the centre.
    pub first: String,
    /// Species around it.
    pub second: String,
    /// Middles of the bins, Å.
    pub r_angstrom: Vec<f64>,
    /// g(r).
    pub g: Vec<f64>,
    /// Standard error of each bin; `None` where the run is too short for one.
    pub standard_error: Vec<Option<f64>>,
    /// Number of `second` around a `first` up to each bin's outer edge.
    pub coordination: Vec<f64>,
    /// Position of the first peak, Å; `None` where no peak stands out.
    pub first_peak: Option<Estimate>,
    /// Height of the first peak.
    pub first_peak_height: Option<Estimate>,
    /// Position of the first minimum after it, Å.
    pub first_minimum: Option<Estimate>,
    /// `ln(g_max/g_min)` of the first peak and the first minimum; `None` where g vanishes between the shells.
    pub first_barrier: Option<Estimate>,
    /// Number of `second` around a `first` up to the first minimum.
    pub coordination_number: Option<Estimate>,
    /// Number of `first` around a `second` up to the first minimum.
    pub reverse_coordination_number: Option<Estimate>,
}

/// Radial distribution functions of all pairs of species that have atoms.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rdf {
    bin: f64,
    bins: usize,
    species: Vec<String>,
    counts: Vec<usize>,
    /// By pair of type indices: which curve.
    curve_of: Vec<u32>,
    frames: u64,
    rows: Rows,
    #[serde(skip)]
    histogram: Vec<u32>,
    #[serde(skip)]
    search: PairSearch,
}

impl Rdf {
    /// An observer for runs of `system`.
    ///
    /// # Errors
    /// A cell that is not periodic in all directions; a range or a bin width that makes no sense.
    pub fn new(system: &System, settings: &RdfSettings) -> Result<Self> {
        let Some(volume) = system.cell.volume() else {
            return Err(Error::invalid(
                "radial distribution function",
                "a cell that is open along a direction",
                "a cell that is periodic in all directions, so that there is a density",
            ));
        };
        let half_face = 0.5 * system.cell.face_distances().into_iter().fold(f64::INFINITY, f64::min);
        let range = settings.range_angstrom.unwrap_or(half_face.min(USUAL_RANGE));
        if !(range > 0.0 && range <= MAX_RANGE) {
            return Err(Error::invalid(
                "range of the radial distribution function",
                format!("{range} Å"),
                format!("above 0 and at most {MAX_RANGE} Å"),
            ));
        }
        let atoms = system.len() as f64;
        let pairs = 0.5 * atoms * atoms / volume * sphere(range);
        if pairs > MAX_PAIRS {
            return Err(Error::invalid(
                "range of the radial distribution function",
                format!("{range} Å, within which {atoms} atoms have {pairs:.1e} pairs"),
                format!("at most {MAX_PAIRS:.0e} pairs"),
            ));
        }
        let asked = settings.bin_angstrom;
        if !(asked >= MIN_BIN && asked <= range) {
            return Err(Error::invalid(
                "bin width of the radial distribution function",
                format!("{asked} Å"),
                format!("{MIN_BIN} Å to the range, {range:.3} Å"),
            ));
        }
        let bins = (range / asked).round().max(1.0) as usize;
        let all = system.counts();
        let present: Vec<usize> = (0..all.len()).filter(|&s| all[s] > 0).collect();
        let mut curve_of = vec![0; all.len() * all.len()];
        for (curve, (a, b)) in species_pairs(present.len()).enumerate() {
            let (a, b) = (present[a], present[b]);
            curve_of[a * all.len() + b] = curve as u32;
            curve_of[b * all.len() + a] = curve as u32;
        }
        let curves = species_pairs(present.len()).count();
        Ok(Self {
            bin: range / bins as f64,
            bins,
            species: present.iter().map(|&s| system.species[s].name.clone()).collect(),
            counts: present.iter().map(|&s| all[s]).collect(),
            curve_of,
            frames: 0,
            rows: Rows::new(curves * bins + 1),
            histogram: Vec::new(),
            search: PairSearch::default(),
        })
    }

    /// Frames taken in.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Largest distance, Å.
    pub fn range_angstrom(&self) -> f64 {
        self.bin * self.bins as f64
    }

    /// The curves so far, each pair of species once; none before the first frame.
    pub fn curves(&self) -> Vec<RdfCurve> {
        if self.frames == 0 {
            return Vec::new();
        }
        species_pairs(self.species.len()).enumerate().map(|(curve, pair)| self.curve(curve, pair)).collect()
    }

    fn curve(&self, curve: usize, (a, b): (usize, usize)) -> RdfCurve {
        let mean = self.rows.mean();
        let shape = Shape::new(self, curve, (a, b));
        let g = shape.g(&mean);
        let standard_error = (0..self.bins)
            .map(|k| {
                let column = curve * self.bins + k;
                rows_error(&self.rows.column(column)).standard_error.map(|error| error * shape.to_g[k])
            })
            .collect();
        let reverse = self.counts[a] as f64 / self.counts[b] as f64;
        let mut result = RdfCurve {
            first: self.species[a].clone(),
            second: self.species[b].clone(),
            r_angstrom: (0..self.bins).map(|k| (k as f64 + 0.5) * self.bin).collect(),
            coordination: shape.coordination(&mean),
            g,
            standard_error,
            first_peak: None,
            first_peak_height: None,
            first_minimum: None,
            first_barrier: None,
            coordination_number: None,
            reverse_coordination_number: None,
        };
        if let Some(whole) = shape.features(&mean, self.frames) {
            let samples = self.jackknife(&shape, &whole);
            let estimate = |value: fn(&Measured) -> f64, unit: &str| {
                let pseudo: Vec<f64> = samples.iter().map(value).collect();
                Estimate::new(value(&shape.measure(&mean, &whole)), rows_error(&pseudo), unit)
            };
            result.first_peak = Some(estimate(|m| m.peak, "Å"));
            result.first_peak_height = Some(estimate(|m| m.height, ""));
            if whole.minimum.is_some() {
                let number = estimate(|m| m.coordination, "");
                result.first_minimum = Some(estimate(|m| m.minimum, "Å"));
                result.first_barrier = whole.depth.map(|_| estimate(|m| m.barrier, ""));
                result.reverse_coordination_number = Some(number.clone().scaled(reverse, ""));
                result.coordination_number = Some(number);
            }
        }
        result
    }

    /// Pseudo-values n x - (n - 1) x_i, where x_i is measured on all rows but the i-th.
    fn jackknife(&self, shape: &Shape, whole: &Features) -> Vec<Measured> {
        let n = self.rows.len() as f64;
        if self.rows.len() < 2 {
            return Vec::new();
        }
        let mean = self.rows.mean_of_full();
        let measure = |row: &[f64]| {
            let features = shape.features(row, self.frames).unwrap_or(*whole);
            shape.measure(row, &features.or(whole))
        };
        let all = measure(&mean);
        let mut others = vec![0.0; mean.len()];
        (0..self.rows.len())
            .map(|i| {
                for ((other, mean), row) in others.iter_mut().zip(&mean).zip(self.rows.row(i)) {
                    *other = (n * mean - row) / (n - 1.0);
                }
                all.pseudo_value(&measure(&others), n)
            })
            .collect()
    }
}

impl Observer for Rdf {
    fn observe(&mut self, frame: &Frame) {
        let Some(volume) = frame.system.cell.volume() else { return };
        let types = frame.system.species.len() as u32;
        let (bins, per_bin, range) = (self.bins, 1.0 / self.bin, self.range_angstrom());
        self.histogram.clear();
        self.histogram.resize(self.rows.width() - 1, 0);
        let (histogram, curve_of) = (&mut self.histogram, &self.curve_of);
        self.search.for_each(frame.system, range, |a, b, distance2| {
            let bin = ((distance2.sqrt() * per_bin) as usize).min(bins - 1);
            histogram[curve_of[(a * types + b) as usize] as usize * bins + bin] += 1;
        });
        self.rows.push(histogram.iter().map(|&count| f64::from(count) * volume).chain([volume]));
        self.frames += 1;
    }
}

/// Indices of species, each unordered pair once.
fn species_pairs(species: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..species).flat_map(move |a| (a..species).map(move |b| (a, b)))
}

fn sphere(radius: f64) -> f64 {
    4.0 / 3.0 * std::f64::consts::PI * radius.powi(3)
}

/// How one curve is read out of a row.
struct Shape {
    columns: std::ops::Range<usize>,
    bin: f64,
    /// g of a bin per (unordered pairs times volume).
    to_g: Vec<f64>,
    /// Neighbours per unordered pair.
    per_pair: f64,
}

/// Numbers read off a curve.
#[derive(Debug, Clone, Copy)]
struct Measured {
    peak: f64,
    height: f64,
    minimum: f64,
    barrier: f64,
    coordination: f64,
}

impl Measured {
    fn pseudo_value(&self, without: &Self, n: f64) -> Self {
        let pseudo = |all: f64, without: f64| n * all - (n - 1.0) * without;
        Self {
            peak: pseudo(self.peak, without.peak),
            height: pseudo(self.height, without.height),
            minimum: pseudo(self.minimum, without.minimum),
            barrier: pseudo(self.barrier, without.barrier),
            coordination: pseudo(self.coordination, without.coordination),
        }
    }
}

impl Shape {
    fn new(rdf: &Rdf, curve: usize, (a, b): (usize, usize)) -> Self {
        let (n_a, n_b) = (rdf.counts[a] as f64, rdf.counts[b] as f64);
        let same = a == b;
        let order = if same { 2.0 } else { 1.0 };
        // A lone atom has but its own images; then no pair is left out.
        let partners = if same { (n_b - 1.0).max(1.0) } else { n_b };
        let shell = |k: usize| sphere((k as f64 + 1.0) * rdf.bin) - sphere(k as f64 * rdf.bin);
        Self {
            columns: curve * rdf.bins..(curve + 1) * rdf.bins,
            bin: rdf.bin,
            to_g: (0..rdf.bins).map(|k| order / (n_a * partners * shell(k))).collect(),
            per_pair: order / n_a,
        }
    }

    fn g(&self, row: &[f64]) -> Vec<f64> {
        row[self.columns.clone()].iter().zip(&self.to_g).map(|(pairs, to_g)| pairs * to_g).collect()
    }

    fn coordination(&self, row: &[f64]) -> Vec<f64> {
        let volume = row[row.len() - 1];
        let mut sum = 0.0;
        let running = row[self.columns.clone()].iter().map(|pairs| {
            sum += pairs * self.per_pair / volume;
            sum
        });
        running.collect()
    }

    fn features(&self, row: &[f64], frames: u64) -> Option<Features> {
        let volume = row[row.len() - 1];
        let g = self.g(row);
        let ideal: Vec<f64> = self.to_g.iter().map(|to_g| frames as f64 / (volume * to_g)).collect();
        FeatureFinder { g: &g, ideal: &ideal, bin: self.bin }.find()
    }

    fn measure(&self, row: &[f64], features: &Features) -> Measured {
        let minimum = features.minimum.unwrap_or(0.0);
        Measured {
            peak: features.peak,
            height: features.height,
            minimum,
            barrier: features.depth.map_or(0.0, |depth| (features.height / depth).ln()),
            coordination: self.neighbours_within(row, minimum),
        }
    }

    /// The running coordination number at `radius`, linear within a bin.
    fn neighbours_within(&self, row: &[f64], radius: f64) -> f64 {
        let volume = row[row.len() - 1];
        let within = |(k, pairs): (usize, &f64)| pairs * (radius / self.bin - k as f64).clamp(0.0, 1.0);
        row[self.columns.clone()].iter().enumerate().map(within).sum::<f64>() * self.per_pair / volume
    }
}
