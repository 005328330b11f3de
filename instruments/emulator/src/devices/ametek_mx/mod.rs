//! AMETEK (California Instruments) MX grid simulator, one phase of three wired.
//!
//! Immediate levels follow at their slews; `INITiate` arms transients (STEP, PULSe, LIST), which
//! run at once or with `*TRG`, and hold their last level until `ABORt`. With
//! `CURRent:PROTection:STATe ON` a current beyond the limit opens the output for good after the
//! delay, with `OFF` the voltage is then lowered until the current is at its limit. Positive power leaves the instrument.

mod act;
mod commands;
mod measure;
mod program;
mod transient;
mod waves;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::input::GridSegment;
use gridproof_plant::signal::MeterPoint;

use self::commands::{Command, FASTEST, Key, SETTINGS, TABLE};
use self::program::{Level, Lists};
use self::waves::Trace;
use super::amplifier::Amplifier;
use super::metering::{Limits, Meter, MeterSpec};
use super::watch::Watch;
use crate::field::{Disturbance, Field, MILLISECOND};
use crate::scpi::engine::{Conditions, Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, patterns};
use crate::scpi::{Call, Outcome};

/// Meter of the series: ± 0.3 V, ± 0.5 % of the 66.7 A range, ± 0.5 % of the 10 kVA per phase.
const METER: MeterSpec = MeterSpec {
    volts: Limits {
        reading: 0.0005,
        offset: 0.25,
    },
    amps: Limits {
        reading: 0.0,
        offset: 0.15,
    },
    watts: Limits {
        reading: 0.001,
        offset: 50.0,
    },
    hertz: 1e-4,
};

/// How often constant current adjusts the voltage: the last whole cycle then lies behind the change
/// before. And by which factors at most.
const LOOK: Nanos = 60 * MILLISECOND;
const MOST_DOWN: f64 = 0.75;
const MOST_UP: f64 = 1.25;

/// A running transient.
#[derive(Debug)]
struct Running {
    pass: Vec<GridSegment>,
    ends: Nanos,
    /// Passes left after this one.
    left: u64,
}

/// The grid simulator.
#[derive(Debug)]
pub(crate) struct AmetekMx {
    settings: Settings<Key>,
    lists: Lists,
    traces: Vec<Trace>,
    amplifier: Amplifier,
    coupled: bool,
    /// Selected phase, 0–2.
    selected: usize,
    output: bool,
    tripped: bool,
    armed: bool,
    continuous: bool,
    running: Option<Running>,
    /// A finished transient holds its last level.
    holding: bool,
    watch: Watch,
    /// Constant current: when the voltage is adjusted next.
    limits: Option<Nanos>,
    meter: Meter,
}

impl AmetekMx {
    /// As after power-on: 0 V, 60 Hz, output open.
    pub(crate) fn new(seed: u64, name: &str, amplifier: Amplifier) -> Self {
        let mut source = Self {
            settings: Settings::new(SETTINGS, Style::SCPI, 3),
            lists: Lists::default(),
            traces: Vec::new(),
            amplifier,
            coupled: true,
            selected: 0,
            output: false,
            tripped: false,
            armed: false,
            continuous: false,
            running: None,
            holding: false,
            watch: Watch::default(),
            limits: None,
            meter: Meter::new(seed, name, METER),
        };
        source.default_phases();
        source
    }

    /// Phases 0°, 240°, 120° (4.11).
    fn default_phases(&mut self) {
        self.settings.put_at(Key::Phase, 1, 240.0);
        self.settings.put_at(Key::Phase, 2, 120.0);
    }

    fn range_v(&self) -> f64 {
        self.settings.number(Key::VoltRange)
    }

    fn immediate(&self) -> Level {
        Level {
            volts: self.settings.number(Key::Volts),
            hertz: self.settings.number(Key::Hertz),
        }
    }

    fn slews(&self) -> (f64, f64) {
        (
            self.settings.number(Key::VoltSlew),
            self.settings.number(Key::HertzSlew),
        )
    }

    /// The immediate levels to the output, at their slews while it is closed.
    fn send(&mut self, field: &mut Field) {
        let slew = |slew: f64| {
            if self.output && slew < FASTEST {
                slew
            } else {
                f64::INFINITY
            }
        };
        let (level, (volts, hertz)) = (self.immediate(), self.slews());
        let slews = (slew(volts), slew(hertz));
        self.amplifier.set((level.volts, level.hertz), slews, field);
    }

    /// The programmed output impedance.
    fn send_impedance(&mut self, field: &mut Field) {
        let programmed = if self.settings.on(Key::Impedance) {
            let value = |key: Key| self.settings.number(key);
            (value(Key::Resistance), value(Key::Inductance))
        } else {
            (0.0, 0.0)
        };
        self.amplifier.impedance(programmed, field);
    }

    /// Everything that the settings hold.
    fn send_all(&mut self, field: &mut Field) {
        self.send_impedance(field);
        self.send_wave(field);
        self.send(field);
    }

    fn changed(&mut self, key: Key, field: &mut Field) {
        let level = matches!(key, Key::Volts | Key::Hertz);
        let mode = matches!(key, Key::VoltMode | Key::HertzMode);
        if mode
            && self.mode(Key::VoltMode) == transient::FIXED
            && self.mode(Key::HertzMode) == transient::FIXED
        {
            self.holding = false;
        }
        if (level || mode) && self.running.is_none() && !self.holding {
            self.send(field);
        }
        if matches!(key, Key::Shape | Key::Clipping | Key::Offset | Key::Mode) {
            self.send_wave(field);
        }
        if matches!(key, Key::Impedance | Key::Resistance | Key::Inductance) {
            self.send_impedance(field);
        }
        if key == Key::CurrentTrips && self.settings.on(key) {
            self.release(field);
        }
        // width and duty cycle are two views of one thing; a new period keeps the width
        let period = self.settings.number(Key::PulsePeriod);
        if key == Key::PulseDuty {
            let width = period * self.settings.number(Key::PulseDuty) / 100.0;
            self.settings.put(Key::PulseWidth, width);
        } else if matches!(key, Key::PulseWidth | Key::PulsePeriod) {
            let duty = 100.0 * self.settings.number(Key::PulseWidth) / period;
            self.settings.put(Key::PulseDuty, duty.min(100.0));
        }
    }

    fn mode(&self, key: Key) -> usize {
        self.settings.word(key)
    }

    fn switch(&mut self, on: bool, field: &mut Field) {
        if on && !self.output {
            self.watch.arm(field.now());
        } else if !on {
            self.watch.disarm();
        }
        self.output = on;
        self.amplifier.output(on, None, field);
        if !on {
            self.release(field);
        }
    }

    fn protect(&mut self, field: &mut Field) {
        let now = field.now();
        if !self.watch.due(now) {
            return;
        }
        let amps = field.plant.reading(MeterPoint::Source).amps;
        let beyond = amps > self.settings.number(Key::Current) * 1.001;
        let delay = self.settings.number(Key::CurrentDelay);
        if self.limits.is_none() && self.watch.trips(now, beyond, delay) {
            if self.settings.on(Key::CurrentTrips) {
                self.trip(field);
            } else {
                self.limits = Some(now);
                self.limit(field);
            }
        }
    }

    /// Constant current: the voltage goes to where the current of the last cycle would have been at
    /// its limit, by a quarter at most, and back to the set voltage when that draws less.
    fn limit(&mut self, field: &mut Field) {
        let now = field.now();
        if self.limits.is_none_or(|at| at > now) {
            return;
        }
        let amps = field.plant.reading_cycle(MeterPoint::Source).amps;
        let limit = self.settings.number(Key::Current);
        let step = if amps > 0.0 { limit / amps } else { MOST_UP };
        let part = (self.amplifier.left() * step.clamp(MOST_DOWN, MOST_UP)).min(1.0);
        if part == 1.0 && self.amplifier.left() == 1.0 {
            self.release(field);
            return;
        }
        self.amplifier.leave(part, field);
        self.limits = Some(now + LOOK);
    }

    /// Constant voltage again.
    fn release(&mut self, field: &mut Field) {
        if self.limits.take().is_some() {
            self.watch.arm(field.now());
            self.amplifier.leave(1.0, field);
        }
        if !self.output {
            self.watch.disarm();
        }
    }

    /// The output opens and stays open until the protection is cleared.
    fn trip(&mut self, field: &mut Field) {
        self.tripped = true;
        self.abort(field);
        self.switch(false, field);
    }
}

impl ScpiDevice for AmetekMx {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect::SCPI
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        let mut all = TABLE.to_vec();
        all.extend(patterns(SETTINGS, Command::Setting));
        all
    }

    fn identity(&self) -> String {
        "AMETEK,MX30-3Pi,MX30-0001,5.53".to_owned()
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call, field)
        } else {
            self.act(command, call, field).map(|()| Reply::None)
        }
    }

    fn reset(&mut self, field: &mut Field) {
        self.abort(field);
        self.switch(false, field);
        self.settings.reset();
        self.default_phases();
        self.lists = Lists::default();
        (self.coupled, self.selected, self.continuous) = (true, 0, false);
        self.tripped = false;
        self.send_all(field);
    }

    fn trigger(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.fire(field)
    }

    fn save(&mut self, slot: u8) -> Result<(), Fault> {
        self.settings.save(slot)
    }

    fn recall(&mut self, slot: u8, field: &mut Field) -> Result<(), Fault> {
        self.abort(field);
        self.settings.recall(slot)?;
        self.send_all(field);
        Ok(())
    }

    /// OPERation: bit 3 transient, bit 5 waiting for a trigger; QUEStionable: bit 1 over-current, bit 12 limit
    /// of the current active.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        let limits = self.limits.is_some();
        Some(Conditions {
            operation: u16::from(self.running.is_some()) << 3 | u16::from(self.armed) << 5,
            questionable: u16::from(self.tripped || limits) << 1 | u16::from(limits) << 12,
        })
    }

    fn power_on(&mut self, field: &mut Field) {
        self.amplifier.power_on(field);
        self.send(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-current protection trips.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            self.trip(field);
            fault::PROTECTION
        })
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        vec![("current_limit_a", self.settings.number(Key::Current))]
    }

    fn busy(&self, _field: &Field) -> bool {
        self.running.is_some()
    }

    fn next_event(&self) -> Option<Nanos> {
        let ends = self.running.as_ref().map(|running| running.ends);
        [ends, self.watch.next(), self.limits]
            .into_iter()
            .flatten()
            .min()
    }

    fn on_time(&mut self, field: &mut Field) {
        let now = field.now();
        if let Some(running) = &mut self.running
            && running.ends <= now
        {
            if running.left == 0 {
                self.running = None;
                self.holding = true;
            } else {
                running.left -= 1;
                let length: Nanos = running.pass.iter().map(|segment| segment.dwell_ns).sum();
                running.ends = now + length;
                self.amplifier.program(&running.pass, field);
            }
        }
        self.protect(field);
        self.limit(field);
    }
}
