//! Runs of simple liquids from start to properties, against published values and each other.

use std::collections::BTreeMap;

use crucible::analysis::{Estimate, Property};
use crucible::math::{Mat3, Vec3};
use crucible::run::{
    DensitySpec, EnsembleKind, Results, Run, RunSpec, ScanPoint, Stage, ThermostatKind, ThermostatSpec, scan_properties,
};
use crucible::units::{BOLTZMANN, MASS_VELOCITY2_TO_EV};

use crate::run::file;

/// Argon-like atoms at a Lennard-Jones state, in reduced units of epsilon/k = 119.8 K, sigma = 3.405 Å.
fn liquid(temperature: f64, density: f64, atoms: usize, cutoff: f64, production_ps: f64) -> RunSpec {
    let (epsilon, sigma, mass) = (119.8 * BOLTZMANN, 3.405_f64, 39.948);
    let text = serde_json::json!({
        "schema": 1,
        "potential": { "kind": "lennard-jones", "species": ["Ar"], "epsilon_ev": epsilon, "sigma_angstrom": sigma,
            "cutoff_angstrom": cutoff * sigma },
        "structure": { "kind": "melt", "composition": { "Ar": 1.0 }, "atoms": atoms,
            "density_g_cm3": density / sigma.powi(3) * mass * 1.660_539_066_6 },
        "temperature_k": 119.8 * temperature,
        "timestep_fs": 8.0,
        "equilibrate": { "ensemble": "nvt", "time_ps": 60.0 },
        "production": { "ensemble": "nve", "time_ps": production_ps },
        // As far apart as currents may be: 24 fs.
        "sampling": { "transport_every": 3 }
    });
    serde_json::from_value(text).unwrap()
}

fn run(spec: &RunSpec) -> Results {
    let mut run = Run::new(spec.clone(), &file).unwrap();
    run.advance(u64::MAX, &mut || false).unwrap();
    run.results()
}

fn property<'a>(results: &'a Results, id: &str, route: &str) -> &'a Property {
    let found = results.properties.iter().find(|property| property.id == id && property.route == route);
    found.unwrap_or_else(|| panic!("no {id} by {route}"))
}

/// Value and error in Lennard-Jones units.
fn reduced(results: &Results, id: &str, route: &str) -> (f64, f64) {
    let estimate = property(results, id, route).estimate.as_ref().unwrap_or_else(|| panic!("no {id} by {route}"));
    let (epsilon, sigma, mass) = (119.8 * BOLTZMANN, 3.405_f64, 39.948);
    let time = sigma * (mass * MASS_VELOCITY2_TO_EV / epsilon).sqrt();
    let unit = match id {
        "self-diffusion" => sigma * sigma / time * 1e4,
        "thermal-conductivity" => BOLTZMANN / (sigma * time) * 1.602_176_634e6,
        _ => epsilon * time / sigma.powi(3) * 0.160_217_663_4,
    };
    let error = estimate.standard_error.unwrap_or(f64::INFINITY);
    println!("{id:22} {route:18} {:8.4} +- {:.4}  {:?}", estimate.value / unit, error / unit, estimate.warnings);
    (estimate.value / unit, error / unit)
}

/// Values and errors of one property by each of its routes, which must agree within four combined standard errors: they see
/// the same trajectory, so that they differ by less than two runs would.
fn routes_agree(all: &[Property], id: &str, of: &str, routes: &[&str]) {
    let find = |route: &&str| {
        let same = |property: &&Property| property.id == id && property.of == of && property.route == *route;
        let found = all.iter().find(same).and_then(|property| property.estimate.as_ref());
        let estimate = found.unwrap_or_else(|| panic!("no {id} of {of:?} by {route}"));
        println!("{id} {of} {route}: {} ± {:?} {}", estimate.value, estimate.standard_error, estimate.unit);
        (estimate.value, estimate.standard_error.unwrap_or_else(|| panic!("{id} by {route}: {:?}", estimate.warnings)))
    };
    let found: Vec<(f64, f64)> = routes.iter().map(find).collect();
    for (k, (value, error)) in found.iter().enumerate() {
        assert!(*error < 0.35 * value.abs(), "{id} {of}: an error of {error} would agree with anything");
        for (other, its_error) in &found[..k] {
            assert!((value - other).abs() < 4.0 * error.hypot(*its_error), "{id} {of}: {found:?} by {routes:?}");
        }
    }
}

const GREEN_KUBO_AND_CEPSTRAL: [&str; 2] = ["Green–Kubo", "cepstral analysis"];

#[test]
fn a_run_at_constant_volume_tells_its_transport_coefficients() {
    let mut spec = liquid(1.5, 0.7, 108, 2.2, 120.0);
    spec.equilibrate.time_ps = 4.0;
    // 256 lags of 8 fs, of which there are enough stretches for an error.
    spec.sampling.transport_every = 1;
    let results = run(&spec);
    routes_agree(&results.properties, "self-diffusion", "Ar", &["Einstein", "velocity autocorrelation"]);
    routes_agree(&results.properties, "shear-viscosity", "", &GREEN_KUBO_AND_CEPSTRAL);
    routes_agree(&results.properties, "thermal-conductivity", "", &GREEN_KUBO_AND_CEPSTRAL);
    for (id, route) in [
        ("self-diffusion", "Einstein"),
        ("shear-viscosity", "Green–Kubo"),
        ("shear-viscosity", "cepstral analysis"),
        ("bulk-viscosity", "Green–Kubo"),
        ("thermal-conductivity", "Green–Kubo"),
    ] {
        let (value, error) = reduced(&results, id, route);
        assert!(value > 0.0 && error < 0.8 * value, "{id} by {route}");
        let property = property(&results, id, route);
        assert!(!property.charts.is_empty() || route == "cepstral analysis");
        assert!(property.charts.iter().all(|chart| chart.validate().is_ok()));
    }
    // The way out of the first shell leads over the minimum of g(r), at the temperature that the run has at constant energy.
    let (curve, barrier) =
        (&results.rdf[0], property(&results, "pmf-barrier", "-kT ln g(r)").estimate.as_ref().unwrap());
    let minimum = curve.first_minimum.as_ref().unwrap().value;
    let lowest = curve.r_angstrom.iter().position(|r| *r > minimum).map(|k| curve.g[k]).unwrap();
    let rt = 8.314_462_618e-3 * results.estimates["temperature"].value;
    let exact = rt * (curve.first_peak_height.as_ref().unwrap().value / lowest).ln();
    assert!((barrier.value / exact - 1.0).abs() < 0.05 && barrier.unit == "kJ/mol", "{barrier:?}, {exact}");
    let exact = rt * curve.first_barrier.as_ref().unwrap().value;
    assert!((barrier.value / exact - 1.0).abs() < 1e-12, "{barrier:?}, {exact}");
    let salt = property(&results, "ionic-conductivity", "any route");
    assert!(salt.estimate.is_none() && salt.pending.as_ref().unwrap().contains("anions"), "{salt:?}");
}

/// Every transport coefficient of an ionic melt that has more than one route, on sodium chloride of Tosi and Fumi.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_routes_agree_on_molten_sodium_chloride() {
    let text = serde_json::json!({
        "schema": 1,
        "potential": { "kind": "card", "file": "nacl/card.toml" },
        "structure": { "kind": "melt", "composition": { "NaCl": 1.0 }, "atoms": 64, "density_g_cm3": 1.45 },
        "temperature_k": 1100.0,
        "equilibrate": { "ensemble": "nvt", "time_ps": 10.0 },
        "production": { "ensemble": "nvt", "time_ps": 120.0 }
    });
    let all = run(&serde_json::from_value(text).unwrap()).properties;
    for ion in ["Na", "Cl"] {
        routes_agree(&all, "self-diffusion", ion, &["Einstein", "velocity autocorrelation"]);
    }
    routes_agree(&all, "shear-viscosity", "", &GREEN_KUBO_AND_CEPSTRAL);
    routes_agree(&all, "thermal-conductivity", "", &GREEN_KUBO_AND_CEPSTRAL);
    routes_agree(&all, "ionic-conductivity", "", &["Green–Kubo", "cepstral analysis", "Einstein"]);
}

/// Molten NaCl by Tosi and Fumi's potential, at the temperature and density (g/cm3) of what was published.
fn molten_sodium_chloride(kelvin: f64, density: f64, time_ps: f64) -> Results {
    let text = serde_json::json!({
        "schema": 1,
        "potential": { "kind": "card", "file": "nacl/card.toml" },
        "structure": { "kind": "melt", "composition": { "NaCl": 1.0 }, "atoms": 216, "density_g_cm3": density },
        "temperature_k": kelvin,
        "equilibrate": { "ensemble": "nvt", "time_ps": 10.0 },
        "production": { "ensemble": "nvt", "time_ps": time_ps }
    });
    run(&serde_json::from_value(text).unwrap())
}

/// Of 1728 ions both: 216 know a conductivity as well, which depends little on their number.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_molten_sodium_chloride_has_published_transport() {
    let agrees = |results: &Results, id: &str, routes: &[&str], published: f64, uncertainty: f64| {
        for route in routes {
            let found = property(results, id, route).estimate.as_ref().unwrap();
            let error = found.standard_error.unwrap();
            println!("{id}, {route}: {found:?}");
            let combined = error.hypot(uncertainty);
            assert!((found.value - published).abs() < 2.0 * combined, "{id} by {route}: {found:?}");
            assert!(error < 0.12 * found.value, "{id} by {route}: an error of {error} would agree with anything");
        }
    };
    // STACIE's worked example, 100 runs of 1 ns: 349(1) S/m at 1.454 g/cm3; Wang 2020: 348(7).
    let results = molten_sodium_chloride(1100.0, 1.454, 300.0);
    agrees(&results, "ionic-conductivity", &["Green–Kubo", "Einstein", "cepstral analysis"], 349.0, 1.3);
    // The example of Bertossa, Grasselli, Ercole and Baroni's method: 0.498(28) W/(m K) in 65013.3 Å3, heat and charge apart.
    let results = molten_sodium_chloride(1400.0, 1.2897, 300.0);
    agrees(&results, "thermal-conductivity", &GREEN_KUBO_AND_CEPSTRAL, 0.498, 0.028);
}

/// Heat capacity and expansion from fluctuations in the middle of a scan, and from its slopes.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_fluctuations_agree_with_slopes() {
    let points = [0.9, 1.0, 1.1].map(|temperature| {
        let mut spec = liquid(temperature, 0.8, 108, 2.2, 400.0);
        (spec.equilibrate.ensemble, spec.production.ensemble) = (EnsembleKind::Npt, EnsembleKind::Npt);
        (spec.equilibrate.time_ps, spec.pressure_gpa) = (20.0, 0.05);
        (spec.sampling.structure_every, spec.sampling.displacements_every) = (10_000, 10_000);
        ScanPoint { temperature_k: spec.temperature_k, results: run(&spec), measured: Vec::new() }
    });
    let slopes = scan_properties(&points);
    for id in ["heat-capacity-cp", "thermal-expansion"] {
        let both: Vec<Property> = points[1].results.properties.iter().chain(&slopes).cloned().collect();
        let routes: Vec<&str> = both.iter().filter(|p| p.id == id).map(|p| p.route.as_str()).collect();
        assert!(routes.len() == 2, "{id}: {routes:?}");
        routes_agree(&both, id, "", &routes);
    }
}

/// What structure says of a Lennard-Jones liquid, over many short runs: one standard error covers the truth, for which the
/// mean over all of them stands, 60 to 76 % of the time. What is counted within a distance is true for that distance, which
/// each run finds itself: there, a parabola through all runs' values stands for the truth.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_structure_covers_two_thirds() {
    const RUNS: u64 = 200;
    // Value, error and, where there is one, the distance within which neighbours count.
    let mut found: BTreeMap<String, Vec<(f64, f64, f64)>> = BTreeMap::new();
    let mut keep = |name: &str, estimate: Option<&Estimate>, within: f64| {
        let known = estimate.and_then(|e| e.standard_error.map(|error| (e.value, error, within)));
        found.entry(name.to_owned()).or_default().extend(known);
    };
    for seed in 0..RUNS {
        let mut spec = liquid(0.9, 0.8, 108, 2.4, 24.0);
        (spec.seed, spec.equilibrate.time_ps) = (seed, 6.0);
        // At constant energy each run would have a temperature of its own, of which its error bars know nothing.
        spec.production.ensemble = EnsembleKind::Nvt;
        (spec.sampling.structure_every, spec.sampling.transport_every, spec.sampling.displacements_every) =
            (20, 0, 200);
        let results = run(&spec);
        let curve = &results.rdf[0];
        keep("first peak", curve.first_peak.as_ref(), 0.0);
        keep("its height", curve.first_peak_height.as_ref(), 0.0);
        keep("coordination number", curve.coordination_number.as_ref(), 0.0);
        for id in ["pmf-barrier", "coordination-distribution", "bond-angle"] {
            let property = results.properties.iter().find(|p| p.id == id).unwrap();
            let within = property.settings.get("neighbours within").map_or("0", |text| text.trim_end_matches(" Å"));
            keep(id, property.estimate.as_ref(), within.parse().unwrap());
        }
    }
    for (name, runs) in found {
        let truth = parabola(runs.iter().map(|(value, _, within)| (*within, *value)));
        let covered = runs.iter().filter(|(value, error, within)| (value - truth(*within)).abs() < *error);
        let (covered, known) = (covered.count() as f64 / runs.len() as f64, runs.len() as f64 / RUNS as f64);
        println!("{name}: within {covered:.3}, known {known:.3}, {:?}", runs[0]);
        // 68.3 %, with 200 runs good to 3.3 %.
        assert!((0.60..0.76).contains(&covered) && known > 0.9, "{name}: {covered} of {known}");
    }
}

/// The parabola of least squares through points; a constant where all lie at one x.
fn parabola(points: impl Iterator<Item = (f64, f64)> + Clone) -> impl Fn(f64) -> f64 {
    let count = points.clone().count() as f64;
    let middle = points.clone().map(|(x, _)| x).sum::<f64>() / count;
    let powers = move |x: f64| Vec3::new(1.0, x - middle, (x - middle).powi(2));
    let (mut matrix, mut right) = (Mat3::identity() * 1e-12, Vec3::zeros());
    for (x, y) in points {
        matrix += powers(x) * powers(x).transpose();
        right += powers(x) * y;
    }
    let coefficients = matrix.try_inverse().unwrap() * right;
    move |x| coefficients.dot(&powers(x))
}

#[test]
fn currents_need_a_constant_volume_and_production_takes_the_mean_one() {
    let mut spec = liquid(1.5, 0.7, 108, 2.2, 0.4);
    spec.equilibrate.time_ps = 8.0;
    spec.equilibrate.ensemble = EnsembleKind::Npt;
    spec.pressure_gpa = 0.05;
    let mut under_pressure = spec.clone();
    under_pressure.production.ensemble = EnsembleKind::Npt;
    let results = run(&under_pressure);
    let pending = property(&results, "shear-viscosity", "Green–Kubo").pending.as_ref().unwrap();
    assert!(pending.contains("constant volume"), "{pending}");
    let mut run = Run::new(spec.clone(), &file).unwrap();
    let mut volumes = Vec::new();
    while run.progress().stage < crucible::run::Stage::Production {
        let before = run.progress().stage;
        run.advance(10, &mut || false).unwrap();
        if before == crucible::run::Stage::Equilibrate {
            volumes.push(run.frame().cell.volume().unwrap());
        }
    }
    volumes.pop();
    let late = &volumes[volumes.len() / 2..];
    let mean = late.iter().sum::<f64>() / late.len() as f64;
    let taken = run.frame().cell.volume().unwrap();
    let spread = late.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt() / (late.len() as f64).sqrt();
    // Stretches are cut a little differently, and lengths are averaged, not volumes.
    assert!((taken - mean).abs() < 0.2 * spread && spread > 0.0, "{taken} {mean} {spread}");
}

#[test]
fn density_and_transport_come_from_one_run() {
    let mut spec = liquid(1.5, 0.7, 108, 2.2, 20.0);
    spec.equilibrate.time_ps = 4.0;
    spec.equilibrate.ensemble = EnsembleKind::Npt;
    spec.density = Some(DensitySpec { time_ps: 24.0 });
    spec.production.ensemble = EnsembleKind::Npt;
    spec.pressure_gpa = 0.05;
    let refusal = Run::new(spec.clone(), &file).map(|_| ()).unwrap_err().to_string();
    assert!(refusal.contains("production.ensemble"), "{refusal}");
    spec.production.ensemble = EnsembleKind::Nvt;
    let mut run = Run::new(spec, &file).unwrap();
    while run.stage() < Stage::Density {
        run.advance(10, &mut || false).unwrap();
    }
    run.advance(1000, &mut || false).unwrap();
    let half = run.results();
    let waits = property(&half, "shear-viscosity", "Green–Kubo").pending.as_ref().unwrap();
    assert!(waits.contains("next stage") && property(&half, "density", "mean").estimate.is_some(), "{waits}");
    // A run that was stopped in the middle goes on bit for bit.
    let saved = run.checkpoint().unwrap();
    let mut volumes = Vec::new();
    while run.stage() < Stage::Production {
        volumes.extend(run.frame().cell.volume());
        run.advance(10, &mut || false).unwrap();
    }
    let taken = run.progress().density_g_cm3.unwrap();
    run.advance(u64::MAX, &mut || false).unwrap();
    let results = run.results();
    let density = property(&results, "density", "mean").estimate.clone().unwrap();
    // Lengths are averaged for the cell, and volumes for the density.
    assert!((taken / density.value - 1.0).abs() < 1e-3, "{taken} {density:?}");
    let spread = volumes.iter().fold((f64::MAX, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
    assert!(spread.0 < 0.99 * spread.1, "the volume must have moved for this to say anything");
    for (id, route) in
        [("heat-capacity-cp", "fluctuations"), ("heat-capacity-cv", "fluctuations"), ("shear-viscosity", "Green–Kubo")]
    {
        assert!(property(&results, id, route).estimate.is_some(), "{id}");
    }
    let mut again = Run::new(run.spec().clone(), &file).unwrap();
    again.restore(&saved).unwrap();
    again.advance(u64::MAX, &mut || false).unwrap();
    assert_eq!(again.results(), results);
}

#[test]
fn a_thermostat_that_shows_in_the_motion_is_named() {
    let warnings = |kind: ThermostatKind, time_ps: f64, id: &str, route: &str| {
        let mut spec = liquid(1.5, 0.7, 108, 2.2, 80.0);
        (spec.equilibrate.time_ps, spec.production.ensemble) = (1.0, EnsembleKind::Nvt);
        spec.thermostat = ThermostatSpec { kind, time_ps };
        property(&run(&spec), id, route).estimate.as_ref().unwrap().warnings.join(" ")
    };
    let (viscosity, diffusion) = (("shear-viscosity", "Green–Kubo"), ("self-diffusion", "Einstein"));
    for (id, route) in [viscosity, diffusion] {
        let gentle = warnings(ThermostatKind::StochasticRescaling, 0.1, id, route);
        assert!(!gentle.contains("thermostat"), "{gentle}");
        let strong = warnings(ThermostatKind::NoseHoover, 0.09, id, route);
        assert!(strong.contains("relaxation time 0.090 ps"), "{strong}");
    }
    let friction = warnings(ThermostatKind::Langevin, 1.0, diffusion.0, diffusion.1);
    assert!(friction.contains("friction"), "{friction}");
}

#[test]
fn a_ramp_has_no_transport_coefficients() {
    let mut spec = liquid(1.5, 0.7, 108, 2.2, 20.0);
    (spec.equilibrate.time_ps, spec.production.ensemble) = (1.0, EnsembleKind::Nvt);
    spec.production.temperature_end_k = Some(150.0);
    (spec.sampling.structure_every, spec.sampling.displacements_every) = (20, 5);
    let results = run(&spec);
    for (id, route) in [("shear-viscosity", "Green–Kubo"), ("thermal-conductivity", "cepstral analysis")] {
        let pending = property(&results, id, route).pending.as_ref().unwrap();
        assert!(pending.contains("constant temperature and pressure"), "{pending}");
    }
    assert!(results.properties.iter().all(|property| property.route != "velocity autocorrelation"));
    let diffusion = property(&results, "self-diffusion", "Einstein").estimate.as_ref().unwrap();
    assert!(diffusion.warnings.iter().any(|warning| warning.contains("change during production")), "{diffusion:?}");
    assert!(results.rdf[0].first_barrier.is_some(), "there is a first shell");
    assert!(results.properties.iter().all(|property| property.id != "pmf-barrier"));
}

#[test]
fn fluxes_that_are_sampled_too_rarely_are_named() {
    let mut spec = liquid(1.5, 0.7, 108, 2.2, 16.0);
    (spec.equilibrate.time_ps, spec.sampling.displacements_every) = (1.0, 4);
    for (every, rare) in [(3, false), (4, true)] {
        spec.sampling.transport_every = every;
        let results = run(&spec);
        let warned = |id: &str, route: &str| {
            let estimate = property(&results, id, route).estimate.as_ref().unwrap_or_else(|| panic!("{id}, {route}"));
            estimate.warnings.iter().any(|warning| warning.contains("32.0 fs apart"))
        };
        assert_eq!(warned("shear-viscosity", "Green–Kubo"), rare);
        assert_eq!(warned("thermal-conductivity", "cepstral analysis"), rare);
        assert!(!warned("self-diffusion", "Einstein"));
        assert!(!warned("self-diffusion", "Einstein, corrected for the size of the box"));
    }
    // 25 fs exactly, as of the preset of argon, are often enough.
    (spec.timestep_fs, spec.sampling.transport_every) = (5.0, 5);
    let estimates = run(&spec).properties.into_iter().filter_map(|property| property.estimate);
    assert!(estimates.flat_map(|estimate| estimate.warnings).all(|warning| !warning.contains("fs apart")));
}

/// The triple point; 256 atoms leave viscosities and conductivity within the errors of those of many.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_lennard_jones_liquid_has_published_transport() {
    let mut spec = liquid(0.722, 0.8442, 256, 3.0, 600.0);
    // At constant energy so few atoms may have a temperature that is off by some per cent, and diffusion by three times that.
    spec.production.ensemble = EnsembleKind::Nvt;
    let results = run(&spec);
    println!("{:?}", results.estimates["temperature"]);
    let published = [
        // Ferrario, Ciccotti, Holian, Ryckaert, Phys. Rev. A 44, 6936 (1991): 2048 atoms.
        ("shear-viscosity", "Green–Kubo", 3.24, 0.04),
        ("shear-viscosity", "cepstral analysis", 3.24, 0.04),
        // Meier, Laesecke, Kabelac, J. Chem. Phys. 122, 014513 (2005): 1372 atoms.
        ("bulk-viscosity", "Green–Kubo", 1.186, 0.084),
        // Viscardy, Servantie, Gaspard, J. Chem. Phys. 126, 184513 (2007): 1372 atoms.
        ("thermal-conductivity", "Green–Kubo", 6.946, 0.12),
        ("thermal-conductivity", "cepstral analysis", 6.946, 0.12),
        // Diffusion depends on the number of atoms most: LAMMPS with the same 256 (lj/smooth/linear, T* = 0.7187, 2400 units of
        // time, mean-square displacements from all frames).
        ("self-diffusion", "Einstein", 0.0300, 0.0003),
    ];
    for (name, route, value, uncertainty) in published {
        let (own, error) = reduced(&results, name, route);
        assert!((own - value).abs() < 2.0 * error.hypot(uncertainty), "{name} by {route}: {own} +- {error}");
        assert!(error < 0.2 * own, "{name} by {route}: an error of {error} would agree with anything");
    }
}

/// The first liquid of its kind: Rahman's argon, with his 864 atoms, so that the size of the box is the same too.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_argon_diffuses_as_published() {
    let text = serde_json::json!({
        "schema": 1,
        "potential": { "kind": "lennard-jones", "species": ["Ar"], "epsilon_ev": 120.0 * BOLTZMANN, "sigma_angstrom": 3.4,
            "cutoff_angstrom": 2.25 * 3.4 },
        "structure": { "kind": "melt", "composition": { "Ar": 1.0 }, "atoms": 864, "density_g_cm3": 1.374 },
        "temperature_k": 94.4,
        "timestep_fs": 8.0,
        "equilibrate": { "ensemble": "nvt", "time_ps": 40.0 },
        "production": { "ensemble": "nvt", "time_ps": 200.0 },
        "sampling": { "transport_every": 0 }
    });
    let results = run(&serde_json::from_value(text).unwrap());
    let found = property(&results, "self-diffusion", "Einstein").estimate.as_ref().unwrap();
    println!("{found:?}");
    let error = found.standard_error.unwrap();
    // Rahman, Phys. Rev. 136, A405 (1964), doi:10.1103/PhysRev.136.A405: 2.43e-5 cm2/s, without an error. It is taken as exact
    // here, which asks more of ours than is fair: a run of ten picoseconds, as his, is good to 5 %.
    assert!((found.value - 2.43).abs() < 3.0 * error && error < 0.02 * found.value, "{found:?}");
    assert_eq!(found.unit, "10⁻⁹ m²/s");
}
