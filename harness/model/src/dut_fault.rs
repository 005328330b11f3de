//! Faults of a product free of its numbering, and with it: the profile says which code stands for
//! which.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Why a product does not do, or does less than, it was asked. Only what the emulated unit
        /// can truly have is listed; a product's other codes have no place here.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum DutFault {
            $($(#[$doc])* $name,)*
        }
    };
}

faults!(
    /// Grid voltage above a limit of the protection.
    GridOverVoltage,
    /// Grid voltage below a limit of the protection.
    GridUnderVoltage,
    /// Grid frequency above a limit of the protection.
    GridOverFrequency,
    /// Grid frequency below a limit of the protection.
    GridUnderFrequency,
    /// No grid voltage at the terminals.
    GridLoss,
    /// Ten-minute average of the voltage too high.
    TenMinuteOverVoltage,
    /// An islanding method has tripped.
    Islanding,
    /// Export above the hard limit.
    ExportLimit,
    /// Back-up load above its rating, carried for its time.
    BackupOverloadWarning,
    /// Back-up load above its rating for too long.
    BackupOverload,
    /// Short circuit at the back-up port.
    BackupShortCircuit,
    /// Dc bus too high.
    BusOverVoltage,
    /// Dc bus too low.
    BusUnderVoltage,
    /// Power reduced by temperature.
    TemperatureDerating,
    /// No battery at the battery port.
    BatteryOpen,
    /// Battery port above its operating range.
    BatteryOverVoltage,
    /// Battery port below its operating range.
    BatteryUnderVoltage,
    /// State of charge at its lower end.
    LowStateOfCharge,
    /// A cell above the protection of the pack.
    CellOverVoltage,
    /// A cell below the protection of the pack.
    CellUnderVoltage,
    /// The pack is too warm to be charged.
    ChargeOverTemperature,
    /// The pack is too cold to be charged.
    ChargeUnderTemperature,
    /// The pack is too warm to be discharged.
    DischargeOverTemperature,
    /// The pack is too cold to be discharged.
    DischargeUnderTemperature,
    /// Charged with more current than the pack permits.
    ChargeOverCurrent,
    /// Discharged with more current than the pack permits.
    DischargeOverCurrent,
    /// The management system of the battery is not heard.
    BmsLost,
    /// The battery is short-circuited, or nearly.
    BatteryShortCircuit,
    /// The meter at the source is not heard, and something needs it.
    MeterLost,
    /// The unit is too warm to run.
    OverTemperature,
    /// The unit is too cold to run.
    UnderTemperature,
    /// First PV input above its largest voltage.
    Pv1OverVoltage,
    /// Second PV input above its largest voltage.
    Pv2OverVoltage,
    /// Direct current at the grid port above its limit.
    DcInjection,
    /// DRM0 holds the unit off.
    Drm0,
    /// Too many trips: locked until the fault is cleared.
    LockedOut,
);
