//! `card.toml`: what a potential of the gallery is, what it was fitted to, and where it may be used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::system::Species;

/// A potential's card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Heading.
    pub title: String,
    /// A plain sentence or two.
    pub description: String,
    /// Licence of the potential's files, SPDX.
    pub licence: String,
    /// The unit system; `metal`: Å, eV.
    pub units: String,
    /// Species in the potential's order.
    pub species: Vec<CardSpecies>,
    /// The forces.
    pub potential: CardPotential,
    /// What it was fitted to, and how well.
    pub fit: Fit,
    /// Where it may be used.
    pub valid: ValidRange,
    /// Measured properties to compare with.
    #[serde(default)]
    pub measured: Vec<MeasuredLaw>,
    /// Measured radial distribution functions.
    #[serde(default)]
    pub measured_rdf: Vec<MeasuredRdf>,
}

/// A species of a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardSpecies {
    /// Element symbol.
    pub name: String,
    /// Formal charge, e; the common one where absent.
    #[serde(default)]
    pub charge_e: Option<f64>,
}

/// What a card says of the forces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CardPotential {
    /// A Moment Tensor Potential.
    Mtp {
        /// Its file, next to the card.
        file: String,
        /// Its level.
        level: u32,
        /// Its cutoff, Å.
        cutoff_angstrom: f64,
    },
    /// Lennard-Jones, cut and force-shifted.
    LennardJones {
        /// Depth of the well, eV.
        epsilon_ev: f64,
        /// Distance at which the energy changes sign, Å.
        sigma_angstrom: f64,
        /// Cutoff, Å.
        cutoff_angstrom: f64,
    },
    /// Born–Mayer–Huggins with the parameters of Fumi and Tosi.
    BornMayerHuggins {
        /// The alkali halide: `NaCl`. The card's species are its cation and its anion.
        salt: String,
        /// Cutoff, Å.
        cutoff_angstrom: f64,
    },
}

/// What a potential was fitted to, and how well it does on configurations that were held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The data.
    pub data: String,
    /// Configurations held out.
    #[serde(default)]
    pub held_out: Option<u32>,
    /// Root mean square error of force components on them, meV/Å.
    #[serde(default)]
    pub force_rmse_mev_per_angstrom: Option<f64>,
    /// The same of the energy, meV/atom.
    #[serde(default)]
    pub energy_rmse_mev_per_atom: Option<f64>,
    /// The same of the stress, GPa.
    #[serde(default)]
    pub stress_rmse_gpa: Option<f64>,
}

/// Where a potential may be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidRange {
    /// Lowest and highest temperature, K.
    pub temperature_k: [f64; 2],
    /// In words.
    pub range: String,
    /// What is known to be wrong, or must not be done.
    #[serde(default)]
    pub limits: Vec<String>,
}

/// A measured property of a liquid over temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredLaw {
    /// Identifier of the property, as in [`Property`](crate::analysis::Property): `density`, `shear-viscosity`, …
    pub property: String,
    /// Mole fractions by formula unit.
    pub composition: BTreeMap<String, f64>,
    /// How it depends on temperature.
    pub law: Law,
    /// Unit of its values, that of the computed property.
    pub unit: String,
    /// Range of the measurement, K.
    pub temperature_k: [f64; 2],
    /// Relative uncertainty that the source states, %.
    #[serde(default)]
    pub uncertainty_percent: Option<f64>,
    /// Where it is published.
    pub source: String,
}

/// A measured radial distribution function of a liquid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredRdf {
    /// The two species.
    pub pair: [String; 2],
    /// Mole fractions by formula unit.
    pub composition: BTreeMap<String, f64>,
    /// Temperature of the measurement, K.
    pub temperature_k: f64,
    /// Distance in Å and g(r), by distance.
    pub points: Vec<[f64; 2]>,
    /// Who measured it.
    pub author: String,
    /// Where it is published.
    pub source: String,
}

/// A function of the temperature T in K.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Law {
    /// The same throughout.
    Constant(f64),
    /// `a + b T`.
    Linear([f64; 2]),
    /// `a exp(E/(8.314 T))`: factor and energy, J/mol.
    Arrhenius([f64; 2]),
}

impl Law {
    /// Its value at T.
    pub fn at(&self, kelvin: f64) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Linear([a, b]) => a + b * kelvin,
            // The rounded gas constant of the sources.
            Self::Arrhenius([factor, energy]) => factor * (energy / (8.314 * kelvin)).exp(),
        }
    }
}

impl Card {
    /// Reads a card.
    ///
    /// # Errors
    /// Bytes that are not text, or not a card: with the line and what was expected.
    pub fn read(bytes: &[u8], file: &str) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            Error::parse(file, line, "bytes that are not UTF-8", "a card in TOML")
        })?;
        toml::from_str(text).map_err(|e| {
            let start = e.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|&b| b == b'\n').count();
            Error::parse(file, line, text.lines().nth(line - 1).unwrap_or_default(), e.message())
        })
    }

    /// Species in the potential's order.
    ///
    /// # Errors
    /// A name that is no element.
    pub fn species(&self) -> Result<Vec<Species>> {
        let one = |each: &CardSpecies| {
            let known = Species::from_name(&each.name)?;
            Ok(Species { charge_e: each.charge_e.or(known.charge_e), ..known })
        };
        self.species.iter().map(one).collect()
    }
}
