//! Widths of text without a font at hand.
//!
//! Advance widths of a sans-serif (of the Helvetica kind, which browsers' `sans-serif` is close to), in parts of the font
//! size, rounded up: a label may get a little more room than it needs, never less.

/// Width of `text` at a font size, in the unit of the size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' => 0.25,
        ' ' | '.' | ',' | ':' | ';' | '!' | 't' | 'f' | 'I' | '/' | '(' | ')' | '[' | ']' | '·' => 0.32,
        '¹' | '²' | '³' | '⁰' | '⁴'..='⁹' | '⁻' | 'r' | '-' | '–' => 0.38,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.53,
        'm' | 'M' | 'W' | '%' | '—' | '…' => 0.95,
        'w' | 'A'..='Z' | 'Å' | 'Δ' => 0.75,
        _ => 0.6,
    }
}

/// `text`, cut with an ellipsis where it is wider than `room`.
pub(super) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut used = width("…", size);
    let mut kept: String = text
        .chars()
        .take_while(|&c| {
            used += advance(c) * size;
            used <= room
        })
        .collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// `10` to a power, with raised digits.
pub(super) fn power_of_ten(exponent: i32) -> String {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = exponent.unsigned_abs().to_string();
    let raised = digits.chars().filter_map(|d| d.to_digit(10)).map(|d| RAISED[d as usize]);
    let sign = (exponent < 0).then_some('⁻');
    "10".chars().chain(sign).chain(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_to_its_room() {
        let cut = shortened("Mean-square displacement", 12.0, 80.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0) <= 80.0 && cut.len() > 8, "{cut}");
        assert_eq!(shortened("K", 12.0, 80.0), "K");
        assert_eq!(shortened("Kelvin", 12.0, 0.0), "…");
    }

    #[test]
    fn powers_are_raised() {
        assert_eq!(power_of_ten(-12), "10⁻¹²");
        assert_eq!(power_of_ten(3), "10³");
    }
}
