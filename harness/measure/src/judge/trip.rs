//! One protection element by a step beyond its limit: disconnection time within [withstand,
//! maximum], and whether the source did what it was told.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::{Ratings, TripCase, TripQuantity};
use gridproof_model::record::CaseData;
use gridproof_model::verdict::Verdict;

use super::evidence::Evidence;
use super::feeding::{
    Before, Ending, Start, amps_just_before, before, ending, judge_ending, voltage_between,
};
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use crate::edge::{first_falling, nearest_rising};
use crate::run_on::Cessation;
use crate::trip_time::{Stimulus, frequency_change, voltage_change};
use crate::uncertainty::Budget;

/// Largest difference between trigger and departure beyond the slew, s.
const AGREEMENT_S: f64 = 5e-3;
/// Part before the trigger that may already be disturbed, s.
const MARGIN_S: f64 = 8e-3;
/// Cycles before the DUT stops over which the other quantity is looked at.
const CYCLES_UNTIL: f64 = 10.0;
/// Part after the trigger in which the change is looked for, s.
const SEARCH_S: f64 = 3.0;

pub(super) fn judge(
    spec: &TripCase,
    ratings: &Ratings,
    data: &CaseData,
    sheet: &mut Sheet,
) -> Judged {
    let evidence = Evidence::find(data, "trip", ratings)?;
    if !(spec.from.is_finite() && spec.to.is_finite() && spec.threshold.is_finite())
        || spec.from == spec.to
    {
        return Err(Stop::error("the case has no step"));
    }
    let trigger = evidence.contact(ChannelKind::SourceTrigger)?;
    let told = nearest_rising(&trigger, evidence.trigger())
        .ok_or_else(|| Stop::error("the trigger of the source shows no edge"))?;
    sheet.instant("source told", evidence.name(), evidence.seconds(told));

    let state = before(&evidence, told - 1.0, false)?;
    let stimulus = departure(spec, &evidence, told)?;
    let Some(stimulus) = stimulus else {
        sheet.stop(
            "stimulus",
            Verdict::Inconclusive,
            "source did not do what it was told: the voltage never departed",
        );
        return Ok(());
    };
    sheet.instant(
        "source acts",
        evidence.name(),
        evidence.seconds(stimulus.departure),
    );
    judge_agreement(&evidence, told, &stimulus, sheet);

    // A ramp counts from where it crosses the element's limit, a step from the trigger.
    let event = if stimulus.slew_s > 1.0 / ratings.nominal_hz {
        stimulus.crossing.unwrap_or(told)
    } else {
        told
    };
    sheet.instant("event", evidence.name(), evidence.seconds(event));

    let end = ending(&evidence, event)?;
    judge_power(spec, &evidence, &state, sheet);
    judge_undisturbed(spec, &evidence, event, &end, sheet)?;
    let present = 0.01 * ratings.rated_a;
    let tail = amps_just_before(&evidence, event, 2.0)?;
    if state.dut.amps < present || tail < present {
        let note = if state.dut.amps < present {
            "the DUT was not feeding before the event"
        } else {
            "the DUT had stopped feeding before the event"
        };
        sheet.unmeasured("disconnection time", &spec.disconnect, Verdict::Fail, note);
        return Ok(());
    }
    let ramp_doubt = if event == told {
        0.0
    } else {
        0.5 / ratings.nominal_hz
    };
    let doubts = [
        (
            "algorithm: crossing of a ramp by one-cycle values",
            ramp_doubt,
        ),
        (
            "departure of the voltage against the trigger",
            evidence.seconds(stimulus.doubt).min(AGREEMENT_S),
        ),
    ];
    let start = Start {
        at: event,
        doubts: &doubts,
    };
    let ceased = judge_ending(
        "disconnection time",
        &evidence,
        &start,
        &end,
        &state,
        &spec.disconnect,
        sheet,
    );
    if let Some(relay) = evidence.optional_contact(ChannelKind::DutRelay)
        && let Some(opens) = first_falling(&relay, 1e-3)
        && opens > event
    {
        sheet.instant("DUT relay opens", evidence.name(), evidence.seconds(opens));
        let value = Budget::new("s")
            .sampling("sampling", evidence.step())
            .measure(evidence.seconds(opens - event));
        sheet.inform("relay opening time", value);
    }
    let until = ceased.unwrap_or(match end.cessation {
        Cessation::StillFlowing { last, .. } => last,
        Cessation::NeverPresent | Cessation::Ceased(_) | Cessation::TooShort => {
            evidence.len() as f64
        }
    });
    judge_reached(spec, &evidence, event, &stimulus, until, sheet)
}

/// The DUT must have fed the power of the case: what little is left of a unit in trouble is no
/// evidence of how it disconnects.
fn judge_power(spec: &TripCase, evidence: &Evidence<'_>, state: &Before, sheet: &mut Sheet) {
    let allowance = 0.1 * evidence.ratings.rated_w;
    let limit = procedure_limit(
        Some(spec.power_w - allowance),
        Some(spec.power_w + allowance),
        "DUT power within ±10 % of rated of the case",
    );
    let value = evidence
        .power_budget(state.dut.volts, state.dut.amps, 0.0, 1.0, "W")
        .measure(state.dut.watts);
    sheet.condition(
        "power before the event",
        limit,
        value,
        Verdict::Inconclusive,
        "the DUT did not feed the power of the case",
    );
}

/// The quantity that is not under test must stay nominal until the DUT stops, or another
/// element may have tripped.
fn judge_undisturbed(
    spec: &TripCase,
    evidence: &Evidence<'_>,
    event: f64,
    ending: &Ending,
    sheet: &mut Sheet,
) -> Judged {
    let volts = evidence.analog(ChannelKind::GridVoltage)?;
    let ratings = evidence.ratings;
    // A voltage below a fifth of nominal has no frequency to speak of.
    let until = match spec.quantity {
        TripQuantity::Voltage if spec.to < 0.2 * ratings.nominal_v => event,
        TripQuantity::Voltage | TripQuantity::Frequency => match &ending.cessation {
            Cessation::Ceased(ceased) => ceased.first.max(event),
            Cessation::StillFlowing { last, .. } => last.max(event),
            Cessation::NeverPresent | Cessation::TooShort => event,
        },
    };
    let Some((rms, hz)) = voltage_between(evidence, &volts, 0.0, until, CYCLES_UNTIL) else {
        return Err(Stop::error("fewer than one cycle was recorded"));
    };
    let why = "the source disturbed the quantity that is not under test: another element may have tripped";
    match (spec.quantity, hz) {
        (TripQuantity::Voltage, Some(hz)) => {
            let limit = procedure_limit(
                Some(ratings.nominal_hz - 0.2),
                Some(ratings.nominal_hz + 0.2),
                "frequency stays within 0.2 Hz of nominal",
            );
            let value = Budget::new("Hz")
                .rectangular("sample clock", evidence.specs.recorder_clock * hz)
                .sampling("sampling", hz * hz * evidence.step() / 3.0)
                .measure(hz);
            sheet.bench_condition("frequency undisturbed", limit, value, why);
        }
        (TripQuantity::Voltage, None) => sheet.stop(
            "frequency undisturbed",
            Verdict::Inconclusive,
            "the record does not show the frequency",
        ),
        (TripQuantity::Frequency, _) => {
            let limit = procedure_limit(
                Some(0.95 * ratings.nominal_v),
                Some(1.05 * ratings.nominal_v),
                "voltage stays within 5 % of nominal",
            );
            let value = evidence.volts_budget(rms).measure(rms);
            sheet.bench_condition("voltage undisturbed", limit, value, why);
        }
    }
    Ok(())
}

/// Finds when and how the source acted.
fn departure(
    spec: &TripCase,
    evidence: &Evidence<'_>,
    told: f64,
) -> Result<Option<Stimulus>, Stop> {
    let volts = evidence.analog(ChannelKind::GridVoltage)?;
    let rate = evidence.rate();
    let until = (told - MARGIN_S * rate).max(0.0) as usize;
    if (until as f64) < 3.5 * evidence.cycle() {
        return Err(Stop::error(
            "fewer than 3 cycles were recorded before the event",
        ));
    }
    let end = (told + SEARCH_S * rate) as usize;
    let first = until.saturating_sub((12.0 * evidence.cycle()) as usize);
    let values = volts.values(first..end);
    let change = (spec.from, spec.to, spec.threshold);
    let hz = evidence.ratings.nominal_hz;
    let found = match spec.quantity {
        TripQuantity::Voltage => voltage_change(&values, rate, hz, until - first, change),
        TripQuantity::Frequency => frequency_change(&values, rate, hz, until - first, change),
    };
    Ok(found.map(|s| Stimulus {
        departure: s.departure + first as f64,
        crossing: s.crossing.map(|c| c + first as f64),
        ..s
    }))
}

fn judge_agreement(evidence: &Evidence<'_>, told: f64, stimulus: &Stimulus, sheet: &mut Sheet) {
    let late = evidence.seconds(stimulus.departure - told);
    let limit = procedure_limit(
        Some(-AGREEMENT_S),
        Some(AGREEMENT_S + stimulus.slew_s),
        "voltage departs within 5 ms of the trigger, beyond the slew",
    );
    let value = Budget::new("s")
        .sampling("sampling", evidence.step())
        .rectangular(
            "algorithm: departure hidden at a zero",
            evidence.seconds(stimulus.doubt),
        )
        .measure(late);
    let why = "source did not do what it was told";
    sheet.bench_condition("source acts on its trigger", limit, value, why);
}

/// Whether the source reached the value of the case while the DUT was still there, or after.
fn judge_reached(
    spec: &TripCase,
    evidence: &Evidence<'_>,
    event: f64,
    stimulus: &Stimulus,
    ceased: f64,
    sheet: &mut Sheet,
) -> Judged {
    let volts = evidence.analog(ChannelKind::GridVoltage)?;
    let cycle = evidence.cycle();
    let settled = event.max(stimulus.departure) + stimulus.slew_s * evidence.rate() + 0.1 * cycle;
    let (need, most) = match spec.quantity {
        TripQuantity::Voltage => (1.5, 10.0),
        TripQuantity::Frequency => (3.2, 10.0),
    };
    let end = if ceased - settled >= need * cycle {
        ceased
    } else {
        settled + (most + 2.0) * cycle
    };
    let seen = voltage_between(evidence, &volts, settled, end, most);
    let (name, value, allowance, to) = match spec.quantity {
        TripQuantity::Voltage => {
            let value = seen.map(|(rms, _)| evidence.volts_budget(rms).measure(rms));
            (
                "voltage reached",
                value,
                0.01 * evidence.ratings.nominal_v,
                spec.to,
            )
        }
        TripQuantity::Frequency => {
            let value = seen.and_then(|(_, hz)| hz).map(|hz| {
                Budget::new("Hz")
                    .rectangular("sample clock", evidence.specs.recorder_clock * hz)
                    .sampling("sampling", hz * hz * evidence.step() / 3.0)
                    .measure(hz)
            });
            ("frequency reached", value, 0.05, spec.to)
        }
    };
    let limit = procedure_limit(
        Some(to - allowance),
        Some(to + allowance),
        "source reached the value of the case",
    );
    match value {
        Some(value) => {
            sheet.bench_condition(
                name,
                limit,
                value,
                "source did not reach the value it was told",
            );
        }
        None => sheet.unmeasured(
            name,
            &limit,
            Verdict::Inconclusive,
            "nothing recorded to tell",
        ),
    }
    Ok(())
}
