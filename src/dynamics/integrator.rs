//! One timestep of every ensemble, as symmetric splittings around velocity Verlet.
//!
//! | ensemble | splitting |
//! |---|---|
//! | NVE | kick, drift, kick |
//! | Bussi | kick, drift, kick, rescale |
//! | Langevin | kick, half drift, friction and noise, half drift, kick (BAOAB) |
//! | Nosé-Hoover | chain, kick, drift, kick, chain |
//! | cell rescaling | kick, half drift, strain, half drift, kick, rescale; strain from the pressure at the step's start |
//! | Martyna-Tobias-Klein | chains, piston, kick, drift and cell, kick, piston, chains |

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::units::BOLTZMANN;

use super::barostat::{CellRescaling, pressure_volume};
use super::bath::{Bath, friction_and_noise, rescale_velocities};
use super::ensemble::Ensemble;
use super::guard;
use super::motion::{self, Move};
use super::simulation::Simulation;

/// A cell that changes by more than this in one step is not being equilibrated, it explodes.
const MAX_STRAIN_PER_STEP: f64 = 0.1;

impl Simulation {
    /// One timestep without bookkeeping of failures.
    pub(super) fn integrate(&mut self) -> Result<()> {
        let dt = self.timestep_fs;
        match self.ensemble {
            Ensemble::Nve => self.verlet(dt)?,
            Ensemble::NvtBussi { damping_fs, .. } => {
                self.verlet(dt)?;
                self.rescale(damping_fs, dt);
            }
            Ensemble::NvtNoseHoover { .. } => {
                self.thermalise(0.5 * dt);
                self.verlet(dt)?;
                self.thermalise(0.5 * dt);
            }
            Ensemble::NvtLangevin { damping_fs, .. } => self.baoab(damping_fs, dt)?,
            Ensemble::NptScr { damping_fs, barostat_damping_fs, compressibility_per_gpa, axes, .. } => {
                let barostat =
                    CellRescaling { damping: barostat_damping_fs, compressibility: compressibility_per_gpa, axes };
                self.rescale_cell(&barostat, dt)?;
                self.rescale(damping_fs, dt);
            }
            Ensemble::NptMtk { .. } => self.martyna_tobias_klein(dt)?,
        }
        self.check_temperature()?;
        self.state.step += 1;
        Ok(())
    }

    fn verlet(&mut self, dt: f64) -> Result<()> {
        self.kick(Move::plain(0.5 * dt));
        self.drift(Move::plain(dt), 1.0)?;
        self.evaluate()?;
        self.kick(Move::plain(0.5 * dt));
        Ok(())
    }

    fn baoab(&mut self, damping: f64, dt: f64) -> Result<()> {
        self.kick(Move::plain(0.5 * dt));
        self.drift(Move::plain(0.5 * dt), 0.5)?;
        let bath = self.bath(damping);
        let state = &mut self.state;
        state.given += friction_and_noise(&mut state.system, &bath, dt, &mut state.rng);
        self.drift(Move::plain(0.5 * dt), 0.5)?;
        self.evaluate()?;
        self.kick(Move::plain(0.5 * dt));
        Ok(())
    }

    fn rescale(&mut self, damping: f64, dt: f64) {
        let bath = self.bath(damping);
        let state = &mut self.state;
        state.given += rescale_velocities(&mut state.system, &bath, dt, &mut state.rng);
    }

    fn rescale_cell(&mut self, barostat: &CellRescaling, dt: f64) -> Result<()> {
        let volume = self.volume()?;
        let before = pressure_volume(&self.state.system, &self.evaluation.virial);
        let strain = barostat.strain(before, volume, &self.state.targets, dt, &mut self.state.rng);
        self.kick(Move::plain(0.5 * dt));
        // x' = s (x + v dt/2) + (v/s) dt/2 with s = exp(strain): drift, scale positions and velocities, drift.
        let scale = strain.map(f64::exp);
        let add = scale.map(|s| 0.5 * dt * (s + 1.0 / s));
        self.drift(Move { keep: scale, add }, 1.0)?;
        self.state.system.velocities.iter_mut().for_each(|v| v.component_div_assign(&scale));
        self.deform(strain)?;
        self.evaluate()?;
        self.kick(Move::plain(0.5 * dt));
        // The midpoint rule makes the work that of the Stratonovich integral -sum V P_aa de_aa.
        let after = pressure_volume(&self.state.system, &self.evaluation.virial);
        self.state.given -= 0.5 * (before + after).dot(&strain);
        Ok(())
    }

    fn martyna_tobias_klein(&mut self, dt: f64) -> Result<()> {
        self.thermalise(0.5 * dt);
        self.push_piston(0.5 * dt)?;
        let Some(piston) = self.state.piston else { return self.verlet(dt) };
        let kick = Move::exponential(-piston.friction(), 0.5 * dt);
        self.kick(kick);
        self.drift(Move::exponential(piston.rates(), dt), 1.0)?;
        self.deform(piston.rates() * dt)?;
        self.evaluate()?;
        self.kick(kick);
        self.push_piston(0.5 * dt)?;
        self.thermalise(0.5 * dt);
        Ok(())
    }

    fn push_piston(&mut self, dt: f64) -> Result<()> {
        let volume = self.volume()?;
        let pv = pressure_volume(&self.state.system, &self.evaluation.virial);
        let kinetic = self.kinetic_energy();
        let pressure = self.state.targets.pressure;
        if let Some(piston) = &mut self.state.piston {
            piston.push(pv, kinetic, volume, pressure, dt);
        }
        Ok(())
    }

    /// Lets the chains act on atoms and piston.
    fn thermalise(&mut self, dt: f64) {
        let state = &mut self.state;
        if let Some(piston) = &mut state.piston {
            piston.thermalise(dt);
        }
        if let Some(chain) = &mut state.chain {
            let factor = chain.act(state.system.kinetic_energy(), dt);
            state.system.velocities.iter_mut().for_each(|v| *v *= factor);
        }
    }

    fn bath(&self, damping: f64) -> Bath {
        Bath {
            temperature: self.state.targets.temperature,
            damping,
            degrees_of_freedom: self.degrees_of_freedom(),
            hold_center: self.potential.conserves_momentum(),
        }
    }

    fn kick(&mut self, by: Move) {
        motion::kick(&mut self.state.system, &self.evaluation.forces, by);
    }

    /// Moves the atoms, unless one would go further than `share` of the limit.
    fn drift(&mut self, by: Move, share: f64) -> Result<()> {
        let limit = 0.5 * self.limits.skin_angstrom * share;
        if let Some(atom) = motion::runaway(&self.state.system, by, limit) {
            let distance = self.state.system.velocities[atom].component_mul(&by.add).norm();
            let what = if distance.is_finite() {
                format!("would move {distance:.3} Å at once (limit {limit:.3} Å, half the neighbour skin)")
            } else {
                "has a velocity that is not finite".to_owned()
            };
            return Err(self.unstable(atom, &what));
        }
        motion::drift(&mut self.state.system, by);
        Ok(())
    }

    /// Strains the cell along x, y and z.
    fn deform(&mut self, strain: Vec3) -> Result<()> {
        if strain.iter().any(|s| s.is_nan() || s.abs() > MAX_STRAIN_PER_STEP) {
            let reason = format!("the cell would change by {:.1} % in one step", 100.0 * strain.amax());
            return Err(Error::Unstable { step: self.state.step + 1, reason });
        }
        self.state.system.cell = self.state.system.cell.deformed(&Mat3::from_diagonal(&strain.map(f64::exp)))?;
        Ok(())
    }

    fn volume(&self) -> Result<f64> {
        let volume = self.state.system.cell.volume();
        volume.ok_or_else(|| Error::invalid("constant pressure", "a cell without volume", "a fully periodic cell"))
    }

    fn check_temperature(&self) -> Result<()> {
        let temperature = self.temperature();
        if temperature <= self.limits.max_temperature_kelvin {
            return Ok(());
        }
        let atom = guard::hottest_atom(&self.state.system);
        let energy = 0.5 * self.state.system.mass(atom) * self.state.system.velocities[atom].norm_squared();
        let own = energy * crate::units::MASS_VELOCITY2_TO_EV / (1.5 * BOLTZMANN);
        let limit = self.limits.max_temperature_kelvin;
        let what = format!("is the hottest ({own:.0} K) of a system at {temperature:.0} K (limit {limit:.0} K)");
        Err(self.unstable(atom, &what))
    }
}
