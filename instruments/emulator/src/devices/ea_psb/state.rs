//! What the PSB is set to and what it does about it, whoever speaks to it.
//!
//! Pure: no wires, no time. An interface sets and asks here, sends [`Psb::drive`] to the plant and
//! shows [`Psb::watch`] what the terminals carry. Amperes and watts leave the instrument when
//! positive (source), and flow into it when negative (sink).

use crate::devices::droop::terminal_v;

/// Nominal voltage of a PSB 10750-60, V.
pub(crate) const NOMINAL_V: f64 = 750.0;
/// Nominal current in either direction, A.
pub(crate) const NOMINAL_A: f64 = 60.0;
/// Nominal power in either direction, W.
pub(crate) const NOMINAL_W: f64 = 15_000.0;
/// Least and most internal resistance, Ω.
pub(crate) const NOMINAL_OHM: (f64, f64) = (0.5, 450.0);
/// Largest set value in parts of the nominal value.
pub(crate) const SET_MOST: f64 = 1.02;
/// Largest threshold of a protection in parts of the nominal value, and its rest position.
pub(crate) const PROTECTION_MOST: f64 = 1.1;

/// A set value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// V.
    Volts,
    /// A, source.
    SourceAmps,
    /// W, source.
    SourceWatts,
    /// A, sink.
    SinkAmps,
    /// W, sink.
    SinkWatts,
}

impl Setting {
    /// Every set value.
    pub(crate) const ALL: [Self; 5] = [
        Self::Volts,
        Self::SourceAmps,
        Self::SourceWatts,
        Self::SinkAmps,
        Self::SinkWatts,
    ];

    /// Its 100 %.
    pub(crate) fn nominal(self) -> f64 {
        match self {
            Self::Volts => NOMINAL_V,
            Self::SourceAmps | Self::SinkAmps => NOMINAL_A,
            Self::SourceWatts | Self::SinkWatts => NOMINAL_W,
        }
    }
}

/// What a protection watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// OVP, V.
    Volts,
    /// OCP, A, source.
    SourceAmps,
    /// OPP, W, source.
    SourceWatts,
    /// OCP, A, sink.
    SinkAmps,
    /// OPP, W, sink.
    SinkWatts,
}

impl Protection {
    /// Every protection.
    pub(crate) const ALL: [Self; 5] = [
        Self::Volts,
        Self::SourceAmps,
        Self::SourceWatts,
        Self::SinkAmps,
        Self::SinkWatts,
    ];

    /// Its 100 %.
    pub(crate) fn nominal(self) -> f64 {
        match self {
            Self::Volts => NOMINAL_V,
            Self::SourceAmps | Self::SinkAmps => NOMINAL_A,
            Self::SourceWatts | Self::SinkWatts => NOMINAL_W,
        }
    }
}

/// A direction of current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Out of the instrument.
    Source,
    /// Into it.
    Sink,
}

/// Who may set values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// Nobody has taken it: the front panel works, remote commands are refused.
    Free,
    /// The network interface.
    Ethernet,
}

/// What holds the terminals at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Regulation {
    /// CV.
    Voltage,
    /// CR.
    Resistance,
    /// CC.
    Current,
    /// CP.
    Power,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Remote control has not been taken.
    NotRemote,
    /// Outside the adjustment limits.
    OutOfRange,
    /// An alarm has not been acknowledged.
    Alarm,
    /// The resistance can only be set in UIR.
    Mode,
}

/// What the plant's battery source is to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Drive {
    /// Output relay.
    pub(crate) on: bool,
    /// V.
    pub(crate) volts: f64,
    /// A, ≥ 0.
    pub(crate) source_a: f64,
    /// A, ≥ 0.
    pub(crate) sink_a: f64,
}

/// What the terminals carry.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Terminals {
    /// V.
    pub(crate) volts: f64,
    /// A, > 0 sourced.
    pub(crate) amps: f64,
    /// W, > 0 sourced.
    pub(crate) watts: f64,
}

/// The instrument.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Psb {
    control: Control,
    output: bool,
    set: [f64; 5],
    /// Adjustment limits (least, most) of each set value.
    limits: [(f64, f64); 5],
    /// Internal resistance as a source and as a sink, Ω; in UIR the terminals drop by it.
    ohms: [f64; 2],
    /// UIR, else UIP.
    resistance_mode: bool,
    thresholds: [f64; 5],
    /// Alarms that wait to be acknowledged.
    alarms: [bool; 5],
    /// Alarms since power-on.
    counts: [u32; 5],
}

impl Psb {
    /// As after power-on: free, output off, 0 V, both directions at full current and power.
    pub(crate) fn new() -> Self {
        Self {
            control: Control::Free,
            output: false,
            set: [0.0, NOMINAL_A, NOMINAL_W, NOMINAL_A, NOMINAL_W],
            limits: Setting::ALL.map(|setting| (0.0, SET_MOST * setting.nominal())),
            ohms: [NOMINAL_OHM.0; 2],
            resistance_mode: false,
            thresholds: Protection::ALL.map(|protection| PROTECTION_MOST * protection.nominal()),
            alarms: [false; 5],
            counts: [0; 5],
        }
    }

    /// Who may set values.
    pub(crate) fn control(&self) -> Control {
        self.control
    }

    /// Takes or releases remote control. Releasing leaves the output as it is.
    pub(crate) fn take(&mut self, control: Control) {
        self.control = control;
    }

    fn remote(&self) -> Result<(), Refusal> {
        match self.control {
            Control::Free => Err(Refusal::NotRemote),
            Control::Ethernet => Ok(()),
        }
    }

    /// A set value.
    pub(crate) fn get(&self, setting: Setting) -> f64 {
        self.set[setting as usize]
    }

    /// Sets a value.
    pub(crate) fn set(&mut self, setting: Setting, value: f64) -> Result<(), Refusal> {
        self.remote()?;
        let (least, most) = self.limits(setting);
        if !(least..=most).contains(&value) {
            return Err(Refusal::OutOfRange);
        }
        self.set[setting as usize] = value;
        Ok(())
    }

    /// Adjustment limits: least, most.
    pub(crate) fn limits(&self, setting: Setting) -> (f64, f64) {
        self.limits[setting as usize]
    }

    /// Moves the adjustment limits. They must enclose the present set value.
    pub(crate) fn limit(
        &mut self,
        setting: Setting,
        (least, most): (f64, f64),
    ) -> Result<(), Refusal> {
        self.remote()?;
        let set = self.get(setting);
        let within = 0.0 <= least && least <= set && set <= most;
        if !(within && most <= SET_MOST * setting.nominal()) {
            return Err(Refusal::OutOfRange);
        }
        self.limits[setting as usize] = (least, most);
        Ok(())
    }

    /// Internal resistance of a side, Ω.
    pub(crate) fn ohms(&self, side: Side) -> f64 {
        self.ohms[side as usize]
    }

    /// Sets the internal resistance of a side; only in UIR.
    pub(crate) fn set_ohms(&mut self, side: Side, ohms: f64) -> Result<(), Refusal> {
        self.remote()?;
        if !self.resistance_mode {
            return Err(Refusal::Mode);
        }
        if !(NOMINAL_OHM.0..=NOMINAL_OHM.1).contains(&ohms) {
            return Err(Refusal::OutOfRange);
        }
        self.ohms[side as usize] = ohms;
        Ok(())
    }

    /// UIR, else UIP.
    pub(crate) fn resistance_mode(&self) -> bool {
        self.resistance_mode
    }

    /// Chooses between UIR and UIP.
    pub(crate) fn set_resistance_mode(&mut self, on: bool) -> Result<(), Refusal> {
        self.remote()?;
        self.resistance_mode = on;
        Ok(())
    }

    /// Threshold of a protection.
    pub(crate) fn threshold(&self, protection: Protection) -> f64 {
        self.thresholds[protection as usize]
    }

    /// Sets the threshold of a protection, up to 110 % of nominal.
    pub(crate) fn protect(&mut self, protection: Protection, value: f64) -> Result<(), Refusal> {
        self.remote()?;
        if !(0.0..=PROTECTION_MOST * protection.nominal()).contains(&value) {
            return Err(Refusal::OutOfRange);
        }
        self.thresholds[protection as usize] = value;
        Ok(())
    }

    /// An alarm that waits to be acknowledged.
    pub(crate) fn alarm(&self, protection: Protection) -> bool {
        self.alarms[protection as usize]
    }

    /// Any alarm waits to be acknowledged.
    pub(crate) fn alarmed(&self) -> bool {
        self.alarms.contains(&true)
    }

    /// Acknowledges every alarm; the output stays off.
    pub(crate) fn acknowledge(&mut self) -> Result<(), Refusal> {
        self.remote()?;
        self.alarms = [false; 5];
        Ok(())
    }

    /// Alarms since power-on or since they were counted anew.
    pub(crate) fn count(&self, protection: Protection) -> u32 {
        self.counts[protection as usize]
    }

    /// Counts the alarms of a protection anew.
    pub(crate) fn clear_count(&mut self, protection: Protection) {
        self.counts[protection as usize] = 0;
    }

    /// Everything as after power-on but who may set values and the counts.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            control: self.control,
            counts: self.counts,
            ..Self::new()
        };
    }

    /// Output on.
    pub(crate) fn output(&self) -> bool {
        self.output
    }

    /// Switches the output. Refused while an alarm is pending.
    pub(crate) fn switch(&mut self, on: bool) -> Result<(), Refusal> {
        self.remote()?;
        if on && self.alarmed() {
            return Err(Refusal::Alarm);
        }
        self.output = on;
        Ok(())
    }

    /// What the plant's source is to do with what the terminals carry: power limits are currents
    /// at the set voltage; in UIR the voltage drops by the internal resistance.
    pub(crate) fn drive(&self, at: Terminals) -> Drive {
        let volts = self.get(Setting::Volts);
        let side = if at.watts < 0.0 {
            Side::Sink
        } else {
            Side::Source
        };
        let amps = |current: Setting, power: Setting| {
            let by_power = if volts > 0.0 {
                self.get(power) / volts
            } else {
                f64::INFINITY
            };
            self.get(current).min(by_power)
        };
        Drive {
            on: self.output,
            volts: if self.output && self.resistance_mode {
                terminal_v(volts, self.ohms(side), at.watts)
            } else {
                volts
            },
            source_a: amps(Setting::SourceAmps, Setting::SourceWatts),
            sink_a: amps(Setting::SinkAmps, Setting::SinkWatts),
        }
    }

    /// What holds the terminals.
    pub(crate) fn regulation(&self, at: Terminals) -> Regulation {
        let (current, power) = if at.amps < 0.0 {
            (Setting::SinkAmps, Setting::SinkWatts)
        } else {
            (Setting::SourceAmps, Setting::SourceWatts)
        };
        // a regulator is at its limit when less than 0.1 % of nominal is left
        let reached = |value: f64, setting: Setting| {
            value.abs() >= self.get(setting) - 1e-3 * setting.nominal()
        };
        let free = if self.resistance_mode {
            Regulation::Resistance
        } else {
            Regulation::Voltage
        };
        if !self.output {
            free
        } else if reached(at.watts, power) {
            Regulation::Power
        } else if reached(at.amps, current) {
            Regulation::Current
        } else {
            free
        }
    }

    /// The terminals need watching: a protection could trip below what the set values allow, or the
    /// voltage follows the current.
    pub(crate) fn needs_watching(&self) -> bool {
        self.output
            && (self.resistance_mode
                || Protection::ALL
                    .iter()
                    .zip(Setting::ALL.map(|setting| self.get(setting)))
                    .any(|(&protection, set)| self.threshold(protection) <= set))
    }

    /// Compares the terminals with the protections: what is at or beyond a threshold raises its
    /// alarm and switches the output off. True when that happened now.
    pub(crate) fn watch(&mut self, at: Terminals) -> bool {
        if !self.output {
            return false;
        }
        let mut tripped = false;
        for protection in Protection::ALL {
            let value = match protection {
                Protection::Volts => at.volts,
                Protection::SourceAmps => at.amps,
                Protection::SourceWatts => at.watts,
                Protection::SinkAmps => -at.amps,
                Protection::SinkWatts => -at.watts,
            };
            if value > 0.0 && value >= self.threshold(protection) {
                self.trip(protection);
                tripped = true;
            }
        }
        tripped
    }

    /// Raises the alarm of a protection, which switches the output off.
    pub(crate) fn trip(&mut self, protection: Protection) {
        self.alarms[protection as usize] = true;
        self.counts[protection as usize] += 1;
        self.output = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote() -> Psb {
        let mut psb = Psb::new();
        psb.take(Control::Ethernet);
        psb
    }

    #[test]
    fn nothing_can_be_set_without_remote_control() {
        let mut psb = Psb::new();
        assert_eq!(psb.set(Setting::Volts, 1.0), Err(Refusal::NotRemote));
        assert_eq!(psb.switch(true), Err(Refusal::NotRemote));
        psb.take(Control::Ethernet);
        assert_eq!(psb.set(Setting::Volts, 765.0), Ok(()));
        assert_eq!(psb.set(Setting::Volts, 765.1), Err(Refusal::OutOfRange));
        assert_eq!(
            psb.limit(Setting::Volts, (0.0, 700.0)),
            Err(Refusal::OutOfRange)
        );
        assert_eq!(psb.set(Setting::Volts, 48.0), Ok(()));
        assert_eq!(psb.limit(Setting::Volts, (40.0, 60.0)), Ok(()));
        assert_eq!(psb.set(Setting::Volts, 61.0), Err(Refusal::OutOfRange));
        assert_eq!(psb.set_ohms(Side::Sink, 5.0), Err(Refusal::Mode));
        assert_eq!(psb.set_resistance_mode(true), Ok(()));
        assert_eq!(psb.set_ohms(Side::Sink, 5.0), Ok(()));
        assert_eq!((psb.ohms(Side::Source), psb.ohms(Side::Sink)), (0.5, 5.0));
    }

    #[test]
    fn power_limits_become_currents() {
        let mut psb = remote();
        for (setting, value) in [
            (Setting::Volts, 50.0),
            (Setting::SourceAmps, 55.0),
            (Setting::SourceWatts, 2500.0),
            (Setting::SinkAmps, 40.0),
        ] {
            assert_eq!(psb.set(setting, value), Ok(()));
        }
        assert_eq!(psb.switch(true), Ok(()));
        let drive = Drive {
            on: true,
            volts: 50.0,
            source_a: 50.0,
            sink_a: 40.0,
        };
        assert_eq!(psb.drive(Terminals::default()), drive);
        let at = |amps: f64| Terminals {
            volts: 50.0,
            amps,
            watts: 50.0 * amps,
        };
        assert_eq!(psb.set_resistance_mode(true), Ok(()));
        assert!(psb.needs_watching());
        let sagged = psb.drive(at(10.0)).volts;
        assert!(
            (sagged - (50.0 - 0.5 * 500.0 / sagged)).abs() < 1e-9,
            "{sagged}"
        );
        assert!(psb.drive(at(-10.0)).volts > 50.0);
        assert_eq!(psb.set_resistance_mode(false), Ok(()));
        assert_eq!(psb.regulation(at(50.0)), Regulation::Power);
        assert_eq!(psb.regulation(at(-40.0)), Regulation::Current);
        assert_eq!(psb.regulation(at(10.0)), Regulation::Voltage);
    }

    #[test]
    fn an_alarm_latches_the_output_off() {
        let mut psb = remote();
        assert_eq!(psb.set(Setting::Volts, 50.0), Ok(()));
        assert!(!psb.needs_watching());
        assert_eq!(psb.protect(Protection::SinkAmps, 20.0), Ok(()));
        assert_eq!(psb.switch(true), Ok(()));
        assert!(psb.needs_watching());
        let mut at = Terminals {
            volts: 50.0,
            amps: 20.0,
            watts: 1000.0,
        };
        assert!(!psb.watch(at), "that is the other direction");
        at.amps = -20.0;
        assert!(psb.watch(at));
        assert!(!psb.output() && psb.alarm(Protection::SinkAmps));
        assert_eq!(psb.switch(true), Err(Refusal::Alarm));
        assert_eq!(psb.acknowledge(), Ok(()));
        assert_eq!(psb.switch(true), Ok(()));
        assert_eq!(psb.count(Protection::SinkAmps), 1);
    }
}
