//! Transfer to back-up: metric M2 against the limit, and whether the grid really vanished.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Ratings, TransferCase};
use gridproof_model::record::CaseData;
use gridproof_model::result::Measurement;
use gridproof_model::verdict::Verdict;

use super::evidence::Evidence;
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use crate::edge::{first_falling, nearest_rising};
use crate::power::mean_before;
use crate::rms::{half_cycle_series, rms};
use crate::sine_fit::SineFit;
use crate::transfer::{Outcome, Transfer, TransferRule, transfer};
use crate::uncertainty::{Budget, bound};

/// Part before the contact or trigger that may already be disturbed, s, beside the contact lag.
const MARGIN_S: f64 = 2e-3;
const NAME: &str = "transfer time (M2)";

pub(super) fn judge(
    spec: &TransferCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    let evidence = Evidence::find(data, "transfer", ratings)?;
    let event = event(&evidence)?;
    sheet.instant("grid opens", evidence.name(), evidence.seconds(event));
    let volts = evidence
        .analog(ChannelKind::BackupVoltage)?
        .values(0..evidence.len());
    let margin = MARGIN_S + evidence.specs.contact_lag_s.abs().min(0.02);
    let undisturbed = (event - margin * evidence.rate()).max(0.0) as usize;
    let rule = TransferRule {
        nominal_v: ratings.nominal_v,
        nominal_hz: ratings.nominal_hz,
        undisturbed_until: undisturbed,
        reference_v: reference(&evidence),
    };
    let outcome = transfer(&volts, evidence.rate(), &rule);
    judge_stimulus(&evidence, event, undisturbed, sheet)?;
    if !matches!(outcome, Outcome::NotEnergised(_)) {
        judge_load(spec, &evidence, &volts, undisturbed, sheet)?;
    }
    match outcome {
        Outcome::TooShort(what) => {
            sheet.unmeasured(NAME, &spec.transfer, Verdict::Error, what);
        }
        Outcome::TooNoisy(sigma) => {
            let note = format!("noise of {} hides the departure", text::value(sigma, "V"));
            sheet.unmeasured(NAME, &spec.transfer, Verdict::Inconclusive, note);
        }
        Outcome::NotEnergised(volts) => {
            let note = format!(
                "no back-up voltage before the event ({} RMS)",
                text::value(volts, "V")
            );
            sheet.unmeasured(NAME, &spec.transfer, Verdict::Fail, note);
        }
        Outcome::Unbroken => {
            let value = Budget::new("s")
                .sampling("sampling", evidence.step())
                .measure(0.0);
            sheet.criterion(
                NAME,
                &spec.transfer,
                value,
                "the port never left its wave by 10 %",
            );
            judge_stays(&evidence, &volts, event, sheet);
        }
        Outcome::NotRestored { start, last_rms } => {
            sheet.instant("voltage departs", evidence.name(), evidence.seconds(start));
            let watched = evidence.seconds(volts.len() as f64 - start) - 1.0 / ratings.nominal_hz;
            let note = format!(
                "the back-up voltage did not come back within {} ({} RMS at the end)",
                text::value(watched, "s"),
                text::value(last_rms, "V")
            );
            let long_enough = spec.transfer.max.is_some_and(|max| watched > max);
            let verdict = if long_enough {
                Verdict::Fail
            } else {
                Verdict::Inconclusive
            };
            sheet.unmeasured(NAME, &spec.transfer, verdict, note);
        }
        Outcome::Found(found) => {
            sheet.instant(
                "voltage departs",
                evidence.name(),
                evidence.seconds(found.start),
            );
            sheet.instant(
                "voltage restored",
                evidence.name(),
                evidence.seconds(found.end),
            );
            let value = measurement(&evidence, &found);
            sheet.criterion(NAME, &spec.transfer, value, "");
            inform(&evidence, &found, sheet);
            judge_stays(&evidence, &volts, found.end, sheet);
        }
    }
    Ok(())
}

/// The contact of the switch, else the trigger of the source.
fn event(evidence: &Evidence<'_>) -> Result<f64, Stop> {
    let contact = evidence
        .optional_contact(ChannelKind::SwitchContact)
        .and_then(|contact| first_falling(&contact, 1e-3));
    let trigger = || {
        evidence
            .optional_contact(ChannelKind::SourceTrigger)
            .and_then(|trigger| nearest_rising(&trigger, evidence.trigger()))
    };
    contact
        .or_else(trigger)
        .ok_or_else(|| Stop::error("neither S1's contact nor the source's trigger shows the event"))
}

/// The grid voltage must really have vanished; its angle at the event is informative.
fn judge_stimulus(
    evidence: &Evidence<'_>,
    event: f64,
    undisturbed: usize,
    sheet: &mut Sheet,
) -> Judged {
    let grid = evidence.analog(ChannelKind::GridVoltage)?;
    let cycle = evidence.cycle();
    let tail =
        grid.values((evidence.len() as f64 - 3.0 * cycle).max(event) as usize..evidence.len());
    if (tail.len() as f64) < cycle {
        return Err(Stop::error("the record ends too soon after the event"));
    }
    let left = rms(&tail);
    let limit = procedure_limit(
        None,
        Some(0.2 * evidence.ratings.nominal_v),
        "grid voltage vanished: below 20 % at the end",
    );
    let value = evidence.volts_budget(left).measure(left);
    sheet.condition(
        "grid vanished",
        limit,
        value,
        Verdict::Inconclusive,
        "stimulus did not happen: the grid voltage is still there",
    );

    let from = undisturbed.saturating_sub((8.0 * cycle) as usize);
    let before = grid.values(from..undisturbed);
    if rms(&before) > 0.5 * evidence.ratings.nominal_v
        && let Some(fit) = SineFit::new(&before, from, evidence.rate(), evidence.ratings.nominal_hz)
    {
        let angle = fit.angle_at(event).to_degrees().rem_euclid(360.0);
        let per_second = 360.0 * fit.hz;
        let value = Budget::new("°")
            .rectangular("contact lag", per_second * evidence.specs.contact_lag_s)
            .sampling("sampling", per_second * evidence.step())
            .measure(angle);
        sheet.inform("angle of the grid at the event", value);
    }
    Ok(())
}

/// The back-up load must be what the case wants, from the cycles before the event.
fn judge_load(
    spec: &TransferCase,
    evidence: &Evidence<'_>,
    volts: &[f64],
    undisturbed: usize,
    sheet: &mut Sheet,
) -> Judged {
    if spec.load_w.is_nan() || spec.load_w <= 0.0 {
        return Ok(());
    }
    let amps = evidence
        .analog(ChannelKind::BackupCurrent)?
        .values(0..undisturbed);
    let Some(state) = mean_before(volts, &amps, evidence.cycle(), undisturbed as f64 - 1.0, 8)
    else {
        return Err(Stop::error(
            "less than one cycle was recorded before the event",
        ));
    };
    // The load is a resistance: its power at nominal voltage.
    let ratio = evidence.ratings.nominal_v / state.volts.max(0.1 * evidence.ratings.nominal_v);
    let load = state.watts * ratio * ratio;
    let limit = procedure_limit(
        Some(0.95 * spec.load_w),
        Some(1.05 * spec.load_w),
        "load within ±5 % of the case",
    );
    let value = evidence
        .power_budget(state.volts, state.amps, 0.0, 1.0, "W")
        .measure(load);
    sheet.condition(
        "back-up load",
        limit,
        value,
        Verdict::Inconclusive,
        "the load is not the one of the case",
    );
    Ok(())
}

/// 1 % of the nominal peak (physics.md and ups-switching section 4), or the recorder's error if
/// that is worse, V.
fn reference(evidence: &Evidence<'_>) -> f64 {
    let nominal = evidence.ratings.nominal_v;
    std::f64::consts::SQRT_2 * bound(&evidence.specs.recorder_volts, nominal).max(0.01 * nominal)
}

fn measurement(evidence: &Evidence<'_>, found: &Transfer) -> Measurement {
    let nominal_peak = evidence.ratings.nominal_v * std::f64::consts::SQRT_2;
    // A departure is never slower than the sine itself near the threshold.
    let least = 0.1 * nominal_peak * std::f64::consts::TAU / evidence.cycle();
    let seconds = |volts: f64, slope: f64| volts / slope.max(least) * evidence.step();
    let elapsed = evidence.seconds(found.end - found.start);
    Budget::new("s")
        .sampling("sampling, start", evidence.step())
        .sampling("sampling, end", evidence.step())
        .rectangular(
            "threshold and reference wave, start",
            evidence.seconds(found.doubts.0),
        )
        .rectangular(
            "threshold and reference wave, end",
            evidence.seconds(found.doubts.1),
        )
        .normal(
            "noise over slope, start",
            seconds(found.sigma.0, found.slopes.0),
        )
        .normal(
            "noise over slope, end",
            seconds(found.sigma.1, found.slopes.1),
        )
        .rectangular("sample clock", evidence.specs.recorder_clock * elapsed)
        .measure(elapsed)
}

fn inform(evidence: &Evidence<'_>, found: &Transfer, sheet: &mut Sheet) {
    let step = evidence.step();
    let gap = Budget::new("s").sampling("sampling", step * std::f64::consts::SQRT_2);
    sheet.inform("gap (M1)", gap.measure(evidence.seconds(found.gap)));
    let half = Budget::new("s").rectangular(
        "definition: half-cycle steps",
        0.5 / evidence.ratings.nominal_hz,
    );
    sheet.inform(
        "half-cycle RMS below 90 % (M3)",
        half.measure(evidence.seconds(found.rms_dip)),
    );
    let noise =
        (found.sigma.0 + found.sigma.1) / (evidence.ratings.nominal_v * std::f64::consts::SQRT_2);
    let jump = Budget::new("°").normal("noise of both fits", noise.to_degrees());
    sheet.inform("phase jump", jump.measure(found.phase_jump_deg));
    let hz = Budget::new("Hz").rectangular(
        "sample clock",
        evidence.specs.recorder_clock * found.hz_after,
    );
    sheet.inform("frequency after", hz.measure(found.hz_after));
}

/// From two cycles after the transfer on, the one-cycle RMS must stay within the ±10 % the
/// metric is defined by.
fn judge_stays(evidence: &Evidence<'_>, volts: &[f64], end: f64, sheet: &mut Sheet) {
    let nominal = evidence.ratings.nominal_v;
    let limit = procedure_limit(
        Some(0.9 * nominal),
        Some(1.1 * nominal),
        "restored means within ±10 % of nominal",
    );
    let series = half_cycle_series(volts, evidence.cycle(), end + 2.0 * evidence.cycle());
    let worst = series
        .iter()
        .max_by(|a, b| (a.1 - nominal).abs().total_cmp(&(b.1 - nominal).abs()));
    let (Some(worst), Some(last)) = (worst, series.last()) else {
        sheet.unmeasured(
            "voltage stays restored",
            &limit,
            Verdict::Inconclusive,
            "the record ends too soon",
        );
        return;
    };
    sheet.inform("settled RMS", evidence.volts_budget(last.1).measure(last.1));
    let value = evidence.volts_budget(worst.1).measure(worst.1);
    let note = format!(
        "worst at {}",
        text::value(evidence.seconds(worst.0 - end), "s")
    );
    sheet.criterion(
        "voltage stays restored",
        &limit,
        value,
        &format!("{note} after the transfer"),
    );
}
