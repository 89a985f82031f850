//! A trajectory read piece by piece: memory is bounded by one frame and one piece, however long the file.

use super::xdatcar::{self, Header};
use super::{TrajectoryFrame, from_extxyz, lammps_dump};
use crate::error::{Error, Result};
use crate::io::extxyz;
use crate::io::text::Lines;

/// The format shows within these lines.
const FORMAT_LINES: usize = 12;
/// No line of a trajectory is longer, bytes.
const LONGEST_LINE: usize = 1 << 20;

/// What is done with a frame; an error ends the reading.
pub type FrameSink<'a> = &'a mut dyn FnMut(TrajectoryFrame) -> Result<()>;

/// Takes the bytes of a trajectory in pieces of any length and gives its frames.
pub struct TrajectoryReader {
    file: String,
    format: Option<Format>,
    /// What has not been read yet.
    bytes: Vec<u8>,
    /// Lines that have been read.
    lines: usize,
    /// While a frame is incomplete, reading it again waits for as many bytes.
    wait_for: usize,
    has_frames: bool,
    /// Whether the last frame was left out.
    is_cut: bool,
}

enum Format {
    LammpsDump(lammps_dump::Units),
    ExtXyz,
    Xdatcar(Option<Header>),
}

impl TrajectoryReader {
    /// A reader of the file of that name, which errors mention.
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            format: None,
            bytes: Vec::new(),
            lines: 0,
            wait_for: 0,
            has_frames: false,
            is_cut: false,
        }
    }

    /// Takes the next bytes and gives the frames that they complete.
    ///
    /// # Errors
    /// An unknown format, the first thing that is malformed or not finite, with its line, or what `sink` refuses.
    pub fn feed(&mut self, bytes: &[u8], sink: FrameSink) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        let whole = self.bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        if self.bytes.len() - whole > LONGEST_LINE {
            let found = format!("a line of more than {LONGEST_LINE} bytes");
            return Err(Error::parse(&self.file, self.lines + 1, &found, "a trajectory as text"));
        }
        if whole < self.wait_for { Ok(()) } else { self.read(whole, false, sink) }
    }

    /// The end of the file. Of a run that was ended by force the last frame may be cut: it is left out, and the answer says so.
    ///
    /// # Errors
    /// As [`TrajectoryReader::feed`]; a first frame that is cut off.
    pub fn finish(&mut self, sink: FrameSink) -> Result<Option<&'static str>> {
        self.read(self.bytes.len(), true, sink)?;
        Ok(self.is_cut.then_some("the last frame of the trajectory is cut off: it is left out"))
    }

    /// Reads the frames in the first `end` bytes; unless they are the `last`, a frame that they cut is left for later.
    fn read(&mut self, end: usize, last: bool, sink: FrameSink) -> Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        let text = std::str::from_utf8(&bytes[..end]).map_err(|error| {
            let before = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            Error::parse(&self.file, self.lines + before + 1, "bytes that are not text", "a text file in UTF-8")
        })?;
        let mut left = text;
        if self.format.is_none() && (last || text.lines().count() >= FORMAT_LINES) {
            self.format = Some(format_of(&self.file, text)?);
        }
        if let Some(format) = &mut self.format {
            loop {
                let mut lines = Lines::following(self.lines, left, &self.file);
                let frame = format.read_frame(&mut lines);
                if lines.ended() && !last {
                    break;
                }
                // Without its line end a number may have lost digits.
                let is_whole = matches!(&frame, Ok(None)) || frame.is_ok() && text.ends_with('\n');
                if last && self.has_frames && lines.rest().is_empty() && !is_whole {
                    self.is_cut = true;
                    left = "";
                    break;
                }
                let Some(frame) = frame? else { break };
                left = lines.rest();
                self.lines = lines.lines_read();
                self.has_frames = true;
                sink(frame)?;
            }
        }
        let rest = bytes.len() - (end - left.len());
        self.wait_for = if left.len() == text.len() { 2 * rest } else { 0 };
        self.bytes = bytes[bytes.len() - rest..].to_vec();
        Ok(())
    }
}

impl Format {
    fn read_frame(&mut self, lines: &mut Lines) -> Result<Option<TrajectoryFrame>> {
        match self {
            Self::LammpsDump(units) => lammps_dump::read_frame(units, lines),
            Self::ExtXyz => Ok(extxyz::read_frame(lines)?.map(from_extxyz)),
            Self::Xdatcar(header) => xdatcar::read_frame(header, lines),
        }
    }
}

fn format_of(file: &str, text: &str) -> Result<Format> {
    let text = text.trim_start_matches('\u{feff}');
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_ascii_lowercase();
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if first.starts_with("ITEM:") {
        return Ok(Format::LammpsDump(Default::default()));
    }
    if name.contains("xdatcar") || text.lines().take(FORMAT_LINES).any(xdatcar::is_marker) {
        return Ok(Format::Xdatcar(None));
    }
    if name.ends_with("xyz") || first.parse::<u64>().is_ok() {
        return Ok(Format::ExtXyz);
    }
    let expected = "a LAMMPS dump, extended XYZ or XDATCAR";
    Err(Error::invalid(format!("{file}: format"), "neither a known name nor known content", expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::read_trajectory;

    const DUMP: &str = "ITEM: UNITS\nreal\nITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\n\
        ITEM: ATOMS id x y z vx vy vz\n1 1 1 1 1 0 0\nITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n\
        0 9\n0 9\n0 9\nITEM: ATOMS id x y z vx vy vz\n1 2 1 1 1 0 0\n";
    const XYZ: &str = "1\nLattice=\"9 0 0 0 9 0 0 0 9\"\nAr 1 1 1\n1\nLattice=\"9 0 0 0 9 0 0 0 9\"\nAr 1.5 1 1\n";
    const XDATCAR: &str = "salt\n1\n10 0 0\n0 10 0\n0 0 10\nNa Cl\n1 1\nDirect configuration=     1\n 0 0 0\n 0.5 0.5 0.5\n\
        Direct configuration=     2\n 0.1 0 0\n 0.5 0.5 0.6\n";

    #[test]
    fn pieces_of_any_length_give_the_same_frames() {
        for (text, file) in [(DUMP, "a"), (XYZ, "a.xyz"), (XDATCAR, "XDATCAR")] {
            let whole = read_trajectory(text.as_bytes(), file).unwrap();
            assert_eq!(whole.len(), 2, "{file}");
            for length in [1, 7, 50, 333] {
                let mut frames = Vec::new();
                let mut keep = |frame| {
                    frames.push(frame);
                    Ok(())
                };
                let mut reader = TrajectoryReader::new(file);
                text.as_bytes().chunks(length).for_each(|piece| reader.feed(piece, &mut keep).unwrap());
                reader.finish(&mut keep).unwrap();
                assert_eq!(frames, whole, "{file} in pieces of {length}");
            }
        }
    }

    #[test]
    fn a_fault_in_a_later_piece_has_the_line_of_the_file() {
        let bad = format!("{DUMP}{}", DUMP.replace("1 1 1 1 1 0 0", "1 1 x 1 1 0 0"));
        let mut reader = TrajectoryReader::new("a.dump");
        let mut drop = |_| Ok(());
        let fed = bad.as_bytes().chunks(40).try_for_each(|piece| reader.feed(piece, &mut drop));
        let message = fed.and_then(|()| reader.finish(&mut drop)).unwrap_err().to_string();
        assert!(message.contains("line 34"), "{message}");
        let mut endless = TrajectoryReader::new("a.dump");
        let fed = (0..3).try_for_each(|_| endless.feed(&[b'x'; LONGEST_LINE], &mut drop));
        assert!(fed.unwrap_err().to_string().contains("a line of more than"));
        assert!(read_trajectory(&[0xff, 0xfe, b'\n'], "a.dump").unwrap_err().to_string().contains("UTF-8"));
    }
}
