//! The plain kernel: reads like the equations, and is what the fast one is tested against.

use crate::math::Vec3;

use super::parameters::MtpParameters;
use super::radial::{RadialFunctions, repulsion};
use super::site::{SiteInput, SiteKernel, SiteOutput};

/// Evaluates one atom after another, one neighbour after another, straight from the file's tables.
#[derive(Debug)]
pub(super) struct ReferenceKernel {
    parameters: MtpParameters,
    radial: RadialFunctions,
}

impl ReferenceKernel {
    pub(super) fn new(parameters: &MtpParameters) -> Self {
        Self { radial: RadialFunctions::new(parameters), parameters: parameters.clone() }
    }

    /// All moments from the basic ones: `m[target] += c m[left] m[right]`.
    fn contract(&self, moments: &mut [f64]) {
        for p in &self.parameters.alpha_index_times {
            moments[p.target] += p.coefficient * moments[p.left] * moments[p.right];
        }
    }

    /// dV/dm of every moment, by sweeping the products backwards.
    fn adjoints(&self, moments: &[f64]) -> Vec<f64> {
        let mut adjoints = vec![0.0; moments.len()];
        for (&moment, coefficient) in self.parameters.alpha_moment_mapping.iter().zip(&self.parameters.moment_coeffs) {
            adjoints[moment] += coefficient;
        }
        for p in self.parameters.alpha_index_times.iter().rev() {
            adjoints[p.left] += p.coefficient * adjoints[p.target] * moments[p.right];
            adjoints[p.right] += p.coefficient * adjoints[p.target] * moments[p.left];
        }
        adjoints
    }

    fn site(&self, input: &SiteInput, i: usize, gradients: &mut [Vec3]) -> f64 {
        let zi = input.system.types[i] as usize;
        let slots = input.neighbors.range(i);
        let count = self.radial.count;
        let (mut f, mut df) = (vec![0.0; count], vec![0.0; count]);
        let mut moments = vec![0.0; self.parameters.alpha_moments_count];
        let mut energy = self.parameters.species_coeffs[zi];
        let within = |s: usize| {
            let d = input.neighbors.vector(i, s);
            let zj = input.system.types[input.neighbors.slots()[s].atom as usize] as usize;
            (d.norm() < self.radial.max_dist).then(|| (d, d.norm(), zj))
        };
        for (d, r, zj) in slots.clone().filter_map(within) {
            let u = d / r;
            self.radial.evaluate(zi, zj, r, &mut f, &mut df);
            for (moment, alpha) in moments.iter_mut().zip(&self.parameters.alpha_index_basic) {
                *moment += f[alpha[0]] * monomial(&u, alpha);
            }
            if self.radial.repulsive && r < self.radial.min_dist {
                energy += repulsion(r, self.radial.min_dist).0;
            }
        }
        self.contract(&mut moments);
        let scalars = self.parameters.alpha_moment_mapping.iter().zip(&self.parameters.moment_coeffs);
        energy += scalars.map(|(&moment, coefficient)| coefficient * moments[moment]).sum::<f64>();

        let adjoints = self.adjoints(&moments);
        for (s, gradient) in slots.zip(gradients) {
            *gradient = Vec3::zeros();
            let Some((d, r, zj)) = within(s) else { continue };
            let u = d / r;
            self.radial.evaluate(zi, zj, r, &mut f, &mut df);
            for (adjoint, alpha) in adjoints.iter().zip(&self.parameters.alpha_index_basic) {
                let along = monomial(&u, alpha);
                let across = monomial_gradient(&u, alpha);
                let tangent = (across - u * u.dot(&across)) / r;
                *gradient += *adjoint * (u * (df[alpha[0]] * along) + tangent * f[alpha[0]]);
            }
            if self.radial.repulsive && r < self.radial.min_dist {
                *gradient += u * repulsion(r, self.radial.min_dist).1;
            }
        }
        energy
    }
}

impl SiteKernel for ReferenceKernel {
    fn sites(&self, input: &SiteInput, first: usize, out: SiteOutput) {
        let start = input.neighbors.range(first).start;
        *out.virial = Default::default();
        for (k, energy) in out.energies.iter_mut().enumerate() {
            let slots = input.neighbors.range(first + k);
            let gradients = &mut out.gradients[slots.start - start..slots.end - start];
            *energy = self.site(input, first + k, gradients);
            for (s, gradient) in slots.zip(gradients) {
                *out.virial -= *gradient * input.neighbors.vector(first + k, s).transpose();
            }
        }
    }
}

/// `x^p y^q z^s` for `alpha = [mu, p, q, s]`.
fn monomial(u: &Vec3, alpha: &[usize; 4]) -> f64 {
    (0..3).map(|k| u[k].powi(alpha[k + 1] as i32)).product()
}

/// Its gradient with respect to (x, y, z).
fn monomial_gradient(u: &Vec3, alpha: &[usize; 4]) -> Vec3 {
    Vec3::from_fn(|k, _| {
        let mut lowered = *alpha;
        match alpha[k + 1].checked_sub(1) {
            Some(power) => {
                lowered[k + 1] = power;
                alpha[k + 1] as f64 * monomial(u, &lowered)
            }
            None => 0.0,
        }
    })
}
