//! Derating by ambient temperature.

use gridproof_model::case::{CaseSpec, DeratingCase};
use gridproof_model::dut::DutProfile;
use gridproof_model::plan::DeratingParams;

use super::{Expansion, number};

pub(super) fn derating(dut: &DutProfile, params: &DeratingParams) -> Expansion {
    let Some(start) = &dut.temperature.derating_start else {
        return Expansion::NotApplicable(format!(
            "profile lacks `temperature.derating_start`: the manual of the {} {} names no temperature",
            dut.maker, dut.model
        ));
    };
    let rated_w = dut.ratings.power.0;
    let spec = DeratingCase {
        ambient_c: params.ambient.iter().map(|celsius| celsius.0).collect(),
        start_c: start.value.0,
        full_pu: params.full.of_rated(rated_w),
        reduction_pu: params.reduction.of_rated(rated_w),
        soak_s: params.soak.0,
        window_s: params.window.0,
        mark: start.mark,
        origin: format!("DUT profile {}, {}", dut.dut, start.source),
    };
    let label = format!("derating above {} °C", number(start.value.0));
    Expansion::Cases(vec![(label, CaseSpec::Derating(spec))])
}
