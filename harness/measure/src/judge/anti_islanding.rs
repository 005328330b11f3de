//! Unintentional islanding (IEC 62116): run-on from the opening of S1 until the DUT's current
//! stays below 1 % of rated, and whether the DUT fed and the load was tuned before.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{AntiIslandingCase, Ratings};
use gridproof_model::record::CaseData;
use gridproof_model::verdict::Verdict;

use super::evidence::Evidence;
use super::feeding::{
    Before, Start, amps_just_before, before, ending, judge_ending, voltage_between,
};
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use crate::edge::first_falling;
use crate::rms::rms_window;
use crate::uncertainty::Budget;

/// Contact bounce that is bridged, s.
const DEBOUNCE_S: f64 = 1e-3;

pub(super) fn judge(
    spec: &AntiIslandingCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    let evidence = Evidence::find(data, "island", ratings)?;
    let contact = evidence.contact(ChannelKind::SwitchContact)?;
    let opens = first_falling(&contact, DEBOUNCE_S)
        .ok_or_else(|| Stop::error("the contact of S1 shows no opening"))?;
    sheet.instant("S1 opens", evidence.name(), evidence.seconds(opens));

    let lag = evidence.specs.contact_lag_s.abs();
    // The poles may open before the contact: the state before is taken before both.
    let state = before(&evidence, opens - lag * evidence.rate() - 1.0, true)?;
    judge_before(spec, &evidence, &state, sheet);
    judge_opening(&evidence, opens, sheet)?;

    let end = ending(&evidence, opens)?;
    let start = Start {
        at: opens,
        doubts: &[("contact lag of S1", lag)],
    };
    // Half a cycle before the poles can have opened.
    let fed = amps_just_before(&evidence, opens - lag * evidence.rate() - 1.0, 0.5)?;
    let fed = fed >= 0.5 * spec.power_w / ratings.nominal_v;
    let ceased = judge_run_on(spec, &evidence, &start, &end, &state, fed, sheet);

    if let Some(ceased) = ceased {
        let volts = evidence.analog(ChannelKind::GridVoltage)?;
        if let Some((rms, hz)) = voltage_between(&evidence, &volts, opens, ceased, 3.0) {
            sheet.inform(
                "island voltage before the end",
                evidence.volts_budget(rms).measure(rms),
            );
            if let Some(hz) = hz {
                let clock = evidence.specs.recorder_clock * hz;
                // Line through two to four crossings: resolution of two instants over one cycle.
                let resolution = hz * hz * evidence.step();
                let value = Budget::new("Hz")
                    .rectangular("sample clock", clock)
                    .sampling("sampling", resolution);
                sheet.inform("island frequency before the end", value.measure(hz));
            }
        }
    }
    Ok(())
}

fn judge_run_on(
    spec: &AntiIslandingCase,
    evidence: &Evidence<'_>,
    start: &Start<'_>,
    end: &super::feeding::Ending,
    state: &Before,
    fed: bool,
    sheet: &mut Sheet,
) -> Option<f64> {
    use crate::run_on::Cessation;
    // A DUT that stopped with the opening itself: the last sample above the threshold lies
    // before the contact, within its lag. That is a run-on of nothing, if it fed before.
    if end.cessation == Cessation::NeverPresent && fed {
        let value = Budget::new("s")
            .rectangular("contact lag of S1", evidence.specs.contact_lag_s)
            .sampling("sampling", evidence.step())
            .measure(0.0);
        sheet.criterion(
            "run-on time",
            &spec.run_on,
            value,
            "the current ceased with the opening",
        );
        sheet.instant(
            "current ceases",
            evidence.name(),
            evidence.seconds(start.at),
        );
        return None;
    }
    judge_ending(
        "run-on time",
        evidence,
        start,
        end,
        state,
        &spec.run_on,
        sheet,
    )
}

/// Until its contact opens, S1 must hold the island on the grid: a voltage or frequency that has
/// drifted away says that the poles opened earlier, and the run-on would be counted too short.
fn judge_grid(evidence: &Evidence<'_>, state: &Before, sheet: &mut Sheet) {
    let ratings = evidence.ratings;
    let why = "the grid did not hold the voltage until the contact of S1 opened";
    let limit = procedure_limit(
        Some(0.97 * ratings.nominal_v),
        Some(1.03 * ratings.nominal_v),
        "voltage within 3 % of nominal until S1 opens",
    );
    let value = evidence
        .volts_budget(state.dut.volts)
        .measure(state.dut.volts);
    sheet.condition(
        "voltage before opening",
        limit,
        value,
        Verdict::Inconclusive,
        why,
    );
    let limit = procedure_limit(
        Some(ratings.nominal_hz - 0.1),
        Some(ratings.nominal_hz + 0.1),
        "frequency within 0.1 Hz of nominal until S1 opens",
    );
    let value = Budget::new("Hz")
        .rectangular("sample clock", evidence.specs.recorder_clock * state.hz)
        .sampling("sampling", state.hz * state.hz * evidence.step() / 3.0)
        .measure(state.hz);
    sheet.condition(
        "frequency before opening",
        limit,
        value,
        Verdict::Inconclusive,
        why,
    );
}

/// DUT power and the balance of the load just before the opening.
fn judge_before(
    spec: &AntiIslandingCase,
    evidence: &Evidence<'_>,
    state: &Before,
    sheet: &mut Sheet,
) {
    let power = |x: f64, amps: f64| {
        evidence
            .power_budget(state.dut.volts, amps, 0.0, 1.0, "W")
            .measure(x)
    };
    judge_grid(evidence, state, sheet);
    let allowance = 0.05 * spec.power_w.abs();
    let limit = procedure_limit(
        Some(spec.power_w - allowance),
        Some(spec.power_w + allowance),
        "DUT power within ±5 % of the condition",
    );
    let measured = power(state.dut.watts, state.dut.amps);
    let why = if state.dut.watts < spec.power_w {
        "DUT did not feed the power of the condition"
    } else {
        "DUT fed more than the power of the condition"
    };
    sheet.condition(
        "DUT power before opening",
        limit,
        measured,
        Verdict::Fail,
        why,
    );

    let Some(source) = state.source else { return };
    let allowance = 0.02 * evidence.ratings.rated_w;
    let wanted = [
        (
            "active imbalance before opening",
            spec.delta_p * spec.power_w,
            source.watts,
            "W",
        ),
        (
            "reactive imbalance before opening",
            spec.delta_q * spec.power_w,
            source.vars,
            "var",
        ),
    ];
    for (name, want, got, unit) in wanted {
        let limit = procedure_limit(
            Some(want - allowance),
            Some(want + allowance),
            "power through S1 within ±2 % of rated of the case",
        );
        let value = evidence
            .power_budget(source.volts, source.amps, 0.0, 1.0, unit)
            .measure(got);
        sheet.condition(
            name,
            limit,
            value,
            Verdict::Inconclusive,
            "the load is not tuned to the case",
        );
    }
}

/// After the contact opened no current may pass S1: otherwise it did not open.
fn judge_opening(evidence: &Evidence<'_>, opens: f64, sheet: &mut Sheet) -> Judged {
    let source = evidence.analog(ChannelKind::SourceCurrent)?;
    let cycle = evidence.cycle();
    let from = opens + cycle + evidence.specs.contact_lag_s.abs() * evidence.rate();
    let values = source.values(from as usize..(from + 2.0 * cycle) as usize);
    let Some(amps) = rms_window(&values, 0.0, values.len() as f64 - 1.0) else {
        return Err(Stop::error(
            "the record ends too soon after the opening of S1",
        ));
    };
    let rated = evidence.ratings.rated_a;
    let limit = procedure_limit(
        None,
        Some(0.02 * rated + evidence.clamp_offset()),
        "no current through S1 once open",
    );
    let value = Budget::new("A")
        .rectangular("instrument gain and offset", evidence.clamp_offset())
        .measure(amps);
    let why = "S1 still carried current after its contact opened";
    sheet.bench_condition("S1 interrupted", limit, value, why);
    Ok(())
}
