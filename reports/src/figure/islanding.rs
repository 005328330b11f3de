//! Unintentional islanding: the island from the opening of S1 until the current ceases.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{AntiIslandingCase, CaseSpec};
use gridproof_model::result::{CaseResult, TestResult};

use crate::figure::bars::{Bar, Bars};
use crate::figure::waveform::{Lane, Waveform, capture_of, instants};
use crate::figure::{Detail, main_criterion, name};
use crate::number::{fixed, with_u};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError};
use crate::source::CaptureSource;

const LANES: [Lane; 2] = [
    Lane {
        name: "voltage / V",
        channels: &[ChannelKind::GridVoltage],
    },
    Lane {
        name: "current / A",
        channels: &[ChannelKind::DutCurrent, ChannelKind::SourceCurrent],
    },
];

/// From shortly before S1 opens until shortly after the current has ceased.
pub(crate) fn waveform(
    case: &CaseResult,
    spec: &AntiIslandingCase,
    id: &str,
    detail: Detail,
    source: &dyn CaptureSource,
) -> Result<Option<Figure>, PlotError> {
    let Some(capture) = capture_of(case, source) else {
        return Ok(None);
    };
    let found = instants(case, &capture);
    let lasted = match (found.first(), found.last()) {
        (Some((_, first)), Some((_, last))) if last > first => last - first,
        _ => spec.run_on.max.unwrap_or(2.0) * 1.1,
    };
    let waveform = Waveform {
        id,
        title: format!("Run-on after the opening of S1: {}", name(case)),
        what: "Voltage and current at the grid port of the DUT with the balanced load; the shaded time is allowed.",
        zero: "S1 opens",
        lanes: &LANES,
        before_s: 0.06 + lasted * 0.1,
        after_s: lasted * 1.15 + 0.06,
        limit: &spec.run_on,
        detail,
    };
    waveform.draw(case, &capture)
}

/// Run-on time of every case against the limit.
pub(crate) fn overview(test: &TestResult, id: &str) -> Result<Option<Figure>, PlotError> {
    let bars: Vec<Bar> = test
        .cases
        .iter()
        .filter_map(|case| {
            let CaseSpec::AntiIslanding(spec) = &case.case.spec else {
                return None;
            };
            let measured = main_criterion(case, &spec.run_on)
                .and_then(|criterion| criterion.measured.as_ref());
            Some(Bar {
                name: format!(
                    "ΔP {} %, ΔQ {} %",
                    fixed(spec.delta_p * 100.0, 0),
                    fixed(spec.delta_q * 100.0, 0)
                ),
                value: measured.map(|measured| measured.value),
                u: measured.map_or(0.0, |measured| measured.u),
                text: measured.map_or_else(
                    || case.verdict.word().to_owned(),
                    |measured| with_u(measured, &crate::number::Unit::fitting("s", 1.0)),
                ),
                min: spec.run_on.min,
                max: spec.run_on.max,
                ink: Ink::of(case.verdict),
            })
        })
        .collect();
    Bars {
        id,
        title: &format!("Run-on times of {}", test.title),
        caption: "Run-on time of every load condition with its uncertainty (95 %); the shaded time is allowed."
            .to_owned(),
        x_name: "run-on time / s",
        bars,
    }
    .draw()
}
