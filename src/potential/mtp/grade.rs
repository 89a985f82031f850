//! The extrapolation grade (MaxVol, D-optimality; doi:10.1016/j.commatsci.2017.08.031).
//!
//! With `b_i = dV_i/dtheta`, the derivatives of a site energy by all parameters, and the active set's square matrix A of
//! such rows, the grade of a site is `max_k |(b_i A^-1)_k|`: the largest coefficient with which its row is composed of
//! the active set's. Up to 1 the potential interpolates; above 2 it extrapolates, above 10 it can't be trusted.
//! In configuration mode the rows of A are derivatives of total energies, and one grade belongs to the whole.
//!
//! `b_i A^-1` is computed for [`BATCH`] atoms of one species at a time, so that each entry of A^-1 is loaded once for all
//! of them; entries of b that belong to other species are zero and left out.

use crate::error::{Error, Result};
use crate::neighbor::NeighborList;
use crate::parallel;
use crate::system::System;

use super::Kernel;
use super::kernel_lanes::{BATCH, MAX_RANK};
use super::parameters::MtpParameters;
use super::rows::{self, Batch, RowKernel};
use super::site::SiteInput;

/// Batches that one task evaluates.
const BATCHES_PER_TASK: usize = 4;

/// What the rows of an active set are derivatives of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GradeMode {
    /// Site energies, times a weight.
    Neighborhood {
        /// The weight; 1 as a rule.
        weight: f64,
    },
    /// The energy of all N atoms, times `weight / N^(scaling/2)`.
    Configuration {
        /// The weight; 1 as a rule.
        weight: f64,
        /// 2: per atom.
        scaling: u32,
    },
}

impl GradeMode {
    /// What a row of `atoms` atoms is multiplied by.
    pub fn factor(&self, atoms: usize) -> f64 {
        match *self {
            Self::Neighborhood { weight } => weight,
            Self::Configuration { weight, scaling } => weight / (atoms as f64).powf(0.5 * f64::from(scaling)),
        }
    }
}

/// The grades of one configuration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grades {
    /// Grade of the configuration: the largest of its rows'.
    pub grade: f64,
    /// The atom with the largest site grade, from 0.
    pub atom: usize,
    /// Grade of each atom; in configuration mode that of its own row, measured against rows of whole configurations.
    pub sites: Vec<f64>,
}

/// Derivatives of energies by the parameters, in the order radial, species, moments.
#[derive(Debug)]
pub struct EnergyDerivatives {
    kernel: Box<dyn RowKernel>,
    species: usize,
}

impl EnergyDerivatives {
    /// # Errors
    /// Parameters that [`MtpParameters::validate`] refuses, or with tensors of a rank above 11.
    pub fn new(parameters: &MtpParameters) -> Result<Self> {
        Self::with_kernel(parameters, Kernel::Lanes)
    }

    /// With lanes of 128 bits for anything but [`Kernel::Lanes`].
    ///
    /// # Errors
    /// As [`EnergyDerivatives::new`].
    pub fn with_kernel(parameters: &MtpParameters, kernel: Kernel) -> Result<Self> {
        parameters.validate()?;
        let rank = parameters.alpha_index_basic.iter().map(|alpha| alpha[1..].iter().sum::<usize>()).max();
        if let Some(rank) = rank.filter(|&rank| rank > MAX_RANK) {
            let expected = format!("at most {MAX_RANK}, to compute extrapolation grades");
            return Err(Error::invalid("rank of the potential's tensors", rank, expected));
        }
        let kernel = match kernel {
            Kernel::Lanes => rows::widest(parameters),
            _ => rows::narrow(parameters),
        };
        Ok(Self { kernel, species: parameters.species_count })
    }

    /// n, the number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.kernel.layout().parameters()
    }

    /// dV_i/dtheta of every atom: N rows of n, one after another.
    ///
    /// # Errors
    /// A species that the potential does not know.
    pub fn site_rows(&self, system: &System, neighbors: &NeighborList) -> Result<Vec<f64>> {
        super::check_species(system, self.species)?;
        let mut out = vec![0.0; system.len() * self.parameter_count()];
        let input = SiteInput { system, neighbors };
        let width = self.parameter_count().max(1);
        parallel::for_each_chunk(&mut out, width, |atom, row| {
            let batch = Batch { species: system.types[atom] as usize, atoms: &[atom as u32] };
            self.kernel.spread_rows(&input, batch, row);
        });
        Ok(out)
    }

    /// dE/dtheta: the sum of [`EnergyDerivatives::site_rows`].
    ///
    /// # Errors
    /// As there.
    pub fn energy_row(&self, system: &System, neighbors: &NeighborList) -> Result<Vec<f64>> {
        let sites = self.site_rows(system, neighbors)?;
        let mut total = vec![0.0; self.parameter_count()];
        for row in sites.chunks_exact(total.len().max(1)) {
            total.iter_mut().zip(row).for_each(|(total, value)| *total += value);
        }
        Ok(total)
    }
}

/// Grades of configurations against one active set. Buffers are reused between calls.
#[derive(Debug)]
pub struct ExtrapolationGrade {
    derivatives: EnergyDerivatives,
    mode: GradeMode,
    /// A^-1, as sites read it, and as it is given where the sum of all rows reads it.
    columns: Vec<f64>,
    inverse: Vec<f64>,
    /// Atoms by species, and what each batch of them yields.
    order: Vec<u32>,
    batches: Vec<BatchGrades>,
}

#[derive(Debug, Clone, Default)]
struct BatchGrades {
    /// Range of the batch in the order.
    start: usize,
    count: usize,
    grades: [f64; BATCH],
    /// Sum of the batch's rows; empty in neighbourhood mode.
    total: Vec<f64>,
}

impl ExtrapolationGrade {
    /// `inverse` is A^-1, n x n, row-major.
    ///
    /// # Errors
    /// As [`EnergyDerivatives::new`]; a matrix of another size, or one that is not finite.
    pub fn new(parameters: &MtpParameters, inverse: &[f64], mode: GradeMode) -> Result<Self> {
        Self::with_kernel(parameters, inverse, mode, Kernel::Lanes)
    }

    /// # Errors
    /// As [`ExtrapolationGrade::new`].
    pub fn with_kernel(parameters: &MtpParameters, inverse: &[f64], mode: GradeMode, kernel: Kernel) -> Result<Self> {
        let derivatives = EnergyDerivatives::with_kernel(parameters, kernel)?;
        let n = derivatives.parameter_count();
        if inverse.len() != n * n || inverse.iter().any(|x| !x.is_finite()) {
            let expected = format!("{n} times {n} finite numbers, as many as the potential has parameters");
            return Err(Error::invalid("inverse of the active set", format!("{} numbers", inverse.len()), expected));
        }
        let columns = rows::grouped_columns(inverse, n);
        let inverse = match mode {
            GradeMode::Neighborhood { .. } => Vec::new(),
            GradeMode::Configuration { .. } => inverse.to_vec(),
        };
        Ok(Self { derivatives, mode, columns, inverse, order: Vec::new(), batches: Vec::new() })
    }

    /// What the active set's rows are derivatives of.
    pub fn mode(&self) -> GradeMode {
        self.mode
    }

    /// Fills `out` for `system`. `neighbors` is up to date and holds every pair within the cutoff.
    ///
    /// # Errors
    /// A species that the potential does not know.
    pub fn evaluate(&mut self, system: &System, neighbors: &NeighborList, out: &mut Grades) -> Result<()> {
        super::check_species(system, self.derivatives.species)?;
        if system.is_empty() {
            *out = Grades::default();
            return Ok(());
        }
        self.arrange(system);
        let (kernel, order, columns) = (&*self.derivatives.kernel, &self.order, &self.columns);
        let input = SiteInput { system, neighbors };
        parallel::for_each_chunk(&mut self.batches, BATCHES_PER_TASK, |_, batches| {
            for batch in batches {
                let atoms = &order[batch.start..batch.start + batch.count];
                let species = system.types[atoms[0] as usize] as usize;
                batch.total.fill(0.0);
                batch.grades = kernel.largest_products(&input, Batch { species, atoms }, columns, &mut batch.total);
            }
        });
        out.sites.resize(system.len(), 0.0);
        let site_factor = match self.mode {
            GradeMode::Neighborhood { .. } => self.mode.factor(system.len()),
            GradeMode::Configuration { .. } => 1.0,
        };
        for batch in &self.batches {
            for (&atom, grade) in self.order[batch.start..].iter().zip(&batch.grades[..batch.count]) {
                out.sites[atom as usize] = grade * site_factor;
            }
        }
        let largest = out.sites.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        (out.atom, out.grade) = largest.map_or((0, 0.0), |(atom, grade)| (atom, *grade));
        if let GradeMode::Configuration { .. } = self.mode {
            out.grade = self.total_grade() * self.mode.factor(system.len());
        }
        Ok(())
    }

    /// Sorts the atoms by species and cuts each species into batches.
    fn arrange(&mut self, system: &System) {
        self.order.clear();
        self.order.extend(0..system.len() as u32);
        self.order.sort_by_key(|&atom| system.types[atom as usize]);
        let width = match self.mode {
            GradeMode::Neighborhood { .. } => 0,
            GradeMode::Configuration { .. } => self.derivatives.parameter_count(),
        };
        let mut used = 0;
        let mut start = 0;
        while let Some(&first) = self.order.get(start) {
            let species = system.types[first as usize];
            let same = self.order[start..].iter().take(BATCH).take_while(|&&a| system.types[a as usize] == species);
            let count = same.count();
            if used == self.batches.len() {
                self.batches.push(BatchGrades { total: vec![0.0; width], ..BatchGrades::default() });
            }
            (self.batches[used].start, self.batches[used].count) = (start, count);
            used += 1;
            start += count;
        }
        self.batches.truncate(used);
    }

    /// Largest product of the summed rows with a column.
    fn total_grade(&mut self) -> f64 {
        let Some((first, others)) = self.batches.split_first_mut() else { return 0.0 };
        for batch in others {
            first.total.iter_mut().zip(&batch.total).for_each(|(sum, value)| *sum += value);
        }
        let mut products = vec![0.0; first.total.len()];
        for (value, row) in first.total.iter().zip(self.inverse.chunks_exact(products.len().max(1))) {
            products.iter_mut().zip(row).for_each(|(product, x)| *product += value * x);
        }
        products.into_iter().fold(0.0, |largest, product| f64::max(largest, product.abs()))
    }
}
