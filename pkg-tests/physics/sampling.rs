//! Observers against systems whose answers are known exactly.

use crucible::math::rng::{Rng, seeded};
use crucible::math::{Mat3, Vec3};
use crucible::sampling::{Frame, Msd, Observer, Quantity, Rdf, RdfCurve, RdfSettings, Thermo};
use crucible::system::{Cell, Species, System};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn species(names: &[&str]) -> Vec<Species> {
    let named = |(k, name): (usize, &&str)| Species { name: name.to_string(), mass_u: 20.0 + k as f64, charge_e: None };
    names.iter().enumerate().map(named).collect()
}

fn system(cell: Cell, names: &[&str], types: Vec<u32>, positions: Vec<Vec3>) -> System {
    System::new(cell, species(names), types, positions).unwrap()
}

fn frame(system: &System, step: u64) -> Frame<'_> {
    Frame {
        step,
        time_fs: 2.0 * step as f64,
        system,
        temperature_kelvin: 1000.0 + (step as f64).sin(),
        pressure_tensor: Some(Mat3::identity() * 1e-3 * (step as f64).cos()),
        potential_energy: -3.0 * system.len() as f64,
        kinetic_energy: 0.1 * system.len() as f64,
        conserved_energy: -2.9 * system.len() as f64,
    }
}

fn normal(rng: &mut Rng) -> Vec3 {
    Vec3::from_fn(|_, _| StandardNormal.sample(&mut *rng))
}

fn triclinic(size: f64) -> Cell {
    let vectors =
        [Vec3::new(size, 0.0, 0.0), Vec3::new(0.3 * size, 0.9 * size, 0.0), Vec3::new(-0.2, 0.25, 1.1) * size];
    Cell::new(vectors.map(Some)).unwrap()
}

fn scatter(system: &mut System, rng: &mut Rng) {
    for position in &mut system.positions {
        // Also outside the cell: positions are unwrapped.
        let fractional = Vec3::from_fn(|_, _| rng.random_range(-1.0..2.0));
        *position = system.cell.cartesian(&fractional);
    }
}

/// A crystal of `repeats` cubic cells each way, from (type, fractional position) of each atom in one.
fn crystal(a: f64, repeats: usize, names: &[&str], basis: &[(u32, [f64; 3])]) -> System {
    let edge = a * repeats as f64;
    let (mut types, mut positions) = (Vec::new(), Vec::new());
    for index in 0..repeats.pow(3) {
        let corner =
            Vec3::new((index % repeats) as f64, (index / repeats % repeats) as f64, (index / repeats.pow(2)) as f64);
        for (kind, s) in basis {
            types.push(*kind);
            positions.push((corner + Vec3::from(*s)) * a);
        }
    }
    system(Cell::orthorhombic(edge, edge, edge).unwrap(), names, types, positions)
}

const FCC: [[f64; 3]; 4] = [[0.0; 3], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]];

fn rocksalt(a: f64, repeats: usize) -> System {
    let cations = FCC.map(|s| (0, s));
    let anions = FCC.map(|s| (1, [s[0] + 0.5, s[1], s[2]]));
    crystal(a, repeats, &["Na", "Cl"], &[cations, anions].concat())
}

fn settings(range: f64, bin: f64) -> RdfSettings {
    RdfSettings { range_angstrom: Some(range), bin_angstrom: bin }
}

fn pair<'a>(curves: &'a [RdfCurve], first: &str, second: &str) -> &'a RdfCurve {
    curves.iter().find(|curve| curve.first == first && curve.second == second).unwrap()
}

/// Coordination up to `r`, at the last bin edge below it.
fn neighbours(curve: &RdfCurve, r: f64) -> f64 {
    let half_bin = 0.5 * curve.r_angstrom[0].min(1.0) * 2.0;
    let last = curve.r_angstrom.iter().rposition(|&middle| middle + half_bin <= r + 1e-9).unwrap();
    curve.coordination[last]
}

#[test]
fn ideal_gas_has_g_of_one_with_honest_errors() {
    let mut rng = seeded(1, 0);
    let types = (0..180).map(|i| u32::from(i % 3 == 0)).collect();
    let mut gas = system(triclinic(14.0), &["A", "B"], types, vec![Vec3::zeros(); 180]);
    // Beyond half the shortest face distance (about 6 Å), where images count.
    let mut rdf = Rdf::new(&gas, &settings(9.0, 0.1)).unwrap();
    for step in 0..640 {
        scatter(&mut gas, &mut rng);
        rdf.observe(&frame(&gas, step));
    }
    let curves = rdf.curves();
    assert_eq!(curves.len(), 3);
    let mut inside = 0.0;
    let mut bins = 0.0;
    for curve in &curves {
        assert!(curve.first_peak.is_none() && curve.coordination_number.is_none(), "a peak in an ideal gas");
        for ((&r, &g), &error) in curve.r_angstrom.iter().zip(&curve.g).zip(&curve.standard_error) {
            // Rows may look correlated by chance: such a bin has no error, and the others theirs.
            if let Some(error) = error.filter(|_| r > 1.5) {
                // A like atom's own images come on top; the shortest lattice vector is above 12 Å.
                assert!((g - 1.0).abs() < 5.0 * error, "{}-{} g({r}) = {g} +- {error}", curve.first, curve.second);
                inside += f64::from((g - 1.0).abs() < error);
                bins += 1.0;
            }
        }
    }
    assert!(bins > 210.0, "{bins}");
    // 225 bins: 68 % within one standard error, known to 3 %.
    assert!((0.58..0.78).contains(&(inside / bins)), "{inside} of {bins} within one standard error");
    let expected = 60.0 / gas.cell.volume().unwrap() * 4.0 / 3.0 * std::f64::consts::PI * 9.0_f64.powi(3);
    let number = pair(&curves, "A", "B").coordination[89];
    assert!((number / expected - 1.0).abs() < 0.01, "{number} of {expected}");
}

#[test]
fn histogram_agrees_with_a_plain_sum_over_images() {
    let mut rng = seeded(2, 0);
    for size in [3.07, 6.13, 25.0] {
        let mut gas = system(triclinic(size), &["A", "B"], vec![0, 1, 0, 1, 1, 0, 0], vec![Vec3::zeros(); 7]);
        scatter(&mut gas, &mut rng);
        let range = 7.0;
        let mut rdf = Rdf::new(&gas, &settings(range, 0.1)).unwrap();
        rdf.observe(&frame(&gas, 0));
        let curves = rdf.curves();
        let reach = 3 + (range / (0.7 * size)).ceil() as i32;
        for (first, second, a, b) in [("A", "A", 0, 0), ("A", "B", 0, 1), ("B", "B", 1, 1)] {
            let mut within = vec![0.0; 70];
            for (i, j) in (0..7).flat_map(|i| (0..7).map(move |j| (i, j))) {
                for n in 0..(2 * reach + 1).pow(3) {
                    let side = 2 * reach + 1;
                    let image = [n % side - reach, n / side % side - reach, n / side / side - reach];
                    let shift = gas.cell.cartesian(&Vec3::from(image.map(f64::from)));
                    let r = (gas.positions[j] + shift - gas.positions[i]).norm();
                    if (gas.types[i], gas.types[j]) == (a, b) && (i != j || image != [0; 3]) && r < range {
                        within[(r / 0.1) as usize] += 1.0;
                    }
                }
            }
            let centres = gas.types.iter().filter(|&&t| t == a).count() as f64;
            let mut sum = 0.0;
            for (k, counted) in within.iter().enumerate() {
                sum += counted / centres;
                let found = pair(&curves, first, second).coordination[k];
                assert!(
                    (found - sum).abs() < 1e-9 * (1.0 + sum),
                    "size {size} {first}-{second} bin {k}: {found}, {sum}"
                );
            }
        }
    }
}

#[test]
fn crystal_shells_hold_their_neighbours() {
    let a = 4.05;
    let basis = FCC.map(|s| (0, s));
    for repeats in [1, 3, 5] {
        let fcc = crystal(a, repeats, &["Al"], &basis);
        let mut rdf = Rdf::new(&fcc, &settings(7.8, 0.05)).unwrap();
        rdf.observe(&frame(&fcc, 0));
        let curve = &rdf.curves()[0];
        // Shells at a sqrt(n / 2).
        for (shell, total) in
            [(1.0, 12.0), (2.0, 18.0), (3.0, 42.0), (4.0, 54.0), (5.0, 78.0), (6.0, 86.0), (7.0, 134.0)]
        {
            let r = a * (0.5_f64 * (shell + 0.5)).sqrt();
            assert!((neighbours(curve, r) - total).abs() < 1e-9, "{repeats} cells, shell {shell}");
        }
        assert!(curve.standard_error.iter().all(Option::is_none) && curve.standard_error.len() == curve.g.len());
    }
}

#[test]
fn warm_rocksalt_has_six_neighbours() {
    let (a, spread) = (5.64, 0.12);
    let ideal = rocksalt(a, 3);
    let mut warm = ideal.clone();
    let mut rng = seeded(3, 0);
    let mut rdf = Rdf::new(&ideal, &RdfSettings::default()).unwrap();
    for step in 0..100 {
        for (position, site) in warm.positions.iter_mut().zip(&ideal.positions) {
            *position = site + spread * normal(&mut rng);
        }
        rdf.observe(&frame(&warm, step));
    }
    let curves = rdf.curves();
    let unlike = pair(&curves, "Na", "Cl");
    let number = unlike.coordination_number.as_ref().unwrap();
    let error = number.standard_error.unwrap();
    // Tails of the next shell (24 at 4.88 Å) reach over the minimum at about 3.8 Å, 6 standard deviations off, never.
    assert!((number.value - 6.0).abs() < 1e-3 && error < 1e-3, "{number:?}");
    assert_eq!(number.value, unlike.reverse_coordination_number.as_ref().unwrap().value);
    let peak = unlike.first_peak.as_ref().unwrap();
    // A Gaussian at R of variance 2 s^2, divided by r^2 and spread by sideways motion, has its peak at R - O(s^2 / R).
    assert!((peak.value - a / 2.0).abs() < 0.03 && peak.unit == "Å", "{peak:?}");
    assert!(peak.standard_error.unwrap() < 0.005);
    // 6 / (4 pi R^2 rho sqrt(2 pi 2 s^2)) with rho = 4 / a^3.
    let (r, sigma) = (a / 2.0, spread * 2.0_f64.sqrt());
    let height =
        6.0 / (4.0 * std::f64::consts::PI * r * r * 4.0 / a.powi(3) * (2.0 * std::f64::consts::PI).sqrt() * sigma);
    let found = unlike.first_peak_height.as_ref().unwrap().value;
    // The parabola over a bit more than a standard deviation loses 3 % of a Gaussian's height.
    assert!((found / height - 1.0).abs() < 0.06, "{found} for {height}");
    let minimum = unlike.first_minimum.as_ref().unwrap().value;
    assert!((3.4..4.3).contains(&minimum), "{minimum}");
    let like = pair(&curves, "Cl", "Cl");
    assert!((like.coordination_number.as_ref().unwrap().value - 12.0).abs() < 0.01);
}

#[test]
fn rdf_refuses_what_has_no_answer() {
    let open = system(Cell::open(), &["A"], vec![0], vec![Vec3::zeros()]);
    assert!(Rdf::new(&open, &RdfSettings::default()).is_err());
    let bulk = rocksalt(5.6, 1);
    for (range, bin) in
        [(0.0, 0.1), (f64::NAN, 0.1), (-1.0, 0.1), (100.0, 0.1), (5.0, 0.0), (5.0, f64::NAN), (5.0, 6.0)]
    {
        let message = Rdf::new(&bulk, &settings(range, bin)).unwrap_err().to_string();
        assert!(message.contains("expected"), "{message}");
    }
}

/// Independent walkers, and the cell around them.
fn walk(walkers: &mut System, step_length: f64, rng: &mut Rng) {
    for position in &mut walkers.positions {
        *position += step_length * normal(rng);
    }
}

fn walkers(n: usize) -> System {
    let types = (0..n).map(|i| u32::from(i % 4 == 0)).collect();
    system(Cell::orthorhombic(20.0, 20.0, 20.0).unwrap(), &["A", "B"], types, vec![Vec3::repeat(5.0); n])
}

#[test]
fn random_walk_spreads_as_six_d_t() {
    let n = 400;
    let (mut inside, mut points, mut longest) = (0.0, 0.0, 0.0_f64);
    for seed in 0..8 {
        let mut rng = seeded(seed, 4);
        let mut gas = walkers(n);
        let mut msd = Msd::new(&gas);
        for step in 0..3000 {
            msd.observe(&frame(&gas, 10 * step));
            walk(&mut gas, 0.1, &mut rng);
        }
        for curve in msd.curves() {
            for ((&t, &value), error) in curve.time_ps.iter().zip(&curve.msd).zip(&curve.standard_error) {
                // 3 * 0.1^2 per step of 20 fs; without the centre of mass all lose a part in about n.
                let exact = 0.03 * t / 0.02 * (1.0 - 1.0 / n as f64);
                let Some(error) = error else { continue };
                assert!(
                    (value - exact).abs() < 6.0 * error,
                    "{} at {t} ps: {value} +- {error}, {exact}",
                    curve.species
                );
                inside += f64::from((value - exact).abs() < *error);
                points += 1.0;
                longest = longest.max(t);
            }
        }
    }
    // Lags of a run are correlated: some 8 runs x 2 species x 3 independent stretches, 68 +- 7 %.
    assert!((0.5..0.85).contains(&(inside / points)), "{} of {points}", inside / points);
    // A lag has an error bar while the run holds some 50 of it.
    assert!(longest > 1.0, "{longest} ps");
}

#[test]
fn ballistic_gas_spreads_with_the_square_of_time() {
    let mut gas = walkers(12);
    let mut rng = seeded(5, 0);
    gas.velocities = (0..12).map(|_| 1e-3 * normal(&mut rng)).collect();
    let centre = (0..12).fold(Vec3::zeros(), |sum, i| sum + gas.velocities[i] * gas.mass(i)) / gas.total_mass();
    let start = gas.positions.clone();
    let mut msd = Msd::new(&gas);
    for step in 0..1000 {
        let time = 2.0 * step as f64;
        gas.positions = start.iter().zip(&gas.velocities).map(|(x, v)| x + v * time).collect();
        msd.observe(&frame(&gas, step));
    }
    for (kind, curve) in msd.curves().iter().enumerate() {
        let own: Vec<usize> = (0..12).filter(|&i| gas.types[i] as usize == kind).collect();
        let square = own.iter().map(|&i| (gas.velocities[i] - centre).norm_squared()).sum::<f64>() / own.len() as f64;
        assert!(curve.time_ps.last().unwrap() > &1.0);
        for ((t, value), origins) in curve.time_ps.iter().zip(&curve.msd).zip(&curve.origins) {
            let exact = square * (1e3 * t).powi(2);
            // Positions around 10 Å carry rounding of 1e-15.
            assert!((value - exact).abs() < 1e-10 * exact, "{t}: {value} {exact}");
            assert!(*origins > 0);
        }
        assert!(curve.time_ps.windows(2).all(|w| w[1] > w[0]));
    }
}

#[test]
fn breathing_cell_moves_no_atom() {
    let mut rng = seeded(6, 0);
    let (mut still, mut fixed) = (walkers(50), walkers(50));
    for (k, position) in still.positions.iter_mut().enumerate() {
        *position = normal(&mut rng) * 100.0 + Vec3::repeat(k as f64);
    }
    let (start, cell) = (still.positions.clone(), still.cell.clone());
    fixed.positions.clone_from(&start);
    let mut moving = still.clone();
    let (mut rest, mut walk_in_breathing, mut walk_in_fixed) = (Msd::new(&still), Msd::new(&still), Msd::new(&still));
    for step in 0..2000 {
        let phase = 0.1 * step as f64;
        let strain = Mat3::from_diagonal(&Vec3::new(1.0 + 0.03 * phase.sin(), 1.0 - 0.02 * phase.cos(), 1.0));
        still.cell = cell.deformed(&strain).unwrap();
        moving.cell = still.cell.clone();
        still.positions = start.iter().map(|x| strain * x).collect();
        moving.positions = fixed.positions.iter().map(|x| strain * x).collect();
        rest.observe(&frame(&still, step));
        walk_in_breathing.observe(&frame(&moving, step));
        walk_in_fixed.observe(&frame(&fixed, step));
        walk(&mut fixed, 0.05, &mut rng);
    }
    for curve in rest.curves() {
        // Atoms swing by some 3 Å with the cell; what is left is rounding.
        assert!(curve.msd.iter().all(|&value| value < 1e-20), "{:?}", curve.msd);
    }
    for (one, other) in walk_in_breathing.curves().iter().zip(walk_in_fixed.curves()) {
        for (a, b) in one.msd.iter().zip(&other.msd).take(20) {
            // Steps count in the strained cell: 2 cells' strains of some 2 %, averaging to second order.
            assert!((a / b - 1.0).abs() < 0.02, "{a} {b}");
        }
    }
}

fn reloaded<T: Serialize + DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_allocvec(value).unwrap()).unwrap()
}

#[test]
fn observers_go_on_from_a_checkpoint_bit_for_bit() {
    let mut rng = seeded(7, 0);
    let mut gas = walkers(40);
    scatter(&mut gas, &mut rng);
    let (mut thermo, mut msd) = (Thermo::new(), Msd::new(&gas));
    let mut rdf = Rdf::new(&gas, &RdfSettings::default()).unwrap();
    let mut copies = None;
    for step in 0..5000 {
        walk(&mut gas, 0.1, &mut rng);
        if step == 1234 {
            copies = Some((reloaded(&thermo), reloaded(&msd), reloaded(&rdf)));
        }
        let now = frame(&gas, step);
        let (also_thermo, also_msd, also_rdf) = match &mut copies {
            Some((a, b, c)) => (Some(a), Some(b), Some(c)),
            None => (None, None, None),
        };
        thermo.observe(&now);
        also_thermo.into_iter().for_each(|copy| copy.observe(&now));
        msd.observe(&now);
        also_msd.into_iter().for_each(|copy| copy.observe(&now));
        if step % 20 == 0 {
            rdf.observe(&now);
            also_rdf.into_iter().for_each(|copy| copy.observe(&now));
        }
    }
    let (also_thermo, also_msd, also_rdf) = copies.unwrap();
    let bytes = |value: &dyn Fn() -> Vec<u8>| value();
    assert_eq!(bytes(&|| postcard::to_allocvec(&thermo).unwrap()), postcard::to_allocvec(&also_thermo).unwrap());
    assert_eq!(postcard::to_allocvec(&msd).unwrap(), postcard::to_allocvec(&also_msd).unwrap());
    assert_eq!(postcard::to_allocvec(&rdf).unwrap(), postcard::to_allocvec(&also_rdf).unwrap());
    assert_eq!(rdf.curves(), also_rdf.curves());
}

#[test]
fn thermo_keeps_a_bounded_series_with_the_right_units() {
    let crystal = rocksalt(5.64, 1);
    let mut thermo = Thermo::new();
    assert!(thermo.estimate(Quantity::Density).is_none());
    for step in 0..100_001 {
        thermo.observe(&frame(&crystal, step));
    }
    let series = thermo.series(Quantity::Temperature);
    assert!((1000..=2000).contains(&series.values.len()) && series.time_ps.len() == series.values.len());
    // The average over each stretch of 64 steps, centred on it.
    assert!((series.time_ps[0] - 0.5e-3 * 63.0 * 2.0).abs() < 1e-12);
    assert!(series.time_ps.windows(2).all(|w| w[1] > w[0]));
    let total: f64 = series.values.iter().sum::<f64>() / series.values.len() as f64;
    assert!((total - 1000.0).abs() < 1e-3, "{total}");
    let density = thermo.estimate(Quantity::Density).unwrap();
    // 4 x (20 + 21) u in 5.64^3 Å^3.
    assert!((density.value - 164.0 / 5.64_f64.powi(3) * 1.66053907).abs() < 1e-8 && density.unit == "g/cm³");
    assert_eq!(density.standard_error, Some(0.0));
    let energy = thermo.estimate(Quantity::PotentialEnergy).unwrap();
    assert!((energy.value + 3.0).abs() < 1e-12 && energy.unit == "eV/atom");
    thermo.restart_averages();
    assert!(thermo.estimate(Quantity::Density).is_none());
    assert_eq!(thermo.series(Quantity::Temperature), series);
}

#[test]
fn open_clusters_have_no_density() {
    let cluster = system(Cell::open(), &["A"], vec![0; 3], vec![Vec3::zeros(), Vec3::x() * 3.0, Vec3::y() * 3.0]);
    let mut thermo = Thermo::new();
    let mut msd = Msd::new(&cluster);
    for step in 0..100 {
        let open = Frame { pressure_tensor: None, ..frame(&cluster, step) };
        thermo.observe(&open);
        msd.observe(&open);
    }
    assert!(thermo.estimate(Quantity::Density).is_none() && thermo.estimate(Quantity::Temperature).is_some());
    assert!(!thermo.quantities().any(|quantity| quantity == Quantity::Pressure));
    assert!(msd.curves()[0].msd.iter().all(|&value| value == 0.0));
}
