//! The two ways out: data on stdout, everything else on stderr. A closed pipe is no error.

use std::io::Write;

/// Data for a person or a program.
pub(crate) fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed_pipe = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A remark that is not data.
pub(crate) fn remark(text: &str) {
    let mut out = std::io::stderr().lock();
    let _closed_pipe = writeln!(out, "{text}");
}

/// An error with its hint. Diagnostics of input files bring their own form.
pub(crate) fn error(text: &str) {
    if text.contains(": error: ") {
        remark(text.trim_end())
    } else {
        remark(&format!("error: {text}"))
    }
}

/// Seconds as people read them: `850 ms`, `12.3 s`, `4 min 10 s`, `3 h 05 min`.
pub(crate) fn span(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round() as u64;
        if whole < 3600 {
            format!("{} min {:02} s", whole / 60, whole % 60)
        } else {
            format!("{} h {:02} min", whole / 3600, whole % 3600 / 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_read_well() {
        let shown: Vec<String> = [0.0085, 12.34, 59.96, 250.0, 3599.6, 11_100.0]
            .into_iter()
            .map(span)
            .collect();
        assert_eq!(
            shown,
            [
                "8 ms",
                "12.3 s",
                "60.0 s",
                "4 min 10 s",
                "1 h 00 min",
                "3 h 05 min"
            ]
        );
    }
}
