//! What the management system knows of its pack, from the plant.

use gridproof_plant::signal::MeterPoint;
use gridproof_plant::{Guard, PackView};

use crate::field::Field;

/// Highest and lowest voltage of a LiFePO4 cell that is asked for, V.
const CELL_MOST: f64 = 3.55;
const CELL_LEAST: f64 = 2.80;
/// Voltages of a cell at which the protections open, V.
const CELL_OVER: f64 = 3.65;
const CELL_UNDER: f64 = 2.50;
/// Nominal voltage of a cell, V.
/// Temperatures between which the pack may be charged, °C.
const CHARGE_CELSIUS: (f64, f64) = (0.0, 50.0);
/// Temperatures between which it may be discharged, °C.
const DISCHARGE_CELSIUS: (f64, f64) = (-10.0, 50.0);
/// Current beyond the limit that is an over-current, in parts of the limit.
const OVER_CURRENT: f64 = 1.1;
/// State of charge below which the pack demands to be charged.
const FORCE_CHARGE: f64 = 0.02;

/// What is written on the pack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pack {
    /// Ah.
    pub(crate) capacity_ah: f64,
    /// Cells in series.
    pub(crate) cells: u16,
    /// A.
    pub(crate) charge_a: f64,
    /// A.
    pub(crate) discharge_a: f64,
}

/// A protection, or the warning before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    pub(crate) over_voltage: bool,
    pub(crate) under_voltage: bool,
    pub(crate) over_temperature: bool,
    pub(crate) under_temperature: bool,
    pub(crate) discharge_current: bool,
    pub(crate) charge_current: bool,
}

/// One second's report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Report {
    pub(crate) pack: Pack,
    /// 0–1.
    pub(crate) soc: f64,
    /// V.
    pub(crate) volts: f64,
    /// A, > 0 charges.
    pub(crate) amps: f64,
    /// Voltages of the cells, V: the highest, the lowest, that of the others.
    pub(crate) cells_v: [f64; 3],
    /// °C.
    pub(crate) celsius: f64,
    /// V.
    pub(crate) charge_v: f64,
    /// V.
    pub(crate) discharge_v: f64,
    /// A, 0 while charging is not permitted.
    pub(crate) charge_a: f64,
    /// A, 0 while discharging is not permitted.
    pub(crate) discharge_a: f64,
    pub(crate) charge_enabled: bool,
    pub(crate) discharge_enabled: bool,
    pub(crate) force_charge: bool,
    pub(crate) protections: Flags,
    pub(crate) alarms: Flags,
}

impl Report {
    /// What the pack's management system knows; `None` of a pack that is off. Where a battery
    /// simulator is in its place, what such a system would say of the simulator's voltage and
    /// current in the temperature of the room.
    pub(crate) fn of(pack: &Pack, field: &Field) -> Option<Self> {
        match field.plant.pack() {
            Some(view) => view.awake.then(|| Self::of_pack(pack, &view)),
            None => Some(Self::of_simulator(pack, field)),
        }
    }

    fn of_pack(pack: &Pack, view: &PackView) -> Self {
        let flags = |on: &[Guard]| {
            let any = |guards: &[Guard]| guards.iter().any(|guard| on.contains(guard));
            Flags {
                over_voltage: any(&[Guard::CellOverVoltage]),
                under_voltage: any(&[Guard::CellUnderVoltage]),
                over_temperature: any(&[Guard::ChargeHot, Guard::DischargeHot]),
                under_temperature: any(&[Guard::ChargeCold, Guard::DischargeCold]),
                discharge_current: any(&[Guard::DischargeCurrent, Guard::DischargeShort]),
                charge_current: any(&[Guard::ChargeCurrent, Guard::ChargeShort]),
            }
        };
        let ends = view.highest_v + view.lowest_v;
        let others = (view.volts - ends) / (f64::from(view.cells) - 2.0);
        Self {
            pack: *pack,
            soc: view.soc,
            volts: view.volts,
            amps: -view.amps,
            cells_v: [view.highest_v, view.lowest_v, others],
            celsius: view.celsius,
            charge_v: view.charge_v,
            discharge_v: view.discharge_v,
            charge_a: view.charge_a,
            discharge_a: view.discharge_a,
            charge_enabled: view.charge_enabled,
            discharge_enabled: view.discharge_enabled,
            force_charge: view.charge_enabled && view.soc <= FORCE_CHARGE,
            protections: flags(&view.protections),
            alarms: flags(&view.alarms),
        }
    }

    fn of_simulator(pack: &Pack, field: &Field) -> Self {
        let state = field.plant.state();
        let battery = field.plant.reading_cycle(MeterPoint::Battery);
        Self::from(
            pack,
            state.soc,
            (battery.volts, -battery.amps),
            state.ambient_c,
        )
    }

    fn from(pack: &Pack, soc: f64, (volts, amps): (f64, f64), celsius: f64) -> Self {
        let cells = f64::from(pack.cells);
        let present = volts > 1.0;
        let beyond = |most: f64, least: f64, parts: f64| Flags {
            over_voltage: volts > most * cells,
            under_voltage: present && volts < least * cells,
            over_temperature: celsius > DISCHARGE_CELSIUS.1,
            under_temperature: celsius < DISCHARGE_CELSIUS.0,
            discharge_current: -amps > parts * pack.discharge_a,
            charge_current: amps > parts * pack.charge_a,
        };
        let protections = beyond(CELL_OVER, CELL_UNDER, OVER_CURRENT);
        let alarms = Flags {
            under_temperature: celsius < CHARGE_CELSIUS.0,
            ..beyond(CELL_MOST, CELL_LEAST, 1.0)
        };
        let tripped = protections != Flags::default();
        let inside = |(least, most): (f64, f64)| (least..=most).contains(&celsius);
        // a protection on one side leaves the way back open
        let charge_enabled = soc < 1.0
            && inside(CHARGE_CELSIUS)
            && (!tripped || (protections.under_voltage && !protections.charge_current));
        let discharge_enabled = soc > 0.0
            && inside(DISCHARGE_CELSIUS)
            && (!tripped || (protections.over_voltage && !protections.discharge_current));
        Self {
            pack: *pack,
            soc,
            volts,
            amps,
            cells_v: [volts / cells; 3],
            celsius,
            charge_v: CELL_MOST * cells,
            discharge_v: CELL_LEAST * cells,
            charge_a: if charge_enabled { pack.charge_a } else { 0.0 },
            discharge_a: if discharge_enabled {
                pack.discharge_a
            } else {
                0.0
            },
            charge_enabled,
            discharge_enabled,
            force_charge: charge_enabled && soc <= FORCE_CHARGE,
            protections,
            alarms,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const PACK: Pack = Pack {
        capacity_ah: 100.0,
        cells: 16,
        charge_a: 60.0,
        discharge_a: 60.0,
    };

    pub(crate) fn report(soc: f64, volts: f64, amps: f64, celsius: f64) -> Report {
        Report::from(&PACK, soc, (volts, amps), celsius)
    }

    #[test]
    fn limits_follow_charge_and_temperature() {
        let normal = report(0.5, 52.8, 20.0, 25.0);
        assert!(normal.charge_enabled && normal.discharge_enabled && !normal.force_charge);
        assert_eq!((normal.charge_a, normal.discharge_a), (60.0, 60.0));
        assert!((normal.charge_v - 56.8).abs() < 1e-9);
        let full = report(1.0, 56.0, 0.0, 25.0);
        assert_eq!((full.charge_a, full.discharge_a), (0.0, 60.0));
        let empty = report(0.0, 44.0, 0.0, 25.0);
        assert!(empty.force_charge && !empty.discharge_enabled && empty.charge_enabled);
        let cold = report(0.5, 52.8, 0.0, -5.0);
        assert!(!cold.charge_enabled && cold.discharge_enabled && cold.alarms.under_temperature);
        let hot = report(0.5, 52.8, 0.0, 51.0);
        assert!(!hot.charge_enabled && !hot.discharge_enabled && hot.protections.over_temperature);
        let over = report(0.5, 52.8, -70.0, 25.0);
        assert!(over.protections.discharge_current && !over.discharge_enabled);
    }
}
