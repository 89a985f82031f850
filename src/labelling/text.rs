//! Places in the outputs of codes.

use crate::error::{Error, Result};
use crate::math::Vec3;

/// An output, line by line, with its name for errors.
#[derive(Clone, Copy)]
pub(super) struct Output<'a> {
    pub file: &'a str,
    text: &'a str,
}

/// A line and its number from 1.
pub(super) type Line<'a> = (usize, &'a str);

impl<'a> Output<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Self {
        Self { file, text }
    }

    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = Line<'a>> + use<'a> {
        let lines: Vec<&str> = self.text.lines().collect();
        lines.into_iter().enumerate().map(|(k, line)| (k + 1, line))
    }

    pub(super) fn has(&self, what: &str) -> bool {
        self.text.contains(what)
    }

    /// The last line that contains `mark`.
    pub(super) fn last(&self, mark: &str) -> Option<Line<'a>> {
        self.lines().rfind(|(_, line)| line.contains(mark))
    }

    /// The last line that contains `mark`.
    ///
    /// # Errors
    /// None does; `what` says what it would have told.
    pub(super) fn require(&self, mark: &str, what: &str) -> Result<Line<'a>> {
        self.last(mark).ok_or_else(|| self.missing(what))
    }

    /// The one line that contains `mark`.
    ///
    /// # Errors
    /// None does; or several, as where atoms moved: which of them belongs to the structure is not said.
    pub(super) fn only(&self, mark: &str, what: &str) -> Result<Line<'a>> {
        let mut lines = self.lines().filter(|(_, line)| line.contains(mark));
        let first = lines.next().ok_or_else(|| self.missing(what))?;
        match lines.count() {
            0 => Ok(first),
            more => Err(self.unusable(&format!("{} of {what}: several steps", more + 1))),
        }
    }

    /// The lines after a line.
    pub(super) fn after(&self, line: Line) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let lines: Vec<Line> = self.lines().skip(line.0).collect();
        lines.into_iter()
    }

    pub(super) fn missing(&self, what: &str) -> Error {
        Error::invalid(self.file, format!("no {what}"), "the output of a calculation that converged and ended")
    }

    pub(super) fn unusable(&self, found: &str) -> Error {
        Error::invalid(self.file, found, "a calculation that converged and ended")
    }

    pub(super) fn error(&self, line: Line, expected: &str) -> Error {
        Error::parse(self.file, line.0, line.1, expected)
    }

    /// A number among the words of a line; a negative place counts from the end.
    pub(super) fn number(&self, line: Line, place: isize, what: &str) -> Result<f64> {
        let words: Vec<&str> = line.1.split_whitespace().collect();
        let index = if place < 0 { words.len().checked_add_signed(place) } else { Some(place.unsigned_abs()) };
        let word = index.and_then(|index| words.get(index));
        let value = word.and_then(|word| word.parse::<f64>().ok()).filter(|value| value.is_finite());
        value.ok_or_else(|| self.error(line, &format!("{what}: a finite number")))
    }

    /// Three numbers from a place on.
    pub(super) fn vector(&self, line: Line, place: isize, what: &str) -> Result<Vec3> {
        let [x, y, z] = [0, 1, 2].map(|k| self.number(line, place + k, what));
        Ok(Vec3::new(x?, y?, z?))
    }
}
