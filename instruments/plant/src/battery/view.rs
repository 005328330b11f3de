//! The pack as its management system knows it.

use super::bms::Guard;
use super::{BatteryPort, Fitted};
use crate::fault::Fault;

/// What the management system reports. Currents are positive when the pack discharges.
#[derive(Debug, Clone, PartialEq)]
pub struct PackView {
    /// Switched on; a pack that is off reports nothing.
    pub awake: bool,
    /// Its messages reach the DUT.
    pub heard: bool,
    /// Cells in series.
    pub cells: u16,
    /// Ah.
    pub capacity_ah: f64,
    /// 0–1.
    pub soc: f64,
    /// V.
    pub volts: f64,
    /// A.
    pub amps: f64,
    /// °C.
    pub celsius: f64,
    /// Lowest cell, V.
    pub lowest_v: f64,
    /// Highest cell, V.
    pub highest_v: f64,
    /// End of charging, V.
    pub charge_v: f64,
    /// End of discharging, V.
    pub discharge_v: f64,
    /// Permitted charging current, A ≥ 0.
    pub charge_a: f64,
    /// Permitted discharging current, A ≥ 0.
    pub discharge_a: f64,
    /// Lets itself be charged.
    pub charge_enabled: bool,
    /// Lets itself be discharged.
    pub discharge_enabled: bool,
    /// Warnings, ascending.
    pub alarms: Vec<Guard>,
    /// Protections that have acted, ascending.
    pub protections: Vec<Guard>,
}

fn fault(guard: Guard) -> Fault {
    match guard {
        Guard::CellOverVoltage => Fault::CellOverVoltage,
        Guard::CellUnderVoltage => Fault::CellUnderVoltage,
        Guard::ChargeHot => Fault::ChargeOverTemperature,
        Guard::ChargeCold => Fault::ChargeUnderTemperature,
        Guard::DischargeHot => Fault::DischargeOverTemperature,
        Guard::DischargeCold => Fault::DischargeUnderTemperature,
        Guard::ChargeCurrent => Fault::ChargeOverCurrent,
        Guard::DischargeCurrent => Fault::DischargeOverCurrent,
        Guard::ChargeShort | Guard::DischargeShort => Fault::BatteryShortCircuit,
    }
}

impl Fitted {
    fn guards(&self, on: impl Fn(&Self, Guard) -> bool) -> Vec<Guard> {
        let guards = Guard::ALL.into_iter();
        guards.filter(|guard| on(self, *guard)).collect()
    }

    fn view(&self, volts: f64, amps: f64) -> PackView {
        let pack = &self.config.pack;
        let number = f64::from(pack.cells);
        let (lowest_v, highest_v) = self.cells.extremes(amps);
        let permitted = self.management.permitted();
        let (charge_enabled, discharge_enabled) = self.management.closed();
        PackView {
            awake: self.awake,
            heard: self.awake && !self.silent,
            cells: pack.cells,
            capacity_ah: pack.capacity_ah,
            soc: self.cells.soc(),
            volts,
            amps,
            celsius: self.celsius,
            lowest_v,
            highest_v,
            charge_v: number * pack.over_voltage.alarm,
            discharge_v: number * pack.under_voltage.alarm,
            charge_a: permitted.charge_a,
            discharge_a: permitted.discharge_a,
            charge_enabled,
            discharge_enabled,
            alarms: self.guards(|f, guard| f.management.alarm(guard)),
            protections: self.guards(|f, guard| f.management.protects(guard)),
        }
    }
}

impl BatteryPort {
    /// The pack; `None` when the simulator is there in its place, or the DUT has no battery.
    pub(crate) fn pack(&self) -> Option<PackView> {
        let fitted = self.fitted.as_ref().filter(|_| !self.simulated())?;
        Some(fitted.view(self.volts(), self.amps))
    }

    /// Faults and alarms that the DUT has of its battery.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let Some(fitted) = &self.fitted else {
            return Vec::new();
        };
        if !self.present() {
            return vec![Fault::BatteryOpen];
        }
        let mut faults = Vec::new();
        let (least, most) = fitted.config.range_v;
        if self.source.0 < least {
            faults.push(Fault::BatteryUnderVoltage);
        }
        if self.source.0 > most {
            faults.push(Fault::BatteryOverVoltage);
        }
        if fitted.link.lost() {
            // and what it does not hear it cannot show
            faults.push(Fault::BmsLost);
        } else if !self.simulated() {
            let guards = fitted.guards(|f, guard| f.management.protects(guard));
            faults.extend(guards.into_iter().map(fault));
        }
        if self.soc() <= 0.05 {
            faults.push(Fault::LowStateOfCharge);
        }
        faults
    }
}
