//! Stress and heat flux over time, as LAMMPS writes them: a log with thermo output, the file of a `fix ave/time`, or plain
//! columns below a header that names them.
//!
//! | what | columns, whatever their case | unit in `metal`, `real` |
//! |---|---|---|
//! | time | `Time`; `time_ps`, `time_fs`; `Step` or `TimeStep` with the timestep | ps, fs |
//! | pressure tensor | `Pxx Pyy Pzz Pxy Pxz Pyz`, also as `v_pxx`; `c_ID[1]` to `[6]` where ID has "press" | bar, atm |
//! | heat flux of all atoms | `c_ID[1]` to `[3]` where ID has "flux": as `compute heat/flux` gives it | eV Å/ps, kcal/mol Å/fs |
//! | heat flux per volume | `Jx Jy Jz`, also as `v_Jx`: as LAMMPS's manual divides it | the same per Å^3 |
//! | temperature, volume | `Temp`, `Volume` or `Vol` | K, Å^3 |
//! | total energy | `TotEng` or `etotal`; else `PotEng` and `KinEng` | eV, kcal/mol |
//!
//! A table's header begins with one of the names for time, after a `#` or not. Of several tables (several runs in one log) the
//! last one counts.

mod columns;

use serde::{Deserialize, Serialize};

use super::decode;
use super::text::Lines;
use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::units::{ATMOSPHERE, BAR, KCAL_PER_MOL};

use columns::Columns;

/// Steps between rows that differ by more than this part are uneven.
const UNEVEN: f64 = 1e-3;

/// LAMMPS's unit styles that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogUnits {
    /// Å, ps, eV, bar.
    Metal,
    /// Å, fs, kcal/mol, atm.
    Real,
}

impl LogUnits {
    /// The units of that name.
    ///
    /// # Errors
    /// Any name but metal and real.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "metal" => Ok(Self::Metal),
            "real" => Ok(Self::Real),
            _ => Err(Error::invalid("units of the log", name, "metal or real")),
        }
    }

    fn time_fs(self) -> f64 {
        if self == Self::Metal { 1e3 } else { 1.0 }
    }

    fn pressure(self) -> f64 {
        if self == Self::Metal { BAR } else { ATMOSPHERE }
    }

    fn energy(self) -> f64 {
        if self == Self::Metal { 1.0 } else { KCAL_PER_MOL }
    }
}

/// What a log may not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FluxLogSettings {
    /// Its units; must agree with what the file says of them.
    pub units: Option<LogUnits>,
    /// Timestep, fs, of a log that numbers its steps; counts more than what the log says of it.
    pub timestep_fs: Option<f64>,
    /// Rows at the start that are left out.
    pub skip: usize,
}

/// A row in internal units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FluxRow {
    /// Time, fs.
    pub time_fs: f64,
    /// Pressure tensor, eV/Å^3, compression positive.
    pub pressure: Mat3,
    /// Temperature, K.
    pub temperature_kelvin: Option<f64>,
    /// Volume, Å^3.
    pub volume: Option<f64>,
    /// Total energy, eV.
    pub energy: Option<f64>,
    /// Heat flux of all atoms, eV Å/fs.
    pub heat_flux: Option<Vec3>,
    /// The same per volume, eV/(Å^2 fs).
    pub heat_flux_density: Option<Vec3>,
}

/// A log, its rows equally spaced in time.
#[derive(Debug, Clone, PartialEq)]
pub struct FluxLog {
    /// Time between two rows, fs.
    pub interval_fs: f64,
    /// The rows.
    pub rows: Vec<FluxRow>,
    /// What a reader should know of how it was read.
    pub notes: Vec<String>,
}

/// Reads a log. `file` names it in errors.
///
/// # Errors
/// No table with a pressure tensor (columns that are missing are named), unknown units or timestep, something that is no
/// finite number, with its line, uneven times, fewer than two rows.
pub fn read_flux_log(bytes: &[u8], file: &str, settings: &FluxLogSettings) -> Result<FluxLog> {
    let mut reading = Reading::default();
    let text = decode(bytes, file)?;
    let mut lines = Lines::new(text, file);
    let mut cut = None;
    while let Some(line) = lines.next_filled() {
        match reading.take(line, &lines) {
            // As a run that was ended by force leaves it.
            Err(_) if lines.rest().is_empty() && !text.ends_with('\n') && reading.has_rows() => {
                cut = Some("the last row of the log is cut off: it is left out".to_owned());
            }
            taken => taken?,
        }
    }
    let mut log = reading.log(file, settings)?;
    log.notes.extend(cut);
    Ok(log)
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    units: Option<LogUnits>,
    /// In the file's unit of time.
    timestep: Option<f64>,
    tables: usize,
    /// Why a table could not be used: its header's line, and what it lacks.
    lacking: Option<Error>,
    table: Option<Table>,
    open: bool,
}

/// Rows with their lines.
struct Table {
    columns: Columns,
    rows: Vec<(usize, Vec<f64>)>,
    /// The timestep in force, in the file's unit of time.
    timestep: Option<f64>,
}

impl Reading {
    fn has_rows(&self) -> bool {
        self.table.as_ref().is_some_and(|table| !table.rows.is_empty())
    }

    fn take(&mut self, line: &str, lines: &Lines) -> Result<()> {
        let bare = line.trim_start_matches('#').trim_start();
        self.take_settings(bare, lines)?;
        let names: Vec<&str> = bare.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
        if Columns::is_header(&names) {
            match Columns::new(&names) {
                Ok(columns) => {
                    // `fix ave/time` repeats its header where a run goes on.
                    let same = self.table.as_ref().is_some_and(|table| self.open && table.columns == columns);
                    if !same {
                        self.tables += 1;
                        self.table = Some(Table { columns, rows: Vec::new(), timestep: self.timestep });
                    }
                    self.open = true;
                }
                Err(missing) => {
                    self.lacking = Some(lines.error(line, missing));
                    self.open = false;
                }
            }
            return Ok(());
        }
        let Some(table) = self.table.as_mut().filter(|_| self.open) else { return Ok(()) };
        if line.starts_with('#') || line.starts_with("WARNING") {
            return Ok(());
        }
        if line.starts_with("Loop time") || line.starts_with("ERROR") {
            self.open = false;
            return Ok(());
        }
        if names.len() < table.columns.width {
            return Err(lines.error(line, format!("a row of {} numbers, as the header has names", table.columns.width)));
        }
        let row = table.columns.used().map(|(column, name)| lines.number(names[column], name));
        table.rows.push((lines.lines_read(), row.collect::<Result<_>>()?));
        Ok(())
    }

    /// `units metal` and `timestep 0.001` of an input script that the log repeats, and what LAMMPS says before a run.
    fn take_settings(&mut self, line: &str, lines: &Lines) -> Result<()> {
        // LAMMPS repeats a line of its script as it stands, and once more with its variables filled in.
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        match words[..] {
            ["units" | "units:", name] | ["Unit", "style", ":", name] if !name.contains('$') => {
                self.units = Some(LogUnits::from_name(name).map_err(|error| lines.locate(error))?);
            }
            ["timestep" | "timestep:", time] | ["Time", "step", ":", time] => {
                self.timestep =
                    time.parse().ok().filter(|time: &f64| time.is_finite() && *time > 0.0).or(self.timestep);
            }
            _ => {}
        }
        Ok(())
    }

    fn log(self, file: &str, settings: &FluxLogSettings) -> Result<FluxLog> {
        let Some(table) = self.table else {
            let expected = "a table whose header begins with Step, TimeStep or Time and names Pxx Pyy Pzz Pxy Pxz Pyz";
            return Err(self.lacking.unwrap_or_else(|| Error::invalid(file, "no table of stress", expected)));
        };
        let units = match (self.units, settings.units) {
            (Some(own), Some(given)) if own != given => {
                return Err(Error::invalid(
                    format!("units of {file}"),
                    format!("{own:?} in the file"),
                    format!("{given:?}, as given"),
                ));
            }
            (own, given) => own.or(given).ok_or_else(|| {
                Error::invalid(
                    format!("units of {file}"),
                    "nothing about them in the file",
                    "metal or real, given with it",
                )
            })?,
        };
        let own_step = table.timestep.or(self.timestep).map(|time| time * units.time_fs());
        let timestep_fs = settings.timestep_fs.or(own_step);
        let mut notes = Vec::new();
        if self.tables > 1 {
            notes.push(format!("The log has {} tables with stress: only the last one counts.", self.tables));
        }
        let Table { columns, rows, .. } = table;
        if columns.is_flux_density() {
            notes.push("The heat flux (Jx, Jy, Jz) is taken as per volume, as LAMMPS's manual divides it.".to_owned());
        }
        let lines: Vec<usize> = rows.iter().map(|(line, _)| *line).skip(settings.skip).collect();
        let rows: Vec<FluxRow> = rows
            .into_iter()
            .skip(settings.skip)
            .map(|(_, row)| columns.row(&row, units, timestep_fs))
            .collect::<Option<_>>()
            .ok_or_else(|| {
                Error::invalid(format!("times of {file}"), "steps without a timestep", "a timestep, given with it")
            })?;
        let interval_fs = interval(&rows, &lines, file, settings.skip)?;
        Ok(FluxLog { interval_fs, rows, notes })
    }
}

fn interval(rows: &[FluxRow], lines: &[usize], file: &str, skip: usize) -> Result<f64> {
    let [first, second, ..] = rows else {
        let found = format!("{} after skipping {skip}", rows.len());
        return Err(Error::invalid(format!("rows of {file}"), found, "at least 2"));
    };
    let interval = second.time_fs - first.time_fs;
    for (pair, line) in rows.windows(2).zip(&lines[1..]) {
        let step = pair[1].time_fs - pair[0].time_fs;
        if step <= 0.0 || (step - interval).abs() > UNEVEN * interval {
            let found = format!("{step} fs since the row before");
            return Err(Error::parse(
                file,
                *line,
                &found,
                format!("rows that are equally spaced: {interval} fs before"),
            ));
        }
    }
    Ok(rows.last().map_or(interval, |last| (last.time_fs - first.time_fs) / (rows.len() - 1) as f64))
}

/// The lines before the rows of [`flux_log_row`]; steps are `timestep_fs` long.
pub fn flux_log_header(timestep_fs: f64) -> String {
    let timestep_ps = 1e-3 * timestep_fs;
    format!(
        "# units metal\n# timestep {timestep_ps}\n\
         # Step Time Temp Volume TotEng Pxx Pyy Pzz Pxy Pxz Pyz c_flux[1] c_flux[2] c_flux[3]\n"
    )
}

/// A line of a log in metal units. `row` has the heat flux of all atoms; zeros are written where it has none.
pub fn flux_log_row(step: u64, row: &FluxRow) -> String {
    let p = row.pressure / BAR;
    let heat = row.heat_flux.unwrap_or_default() * 1e3;
    let numbers = [
        1e-3 * row.time_fs,
        row.temperature_kelvin.unwrap_or_default(),
        row.volume.unwrap_or_default(),
        row.energy.unwrap_or_default(),
        p.m11,
        p.m22,
        p.m33,
        p.m12,
        p.m13,
        p.m23,
        heat.x,
        heat.y,
        heat.z,
    ];
    let text: Vec<String> = numbers.iter().map(f64::to_string).collect();
    format!("{step} {}\n", text.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "LAMMPS (2 Aug 2023)\nunits           real\ntimestep        2.0\nthermo_style custom step temp pxx pyy pzz pxy pxz pyz c_flux[1]\n\
        Per MPI rank memory allocation (min/avg/max) = 3.2 | 3.2 | 3.2 Mbytes\n   Step          Temp          E_pair\n         0   300            -12\n\
        Loop time of 0.1 on 1 procs\n\
        Step Temp PotEng KinEng Volume Pxx Pyy Pzz Pxy Pxz Pyz c_flux[1] c_flux[2] c_flux[3]\n\
        0 300 -10 2 1000 1 2 3 4 5 6 7 8 9\nWARNING: something\n5 301 -11 2 1000 1 2 3 4 5 6 7 8 9\n10 302 -12 2 1000 1 2 3 4 5 6 7 8 9\n\
        Loop time of 0.1 on 1 procs with 10 steps\nTotal wall time: 0:00:00\n";
    const AVERAGES: &str = "# Time-averaged data for fix p\n# TimeStep c_thermo_press[1] c_thermo_press[2] c_thermo_press[3] \
        c_thermo_press[4] c_thermo_press[5] c_thermo_press[6] v_Jx v_Jy v_Jz\n10 1 2 3 4 5 6 7 8 9\n20 1 2 3 4 5 6 7 8 9\n";

    fn read(text: &str, settings: FluxLogSettings) -> Result<FluxLog> {
        read_flux_log(text.as_bytes(), "a.log", &settings)
    }

    #[test]
    fn a_log_in_real_units() {
        let log = read(LOG, FluxLogSettings::default()).unwrap();
        assert!((log.interval_fs - 10.0).abs() < 1e-12 && log.rows.len() == 3 && log.notes.is_empty());
        let row = log.rows[1];
        assert_eq!((row.time_fs, row.temperature_kelvin, row.volume), (10.0, Some(301.0), Some(1000.0)));
        // 1 atm = 101325 Pa, and 1 kcal/mol = 43.3641 meV.
        assert!((row.pressure.m12 / (4.0 * 101_325e-9 / 160.217_663_4) - 1.0).abs() < 1e-12);
        assert!((row.pressure.m31 / row.pressure.m21 - 1.25).abs() < 1e-12 && row.pressure.m32 == row.pressure.m23);
        assert!((row.energy.unwrap() + 9.0 * 0.043_364_1).abs() < 1e-6);
        assert!((row.heat_flux.unwrap().z - 9.0 * 0.043_364_1).abs() < 1e-6);
        let commented = LOG.replace("real\n", "real # kcal/mol\n").replace("2.0\n", "2.0  # production\n");
        let later = commented.replace("Total wall", "timestep ${dt}\ntimestep 0.5\nTotal wall");
        assert_eq!(read(&later, FluxLogSettings::default()).unwrap().rows, log.rows);
        let skipped = read(LOG, FluxLogSettings { skip: 1, ..Default::default() }).unwrap();
        assert_eq!(skipped.rows, log.rows[1..]);
    }

    #[test]
    fn averages_of_a_fix_and_plain_columns() {
        let settings =
            FluxLogSettings { units: Some(LogUnits::Metal), timestep_fs: Some(0.5), ..FluxLogSettings::default() };
        let log = read(AVERAGES, settings).unwrap();
        assert!((log.interval_fs - 5.0).abs() < 1e-12);
        assert!((log.rows[0].heat_flux_density.unwrap().x - 7e-3).abs() < 1e-15 && log.rows[0].heat_flux.is_none());
        assert!(log.notes[0].contains("per volume"));
        let plain = "time_ps, pxx, pyy, pzz, pxy, pxz, pyz\n0, 1, 2, 3, 4, 5, 6\n0.01, 1, 2, 3, 4, 5, 6\n";
        let log = read(plain, settings).unwrap();
        assert!((log.interval_fs - 10.0).abs() < 1e-12 && (log.rows[1].pressure.m33 / BAR - 3.0).abs() < 1e-12);
        let twice = format!("{LOG}{}", LOG.replace(" 300 -10", " 400 -10"));
        let log = read(&twice, FluxLogSettings::default()).unwrap();
        assert!(log.rows[0].temperature_kelvin == Some(400.0) && log.notes[0].contains("2 tables"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let row = FluxRow {
            time_fs: 10.0,
            pressure: Mat3::new(1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 5.0, 6.0) * 1e-3,
            temperature_kelvin: Some(1100.5),
            volume: Some(1234.5),
            energy: Some(-17.25),
            heat_flux: Some(Vec3::new(0.1, -0.2, 0.3)),
            heat_flux_density: None,
        };
        let later = FluxRow { time_fs: 20.0, ..row };
        let text = flux_log_header(2.0) + &flux_log_row(5, &row) + &flux_log_row(10, &later);
        let found = read(&text, FluxLogSettings::default()).unwrap().rows[0];
        assert!((found.pressure - row.pressure).amax() < 1e-17 && found.volume == row.volume);
        assert!((found.heat_flux.unwrap() - row.heat_flux.unwrap()).amax() < 1e-15 && found.energy == row.energy);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let default = FluxLogSettings::default();
        let message = |text: &str, settings| read(text, settings).unwrap_err().to_string();
        assert!(message(&LOG.replace(" Pxy ", " Pressure "), default).contains("line 9"));
        assert!(message(&LOG.replace(" Pxy ", " Pressure "), default).contains("pxy"));
        assert!(message("hello\n", default).contains("no table of stress"));
        assert!(message(AVERAGES, default).contains("metal or real"));
        let metal = FluxLogSettings { units: Some(LogUnits::Metal), ..default };
        assert!(message(AVERAGES, metal).contains("steps without a timestep"));
        assert!(message(LOG, metal).contains("Real in the file"));
        assert!(message(&LOG.replace(" real", " lj"), default).contains("line 2"));
        assert!(message(&LOG.replace("10 302", "12 302"), default).contains("line 13"));
        assert!(message(&LOG.replace("302 -12", "302 x"), default).contains("finite"));
        assert!(message(&LOG.replace("10 302 -12 2 1000", "10 302"), default).contains("14 numbers"));
        assert!(message(LOG, FluxLogSettings { skip: 2, ..default }).contains("1 after skipping 2"));
    }
}
