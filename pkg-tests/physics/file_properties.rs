//! Properties of the parsers: what is written reads back, and no input makes them panic or allocate beyond its size.

use crucible::io::{
    Configuration, FluxLogSettings, LogUnits, TrajectoryReader, read_almtp, read_cfg, read_extxyz, read_flux_log,
    read_lammps_data, read_mtp, read_poscar, read_structure, write_cfg, write_extxyz, write_lammps_data, write_mtp,
    write_poscar,
};
use crucible::math::{Mat3, Vec3};
use crucible::potential::mtp::MtpParameters;
use crucible::system::{Cell, MAX_COORDINATE, Species, System};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::allocations::peak_of;
use crate::reference;

/// Every parser on the same bytes.
fn parse_everything(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = read_mtp(&text, "input");
    let _ = read_almtp(bytes, "input");
    let _ = read_cfg(&text, "input", &[]);
    let _ = read_extxyz(&text, "input");
    let _ = read_lammps_data(&text, "input");
    let _ = read_poscar(&text, "input");
    let _ = read_structure(bytes, "input");
}

/// A token such as "1 " can become a row of 256 columns' bookkeeping at most; templates may make up 200,000 numbers of 8
/// bytes, and hold them twice while they are checked.
fn warranted(bytes: usize) -> usize {
    400 * bytes + 4 * 1024 * 1024
}

fn assert_bounded(bytes: &[u8]) {
    let peak = peak_of(|| parse_everything(bytes));
    assert!(peak <= warranted(bytes.len()), "{peak} bytes held for an input of {}", bytes.len());
}

fn number_up_to(largest: f64) -> impl Strategy<Value = f64> {
    prop_oneof![-20.0..20.0, Just(0.0), Just(-0.0), -1e-300..1e-300, -largest..largest]
}

fn number() -> impl Strategy<Value = f64> {
    number_up_to(1e12)
}

fn vector_up_to(largest: f64) -> impl Strategy<Value = Vec3> {
    [number_up_to(largest), number_up_to(largest), number_up_to(largest)].prop_map(Vec3::from)
}

fn cell() -> impl Strategy<Value = Cell> {
    let bulk = [(2.0..20.0), (2.0..20.0), (2.0..20.0), (-9.0..9.0), (-9.0..9.0), (-9.0..9.0)];
    let given = (bulk, any::<bool>(), any::<[bool; 3]>()).prop_map(|([a, b, c, x, y, z], mirror, periodic)| {
        let sign = if mirror { -1.0 } else { 1.0 };
        let rows = [Vec3::new(a, x, 0.0), Vec3::new(0.0, b * sign, y), Vec3::new(z, 0.0, c)];
        match periodic {
            [false, false, false] => Some(Cell::open()),
            _ => Cell::new([0, 1, 2].map(|k| periodic[k].then_some(rows[k]))).ok(),
        }
    });
    given.prop_filter_map("a cell with volume", |cell| cell)
}

fn configuration() -> impl Strategy<Value = Configuration> {
    let names = ["K", "Ca", "Cl"].map(|name| Species::from_name(name).expect("an element"));
    let atoms = vec((0..3_u32, vector_up_to(MAX_COORDINATE), vector_up_to(1e12), vector_up_to(1e12), number()), 1..8);
    let totals = (proptest::option::of(number()), any::<bool>(), any::<bool>(), "[ -~]{0,12}");
    (cell(), atoms, totals).prop_map(move |(cell, atoms, (energy, with_forces, moving, note))| {
        let types = atoms.iter().map(|atom| atom.0).collect();
        let positions = atoms.iter().map(|atom| atom.1).collect();
        let mut system = System::new(cell, names.to_vec(), types, positions).expect("a valid system");
        if moving {
            system.velocities = atoms.iter().map(|atom| atom.3).collect();
        }
        let mut configuration = Configuration::new(system);
        configuration.energy = energy;
        configuration.name = Some(format!("name {}", note.trim()).trim().to_owned());
        configuration.features = vec![("note".into(), note.trim().to_owned())];
        if with_forces {
            configuration.forces = Some(atoms.iter().map(|atom| atom.2).collect());
            configuration.site_energies = Some(atoms.iter().map(|atom| atom.4).collect());
            let s = atoms.iter().fold(Mat3::zeros(), |sum, atom| sum + atom.1 * atom.1.transpose());
            configuration.plus_stress = Some(s);
        }
        configuration
    })
}

/// Reference files that mutations start from.
fn seeds() -> Vec<Vec<u8>> {
    let structure = reference::text(&reference::tree().join("configs/S2.cfg"));
    let configurations = read_cfg(&structure, "seed", &[]).expect("a reference file");
    let mut short = configurations[4].clone();
    short.system.velocities = short.system.positions.clone();
    short.system.species = ["K", "Cl"].map(|name| Species::from_name(name).expect("an element")).to_vec();
    let active = std::fs::read(reference::tree().join("grades/L08_S2_cfg.als")).expect("a reference file");
    let mut seeds: Vec<Vec<u8>> = ["G_L02_S1", "G_L08_S2_bothscaling", "G_L08_S2_untrained"]
        .iter()
        .map(|name| reference::text(&reference::tree().join(format!("potentials/{name}.mtp"))).into_bytes())
        .collect();
    seeds.push(write_cfg(&configurations[3..6]).into_bytes());
    seeds.push(write_extxyz(&configurations[3..6]).into_bytes());
    seeds.push(write_lammps_data(&short.system).expect("a bulk cell").into_bytes());
    seeds.push(write_poscar(&short).expect("a bulk cell").into_bytes());
    seeds.push(active);
    seeds
}

/// A change of a file: a piece replaced by something that parsers stumble over.
#[derive(Debug, Clone)]
struct Mutation {
    place: prop::sample::Index,
    removed: usize,
    inserted: Vec<u8>,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let awkward = prop::sample::select(vec![
        "1000000000000",
        "18446744073709551616",
        "-1",
        "nan",
        "inf",
        "1e999",
        "{",
        "}",
        "=",
        ",",
        "\n",
        "\r",
        "\0",
        "é",
        "{{}}",
        "END_CFG\n",
        "BEGIN_CFG\n",
        "scaling = 2\n",
        "0-0",
        "\"",
        "#",
        "0",
        "1e-320",
        "\n\n",
        "^",
        "Size\n",
    ]);
    let inserted = prop_oneof![awkward.prop_map(|s| s.as_bytes().to_vec()), vec(any::<u8>(), 0..6)];
    (any::<prop::sample::Index>(), 0..40_usize, inserted).prop_map(|(place, removed, inserted)| Mutation {
        place,
        removed,
        inserted,
    })
}

fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for Mutation { place, removed, inserted } in mutations {
        let at = place.index(bytes.len() + 1);
        let end = (at + removed).min(bytes.len());
        bytes.splice(at..end, inserted.iter().copied());
    }
    bytes
}

/// The numbers of a potential changed, its tables kept.
fn perturbed(scale: f64, shift: f64) -> MtpParameters {
    let file = reference::tree().join("potentials/G_L16_S2.mtp");
    let mut parameters = read_mtp(&reference::text(&file), "seed").expect("a reference file");
    for x in parameters.radial_coeffs.iter_mut().chain(&mut parameters.moment_coeffs) {
        *x = *x * scale + shift;
    }
    parameters.scaling = scale;
    parameters.radial_basis.scaling = shift;
    parameters
}

proptest! {
    #[test]
    fn written_cfg_reads_back(configuration in configuration()) {
        let mut expected = configuration.clone();
        // The format has no velocities.
        expected.system.velocities.fill(Vec3::zeros());
        let read = read_cfg(&write_cfg(&[configuration]), "written", &expected.system.species);
        prop_assert_eq!(read, Ok(vec![expected]));
    }

    #[test]
    fn written_extxyz_reads_back(configuration in configuration()) {
        let read = read_extxyz(&write_extxyz(std::slice::from_ref(&configuration)), "written").expect("a written file");
        let [read] = read.as_slice() else { panic!("one frame") };
        prop_assert_eq!(&read.system.positions, &configuration.system.positions);
        prop_assert_eq!(&read.system.velocities, &configuration.system.velocities);
        prop_assert_eq!(&read.system.cell, &configuration.system.cell);
        prop_assert_eq!((&read.forces, read.energy), (&configuration.forces, configuration.energy));
        prop_assert_eq!(&read.site_energies, &configuration.site_energies);
        prop_assert_eq!(&read.plus_stress, &configuration.plus_stress);
        prop_assert_eq!((&read.name, &read.features), (&configuration.name, &configuration.features));
    }

    #[test]
    fn written_potentials_read_back(scale in number(), shift in number()) {
        let parameters = perturbed(scale, shift);
        prop_assert_eq!(read_mtp(&write_mtp(&parameters), "written"), Ok(parameters));
    }

    #[test]
    fn mutated_files_neither_panic_nor_bloat(seed in 0..8_usize, mutations in vec(mutation(), 1..6)) {
        assert_bounded(&mutate(seeds().swap_remove(seed), &mutations));
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_bloat(bytes in vec(any::<u8>(), 0..2000)) {
        assert_bounded(&bytes);
    }
}

/// Every number of every file in turn replaced by a huge one.
#[test]
fn no_count_in_a_file_is_trusted() {
    for seed in seeds() {
        let text = String::from_utf8_lossy(&seed).into_owned();
        let numbers: Vec<(usize, usize)> = text
            .split_inclusive(|c: char| !c.is_ascii_digit())
            .scan(0, |at, piece| {
                let start = *at;
                *at += piece.len();
                Some((start, start + piece.trim_end_matches(|c: char| !c.is_ascii_digit()).len()))
            })
            .filter(|(start, end)| start < end)
            .collect();
        // Headers come first; further in there are only more numbers of the same tables.
        for &(start, end) in numbers.iter().take(120) {
            for huge in ["1000000000000", "18446744073709551615", "99999"] {
                let mut changed = text.clone();
                changed.replace_range(start..end, huge);
                assert_bounded(changed.as_bytes());
            }
        }
    }
}

/// What a run that was ended by force leaves is whole but for its end.
#[test]
fn what_is_cut_at_the_end_is_left_out_and_told() {
    let frame =
        |x: f64| format!("2\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=species:S:1:pos:R:3\nAr {x} 0 0\nAr 0 0 3.5\n");
    let whole = [frame(0.0), frame(0.1), frame(0.2)].concat();
    for (cut, frames) in [(0, 3), (3, 2), (9, 2), (20, 2), (60, 2)] {
        let mut reader = TrajectoryReader::new("a.extxyz");
        let mut seen = 0;
        let mut count = |_| {
            seen += 1;
            Ok(())
        };
        reader.feed(&whole.as_bytes()[..whole.len() - cut], &mut count).expect("frames");
        let note = reader.finish(&mut count).expect("whole frames before");
        assert_eq!((seen, note.is_some()), (frames, cut > 0), "{cut}: {note:?}");
    }
    let mut reader = TrajectoryReader::new("a.extxyz");
    reader.feed(&frame(0.0).as_bytes()[..50], &mut |_| Ok(())).expect("nothing yet");
    assert!(reader.finish(&mut |_| Ok(())).is_err());

    let log = "Step Temp Volume Pxx Pyy Pzz Pxy Pxz Pyz\n0 300 1000 1 2 3 4 5 6\n10 300 1000 1 2 3 4 5 6\n20 300 1000 1 2 3 4 5 6\n30 30";
    let settings = FluxLogSettings { units: Some(LogUnits::Metal), timestep_fs: Some(1.0), skip: 0 };
    let read = read_flux_log(log.as_bytes(), "log", &settings).expect("three rows");
    assert!(read.rows.len() == 3 && read.notes.iter().any(|note| note.contains("cut off")), "{:?}", read.notes);
    let broken = log.replace("20 300", "20 x") + "0 1000 1 2 3 4 5 6\n";
    assert!(read_flux_log(broken.as_bytes(), "log", &settings).is_err());
}
