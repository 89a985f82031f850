//! Sizes of atoms and ions, and densities of melts estimated from them or from measurements.

use std::collections::BTreeMap;

use mendeleev::Element;

use crate::error::{Error, Result};
use crate::units::U_PER_A3_TO_G_PER_CM3;

use super::species::{Species, element};

/// Effective ionic radii for six neighbours, Å (Shannon, doi:10.1107/S0567739476001551).
const IONIC_RADII: [(Element, f64); 30] = [
    (Element::Li, 0.76),
    (Element::Na, 1.02),
    (Element::K, 1.38),
    (Element::Rb, 1.52),
    (Element::Cs, 1.67),
    (Element::Be, 0.45),
    (Element::Mg, 0.72),
    (Element::Ca, 1.00),
    (Element::Sr, 1.18),
    (Element::Ba, 1.35),
    (Element::Al, 0.535),
    (Element::Sc, 0.745),
    (Element::Y, 0.90),
    (Element::La, 1.032),
    (Element::Ce, 1.01),
    (Element::Nd, 0.983),
    (Element::Gd, 0.938),
    (Element::Ti, 0.605),
    (Element::Zr, 0.72),
    (Element::Hf, 0.71),
    (Element::Th, 0.94),
    (Element::U, 0.89),
    (Element::Zn, 0.74),
    (Element::Cu, 0.73),
    (Element::F, 1.33),
    (Element::Cl, 1.81),
    (Element::Br, 1.96),
    (Element::I, 2.20),
    (Element::O, 1.40),
    (Element::S, 1.84),
];

/// Van der Waals radii of the noble gases, Å (Bondi, doi:10.1021/j100785a001).
const NOBLE_RADII: [(Element, f64); 5] =
    [(Element::He, 1.40), (Element::Ne, 1.54), (Element::Ar, 1.88), (Element::Kr, 2.02), (Element::Xe, 2.16)];

/// Volume of a melt over that of its ions as spheres: 1.7 (CaCl2) to 2.3 (KCl) in the melts of [`MEASURED`].
const IONIC_SWELLING: f64 = 2.1;
/// The same for metals by their empirical radii: 1.3 (Cu) to 2.0 (Ca).
const METALLIC_SWELLING: f64 = 1.6;

/// A measured density, `a - b T` in g/cm^3 for T in K.
struct Measured {
    /// Elements and numbers in one formula unit.
    formula: &'static [(&'static str, usize)],
    a: f64,
    b: f64,
    /// Range of the measurement, K.
    range: [f64; 2],
}

/// Densities of pure melts at ambient pressure.
///
/// KCl, NaCl: Van Artsdalen and Yaffe 1955 (doi:10.1021/j150527a007); CaCl2: Yaffe and Van Artsdalen 1956
/// (doi:10.1021/j150543a005); LiF: Hill 1967; CaF2: Kirshenbaum 1960; as compiled in NIST SRD 27 and MSTDB-TP.
/// Cu: Assael 2010 (doi:10.1063/1.3467496); Ca: Hiemstra 1977.
const MEASURED: [Measured; 7] = [
    Measured { formula: &[("Cl", 1), ("K", 1)], a: 2.1359, b: 5.831e-4, range: [1053.0, 1213.0] },
    Measured { formula: &[("Ca", 1), ("Cl", 2)], a: 2.5261, b: 4.225e-4, range: [1060.0, 1223.0] },
    Measured { formula: &[("Cl", 1), ("Na", 1)], a: 2.14, b: 5.43e-4, range: [1076.0, 1303.0] },
    Measured { formula: &[("F", 1), ("Li", 1)], a: 2.37, b: 5.00e-4, range: [1124.0, 1367.0] },
    Measured { formula: &[("Ca", 1), ("F", 2)], a: 3.18, b: 3.91e-4, range: [1640.0, 2300.0] },
    Measured { formula: &[("Cu", 1)], a: 9.109, b: 8.19e-4, range: [1356.0, 2500.0] },
    Measured { formula: &[("Ca", 1)], a: 1.5305, b: 1.37e-4, range: [1123.0, 1223.0] },
];

/// How far outside of its range a correlation is followed, K: a straight line must not be driven to zero.
const EXTRAPOLATION: f64 = 400.0;

fn look_up(table: &[(Element, f64)], wanted: Element) -> Option<f64> {
    table.iter().find(|(element, _)| *element == wanted).map(|(_, radius)| *radius)
}

/// Radius in Å of an element as an ion (`ionic`) or as an atom; noble gases by van der Waals; 1.5 where nothing is known.
pub fn radius(element: Element, ionic: bool) -> f64 {
    let ion = || if ionic { look_up(&IONIC_RADII, element) } else { None };
    let atom = || element.atomic_radius().map(|picometer| picometer.0 / 100.0);
    look_up(&NOBLE_RADII, element).or_else(ion).or_else(atom).unwrap_or(1.5)
}

/// Density in g/cm^3 of a melt with the given amounts of elements at a temperature in K: additive molar volumes, measured
/// ones where there are some, else from the elements' sizes (then good to about 20 %).
///
/// # Errors
/// A temperature that is not positive, or noble gases, whose density is a matter of pressure.
pub fn estimate_density(amounts: &BTreeMap<String, f64>, temperature: f64) -> Result<f64> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(Error::invalid("temperature", temperature, "a positive number in K"));
    }
    let (mut mass, mut volume) = (0.0, 0.0);
    for (formula, amount) in salts(amounts)? {
        mass += amount * formula_mass(&formula)?;
        volume += amount * formula_volume(&formula, temperature)?;
    }
    Ok(mass / volume * U_PER_A3_TO_G_PER_CM3)
}

type Formula = Vec<(String, usize)>;

fn formula_mass(formula: &Formula) -> Result<f64> {
    formula.iter().map(|(name, n)| Ok(Species::from_name(name)?.mass_u * *n as f64)).sum()
}

/// Volume of one formula unit, Å^3.
fn formula_volume(formula: &Formula, temperature: f64) -> Result<f64> {
    let same = |known: &&Measured| {
        known.formula.len() == formula.len() && known.formula.iter().zip(formula).all(|(a, b)| a.0 == b.0 && a.1 == b.1)
    };
    if let Some(known) = MEASURED.iter().find(same) {
        let t = temperature.clamp(known.range[0] - EXTRAPOLATION, known.range[1] + EXTRAPOLATION);
        return Ok(formula_mass(formula)? / (known.a - known.b * t) * U_PER_A3_TO_G_PER_CM3);
    }
    let ionic = formula.len() > 1;
    let swelling = if ionic { IONIC_SWELLING } else { METALLIC_SWELLING };
    let mut volume = 0.0;
    for (name, n) in formula {
        let element = element(name)?;
        if look_up(&NOBLE_RADII, element).is_some() {
            return Err(Error::invalid("density", format!("none given for {name}"), "a density in g/cm^3"));
        }
        volume += *n as f64 * swelling * 4.0 / 3.0 * std::f64::consts::PI * radius(element, ionic).powi(3);
    }
    Ok(volume)
}

/// The amounts as salts of the one anion, if there is exactly one and all charges are known; else as elements.
fn salts(amounts: &BTreeMap<String, f64>) -> Result<Vec<(Formula, f64)>> {
    let mut charges = Vec::new();
    for name in amounts.keys() {
        charges.push(Species::from_name(name)?.charge_e);
    }
    let whole = |q: f64| q.abs().round() as usize;
    let anions: Vec<(&String, usize)> =
        amounts.keys().zip(&charges).filter_map(|(name, q)| Some((name, whole((*q)?.min(0.0))))).collect();
    let anions: Vec<(&String, usize)> = anions.into_iter().filter(|(_, q)| *q > 0).collect();
    let ([(anion, anion_charge)], true) = (&anions[..], charges.iter().all(Option::is_some)) else {
        return Ok(amounts.iter().map(|(name, x)| (vec![(name.clone(), 1)], *x)).collect());
    };
    let mut salts = Vec::new();
    for ((name, amount), q) in amounts.iter().zip(&charges).filter(|((name, _), _)| name != anion) {
        let cation_charge = whole(q.unwrap_or(0.0));
        let divisor = gcd(cation_charge, *anion_charge).max(1);
        let cations = anion_charge / divisor;
        let mut formula = vec![(name.clone(), cations.max(1)), ((*anion).clone(), cation_charge / divisor)];
        formula.retain(|(_, n)| *n > 0);
        formula.sort();
        salts.push((formula, amount / cations.max(1) as f64));
    }
    Ok(salts)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn density(amounts: &[(&str, f64)], temperature: f64) -> Result<f64> {
        estimate_density(&amounts.iter().map(|(name, x)| ((*name).to_owned(), *x)).collect(), temperature)
    }

    #[test]
    fn pure_melts_follow_the_measurements() {
        assert!((density(&[("K", 1.0), ("Cl", 1.0)], 1100.0).unwrap() - 1.49449).abs() < 1e-4);
        assert!((density(&[("Ca", 2.0), ("Cl", 4.0)], 1100.0).unwrap() - 2.06135).abs() < 1e-4);
        assert!((density(&[("Cu", 1.0)], 1400.0).unwrap() - 7.9624).abs() < 1e-4);
    }

    #[test]
    fn mixtures_come_within_two_percent() {
        // NIST SRD 27 at x(CaCl2) = 0.681 and 1100 K; the excess volume, about 1 %, is neglected.
        let measured = 2.4067 - 4.8912e-4 * 1100.0;
        let estimate = density(&[("Ca", 0.681), ("K", 0.319), ("Cl", 1.681)], 1100.0).unwrap();
        assert!((estimate / measured - 1.0).abs() < 0.02, "{estimate} for {measured}");
    }

    #[test]
    fn unmeasured_melts_come_near() {
        // MgCl2 at 1000 K: 1.68 g/cm^3; the sizes are good to about 20 %.
        let estimate = density(&[("Mg", 1.0), ("Cl", 2.0)], 1000.0).unwrap();
        assert!((estimate / 1.68 - 1.0).abs() < 0.25, "{estimate}");
    }

    #[test]
    fn no_temperature_drives_a_density_to_nothing() {
        for temperature in [1.0, 300.0, 1e5] {
            let estimate = density(&[("K", 1.0), ("Cl", 1.0)], temperature).unwrap();
            assert!((1.0..2.5).contains(&estimate), "{estimate} at {temperature} K");
        }
        assert!(density(&[("K", 1.0)], f64::NAN).is_err());
        assert!(density(&[("Ar", 1.0)], 94.0).unwrap_err().to_string().contains("density"));
    }
}
