//! Transfer to back-up: the gap in the back-up voltage, and all gaps by angle and load.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{CaseSpec, TransferCase};
use gridproof_model::result::{CaseResult, TestResult};

use crate::figure::waveform::{Lane, Waveform, capture_of};
use crate::figure::{Detail, main_criterion, name};
use crate::number::plain;
use crate::plot::chart::{Axes, LEFT, axes, block, horizontal, mark};
use crate::plot::ink::Ink;
use crate::plot::sheet::{Figure, PlotError, ROW, Sheet, label, legend};
use crate::source::CaptureSource;
use plotters::element::{PathElement, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

const LANES: [Lane; 2] = [
    Lane {
        name: "voltage / V",
        channels: &[ChannelKind::BackupVoltage, ChannelKind::GridVoltage],
    },
    Lane {
        name: "current / A",
        channels: &[ChannelKind::BackupCurrent],
    },
];

/// −30 ms … +60 ms around the loss of the grid.
pub(crate) fn waveform(
    case: &CaseResult,
    spec: &TransferCase,
    id: &str,
    detail: Detail,
    source: &dyn CaptureSource,
) -> Result<Option<Figure>, PlotError> {
    let Some(capture) = capture_of(case, source) else {
        return Ok(None);
    };
    let waveform = Waveform {
        id,
        title: format!("Transfer to back-up: {}", name(case)),
        what: "Voltage and current at the back-up port when the grid is lost; the shaded time is allowed.",
        zero: "voltage departs",
        lanes: &LANES,
        before_s: 0.03,
        after_s: 0.06,
        limit: &spec.transfer,
        detail,
    };
    waveform.draw(case, &capture)
}

/// One case on the overview.
struct Dot {
    angle_deg: f64,
    load_w: f64,
    ms: f64,
    u_ms: f64,
    ink: Ink,
}

/// Transfer time over the angle of the grid voltage, one group per load.
pub(crate) fn overview(test: &TestResult, id: &str) -> Result<Option<Figure>, PlotError> {
    let dots: Vec<Dot> = test.cases.iter().filter_map(dot).collect();
    let Some(limit_ms) = test.cases.iter().find_map(limit_ms) else {
        return Ok(None);
    };
    if dots.is_empty() {
        return Ok(None);
    }
    let mut loads: Vec<f64> = dots.iter().map(|dot| dot.load_w).collect();
    loads.sort_by(f64::total_cmp);
    loads.dedup();
    let highest = dots
        .iter()
        .map(|dot| dot.ms + dot.u_ms)
        .fold(limit_ms, f64::max)
        * 1.12;
    let sheet = Sheet {
        id,
        title: &format!("Transfer times of {}", test.title),
        caption: format!(
            "Transfer time of {} cases with its uncertainty (95 %) against the angle of the grid voltage at \
             the loss; inside a group the load grows from left to right: {}.",
            dots.len(),
            loads
                .iter()
                .map(|load| format!("{} W", plain(*load)))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        height: 3000,
    };
    let figure = sheet.draw(|area| {
        let (top, below) = area.split_vertically(ROW + 40);
        let entries = [
            (Ink::Good, "pass"),
            (Ink::Bad, "fail"),
            (Ink::Unsure, "inconclusive or error"),
            (Ink::Limit, "limit"),
            (Ink::Band, "allowed"),
        ];
        legend(&top, LEFT as i32, 0, &entries)?;
        let mut chart = axes(
            &below,
            &Axes {
                x: -25.0..385.0,
                y: 0.0..highest,
                x_name: "angle of the grid voltage / °",
                y_name: "transfer time / ms",
                y_labels: 7,
            },
        )?;
        block(
            &mut chart,
            f64::NEG_INFINITY..f64::INFINITY,
            0.0..limit_ms,
            Ink::Band,
        )?;
        horizontal(&mut chart, limit_ms, Ink::Limit)?;
        let base = below.get_base_pixel();
        let pixel = |x: f64, y: f64| {
            let at = chart.backend_coord(&(x, y));
            (at.0 - base.0, at.1 - base.1)
        };
        let edge = pixel(385.0, limit_ms);
        let text = format!("limit {} ms", plain(limit_ms));
        below.draw(&Text::new(
            text,
            (edge.0 - 60, edge.1 - 30),
            label(Ink::Limit, HPos::Right, VPos::Bottom),
        ))?;
        for dot in &dots {
            let place = loads
                .iter()
                .position(|load| *load == dot.load_w)
                .unwrap_or(0) as f64;
            let x = dot.angle_deg + (place - (loads.len() as f64 - 1.0) / 2.0) * 6.0;
            let bar = vec![
                pixel(x, (dot.ms - dot.u_ms).max(0.0)),
                pixel(x, dot.ms + dot.u_ms),
            ];
            below.draw(&PathElement::new(bar, dot.ink.stroke_width(18)))?;
            mark(&below, pixel(x, dot.ms), dot.ink)?;
        }
        Ok(())
    })?;
    Ok(Some(figure))
}

fn dot(case: &CaseResult) -> Option<Dot> {
    let CaseSpec::Transfer(spec) = &case.case.spec else {
        return None;
    };
    let measured = main_criterion(case, &spec.transfer)?.measured.as_ref()?;
    Some(Dot {
        angle_deg: spec.angle_deg,
        load_w: spec.load_w,
        ms: measured.value * 1e3,
        u_ms: measured.u * 1e3,
        ink: Ink::of(case.verdict),
    })
}

fn limit_ms(case: &CaseResult) -> Option<f64> {
    let CaseSpec::Transfer(spec) = &case.case.spec else {
        return None;
    };
    spec.transfer.max.map(|max| max * 1e3)
}
