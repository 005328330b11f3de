//! Frequency droop (711) and watt-var (712): what their controls ask of the plant.

use gridproof_plant::config::{FrequencySlope, FrequencyWatt, SlopeLaw};
use gridproof_plant::input::CurvePoints;

use super::control::{of_var_most, var_most};
use super::map::{CURVES, Map, POINTS, at};
use super::plate::Nameplate;

/// IEEE 1547-2018 category B: dead band 36 mHz, droop 5 %, response 5 s.
const DEFAULT: (f64, f64, f64) = (0.036, 0.05, 5.0);
/// Reactive power 0 from −100 to 100 % of active power: the default does nothing.
const FLAT: [(f64, f64); 2] = [(-100.0, 0.0), (100.0, 0.0)];

/// Both models as after power-on: the droop that acts, or the default, in every set of controls.
pub(crate) fn publish(map: &mut Map, plate: &Nameplate) {
    let config = plate.dut.functions.frequency_watt;
    map.set(at(711, "Ena"), u64::from(config.is_some_and(|c| c.enabled)));
    map.set(at(712, "Ena"), 0);
    for (model, request, result, fallback) in [
        (711, "AdptCtlReq", "AdptCtlRslt", "RvrtCtl"),
        (712, "AdptCrvReq", "AdptCrvRslt", "RvrtCrv"),
    ] {
        map.set(at(model, request), 1);
        map.set(at(model, result), 1);
        map.set(at(model, fallback), 1);
        map.set(at(model, "RvrtTms"), 0);
        map.set(at(model, "RvrtRem"), 0);
    }
    let nominal = plate.dut.nominal_hz;
    let figures = |slope: Option<FrequencySlope>| {
        slope.map_or((DEFAULT.0, DEFAULT.1), |slope| {
            let droop = match slope.law {
                SlopeLaw::Droop(droop) => droop,
                // the same slope at full power
                SlopeLaw::ZeroAt(stop) | SlopeLaw::ReversedAt(stop, _) => {
                    (stop - slope.start_hz).abs() / nominal
                }
            };
            ((slope.start_hz - nominal).abs(), droop)
        })
    };
    let (over, under) = (
        figures(config.map(|c| c.over)),
        figures(config.and_then(|c| c.under)),
    );
    let response_s = config.map_or(DEFAULT.2, |c| c.tau_s * std::f64::consts::LN_10);
    for n in 0..CURVES {
        map.put(at(711, "Ctl.DbOf").of(n), over.0);
        map.put(at(711, "Ctl.KOf").of(n), over.1);
        map.put(at(711, "Ctl.DbUf").of(n), under.0);
        map.put(at(711, "Ctl.KUf").of(n), under.1);
        map.put(at(711, "Ctl.RspTms").of(n), response_s);
        map.set(at(711, "Ctl.PMin").of(n), 0);
        map.set(at(711, "Ctl.ReadOnly").of(n), u64::from(n == 0));
        map.set(at(712, "Crv.ActPt").of(n), FLAT.len() as u64);
        map.set(at(712, "Crv.DeptRef").of(n), 1);
        map.set(at(712, "Crv.Pri").of(n), 1);
        map.set(at(712, "Crv.ReadOnly").of(n), u64::from(n == 0));
        for i in 0..POINTS {
            let (w, var) = (
                at(712, "Crv.Pt.W").of(n).point(i),
                at(712, "Crv.Pt.Var").of(n).point(i),
            );
            match FLAT.get(usize::from(i)) {
                Some(point) => {
                    map.put(w, point.0);
                    map.put(var, point.1);
                }
                None => {
                    map.clear(w);
                    map.clear(var);
                }
            }
        }
    }
}

/// Controls `n` of 711, if a function can run on them. Under-frequency lowers charging and raises
/// feeding as far as there is a source. `PMin` is kept only.
pub(crate) fn droop(map: &Map, plate: &Nameplate, n: u8) -> Option<FrequencyWatt> {
    let figure = |name| map.get(at(711, name).of(n));
    let slope = |start_hz, droop: f64| {
        (droop > 0.0).then_some(FrequencySlope {
            start_hz,
            law: SlopeLaw::Droop(droop),
            hysteresis_hz: 0.0,
        })
    };
    let nominal = plate.dut.nominal_hz;
    Some(FrequencyWatt {
        enabled: true,
        over: slope(nominal + figure("Ctl.DbOf")?, figure("Ctl.KOf")?)?,
        under: Some(slope(nominal - figure("Ctl.DbUf")?, figure("Ctl.KUf")?)?),
        delay_s: 0.0,
        tau_s: figure("Ctl.RspTms")? / std::f64::consts::LN_10,
        hold_s: 0.0,
        ramp_pu_per_s: None,
    })
}

/// Curve `n` of 712 (pu of rated power, pu of rated apparent power), if a function can run on it.
pub(crate) fn watt_var(map: &Map, plate: &Nameplate, n: u8) -> Option<CurvePoints> {
    let volt_amps = plate.dut.rated_apparent_va;
    let watts = map.get(at(121, "WMax")).unwrap_or(plate.dut.rated_power_w);
    let reference = map.raw(at(712, "Crv.DeptRef").of(n));
    let (injected, absorbed) = var_most(map, plate);
    let vars = |share: f64| {
        let asked = match reference {
            0 => share * watts,
            3 => share * volt_amps,
            _ => of_var_most(map, plate, share),
        };
        asked.clamp(-absorbed, injected)
    };
    let active = map.raw(at(712, "Crv.ActPt").of(n)).min(u64::from(POINTS)) as u8;
    let points: Option<Vec<(f64, f64)>> = (0..active)
        .map(|i| {
            let w = map.get(at(712, "Crv.Pt.W").of(n).point(i))?;
            let var = map.get(at(712, "Crv.Pt.Var").of(n).point(i))?;
            Some((
                w / 100.0 * watts / plate.dut.rated_power_w,
                vars(var / 100.0) / volt_amps,
            ))
        })
        .collect();
    CurvePoints::new(&points?)
}
