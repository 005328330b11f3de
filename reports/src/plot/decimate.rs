//! Long records in few points: the smallest and the largest sample of each column of the plot,
//! in the order in which they occur, so that no peak and no gap is lost.

use gridproof_model::capture::{Capture, Channel};

/// A part of a capture on the time axis of a plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    /// Time of the plot's zero from the first sample, s.
    pub(crate) zero_s: f64,
    /// Start and end relative to zero, s.
    pub(crate) from_s: f64,
    pub(crate) to_s: f64,
}

impl Window {
    /// The samples of `capture` inside the window.
    fn samples(self, capture: &Capture) -> (usize, usize) {
        let index = |t: f64| {
            ((self.zero_s + t) * capture.rate_hz)
                .round()
                .clamp(0.0, capture.len() as f64) as usize
        };
        (
            index(self.from_s),
            index(self.to_s).saturating_add(1).min(capture.len()),
        )
    }
}

/// (t relative to the window's zero × `per_s`, value) of `channel` in at most two points per column.
pub(crate) fn envelope(
    capture: &Capture,
    channel: &Channel,
    window: Window,
    columns: usize,
    per_s: f64,
) -> Vec<(f64, f64)> {
    let (from, to) = window.samples(capture);
    let Some(codes) = channel.codes.get(from..to) else {
        return Vec::new();
    };
    let time = |index: usize| ((from + index) as f64 / capture.rate_hz - window.zero_s) * per_s;
    let value = |index: usize| f64::from(codes[index]) * channel.scale + channel.offset;
    extremes(codes.len(), columns, time, value)
}

/// (time, value) of `samples` samples in at most two points per column, the smallest and the
/// largest, so that no spike is lost.
pub(crate) fn extremes(
    samples: usize,
    columns: usize,
    time: impl Fn(usize) -> f64,
    value: impl Fn(usize) -> f64,
) -> Vec<(f64, f64)> {
    let point = |index: usize| (time(index), value(index));
    if samples <= 2 * columns {
        return (0..samples).map(point).collect();
    }
    let mut points = Vec::with_capacity(2 * columns);
    for column in 0..columns {
        let (start, end) = (column * samples / columns, (column + 1) * samples / columns);
        let (mut low, mut high) = (start, start);
        for index in start..end {
            if value(index) < value(low) {
                low = index;
            }
            if value(index) > value(high) {
                high = index;
            }
        }
        points.push(point(low.min(high)));
        if low != high {
            points.push(point(low.max(high)));
        }
    }
    points
}

/// The smallest and the largest y of several lines, widened to contain zero height and a margin.
pub(crate) fn span<'a>(lines: impl IntoIterator<Item = &'a [(f64, f64)]>) -> std::ops::Range<f64> {
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    for &(_, y) in lines.into_iter().flatten() {
        if y.is_finite() {
            range = (range.0.min(y), range.1.max(y));
        }
    }
    padded(range.0, range.1)
}

/// `low..high` with 6 % of air, and some height if there is none.
pub(crate) fn padded(low: f64, high: f64) -> std::ops::Range<f64> {
    if !(low.is_finite() && high.is_finite()) {
        return 0.0..1.0;
    }
    let air = if high > low {
        (high - low) * 0.06
    } else {
        (high.abs() * 0.1).max(0.5)
    };
    low - air..high + air
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridproof_model::capture::ChannelKind;

    fn capture(codes: Vec<i16>) -> Capture {
        let channel = Channel {
            kind: ChannelKind::GridVoltage,
            codes,
            scale: 2.0,
            offset: 1.0,
            clip_code: 32_000,
        };
        Capture {
            name: "a".to_owned(),
            rate_hz: 1000.0,
            start_s: 0.0,
            trigger_index: 0,
            channels: vec![channel],
        }
    }

    #[test]
    fn a_single_peak_in_a_long_record_survives() {
        let mut codes = vec![0_i16; 100_000];
        codes[77_777] = 500;
        let capture = capture(codes);
        let window = Window {
            zero_s: 0.0,
            from_s: 0.0,
            to_s: 100.0,
        };
        let points = envelope(&capture, &capture.channels[0], window, 300, 1.0);
        assert!(points.len() <= 600);
        assert!(
            points
                .iter()
                .any(|&(t, y)| (t - 77.777).abs() < 1e-9 && (y - 1001.0).abs() < 1e-9)
        );
    }

    #[test]
    fn short_records_are_kept_whole() {
        let capture = capture((0..50).collect());
        let window = Window {
            zero_s: 0.01,
            from_s: -0.01,
            to_s: 0.02,
        };
        let points = envelope(&capture, &capture.channels[0], window, 300, 1e3);
        assert_eq!(points.first(), Some(&(-10.0, 1.0)));
        assert_eq!(points.len(), 31);
    }

    #[test]
    fn nothing_to_show_is_no_panic() {
        let capture = capture(vec![]);
        let window = Window {
            zero_s: 0.0,
            from_s: -1.0,
            to_s: 1.0,
        };
        assert!(envelope(&capture, &capture.channels[0], window, 10, 1.0).is_empty());
        assert_eq!(span([[].as_slice()]), 0.0..1.0);
    }
}
