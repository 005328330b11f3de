//! Anti-islanding and transfer to back-up.

use gridproof_model::case::{AntiIslandingCase, CaseSpec, Limit, TransferCase};
use gridproof_model::dut::DutProfile;
use gridproof_model::plan::{AntiIslandingParams, TransferParams};

use super::{Coded, Expansion, Problem, number, signed};

pub(super) fn anti_islanding(
    coded: &Coded<'_>,
    params: &AntiIslandingParams,
) -> Result<Expansion, Problem> {
    let limits = coded
        .code
        .anti_islanding
        .as_ref()
        .ok_or_else(|| coded.lacks("anti-islanding limits"))?;
    let rated_w = coded.dut.ratings.power.0;
    let mut points: Vec<(f64, f64)> = params
        .delta_p
        .iter()
        .flat_map(|delta_p| {
            params
                .delta_q
                .iter()
                .map(move |delta_q| (delta_p.0, delta_q.0))
        })
        .collect();
    // The balanced point first: the others are judged relative to it (IEC 62116 clause 6.1).
    points.sort_by_key(|&(delta_p, delta_q)| delta_p != 0.0 || delta_q != 0.0);
    let repeats = params.repeats.unwrap_or(1);
    let cases = points
        .into_iter()
        .flat_map(|point| (1..=repeats).map(move |repeat| (point, repeat)))
        .map(|((delta_p, delta_q), repeat)| {
            let label = format!(
                "ΔP {} %, ΔQ {} %{}",
                signed(delta_p * 100.0),
                signed(delta_q * 100.0),
                shot(repeat, repeats)
            );
            let spec = AntiIslandingCase {
                power_w: params.power.resolve(rated_w),
                delta_p,
                delta_q,
                quality_factor: params.quality_factor.unwrap_or(limits.quality_factor),
                dc_voltage: params
                    .dc_voltage
                    .map_or_else(AntiIslandingCase::condition_a, |fraction| fraction.0),
                run_on: Limit {
                    min: None,
                    max: Some(limits.run_on_max.0),
                    origin: coded.origin("run-on time", &limits.clause),
                    mark: limits.mark,
                },
            };
            (label, CaseSpec::AntiIslanding(spec))
        })
        .collect();
    Ok(Expansion::Cases(cases))
}

pub(super) fn transfer(dut: &DutProfile, params: &TransferParams) -> Expansion {
    let Some(backup) = &dut.backup else {
        return Expansion::NotApplicable(format!(
            "the {} {} has no back-up port",
            dut.maker, dut.model
        ));
    };
    let Some(stated) = &backup.transfer_time else {
        return Expansion::NotApplicable(format!(
            "profile lacks `backup.transfer_time`: the manual of the {} {} states no switching time",
            dut.maker, dut.model
        ));
    };
    let repeats = params.repeats.unwrap_or(1);
    let mut cases = Vec::new();
    for load in &params.loads {
        let load_w = load.resolve(backup.power.0);
        for angle in &params.angles {
            for repeat in 1..=repeats {
                let label = format!(
                    "{} W, {}°{}",
                    number(load_w),
                    number(angle.0),
                    shot(repeat, repeats)
                );
                let spec = TransferCase {
                    load_w,
                    angle_deg: angle.0,
                    transfer: Limit {
                        min: None,
                        max: Some(stated.max.0),
                        origin: format!("DUT profile {}, {}", dut.dut, stated.source),
                        mark: stated.mark,
                    },
                };
                cases.push((label, CaseSpec::Transfer(spec)));
            }
        }
    }
    Expansion::Cases(cases)
}

/// What tells the repeats of one point apart in a label; nothing where it is run once.
fn shot(repeat: u32, repeats: u32) -> String {
    if repeats > 1 {
        format!(", shot {repeat}")
    } else {
        String::new()
    }
}
