//! The gradient of any function of energy, forces and PlusStress by all parameters, without the rows.
//!
//! With `e`, `lambda_i` and `sigma` the function's derivatives by energy, forces and stress, its gradient is that of
//! `sum_i (e V_i + sum_j (dV_i/dr_ij) . v_ij)`, `v_ij = lambda_i - lambda_j - sigma r_ij`: site energies and their
//! derivative along one direction. One tangent of the adjoints per atom gives it, for any number of parameters.

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::math::lanes::Lanes;
use crate::neighbor::NeighborList;
use crate::system::System;

use super::super::kernel_lanes::Instructions;
use super::super::site::SiteInput;
use super::{JacobianKernel, JacobianWorkspace};

/// Derivatives of a function of one configuration's values.
#[derive(Debug, Clone, Copy)]
pub struct Sensitivity<'a> {
    /// By the energy.
    pub energy: f64,
    /// By each force.
    pub forces: &'a [Vec3],
    /// By PlusStress xx, yy, zz, yz, xz, xy, each taken as one number.
    pub stress: [f64; 6],
}

impl JacobianKernel {
    /// Adds the gradient by every parameter to `out`, which has one entry for each.
    ///
    /// # Errors
    /// A type that is none of the potential's species; lengths that do not fit.
    pub fn add_gradient(
        &self,
        system: &System,
        neighbors: &NeighborList,
        sensitivity: &Sensitivity,
        workspace: &mut JacobianWorkspace,
        out: &mut [f64],
    ) -> Result<()> {
        self.check_types(system)?;
        if sensitivity.forces.len() != system.len() || out.len() != self.parameter_count() {
            let found = format!("{} forces and {} parameters", sensitivity.forces.len(), out.len());
            let expected = format!("{} and {}", system.len(), self.parameter_count());
            return Err(Error::invalid("gradient of a loss", found, expected));
        }
        let input = SiteInput { system, neighbors };
        for atom in 0..system.len() {
            match self.instructions {
                Instructions::Baseline => self.add_site(&input, atom, sensitivity, workspace, out),
                // SAFETY: `Instructions::widest` asked the processor.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => unsafe { self.add_site_avx2(&input, atom, sensitivity, workspace, out) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => unsafe { self.add_site_avx512(&input, atom, sensitivity, workspace, out) },
            }
        }
        Ok(())
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_site_avx2(
        &self,
        input: &SiteInput,
        i: usize,
        by: &Sensitivity,
        workspace: &mut JacobianWorkspace,
        out: &mut [f64],
    ) {
        self.add_site(input, i, by, workspace, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn add_site_avx512(
        &self,
        input: &SiteInput,
        i: usize,
        by: &Sensitivity,
        workspace: &mut JacobianWorkspace,
        out: &mut [f64],
    ) {
        self.add_site(input, i, by, workspace, out);
    }

    #[inline(always)]
    fn add_site(
        &self,
        input: &SiteInput,
        i: usize,
        by: &Sensitivity,
        workspace: &mut JacobianWorkspace,
        out: &mut [f64],
    ) {
        let JacobianWorkspace { site, adjoints, scalars, .. } = workspace;
        let zi = input.system.types[i] as usize;
        site.gather(input, i, &self.radial, &self.shape);
        site.follow(i, by, &self.shape);
        site.sum_tangents(zi, &self.radial, &self.shape);
        adjoints.fill(&self.plan, &site.moments);
        let tangents = &mut site.adjoint_tangents;
        tangents.resize(self.shape.nodes.len(), 0.0);
        let seeds = &site.moment_tangents;
        adjoints.tangents(&self.plan, |node| Lanes::splat(seeds[node]), |node, tangent| tangents[node] = tangent.0[0]);
        let (linear, size) = (self.linear_start(), self.shape.basis);
        for zj in 0..self.species {
            let start = (zi * self.species + zj) * self.shape.functions * size;
            for (node, &[mu, monomial]) in self.shape.nodes.iter().enumerate() {
                let adjoint = adjoints.adjoints[node];
                let factor = by.energy * adjoint + site.adjoint_tangents[node];
                let sums = site.sums(&self.shape, monomial, zj).as_flattened();
                let tangents = site.tangent_sums(&self.shape, monomial, zj).as_flattened();
                let entries = &mut out[start + mu * size..start + (mu + 1) * size];
                for ((entry, sum), tangent) in entries.iter_mut().zip(sums).zip(tangents) {
                    *entry += factor * sum + adjoint * tangent;
                }
            }
        }
        out[linear + zi] += by.energy;
        let moments = &mut out[linear + self.species..];
        self.scalars.add_gradient(&site.moments, &site.moment_tangents, by.energy, scalars, moments);
    }
}
