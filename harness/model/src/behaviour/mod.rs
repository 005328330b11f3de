//! How an emulated DUT behaves. Every field is optional: a profile gives the base, a defect or
//! the command line an overlay. Defaults belong to the plant.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::{
    AmpHours, Amps, Celsius, Degrees, Farads, Henries, Hertz, Kelvins, Ohms, PerHertz, Ratio,
    RatioPerKelvin, RatioPerSecond, Seconds, Volts, VoltsOrHertz, Watts,
};

/// Field-wise overlay: what `over` states wins, what it leaves out stays.
trait Overlay {
    fn overlaid(&self, over: &Self) -> Self;
}

macro_rules! behaviour {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        impl Overlay for $name {
            fn overlaid(&self, over: &Self) -> Self {
                $name {
                    $($field: match (&self.$field, &over.$field) {
                        (Some(base), Some(over)) => Some(base.overlaid(over)),
                        (base, over) => over.clone().or_else(|| base.clone()),
                    },)*
                }
            }
        }
    };
}

macro_rules! replaced_whole {
    ($($type:ty),* $(,)?) => {
        $(impl Overlay for $type {
            fn overlaid(&self, over: &Self) -> Self {
                over.clone()
            }
        })*
    };
}

replaced_whole!(
    bool,
    f64,
    u8,
    u16,
    String,
    AmpHours,
    Amps,
    Celsius,
    Kelvins,
    Degrees,
    Farads,
    Henries,
    Hertz,
    Ohms,
    PerHertz,
    Ratio,
    RatioPerKelvin,
    RatioPerSecond,
    Seconds,
    Volts,
    VoltsOrHertz,
    Watts,
    Health,
    Sign,
    Speaks,
    WorkingMode,
    IslandingMethod,
    CurrentReference,
    AverageKind,
    PvTracking,
    Vec<PowerFactorPoint>,
    Vec<u8>,
    Vec<(Volts, Ratio)>,
    Vec<TimeWindow>,
    (Celsius, Celsius),
);

impl<K: Ord + Clone, V: Overlay + Clone> Overlay for BTreeMap<K, V> {
    fn overlaid(&self, over: &Self) -> Self {
        let mut merged = self.clone();
        for (key, value) in over {
            let value = self
                .get(key)
                .map_or_else(|| value.clone(), |base| base.overlaid(value));
            merged.insert(key.clone(), value);
        }
        merged
    }
}

mod battery;
mod functions;
mod islanding;

pub use battery::{CellLevels, Pack, TemperatureLevels, TimeWindow, WorkingMode};
pub use functions::{
    AverageKind, DcLimit, DcLink, ExportLimit, FrequencySlope, FrequencyWatt, Heat, Lockout,
    MomentaryCessation, Mppt, OutputQuality, PowerFactorPoint, PvTracking, SustainedOverVoltage,
};
pub use islanding::{
    AntiIslanding, CurrentReference, HarmonicRise, ImpedanceRise, IslandingMethod, Rocof,
};

impl Behaviour {
    /// This behaviour with everything that `over` states replaced, field by field and map entry
    /// by map entry; lists are replaced whole.
    pub fn overlaid_with(&self, over: &Behaviour) -> Behaviour {
        self.overlaid(over)
    }
}

behaviour!(
    /// How an emulated DUT behaves.
    Behaviour {
        /// Grid code whose trip and curve settings are selected on the unit.
        grid_code: String,
        /// Alive or dead.
        health: Health,
        /// Error of its own voltage measurement.
        voltage_gain_error: Ratio,
        /// Output filter.
        filter: Filter,
        /// Consumption in standby.
        standby_power: Watts,
        /// In standby on the battery alone the unit switches itself off after this time.
        standby_shutdown: Seconds,
        /// Time constant of a power setpoint.
        setpoint_tau: Seconds,
        /// Ramp of active power after connection.
        ramp: RatioPerSecond,
        /// Time the grid must be good before connection.
        reconnect_delay: Seconds,
        /// Trips this long before the latest permitted instant, never before the delay.
        trip_margin: Seconds,
        /// Opening time of the grid relay.
        relay_open: Seconds,
        /// Islanding detection.
        anti_islanding: AntiIslanding,
        /// What the current is made from.
        current_reference: CurrentReference,
        /// Volt-var response.
        volt_var: CurveResponse,
        /// Volt-watt response.
        volt_watt: CurveResponse,
        /// Ceiling of charging against voltage, of rated charging power.
        charging_volt_watt: CurveResponse,
        /// Power against frequency.
        frequency_watt: FrequencyWatt,
        /// cosφ against power.
        power_factor_curve: Vec<PowerFactorPoint>,
        /// Disconnection by the ten-minute average of the voltage.
        sustained_over_voltage: SustainedOverVoltage,
        /// Limits of the export at the source meter.
        export_limit: ExportLimit,
        /// Largest rate of change of a commanded active power.
        setpoint_ramp: RatioPerSecond,
        /// Ceiling of power against PV voltage: (voltage, fraction of rated power).
        pv_voltage_derating: Vec<(Volts, Ratio)>,
        /// Output current beside its fundamental.
        output_quality: OutputQuality,
        /// Capacitor between the sources and the bridge.
        dc_link: DcLink,
        /// Where the PV tracker ends up.
        pv_tracking: PvTracking,
        /// How the PV trackers get there.
        mppt: Mppt,
        /// PV inputs with a tracker each, where the profile states no `pv` or another number acts.
        pv_inputs: u8,
        /// Blocking of the bridge with the relay closed.
        momentary_cessation: MomentaryCessation,
        /// Lock-out after repeated trips.
        lockout: Lockout,
        /// Demand response.
        drm: DrmResponse,
        /// Protection elements that differ from the grid code, by name.
        trips: BTreeMap<String, TripBehaviour>,
        /// Power against temperature.
        derating: Derating,
        /// Heat of the unit's own losses, and the derating by it.
        heat: Heat,
        /// Transfer to back-up.
        backup: Backup,
        /// What it does while no active power is commanded.
        working_mode: WorkingMode,
        /// Time-of-use: windows in which it does something else.
        time_windows: Vec<TimeWindow>,
        /// It runs only between these temperatures as it feels them.
        running_temperature: (Celsius, Celsius),
        /// Disconnection by the direct current that it injects.
        dc_limit: DcLimit,
        /// Battery pack on a bench without a battery simulator.
        pack: Pack,
        /// What a unit with a register file speaks.
        speaks: Speaks,
    }
);

/// Registers of an emulated unit whose profile names a register file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// SunSpec models.
    #[default]
    Sunspec,
    /// Those of the SAJ H2 family.
    #[serde(rename = "saj-hs2")]
    SajHs2,
}

/// Alive or dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Works.
    #[default]
    Healthy,
    /// Never connects and feeds nothing.
    Dead,
}

behaviour!(
    /// LCL output filter.
    Filter {
        /// Inverter-side inductance.
        l1: Henries,
        /// Its resistance.
        r1: Ohms,
        /// Capacitance.
        cf: Farads,
        /// Damping resistance in series with the capacitor.
        rd: Ohms,
        /// Grid-side inductance.
        l2: Henries,
        /// Its resistance.
        r2: Ohms,
    }
);

behaviour!(
    /// Response to grid voltage along a curve.
    CurveResponse {
        /// Responds at all.
        enabled: bool,
        /// Dead time.
        delay: Seconds,
        /// Time constant.
        tau: Seconds,
        /// All points moved along the voltage axis.
        knee_shift: Volts,
        /// Sign of the response.
        sign: Sign,
        /// Curve in place of the grid code's: (voltage, fraction of rated apparent power).
        points: Vec<(Volts, Ratio)>,
    }
);

/// Sign of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// As the curve says.
    #[default]
    Normal,
    /// The opposite.
    Inverted,
}

behaviour!(
    /// Response to demand-response modes.
    DrmResponse {
        /// Dead time.
        delay: Seconds,
        /// Time constant.
        tau: Seconds,
        /// Modes without effect.
        ignore: Vec<u8>,
        /// Levels in place of the grid code's, by mode.
        limits: BTreeMap<u8, Ratio>,
    }
);

behaviour!(
    /// A protection element that differs from the grid code.
    TripBehaviour {
        /// Time from excursion to trip.
        delay: Seconds,
        /// Threshold.
        threshold: VoltsOrHertz,
        /// Trips at all.
        enabled: bool,
    }
);

behaviour!(
    /// Power against temperature.
    Derating {
        /// Derates at all.
        enabled: bool,
        /// Reduction over temperature above the start.
        slope: RatioPerKelvin,
        /// Smallest power, of rated.
        floor: Ratio,
        /// Thermal time constant.
        tau: Seconds,
    }
);

behaviour!(
    /// Transfer to back-up.
    Backup {
        /// The back-up (EPS) function is switched on.
        enabled: bool,
        /// Ride-through goes first: what may be a sag is watched for a cycle before a transfer.
        ride_through_first: bool,
        /// Deviation of the waveform that counts as a lost grid.
        detect_deviation: Ratio,
        /// Time the deviation must last.
        detect_time: Seconds,
        /// Time of the transfer relay.
        relay: Seconds,
        /// Scatter of the relay, ±.
        relay_scatter: Seconds,
        /// Time from the relay to the first output.
        start: Seconds,
        /// Ramp to full voltage.
        ramp: Seconds,
        /// Power up to which an overload is carried, of rated back-up power.
        overload: Ratio,
        /// Time for which it is carried.
        overload_time: Seconds,
        /// Time in the current limit that counts as a short circuit.
        short_circuit_time: Seconds,
        /// A range of angles at which transfer takes longer.
        late: LateWindow,
    }
);

behaviour!(
    /// A range of angles of the grid voltage at which transfer takes longer.
    LateWindow {
        /// First angle.
        from: Degrees,
        /// Last angle; below `from` the window wraps over 360°.
        to: Degrees,
        /// Added to the transfer.
        extra: Seconds,
    }
);
