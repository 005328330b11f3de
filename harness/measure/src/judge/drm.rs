//! One demand-response mode: full power before, response time, level held.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{DrmCase, Flow, Limit, Ratings};
use gridproof_model::record::CaseData;
use gridproof_model::verdict::Verdict;

use super::evidence::Evidence;
use super::feeding::amps_just_before;
use super::response::{Recorded, SETTLED};
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use super::text;
use crate::edge::{nearest_rising, open_at_end};
use crate::uncertainty::{Budget, bound};

/// Last part before the contact that is looked at on its own, s.
const JUST_BEFORE_S: f64 = 0.06;

pub(super) fn judge(
    spec: &DrmCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    let evidence = Evidence::find(data, "drm", ratings)?;
    let contact = evidence.contact(ChannelKind::DrmContact)?;
    let event = nearest_rising(&contact, evidence.trigger())
        .ok_or_else(|| Stop::error("the DRM contact shows no edge"))?;
    sheet.instant("mode asserted", evidence.name(), evidence.seconds(event));
    let recorded = Recorded::new(&evidence, event)?;
    let (base, sign) = match spec.flow {
        Flow::Generate => (ratings.rated_w, 1.0),
        Flow::Consume if ratings.rated_charge_w > 0.0 && ratings.rated_charge_w.is_finite() => {
            (ratings.rated_charge_w, -1.0)
        }
        Flow::Consume => (ratings.rated_w, -1.0),
    };
    let response = recorded.response(|p| sign * p.watts / base);
    sheet.series("response", "s", "pu", response.points().to_vec());

    // Full power before.
    let (from, to) = recorded.before_span(ratings.nominal_hz);
    let before = response
        .level(from, to)
        .ok_or_else(|| Stop::error("too little was recorded before"))?;
    let (volts, amps) = recorded.volts_amps(from, to);
    let noise = before.sigma / (before.count as f64).sqrt();
    let just_before = response
        .level(-JUST_BEFORE_S, to)
        .ok_or_else(|| Stop::error("too little was recorded before"))?;
    // A DUT that does not reach its power is failed by the acquisition. One that had it, and no
    // longer has it when the mode comes, shows nothing about the mode: any level would be met.
    for (name, mean) in [
        ("power before", before.mean),
        ("power just before", just_before.mean),
    ] {
        let value = evidence
            .power_budget(volts, amps, noise, base, "pu")
            .measure(mean);
        let limit = procedure_limit(
            Some(0.9),
            None,
            "at least 90 % of rated until the mode is asserted",
        );
        sheet.condition(
            name,
            limit,
            value,
            Verdict::Inconclusive,
            "the DUT was not at power when the mode came: there was nothing to respond with",
        );
    }

    if !spec.tolerance_pu.is_finite() {
        return Err(Stop::error("the case has no usable tolerance"));
    }
    let tolerance = spec.tolerance_pu.abs();
    let bounds = (
        spec.level
            .min
            .map_or(f64::NEG_INFINITY, |min| min - tolerance),
        spec.level.max.map_or(f64::INFINITY, |max| max + tolerance),
    );
    let end = response.end();
    let level = response
        .settled(SETTLED)
        .ok_or_else(|| Stop::error("too little was recorded after"))?;
    let (volts, amps) = recorded.volts_amps((1.0 - SETTLED) * end, end);
    let noise = level.sigma / (level.count as f64).sqrt();
    let budget = evidence.power_budget(volts, amps, noise, base, "pu");
    // A level that the guard band leaves open leaves its time open, too.
    let guard = sheet.rule().guard_factor() * budget.expanded();
    let latest = spec.response.max.unwrap_or(f64::INFINITY);
    let open = response.may_stay(bounds, guard, latest);
    let value = budget.measure(level.mean);
    let outlasts = spec.response.max.is_some_and(|max| end > max);
    let met_before = before.mean >= bounds.0 && before.mean <= bounds.1;
    match response.stays(bounds) {
        Some(0.0) if met_before => sheet.unmeasured(
            "response time",
            &spec.response,
            Verdict::NotApplicable,
            "the level of the mode was held before and throughout: there is no response to time",
        ),
        Some(at) if !outlasts => {
            let note = format!(
                "the level is reached after {}, but the {} recorded do not show that it is kept",
                text::value(at, "s"),
                text::value(end, "s")
            );
            sheet.unmeasured("response time", &spec.response, Verdict::Inconclusive, note);
        }
        Some(at) => {
            sheet.instant(
                "level reached",
                evidence.name(),
                evidence.seconds(event) + at,
            );
            let cycle = 1.0 / ratings.nominal_hz;
            let value = Budget::new("s")
                .sampling("sampling, event", evidence.step())
                .rectangular("algorithm: one-cycle window", 0.5 * cycle)
                .sampling("algorithm: values each half cycle", 0.5 * cycle)
                .rectangular("sample clock", evidence.specs.recorder_clock * at)
                .measure(at);
            sheet.criterion_unless_open("response time", &spec.response, value, open);
        }
        None => {
            let note = format!(
                "the level is not kept at the end of the {} recorded",
                text::value(end, "s")
            );
            let verdict = if outlasts && !open {
                Verdict::Fail
            } else {
                Verdict::Inconclusive
            };
            sheet.unmeasured("response time", &spec.response, verdict, note);
        }
    }

    let widened = Limit {
        min: spec.level.min.map(|min| min - tolerance),
        max: spec.level.max.map(|max| max + tolerance),
        origin: spec.level.origin.clone(),
        mark: spec.level.mark,
    };
    sheet.criterion("level held", &widened, value.clone(), "");
    // A ceiling is met by power the other way, too, which no mode asks for.
    let limit = Limit {
        min: Some(-tolerance),
        max: None,
        origin: "procedure: a mode limits power, it does not turn it round".to_owned(),
        mark: spec.level.mark,
    };
    sheet.criterion("power not reversed", &limit, value, "");

    if spec.mode == 0 {
        judge_disconnection(spec, &evidence, sheet)?;
    }
    Ok(())
}

/// Mode 0 operates the disconnection device. Its telltale must be open at the end; without one,
/// the current must be below 1 % of rated (a closed relay passes the filter capacitor's current).
fn judge_disconnection(spec: &DrmCase, evidence: &Evidence<'_>, sheet: &mut Sheet) -> Judged {
    if let Some(relay) = evidence.optional_contact(ChannelKind::DutRelay) {
        let limit = Limit {
            min: None,
            max: Some(0.5),
            origin: spec.level.origin.clone(),
            mark: spec.level.mark,
        };
        let open = open_at_end(&relay, 0.1);
        let value = Budget::new("").measure(if open { 0.0 } else { 1.0 });
        let note = format!(
            "DUT relay {} at the end",
            if open { "open" } else { "closed" }
        );
        sheet.criterion("disconnection device open", &limit, value, &note);
        return Ok(());
    }
    let amps = amps_just_before(evidence, evidence.len() as f64, 5.0)?;
    let limit = Limit {
        min: None,
        max: Some(0.01 * evidence.ratings.rated_a),
        origin: "procedure: current below 1 % of rated, for want of a telltale".to_owned(),
        mark: spec.level.mark,
    };
    let value = Budget::new("A")
        .rectangular(
            "instrument gain",
            bound(&evidence.specs.recorder_amps, amps) - evidence.clamp_offset(),
        )
        .measure(amps);
    sheet.criterion("disconnected", &limit, value, "");
    Ok(())
}
