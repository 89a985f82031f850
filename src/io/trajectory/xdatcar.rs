//! XDATCAR of VASP: wrapped fractional positions, and the cell once or before each frame.

use super::TrajectoryFrame;
use crate::error::Result;
use crate::io::Configuration;
use crate::io::poscar::{read_lattice, read_species};
use crate::io::text::Lines;
use crate::system::{Cell, Species, System};

/// The next frame, if there is one; `header` is that of the frame before. It states neither times nor velocities.
///
/// # Errors
/// The first thing that is malformed, missing or not finite, with its line.
pub(super) fn read_frame(header: &mut Option<Header>, lines: &mut Lines) -> Result<Option<TrajectoryFrame>> {
    while let Some(line) = lines.peek_filled() {
        if let (Some(header), true) = (&*header, is_marker(line)) {
            lines.next_filled();
            return header.read_frame(lines).map(Some);
        }
        *header = Some(Header::read(lines)?);
    }
    Ok(None)
}

/// Whether a line stands before a frame's positions.
pub(super) fn is_marker(line: &str) -> bool {
    line.trim_start().to_ascii_lowercase().starts_with("direct configuration")
}

/// The cell, and how many atoms of each species there are.
pub(super) struct Header {
    cell: Cell,
    species: Vec<Species>,
    counts: Vec<usize>,
}

impl Header {
    fn read(lines: &mut Lines) -> Result<Self> {
        let comment = lines.next_line().unwrap_or_default().trim();
        let lattice = read_lattice(lines)?;
        let cell = Cell::new([0, 1, 2].map(|k| Some(lattice.vectors.column(k).into_owned())));
        let (species, counts) = read_species(lines, comment)?;
        Ok(Self { cell: cell.map_err(|error| lines.locate(error))?, species, counts })
    }

    fn read_frame(&self, lines: &mut Lines) -> Result<TrajectoryFrame> {
        let atoms: usize = self.counts.iter().sum();
        let mut positions = Vec::new();
        for _ in 0..atoms {
            let row = lines.require(&format!("{atoms} positions"))?;
            positions.push(self.cell.cartesian(&lines.vector(row, "position")?));
        }
        let types = self.counts.iter().zip(0..).flat_map(|(&count, kind)| std::iter::repeat_n(kind, count)).collect();
        let system = System::new(self.cell.clone(), self.species.clone(), types, positions);
        Ok(TrajectoryFrame {
            configuration: Configuration::new(system.map_err(|error| lines.locate(error))?),
            step: None,
            time_fs: None,
            unwrapped: false,
            has_velocities: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::io::read_trajectory;

    const FIXED: &str = "salt\n1\n10 0 0\n0 10 0\n0 0 10\nNa Cl\n1 1\nDirect configuration=     1\n 0 0 0\n 0.5 0.5 0.5\n\
        Direct configuration=     2\n 0.1 0 0\n 0.5 0.5 0.6\n";

    #[test]
    fn frames_with_one_cell_or_one_each() {
        let frames = read_trajectory(FIXED.as_bytes(), "XDATCAR").unwrap();
        assert_eq!(frames.len(), 2);
        assert!((frames[1].configuration.system.positions[1].z - 6.0).abs() < 1e-12);
        let moving = format!(
            "{FIXED}salt\n1\n11 0 0\n0 11 0\n0 0 11\nNa Cl\n1 1\nDirect configuration=     3\n 0 0 0\n 1 0 0\n"
        );
        let frames = read_trajectory(moving.as_bytes(), "XDATCAR").unwrap();
        assert!((frames[2].configuration.system.cell.volume().unwrap() - 1331.0).abs() < 1e-9);
    }

    #[test]
    fn a_cut_file_is_refused() {
        let cut = FIXED.trim_end().trim_end_matches("0.5 0.5 0.6");
        let message = read_trajectory(cut.as_bytes(), "XDATCAR").unwrap_err().to_string();
        assert!(message.contains("cut off"), "{message}");
    }
}
