//! One atom's neighbours as lanes: sums of moments forward, gradients backward.
//!
//! | symbol | variable |
//! |---|---|
//! | u = r_ij / abs(r_ij) | `x`, `y`, `z` |
//! | f_mu, f_mu' | `f`, `df`, one array per mu |
//! | P_mu(u) = sum_k adjoint_k u^k | `value`, with `dx`, `dy` its derivatives |
//! | sum_mu f_mu' P_mu | `radial` |
//! | sum_mu f_mu grad P_mu | `gx`, `gy`, `gz` |
//!
//! Lanes past the last neighbour hold the unit vector x and radial functions of zero: they add nothing.

use crate::math::lanes::{Lanes, entry_by_entry};
use crate::math::{Mat3, Vec3};

use super::radial::{Envelope, RadialFunctions, Recurrence, repulsion};
use super::site::SiteInput;

/// Runs `$body` with `$length` as the constant `$P`, so that a row's sums stay in registers.
macro_rules! with_constant {
    ($length:expr, $P:ident => $body:expr; $($value:literal)*) => {
        match $length {
            $($value => { const $P: usize = $value; $body })*
            _ => unreachable!("a row longer than the kernel's largest rank"),
        }
    };
}

/// Values for each neighbour, `W` to an entry.
pub(super) type Track<const W: usize> = Vec<[f64; W]>;

/// The neighbours of one atom within the cutoff.
#[derive(Debug)]
pub(super) struct Neighborhood<const W: usize> {
    /// Number of neighbours.
    count: usize,
    /// Number of entries of each track in use.
    pub(super) entries: usize,
    /// Which of the atom's slots each neighbour is.
    slots: Vec<u32>,
    pub(super) x: Track<W>,
    pub(super) y: Track<W>,
    pub(super) z: Track<W>,
    pub(super) distance: Track<W>,
    reciprocal: Track<W>,
    f: Vec<Track<W>>,
    df: Vec<Track<W>>,
    /// `f_mu z^s y^q` of the row that comes next.
    row: Track<W>,
    /// End of each run of neighbours of one species, with that species.
    pub(super) runs: Vec<(usize, usize)>,
}

impl<const W: usize> Neighborhood<W> {
    pub(super) fn new(radial_functions: usize) -> Self {
        let track = Vec::new;
        Self {
            count: 0,
            entries: 0,
            slots: Vec::new(),
            x: track(),
            y: track(),
            z: track(),
            distance: track(),
            reciprocal: track(),
            f: vec![track(); radial_functions],
            df: vec![track(); radial_functions],
            row: track(),
            runs: Vec::new(),
        }
    }

    /// Makes room for `slots` neighbours and one unaligned store beyond them.
    fn reserve(&mut self, slots: usize) {
        let entries = slots / W + 2;
        if self.x.len() < entries {
            let tracks =
                [&mut self.x, &mut self.y, &mut self.z, &mut self.distance, &mut self.reciprocal, &mut self.row];
            for track in tracks.into_iter().chain(&mut self.f).chain(&mut self.df) {
                track.resize(entries + entries / 4, [0.0; W]);
            }
            self.slots.resize(self.x.len() * W, 0);
        }
    }

    /// Finds the neighbours of atom `i` within the cutoff and evaluates their radial functions.
    /// Returns the energy that close neighbours add under a repulsive basis, eV.
    #[inline(always)]
    pub(super) fn gather(&mut self, input: &SiteInput, i: usize, radial: &RadialFunctions) -> f64 {
        let range = input.neighbors.range(i);
        self.reserve(range.len());
        self.collect(input, i, radial.max_dist);
        self.normalise();
        let zi = input.system.types[i] as usize;
        let mut start = 0;
        for run in 0..self.runs.len() {
            let (end, zj) = self.runs[run];
            let coefficients = radial.coefficients(zi, zj);
            for mu in (0..radial.count).step_by(6) {
                with_constant!((radial.count - mu).min(6), K => self.radial_run::<K>(radial, coefficients, mu, start, end);
                    1 2 3 4 5 6);
            }
            start = end;
        }
        for track in self.f.iter_mut().chain(&mut self.df) {
            track.as_flattened_mut()[self.count..self.entries * W].fill(0.0);
        }
        if radial.repulsive { self.repulsive_energy(radial.min_dist) } else { 0.0 }
    }

    /// Compacts the slots within the cutoff, without branches, into Cartesian components and squared distances.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn collect(&mut self, input: &SiteInput, i: usize, cutoff: f64) {
        let (wrapped, shifts) = (input.neighbors.wrapped(), input.neighbors.shift_vectors());
        let (x, y, z) = (self.x.as_flattened_mut(), self.y.as_flattened_mut(), self.z.as_flattened_mut());
        let squares = self.distance.as_flattened_mut();
        let origin = wrapped[i];
        let mut count = 0;
        let mut species = usize::MAX;
        self.runs.clear();
        for (index, slot) in input.neighbors.slots()[input.neighbors.range(i)].iter().enumerate() {
            let zj = input.system.types[slot.atom as usize] as usize;
            if zj != species {
                if count > 0 {
                    self.runs.push((count, species));
                }
                species = zj;
            }
            let d = wrapped[slot.atom as usize] + shifts[slot.shift as usize] - origin;
            let square = d.norm_squared();
            x[count] = d.x;
            y[count] = d.y;
            z[count] = d.z;
            squares[count] = square;
            self.slots[count] = index as u32;
            count += usize::from(square < cutoff * cutoff);
        }
        if count > 0 {
            self.runs.push((count, species));
        }
        self.count = count;
        self.entries = count.div_ceil(W);
        let padding = count..self.entries * W;
        x[padding.clone()].fill(1.0);
        y[padding.clone()].fill(0.0);
        z[padding.clone()].fill(0.0);
        squares[padding].fill(1.0);
    }

    /// Turns vectors into unit vectors and squared distances into distances.
    #[inline(always)]
    fn normalise(&mut self) {
        for n in 0..self.entries {
            entry_by_entry();
            let distance = Lanes(self.distance[n]).sqrt();
            let reciprocal = distance.recip();
            self.distance[n] = distance.0;
            self.reciprocal[n] = reciprocal.0;
            for track in [&mut self.x, &mut self.y, &mut self.z] {
                track[n] = (Lanes(track[n]) * reciprocal).0;
            }
        }
    }

    /// Radial functions `first .. first + K` of neighbours `start .. end`, which are of one species. The last store may
    /// run over into the next run's lanes, which are written after it.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn radial_run<const K: usize>(
        &mut self,
        radial: &RadialFunctions,
        coefficients: &[f64],
        first: usize,
        start: usize,
        end: usize,
    ) {
        for n in (start..end).step_by(W) {
            entry_by_entry();
            let at = n..n + W;
            let mut lanes = [0.0; W];
            lanes.copy_from_slice(&self.distance.as_flattened()[at.clone()]);
            let (f, df) = radial_functions::<W, K>(radial, coefficients, first, Lanes(lanes));
            for mu in 0..K {
                self.f[first + mu].as_flattened_mut()[at.clone()].copy_from_slice(&f[mu].0);
                self.df[first + mu].as_flattened_mut()[at.clone()].copy_from_slice(&df[mu].0);
            }
        }
    }

    fn repulsive_energy(&self, min_dist: f64) -> f64 {
        let close = self.distance.as_flattened()[..self.count].iter().filter(|&&r| r < min_dist);
        close.map(|&r| repulsion(r, min_dist).0).sum()
    }

    /// Begins the rows of radial function `mu` times `z^s`.
    #[inline(always)]
    pub(super) fn start_rows(&mut self, mu: usize, s: usize) {
        let entries = self.entries;
        for ((row, f), z) in self.row[..entries].iter_mut().zip(&self.f[mu][..entries]).zip(&self.z[..entries]) {
            entry_by_entry();
            *row = if s == 0 { *f } else { (Lanes(*f) * Lanes(*z)).0 };
        }
    }

    /// Sums `f z^s y^q x^p` over the neighbours for `p < length`, hands each to `store`, and goes on to the next q.
    #[inline(always)]
    pub(super) fn sum_row(&mut self, length: usize, mut store: impl FnMut(usize, f64)) {
        with_constant!(length, P => {
            let sums = self.sum_row_of::<P>();
            for (p, sum) in sums.into_iter().enumerate() {
                store(p, sum.sum());
            }
        }; 1 2 3 4 5 6 7 8 9 10 11 12);
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn sum_row_of<const P: usize>(&mut self) -> [Lanes<W>; P] {
        let n = self.entries;
        let mut sums = [Lanes::ZERO; P];
        for ((row, x), y) in self.row[..n].iter_mut().zip(&self.x[..n]).zip(&self.y[..n]) {
            entry_by_entry();
            let mut power = Lanes(*row);
            *row = (power * Lanes(*y)).0;
            sums[0] += power;
            for sum in &mut sums[1..] {
                power = power * Lanes(*x);
                *sum += power;
            }
        }
        sums
    }
}

/// `K` radial functions from `first` and their derivatives at `W` distances.
#[inline(always)]
fn radial_functions<const W: usize, const K: usize>(
    radial: &RadialFunctions,
    coefficients: &[f64],
    first: usize,
    distance: Lanes<W>,
) -> ([Lanes<W>; K], [Lanes<W>; K]) {
    let r = if radial.repulsive { distance.map(|r| r.max(radial.min_dist)) } else { distance };
    let x = r * Lanes::splat(radial.slope) + Lanes::splat(radial.intercept);
    let mut f = [Lanes::ZERO; K];
    let mut df = [Lanes::ZERO; K];
    let (mut p, mut p_before) = (Lanes::splat(1.0), Lanes::ZERO);
    let (mut dp, mut dp_before) = (Lanes::ZERO, Lanes::ZERO);
    for (xi, row) in coefficients.chunks_exact(radial.count).enumerate() {
        if xi > 0 {
            let Recurrence { a, b, c } = radial.steps[xi - 1];
            let factor = x * Lanes::splat(a) + Lanes::splat(b);
            (dp, dp_before) = (factor * dp + p * Lanes::splat(a) + dp_before * Lanes::splat(c), dp);
            (p, p_before) = (factor * p + p_before * Lanes::splat(c), p);
        }
        for (mu, &coefficient) in row[first..first + K].iter().enumerate() {
            let coefficient = Lanes::splat(coefficient);
            f[mu] += coefficient * p;
            df[mu] += coefficient * dp;
        }
    }
    let (g, dg) = envelope(radial, r);
    let slope = if radial.repulsive {
        distance.map(|r| if r > radial.min_dist { radial.slope } else { 0.0 })
    } else {
        Lanes::splat(radial.slope)
    };
    let dg = if radial.repulsive { dg * distance.map(|r| f64::from(u8::from(r > radial.min_dist))) } else { dg };
    for mu in 0..K {
        df[mu] = f[mu] * dg + df[mu] * (g * slope);
        f[mu] = f[mu] * g;
    }
    (f, df)
}

#[inline(always)]
pub(super) fn envelope<const W: usize>(radial: &RadialFunctions, r: Lanes<W>) -> (Lanes<W>, Lanes<W>) {
    let d = r - Lanes::splat(radial.max_dist);
    match radial.envelope {
        Envelope::Quadratic => (d * d, d + d),
        Envelope::InverseQuadratic => {
            let reciprocal = r.recip();
            let ratio = d * reciprocal;
            (ratio * ratio, ratio * reciprocal * reciprocal * Lanes::splat(2.0 * radial.max_dist))
        }
        Envelope::None => (Lanes::splat(1.0), Lanes::ZERO),
    }
}

/// Gradients of one site energy with respect to its neighbours, as they build up.
#[derive(Debug)]
pub(super) struct Gradients<const W: usize> {
    value: Track<W>,
    dx: Track<W>,
    dy: Track<W>,
    radial: Track<W>,
    gx: Track<W>,
    gy: Track<W>,
    gz: Track<W>,
    entries: usize,
}

impl<const W: usize> Gradients<W> {
    pub(super) fn new() -> Self {
        let track = Vec::new;
        Self {
            value: track(),
            dx: track(),
            dy: track(),
            radial: track(),
            gx: track(),
            gy: track(),
            gz: track(),
            entries: 0,
        }
    }

    /// Begins an atom.
    #[inline(always)]
    pub(super) fn reset(&mut self, atom: &Neighborhood<W>) {
        self.entries = atom.entries;
        let n = atom.entries;
        if self.value.len() < n {
            let tracks = [
                &mut self.value,
                &mut self.dx,
                &mut self.dy,
                &mut self.radial,
                &mut self.gx,
                &mut self.gy,
                &mut self.gz,
            ];
            for track in tracks {
                track.resize(atom.x.len(), [0.0; W]);
            }
        }
        for track in [&mut self.radial, &mut self.gx, &mut self.gy, &mut self.gz] {
            track[..n].fill([0.0; W]);
        }
    }

    /// Begins a polynomial in x and y.
    #[inline(always)]
    pub(super) fn start_polynomial(&mut self) {
        for track in [&mut self.value, &mut self.dx, &mut self.dy] {
            track[..self.entries].fill([0.0; W]);
        }
    }

    /// One step of Horner's scheme in y: the row of `length` coefficients in x that comes next below.
    #[inline(always)]
    pub(super) fn add_row(&mut self, atom: &Neighborhood<W>, length: usize, coefficient: impl Fn(usize) -> f64) {
        with_constant!(length, P => {
            let coefficients: [f64; P] = std::array::from_fn(&coefficient);
            self.add_row_of::<P>(atom, coefficients);
        }; 1 2 3 4 5 6 7 8 9 10 11 12);
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn add_row_of<const P: usize>(&mut self, atom: &Neighborhood<W>, coefficients: [f64; P]) {
        let n = self.entries;
        let tracks = self.value[..n].iter_mut().zip(&mut self.dx[..n]).zip(&mut self.dy[..n]);
        for ((((value, dx), dy), x), y) in tracks.zip(&atom.x[..n]).zip(&atom.y[..n]) {
            entry_by_entry();
            let (x, y) = (Lanes(*x), Lanes(*y));
            let mut h = Lanes::splat(coefficients[P - 1]);
            let mut dh = Lanes::ZERO;
            for (step, &coefficient) in coefficients[..P - 1].iter().rev().enumerate() {
                dh = if step == 0 { h } else { dh * x + h };
                h = h * x + Lanes::splat(coefficient);
            }
            *dy = (Lanes(*dy) * y + Lanes(*value)).0;
            *value = (Lanes(*value) * y + h).0;
            *dx = (Lanes(*dx) * y + dh).0;
        }
    }

    /// Adds the finished polynomial times `z^s` with its radial function.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn finish_polynomial(&mut self, atom: &Neighborhood<W>, mu: usize, s: usize) {
        for n in 0..self.entries {
            entry_by_entry();
            let (f, df) = (Lanes(atom.f[mu][n]), Lanes(atom.df[mu][n]));
            let (value, dx, dy) = (Lanes(self.value[n]), Lanes(self.dx[n]), Lanes(self.dy[n]));
            let z = if s == 0 { Lanes::splat(1.0) } else { Lanes(atom.z[n]) };
            let fz = f * z;
            self.radial[n] = (Lanes(self.radial[n]) + df * z * value).0;
            self.gx[n] = (Lanes(self.gx[n]) + fz * dx).0;
            self.gy[n] = (Lanes(self.gy[n]) + fz * dy).0;
            if s == 1 {
                self.gz[n] = (Lanes(self.gz[n]) + f * value).0;
            }
        }
    }

    /// Turns angular and radial parts into dV_i/dr_ij of each slot; returns `sum_j g_ij (x) r_ij`, eV.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn finish(&mut self, atom: &Neighborhood<W>, functions: &RadialFunctions, slots: &mut [Vec3]) -> Mat3 {
        if functions.repulsive {
            let distances = &atom.distance.as_flattened()[..atom.count];
            for (radial, &r) in self.radial.as_flattened_mut().iter_mut().zip(distances) {
                *radial += if r < functions.min_dist { repulsion(r, functions.min_dist).1 } else { 0.0 };
            }
        }
        let mut virial = [Lanes::<W>::ZERO; 6];
        for n in 0..self.entries {
            entry_by_entry();
            let (x, y, z) = (Lanes(atom.x[n]), Lanes(atom.y[n]), Lanes(atom.z[n]));
            let (gx, gy, gz) = (Lanes(self.gx[n]), Lanes(self.gy[n]), Lanes(self.gz[n]));
            let reciprocal = Lanes(atom.reciprocal[n]);
            // The part of the gradient along u is no derivative on the sphere.
            let along = Lanes(self.radial[n]) - (gx * x + gy * y + gz * z) * reciprocal;
            let (gx, gy, gz) = (along * x + gx * reciprocal, along * y + gy * reciprocal, along * z + gz * reciprocal);
            let r = Lanes(atom.distance[n]);
            let (rx, ry, rz) = (r * x, r * y, r * z);
            for (sum, product) in virial.iter_mut().zip([gx * rx, gy * ry, gz * rz, gy * rz, gx * rz, gx * ry]) {
                *sum += product;
            }
            (self.gx[n], self.gy[n], self.gz[n]) = (gx.0, gy.0, gz.0);
        }
        slots.fill(Vec3::zeros());
        let components = self.gx.as_flattened().iter().zip(self.gy.as_flattened()).zip(self.gz.as_flattened());
        for (&slot, ((&gx, &gy), &gz)) in atom.slots[..atom.count].iter().zip(components) {
            slots[slot as usize] = Vec3::new(gx, gy, gz);
        }
        let [xx, yy, zz, yz, xz, xy] = virial.map(Lanes::sum);
        Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz)
    }
}
