//! Conditions without which a transfer time means nothing: the grid fed the port before, it really
//! vanished, and the load was the one of the case.

use gridproof_model::capture::ChannelKind;
use gridproof_model::case::TransferCase;
use gridproof_model::verdict::Verdict;

use super::evidence::Evidence;
use super::sheet::{Judged, Sheet, Stop, procedure_limit};
use crate::power::mean_before;
use crate::rms::rms;
use crate::sine_fit::SineFit;
use crate::uncertainty::Budget;

/// Cycles before the event over which the port is compared with the grid.
const SUPPLY_CYCLES: f64 = 5.0;

/// Before the event the back-up port must follow the grid, or there is nothing to transfer: a DUT
/// that forms its own voltage already would show no gap at all.
pub(super) fn judge_supply(
    evidence: &Evidence<'_>,
    volts: &[f64],
    undisturbed: usize,
    sheet: &mut Sheet,
) -> Judged {
    let from = undisturbed.saturating_sub((SUPPLY_CYCLES * evidence.cycle()) as usize);
    let grid = evidence
        .analog(ChannelKind::GridVoltage)?
        .values(from..undisturbed);
    let Some(port) = volts.get(from..undisturbed).filter(|port| !port.is_empty()) else {
        return Err(Stop::error("nothing was recorded before the event"));
    };
    let difference: Vec<f64> = port.iter().zip(&grid).map(|(a, b)| a - b).collect();
    let apart = rms(&difference);
    let limit = procedure_limit(
        None,
        Some(0.1 * evidence.ratings.nominal_v),
        "the port follows the grid before the event within 10 % of nominal",
    );
    let value = evidence.volts_budget(apart).measure(apart);
    sheet.condition(
        "port fed from the grid before",
        limit,
        value,
        Verdict::Inconclusive,
        "the DUT did not feed the port from the grid before the event: there was nothing to transfer",
    );
    Ok(())
}

/// The grid voltage must really have vanished; its angle at the event is informative.
pub(super) fn judge_stimulus(
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
    sheet.bench_condition(
        "grid vanished",
        limit,
        value,
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
pub(super) fn judge_load(
    spec: &TransferCase,
    evidence: &Evidence<'_>,
    volts: &[f64],
    undisturbed: usize,
    sheet: &mut Sheet,
) -> Judged {
    if spec.load_w.is_nan() {
        return Err(Stop::error("the load of the case is not a number"));
    }
    if spec.load_w <= 0.0 {
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
    sheet.bench_condition(
        "back-up load",
        limit,
        value,
        "the load is not the one of the case",
    );
    Ok(())
}
