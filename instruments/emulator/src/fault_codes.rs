//! The codes with which a product names its faults.

use std::collections::BTreeMap;

use gridproof_model::dut::DutProfile;
use gridproof_model::dut_fault::DutFault;
use gridproof_plant::Fault;

/// From faults to a product's codes.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultCodes(BTreeMap<Fault, u16>);

impl FaultCodes {
    /// As the profile lists them.
    pub(crate) fn of(dut: &DutProfile) -> Self {
        let codes = dut.fault_codes.iter();
        Self(codes.map(|(name, code)| (fault(*name), *code)).collect())
    }

    /// Codes of faults, ascending; faults without a code have none.
    pub(crate) fn codes(&self, faults: &[Fault]) -> Vec<u16> {
        let codes = faults.iter().filter_map(|fault| self.0.get(fault));
        let mut codes: Vec<u16> = codes.copied().collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

fn fault(name: DutFault) -> Fault {
    match name {
        DutFault::GridOverVoltage => Fault::GridOverVoltage,
        DutFault::GridUnderVoltage => Fault::GridUnderVoltage,
        DutFault::GridOverFrequency => Fault::GridOverFrequency,
        DutFault::GridUnderFrequency => Fault::GridUnderFrequency,
        DutFault::GridLoss => Fault::GridLoss,
        DutFault::TenMinuteOverVoltage => Fault::TenMinuteOverVoltage,
        DutFault::Islanding => Fault::Islanding,
        DutFault::ExportLimit => Fault::ExportLimit,
        DutFault::BackupOverloadWarning => Fault::BackupOverloadWarning,
        DutFault::BackupOverload => Fault::BackupOverload,
        DutFault::BackupShortCircuit => Fault::BackupShortCircuit,
        DutFault::BusOverVoltage => Fault::BusOverVoltage,
        DutFault::BusUnderVoltage => Fault::BusUnderVoltage,
        DutFault::TemperatureDerating => Fault::TemperatureDerating,
        DutFault::BatteryOpen => Fault::BatteryOpen,
        DutFault::BatteryOverVoltage => Fault::BatteryOverVoltage,
        DutFault::BatteryUnderVoltage => Fault::BatteryUnderVoltage,
        DutFault::LowStateOfCharge => Fault::LowStateOfCharge,
        DutFault::CellOverVoltage => Fault::CellOverVoltage,
        DutFault::CellUnderVoltage => Fault::CellUnderVoltage,
        DutFault::ChargeOverTemperature => Fault::ChargeOverTemperature,
        DutFault::ChargeUnderTemperature => Fault::ChargeUnderTemperature,
        DutFault::DischargeOverTemperature => Fault::DischargeOverTemperature,
        DutFault::DischargeUnderTemperature => Fault::DischargeUnderTemperature,
        DutFault::ChargeOverCurrent => Fault::ChargeOverCurrent,
        DutFault::DischargeOverCurrent => Fault::DischargeOverCurrent,
        DutFault::BmsLost => Fault::BmsLost,
        DutFault::BatteryShortCircuit => Fault::BatteryShortCircuit,
        DutFault::MeterLost => Fault::MeterLost,
        DutFault::OverTemperature => Fault::OverTemperature,
        DutFault::UnderTemperature => Fault::UnderTemperature,
        DutFault::Pv1OverVoltage => Fault::Pv1OverVoltage,
        DutFault::Pv2OverVoltage => Fault::Pv2OverVoltage,
        DutFault::DcInjection => Fault::DcInjection,
        DutFault::Drm0 => Fault::Drm0,
        DutFault::LockedOut => Fault::LockedOut,
    }
}
