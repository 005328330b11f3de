//! What a PSB is and does, whatever protocol asks: set values, output, alarms, measurement.
//!
//! The SCPI and the Modbus server of one unit share one [`EaPsb`].

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::{MeterPoint, Reading};

use crate::devices::metering::{Limits, Meter, MeterSpec};
use crate::devices::watch::Watch;
use crate::field::{Field, MILLISECOND};

/// Ratings of a PSB 10750-60: V.
pub(crate) const NOMINAL_V: f64 = 750.0;
/// A, in both directions.
pub(crate) const NOMINAL_A: f64 = 60.0;
/// W, in both directions.
pub(crate) const NOMINAL_W: f64 = 15_000.0;
/// Ω, least and most of the internal resistance.
pub(crate) const NOMINAL_OHM: (f64, f64) = (0.5, 450.0);
/// Set values go to 102 %, protections to 110 % of nominal.
pub(crate) const SET_MOST: f64 = 1.02;
/// See [`SET_MOST`].
pub(crate) const PROTECT_MOST: f64 = 1.1;
/// From a command to the output.
const LATENCY: Nanos = 20 * MILLISECOND;

/// ± 0.1 % of nominal voltage, ± 0.2 % of nominal current.
const METER: MeterSpec = MeterSpec {
    volts: Limits {
        reading: 0.0,
        offset: 0.001 * NOMINAL_V,
    },
    amps: Limits {
        reading: 0.0,
        offset: 0.002 * NOMINAL_A,
    },
    watts: Limits {
        reading: 0.0,
        offset: 0.003 * NOMINAL_W,
    },
    hertz: 0.0,
};

/// Who may change set values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody in particular: the front panel works, remote writes are refused.
    Free,
    /// The remote interface.
    Remote,
}

/// What limits the output at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Regulation {
    /// Constant voltage.
    Voltage,
    /// Internal resistance.
    Resistance,
    /// Constant current.
    Current,
    /// Constant power.
    Power,
}

/// Alarms that switch the output off until acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// OVP.
    OverVoltage = 0,
    /// OCP, source.
    OverCurrent = 1,
    /// OPP, source.
    OverPower = 2,
    /// OCP, sink.
    SinkOverCurrent = 3,
    /// OPP, sink.
    SinkOverPower = 4,
}

/// Number of [`Alarm`]s.
pub(crate) const ALARMS: usize = 5;

/// Set values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SetValues {
    /// V.
    pub(crate) volts: f64,
    /// Current out of the unit, A.
    pub(crate) source_a: f64,
    /// Power out of the unit, W.
    pub(crate) source_w: f64,
    /// Current into the unit, A.
    pub(crate) sink_a: f64,
    /// Power into the unit, W.
    pub(crate) sink_w: f64,
    /// Internal resistance as a source, Ω; only in UIR.
    pub(crate) source_ohm: f64,
    /// As a sink.
    pub(crate) sink_ohm: f64,
    /// UIR, else UIP.
    pub(crate) resistance_mode: bool,
    /// Thresholds in the order of [`Alarm`].
    pub(crate) protect: [f64; ALARMS],
}

impl Default for SetValues {
    fn default() -> Self {
        Self {
            volts: 0.0,
            source_a: 0.0,
            source_w: NOMINAL_W * SET_MOST,
            sink_a: 0.0,
            sink_w: NOMINAL_W * SET_MOST,
            source_ohm: NOMINAL_OHM.0,
            sink_ohm: NOMINAL_OHM.0,
            resistance_mode: false,
            protect: [NOMINAL_V, NOMINAL_A, NOMINAL_W, NOMINAL_A, NOMINAL_W]
                .map(|nominal| nominal * PROTECT_MOST),
        }
    }
}

/// The unit.
#[derive(Debug)]
pub(crate) struct EaPsb {
    /// Who may write.
    pub(crate) owner: Owner,
    /// Set values; call [`EaPsb::send`] after a change.
    pub(crate) set: SetValues,
    output: bool,
    alarms: [bool; ALARMS],
    counts: [u32; ALARMS],
    watch: Watch,
    meter: Meter,
}

impl EaPsb {
    /// As after power-on: free, output off.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        Self {
            owner: Owner::Free,
            set: SetValues::default(),
            output: false,
            alarms: [false; ALARMS],
            counts: [0; ALARMS],
            watch: Watch::default(),
            meter: Meter::new(seed, name, METER),
        }
    }

    /// The set values to the output. The power limits are kept by limiting the current.
    pub(crate) fn send(&self, field: &mut Field) {
        let within = |amps: f64, watts: f64| {
            if self.set.volts > 1.0 {
                amps.min(watts / self.set.volts)
            } else {
                amps
            }
        };
        let input = Input::BatterySource {
            on: self.output,
            volts: self.set.volts,
            source_a: within(self.set.source_a, self.set.source_w),
            sink_a: within(self.set.sink_a, self.set.sink_w),
        };
        field.plant.schedule(field.now() + LATENCY, input);
    }

    /// Output on or off; on is refused (`false`) while an alarm is not acknowledged.
    pub(crate) fn switch(&mut self, on: bool, field: &mut Field) -> bool {
        if on && self.alarmed() {
            return false;
        }
        if on && !self.output {
            self.watch.arm(field.now());
        } else if !on {
            self.watch.disarm();
        }
        self.output = on;
        self.send(field);
        true
    }

    /// Output relay.
    pub(crate) fn output(&self) -> bool {
        self.output
    }

    /// Some alarm waits to be acknowledged.
    pub(crate) fn alarmed(&self) -> bool {
        self.alarms.contains(&true)
    }

    /// Whether an alarm waits.
    pub(crate) fn alarm(&self, alarm: Alarm) -> bool {
        self.alarms[alarm as usize]
    }

    /// Acknowledges all alarms.
    pub(crate) fn acknowledge(&mut self) {
        self.alarms = [false; ALARMS];
    }

    /// How often an alarm came since it was last asked.
    pub(crate) fn take_count(&mut self, alarm: Alarm) -> u32 {
        std::mem::take(&mut self.counts[alarm as usize])
    }

    /// What the display shows; current and power are negative into the unit.
    pub(crate) fn reading(&self, field: &Field) -> Reading {
        self.meter.shows(field.plant.reading(MeterPoint::Battery))
    }

    /// What limits the output.
    pub(crate) fn regulation(&self, field: &Field) -> Regulation {
        let now = field.plant.reading(MeterPoint::Battery);
        let (amps, watts) = if now.amps < 0.0 {
            (self.set.sink_a, self.set.sink_w)
        } else {
            (self.set.source_a, self.set.source_w)
        };
        if !self.output || now.amps.abs() < 0.98 * amps.min(watts / now.volts.max(1.0)) {
            if self.set.resistance_mode {
                Regulation::Resistance
            } else {
                Regulation::Voltage
            }
        } else if now.watts.abs() > 0.98 * watts {
            Regulation::Power
        } else {
            Regulation::Current
        }
    }

    /// Everything as after power-on but who may write.
    pub(crate) fn reset(&mut self, field: &mut Field) {
        self.set = SetValues::default();
        self.acknowledge();
        self.switch(false, field);
    }

    /// When the protections look next.
    pub(crate) fn next_event(&self) -> Option<Nanos> {
        self.watch.next()
    }

    /// Lets the protections look, when it is time.
    pub(crate) fn on_time(&mut self, field: &mut Field) {
        if !self.watch.due(field.now()) {
            return;
        }
        let now = field.plant.reading(MeterPoint::Battery);
        let values = [now.volts, now.amps, now.watts, -now.amps, -now.watts];
        for (index, value) in values.into_iter().enumerate() {
            if value > self.set.protect[index] {
                self.alarms[index] = true;
                self.counts[index] += 1;
            }
        }
        if self.alarmed() {
            self.switch(false, field);
        }
    }
}
