//! Numbers and blocks as instruments print them.

/// NR3 with `digits` after the point and a two-digit signed exponent: `2.300000E+02`.
pub(crate) fn nr3(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) => {
            let (sign, size) = match exponent.strip_prefix('-') {
                Some(size) => ('-', size),
                None => ('+', exponent),
            };
            format!("{mantissa}E{sign}{size:0>2}")
        }
        None => text,
    }
}

/// NR2 with four decimals: `230.0000`.
pub(crate) fn decimal(value: f64) -> String {
    format!("{value:.4}")
}

/// Five significant digits with an exponent that is a multiple of three: `104.75E+00`.
pub(crate) fn engineering(value: f64) -> String {
    if value == 0.0 {
        return "0.0000E+00".to_owned();
    }
    let rounded = format!("{value:.4E}");
    let exponent: i32 = rounded
        .split_once('E')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0);
    let group = exponent.div_euclid(3) * 3;
    let decimals = usize::try_from(4 - (exponent - group)).unwrap_or(0);
    let mantissa: f64 = rounded
        .split_once('E')
        .and_then(|(m, _)| m.parse().ok())
        .unwrap_or(0.0);
    let mantissa = mantissa * [1.0, 10.0, 100.0][usize::try_from(exponent - group).unwrap_or(0)];
    format!(
        "{mantissa:.decimals$}E{}{:02}",
        if group < 0 { '-' } else { '+' },
        group.abs()
    )
}

/// A definite-length block with a length field of `digits` digits.
pub(crate) fn block(data: &[u8], digits: usize) -> Vec<u8> {
    let length = data.len().to_string();
    let digits = digits.max(length.len()).min(9);
    let mut out = Vec::with_capacity(data.len() + 2 + digits);
    out.extend_from_slice(format!("#{digits}{length:0>digits$}").as_bytes());
    out.extend_from_slice(data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_formats() {
        assert_eq!(nr3(230.0, 6), "2.300000E+02");
        assert_eq!(nr3(-0.0125, 3), "-1.250E-02");
        assert_eq!(nr3(0.0, 2), "0.00E+00");
        assert_eq!(engineering(104.75), "104.75E+00");
        assert_eq!(engineering(2950.31), "2.9503E+03");
        assert_eq!(engineering(-0.04), "-40.000E-03");
        assert_eq!(engineering(99999.7), "100.00E+03");
        assert_eq!(engineering(0.0), "0.0000E+00");
    }

    #[test]
    fn definite_length_blocks() {
        assert_eq!(block(b"ab", 1), b"#12ab");
        assert_eq!(block(&[0; 1200], 4)[..6], *b"#41200");
        assert_eq!(block(b"abc", 8), b"#800000003abc");
    }
}
