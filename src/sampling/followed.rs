//! Which atoms are followed: of a large system, a share of each species is enough.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::system::System;

/// Atoms by species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Followed {
    /// Names of the species that have atoms.
    pub(super) species: Vec<String>,
    /// The atoms, those of one species after those of another.
    pub(super) atoms: Vec<u32>,
    /// Where each species lies in `atoms`.
    pub(super) groups: Vec<Range<usize>>,
}

impl Followed {
    /// At most about `most` atoms of each species, evenly spread over its list.
    pub(super) fn new(system: &System, most: usize) -> Self {
        let (mut species, mut followed, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for (kind, &count) in system.counts().iter().enumerate().filter(|(_, count)| **count > 0) {
            let start = followed.len();
            let atoms = (0..system.len()).filter(|&i| system.types[i] as usize == kind);
            followed.extend(atoms.step_by(count.div_ceil(most)).map(|i| i as u32));
            groups.push(start..followed.len());
            species.push(system.species[kind].name.clone());
        }
        Self { species, atoms: followed, groups }
    }
}
