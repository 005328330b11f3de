//! Overlaying behaviours, field by field.

use std::collections::BTreeMap;

use gridproof_model::behaviour::{
    Backup, Behaviour, CurveResponse, DrmResponse, Health, LateWindow, Sign, TripBehaviour,
};
use gridproof_model::quantity::{Degrees, Ratio, Seconds, Volts, VoltsOrHertz, Watts};
use proptest::option::of;
use proptest::prelude::*;

fn seconds() -> impl Strategy<Value = Seconds> {
    (0_u16..1000).prop_map(|ms| Seconds(f64::from(ms) / 1000.0))
}

prop_compose! {
    fn curve()(enabled in of(any::<bool>()), delay in of(seconds()), tau in of(seconds()),
        shift in of(-9_i8..9), inverted in of(any::<bool>())) -> CurveResponse {
        CurveResponse {
            enabled,
            delay,
            tau,
            knee_shift: shift.map(|volts| Volts(f64::from(volts))),
            sign: inverted.map(|yes| if yes { Sign::Inverted } else { Sign::Normal }),
            points: None,
        }
    }
}

prop_compose! {
    fn trip()(delay in of(seconds()), volts in of(100_u16..300), enabled in of(any::<bool>()))
        -> TripBehaviour {
        let threshold = volts.map(|volts| VoltsOrHertz::Volts(f64::from(volts)));
        TripBehaviour { delay, threshold, enabled }
    }
}

prop_compose! {
    fn backup()(start in of(seconds()), relay in of(seconds()), from in of(0_u16..360), extra in of(seconds()))
        -> Backup {
        let late = (from.is_some() || extra.is_some()).then(|| LateWindow {
            from: from.map(|degrees| Degrees(f64::from(degrees))),
            to: None,
            extra,
        });
        Backup { start, relay, late, ..Backup::default() }
    }
}

prop_compose! {
    fn behaviour()(
        dead in of(any::<bool>()),
        standby in of(0_u8..20),
        volt_var in of(curve()),
        ignore in of(prop::collection::vec(0_u8..9, 0..3)),
        limits in of(prop::collection::btree_map(0_u8..9, 0_u8..100, 0..3)),
        trips in of(prop::collection::btree_map("[OU][VF][12]", trip(), 0..3)),
        backup in of(backup()),
    ) -> Behaviour {
        let limits: Option<BTreeMap<u8, Ratio>> = limits.map(|limits| {
            limits.into_iter().map(|(mode, percent)| (mode, Ratio(f64::from(percent) / 100.0))).collect()
        });
        Behaviour {
            health: dead.map(|dead| if dead { Health::Dead } else { Health::Healthy }),
            standby_power: standby.map(|watts| Watts(f64::from(watts))),
            volt_var,
            drm: (ignore.is_some() || limits.is_some())
                .then(|| DrmResponse { ignore, limits, ..DrmResponse::default() }),
            trips,
            backup,
            ..Behaviour::default()
        }
    }
}

/// The field after the overlay, by the rule written out once more.
fn either<T: Clone>(base: Option<T>, over: Option<T>) -> Option<T> {
    if over.is_some() { over } else { base }
}

proptest! {
    #[test]
    fn what_the_overlay_states_wins_and_the_rest_stays(base in behaviour(), over in behaviour()) {
        let merged = base.overlaid_with(&over);
        prop_assert_eq!(merged.health, either(base.health, over.health));
        prop_assert_eq!(merged.standby_power, either(base.standby_power, over.standby_power));
        let tau = |b: &Behaviour| b.volt_var.as_ref().and_then(|curve| curve.tau);
        prop_assert_eq!(tau(&merged), either(tau(&base), tau(&over)));
        let extra = |b: &Behaviour| b.backup.as_ref()?.late.as_ref()?.extra;
        prop_assert_eq!(extra(&merged), either(extra(&base), extra(&over)));
        let ignore = |b: &Behaviour| b.drm.as_ref()?.ignore.clone();
        prop_assert_eq!(ignore(&merged), either(ignore(&base), ignore(&over)));
        for mode in 0..9 {
            let limit = |b: &Behaviour| b.drm.as_ref()?.limits.as_ref()?.get(&mode).copied();
            prop_assert_eq!(limit(&merged), either(limit(&base), limit(&over)));
        }
        for element in ["OV1", "OV2", "UV1", "UF2"] {
            let delay = |b: &Behaviour| b.trips.as_ref()?.get(element)?.delay;
            prop_assert_eq!(delay(&merged), either(delay(&base), delay(&over)));
        }
    }

    #[test]
    fn overlays_behave_like_layers(a in behaviour(), b in behaviour(), c in behaviour()) {
        let nothing = Behaviour::default();
        prop_assert_eq!(a.overlaid_with(&nothing), a.clone());
        prop_assert_eq!(nothing.overlaid_with(&a), a.clone());
        prop_assert_eq!(a.overlaid_with(&a), a.clone());
        prop_assert_eq!(
            a.overlaid_with(&b).overlaid_with(&c),
            a.overlaid_with(&b.overlaid_with(&c))
        );
    }
}
