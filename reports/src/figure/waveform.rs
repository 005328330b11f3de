//! Sampled channels around an event, in lanes with a common time axis.

use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::case::Limit;
use gridproof_model::result::CaseResult;

use crate::figure::Detail;
use crate::number::{fixed, plain};
use crate::plot::chart::{Axes, Cursors, LEFT, axes, block, line, vertical};
use crate::plot::decimate::{Window, envelope, span};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, Sheet, legend};
use crate::source::CaptureSource;

/// Samples of a line.
type Points = Vec<(f64, f64)>;

/// Channels that share a lane.
pub(crate) struct Lane {
    pub(crate) name: &'static str,
    pub(crate) channels: &'static [ChannelKind],
}

/// A waveform figure before it is drawn.
pub(crate) struct Waveform<'t> {
    pub(crate) id: &'t str,
    pub(crate) title: String,
    /// Start of the caption.
    pub(crate) what: &'t str,
    /// Name of the instant from which the limit counts; the earliest one if it was not found.
    pub(crate) zero: &'t str,
    pub(crate) lanes: &'t [Lane],
    /// Time shown before zero and, without instants, after it, s.
    pub(crate) before_s: f64,
    pub(crate) after_s: f64,
    /// The allowed time after zero.
    pub(crate) limit: &'t Limit,
    pub(crate) detail: Detail,
}

/// The capture that `case` found its instants in, or its first.
pub(crate) fn capture_of(case: &CaseResult, source: &dyn CaptureSource) -> Option<Capture> {
    let wanted = case
        .instants
        .first()
        .map(|instant| instant.capture.as_str());
    let named = |file: &&String| {
        let stem = file.strip_suffix(".parquet").unwrap_or(file);
        wanted.is_some_and(|name| stem.ends_with(name))
    };
    let likely = case
        .recordings
        .iter()
        .find(named)
        .or_else(|| case.recordings.first())?;
    let capture = source.load(likely)?;
    if wanted.is_none_or(|name| capture.name == name) {
        return Some(capture);
    }
    let rest = case.recordings.iter().filter(|file| *file != likely);
    rest.filter_map(|file| source.load(file))
        .find(|other| Some(other.name.as_str()) == wanted)
        .or(Some(capture))
}

/// Instants of `case` in `capture`, in time order: name and seconds from the first sample.
pub(crate) fn instants<'a>(case: &'a CaseResult, capture: &Capture) -> Vec<(&'a str, f64)> {
    let mut found: Vec<(&str, f64)> = case
        .instants
        .iter()
        .filter(|instant| instant.capture == capture.name && instant.t_s.is_finite())
        .map(|instant| (instant.name.as_str(), instant.t_s))
        .collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}

impl Waveform<'_> {
    /// Draws `capture` with the instants of `case`.
    pub(crate) fn draw(
        self,
        case: &CaseResult,
        capture: &Capture,
    ) -> Result<Option<Figure>, PlotError> {
        let instants = instants(case, capture);
        let trigger_s = capture.trigger_index as f64 / capture.rate_hz;
        let (zero_name, zero_s) = self.zero(&instants).unwrap_or(("the trigger", trigger_s));
        let end_s = capture.len() as f64 / capture.rate_hz;
        let window = Window {
            zero_s,
            from_s: (-self.before_s).max(-zero_s),
            to_s: self.after_s.min(end_s - zero_s),
        };
        let lanes: Vec<&Lane> = self
            .lanes
            .iter()
            .filter(|lane| {
                lane.channels
                    .iter()
                    .any(|&kind| capture.channel(kind).is_some())
            })
            .collect();
        if lanes.is_empty() || window.to_s <= window.from_s {
            return Ok(None);
        }
        let (unit, per_s) = if window.to_s - window.from_s < 1.0 {
            ("ms", 1e3)
        } else {
            ("s", 1.0)
        };
        let names = merged(&instants, zero_s, window.to_s - window.from_s, unit, per_s);
        let x = window.from_s * per_s..window.to_s * per_s;
        let cursors = Cursors::place(&x, names);
        let head = cursors.head();
        let lane_height = match self.detail {
            Detail::Full => 1600,
            Detail::Compact => 1100,
        };
        let height = head + lane_height * lanes.len() as i32 + 480;
        let sheet = Sheet {
            id: self.id,
            title: &self.title,
            caption: self.caption(capture, zero_name),
            height: height as u32,
        };
        let x_name = format!("time from “{zero_name}” / {unit}");
        let figure = sheet.draw(|area| {
            let mut entries: Vec<(Ink, &str)> = Vec::new();
            let (top, rest) = area.split_vertically(head);
            let mut rest = rest;
            for (index, lane) in lanes.iter().enumerate() {
                let last = index + 1 == lanes.len();
                let (this, below) = rest.split_vertically(lane_height + if last { 480 } else { 0 });
                rest = below;
                let curves: Vec<(Ink, &str, Points)> = lane
                    .channels
                    .iter()
                    .zip(inks(index))
                    .filter_map(|(&kind, ink)| {
                        let channel = capture.channel(kind)?;
                        let points =
                            envelope(capture, channel, window, self.detail.columns(), per_s);
                        Some((ink, kind.name(), points))
                    })
                    .collect();
                let y = span(curves.iter().map(|(_, _, points)| points.as_slice()));
                let mut chart = axes(
                    &this,
                    &Axes {
                        x: x.clone(),
                        y,
                        x_name: if last { &x_name } else { "" },
                        y_name: lane.name,
                        y_labels: 5,
                    },
                )?;
                let from = self.limit.min.unwrap_or(0.0) * per_s;
                let to = self.limit.max.map_or(f64::INFINITY, |max| max * per_s);
                block(
                    &mut chart,
                    from..to,
                    f64::NEG_INFINITY..f64::INFINITY,
                    Ink::Band,
                )?;
                for edge in [self.limit.min, self.limit.max].into_iter().flatten() {
                    vertical(&mut chart, edge * per_s, Ink::Limit)?;
                }
                for (ink, name, points) in curves.iter().rev() {
                    line(&mut chart, points, *ink, 13)?;
                    entries.push((*ink, name));
                }
                cursors.lines(&mut chart)?;
            }
            cursors.names(&top)?;
            entries.sort_by_key(|(ink, _)| ink.name());
            entries.extend([
                (Ink::Band, "allowed"),
                (Ink::Limit, "limit"),
                (Ink::Cursor, "found instant"),
            ]);
            legend(&top, LEFT as i32, 0, &entries)
        })?;
        Ok(Some(figure))
    }

    /// The instant from which the limit counts.
    fn zero<'a>(&self, instants: &[(&'a str, f64)]) -> Option<(&'a str, f64)> {
        instants
            .iter()
            .find(|(name, _)| *name == self.zero)
            .or(instants.first())
            .copied()
    }

    fn caption(&self, capture: &Capture, zero: &str) -> String {
        let drawn = match self.detail {
            Detail::Full => "",
            Detail::Compact => ", reduced to the envelope",
        };
        format!(
            "{} Recording “{}”, {} samples/s{drawn}; t = 0: “{zero}”.",
            self.what,
            capture.name,
            plain(capture.rate_hz)
        )
    }
}

/// Cursors relative to zero; instants that would fall on one line share it, each with its time.
fn merged(
    instants: &[(&str, f64)],
    zero_s: f64,
    width_s: f64,
    unit: &str,
    per_s: f64,
) -> Vec<(f64, String)> {
    let time = |t: f64| {
        if t == zero_s {
            "0".to_owned()
        } else {
            fixed((t - zero_s) * per_s, 2)
        }
    };
    let mut groups: Vec<(f64, Vec<String>)> = Vec::new();
    for &(name, t) in instants {
        let text = format!("{name} {}", time(t));
        match groups.last_mut() {
            Some((at, names)) if t - *at < width_s * 0.004 => names.push(text),
            Some(_) | None => groups.push((t, vec![text])),
        }
    }
    groups
        .into_iter()
        .map(|(t, names)| ((t - zero_s) * per_s, format!("{} {unit}", names.join(", "))))
        .collect()
}

/// Inks of a lane: voltages and currents never share one.
fn inks(lane: usize) -> [Ink; 3] {
    if lane == 0 {
        [Ink::First, Ink::Second, Ink::Third]
    } else {
        [Ink::Third, Ink::Second, Ink::First]
    }
}
