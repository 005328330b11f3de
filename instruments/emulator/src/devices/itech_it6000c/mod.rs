//! ITECH IT6000C bidirectional dc supply as battery simulator.
//!
//! Settings are refused in local (-201); limits can be written only in the priority they belong to
//! (-221). Positive current and power leave the instrument. Over-voltage, -current and -power trip
//! the output until `OUTPut:PROTection:CLEar`, as do under-voltage and -current after their warm-up;
//! the watchdog opens it when nobody talks. In voltage priority the terminals drop by the internal
//! resistance; in LIST mode a trigger runs the list.

mod commands;
mod list;
mod protect;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::{MeterPoint, Reading};

use self::commands::{Command as C, Key, SETTINGS, StepValue, TABLE};
use self::list::{List, MOST_STEPS, Step};
use super::chroma_61845::within;
use super::droop::terminal_v;
use super::metering::{Limits, Meter, MeterSpec};
use super::slope::Slope;
use super::watch::{PERIOD, Watch};
use crate::field::{Disturbance, Field, MILLISECOND, SECOND};
use crate::scpi::engine::{Conditions, Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, Value, patterns};
use crate::scpi::{Call, Outcome};

/// From a command to the output.
const LATENCY: Nanos = 20 * MILLISECOND;
const MOST_VOLTS: f64 = 800.0;
const MOST_AMPS: f64 = 225.0;
const MOST_WATTS: f64 = 54_000.0;
/// Current priority, among the words of `FUNCtion`.
const CURRENT: usize = 1;
/// ± 0.02 % + 0.02 % of 800 V, ± 0.1 % + 0.1 % of 225 A.
const METER: MeterSpec = MeterSpec {
    volts: Limits {
        reading: 2e-4,
        offset: 0.16,
    },
    amps: Limits {
        reading: 1e-3,
        offset: 0.225,
    },
    watts: Limits {
        reading: 1.2e-3,
        offset: 80.0,
    },
    hertz: 0.0,
};
/// Bits of the QUEStionable register: OVP, OCP, OPP, watchdog.
const OVP: u16 = 1;
const OCP: u16 = 1 << 1;
const OPP: u16 = 1 << 3;
const WATCHDOG: u16 = 1 << 11;
/// Under-voltage and under-current; the places are this emulator's own.
const UVP: u16 = 1 << 4;
const UCP: u16 = 1 << 5;
/// Run mode in which a trigger starts the list, among the words of `FUNCtion:MODE`.
const LIST: usize = 1;
/// How often a level that moves by itself is sent: list, internal resistance.
const REGULATION: Nanos = 20 * MILLISECOND;
const DELAY: (f64, f64) = (0.0, 86_400.0);

/// The battery simulator.
#[derive(Debug)]
pub(crate) struct It6000c {
    settings: Settings<Key>,
    remote: bool,
    output: bool,
    tripped: u16,
    watches: [Watch; 5],
    list: List,
    /// Voltage, or current in current priority, on its way.
    level: Slope,
    /// It is a current.
    of_current: bool,
    /// Next look at a level that moves by itself.
    regulates: Option<Nanos>,
    /// When the output was told to close, for the warm-up of the under-protections.
    closed: Nanos,
    /// No set-point reaches the terminals before: `OUTPut:DELay`.
    not_before: Nanos,
    /// Last traffic, for the watchdog.
    heard: Nanos,
    /// ∫I dt and ∫P dt since the output was closed, Ah and Wh.
    charge: (f64, f64),
    meter: Meter,
}

impl It6000c {
    /// As after power-on: local, voltage priority, 0 V, output off.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let style = Style {
            upper: false,
            ..Style::LONG
        };
        Self {
            settings: Settings::new(SETTINGS, style, 1),
            remote: false,
            output: false,
            tripped: 0,
            watches: Default::default(),
            list: List::new(),
            level: Slope::default(),
            of_current: false,
            regulates: None,
            closed: 0,
            not_before: 0,
            heard: 0,
            charge: (0.0, 0.0),
            meter: Meter::new(seed, name, METER),
        }
    }

    fn current_priority(&self) -> bool {
        self.settings.word(Key::Priority) == CURRENT
    }

    /// The set-point on its way: it takes the time that is set for a rise or fall, in voltage priority
    /// from 0 when the output is switched on.
    fn follow(&mut self, now: Nanos) -> f64 {
        let value = |key: Key| self.settings.number(key);
        let current = self.current_priority();
        let (to, rise, fall) = if current {
            (Key::Amps, Key::AmpRise, Key::AmpFall)
        } else {
            (Key::Volts, Key::VoltRise, Key::VoltFall)
        };
        let to = value(to);
        // an output that is off, or another quantity, is nowhere to come from
        if !self.output || self.of_current != current {
            self.of_current = current;
            self.level.rest(if self.output { to } else { 0.0 });
            return to;
        }
        let up = to > self.level.value(now);
        let seconds = value(if up { rise } else { fall });
        // the output comes to its terminals after its delay
        let now = now.max(self.not_before.saturating_sub(LATENCY));
        self.level.head_for(to, seconds, now);
        self.level.value(now)
    }

    /// In current priority the plant's source is told the voltage limit on the side of the current.
    /// Power limits are kept by limiting the current.
    fn send(&mut self, field: &mut Field) {
        let now = field.now();
        let current = self.current_priority();
        let level = match self.list.level(now, current) {
            Some(level) => {
                // it goes on from there
                self.level.rest(level);
                level
            }
            None => self.follow(now),
        };
        let value = |key: Key| self.settings.number(key);
        let (volts, source_a, sink_a) = if current {
            let amps = level;
            let limit = if amps < 0.0 {
                Key::VoltLow
            } else {
                Key::VoltHigh
            };
            (value(limit), amps.max(0.0), (-amps).max(0.0))
        } else {
            let open = level;
            let watts = field.plant.reading_cycle(MeterPoint::Battery).watts;
            let ohm = value(Key::Ohms);
            (
                terminal_v(open, ohm, if self.output { watts } else { 0.0 }),
                value(Key::SourceLimit),
                -value(Key::SinkLimit),
            )
        };
        let within = |amps: f64, watts: f64| {
            if volts > 1.0 {
                amps.min(watts / volts)
            } else {
                amps
            }
        };
        let moves = self.output && (self.list.running() || value(Key::Ohms) > 0.0);
        let moves = moves.then(|| now + REGULATION);
        self.regulates = [moves, self.level.next(now)].into_iter().flatten().min();
        field.plant.schedule(
            (now + LATENCY).max(self.not_before),
            Input::BatterySource {
                on: self.output,
                volts,
                source_a: within(source_a, value(Key::PowerSource)),
                sink_a: within(sink_a, -value(Key::PowerSink)),
            },
        );
    }

    fn switch(&mut self, on: bool, field: &mut Field) {
        if on && !self.output {
            self.charge = (0.0, 0.0);
            self.closed = field.now();
            for watch in &mut self.watches {
                watch.arm(field.now());
            }
        } else if !on {
            self.watches.iter_mut().for_each(Watch::disarm);
        }
        if !on {
            self.list.stop();
        }
        if on != self.output {
            let delay = self
                .settings
                .number(if on { Key::DelayOn } else { Key::DelayOff });
            self.not_before = field.now() + LATENCY + (delay * SECOND as f64) as Nanos;
        }
        self.output = on;
        self.send(field);
    }

    /// `TRIGger`, `*TRG`: runs the list where the run mode is LIST and the output is on.
    fn run_list(&mut self, field: &mut Field) -> Result<(), Fault> {
        if !self.output || self.settings.word(Key::RunMode) != LIST {
            return Err(fault::TRIGGER_IGNORED);
        }
        let from = self.settings.number(if self.current_priority() {
            Key::Amps
        } else {
            Key::Volts
        });
        self.list.start(field.now(), from);
        self.send(field);
        Ok(())
    }

    /// `<step>,<value>`; a step beyond the last one makes the list longer.
    fn set_step(&mut self, value: StepValue, call: &Call<'_>) -> Result<(), Fault> {
        let params = call.params;
        params.at_most(2)?;
        let index = within(params.number(0, "")?, 1.0, MOST_STEPS as f64)? as usize - 1;
        let (unit, least, most) = match value {
            StepValue::Volts => ("V", 0.0, MOST_VOLTS),
            StepValue::Amps => ("A", -MOST_AMPS, MOST_AMPS),
            StepValue::Slope | StepValue::Width => ("S", DELAY.0, DELAY.1),
        };
        let number = within(params.number(1, unit)?, least, most)?;
        if index >= self.list.steps.len() {
            self.list.steps.resize(index + 1, Step::default());
        }
        *step_value(&mut self.list.steps[index], value) = number;
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`set` passes only the list's commands on"
    )]
    fn list_command(
        &mut self,
        command: C,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let params = call.params;
        let mut step = |value| self.set_step(value, call);
        match command {
            C::Step(value) => step(value)?,
            C::StepCount => {
                let count = within(params.only_number("")?, 1.0, MOST_STEPS as f64)?;
                self.list.steps.resize(count as usize, Step::default());
            }
            C::Repeat => {
                self.list.repeat = within(params.only_number("")?, 1.0, 65_535.0)? as u32;
            }
            C::Terminate => self.list.stays = params.choice(0, &["NORMal", "LAST"])? == 1,
            C::ListState => {
                if params.only_boolean()? {
                    self.run_list(field)?;
                } else {
                    self.list.stop();
                    self.send(field);
                }
            }
            C::Trigger => {
                params.none()?;
                self.run_list(field)?;
            }
            _ => {
                params.none()?;
                self.list.stop();
                self.send(field);
            }
        }
        Ok(())
    }

    fn write(&mut self, row: u16, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let key = self.settings.key(row);
        let mut value = self.settings.parse(row, call.params)?;
        let current = self.current_priority();
        let of_voltage = matches!(key, Key::SourceLimit | Key::SinkLimit);
        let of_current = matches!(key, Key::VoltHigh | Key::VoltLow);
        if (of_voltage && current) || (of_current && !current) {
            return Err(fault::SETTINGS_CONFLICT);
        }
        match (key, &value) {
            // switching the priority takes the active values into the related limits
            (Key::Priority, Value::Word(word)) if (*word == CURRENT) != current => {
                let (volts, amps) = (
                    self.settings.number(Key::Volts),
                    self.settings.number(Key::Amps),
                );
                if current {
                    self.settings.put(Key::SourceLimit, amps.max(0.0));
                    self.settings.put(Key::SinkLimit, amps.min(0.0));
                } else {
                    self.settings.put(Key::VoltHigh, volts);
                    self.settings.put(Key::Amps, 0.0);
                }
            }
            (Key::Amps, Value::Number(amps)) => {
                value = Value::Number((amps * 100.0).round() / 100.0);
            }
            _ => {}
        }
        self.settings.store(row, [0], &value);
        if key == Key::RunMode && self.settings.word(Key::RunMode) != LIST {
            self.list.stop();
        }
        if key != Key::Kept {
            self.send(field);
        }
        Ok(())
    }

    fn set(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let params = call.params;
        if let C::Remote | C::Local = command {
            self.remote = command == C::Remote;
            return params.none();
        }
        if !self.remote {
            return Err(fault::INVALID_IN_LOCAL);
        }
        match command {
            C::Setting(row) => self.write(row, call, field)?,
            C::ProtectionClear => {
                params.none()?;
                self.tripped = 0;
            }
            C::Output => {
                let on = params.only_boolean()?;
                if on && self.tripped != 0 {
                    return Err(fault::PROTECTION);
                }
                self.switch(on, field);
            }
            C::Beep | C::Clear => params.none()?,
            C::CountReset => {
                params.none()?;
                self.charge = (0.0, 0.0);
            }
            C::Step(_)
            | C::StepCount
            | C::Repeat
            | C::Terminate
            | C::ListState
            | C::Trigger
            | C::Abort => self.list_command(command, call, field)?,
            C::Remote
            | C::Local
            | C::MeasureOhms
            | C::MeasureVolts
            | C::MeasureAmps
            | C::MeasureWatts
            | C::FetchAll
            | C::AmpHours
            | C::WattHours
            | C::Zero => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    fn reading(&self, field: &Field) -> Reading {
        self.meter
            .shows(field.plant.reading_cycle(MeterPoint::Battery))
    }

    fn answer(&self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        if let C::Setting(row) = command {
            return self.settings.answer(row, 0, call);
        }
        if let C::Step(value) = command {
            let index = within(call.params.only_number("")?, 1.0, MOST_STEPS as f64)? as usize;
            let mut step = self.list.steps.get(index - 1).copied().unwrap_or_default();
            return Ok(Reply::Text(nr3(*step_value(&mut step, value), 5)));
        }
        call.params.none()?;
        let r = self.reading(field);
        let numbers = |all: &[f64]| {
            let all: Vec<String> = all.iter().map(|&value| nr3(value, 5)).collect();
            all.join(",")
        };
        Ok(Reply::Text(match command {
            C::Output => u8::from(self.output).to_string(),
            C::MeasureVolts => numbers(&[r.volts]),
            C::MeasureAmps => numbers(&[r.amps]),
            C::MeasureWatts => numbers(&[r.watts]),
            C::CountReset => return Err(fault::UNDEFINED_HEADER),
            C::AmpHours => numbers(&[self.charge.0]),
            C::WattHours => numbers(&[self.charge.1]),
            C::FetchAll => numbers(&[r.volts, r.amps, r.watts, self.charge.0, self.charge.1]),
            C::Zero => "0".to_owned(),
            C::MeasureOhms if r.amps != 0.0 => numbers(&[(r.volts / r.amps).abs()]),
            C::MeasureOhms => "9.9E+37".to_owned(),
            C::StepCount => self.list.steps.len().to_string(),
            C::Repeat => self.list.repeat.to_string(),
            C::Terminate => if self.list.stays { "LAST" } else { "NORMal" }.to_owned(),
            C::ListState => u8::from(self.list.running()).to_string(),
            C::Step(_) | C::Trigger | C::Abort | C::Clear => {
                return Err(fault::UNDEFINED_HEADER);
            }
            C::Setting(_) | C::Remote | C::Local | C::ProtectionClear | C::Beep => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }))
    }
}

impl ScpiDevice for It6000c {
    type Command = C;

    fn dialect(&self) -> Dialect {
        Dialect {
            version: Some("IT60xxSrc-v1.3.7.21"),
            ..Dialect::SCPI
        }
    }

    fn commands() -> Vec<(&'static str, C, Use)> {
        let mut all = TABLE.to_vec();
        all.extend(patterns(SETTINGS, C::Setting));
        all
    }

    fn identity(&self) -> String {
        "ITECH Electronics,IT6054C-800-225,806022010001,000.006.101,640.R,132.R".to_owned()
    }

    fn execute(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Outcome {
        self.heard = field.now();
        if call.query {
            self.answer(command, call, field)
        } else {
            self.set(command, call, field).map(|()| Reply::None)
        }
    }

    fn power_on(&mut self, field: &mut Field) {
        self.send(field);
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("source_limit_w", self.settings.number(Key::PowerSource)),
            ("sink_limit_w", -self.settings.number(Key::PowerSink)),
        ]
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-current protection opens the output.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            self.tripped |= OCP;
            self.switch(false, field);
            fault::PROTECTION
        })
    }

    fn reset(&mut self, field: &mut Field) {
        self.settings.reset();
        self.list = List::new();
        self.tripped = 0;
        self.switch(false, field);
    }

    fn trigger(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.run_list(field)
    }

    fn save(&mut self, slot: u8) -> Result<(), Fault> {
        self.settings.save(slot)
    }

    fn recall(&mut self, slot: u8, field: &mut Field) -> Result<(), Fault> {
        self.settings.recall(slot)?;
        self.send(field);
        Ok(())
    }

    /// OPERation: bit 8 output on. QUEStionable: protections that have tripped.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        Some(Conditions {
            operation: u16::from(self.output) << 8,
            questionable: self.tripped,
        })
    }

    fn next_event(&self) -> Option<Nanos> {
        [self.watches[0].next(), self.watchdog(), self.regulates]
            .into_iter()
            .flatten()
            .min()
    }

    fn on_time(&mut self, field: &mut Field) {
        if self.watches[0].next().is_some_and(|at| at <= field.now()) {
            let r = field.plant.reading(MeterPoint::Battery);
            let hours = 0.2 / 3600.0;
            self.charge.0 += r.amps * hours;
            self.charge.1 += r.watts * hours;
        }
        if self.regulates.is_some_and(|at| at <= field.now()) {
            self.send(field);
        }
        self.protect(field);
    }
}

fn step_value(step: &mut Step, value: StepValue) -> &mut f64 {
    match value {
        StepValue::Volts => &mut step.volts,
        StepValue::Amps => &mut step.amps,
        StepValue::Slope => &mut step.slope_s,
        StepValue::Width => &mut step.width_s,
    }
}
