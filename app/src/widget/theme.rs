//! A widget's own colour as a style sheet: `/widget/<key>/theme.css`.

/// The sheet for an accent colour. `None` for what is no `#rrggbb`: nothing else may come into a style sheet.
#[must_use]
pub fn theme_css(accent: &str) -> Option<String> {
    let luminance = luminance(accent)?;
    // WCAG's contrast against white and against black; the two are equal at a luminance of 0.179, where both are 4.58:1.
    let against_white = 1.05 / (luminance + 0.05);
    let against_black = (luminance + 0.05) / 0.05;
    let on_accent = if against_white >= against_black { "#fff" } else { "#000" };
    Some(format!(":root{{--accent:{accent};--on-accent:{on_accent}}}"))
}

/// The relative luminance of `#rrggbb` (WCAG 2.2), 0 to 1.
fn luminance(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let value = u32::from_str_radix(digits, 16)
        .ok()
        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let [_, red, green, blue] = value.to_be_bytes().map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    Some(0.2126 * red + 0.7152 * green + 0.0722 * blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_the_accent_is_black_or_white_whichever_reads_better() {
        for (accent, on_accent) in [
            ("#2f5bd7", "#fff"),
            ("#ffcc00", "#000"),
            ("#000000", "#fff"),
            ("#FFFFFF", "#000"),
            ("#757575", "#fff"),
        ] {
            assert_eq!(
                theme_css(accent),
                Some(format!(":root{{--accent:{accent};--on-accent:{on_accent}}}"))
            );
        }
    }

    #[test]
    fn a43_nothing_but_a_colour_comes_into_the_sheet() {
        for wrong in [
            "",
            "red",
            "#fff",
            "#12345g",
            "#+12345",
            "#ffffff}body{display:none",
            "url(//evil.example)",
            "#ééé",
        ] {
            assert_eq!(theme_css(wrong), None, "{wrong}");
        }
    }
}
