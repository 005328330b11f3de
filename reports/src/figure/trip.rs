//! Protection elements: from the step until the current has ceased, and all elements at a glance.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{CaseSpec, TripCase};
use gridproof_model::result::{CaseResult, TestResult};

use crate::figure::bars::{Bar, Bars};
use crate::figure::waveform::{Lane, Waveform, capture_of};
use crate::figure::{Detail, main_criterion, name};
use crate::number::{Unit, limit, with_u};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError};
use crate::source::CaptureSource;

const LANES: [Lane; 2] = [
    Lane {
        name: "voltage / V",
        channels: &[ChannelKind::GridVoltage, ChannelKind::SourceVoltage],
    },
    Lane {
        name: "current / A",
        channels: &[ChannelKind::DutCurrent],
    },
];

/// From before the step until after the last of disconnection and limit.
pub(crate) fn waveform(
    case: &CaseResult,
    spec: &TripCase,
    id: &str,
    detail: Detail,
    source: &dyn CaptureSource,
) -> Result<Option<Figure>, PlotError> {
    let Some(capture) = capture_of(case, source) else {
        return Ok(None);
    };
    let measured =
        main_criterion(case, &spec.disconnect).and_then(|criterion| criterion.measured.as_ref());
    let longest = [
        measured.map(|measured| measured.value),
        spec.disconnect.max,
        spec.disconnect.min,
    ]
    .into_iter()
    .flatten()
    .fold(0.0, f64::max);
    let shown = if longest > 0.0 {
        longest
    } else {
        spec.observe_s
    };
    let waveform = Waveform {
        id,
        title: format!("Protection {}: {}", spec.element, name(case)),
        what: "Voltage and current at the grid port of the DUT around the step; disconnection is allowed in the \
               shaded time.",
        zero: "event",
        lanes: &LANES,
        before_s: (shown * 0.15).max(0.04),
        after_s: shown * 1.12 + 0.04,
        limit: &spec.disconnect,
        detail,
    };
    waveform.draw(case, &capture)
}

/// Disconnection time of every element in percent of its longest allowed time.
pub(crate) fn overview(test: &TestResult, id: &str) -> Result<Option<Figure>, PlotError> {
    let bars: Vec<Bar> = test.cases.iter().filter_map(bar).collect();
    Bars {
        id,
        title: &format!("Disconnection times of {}", test.title),
        caption: "Disconnection time of every case in percent of its longest allowed time, with its uncertainty \
                  (95 %); the shaded time is allowed, before it the DUT must stay connected."
            .to_owned(),
        x_name: "disconnection time / % of the longest allowed",
        bars,
    }
    .draw()
}

fn bar(case: &CaseResult) -> Option<Bar> {
    let CaseSpec::Trip(spec) = &case.case.spec else {
        return None;
    };
    let reference = spec
        .disconnect
        .max
        .or(spec.disconnect.min)
        .filter(|reference| *reference > 0.0)?;
    let percent = 100.0 / reference;
    let measured =
        main_criterion(case, &spec.disconnect).and_then(|criterion| criterion.measured.as_ref());
    let unit = Unit::fitting("s", reference);
    Some(Bar {
        name: if case.case.label.is_empty() {
            spec.element.clone()
        } else {
            case.case.label.clone()
        },
        value: measured.map(|measured| measured.value * percent),
        u: measured.map_or(0.0, |measured| measured.u * percent),
        text: match measured {
            Some(measured) => format!(
                "{} ({})",
                with_u(measured, &unit),
                limit(&spec.disconnect, &unit)
            ),
            None => format!("{} ({})", case.verdict, limit(&spec.disconnect, &unit)),
        },
        min: spec.disconnect.min.map(|min| min * percent),
        max: spec.disconnect.max.map(|max| max * percent),
        ink: Ink::of(case.verdict),
    })
}
