//! Frequency-watt: over-frequency or under-frequency, as the stair goes above or below nominal.

use gridproof_model::case::{CaseSpec, Curve, CurveKind, FrequencyReturnCase, HeldReturn};
use gridproof_model::dut::DutProfile;
use gridproof_model::grid_code::{
    FrequencyCriterion, FrequencySide, FrequencyWattLimits, Side, SlopeLimits, WayBack,
};
use gridproof_model::plan::FrequencyWattParams;
use gridproof_model::verdict::Mark;

use super::curve::{Method, Times};
use super::{Coded, Expansion, Problem, number};

/// Read after the time the ramp needs for the whole way, s: the response to its end, and a DUT that
/// begins late.
const BEYOND_S: f64 = 60.0;

pub(super) fn expand(
    coded: &Coded<'_>,
    params: &FrequencyWattParams,
) -> Result<Expansion, Problem> {
    let limits = coded
        .code
        .frequency_watt
        .as_ref()
        .ok_or_else(|| coded.lacks("frequency-watt response"))?;
    let direction = side_of(coded, params)?;
    let (name, side) = match direction {
        Side::Over => ("over-frequency", limits.over.as_ref()),
        Side::Under => ("under-frequency", limits.under.as_ref()),
    };
    let side = side.ok_or_else(|| coded.lacks(&format!("{name} response")))?;
    let powers = params
        .powers
        .iter()
        .map(|power| power.resolve(coded.dut.ratings.power.0));
    let mut cases = Vec::new();
    for power_w in powers {
        let curve = match curve(coded, limits, (direction, side), power_w)? {
            Ok(curve) => curve,
            Err(reason) => return Ok(Expansion::NotApplicable(reason)),
        };
        let held = limits
            .way_back
            .as_ref()
            .map(|way_back| held(coded, limits, way_back, (direction, side)));
        let method = Method {
            name: "frequency-watt",
            curve: curve.clone(),
            power_w,
            stimuli: params.frequencies.expand(),
            ends: (params.frequencies.from.0, params.frequencies.to.0),
            dwell_s: params.dwell.0,
            window_s: params.window.0,
            held,
            steps: params
                .steps
                .iter()
                .map(|(from, to)| (from.0, to.0))
                .collect(),
            times: times(&limits.criterion),
            clause: &limits.clause,
            timing_mark: limits.timing_mark,
        };
        let at_power = |(label, spec)| (format!("{} W, {label}", number(power_w)), spec);
        cases.extend(method.cases(coded).into_iter().map(at_power));
        if let Some(way_back) = &limits.way_back {
            cases.push(at_power(way_of_return(
                coded, limits, way_back, params, curve, power_w,
            )));
        }
    }
    Ok(Expansion::Cases(cases))
}

/// A stair and its steps test one side of nominal.
fn side_of(coded: &Coded<'_>, params: &FrequencyWattParams) -> Result<Side, Problem> {
    let nominal = coded.code.nominal.frequency.0;
    let stair = [params.frequencies.from.0, params.frequencies.to.0];
    let steps = params.steps.iter().flat_map(|(from, to)| [from.0, to.0]);
    let all: Vec<f64> = stair.into_iter().chain(steps).collect();
    if all.iter().all(|&hz| hz >= nominal) {
        return Ok(Side::Over);
    }
    if all.iter().all(|&hz| hz <= nominal) {
        return Ok(Side::Under);
    }
    Err(Problem {
        at: coded.test.id.at,
        message: format!(
            "test `{}` goes to both sides of {} Hz",
            coded.test.id,
            number(nominal)
        ),
        hint: Some("make one test for over-frequency and one for under-frequency".into()),
    })
}

fn times(criterion: &FrequencyCriterion) -> Times {
    match criterion {
        FrequencyCriterion::CommenceComplete(times) => Times::CommenceComplete {
            commence_s: times.commence_max.0,
            complete_s: times.complete_max.0,
        },
        FrequencyCriterion::OpenLoop(response) => Times::OpenLoop {
            response_s: response.response_time.0,
            accuracy_multiple: response.accuracy_multiple,
        },
    }
}

/// Rated charging power where the DUT can charge from the grid, W.
fn charges(dut: &DutProfile) -> Option<f64> {
    dut.battery.as_ref()?;
    dut.ratings.charge_power.map(|power| power.0)
}

/// The slope from the commanded power as a curve; `Err` says why there is none for this DUT.
fn curve(
    coded: &Coded<'_>,
    limits: &FrequencyWattLimits,
    (direction, side): (Side, &FrequencySide),
    power_w: f64,
) -> Result<Result<Curve, String>, Problem> {
    let dut = coded.dut;
    let charge_w = charges(dut);
    let (stated, family) = match charge_w {
        Some(_) => (&side.storage, "with storage"),
        None => (&side.generation, "without storage"),
    };
    let Some(stated) = stated else {
        return Ok(Err(format!(
            "{} asks for no {} of a DUT {family}",
            coded.code.standard_edition(),
            match direction {
                Side::Over => "response to over-frequency",
                Side::Under => "response to under-frequency",
            }
        )));
    };
    if power_w < 0.0 && charge_w.is_none() {
        return Ok(Err("it does not charge from the grid".into()));
    }
    // Outwards from the dead band power goes from `start` to the opposite of its sign.
    let sign = match direction {
        Side::Over => 1.0,
        Side::Under => -1.0,
    };
    let base = dut.ratings.apparent_va();
    let rated = dut.ratings.power.0 / base;
    let opposite = match direction {
        Side::Over => -charge_w.unwrap_or(0.0) / base,
        Side::Under => rated,
    };
    let start = side.start.0;
    let p0 = power_w / base;
    let mut points = vec![(start, p0)];
    match stated.slope {
        SlopeLimits::ZeroAt(_) | SlopeLimits::Reversal(_) if sign * p0 < 0.0 => {
            return Err(towards_zero(coded, power_w));
        }
        SlopeLimits::ZeroAt(zero) => points.push((zero.0, 0.0)),
        SlopeLimits::Reversal(through) => {
            points.extend([(through.zero_at.0, 0.0), (through.full_at.0, opposite)]);
        }
        SlopeLimits::Droop(droop) => {
            // Rated power for a change of frequency by the droop, of nominal.
            let hz_per_pu = droop.0 * coded.code.nominal.frequency.0 / rated;
            points.push((start + (p0 - opposite) * hz_per_pu, opposite));
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (tolerance_pu, tolerance_x) = match &limits.criterion {
        FrequencyCriterion::CommenceComplete(times) => {
            (times.tolerance.0, times.frequency_tolerance.0)
        }
        FrequencyCriterion::OpenLoop(response) => (
            response.accuracy_multiple * response.power_accuracy.0,
            response.accuracy_multiple * response.frequency_accuracy.0,
        ),
    };
    Ok(Ok(Curve {
        kind: CurveKind::FrequencyWatt,
        points,
        tolerance_pu,
        tolerance_x,
        reactive_pu: None,
        origin: coded.origin("frequency-watt", &limits.clause),
        mark: stated.mark,
    }))
}

fn towards_zero(coded: &Coded<'_>, power_w: f64) -> Problem {
    Problem {
        at: coded.test.id.at,
        message: format!(
            "the slope of `{}` goes to zero, and {} W lies on the other side of it",
            coded.code.grid_code,
            number(power_w)
        ),
        hint: Some(
            "test over-frequency from powers that feed, under-frequency from powers that charge"
                .into(),
        ),
    }
}

/// Down to where the level must hold: a hysteresis that is not confirmed asks for nothing.
fn held(
    coded: &Coded<'_>,
    limits: &FrequencyWattLimits,
    way_back: &WayBack,
    (direction, side): (Side, &FrequencySide),
) -> HeldReturn {
    let hysteresis = match way_back.hysteresis_mark {
        Mark::Unconfirmed => 0.0,
        Mark::S | Mark::Verified | Mark::K => way_back.hysteresis.0,
    };
    let until = match direction {
        Side::Over => side.start.0 - hysteresis,
        Side::Under => side.start.0 + hysteresis,
    };
    HeldReturn {
        until,
        origin: coded.origin("frequency-watt way back", &limits.clause),
        mark: way_back.mark,
    }
}

fn way_of_return(
    coded: &Coded<'_>,
    limits: &FrequencyWattLimits,
    way_back: &WayBack,
    params: &FrequencyWattParams,
    curve: Curve,
    power_w: f64,
) -> (String, CaseSpec) {
    let (back, far) = (params.frequencies.from.0, params.frequencies.to.0);
    let ratings = &coded.dut.ratings;
    let ramp_pu_per_s = way_back.ramp.0 * ratings.power.0 / ratings.apparent_va();
    let way = (curve.at(back) - curve.at(far)).abs();
    let label = format!("return from {} Hz to {} Hz", number(far), number(back));
    let spec = CaseSpec::FrequencyReturn(FrequencyReturnCase {
        curve,
        far,
        back,
        dwell_s: params.dwell.0,
        window_s: params.window.0,
        power_w,
        hold_s: way_back.hold.0,
        ramp_pu_per_s,
        observe_s: (way_back.hold.0 + way / ramp_pu_per_s + BEYOND_S).ceil(),
        origin: coded.origin("frequency-watt hold and ramp", &limits.clause),
        mark: way_back.mark,
    });
    (label, spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridproof_model::load;
    use gridproof_model::plan::PlanTest;

    use crate::catalog;

    fn test(code: &str, powers: &str, frequencies: &str) -> PlanTest {
        let text = format!(
            "plan: p\ntitle: t\nduts: [reference-5kva]\ntests:\n  - id: FW\n    title: t\n    cites: {{standard: s}}\n    grid_code: {code}\n    procedure:\n      frequency-watt: {{powers: {powers}, frequencies: {frequencies}, dwell: 15 s, window: 5 s}}\n"
        );
        let plan = load::parse_plan("p", &text).unwrap_or_else(|problems| panic!("{problems}"));
        plan.tests.into_iter().next().expect("one test")
    }

    fn expanded(test: &PlanTest, with_storage: bool) -> Result<Expansion, Problem> {
        let mut dut = catalog::dut("reference-5kva").expect("shipped").value;
        if !with_storage {
            dut.battery = None;
        }
        let name = test.grid_code.as_ref().expect("a grid code");
        let code = catalog::grid_code(&name.value).expect("shipped").value;
        super::super::expand(test, &dut, Some(&code))
    }

    fn points(expansion: Result<Expansion, Problem>) -> Vec<(f64, f64)> {
        let Ok(Expansion::Cases(cases)) = expansion else {
            panic!("{expansion:?}");
        };
        let CaseSpec::CurveSweep(spec) = &cases[0].1 else {
            panic!("{:?}", cases[0]);
        };
        spec.curve.points.clone()
    }

    const AS: &str = "as-nzs-4777.2-2020-a";
    const IEEE: &str = "ieee-1547-2018-b";
    const UP: &str = "{from: 50 Hz, to: 51.75 Hz, step: 0.25 Hz}";
    const DOWN: &str = "{from: 50 Hz, to: 48.25 Hz, step: 0.25 Hz}";

    /// 5 kW of 5.5 kVA.
    const FULL: f64 = 5.0 / 5.5;

    #[test]
    fn storage_goes_through_zero_and_generation_to_it() {
        let full = test(AS, "[100 %Pn]", UP);
        let want = [(50.25, FULL), (50.75, 0.0), (52.0, -FULL)];
        assert_eq!(points(expanded(&full, true)), want);
        assert_eq!(points(expanded(&full, false)), [(50.25, FULL), (52.0, 0.0)]);
        let charging = test(AS, "[-100 %Pn]", DOWN);
        let want = [(48.0, FULL), (49.0, 0.0), (49.75, -FULL)];
        assert_eq!(points(expanded(&charging, true)), want);
        // Nothing is asked of a DUT that cannot charge.
        let none = expanded(&test(AS, "[50 %Pn]", DOWN), false);
        assert!(matches!(none, Ok(Expansion::NotApplicable(_))), "{none:?}");
    }

    #[test]
    fn droop_is_of_rated_power_and_nominal_frequency() {
        let over = points(expanded(&test(IEEE, "[50 %Pn]", UP), true));
        // From half to minus full power: 1.5 of the 2.5 Hz.
        let want = [(50.036, 0.5 * FULL), (53.786, -FULL)];
        for (got, want) in over.iter().zip(want) {
            assert!((got.0 - want.0).abs() < 1e-9 && (got.1 - want.1).abs() < 1e-9);
        }
        let under = points(expanded(&test(IEEE, "[50 %Pn]", DOWN), true));
        let want = [(48.714, FULL), (49.964, 0.5 * FULL)];
        for (got, want) in under.iter().zip(want) {
            assert!((got.0 - want.0).abs() < 1e-9 && (got.1 - want.1).abs() < 1e-9);
        }
    }

    #[test]
    fn a_way_back_only_where_the_code_asks_for_one() {
        for (code, returns) in [(AS, 1), (IEEE, 0)] {
            let Ok(Expansion::Cases(cases)) = expanded(&test(code, "[100 %Pn]", UP), true) else {
                panic!("{code}");
            };
            let found = cases
                .iter()
                .filter(|(_, spec)| matches!(spec, CaseSpec::FrequencyReturn(_)))
                .count();
            assert_eq!(found, returns, "{code}");
            for (_, spec) in &cases {
                // An unconfirmed hysteresis is not asked for.
                if let CaseSpec::CurveSweep(spec) = spec {
                    let until = spec.held.as_ref().map(|held| held.until);
                    assert_eq!(until, (returns == 1).then_some(50.25));
                }
                // 20 s, from −80 % of 5 kW to full at 16.67 %/min, and a minute.
                if let CaseSpec::FrequencyReturn(spec) = spec {
                    let way = 20.0 + 1.8 / (0.1667 / 60.0) + BEYOND_S;
                    assert!((spec.observe_s - way).abs() <= 1.0, "{}", spec.observe_s);
                }
            }
        }
    }

    #[test]
    fn mistakes_say_what_is_wrong() {
        let problem = |code, powers, frequencies| {
            expanded(&test(code, powers, frequencies), true)
                .expect_err("a mistake")
                .message
        };
        let both = "{from: 49 Hz, to: 51 Hz, step: 0.25 Hz}";
        assert!(problem(AS, "[100 %Pn]", both).contains("both sides of 50 Hz"));
        assert!(problem(AS, "[-50 %Pn]", UP).contains("the other side"));
        assert!(problem("iec-62116-2014", "[50 %Pn]", UP).contains("no frequency-watt response"));
    }
}
