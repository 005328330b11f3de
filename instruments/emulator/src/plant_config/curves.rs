//! Volt-var, volt-watt and demand response.

use gridproof_model::behaviour::{Behaviour, CurveResponse, Sign};
use gridproof_model::dut::DutProfile;
use gridproof_model::grid_code::{CurveLimits, GridCode};
use gridproof_plant::config as plant;

/// Below the stated ceiling by this much of rated power, so that "at most 50 %" holds.
const DRM_SAFETY: f64 = 0.01;
/// Ceilings that the modes stand for, DRM1–8, where the grid code states none.
const DRM_MEANING: [f64; 8] = [0.0, 0.5, 0.75, 1.0, 0.0, 0.5, 0.75, 1.0];

/// Which response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    VoltVar,
    VoltWatt,
}

/// The behaviour's own points, else the grid code's, shifted by `knee_shift`, with the stated sign.
/// Without any points the response is off. Defaults: 0.2 s dead time, 1.5 s time constant.
pub(super) fn response(
    stated: Option<&CurveResponse>,
    code: Option<&CurveLimits>,
    kind: Kind,
) -> plant::Response {
    let stated = stated.cloned().unwrap_or_default();
    let points = stated.points.as_ref().or(code.map(|code| &code.points));
    let shift = stated.knee_shift.map_or(0.0, |volts| volts.0);
    let mut curve: Vec<(f64, f64)> = points.map_or(Vec::new(), |points| {
        points.iter().map(|(v, y)| (v.0 + shift, y.0)).collect()
    });
    let present = !curve.is_empty();
    if !present {
        let rest = if kind == Kind::VoltWatt { 1.0 } else { 0.0 };
        curve = vec![(0.0, rest), (1000.0, rest)];
    }
    plant::Response {
        enabled: present && stated.enabled.unwrap_or(true),
        points: curve,
        sense: match stated.sign.unwrap_or_default() {
            Sign::Normal => plant::Sense::AsStated,
            Sign::Inverted => plant::Sense::Inverted,
        },
        delay_s: stated.delay.map_or(0.2, |time| time.0),
        tau_s: stated.tau.map_or(1.5, |time| time.0),
    }
}

/// The port of the profile, with the ceilings of the grid code less a safety, or as the modes are
/// defined; `ignore` takes modes away, `limits` states ceilings as they are.
pub(super) fn drm(dut: &DutProfile, behaviour: &Behaviour, code: Option<&GridCode>) -> plant::Drm {
    let stated = behaviour.drm.clone().unwrap_or_default();
    let modes = code
        .and_then(|code| code.drm.as_ref())
        .map(|drm| &drm.modes);
    let ignored = stated.ignore.unwrap_or_default();
    let own = stated.limits.unwrap_or_default();
    let limit = |mode: u8, meaning: f64| {
        if ignored.contains(&mode) {
            return None;
        }
        if let Some(limit) = own.get(&mode) {
            return Some(limit.0);
        }
        let ceiling = match modes {
            Some(modes) => modes.get(&mode)?.max.map_or(1.0, |max| max.0),
            None => meaning,
        };
        Some(if ceiling < 1.0 {
            (ceiling - DRM_SAFETY).max(0.0)
        } else {
            ceiling
        })
    };
    let mut limits = [None; 8];
    for ((slot, mode), meaning) in limits.iter_mut().zip(1u8..).zip(DRM_MEANING) {
        *slot = limit(mode, meaning);
    }
    plant::Drm {
        enabled: dut.drm.is_some(),
        delay_s: stated.delay.map_or(0.15, |time| time.0),
        tau_s: stated.tau.map_or(0.2, |time| time.0),
        limits,
        drm0: !ignored.contains(&0) && modes.is_none_or(|modes| modes.contains_key(&0)),
    }
}
