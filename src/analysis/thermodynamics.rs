//! Thermodynamic properties from means and fluctuations in one ensemble.
//!
//! | property | estimator | ensemble |
//! |---|---|---|
//! | density | `M / <V>` | NPT |
//! | thermal expansion | `cov(V, H) / (k T^2 <V>)` | NPT |
//! | isothermal compressibility | `var(V) / (k T <V>)` | NPT |
//! | Cp | `3/2 N k + var(U + P V) / (k T^2)` | NPT |
//! | Cv | `3/2 N k + var(U) / (k T^2)` | NVT |
//! | Cv | `3/2 N k / (1 - var(K) / (f/2 (k T)^2))`, f the degrees of freedom | NVE |
//!
//! (Allen and Tildesley, Computer Simulation of Liquids, chapter 2; NVE: Lebowitz, Percus, Verlet,
//! doi:10.1103/PhysRev.153.250.) Velocities are independent of positions in the canonical ensembles, so that the kinetic part
//! is exact and only the configurational part is left to fluctuate; the three degrees of freedom of a centre of mass at rest
//! are counted as if it moved. T and P are those that were asked for. H is `U + 3/2 N k T + P V`.
//!
//! A mole is of formula units with one cation each where species have charges of both signs (KCl, CaCl2, and mixtures by
//! their amounts), else of atoms.

use std::collections::BTreeMap;

use super::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::sampling::{Fluctuations, Moments};
use crate::system::System;
use crate::units::{AVOGADRO, BOLTZMANN, EV_PER_A3_TO_GPA, EV_TO_J, U_PER_A3_TO_G_PER_CM3};

/// What a run held constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Held {
    /// Energy and volume.
    Energy,
    /// Temperature and volume.
    Temperature {
        /// Temperature, K.
        kelvin: f64,
    },
    /// Temperature and pressure.
    Pressure {
        /// Temperature, K.
        kelvin: f64,
        /// Pressure, GPa.
        gpa: f64,
    },
    /// Nothing: a ramp.
    Nothing,
}

/// The numbers of a system that extensive properties are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    atoms: f64,
    formulas: f64,
    ionic: bool,
    mass_u: f64,
    bulk: bool,
}

impl Amount {
    /// Of all atoms of `system`.
    pub fn new(system: &System) -> Self {
        let charge = |i: usize| system.species[system.types[i] as usize].charge_e.unwrap_or(0.0);
        let count = |sign: fn(f64) -> bool| (0..system.len()).filter(|&i| sign(charge(i))).count() as f64;
        let (cations, anions) = (count(|q| q > 0.0), count(|q| q < 0.0));
        let ionic = cations > 0.0 && anions > 0.0;
        let atoms = system.len() as f64;
        let formulas = if ionic { cations } else { atoms };
        Self { atoms, formulas, ionic, mass_u: system.total_mass(), bulk: system.cell.is_bulk() }
    }

    /// What a mole is of.
    fn unit_name(&self) -> &'static str {
        if self.ionic { "formula units (one cation each)" } else { "atoms" }
    }

    /// J/(mol K) from eV/K.
    fn molar_heat(&self, ev_per_kelvin: f64) -> f64 {
        ev_per_kelvin / self.formulas * EV_TO_J * AVOGADRO
    }
}

/// What there is to say of a run so far.
pub fn properties(fluctuations: &Fluctuations, amount: &Amount, held: Held) -> Vec<Property> {
    let reporter = Reporter { fluctuations, amount, held };
    match held {
        Held::Pressure { kelvin, gpa } if amount.bulk => reporter.at_constant_pressure(kelvin, gpa),
        Held::Temperature { kelvin } => reporter.at_constant_volume(kelvin),
        Held::Energy => reporter.at_constant_energy(),
        Held::Pressure { .. } | Held::Nothing => Vec::new(),
    }
}

struct Reporter<'a> {
    fluctuations: &'a Fluctuations,
    amount: &'a Amount,
    held: Held,
}

/// How a property is called: identifier, name, route, unit.
type Title<'a> = (&'a str, &'a str, &'a str, &'a str);

impl Reporter<'_> {
    fn at_constant_pressure(&self, kelvin: f64, gpa: f64) -> Vec<Property> {
        let amount = *self.amount;
        let pressure = gpa / EV_PER_A3_TO_GPA;
        let kt = BOLTZMANN * kelvin;
        let kinetic_heat = 1.5 * amount.atoms * BOLTZMANN;
        let enthalpy = move |m: &Moments| m.potential + kinetic_heat * kelvin + pressure * m.volume;
        let enthalpy_variance = move |m: &Moments| {
            m.potential_variance + 2.0 * pressure * m.covariance + pressure * pressure * m.volume_variance
        };
        vec![
            self.property(("density", "Density", "mean", "g/cm³"), move |m| {
                amount.mass_u / m.volume * U_PER_A3_TO_G_PER_CM3
            }),
            self.property(("molar-volume", "Molar volume", "mean", "cm³/mol"), move |m| {
                m.volume / amount.formulas * AVOGADRO * 1e-24
            }),
            self.property(("enthalpy", "Enthalpy, from the potential's zero", "mean", "kJ/mol"), move |m| {
                1e-3 * amount.molar_heat(enthalpy(m))
            }),
            self.property(("thermal-expansion", "Thermal expansion", "fluctuations", "10⁻⁴ K⁻¹"), move |m| {
                1e4 * (m.covariance + pressure * m.volume_variance) / (kt * kelvin * m.volume)
            }),
            self.property(("compressibility", "Isothermal compressibility", "fluctuations", "GPa⁻¹"), move |m| {
                m.volume_variance / (kt * m.volume) / EV_PER_A3_TO_GPA
            }),
            self.property(
                ("heat-capacity-cp", "Heat capacity at constant pressure", "fluctuations", "J/(mol K)"),
                move |m| amount.molar_heat(kinetic_heat + enthalpy_variance(m) / (kt * kelvin)),
            ),
        ]
    }

    fn at_constant_volume(&self, kelvin: f64) -> Vec<Property> {
        let amount = *self.amount;
        let title = ("heat-capacity-cv", "Heat capacity at constant volume", "fluctuations", "J/(mol K)");
        vec![self.property(title, move |m| {
            let configurational = m.potential_variance / (BOLTZMANN * kelvin * kelvin);
            amount.molar_heat(1.5 * amount.atoms * BOLTZMANN + configurational)
        })]
    }

    fn at_constant_energy(&self) -> Vec<Property> {
        let amount = *self.amount;
        let freedom = (3.0 * amount.atoms - 3.0).max(1.0);
        let title =
            ("heat-capacity-cv", "Heat capacity at constant volume", "kinetic energy at constant energy", "J/(mol K)");
        vec![self.property(title, move |m| {
            // With K = f k T/2, f/2 (k T)^2 = 2 K^2/f.
            let canonical = 2.0 * m.kinetic * m.kinetic / freedom;
            amount.molar_heat(1.5 * amount.atoms * BOLTZMANN / (1.0 - m.kinetic_variance / canonical))
        })]
    }

    fn property(&self, (id, name, route, unit): Title, quantity: impl Fn(&Moments) -> f64) -> Property {
        let estimate = self.fluctuations.estimate(unit, &quantity).filter(|estimate| estimate.value.is_finite());
        let pending = estimate.is_none().then(|| "The run has hardly begun.".to_owned());
        let charts = estimate.as_ref().map(|estimate| self.chart(name, estimate, &quantity)).into_iter().collect();
        Property {
            id: id.to_owned(),
            of: String::new(),
            name: name.to_owned(),
            route: route.to_owned(),
            estimate,
            pending,
            charts,
            settings: self.settings(unit.contains("mol")),
        }
    }

    fn settings(&self, molar: bool) -> BTreeMap<String, String> {
        let (ensemble, state) = match self.held {
            Held::Energy => ("NVE", String::new()),
            Held::Temperature { kelvin } => ("NVT", format!("{kelvin} K")),
            Held::Pressure { kelvin, gpa } => ("NPT", format!("{kelvin} K, {gpa} GPa")),
            Held::Nothing => ("none", String::new()),
        };
        let mut settings = BTreeMap::from([
            ("ensemble".to_owned(), ensemble.to_owned()),
            ("time".to_owned(), format!("{:.3} ps", self.fluctuations.time_ps())),
            ("frames".to_owned(), self.fluctuations.frames().to_string()),
        ]);
        if !state.is_empty() {
            settings.insert("state".to_owned(), state);
        }
        if molar {
            settings.insert("mole of".to_owned(), self.amount.unit_name().to_owned());
        }
        settings
    }

    /// The value as the run grew.
    fn chart(&self, name: &str, estimate: &Estimate, quantity: &impl Fn(&Moments) -> f64) -> ChartSpec {
        let (x, y, error) = self.fluctuations.convergence(quantity);
        let axis =
            |label: &str, unit: &str| Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log: false };
        ChartSpec {
            title: format!("{name} as the run grew"),
            x: axis("time", "ps"),
            y: axis(name, &estimate.unit),
            series: vec![Series {
                name: "so far".to_owned(),
                x,
                y,
                error: Some(error),
                style: Style::Line,
                colour: None,
            }],
            theme: Default::default(),
            transparent: false,
        }
    }
}
