//! The .mtp potential file, version 1.1.0: text of `key = value` entries, lists in braces.
//!
//! White space of any kind separates, as the programs that write these files read them. Where a file has no coefficients
//! (an untrained template) the start values of MLIP-2 stand in: radial 1e-3 where the basis index equals mu and 1e-6
//! elsewhere, species and moments 1e-3.
//!
//! MLIP-3 writes `min_val`, `max_val` and `basis_size` for some radial bases, may leave `species_count` at 0 in a template,
//! and labels radial blocks by the type numbers of its training set, which may have gaps: `species_labels` keeps them in
//! order of first appearance, the order of all coefficients.

use std::fmt::Write;

use super::tokens::Tokens;
use crate::error::{Error, Result};
use crate::potential::mtp::{MtpParameters, Product, RadialBasis, RadialBasisKind};

/// The most start values that a template without coefficients may ask for; real templates ask for some thousands.
const MAX_START_VALUES: usize = 200_000;

/// Reads a .mtp file. `file` names it in errors.
///
/// A template with `species_count = 0` yields parameters that no kernel accepts; a fit gives it the species of its data.
///
/// # Errors
/// The first entry that is missing, malformed, contradicts a count or is not finite, with its line.
pub fn read_mtp(text: &str, file: &str) -> Result<MtpParameters> {
    let mut tokens = Tokens::new(text, file);
    if tokens.next() != Some("MTP") {
        return Err(tokens.error("\"MTP\" on the first line of a potential file"));
    }
    let mut draft = Draft::default();
    while let Some(key) = tokens.next() {
        draft.read_entry(key, &mut tokens)?;
    }
    draft.finish(&tokens)
}

/// Coefficients of the ordered pair of species with these labels.
struct RadialBlock {
    labels: [usize; 2],
    coeffs: Vec<f64>,
}

/// The entries read so far.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    tag: Option<String>,
    scaling: Option<f64>,
    species_count: Option<usize>,
    kind: Option<RadialBasisKind>,
    radial_scaling: Option<f64>,
    min_dist: Option<f64>,
    max_dist: Option<f64>,
    basis_size: Option<usize>,
    radial_funcs_count: Option<usize>,
    radial: Option<Vec<RadialBlock>>,
    moments_count: Option<usize>,
    basic_count: Option<usize>,
    basic: Option<Vec<[usize; 4]>>,
    times_count: Option<usize>,
    times: Option<Vec<Product>>,
    scalar_count: Option<usize>,
    mapping: Option<Vec<usize>>,
    species_coeffs: Option<Vec<f64>>,
    moment_coeffs: Option<Vec<f64>>,
}

impl Draft {
    fn read_entry(&mut self, key: &str, tokens: &mut Tokens) -> Result<()> {
        if key == "radial_coeffs" {
            let blocks = read_radial_blocks(tokens, self.radial_funcs_count)?;
            return set(&mut self.radial, blocks, key, tokens);
        }
        const KEYS: &str = "version potential_name scaling species_count potential_tag radial_basis_type min_dist min_val \
            max_dist max_val radial_basis_size basis_size radial_funcs_count alpha_moments_count alpha_index_basic_count \
            alpha_index_basic alpha_index_times_count alpha_index_times alpha_scalar_moments alpha_moment_mapping \
            species_coeffs moment_coeffs";
        if !KEYS.split(' ').any(|known| known == key) {
            return Err(match key {
                "magnetic_basis_type" => tokens.error("a potential without magnetic moments"),
                _ => tokens.error("a key of the .mtp format, version 1.1.0"),
            });
        }
        tokens.expect("=", key)?;
        match key {
            "version" => match tokens.rest_of_line() {
                "1.1.0" => Ok(()),
                found => Err(Error::parse(tokens.file, tokens.line, found, "version 1.1.0 of the .mtp format")),
            },
            "potential_name" => set(&mut self.name, tokens.rest_of_line().to_owned(), key, tokens),
            "potential_tag" => set(&mut self.tag, tokens.rest_of_line().to_owned(), key, tokens),
            // The line stands at the top of the file or in the radial block; both multiply.
            "scaling" if self.kind.is_some() => set(&mut self.radial_scaling, tokens.number(key)?, key, tokens),
            "scaling" => set(&mut self.scaling, tokens.number(key)?, key, tokens),
            "species_count" => set(&mut self.species_count, tokens.count(key)?, key, tokens),
            "radial_basis_type" => {
                let found = tokens.value(key)?;
                let known = RadialBasisKind::NAMES.iter().find(|(name, _)| *name == found);
                let kind = known.map(|(_, kind)| *kind).ok_or_else(|| {
                    let names: Vec<&str> = RadialBasisKind::NAMES.iter().map(|(name, _)| *name).collect();
                    tokens.error(format!("a radial basis: {}", names.join(", ")))
                })?;
                set(&mut self.kind, kind, key, tokens)
            }
            "min_dist" | "min_val" => set(&mut self.min_dist, tokens.number(key)?, key, tokens),
            "max_dist" | "max_val" => set(&mut self.max_dist, tokens.number(key)?, key, tokens),
            "radial_basis_size" | "basis_size" => set(&mut self.basis_size, tokens.count(key)?, key, tokens),
            "radial_funcs_count" => set(&mut self.radial_funcs_count, tokens.count(key)?, key, tokens),
            "alpha_moments_count" => set(&mut self.moments_count, tokens.count(key)?, key, tokens),
            "alpha_index_basic_count" => set(&mut self.basic_count, tokens.count(key)?, key, tokens),
            "alpha_index_basic" => set(&mut self.basic, tokens.list(key, |t| t.four(key))?, key, tokens),
            "alpha_index_times_count" => set(&mut self.times_count, tokens.count(key)?, key, tokens),
            "alpha_index_times" => set(&mut self.times, tokens.list(key, |t| t.product(key))?, key, tokens),
            "alpha_scalar_moments" => set(&mut self.scalar_count, tokens.count(key)?, key, tokens),
            "alpha_moment_mapping" => set(&mut self.mapping, tokens.list(key, |t| t.count(key))?, key, tokens),
            "species_coeffs" => set(&mut self.species_coeffs, tokens.numbers(key)?, key, tokens),
            _ => set(&mut self.moment_coeffs, tokens.numbers(key)?, key, tokens),
        }
    }

    fn finish(self, tokens: &Tokens) -> Result<MtpParameters> {
        let file = tokens.file;
        let species_count = self.species_count.unwrap_or(0);
        let radial_funcs_count = required(self.radial_funcs_count, "radial_funcs_count", tokens)?;
        let radial_basis = RadialBasis {
            kind: required(self.kind, "radial_basis_type", tokens)?,
            scaling: self.radial_scaling.unwrap_or(1.0),
            min_dist: required(self.min_dist, "min_dist", tokens)?,
            max_dist: required(self.max_dist, "max_dist", tokens)?,
            size: required(self.basis_size, "radial_basis_size", tokens)?,
        };
        let alpha_moments_count = required(self.moments_count, "alpha_moments_count", tokens)?;
        let alpha_index_basic = required(self.basic, "alpha_index_basic", tokens)?;
        let alpha_index_times = required(self.times, "alpha_index_times", tokens)?;
        let alpha_moment_mapping = required(self.mapping, "alpha_moment_mapping", tokens)?;
        check_count(file, "alpha_index_basic", self.basic_count, alpha_index_basic.len())?;
        check_count(file, "alpha_index_times", self.times_count, alpha_index_times.len())?;
        check_count(file, "alpha_moment_mapping", self.scalar_count, alpha_moment_mapping.len())?;
        // Each moment is basic or the target of a product: the tables bound the memory that a kernel needs.
        if alpha_moments_count > alpha_index_basic.len() + alpha_index_times.len() {
            let expected = "at most the number of basic moments and products together";
            return Err(invalid(file, "alpha_moments_count", alpha_moments_count, expected));
        }
        let largest = alpha_index_basic.iter().map(|entry| entry[0].saturating_add(1)).max().unwrap_or(0);
        if largest != radial_funcs_count {
            let expected = format!("{largest}, one more than the largest mu of alpha_index_basic");
            return Err(invalid(file, "radial_funcs_count", radial_funcs_count, expected));
        }
        let present = [self.radial.is_some(), self.species_coeffs.is_some(), self.moment_coeffs.is_some()];
        let trained = present == [true; 3];
        if !trained && self.moment_coeffs.is_none() && self.species_coeffs.is_some() {
            return Err(invalid(file, "moment_coeffs", "none beside species_coeffs", "them: the file is cut"));
        }
        let shape = RadialShape { species: species_count, functions: radial_funcs_count, basis: radial_basis.size };
        let (species_labels, radial_coeffs) = match self.radial {
            Some(blocks) => shape.assemble(blocks, file)?,
            None => ((0..shape.checked_species(file)?).collect(), shape.start_values(file)?),
        };
        let parameters = MtpParameters {
            name: self.name,
            tag: self.tag.filter(|tag| !tag.is_empty()),
            scaling: self.scaling.unwrap_or(1.0),
            species_count,
            species_labels,
            radial_basis,
            radial_funcs_count,
            radial_coeffs,
            alpha_moments_count,
            species_coeffs: self.species_coeffs.unwrap_or_else(|| vec![1e-3; species_count]),
            moment_coeffs: self.moment_coeffs.unwrap_or_else(|| vec![1e-3; alpha_moment_mapping.len()]),
            alpha_index_basic,
            alpha_index_times,
            alpha_moment_mapping,
            trained,
        };
        validate(&parameters, shape, file)?;
        Ok(parameters)
    }
}

/// Checks the whole, a template without species as if it had one.
fn validate(parameters: &MtpParameters, shape: RadialShape, file: &str) -> Result<()> {
    let checked = if parameters.species_count == 0 && !parameters.trained {
        let shape = RadialShape { species: 1, ..shape };
        let mut one = parameters.clone();
        one.species_count = 1;
        one.species_labels = vec![0];
        one.radial_coeffs = shape.start_values(file)?;
        one.species_coeffs = vec![1e-3];
        one.validate()
    } else {
        parameters.validate()
    };
    checked.map_err(|error| match error {
        Error::Invalid { what, found, expected } => Error::Invalid { what: format!("{file}: {what}"), found, expected },
        other => other,
    })
}

/// Counts of species, radial functions and basis functions.
#[derive(Clone, Copy)]
struct RadialShape {
    species: usize,
    functions: usize,
    basis: usize,
}

impl RadialShape {
    /// C*C*K*R, where it is below what may be made up.
    fn start_count(self, file: &str) -> Result<usize> {
        [self.species, self.functions, self.basis]
            .iter()
            .try_fold(self.species, |product, &n| product.checked_mul(n))
            .filter(|&n| n <= MAX_START_VALUES)
            .ok_or_else(|| {
                let Self { species, functions, basis } = self;
                let found = format!("{species} species, {functions} radial functions, basis size {basis}");
                invalid(file, "template", found, format!("at most {MAX_START_VALUES} radial coefficients"))
            })
    }

    fn checked_species(self, file: &str) -> Result<usize> {
        if self.species > MAX_START_VALUES {
            return Err(invalid(file, "species_count", self.species, "the number of species in the coefficients"));
        }
        Ok(self.species)
    }

    fn start_values(self, file: &str) -> Result<Vec<f64>> {
        let count = self.start_count(file)?;
        let per_pair = self.functions * self.basis;
        let start = |k: usize| if (k % per_pair) / self.basis == k % self.basis { 1e-3 } else { 1e-6 };
        Ok((0..count).map(start).collect())
    }

    /// Labels in order of first appearance, and the blocks in that order.
    fn assemble(self, blocks: Vec<RadialBlock>, file: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let mut labels: Vec<usize> = Vec::new();
        // So many blocks can't have more labels: the search stays short.
        let complete = self.species.checked_mul(self.species) == Some(blocks.len());
        for label in blocks.iter().flat_map(|block| block.labels).filter(|_| complete) {
            if labels.len() <= self.species && !labels.contains(&label) {
                labels.push(label);
            }
        }
        if !complete || labels.len() != self.species {
            let found = format!("{} pairs", blocks.len());
            let expected = format!("every ordered pair of species_count = {} species", self.species);
            return Err(invalid(file, "radial_coeffs", found, expected));
        }
        let place = |label: usize| labels.iter().position(|&l| l == label).unwrap_or(0);
        let mut ordered: Vec<(usize, RadialBlock)> = blocks
            .into_iter()
            .map(|block| (place(block.labels[0]) * self.species + place(block.labels[1]), block))
            .collect();
        ordered.sort_by_key(|(position, _)| *position);
        let mut coeffs = Vec::new();
        for (expected, (position, block)) in ordered.into_iter().enumerate() {
            let [i, j] = block.labels;
            if position != expected {
                return Err(invalid(file, "radial_coeffs", format!("{i}-{j} twice"), "each pair once"));
            }
            if Some(block.coeffs.len()) != self.functions.checked_mul(self.basis) {
                let found = format!("{} numbers for {i}-{j}", block.coeffs.len());
                let expected = format!("{} lines of {}", self.functions, self.basis);
                return Err(invalid(file, "radial_coeffs", found, expected));
            }
            coeffs.extend(block.coeffs);
        }
        Ok((labels, coeffs))
    }
}

/// `i-j` labels, each followed by one list per radial function.
fn read_radial_blocks(tokens: &mut Tokens, functions: Option<usize>) -> Result<Vec<RadialBlock>> {
    let functions = required(functions, "radial_funcs_count before radial_coeffs", tokens)?;
    let mut blocks: Vec<RadialBlock> = Vec::new();
    while let Some(label) = tokens.peek().filter(|token| token.starts_with(|c: char| c.is_ascii_digit())) {
        tokens.next();
        let pair = label.split_once('-').and_then(|(i, j)| Some([i.parse().ok()?, j.parse().ok()?]));
        let labels = pair.ok_or_else(|| tokens.error("a pair of species like \"0-1\""))?;
        let mut coeffs = Vec::new();
        for _ in 0..functions {
            coeffs.extend(tokens.numbers("radial_coeffs")?);
        }
        blocks.push(RadialBlock { labels, coeffs });
    }
    Ok(blocks)
}

fn set<T>(slot: &mut Option<T>, value: T, key: &str, tokens: &Tokens) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::parse(tokens.file, tokens.line, key, format!("{key} only once"))),
    }
}

fn required<T>(value: Option<T>, key: &str, tokens: &Tokens) -> Result<T> {
    value.ok_or_else(|| tokens.ended(key))
}

fn check_count(file: &str, key: &str, stated: Option<usize>, found: usize) -> Result<()> {
    match stated {
        Some(n) if n == found => Ok(()),
        Some(n) => Err(invalid(file, key, format!("{found} entries"), format!("{n}, as its count says"))),
        None => Err(invalid(file, key, "no count before it", "the number of its entries")),
    }
}

fn invalid(file: &str, what: &str, found: impl ToString, expected: impl Into<String>) -> Error {
    Error::invalid(format!("{file}: {what}"), found, expected)
}

/// Writes a .mtp file; an untrained template without its start values. Numbers are exact.
pub fn write_mtp(parameters: &MtpParameters) -> String {
    let mut out = String::from("MTP\nversion = 1.1.0\n");
    write_header(&mut out, parameters);
    if parameters.trained {
        write_radial_coeffs(&mut out, parameters);
    }
    let basic = parameters.alpha_index_basic.iter().map(|[mu, p, q, s]| format!("{{{mu}, {p}, {q}, {s}}}"));
    let times = parameters
        .alpha_index_times
        .iter()
        .map(|t| format!("{{{}, {}, {}, {}}}", t.left, t.right, t.coefficient, t.target));
    let lines = [
        format!("alpha_moments_count = {}", parameters.alpha_moments_count),
        format!("alpha_index_basic_count = {}", parameters.alpha_index_basic.len()),
        format!("alpha_index_basic = {}", braced(basic)),
        format!("alpha_index_times_count = {}", parameters.alpha_index_times.len()),
        format!("alpha_index_times = {}", braced(times)),
        format!("alpha_scalar_moments = {}", parameters.alpha_moment_mapping.len()),
        format!("alpha_moment_mapping = {}", braced(parameters.alpha_moment_mapping.iter().map(usize::to_string))),
    ];
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    if parameters.trained {
        let _ = writeln!(out, "species_coeffs = {}", braced(exact(&parameters.species_coeffs)));
        let _ = writeln!(out, "moment_coeffs = {}", braced(exact(&parameters.moment_coeffs)));
    }
    out
}

fn write_header(out: &mut String, parameters: &MtpParameters) {
    let basis = &parameters.radial_basis;
    let kind = RadialBasisKind::NAMES.iter().find(|(_, kind)| *kind == basis.kind).map_or("", |(name, _)| name);
    let scaled = |scaling: f64, indent: &str| match scaling {
        1.0 => String::new(),
        s => format!("{indent}scaling = {s:e}\n"),
    };
    let name = parameters.name.as_ref().map(|name| format!("potential_name = {name}\n")).unwrap_or_default();
    let tag = parameters.tag.as_deref().unwrap_or_default();
    out.push_str(&name);
    out.push_str(&scaled(parameters.scaling, ""));
    let _ = write!(out, "species_count = {}\npotential_tag = {tag}\n", parameters.species_count);
    let _ = writeln!(out, "radial_basis_type = {kind}");
    out.push_str(&scaled(basis.scaling, "\t"));
    let _ = write!(out, "\tmin_dist = {:e}\n\tmax_dist = {:e}\n", basis.min_dist, basis.max_dist);
    let _ = writeln!(out, "\tradial_basis_size = {}", basis.size);
    let _ = writeln!(out, "\tradial_funcs_count = {}", parameters.radial_funcs_count);
}

fn write_radial_coeffs(out: &mut String, parameters: &MtpParameters) {
    out.push_str("\tradial_coeffs\n");
    let labels = &parameters.species_labels;
    let pairs = labels.iter().flat_map(|i| labels.iter().map(move |j| (i, j)));
    let basis = parameters.radial_basis.size.max(1);
    let per_pair = (parameters.radial_funcs_count * basis).max(1);
    for ((i, j), block) in pairs.zip(parameters.radial_coeffs.chunks(per_pair)) {
        let _ = writeln!(out, "\t\t{i}-{j}");
        for line in block.chunks(basis) {
            let _ = writeln!(out, "\t\t\t{}", braced(exact(line)));
        }
    }
}

fn braced(items: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
}

/// The shortest text of each number that reads back as the same number.
fn exact(values: &[f64]) -> impl Iterator<Item = String> {
    values.iter().map(|x| format!("{x:e}"))
}
