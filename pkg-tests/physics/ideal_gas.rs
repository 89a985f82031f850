//! Transport of a gas of atoms that do not interact: exact with friction, and without any.

use crucible::analysis::{Property, transport};
use crucible::dynamics::{Ensemble, Limits, Ramp, Simulation, maxwell_boltzmann};
use crucible::math::Vec3;
use crucible::math::rng::seeded;
use crucible::potential::simple::IdealGas;
use crucible::sampling::{Currents, Frame, Msd, MsdCurve, Observer, Vacf};
use crucible::system::{Cell, Species, System};
use crucible::units::{BOLTZMANN, EV_PER_A3_TO_GPA, MASS_VELOCITY2_TO_EV};

const ATOMS: usize = 100;
const EDGE: f64 = 20.0;
const KELVIN: f64 = 500.0;
const MASS: f64 = 20.0;

/// Everything about motion that `steps` of 10 fs show, the currents looked at after each step.
fn properties(ensemble: Ensemble, steps: usize) -> (Vec<Property>, MsdCurve, System) {
    let species = vec![Species { name: "A".into(), mass_u: MASS, charge_e: None }];
    let cell = Cell::orthorhombic(EDGE, EDGE, EDGE).unwrap();
    let place = |i: usize| Vec3::new((i % 5) as f64, (i / 5 % 5) as f64, (i / 25) as f64) * 4.0;
    let mut gas = System::new(cell, species, vec![0; ATOMS], (0..ATOMS).map(place).collect()).unwrap();
    maxwell_boltzmann(&mut gas, KELVIN, true, &mut seeded(3, 1)).unwrap();
    let (mut currents, mut msd, mut vacf) = (Currents::new(&gas).unwrap(), Msd::new(&gas), Vacf::new(&gas));
    let mut simulation =
        Simulation::new(gas.clone(), Box::new(IdealGas), ensemble, 10.0, 5, Limits::default()).unwrap();
    let mut virials = Vec::new();
    for step in 0..steps {
        simulation.step().unwrap();
        let frame = Frame {
            step: step as u64,
            time_fs: simulation.time_fs(),
            system: simulation.system(),
            temperature_kelvin: simulation.temperature(),
            pressure_tensor: simulation.pressure_tensor(),
            potential_energy: 0.0,
            kinetic_energy: simulation.kinetic_energy(),
            conserved_energy: 0.0,
        };
        assert!(simulation.atom_virials(&mut virials));
        currents.observe(&frame, &simulation.evaluation().site_energies, Some(&virials));
        msd.observe(&frame);
        vacf.observe(&frame);
    }
    let (curves, windows) = (msd.curves(), msd.windows());
    let mut all = vec![transport::self_diffusion(&curves[0], &windows[0])];
    all.extend(vacf.correlations().iter().flat_map(transport::from_velocities));
    let collective = transport::collective(Ok(&currents), Ok(&currents), Some(&currents), &all);
    all.extend(collective);
    (all, curves.into_iter().next().unwrap(), gas)
}

fn find<'a>(all: &'a [Property], id: &str, route: &str) -> &'a Property {
    all.iter().find(|p| p.id == id && p.route == route).unwrap_or_else(|| panic!("no {id} by {route}"))
}

/// With friction 1/tau and the noise that belongs to it, velocities forget themselves in tau, products of two in tau/2 and
/// those of three that carry heat in tau/3: D = kT tau/m, eta = n kT tau/2, kappa = 5/6 n k^2 T tau/m; and a gas without
/// interaction has no bulk viscosity.
#[test]
fn transport_of_a_gas_with_friction_is_exact() {
    let tau = 100.0;
    let temperature_kelvin = Ramp::Constant(KELVIN);
    let (all, _, _) = properties(Ensemble::NvtLangevin { temperature_kelvin, damping_fs: tau }, 40_000);
    let speed2 = BOLTZMANN * KELVIN / (MASS * MASS_VELOCITY2_TO_EV);
    let density = ATOMS as f64 / EDGE.powi(3);
    // The centre of mass rests: one atom's share of what moves is missing.
    let free = 1.0 - 1.0 / ATOMS as f64;
    let diffusion = speed2 * tau * 1e4 * free;
    let viscosity = density * BOLTZMANN * KELVIN * 0.5 * tau * EV_PER_A3_TO_GPA * 1e-3;
    let conductivity = 5.0 / 6.0 * density * BOLTZMANN * speed2 * tau * 1.602_176_634e6;
    for (id, route, exact) in [
        ("self-diffusion", "Einstein", diffusion),
        ("self-diffusion", "velocity autocorrelation", diffusion),
        ("shear-viscosity", "Green–Kubo", viscosity),
        ("shear-viscosity", "cepstral analysis", viscosity),
        ("thermal-conductivity", "Green–Kubo", conductivity),
        ("thermal-conductivity", "cepstral analysis", conductivity),
    ] {
        let estimate = find(&all, id, route).estimate.as_ref().unwrap_or_else(|| panic!("{id}, {route}"));
        let error = estimate.standard_error.unwrap_or_else(|| panic!("{id}, {route}: {estimate:?}"));
        println!("{id}, {route}: {} +- {error}, exact {exact}", estimate.value);
        // Four standard errors, and what is left out of order 1/N.
        let allowed = 4.0 * error + 2.0 * exact / ATOMS as f64;
        assert!((estimate.value - exact).abs() < allowed && error < 0.1 * exact, "{id}, {route}: {estimate:?} {exact}");
    }
    let bulk = find(&all, "bulk-viscosity", "Green–Kubo")
        .estimate
        .as_ref()
        .unwrap_or_else(|| panic!("no bulk viscosity"))
        .value;
    // p V is 2/3 of the energy: nothing is left of it but rounding.
    assert!(bulk.abs() < 1e-9 * viscosity, "{bulk} {viscosity}");
}

/// Without friction atoms fly on for ever: their displacement is exact, and nothing that never ends gets an error bar.
#[test]
fn a_free_gas_flies_on() {
    let (all, curve, gas) = properties(Ensemble::Nve, 2000);
    let mean_square = gas.velocities.iter().map(|v| v.norm_squared()).sum::<f64>() / ATOMS as f64;
    for (time_ps, msd) in curve.time_ps.iter().zip(&curve.msd) {
        let exact = mean_square * (1e3 * time_ps).powi(2);
        assert!((msd / exact - 1.0).abs() < 1e-9, "{time_ps} ps: {msd} {exact}");
    }
    for (id, route) in [("shear-viscosity", "Green–Kubo"), ("thermal-conductivity", "Green–Kubo")] {
        let error = find(&all, id, route).estimate.as_ref().and_then(|estimate| estimate.standard_error);
        assert!(error.is_none(), "{id}: {error:?}");
    }
}
