//! What stands in the registers from power-on: nameplate, scale factors, settings, curves.

use gridproof_plant::config::Dut;

use super::curve::{self, Curve};
use super::map::{CURVES, Map, at};
use super::trips;

/// What the nameplate says.
#[derive(Debug, Clone)]
pub(crate) struct Nameplate {
    pub(crate) maker: String,
    pub(crate) model: String,
    pub(crate) unit: u8,
    /// The unit as it leaves the works.
    pub(crate) dut: Dut,
    /// Battery, Ah and nominal V.
    pub(crate) battery: Option<(f64, f64)>,
    /// MPP trackers, 0 without PV.
    pub(crate) trackers: u8,
}

/// Largest reactive power, parts of rated apparent power.
pub(crate) const VAR_MOST: f64 = 0.6;
/// Smallest displacement factor.
pub(crate) const FACTOR_LEAST: f64 = 0.8;

impl Nameplate {
    /// Largest reactive power, var.
    pub(crate) fn var_most(&self) -> f64 {
        VAR_MOST * self.dut.rated_apparent_va
    }

    /// Energy of the battery, Wh.
    pub(crate) fn energy_wh(&self) -> f64 {
        self.battery.map_or(0.0, |(ah, volts)| ah * volts)
    }
}

const SCALES: &[(u16, &str, i16)] = &[
    (101, "A_SF", -2),
    (101, "V_SF", -1),
    (101, "W_SF", 0),
    (101, "Hz_SF", -2),
    (101, "VA_SF", 0),
    (101, "VAr_SF", 0),
    (101, "PF_SF", -2),
    (101, "WH_SF", 0),
    (101, "DCA_SF", -2),
    (101, "DCV_SF", -1),
    (101, "DCW_SF", 0),
    (101, "Tmp_SF", -1),
    (120, "WRtg_SF", 0),
    (120, "VARtg_SF", 0),
    (120, "VArRtg_SF", 0),
    (120, "ARtg_SF", -1),
    (120, "PFRtg_SF", -2),
    (120, "WHRtg_SF", 1),
    (120, "AhrRtg_SF", 0),
    (120, "MaxChaRte_SF", 0),
    (120, "MaxDisChaRte_SF", 0),
    (121, "WMax_SF", 0),
    (121, "VRef_SF", -1),
    (121, "VRefOfs_SF", -1),
    (121, "VAMax_SF", 0),
    (121, "VArMax_SF", 0),
    (121, "ECPNomHz_SF", -2),
    (123, "WMaxLimPct_SF", -2),
    (123, "OutPFSet_SF", -2),
    (123, "VArPct_SF", -2),
    (124, "WChaMax_SF", 0),
    (124, "WChaDisChaGra_SF", -2),
    (124, "VAChaMax_SF", 0),
    (124, "MinRsvPct_SF", -2),
    (124, "ChaState_SF", -2),
    (124, "StorAval_SF", 0),
    (124, "InBatV_SF", -1),
    (124, "InOutWRte_SF", -2),
    (126, "V_SF", -2),
    (126, "DeptRef_SF", -2),
    (132, "V_SF", -2),
    (132, "DeptRef_SF", -2),
    (160, "DCA_SF", -2),
    (160, "DCV_SF", -1),
    (160, "DCW_SF", 0),
    (701, "A_SF", -2),
    (701, "V_SF", -1),
    (701, "Hz_SF", -3),
    (701, "W_SF", 0),
    (701, "PF_SF", -3),
    (701, "VA_SF", 0),
    (701, "Var_SF", 0),
    (701, "Tmp_SF", -1),
    (702, "W_SF", 0),
    (702, "PF_SF", -2),
    (702, "VA_SF", 0),
    (702, "Var_SF", 0),
    (702, "V_SF", -1),
    (702, "A_SF", -1),
    (703, "V_SF", -2),
    (703, "Hz_SF", -2),
    (704, "PF_SF", -2),
    (704, "WMaxLimPct_SF", -2),
    (704, "WSet_SF", 0),
    (704, "WSetPct_SF", -2),
    (704, "VarSet_SF", 0),
    (704, "VarSetPct_SF", -2),
    (705, "V_SF", -2),
    (705, "DeptRef_SF", -2),
    (705, "RspTms_SF", -1),
    (706, "V_SF", -2),
    (706, "DeptRef_SF", -2),
    (706, "RspTms_SF", -1),
    (707, "V_SF", -2),
    (707, "Tms_SF", -3),
    (708, "V_SF", -2),
    (708, "Tms_SF", -3),
    (709, "Hz_SF", -2),
    (709, "Tms_SF", -3),
    (710, "Hz_SF", -2),
    (710, "Tms_SF", -3),
    (701, "TotWh_SF", 0),
    (711, "Db_SF", -3),
    (711, "K_SF", -3),
    (711, "RspTms_SF", -1),
    (712, "W_SF", -2),
    (712, "DeptRef_SF", -2),
    (713, "WH_SF", 1),
    (713, "Pct_SF", -2),
];

/// Points that are codes, counts or settings without a figure of the nameplate.
const CONSTANTS: &[(u16, &str, u64)] = &[
    (121, "ClcTotVA", 1),
    (121, "ConnPh", 1),
    (122, "ActWh", 0),
    (123, "Conn_WinTms", 0),
    (123, "Conn_RvrtTms", 0),
    (123, "Conn", 1),
    (123, "WMaxLimPct_WinTms", 0),
    (123, "WMaxLimPct_RvrtTms", 0),
    (123, "WMaxLimPct_RmpTms", 0),
    (123, "WMaxLim_Ena", 0),
    (123, "OutPFSet_WinTms", 0),
    (123, "OutPFSet_RvrtTms", 0),
    (123, "OutPFSet_RmpTms", 0),
    (123, "OutPFSet_Ena", 0),
    (123, "VArWMaxPct", 0),
    (123, "VArMaxPct", 0),
    (123, "VArAvalPct", 0),
    (123, "VArPct_WinTms", 0),
    (123, "VArPct_RvrtTms", 0),
    (123, "VArPct_RmpTms", 0),
    (123, "VArPct_Mod", 0),
    (123, "VArPct_Ena", 0),
    (124, "StorCtl_Mod", 0),
    (124, "MinRsvPct", 0),
    (124, "OutWRte", 0),
    (124, "InWRte", 0),
    (124, "InOutWRte_WinTms", 0),
    (124, "InOutWRte_RvrtTms", 0),
    (124, "InOutWRte_RmpTms", 0),
    (124, "ChaGriSet", 1),
    (126, "ActCrv", 1),
    (126, "WinTms", 0),
    (126, "RvrtTms", 0),
    (126, "RmpTms", 0),
    (132, "ActCrv", 1),
    (132, "WinTms", 0),
    (132, "RvrtTms", 0),
    (132, "RmpTms", 0),
    (701, "ACType", 0),
    (702, "NorOpCatRtg", 1),
    (702, "AbnOpCatRtg", 2),
    (703, "ES", 1),
    (703, "ESRndTms", 0),
    (704, "PFWInjEna", 0),
    (704, "PFWInjEnaRvrt", 0),
    (704, "PFWInjRvrtTms", 0),
    (704, "PFWInjRvrtRem", 0),
    (704, "WMaxLimPctEna", 0),
    (704, "WMaxLimPctEnaRvrt", 0),
    (704, "WMaxLimPctRvrtTms", 0),
    (704, "WMaxLimPctRvrtRem", 0),
    (704, "WSetEna", 0),
    (704, "WSetMod", 0),
    (704, "WSet", 0),
    (704, "WSetRvrt", 0),
    (704, "WSetPct", 0),
    (704, "WSetPctRvrt", 0),
    (704, "WSetEnaRvrt", 0),
    (704, "WSetRvrtTms", 0),
    (704, "WSetRvrtRem", 0),
    (704, "VarSetEna", 0),
    (704, "VarSetMod", 1),
    (704, "VarSetPri", 1),
    (704, "VarSet", 0),
    (704, "VarSetRvrt", 0),
    (704, "VarSetPct", 0),
    (704, "VarSetPctRvrt", 0),
    (704, "VarSetEnaRvrt", 0),
    (704, "VarSetRvrtTms", 0),
    (704, "VarSetRvrtRem", 0),
    (704, "WRmp", 100),
    (704, "WRmpRef", 1),
    (704, "VarRmp", 100),
    (704, "AntiIslEna", 1),
    (704, "PFWInj.Ext", 0),
    (704, "PFWInjRvrt.Ext", 0),
];

/// The registers at power-on.
pub(crate) fn registers(plate: &Nameplate) -> Map {
    let mut map = Map::new(plate.battery.is_some(), plate.trackers);
    map.set_counts(plate.trackers);
    for &(model, name, exponent) in SCALES {
        map.set_scale(at(model, name), exponent);
    }
    for &(model, name, raw) in CONSTANTS {
        map.set(at(model, name), raw);
    }
    common(&mut map, plate);
    ratings(&mut map, plate);
    settings(&mut map, plate);
    curves(&mut map, plate);
    map
}

fn common(map: &mut Map, plate: &Nameplate) {
    map.set_text(at(1, "Mn"), &plate.maker);
    map.set_text(at(1, "Md"), &plate.model);
    map.set_text(at(1, "Vr"), "1.0");
    map.set_text(at(1, "SN"), "EMU0000001");
    map.set(at(1, "DA"), u64::from(plate.unit));
    map.set_text(at(122, "TmSrc"), "RTC");
    for n in 0..plate.trackers {
        let number = u16::from(n) + 1;
        map.set(at(160, "module.ID").of(n), u64::from(number));
        map.set_text(at(160, "module.IDStr").of(n), &format!("MPPT {number}"));
    }
}

fn ratings(map: &mut Map, plate: &Nameplate) {
    let (dut, var) = (&plate.dut, plate.var_most());
    let stores = plate.battery.is_some();
    map.set(at(120, "DERTyp"), if stores { 82 } else { 4 });
    let put: [(u16, &'static str, f64); 22] = [
        (120, "WRtg", dut.rated_power_w),
        (120, "VARtg", dut.rated_apparent_va),
        (120, "VArRtgQ1", var),
        (120, "VArRtgQ4", -var),
        (120, "ARtg", dut.max_current_a),
        (120, "PFRtgQ1", FACTOR_LEAST),
        (120, "PFRtgQ4", -FACTOR_LEAST),
        (702, "WMaxRtg", dut.rated_power_w),
        (702, "WOvrExtRtg", dut.rated_apparent_va * FACTOR_LEAST),
        (702, "WOvrExtRtgPF", FACTOR_LEAST),
        (702, "WUndExtRtg", dut.rated_apparent_va * FACTOR_LEAST),
        (702, "WUndExtRtgPF", FACTOR_LEAST),
        (702, "VAMaxRtg", dut.rated_apparent_va),
        (702, "VarMaxInjRtg", var),
        (702, "VarMaxAbsRtg", var),
        (702, "VNomRtg", dut.nominal_v),
        (702, "AMaxRtg", dut.max_current_a),
        (702, "PFOvrExtRtg", FACTOR_LEAST),
        (702, "PFUndExtRtg", FACTOR_LEAST),
        (121, "VArMaxQ1", var),
        (121, "VArMaxQ4", -var),
        (121, "VRef", dut.nominal_v),
    ];
    for (model, name, value) in put {
        map.put(at(model, name), value);
    }
    if let Some((ah, _)) = plate.battery {
        for (model, name, value) in [
            (120, "WHRtg", plate.energy_wh()),
            (120, "AhrRtg", ah),
            (120, "MaxChaRte", dut.rated_charge_w),
            (120, "MaxDisChaRte", dut.rated_power_w),
            (702, "WChaRteMaxRtg", dut.rated_charge_w),
            (702, "WDisChaRteMaxRtg", dut.rated_power_w),
            (702, "WChaRteMax", dut.rated_charge_w),
            (702, "WDisChaRteMax", dut.rated_power_w),
            (713, "WHRtg", plate.energy_wh()),
            (713, "SoH", 100.0),
        ] {
            map.put(at(model, name), value);
        }
        map.set(at(713, "Sta"), 0);
    }
    // max W, fixed W, fixed var, fixed PF, volt-var, droop, trips by voltage, watt-var, volt-watt,
    // trips by frequency
    map.set(at(702, "CtrlModes"), 0b11_0111_1011_1111);
    let islands = u64::from(dut.backup.is_some());
    map.set(at(702, "IntIslandCatRtg"), islands << 1);
    map.set(at(702, "IntIslandCat"), islands << 1);
}

fn settings(map: &mut Map, plate: &Nameplate) {
    let dut = &plate.dut;
    let percent = |volts: f64| 100.0 * volts / dut.nominal_v;
    let ramp_s = if dut.ramp_pu_per_s > 0.0 {
        1.0 / dut.ramp_pu_per_s
    } else {
        0.0
    };
    for (model, name, value) in [
        (121, "WMax", dut.rated_power_w),
        (121, "VRefOfs", 0.0),
        (121, "VAMax", dut.rated_apparent_va),
        (121, "ECPNomHz", dut.nominal_hz),
        (702, "WMax", dut.rated_power_w),
        (702, "VAMax", dut.rated_apparent_va),
        (702, "VarMaxInj", plate.var_most()),
        (702, "VarMaxAbs", plate.var_most()),
        (702, "VNom", dut.nominal_v),
        (702, "AMax", dut.max_current_a),
        (702, "PFOvrExt", FACTOR_LEAST),
        (702, "PFUndExt", FACTOR_LEAST),
        (123, "WMaxLimPct", 100.0),
        (123, "OutPFSet", 1.0),
        (124, "WChaMax", dut.rated_charge_w),
        (124, "WChaGra", 100.0),
        (124, "WDisChaGra", 100.0),
        (124, "VAChaMax", dut.rated_apparent_va),
        (703, "ESVHi", percent(dut.reconnect_v_max)),
        (703, "ESVLo", percent(dut.reconnect_v_min)),
        (703, "ESHzHi", dut.reconnect_hz_max),
        (703, "ESHzLo", dut.reconnect_hz_min),
        (703, "ESDlyTms", dut.reconnect_s),
        (703, "ESRmpTms", ramp_s),
        (704, "WMaxLimPct", 100.0),
        (704, "WMaxLimPctRvrt", 100.0),
        (704, "PFWInj.PF", 1.0),
        (704, "PFWInjRvrt.PF", 1.0),
    ] {
        map.put(at(model, name), value);
    }
    if plate.battery.is_some() {
        for name in [
            "PFWAbsEna",
            "PFWAbsEnaRvrt",
            "PFWAbsRvrtTms",
            "PFWAbsRvrtRem",
            "PFWAbs.Ext",
            "PFWAbsRvrt.Ext",
        ] {
            map.set(at(704, name), 0);
        }
        for name in ["PFWAbs.PF", "PFWAbsRvrt.PF"] {
            map.put(at(704, name), 1.0);
        }
    }
}

fn curves(map: &mut Map, plate: &Nameplate) {
    let dut = &plate.dut;
    for (which, response) in [
        (curve::Which::VoltVar, &dut.volt_var),
        (curve::Which::VoltWatt, &dut.volt_watt),
    ] {
        let on = u64::from(response.enabled);
        map.set(at(which.der(), "Ena"), on);
        map.set(at(which.fixed(), "ModEna"), on);
        map.set(at(which.der(), "AdptCrvReq"), 1);
        map.set(at(which.der(), "AdptCrvRslt"), 1);
        map.set(at(which.der(), "RvrtTms"), 0);
        map.set(at(which.der(), "RvrtRem"), 0);
        map.set(at(which.der(), "RvrtCrv"), 1);
        let curve = Curve {
            points: response.points.clone(),
            tau_s: Some(response.tau_s),
        };
        for n in 0..CURVES {
            curve::publish(map, plate, which, n, &curve);
            curve::set_dynamics(map, which, n, response.tau_s);
        }
    }
    super::droop::publish(map, plate);
    for side in trips::SIDES {
        let model = side.model();
        map.set(at(model, "Ena"), 1);
        map.set(at(model, "AdptCrvReq"), 1);
        map.set(at(model, "AdptCrvRslt"), 1);
        for n in 0..CURVES {
            trips::publish(map, plate, side, n, &dut.protection);
        }
    }
}
