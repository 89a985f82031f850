//! What every pair potential shares: the sum over neighbours, in a fixed order.

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::parallel;
use crate::potential::Evaluation;
use crate::system::System;

/// Atoms that one task handles.
const CHUNK: usize = 64;

/// What one atom sums over its own neighbours.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AtomSum {
    energy: f64,
    force: Vec3,
    /// Upper triangle of the symmetric virial: xx, yy, zz, yz, xz, xy.
    virial: [f64; 6],
}

/// The virial of each atom: half of what its pairs have together, so that it is symmetric.
pub(super) fn atom_virials(sums: &[AtomSum], out: &mut Vec<Mat3>) {
    out.clear();
    out.extend(sums.iter().map(|atom| symmetric(atom.virial)));
}

fn symmetric([xx, yy, zz, yz, xz, xy]: [f64; 6]) -> Mat3 {
    Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz)
}

/// Fills `out` with the sums over all pairs closer than `cutoff` Å. `pair(a, b, r^2)` gives the energy of a pair of types in
/// eV and its slope over distance in eV/Å^2; `buffer` is reused between calls.
///
/// # Errors
/// A type at or above `species`.
pub(super) fn evaluate(
    system: &System,
    neighbors: &NeighborList,
    species: usize,
    cutoff: f64,
    buffer: &mut Vec<AtomSum>,
    out: &mut Evaluation,
    pair: impl Fn(usize, usize, f64) -> (f64, f64) + Sync,
) -> Result<()> {
    if let Some(t) = system.types.iter().find(|&&t| t as usize >= species) {
        return Err(Error::invalid("species", format!("type {t}"), format!("a type below {species}")));
    }
    buffer.resize(system.len(), AtomSum::default());
    let sum = |i: usize| {
        let mut sum = AtomSum::default();
        for s in neighbors.range(i) {
            let r = neighbors.vector(i, s);
            let distance2 = r.norm_squared();
            if distance2 >= cutoff * cutoff {
                continue;
            }
            let other = neighbors.slots()[s].atom as usize;
            let (energy, slope_over_r) = pair(system.types[i] as usize, system.types[other] as usize, distance2);
            // The pair belongs half to either atom; r points away from i, so a negative slope pushes i back.
            sum.energy += 0.5 * energy;
            sum.force += slope_over_r * r;
            let w = -0.5 * slope_over_r;
            let products = [r.x * r.x, r.y * r.y, r.z * r.z, r.y * r.z, r.x * r.z, r.x * r.y];
            sum.virial.iter_mut().zip(products).for_each(|(total, product)| *total += w * product);
        }
        sum
    };
    parallel::for_each_chunk(buffer, CHUNK, |chunk, atoms| {
        atoms.iter_mut().enumerate().for_each(|(k, atom)| *atom = sum(chunk * CHUNK + k));
    });
    out.site_energies.clear();
    out.site_energies.extend(buffer.iter().map(|atom| atom.energy));
    out.forces.clear();
    out.forces.extend(buffer.iter().map(|atom| atom.force));
    let mut virial = [0.0; 6];
    for atom in buffer.iter() {
        virial.iter_mut().zip(atom.virial).for_each(|(total, part)| *total += part);
    }
    out.virial = symmetric(virial);
    Ok(())
}
