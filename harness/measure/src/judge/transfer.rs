//! Transfer to back-up: metric M2 against the limit, and whether the grid really vanished.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Ratings, TransferCase};
use gridproof_model::record::CaseData;
use gridproof_model::result::Measurement;
use gridproof_model::verdict::Verdict;

use super::evidence::Evidence;
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use super::transfer_conditions::{judge_load, judge_stimulus, judge_supply};
use crate::edge::{first_falling, nearest_rising};
use crate::rms::half_cycle_series;
use crate::transfer::{Outcome, SHORT, Transfer, TransferRule, transfer};
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
        accuracy: evidence.specs.recorder_volts,
    };
    let outcome = transfer(&volts, evidence.rate(), &rule);
    judge_stimulus(&evidence, event, undisturbed, sheet)?;
    if !matches!(outcome, Outcome::NotEnergised(_)) {
        judge_supply(&evidence, &volts, undisturbed, sheet)?;
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
        Outcome::Unseen { start } => {
            sheet.instant("voltage departs", evidence.name(), evidence.seconds(start));
            sheet.unmeasured(NAME, &spec.transfer, Verdict::Error, SHORT);
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

/// Error of the reference wave: 0.2 % of the nominal peak, the accuracy asked of the pre-event fit
/// (docs/models.md section 8), or the recorder's error if that is worse, V.
fn reference(evidence: &Evidence<'_>) -> f64 {
    let nominal = evidence.ratings.nominal_v;
    std::f64::consts::SQRT_2 * bound(&evidence.specs.recorder_volts, nominal).max(0.002 * nominal)
}

fn measurement(evidence: &Evidence<'_>, found: &Transfer) -> Measurement {
    let elapsed = evidence.seconds(found.end - found.start);
    Budget::new("s")
        .sampling("sampling, start", evidence.step())
        .sampling("sampling, end", evidence.step())
        .rectangular(
            "reference and noise, start",
            evidence.seconds(found.doubts.0),
        )
        .rectangular("reference and noise, end", evidence.seconds(found.doubts.1))
        .rectangular("sample clock", evidence.specs.recorder_clock * elapsed)
        .measure(elapsed)
}

fn inform(evidence: &Evidence<'_>, found: &Transfer, sheet: &mut Sheet) {
    for (name, metric) in [
        ("gap (M1)", &found.gap),
        ("half-cycle RMS below 90 % (M3)", &found.rms_dip),
    ] {
        let elapsed = evidence.seconds(metric.length);
        let budget = metric.budget(evidence.step());
        sheet.inform(name, budget.measure(elapsed));
    }
    let noise = (found.waves.0.scatter + found.waves.1.scatter)
        / (evidence.ratings.nominal_v * std::f64::consts::SQRT_2);
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
