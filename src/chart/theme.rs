//! Colours of both themes. Series' colours differ in lightness as well as hue, tell apart with every common colour blindness
//! (after Okabe and Ito's set, darkened or lightened), and have a contrast of at least 3 to their background; text has 7.

use plotters::style::RGBColor;

use super::Theme;

/// Colours of a theme.
pub(super) struct Palette {
    pub(super) background: RGBColor,
    pub(super) text: RGBColor,
    pub(super) faint_text: RGBColor,
    pub(super) frame: RGBColor,
    pub(super) grid: RGBColor,
    pub(super) series: [RGBColor; 7],
}

const LIGHT: Palette = Palette {
    background: RGBColor(255, 255, 255),
    text: RGBColor(28, 32, 38),
    faint_text: RGBColor(72, 79, 90),
    frame: RGBColor(110, 118, 130),
    grid: RGBColor(226, 229, 234),
    series: [
        RGBColor(0, 104, 168),
        RGBColor(206, 84, 0),
        RGBColor(0, 124, 90),
        RGBColor(156, 48, 128),
        RGBColor(40, 44, 52),
        RGBColor(130, 104, 0),
        RGBColor(70, 140, 196),
    ],
};

const DARK: Palette = Palette {
    background: RGBColor(22, 29, 37),
    text: RGBColor(232, 235, 240),
    faint_text: RGBColor(176, 184, 196),
    frame: RGBColor(128, 136, 148),
    grid: RGBColor(50, 59, 69),
    series: [
        RGBColor(92, 186, 240),
        RGBColor(255, 150, 64),
        RGBColor(38, 194, 148),
        RGBColor(232, 140, 200),
        RGBColor(240, 228, 110),
        RGBColor(206, 210, 218),
        RGBColor(240, 96, 84),
    ],
};

impl Theme {
    pub(super) fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of WCAG 2.
    fn luminance(colour: RGBColor) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
    }

    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        (a / b).max(b / a)
    }

    #[test]
    fn everything_can_be_read() {
        for palette in [&LIGHT, &DARK] {
            for colour in palette.series {
                assert!(contrast(colour, palette.background) >= 3.0, "{colour:?}");
            }
            assert!(contrast(palette.text, palette.background) >= 7.0);
            assert!(contrast(palette.faint_text, palette.background) >= 7.0);
            assert!(contrast(palette.frame, palette.background) >= 3.0);
        }
    }
}
