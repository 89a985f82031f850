//! Potentials with an active set: .almtp (MLIP-3) and .als (MLIP-2).
//!
//! Both start with the text of a .mtp file, hold two n x n matrices of little-endian f64 in the middle and end with the
//! selected configurations as .cfg text. n is the number of parameters; the file does not state it.

use super::Configuration;
use super::cfg::{read_lines, write_cfg};
use super::mtp::{read_mtp, write_mtp};
use super::text::Lines;
use crate::error::{Error, Result};
use crate::potential::mtp::MtpParameters;

const ALMTP_MARK: &[u8] = b"\n#MVS_v1.1\n";
const ALS_MARK: &[u8] = b"\n^";
/// The weight_scaling of .als files: MLIP-2 divides the row of a configuration by its number of atoms.
const ALS_SCALING: u32 = 2;
/// What the dummy rows of a .als file belong to.
const EMPTY_CONFIGURATION: &[u8] =
    b"BEGIN_CFG\n Size\n    0\n Supercell\n    1 0 0\n    0 1 0\n    0 0 1\n AtomData:  id type cartes_x cartes_y cartes_z\nEND_CFG\n";

/// A potential, with the active set of its training where the file has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Almtp {
    /// The potential.
    pub parameters: MtpParameters,
    /// Its active set.
    pub active_set: Option<ActiveSet>,
}

/// The rows that the extrapolation grade is measured against (MaxVol, doi:10.1016/j.commatsci.2017.08.031).
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveSet {
    /// What the rows are derivatives of.
    pub weights: SelectionWeights,
    /// A, n x n, row-major: each row the derivatives of an energy by the n parameters.
    pub matrix: Vec<f64>,
    /// The inverse of A, n x n, row-major.
    pub inverse: Vec<f64>,
    /// Where each row of A comes from; `None` for a dummy row of the start matrix.
    pub origins: Vec<Option<Origin>>,
    /// The configurations that the rows come from.
    pub configurations: Vec<Configuration>,
}

/// Weights of the selection: `site_energy` 1 is the neighbourhood mode, `energy` 1 the configuration mode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectionWeights {
    /// Weight of the total energy.
    pub energy: f64,
    /// Weight of the forces.
    pub force: f64,
    /// Weight of the stresses.
    pub stress: f64,
    /// Weight of the site energies.
    pub site_energy: f64,
    /// 2: the row of a configuration of N atoms is divided by N.
    pub scaling: u32,
}

/// The configuration that a row was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Index into the configurations.
    pub configuration: usize,
    /// In neighbourhood mode MLIP-3's number of the site's energy among the equations of N atoms, `10 + 3N` and the atom; 0 in
    /// configuration mode; .als files do not say.
    pub equation: Option<usize>,
}

/// Reads a .almtp, .als or plain .mtp file. `file` names it in errors.
///
/// # Errors
/// As [`read_mtp`], and matrices, rows or configurations that are missing, malformed or not finite.
pub fn read_almtp(bytes: &[u8], file: &str) -> Result<Almtp> {
    if let Some(at) = find(bytes, ALMTP_MARK) {
        let parameters = potential(bytes, at, file)?;
        let mut rest = Bytes { rest: bytes.get(at + ALMTP_MARK.len()..).unwrap_or_default(), file };
        let active_set = Some(read_mvs(&mut rest, parameters.parameter_count())?);
        return Ok(Almtp { parameters, active_set });
    }
    if let Some(at) = find(bytes, ALS_MARK) {
        let parameters = potential(bytes, at, file)?;
        let mut rest = Bytes { rest: bytes.get(at + ALS_MARK.len()..).unwrap_or_default(), file };
        let active_set = Some(read_als(&mut rest, parameters.parameter_count())?);
        return Ok(Almtp { parameters, active_set });
    }
    Ok(Almtp { parameters: potential(bytes, bytes.len(), file)?, active_set: None })
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

fn potential(bytes: &[u8], end: usize, file: &str) -> Result<MtpParameters> {
    read_mtp(super::decode(bytes.get(..end).unwrap_or_default(), file)?, file)
}

/// What is left of the file after its text.
struct Bytes<'a> {
    rest: &'a [u8],
    file: &'a str,
}

impl<'a> Bytes<'a> {
    fn error(&self, found: &str, expected: impl Into<String>) -> Error {
        Error::invalid(format!("{}: active set", self.file), found, expected)
    }

    fn line(&mut self, what: &str) -> Result<&'a str> {
        let end = self.rest.iter().position(|&b| b == b'\n');
        let (line, rest) = match end.and_then(|end| self.rest.split_at_checked(end)) {
            Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
            None => return Err(self.error("the end of the file", what)),
        };
        self.rest = rest;
        std::str::from_utf8(line).map(str::trim).map_err(|_| self.error("bytes that are not text", what))
    }

    fn mark(&mut self, mark: &str) -> Result<()> {
        match self.rest.strip_prefix(mark.as_bytes()) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.error("other bytes", format!("{mark:?} between two parts of the file"))),
        }
    }

    fn numbers(&mut self, count: usize, what: &str) -> Result<Vec<f64>> {
        let taken = count.checked_mul(8).and_then(|size| self.rest.split_at_checked(size));
        let Some((block, rest)) = taken else {
            let found = format!("{} bytes left", self.rest.len());
            return Err(self.error(&found, format!("{count} numbers of 8 bytes: {what}")));
        };
        self.rest = rest;
        let value = |chunk: &[u8]| chunk.try_into().map(f64::from_le_bytes).unwrap_or(f64::NAN);
        let values: Vec<f64> = block.chunks_exact(8).map(value).collect();
        match values.iter().all(|x| x.is_finite()) {
            true => Ok(values),
            false => Err(self.error(&format!("a value that is not finite in {what}"), "finite numbers")),
        }
    }

    /// A and its inverse, which the file holds transposed.
    fn matrices(&mut self, n: usize) -> Result<(Vec<f64>, Vec<f64>)> {
        let Some(count) = n.checked_mul(n) else {
            return Err(self.error("too many parameters", "a smaller potential"));
        };
        let matrix = self.numbers(count, "the matrix A")?;
        let transposed = self.numbers(count, "the inverse of A")?;
        Ok((matrix, transpose(&transposed, n)))
    }

    /// A line of two whole numbers; -1 counts as `None`.
    fn pair(&mut self, what: &str) -> Result<[Option<usize>; 2]> {
        let line = self.line(what)?;
        let mut tokens = line.split_whitespace().map(|token| match token {
            "-1" => Some(None),
            token => token.parse().ok().map(Some),
        });
        match (tokens.next(), tokens.next(), tokens.next()) {
            (Some(Some(a)), Some(Some(b)), None) => Ok([a, b]),
            _ => Err(self.error(line, format!("two whole numbers: {what}"))),
        }
    }

    /// The configurations at the end, each origin checked against them.
    fn configurations(&self, origins: &[Option<Origin>]) -> Result<Vec<Configuration>> {
        let name = format!("{} (selected configurations)", self.file);
        let configurations = read_lines(Lines::new(super::decode(self.rest, &name)?, &name), &[])?;
        match origins.iter().flatten().find(|origin| origin.configuration >= configurations.len()) {
            Some(origin) => {
                let found = format!("configuration {} of a row", origin.configuration);
                Err(self.error(&found, format!("one of the {} configurations at the end", configurations.len())))
            }
            None => Ok(configurations),
        }
    }
}

fn transpose(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n).flat_map(|row| matrix.iter().skip(row).step_by(n.max(1)).copied()).collect()
}

fn read_mvs(bytes: &mut Bytes, n: usize) -> Result<ActiveSet> {
    let mut weight = |key: &str| -> Result<f64> {
        let line = bytes.line(key)?;
        let value = line.strip_prefix(key).and_then(|rest| super::text::finite(rest.trim()));
        value.ok_or_else(|| bytes.error(line, format!("{key} and a number")))
    };
    let [energy, force, stress, site_energy] =
        [weight("energy_weight")?, weight("force_weight")?, weight("stress_weight")?, weight("site_en_weight")?];
    let scaling = weight("weight_scaling")?;
    if ![0.0, 1.0, 2.0].contains(&scaling) {
        return Err(bytes.error(&format!("weight_scaling {scaling}"), "0, 1 or 2"));
    }
    let weights = SelectionWeights { energy, force, stress, site_energy, scaling: scaling as u32 };
    bytes.mark("#")?;
    let (matrix, inverse) = bytes.matrices(n)?;
    bytes.mark("\n#\n")?;
    let mut origins = Vec::new();
    for _ in 0..n {
        let [configuration, equation] = bytes.pair("configuration and equation of a row")?;
        origins.push(configuration.map(|configuration| Origin { configuration, equation }));
    }
    bytes.mark("#\n")?;
    let configurations = bytes.configurations(&origins)?;
    Ok(ActiveSet { weights, matrix, inverse, origins, configurations })
}

fn read_als(bytes: &mut Bytes, n: usize) -> Result<ActiveSet> {
    let weights = bytes.numbers(4, "the weights")?;
    let &[site_energy, energy, force, stress] = weights.as_slice() else {
        return Err(bytes.error("other weights", "four weights"));
    };
    let weights = SelectionWeights { energy, force, stress, site_energy, scaling: ALS_SCALING };
    bytes.mark("\n#")?;
    let (matrix, inverse) = bytes.matrices(n)?;
    bytes.mark("\n")?;
    let mut origins = Vec::new();
    for expected in 0..n {
        let [row, configuration] = bytes.pair("row and configuration")?;
        if row != Some(expected) {
            return Err(bytes.error("a row out of order", format!("row {expected}")));
        }
        origins.push(configuration.map(|configuration| Origin { configuration, equation: None }));
    }
    let configurations = bytes.configurations(&origins)?;
    let (origins, configurations) = without_empty(origins, configurations);
    Ok(ActiveSet { weights, matrix, inverse, origins, configurations })
}

/// In .als files the dummy rows belong to configurations without atoms.
fn without_empty(
    mut origins: Vec<Option<Origin>>,
    configurations: Vec<Configuration>,
) -> (Vec<Option<Origin>>, Vec<Configuration>) {
    let mut places = Vec::with_capacity(configurations.len());
    let mut kept = Vec::with_capacity(configurations.len());
    for configuration in configurations {
        places.push((!configuration.system.is_empty()).then_some(kept.len()));
        kept.extend((!configuration.system.is_empty()).then_some(configuration));
    }
    for origin in &mut origins {
        *origin = origin.and_then(|old| {
            let configuration = places.get(old.configuration).copied().flatten()?;
            Some(Origin { configuration, ..old })
        });
    }
    (origins, kept)
}

/// Writes a .als file (MLIP-2). It does not say which atom of a configuration a row is.
///
/// # Errors
/// A potential without an active set, and one whose rows of configurations have another scaling than the only one that MLIP-2
/// has: files have no place for it.
pub fn write_als(almtp: &Almtp) -> Result<Vec<u8>> {
    let Some(set) = &almtp.active_set else {
        return Err(Error::invalid("active set", "a potential without one", "one, to write a .als file"));
    };
    if set.weights.energy != 0.0 && set.weights.scaling != ALS_SCALING {
        let expected = format!("{ALS_SCALING}, which .als files stand for");
        return Err(Error::invalid("weight_scaling of the active set", set.weights.scaling, expected));
    }
    let mut out = write_mtp(&almtp.parameters).into_bytes();
    out.pop();
    out.extend_from_slice(ALS_MARK);
    let SelectionWeights { energy, force, stress, site_energy, .. } = set.weights;
    out.extend([site_energy, energy, force, stress].iter().flat_map(|x| x.to_le_bytes()));
    out.extend_from_slice(b"\n#");
    let transposed = transpose(&set.inverse, set.origins.len());
    out.extend(set.matrix.iter().chain(&transposed).flat_map(|x| x.to_le_bytes()));
    out.push(b'\n');
    for (row, origin) in set.origins.iter().enumerate() {
        let configuration = origin.map_or(set.configurations.len(), |origin| origin.configuration);
        out.extend_from_slice(format!("{row} {configuration}\n").as_bytes());
    }
    out.extend_from_slice(write_cfg(&set.configurations).as_bytes());
    if set.origins.iter().any(Option::is_none) {
        out.extend_from_slice(EMPTY_CONFIGURATION);
    }
    Ok(out)
}

/// Writes a .almtp file, or the plain potential where there is no active set.
pub fn write_almtp(almtp: &Almtp) -> Vec<u8> {
    let mut out = write_mtp(&almtp.parameters).into_bytes();
    let Some(set) = &almtp.active_set else { return out };
    // The mark starts with the line end of the potential's last line.
    out.pop();
    out.extend_from_slice(ALMTP_MARK);
    let SelectionWeights { energy, force, stress, site_energy, scaling } = set.weights;
    let weights = [("energy", energy), ("force", force), ("stress", stress), ("site_en", site_energy)];
    for (name, value) in weights {
        out.extend_from_slice(format!("{name}_weight {value:e}\n").as_bytes());
    }
    out.extend_from_slice(format!("weight_scaling {scaling}\n#").as_bytes());
    let transposed = transpose(&set.inverse, set.origins.len());
    out.extend(set.matrix.iter().chain(&transposed).flat_map(|x| x.to_le_bytes()));
    out.extend_from_slice(b"\n#\n");
    for origin in &set.origins {
        let line = match origin {
            Some(Origin { configuration, equation }) => format!("{configuration} {}\n", equation.unwrap_or(0)),
            None => "-1 -1\n".to_owned(),
        };
        out.extend_from_slice(line.as_bytes());
    }
    out.extend_from_slice(b"#\n");
    out.extend_from_slice(write_cfg(&set.configurations).as_bytes());
    out
}
