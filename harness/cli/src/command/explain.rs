//! `gridproof explain`: the expanded cases, for people who review a plan.

use gridproof_model::case::{Case, CaseSpec, CurveKind, Limit};
use gridproof_runner::campaign::{Campaign, Request, UnitContent, expected_s};

use crate::args::Explain;
use crate::failure::Failure;
use crate::output;

pub(crate) fn explain(args: &Explain) -> Result<u8, Failure> {
    let campaign = Campaign::load(&Request::from(&args.select))?;
    if args.json {
        let cases: Vec<&Case> = campaign
            .units
            .iter()
            .flat_map(|unit| unit.content.cases())
            .collect();
        let text = serde_json::to_string_pretty(&cases)
            .map_err(|error| Failure::infrastructure(error.to_string()))?;
        output::data(&format!("{text}\n"));
        return Ok(0);
    }
    let mut text = String::new();
    for unit in &campaign.units {
        let dut = &campaign.duts[unit.dut].value;
        text.push_str(&format!(
            "\n{} on {} – {}\n",
            unit.test, dut.dut, unit.title
        ));
        match &unit.content {
            UnitContent::NotApplicable(reason) => {
                text.push_str(&format!("  not applicable: {reason}\n"))
            }
            UnitContent::Cases(cases) => {
                if let Some(case) = cases.first() {
                    text.push_str(&format!(
                        "  {}; {}:{}\n",
                        case.cites, case.line.file, case.line.line
                    ));
                }
                for case in cases {
                    let about = output::span(expected_s(case));
                    text.push_str(&format!(
                        "  {:<34} {:<44} about {about}\n",
                        case.label,
                        limits(&case.spec)
                    ));
                }
            }
        }
    }
    output::data(text.trim_start_matches('\n'));
    Ok(0)
}

fn limits(spec: &CaseSpec) -> String {
    match spec {
        CaseSpec::AntiIslanding(spec) => format!("run-on {}", range(&spec.run_on)),
        CaseSpec::Transfer(spec) => format!("transfer {}", range(&spec.transfer)),
        CaseSpec::CurveSweep(spec) => {
            let way_back = match &spec.held {
                Some(_) => ", level held on the way back",
                None => "",
            };
            format!(
                "{} {}, corridor ±{:.1} %S{way_back}",
                spec.stimuli.len(),
                match spec.curve.kind {
                    CurveKind::VoltVar | CurveKind::VoltWatt => "voltages",
                    CurveKind::FrequencyWatt => "frequencies",
                },
                spec.curve.tolerance_pu * 100.0
            )
        }
        CaseSpec::CurveStep(spec) => format!(
            "commence {}, complete {}",
            range(&spec.commence),
            range(&spec.complete)
        ),
        CaseSpec::OpenLoopStep(spec) => format!(
            "open loop, 90 % at {} ± {}, corridor ±{:.1} %S",
            output::span(spec.response_s),
            output::span(spec.tolerance_s),
            spec.curve.tolerance_pu * 100.0
        ),
        CaseSpec::FrequencyReturn(spec) => format!(
            "hold {}, then at most {:.2} %S/min",
            output::span(spec.hold_s),
            spec.ramp_pu_per_s * 6000.0
        ),
        CaseSpec::Drm(spec) => {
            let percent = |value: Option<f64>| {
                value.map_or("–".into(), |value| format!("{:.0} %", value * 100.0))
            };
            format!(
                "level {} … {} in {}",
                percent(spec.level.min),
                percent(spec.level.max),
                range(&spec.response)
            )
        }
        CaseSpec::Trip(spec) => format!("disconnect {}", range(&spec.disconnect)),
        CaseSpec::Derating(spec) => format!("full power up to {:.0} °C", spec.start_c),
    }
}

fn range(limit: &Limit) -> String {
    match (limit.min, limit.max) {
        (Some(min), Some(max)) => format!("{} … {}", output::span(min), output::span(max)),
        (None, Some(max)) => format!("≤ {}", output::span(max)),
        (Some(min), None) => format!("≥ {}", output::span(min)),
        (None, None) => "–".into(),
    }
}
