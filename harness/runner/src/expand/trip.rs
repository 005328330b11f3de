//! Protection elements and demand-response modes.

use gridproof_model::case::{CaseSpec, DrmCase, Flow, Limit, TripCase, TripQuantity};
use gridproof_model::grid_code::{Side, TripLimit};
use gridproof_model::plan::{DrmParams, TripParams};

use super::{Coded, Expansion, Problem, number};

/// Recorded beyond the latest permitted disconnection, s.
const BEYOND_S: f64 = 1.0;

pub(super) fn trip(coded: &Coded<'_>, params: &TripParams) -> Result<Expansion, Problem> {
    let Some(limit) = coded.code.trips.get(&params.element.value) else {
        let names: Vec<&str> = coded.code.trips.keys().map(String::as_str).collect();
        return Err(Problem {
            at: params.element.at,
            message: format!(
                "grid code `{}` has no protection element `{}`",
                coded.code.grid_code, params.element
            ),
            hint: Some(if names.is_empty() {
                "it has none at all".into()
            } else {
                format!("it has {}", names.join(", "))
            }),
        });
    };
    if params.beyond.quantity() != limit.quantity || limit.threshold.quantity() != limit.quantity {
        let unit = match limit.quantity {
            TripQuantity::Voltage => "V",
            TripQuantity::Frequency => "Hz",
        };
        return Err(Problem {
            at: params.element.at,
            message: format!(
                "`beyond` of {} must be in {unit}, as its threshold {}",
                params.element, limit.threshold
            ),
            hint: Some(format!("write e.g. `beyond: 0.1 {unit}`")),
        });
    }
    let from = match limit.quantity {
        TripQuantity::Voltage => coded.dut.ratings.voltage.0,
        TripQuantity::Frequency => coded.dut.ratings.frequency.0,
    };
    let threshold = limit.threshold.value();
    let to = match limit.side {
        Side::Over => threshold + params.beyond.value(),
        Side::Under => threshold - params.beyond.value(),
    };
    if let Some(problem) = further_element(coded, params, limit, to) {
        return Err(problem);
    }
    let unit = if limit.quantity == TripQuantity::Voltage {
        "V"
    } else {
        "Hz"
    };
    let repeats = params.repeats.unwrap_or(1);
    let cases = (1..=repeats)
        .map(|repeat| {
            let spec = TripCase {
                element: params.element.value.clone(),
                quantity: limit.quantity,
                threshold,
                from,
                to,
                power_w: params.power.resolve(coded.dut.ratings.power.0),
                disconnect: Limit {
                    min: limit.delay.map(|delay| delay.0),
                    max: Some(limit.max.0),
                    origin: coded.origin(&params.element.value, &limit.clause),
                    mark: limit.mark,
                },
                observe_s: limit.max.0 + BEYOND_S,
            };
            (
                format!(
                    "{} {unit} to {} {unit}, shot {repeat}",
                    number(from),
                    number(to)
                ),
                CaseSpec::Trip(spec),
            )
        })
        .collect();
    Ok(Expansion::Cases(cases))
}

/// A step that also exceeds an element further out proves nothing about the one that is named:
/// either may have tripped.
fn further_element(
    coded: &Coded<'_>,
    params: &TripParams,
    limit: &TripLimit,
    to: f64,
) -> Option<Problem> {
    let threshold = limit.threshold.value();
    let (name, other) = coded.code.trips.iter().find(|(name, other)| {
        let at = other.threshold.value();
        let between = match limit.side {
            Side::Over => at > threshold && at <= to,
            Side::Under => at < threshold && at >= to,
        };
        **name != params.element.value
            && other.quantity == limit.quantity
            && other.side == limit.side
            && between
    })?;
    let room = (other.threshold.value() - threshold).abs();
    let unit = match limit.quantity {
        TripQuantity::Voltage => "V",
        TripQuantity::Frequency => "Hz",
    };
    Some(Problem {
        at: params.element.at,
        message: format!(
            "the step for {} reaches beyond {name} at {}: a trip could be that of either",
            params.element, other.threshold
        ),
        hint: Some(format!(
            "write `beyond` of less than {} {unit}",
            number(room)
        )),
    })
}

pub(super) fn drm(coded: &Coded<'_>, params: &DrmParams) -> Result<Expansion, Problem> {
    let limits = coded
        .code
        .drm
        .as_ref()
        .ok_or_else(|| coded.lacks("demand-response modes"))?;
    let level = limits
        .modes
        .get(&params.mode)
        .ok_or_else(|| coded.lacks(&format!("DRM{}", params.mode)))?;
    let dut = coded.dut;
    if dut.drm.is_none() {
        return Ok(Expansion::NotApplicable(format!(
            "the {} {} has no DRM port",
            dut.maker, dut.model
        )));
    }
    let flow = level.flow.unwrap_or(Flow::Generate);
    if flow == Flow::Consume && dut.ratings.charge_power.is_none() {
        return Ok(Expansion::NotApplicable(format!(
            "profile lacks `ratings.charge_power`: the {} {} draws no power that DRM{} could limit",
            dut.maker, dut.model, params.mode
        )));
    }
    let response = Limit {
        min: None,
        max: Some(limits.response_max.0),
        origin: coded.origin("response time", &limits.clause),
        mark: limits.mark,
    };
    let spec = DrmCase {
        mode: params.mode,
        flow,
        level: Limit {
            min: level.min.map(|ratio| ratio.0),
            max: level.max.map(|ratio| ratio.0),
            origin: coded.origin(&format!("DRM{}", params.mode), &limits.clause),
            mark: limits.mark,
        },
        tolerance_pu: limits.tolerance.0,
        response,
        hold_s: params.hold.0,
    };
    let doing = match flow {
        Flow::Generate => "generating",
        Flow::Consume => "consuming",
    };
    Ok(Expansion::Cases(vec![(
        format!("DRM{} while {doing} rated power", params.mode),
        CaseSpec::Drm(spec),
    )]))
}
