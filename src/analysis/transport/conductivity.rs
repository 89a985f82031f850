//! Ionic conductivity, Haven ratio, mobilities and transport numbers of a salt.
//!
//! With the particle currents J_a = sum of the velocities of species a and the charges q_a of the card:
//!
//! ```text
//! J       = sum_a q_a J_a
//! sigma   = 1/(3 V k T) integral <J(0) . J(t)>           Green–Kubo; Einstein: J from displacements
//! sigma_NE = sum_a N_a q_a^2 D_a / (V k T)               Nernst–Einstein
//! H       = sigma_NE / sigma                             Haven ratio
//! u_a     = 1/(3 N_a k T) integral <J_a(0) . J(t)>       mobility in the centre-of-mass frame
//! t_a     = q_a integral <J_a . J> / integral <J . J>    its share of the current
//! ```
//!
//! Relative to an anion X, J_a is replaced by `J_a - (N_a/N_X) J_X`; that is what experiments on internal mobilities
//! measure. A mobility is the drift velocity along the field over the field: negative for anions. Formal charges are exact
//! for the transport of closed-shell ions (Grasselli and Baroni, Nat. Phys. 15, 967 (2019), doi:10.1038/s41567-019-0562-0).

use super::cepstrum;
use super::diffusion::{A2_PER_FS_TO_1E9_M2_PER_S, einstein};
use super::green_kubo::{GreenKubo, Integral};
use super::report::{NO_SAMPLES, POINTS, integrated, limited, running_integral};
use super::spectrum::Flux;
use crate::analysis::{Estimate, Property};
use crate::math::statistics::MeanError;
use crate::sampling::Currents;
use crate::units::BOLTZMANN;

/// One e^2/(eV Å fs) in S/m: the elementary charge in C over 1e-25 m s.
const TO_SIEMENS_PER_METRE: f64 = 1.602_176_634e6;
const UNIT: &str = "S/m";
/// One Å^2/(V fs) in 1e-8 m^2/(V s).
const TO_MOBILITY: f64 = 1e3;
const MOBILITY_UNIT: &str = "10⁻⁸ m²/(V s)";
const NO_VELOCITIES: &str = "Needs velocities, often enough to follow vibrations; the Einstein route does without.";
const CENTRE_OF_MASS: &str = "centre-of-mass frame";

/// Names of the properties of this module: identifier, what is printed, route.
const ALL: [(&str, &str, &str); 5] = [
    ("ionic-conductivity", "Ionic conductivity", "Green–Kubo"),
    ("ionic-conductivity", "Ionic conductivity", "cepstral analysis"),
    ("ionic-conductivity", "Ionic conductivity", "Einstein"),
    ("ionic-conductivity", "Ionic conductivity", "Nernst–Einstein"),
    ("haven-ratio", "Haven ratio", "Nernst–Einstein over Green–Kubo"),
];

/// Every property of the module without a value, and why.
pub(super) fn pending(why: &str) -> Vec<Property> {
    ALL.into_iter().map(|(id, name, route)| Property::pending(id, "", name.to_owned(), route, why)).collect()
}

/// Conductivities and what follows from them, or why there can't be any; `diffusion` has each species' [`self_diffusion`](super::self_diffusion) among others.
pub(super) fn conductivities(currents: &Currents, diffusion: &[Property]) -> Vec<Property> {
    match Salt::new(currents) {
        Ok(salt) => salt.properties(diffusion),
        Err(why) => {
            vec![Property::pending("ionic-conductivity", "", "Ionic conductivity".to_owned(), "any route", &why)]
        }
    }
}

/// Currents of species with charges.
struct Salt<'a> {
    currents: &'a Currents,
    charges: Vec<f64>,
    /// From velocities, where they are known.
    moving: Option<Vec<Flux>>,
    /// From displacements.
    displaced: Vec<Flux>,
    integrals: GreenKubo,
}

impl<'a> Salt<'a> {
    fn new(currents: &'a Currents) -> Result<Self, String> {
        let species = currents.species();
        let charge = |(species, _): &(crate::system::Species, usize)| {
            species.charge_e.ok_or_else(|| format!("The charge of {} is not known.", species.name))
        };
        let charges: Vec<f64> = species.iter().map(charge).collect::<Result<_, _>>()?;
        if charges.iter().all(|&q| q >= 0.0) {
            return Err(
                "There are no anions: charges of atoms, and with them an ionic conductivity, have no meaning in a \
                metal or a neutral liquid."
                    .to_owned(),
            );
        }
        let (mut total, mut size) = (0.0, 0.0);
        for (q, (_, count)) in charges.iter().zip(species) {
            total += q * *count as f64;
            size += (q * *count as f64).abs();
        }
        if f64::abs(total) > 1e-6 * size {
            return Err(format!("The charges add up to {total:+} e: without neutrality there is no conductivity."));
        }
        let interval = currents.interval_fs();
        let fluxes = |of: &dyn Fn(usize) -> Option<[Vec<f64>; 3]>| -> Option<Vec<Flux>> {
            (0..species.len()).map(|k| Some(Flux::new(&of(k)?, interval))).collect()
        };
        let moving = fluxes(&|k| currents.particle_current(k));
        let displaced = fluxes(&|k| currents.displacement_current(k)).ok_or("Needs the motion of each species.")?;
        Ok(Self { currents, charges, moving, displaced, integrals: GreenKubo::new(currents.rows(), interval, 3) })
    }

    /// Currents of the species, by the best way there is.
    fn particles(&self) -> &[Flux] {
        self.moving.as_ref().unwrap_or(&self.displaced)
    }

    fn counts(&self) -> impl Iterator<Item = f64> {
        self.currents.species().iter().map(|(_, count)| *count as f64)
    }

    fn thermal_volume(&self) -> f64 {
        self.currents.volume() * BOLTZMANN * self.currents.temperature()
    }

    fn charge_current(&self, particles: &[Flux]) -> Flux {
        Flux::combined(self.charges.iter().copied().zip(particles))
    }

    fn properties(&self, diffusion: &[Property]) -> Vec<Property> {
        let factor = TO_SIEMENS_PER_METRE / self.thermal_volume();
        let current = self.charge_current(self.particles());
        let integral = self.integrals.integral(&current);
        let displaced = self.integrals.integral(&self.charge_current(&self.displaced));
        let [kubo, cepstral, einstein, nernst, haven] =
            ALL.map(|(id, name, route)| Property::pending(id, "", name.to_owned(), route, NO_SAMPLES));
        let einstein = integrated(einstein, &self.integrals, displaced.as_ref(), factor, UNIT);
        let kubo = match self.moving {
            Some(_) => integrated(kubo, &self.integrals, integral.as_ref(), factor, UNIT),
            None => Property { pending: Some(NO_VELOCITIES.to_owned()), ..kubo },
        };
        let nernst = self.nernst_einstein(nernst, diffusion);
        let haven = match self.moving {
            Some(_) => ratio(haven, &nernst, &kubo),
            None => ratio(Property { route: "Nernst–Einstein over Einstein".to_owned(), ..haven }, &nernst, &einstein),
        };
        let mut all = vec![
            kubo,
            limited(cepstral, cepstrum::limit(&current, &[]), &self.integrals, integral.as_ref(), factor, UNIT),
            einstein,
            nernst,
            haven,
        ];
        if let Some(integral) = &integral {
            all.extend(self.shares(&current, integral));
        }
        all
    }

    fn nernst_einstein(&self, property: Property, diffusion: &[Property]) -> Property {
        let (mut sum, mut variance, mut samples) = (0.0, Some(0.0), f64::INFINITY);
        let (mut sources, mut charts) = (Vec::new(), Vec::new());
        for ((q, count), (species, _)) in self.charges.iter().zip(self.counts()).zip(self.currents.species()) {
            let source = einstein(diffusion).find(|property| property.of == species.name);
            let Some((source, own)) = source.and_then(|source| Some((source, source.estimate.as_ref()?))) else {
                return property;
            };
            charts.extend(source.charts.iter().cloned());
            let factor = count * q * q * TO_SIEMENS_PER_METRE / (A2_PER_FS_TO_1E9_M2_PER_S * self.thermal_volume());
            sum += factor * own.value;
            variance = variance.zip(own.standard_error).map(|(sum, error)| sum + (factor * error).powi(2));
            samples = samples.min(own.independent_samples);
            sources.push(own);
        }
        let error = MeanError { standard_error: variance.map(f64::sqrt), independent_samples: samples };
        Property { charts, ..property }
            .measured(sources.into_iter().fold(Estimate::new(sum, error, UNIT), Estimate::warned_by))
            .with_setting("diffusion coefficients", "Einstein, as simulated (not corrected for the size of the box)")
    }

    /// Mobility and transport number of each species, as seen from the centre of mass and from the one anion.
    fn shares(&self, current: &Flux, integral: &Integral) -> Vec<Property> {
        let counts: Vec<f64> = self.counts().collect();
        let anions: Vec<usize> = (0..counts.len()).filter(|&k| self.charges[k] < 0.0).collect();
        let name = |k: usize| self.currents.species()[k].0.name.as_str();
        let mut all = Vec::new();
        for k in 0..counts.len() {
            all.extend(self.share(k, CENTRE_OF_MASS, &self.particles()[k], current, integral));
        }
        if let [anion] = anions[..] {
            let frame = format!("relative to {}", name(anion));
            for k in (0..counts.len()).filter(|&k| k != anion) {
                let terms = [(1.0, &self.particles()[k]), (-counts[k] / counts[anion], &self.particles()[anion])];
                all.extend(self.share(k, &frame, &Flux::combined(terms), current, integral));
            }
        }
        all
    }

    fn share(&self, k: usize, frame: &str, own: &Flux, current: &Flux, integral: &Integral) -> [Property; 2] {
        let (species, count) = &self.currents.species()[k];
        let pending = |id, name: String| Property::pending(id, &species.name, name, frame, NO_SAMPLES);
        let mobility = pending("mobility", format!("Mobility of {}", species.name));
        let number = pending("transport-number", format!("Transport number of {}", species.name));
        let to_mobility = TO_MOBILITY / (*count as f64 * BOLTZMANN * self.currents.temperature());
        let mixed = self.integrals.mixed(integral, own, current);
        let whole = self.integrals.mixed(integral, current, current).value;
        let part = self.charges[k] * mixed.value / whole;
        // What of the species' current is not its share of the whole: only that makes the share uncertain.
        let rest = Flux::combined([(self.charges[k], own), (-part, current)]);
        let rest = self.integrals.mixed(integral, &rest, current).error;
        let error = MeanError { standard_error: rest.standard_error.map(|error| error / whole), ..rest };
        let to_siemens = self.charges[k] * TO_SIEMENS_PER_METRE / self.thermal_volume();
        let its_part = format!("Conductivity by {}", species.name);
        let curves = self.integrals.curves(&mixed, POINTS);
        let [of_mobility, of_conductivity] =
            [(mobility.name.as_str(), to_mobility, MOBILITY_UNIT), (&its_part, to_siemens, UNIT)]
                .map(|(label, factor, unit)| running_integral(label, &curves, &mixed, factor, unit));
        [
            mobility
                .measured(Estimate::new(mixed.value, mixed.error, "").scaled(to_mobility, MOBILITY_UNIT))
                .with_chart(of_mobility)
                .with_setting("reference frame", frame),
            number
                .measured(Estimate::new(part, error, ""))
                .with_chart(of_conductivity)
                .with_setting("reference frame", frame),
        ]
    }
}

/// `above / below` with independent errors, and the curves of both.
fn ratio(property: Property, above: &Property, below: &Property) -> Property {
    let charts = [above.charts.clone(), below.charts.clone()].concat();
    let (Some(above), Some(below)) = (&above.estimate, &below.estimate) else { return property };
    let property = Property { charts, ..property };
    let value = above.value / below.value;
    let relative = above.standard_error.zip(below.standard_error);
    let error = relative.map(|(a, b)| value.abs() * (a / above.value).hypot(b / below.value));
    let samples = above.independent_samples.min(below.independent_samples);
    let error = MeanError { standard_error: error, independent_samples: samples };
    property.measured(Estimate::new(value, error, "").warned_by(above).warned_by(below))
}
