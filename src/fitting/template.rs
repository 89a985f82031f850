//! Potentials of a given level before any fit: which moments, which products, which scalars.
//!
//! A tensor `M_(mu,nu)` has level `2 + 4 mu + nu`. The scalars of a template of level L are the contractions of up to four
//! tensors whose levels add up to at most L: multigraphs without loops, one vertex a tensor, one edge a contracted pair of
//! legs, counted up to isomorphism (doi:10.1137/15M1054183, section 3). Graphs need not be connected.

mod contraction;
mod graphs;

use crate::error::{Error, Result};
use crate::potential::mtp::{MtpParameters, Product, RadialBasis, RadialBasisKind};

use contraction::Contractions;
use graphs::TensorKind;

/// The levels that templates exist for: even numbers in this range.
pub const LEVELS: std::ops::RangeInclusive<usize> = 2..=28;
/// The largest radial basis that a template may ask for; larger ones are not resolved by any data set.
const MAX_BASIS_SIZE: usize = 100;
/// The most species.
const MAX_SPECIES: usize = 30;

/// What a template is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateSpec {
    /// An even number in [`LEVELS`].
    pub level: usize,
    /// C.
    pub species_count: usize,
    /// Basis functions of the radial coordinate, with their range.
    pub radial_basis: RadialBasis,
}

impl TemplateSpec {
    /// The common choice: eight Chebyshev functions from 2 Å (a fit puts the closest pair of its data there) to `cutoff` Å.
    pub fn new(level: usize, species_count: usize, cutoff: f64) -> Self {
        let kind = RadialBasisKind::RBChebyshev;
        let radial_basis = RadialBasis { kind, scaling: 1.0, min_dist: 2.0, max_dist: cutoff, size: 8 };
        Self { level, species_count, radial_basis }
    }

    /// The untrained potential, with the start values that readers of such files assume.
    ///
    /// # Errors
    /// A level that has no template, no species or too many of them, a radial range that is none, a basis size out of range.
    pub fn build(&self) -> Result<MtpParameters> {
        self.check()?;
        let graphs = graphs::of_level(self.level);
        let mut tensors: Vec<TensorKind> = graphs.iter().flat_map(|graph| graph.tensors.iter().copied()).collect();
        tensors.sort_unstable();
        tensors.dedup();
        let mut contractions = Contractions::new(&tensors);
        let alpha_moment_mapping: Vec<usize> = graphs.iter().map(|graph| contractions.scalar(graph)).collect();
        let radial_funcs_count = tensors.iter().map(|tensor| tensor.mu + 1).max().unwrap_or(0);
        let (c, size) = (self.species_count, self.radial_basis.size);
        let start = |k: usize| if (k / size) % radial_funcs_count == k % size { 1e-3 } else { 1e-6 };
        let parameters = MtpParameters {
            name: Some(format!("MTP_L{}", self.level)),
            tag: None,
            scaling: 1.0,
            species_count: c,
            species_labels: (0..c).collect(),
            radial_basis: self.radial_basis.clone(),
            radial_funcs_count,
            radial_coeffs: (0..c * c * radial_funcs_count * size).map(start).collect(),
            alpha_moments_count: contractions.moments_count(),
            alpha_index_basic: contractions.basics().to_vec(),
            alpha_index_times: contractions.products().collect::<Vec<Product>>(),
            species_coeffs: vec![1e-3; c],
            moment_coeffs: vec![1e-3; alpha_moment_mapping.len()],
            alpha_moment_mapping,
            trained: false,
        };
        parameters.validate()?;
        Ok(parameters)
    }

    fn check(&self) -> Result<()> {
        if !LEVELS.contains(&self.level) || self.level % 2 == 1 {
            let expected = format!("an even number from {} to {}", LEVELS.start(), LEVELS.end());
            return Err(Error::invalid("level", self.level, expected));
        }
        if !(1..=MAX_SPECIES).contains(&self.species_count) {
            return Err(Error::invalid("number of species", self.species_count, format!("1 to {MAX_SPECIES}")));
        }
        if !(2..=MAX_BASIS_SIZE).contains(&self.radial_basis.size) {
            let expected = format!("2 to {MAX_BASIS_SIZE}");
            return Err(Error::invalid("radial basis size", self.radial_basis.size, expected));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Level, scalars, basic moments, radial functions, products of the commonly used files.
    const TABLE: [[usize; 5]; 14] = [
        [2, 1, 1, 1, 0],
        [4, 2, 1, 1, 1],
        [6, 5, 5, 2, 5],
        [8, 9, 11, 2, 14],
        [10, 16, 25, 3, 42],
        [12, 29, 46, 3, 117],
        [14, 52, 81, 4, 348],
        [16, 92, 130, 4, 969],
        [18, 163, 201, 5, 2634],
        [20, 288, 295, 5, 6349],
        [22, 500, 421, 6, 15431],
        [24, 864, 581, 6, 36170],
        [26, 1464, 706, 6, 82520],
        [28, 2445, 866, 6, 180_069],
    ];

    fn check_row([level, scalars, basic, radial, products]: [usize; 5]) {
        let built = TemplateSpec::new(level, 2, 5.0).build().unwrap();
        assert_eq!(built.alpha_moment_mapping.len(), scalars, "scalars of level {level}");
        assert_eq!(built.alpha_index_basic.len(), basic, "basic moments of level {level}");
        assert_eq!(built.radial_funcs_count, radial, "radial functions of level {level}");
        let found = built.alpha_index_times.len();
        assert!(found <= products, "{found} products at level {level}, commonly {products}");
        let mut distinct = built.alpha_moment_mapping.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), scalars, "two scalars of level {level} are one moment");
    }

    #[test]
    fn counts_are_those_of_the_standard_templates() {
        TABLE[..10].iter().for_each(|row| check_row(*row));
        for [level, scalars, ..] in TABLE {
            assert_eq!(graphs::of_level(level).len(), scalars, "level {level}");
        }
    }

    #[test]
    #[ignore = "slow: cargo dev test --slow"]
    fn slow_counts_of_the_highest_levels() {
        TABLE[10..].iter().for_each(|row| check_row(*row));
    }

    #[test]
    fn what_has_no_template_is_refused() {
        let spec = TemplateSpec::new(8, 2, 5.0);
        let shorter = RadialBasis { max_dist: 1.0, ..spec.radial_basis.clone() };
        let larger = RadialBasis { size: 1000, ..spec.radial_basis.clone() };
        for (bad, what) in [
            (TemplateSpec { level: 7, ..spec.clone() }, "level"),
            (TemplateSpec { level: 30, ..spec.clone() }, "level"),
            (TemplateSpec { species_count: 0, ..spec.clone() }, "species"),
            (TemplateSpec { radial_basis: shorter, ..spec.clone() }, "min_dist"),
            (TemplateSpec { radial_basis: larger, ..spec.clone() }, "basis size"),
        ] {
            let message = bad.build().unwrap_err().to_string();
            assert!(message.contains(what), "{message}");
        }
    }
}
