//! What the structure of a melt shows: the way out of the first shell, how shells are filled and linked, and what is
//! scattered.

use std::collections::{BTreeMap, BTreeSet};

use super::scattering::Radiation;
use super::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::math::statistics::MeanError;
use crate::sampling::{
    ANGLES, COORDINATIONS, Histogram, PartialStructureFactor, RdfCurve, SIZES, ShellLink, Shells, StructureFactor,
};
use crate::units::GAS_CONSTANT;

/// The setting that tells up to where atoms count as neighbours.
const WITHIN: &str = "neighbours within";
const WAITS_FOR_SHELLS: &str = "Waits until g(r) shows its first minimum.";
const NOT_SCATTERED: &str = "The tables of scattering lack one of the species, or nothing scatters.";
const TOO_MANY_SPECIES: &str = "There are too many species to tell their bond angles apart.";

fn axis(label: &str, unit: &str) -> Axis {
    Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log: false }
}

fn chart(title: &str, x: Axis, y: Axis, series: Vec<Series>) -> ChartSpec {
    ChartSpec { title: title.to_owned(), x, y, series, theme: Default::default(), transparent: false }
}

fn series(name: &str, x: Vec<f64>, y: Vec<f64>, error: Vec<Option<f64>>, style: Style) -> Series {
    Series { name: name.to_owned(), x, y, error: Some(error), style, colour: None }
}

fn property(
    id: &str,
    of: &str,
    name: String,
    route: &str,
    estimate: Option<Estimate>,
    charts: Vec<ChartSpec>,
) -> Property {
    Property {
        id: id.to_owned(),
        of: of.to_owned(),
        name,
        route: route.to_owned(),
        pending: estimate.is_none().then(|| "The run is still too short.".to_owned()),
        estimate,
        charts,
        settings: BTreeMap::new(),
    }
}

/// The potential of mean force `W(r) = -k T ln g(r)` of each pair that has a first shell, and its barrier, from the first
/// maximum of g to the first minimum: `R T ln(g_max/g_min)`, positive. Kept in kJ/mol; T in K.
pub fn mean_force(curves: &[RdfCurve], kelvin: f64) -> Vec<Property> {
    curves.iter().filter_map(|curve| pair_mean_force(curve, kelvin)).collect()
}

fn pair_mean_force(curve: &RdfCurve, kelvin: f64) -> Option<Property> {
    let (peak, minimum) = (curve.first_peak.as_ref()?, curve.first_minimum.as_ref()?);
    let rt = 1e-3 * GAS_CONSTANT * kelvin;
    let estimate = curve.first_barrier.clone()?.scaled(rt, "kJ/mol");
    let (mut r, mut w, mut band) = (Vec::new(), Vec::new(), Vec::new());
    for k in (0..curve.g.len()).filter(|&k| curve.g[k] > 0.01) {
        r.push(curve.r_angstrom[k]);
        w.push(-rt * curve.g[k].ln());
        band.push(curve.standard_error[k].map(|error| rt * error / curve.g[k]));
    }
    let pair = format!("{}-{}", curve.first, curve.second);
    let name = format!("Barrier out of the first shell, {}–{}", curve.first, curve.second);
    let curve_chart = chart(
        &format!("Potential of mean force, {}–{}", curve.first, curve.second),
        axis("r", "Å"),
        axis("W", "kJ/mol"),
        vec![series(&pair, r, w, band, Style::Line)],
    );
    let mut found = property("pmf-barrier", &pair, name, "-kT ln g(r)", Some(estimate), vec![curve_chart]);
    found.settings.insert("from".to_owned(), format!("{:.3} Å", peak.value));
    found.settings.insert("to".to_owned(), format!("{:.3} Å", minimum.value));
    Some(found)
}

/// Coordination, bond angles, clusters and residence times.
pub fn shells(shells: &Shells) -> Vec<Property> {
    let links = shells.links();
    if links.is_empty() {
        let mut waiting =
            property("coordination-distribution", "", "First shells".to_owned(), "first minimum of g(r)", None, vec![]);
        waiting.pending = Some(WAITS_FOR_SHELLS.to_owned());
        return vec![waiting];
    }
    let mut found = Vec::new();
    for &ShellLink { index, first: a, second: b, cutoff } in &links {
        let mut own = vec![coordination(shells, a, b)];
        if a != b {
            own.push(coordination(shells, b, a));
        }
        own.extend(clusters(shells, index, a, b).into_iter().flatten());
        own.push(residence(shells, index, a, b));
        for each in &mut own {
            each.settings.insert(WITHIN.to_owned(), format!("{cutoff:.3} Å"));
        }
        found.extend(own);
    }
    if shells.has_angles() {
        found.extend(bridges(shells, &links));
        found.extend(angles(shells, &links));
    } else {
        let name = "Bond angles".to_owned();
        found.push(Property::pending("bond-angle", "", name, "counted neighbours", TOO_MANY_SPECIES));
    }
    found
}

fn coordination(shells: &Shells, a: &str, b: &str) -> Property {
    let charts = shells.coordination(a, b).map(|Histogram { values, errors }| {
        let x = (0..COORDINATIONS).map(|n| n as f64).collect();
        let bars = series(&format!("{b} around {a}"), x, values, errors, Style::LinePoints);
        chart(&format!("Neighbours of {a}"), axis("neighbours", ""), axis("share of atoms", ""), vec![bars])
    });
    let name = format!("{b} around {a}");
    let mean = shells.mean_coordination(a, b);
    property(
        "coordination-distribution",
        &format!("{a}-{b}"),
        name,
        "counted neighbours",
        mean,
        charts.into_iter().collect(),
    )
}

fn clusters(shells: &Shells, k: usize, a: &str, b: &str) -> Option<[Property; 3]> {
    let (Histogram { values, errors }, [mean, largest, endless]) = shells.clusters(k)?;
    let x = (1..=SIZES).map(|n| n as f64).collect();
    let bars = series(&format!("{a} linked by {b}"), x, values, errors, Style::LinePoints);
    let title = format!("Clusters of {a} (last point: all larger)");
    let drawn = chart(&title, axis(&format!("{a} in the cluster"), ""), axis(&format!("share of {a}"), ""), vec![bars]);
    let of = format!("{a}-{b}");
    let own = |id: &str, name: String, route: &str, estimate| {
        property(id, &of, name, route, Some(estimate), vec![drawn.clone()])
    };
    Some([
        own("cluster-size", format!("Cluster size, {a} linked by {b}"), "as a member sees it", mean),
        own("largest-cluster", format!("Largest cluster, {a} linked by {b}"), &format!("share of all {a}"), largest),
        own(
            "percolation",
            format!("Percolation, {a} linked by {b}"),
            "share of frames with an endless cluster",
            endless,
        ),
    ])
}

/// Which ions an ion of the other sign links; empty where neighbours may be alike, as in a metal.
fn bridges(shells: &Shells, links: &[ShellLink]) -> Vec<Property> {
    if links.iter().any(|link| link.first == link.second) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let centres: BTreeSet<&str> = links.iter().map(|link| link.second).collect();
    for centre in centres {
        let around: Vec<&str> = links.iter().filter(|link| link.second == centre).map(|link| link.first).collect();
        for (k, x) in around.iter().enumerate() {
            for y in &around[k..] {
                let Some(share) = shells.bridges(centre, x, y) else { continue };
                let name = format!("{centre} that link {x} with {y}");
                let charts = around.iter().filter_map(|other| coordination(shells, centre, other).charts.pop());
                let of = format!("{x}-{centre}-{y}");
                let route = format!("share of all {centre}");
                let mut own = property("bridging", &of, name, &route, Some(share), charts.collect());
                own.settings.insert(WITHIN.to_owned(), cutoffs(links, centre, [x, y]));
                found.push(own);
            }
        }
    }
    found
}

fn residence(shells: &Shells, k: usize, a: &str, b: &str) -> Property {
    let survival = shells.residence(k).survival();
    let curve = series(&format!("{a}–{b}"), survival.time_ps, survival.share, survival.errors, Style::LinePoints);
    let drawn =
        chart(&format!("Neighbours that are still, {a}–{b}"), axis("lag", "ps"), axis("share", ""), vec![curve]);
    let time = shells.residence(k).time();
    let pending = time.as_ref().err().map(|why| (*why).to_owned());
    let name = format!("Residence of {b} beside {a}");
    let of = format!("{a}-{b}");
    Property { pending, ..property("residence-time", &of, name, "intermittent, to 1/e", time.ok(), vec![drawn]) }
}

/// Angles at each species between its neighbours.
fn angles(shells: &Shells, links: &[ShellLink]) -> Vec<Property> {
    let mut centres: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for &ShellLink { first: a, second: b, .. } in links {
        for (centre, neighbour) in [(a, b), (b, a)] {
            let list = centres.entry(centre).or_default();
            if !list.contains(&neighbour) {
                list.push(neighbour);
            }
        }
    }
    let mut found = Vec::new();
    for (centre, neighbours) in centres {
        for (k, x) in neighbours.iter().enumerate() {
            for y in &neighbours[k..] {
                let Some(Histogram { values, errors }) = shells.angles(centre, x, y) else { continue };
                let of = format!("{x}-{centre}-{y}");
                let degrees = (0..ANGLES).map(|bin| (bin as f64 + 0.5) * 180.0 / ANGLES as f64).collect();
                let curve = series(&of, degrees, values, errors, Style::Line);
                let drawn = chart(&format!("Bond angle {of}"), axis("angle", "°"), axis("per degree", ""), vec![curve]);
                let mean = shells.mean_angle(centre, x, y);
                let name = format!("Mean bond angle {of}");
                let mut angle = property("bond-angle", &of, name, "counted neighbours", mean, vec![drawn]);
                angle.settings.insert(WITHIN.to_owned(), cutoffs(links, centre, [x, y]));
                found.push(angle);
            }
        }
    }
    found
}

/// Up to where x and y are neighbours of `centre`.
fn cutoffs(links: &[ShellLink], centre: &str, [x, y]: [&str; 2]) -> String {
    let of = |neighbour: &str| {
        let joins = |l: &&ShellLink| [(l.first, l.second), (l.second, l.first)].contains(&(centre, neighbour));
        links.iter().find(joins).map_or(0.0, |link| link.cutoff)
    };
    if x == y { format!("{:.3} Å", of(x)) } else { format!("{:.3} Å for {x}, {:.3} Å for {y}", of(x), of(y)) }
}

/// Partial structure factors, and what neutrons and X-rays see of them. The value is the height of the highest peak.
pub fn structure_factors(observer: &StructureFactor) -> Vec<Property> {
    let partials = observer.partials();
    let mut found: Vec<Property> = partials.iter().map(partial).collect();
    for (radiation, name) in [(Radiation::Neutrons, "neutrons"), (Radiation::XRays, "X-rays")] {
        let Some(first) = partials.first() else { continue };
        let (title, route) = (format!("Structure factor, {name}"), format!("total, {name}"));
        found.push(match observer.total(|k| radiation.weights(&partials, k)) {
            Some((s, errors)) => factor("", &title, &route, &first.k, s, errors),
            None => {
                let name = format!("{title}: highest peak");
                Property::pending("structure-factor", "", name, &route, NOT_SCATTERED)
            }
        });
    }
    found
}

fn partial(partial: &PartialStructureFactor) -> Property {
    let PartialStructureFactor { first, second, k, s, errors, .. } = partial;
    let name = format!("Structure factor, {first}–{second}");
    factor(&format!("{first}-{second}"), &name, "partial, Faber–Ziman", k, s.clone(), errors.clone())
}

fn factor(of: &str, name: &str, route: &str, k: &[f64], s: Vec<f64>, errors: Vec<MeanError>) -> Property {
    let peak = (0..s.len()).max_by(|&a, &b| s[a].total_cmp(&s[b]));
    let estimate = peak.map(|i| Estimate::new(s[i], errors[i], ""));
    let at = peak.map(|i| format!("{:.2} Å⁻¹", k[i]));
    let errors = errors.into_iter().map(|error| error.standard_error).collect();
    let drawn = chart(name, axis("k", "Å⁻¹"), axis("S", ""), vec![series(name, k.to_vec(), s, errors, Style::Line)]);
    let mut found = property("structure-factor", of, format!("{name}: highest peak"), route, estimate, vec![drawn]);
    if let Some(at) = at {
        found.settings.insert("peak at".to_owned(), at);
    }
    found
}
