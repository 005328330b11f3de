//! Chroma 62000H-S solar array simulator (62150H-1000S).
//!
//! In CVCC it is a plain supply; in SAS, EN50530 and SANDIA it follows an I-V curve. While the
//! output is on, a changed curve waits for `TRIG`. LF or CR LF end messages.

mod commands;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::Reading;

use self::commands::{Command as C, Key, MODES, SETTINGS, TABLE};
use super::metering::{Limits, Meter, MeterSpec};
use super::slope::Slope;
use super::terrasas::curve::{Points, Technology};
use super::watch::Watch;
use crate::field::{Disturbance, Field, MILLISECOND};
use crate::scpi::engine::{Conditions, Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, Value, bound, patterns};
use crate::scpi::{Call, Outcome, Params};

/// From a command to the output.
const LATENCY: Nanos = 20 * MILLISECOND;
/// Words of the curve models in the order of `OUTPut:MODE`, from SAS on.
const MODELS: [&str; 3] = ["DEFAULT", "EN50530", "SANDIA"];
/// Index of SAS among the modes.
const SAS: usize = 1;
/// ± 0.05 % + 0.05 % of 1000 V, ± 0.1 % + 0.1 % of 15 A.
const METER: MeterSpec = MeterSpec {
    volts: Limits {
        reading: 5e-4,
        offset: 0.5,
    },
    amps: Limits {
        reading: 1e-3,
        offset: 0.015,
    },
    watts: Limits {
        reading: 1.5e-3,
        offset: 15.0,
    },
    hertz: 0.0,
};
/// Fault word: over-voltage, over-current, over-power.
const OVP: u16 = 1;
const OCP: u16 = 1 << 1;
const OPP: u16 = 1 << 2;

/// The solar array simulator.
#[derive(Debug)]
pub(crate) struct Chroma62000h {
    /// Input of the DUT, counted from 0.
    input: usize,
    settings: Settings<Key>,
    output: bool,
    /// The curve at the output.
    active: Points,
    faults: u16,
    watch: Watch,
    /// Levels on their way, and when they are sent next.
    volts: Slope,
    amps: Slope,
    moves: Option<Nanos>,
    meter: Meter,
}

impl Chroma62000h {
    /// As after power-on: CVCC, 0 V, output off; wired to this input of the DUT.
    pub(crate) fn new(seed: u64, name: &str, input: usize) -> Self {
        let settings = Settings::new(
            SETTINGS,
            Style {
                on_off: true,
                ..Style::LONG
            },
            1,
        );
        Self {
            input,
            active: supply(0.0, 0.0),
            settings,
            output: false,
            faults: 0,
            watch: Watch::default(),
            volts: Slope::default(),
            amps: Slope::default(),
            moves: None,
            meter: Meter::new(seed, name, METER),
        }
    }

    /// The curve that the settings describe, or why they describe none.
    fn curve(&self) -> Result<Points, Fault> {
        let value = |key: Key| self.settings.number(key);
        match MODES[self.settings.word(Key::Mode)] {
            "SAS" => Points {
                voc: value(Key::Voc),
                isc: value(Key::Isc),
                vmp: value(Key::Vmp),
                imp: value(Key::Imp),
            }
            .check(),
            "EN50530" => {
                let technology = [Technology::CrystallineSilicon, Technology::ThinFilm]
                    [self.settings.word(Key::Technology)];
                let irradiance = value(Key::EnIrradiance);
                Points::en50530(technology, value(Key::EnPower), value(Key::Vmp), irradiance)
            }
            "SANDIA" => self.sandia(),
            _ => Ok(supply(value(Key::Volts), value(Key::Amps))),
        }
    }

    /// Sandia's simplified array model: the fill factor is split evenly between voltage and
    /// current; current follows irradiance, voltage temperature (`BETA` in %/K).
    fn sandia(&self) -> Result<Points, Fault> {
        let value = |key: Key| self.settings.number(key);
        let side = value(Key::FillFactor).sqrt();
        let (vmp, sun) = (
            value(Key::SandiaVolts),
            value(Key::SandiaIrradiance) / value(Key::ReferenceIrradiance),
        );
        let kelvins = value(Key::Temperature) - value(Key::ReferenceTemperature);
        let warm = 1.0 + value(Key::Beta) / 100.0 * kelvins;
        let imp = if vmp > 0.0 {
            value(Key::Power) / vmp
        } else {
            0.0
        };
        let points = Points {
            voc: vmp / side,
            isc: imp / side,
            vmp,
            imp,
        }
        .check()?;
        Ok(Points {
            voc: points.voc * warm,
            isc: points.isc * sun,
            vmp: points.vmp * warm,
            imp: points.imp * sun,
        })
    }

    /// In CVCC the output follows its levels at their slew rates, from 0 when it is switched on.
    fn send(&mut self, field: &mut Field) {
        let now = field.now();
        let mut points = self.active;
        if self.output && self.settings.word(Key::Mode) == 0 {
            let per_s = |key: Key| 1e3 * self.settings.number(key);
            let amps_per_s = if self.settings.word(Key::AmpAtOnce) == 1 {
                f64::INFINITY
            } else {
                per_s(Key::AmpSlew)
            };
            self.volts
                .head_for_at(points.voc, per_s(Key::VoltSlew), now);
            self.amps.head_for_at(points.isc, amps_per_s, now);
            points = supply(self.volts.value(now), self.amps.value(now));
            let moves = [self.volts.next(now), self.amps.next(now)];
            self.moves = moves.into_iter().flatten().min();
        } else {
            self.volts.rest(0.0);
            self.amps.rest(0.0);
            self.moves = None;
        }
        let input = Input::Pv {
            input: self.input,
            on: self.output,
            voc: points.voc,
            isc: points.isc,
            vmp: points.vmp,
            imp: points.imp,
        };
        field.plant.schedule(now + LATENCY, input);
    }

    /// Puts the described curve to the output; a bad one leaves the old.
    fn latch(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.active = self.curve()?;
        self.send(field);
        Ok(())
    }

    fn switch(&mut self, on: bool, field: &mut Field) -> Result<(), Fault> {
        if on && self.faults != 0 {
            return Err(fault::PROTECTION);
        }
        if on {
            self.active = self.curve()?;
            self.watch.arm(field.now());
        } else {
            self.watch.disarm();
        }
        self.output = on;
        self.send(field);
        Ok(())
    }

    /// A protection opens the output.
    fn open(&mut self, field: &mut Field) {
        self.output = false;
        self.watch.disarm();
        self.send(field);
    }

    /// The limits between which a level may be set.
    fn limits(&self, key: Key) -> Option<(f64, f64)> {
        let levels = [
            (Key::Volts, Key::VoltLow, Key::VoltHigh),
            (Key::Amps, Key::AmpLow, Key::AmpHigh),
        ];
        let (_, low, high) = levels.into_iter().find(|level| level.0 == key)?;
        Some((self.settings.number(low), self.settings.number(high)))
    }

    /// `MIN` and `MAX` of a level are its limits.
    fn bound(&self, key: Key, params: Params<'_>) -> Option<f64> {
        bound(params, self.limits(key)?)
    }

    fn set(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let params = call.params;
        match command {
            C::Setting(row) => {
                let key = self.settings.key(row);
                let value = match self.bound(key, params) {
                    Some(number) => Value::Number(number),
                    None => self.settings.parse(row, params)?,
                };
                if let (Some((low, high)), Value::Number(number)) = (self.limits(key), &value)
                    && !(low..=high).contains(number)
                {
                    return Err(fault::OUT_OF_RANGE);
                }
                self.settings.store(row, [0], &value);
                let plain = self.settings.word(Key::Mode) == 0;
                let level = matches!(key, Key::Volts | Key::Amps);
                if (plain && level) || (key == Key::Mode && (plain || self.output)) {
                    self.latch(field)?;
                }
            }
            C::Output => self.switch(params.only_boolean()?, field)?,
            C::Trigger => {
                if params.len() > 0 {
                    params.only_boolean()?;
                }
                self.latch(field)?;
            }
            C::Model => {
                let model = params.choice(0, &MODELS)?;
                let mode = MODES[SAS + model].to_owned();
                let row = SETTINGS.iter().position(|row| row.1 == Key::Mode);
                let row = row.and_then(|row| u16::try_from(row).ok()).unwrap_or(0);
                self.settings.write(row, Params::new(&[mode]))?;
            }
            C::ProtectionClear => {
                params.none()?;
                self.faults = 0;
            }
            C::Local => params.none()?,
            C::Volts | C::Amps | C::Watts | C::Status | C::MostSequences => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }
        Ok(())
    }

    fn answer(&self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        let shown = || self.meter.shows(field.plant.pv_reading(self.input));
        Ok(Reply::Text(match command {
            C::Setting(row) => match self.bound(self.settings.key(row), call.params) {
                Some(number) => self.settings.number_text(row, number),
                None => return self.settings.answer(row, 0, call),
            },
            C::Output => on_off(self.output).to_owned(),
            C::Model => MODELS[self.settings.word(Key::Mode).saturating_sub(SAS).min(2)].to_owned(),
            C::Volts => nr3(shown().volts, 6),
            C::Amps => nr3(shown().amps, 6),
            C::Watts => nr3(shown().watts, 6),
            C::Status => {
                let constant = if self.constant_current(shown()) {
                    "CC"
                } else {
                    "CV"
                };
                format!("{},{},{constant}", self.faults, on_off(self.output))
            }
            C::MostSequences => "100".to_owned(),
            C::Trigger | C::ProtectionClear | C::Local => return Err(fault::UNDEFINED_HEADER),
        }))
    }

    fn constant_current(&self, shown: Reading) -> bool {
        self.output && shown.amps > 0.98 * self.active.isc
    }
}

/// `ON` or `OFF`.
fn on_off(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

/// A constant-voltage supply with a current limit, as a curve: nearly rectangular.
fn supply(volts: f64, amps: f64) -> Points {
    Points {
        voc: volts,
        isc: amps,
        vmp: 0.99 * volts,
        imp: 0.99 * amps,
    }
}

impl ScpiDevice for Chroma62000h {
    type Command = C;

    fn dialect(&self) -> Dialect {
        Dialect {
            blank_before_mark: true,
            ..Dialect::CHROMA
        }
    }

    fn commands() -> Vec<(&'static str, C, Use)> {
        let mut all = TABLE.to_vec();
        all.extend(patterns(SETTINGS, C::Setting));
        all
    }

    fn identity(&self) -> String {
        "CHROMA,62150H-1000S,621500000001,02.05".to_owned()
    }

    fn execute(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call, field)
        } else {
            self.set(command, call, field).map(|()| Reply::None)
        }
    }

    fn reset(&mut self, field: &mut Field) {
        self.settings.reset();
        self.faults = 0;
        self.watch.disarm();
        self.output = false;
        self.active = supply(0.0, 0.0);
        self.send(field);
    }

    fn save(&mut self, slot: u8) -> Result<(), Fault> {
        self.settings.save(slot)
    }

    fn recall(&mut self, slot: u8, field: &mut Field) -> Result<(), Fault> {
        self.settings.recall(slot)?;
        self.latch(field)
    }

    /// QUEStionable holds the fault word.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        Some(Conditions {
            operation: 0,
            questionable: self.faults,
        })
    }

    fn power_on(&mut self, field: &mut Field) {
        self.send(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-voltage protection trips.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        (what == Disturbance::Trip).then(|| {
            self.faults |= OVP;
            self.open(field);
            fault::PROTECTION
        })
    }

    /// Irradiance and cell temperature of the curve model in use, where it has them.
    fn set_points(&self) -> Vec<(&'static str, f64)> {
        let value = |key: Key| self.settings.number(key);
        match MODES[self.settings.word(Key::Mode)] {
            "EN50530" => vec![("irradiance_w_per_m2", value(Key::EnIrradiance))],
            "SANDIA" => vec![
                ("irradiance_w_per_m2", value(Key::SandiaIrradiance)),
                ("cell_temperature_c", value(Key::Temperature)),
            ],
            _ => Vec::new(),
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        [self.watch.next(), self.moves].into_iter().flatten().min()
    }

    fn on_time(&mut self, field: &mut Field) {
        if self.moves.is_some_and(|at| at <= field.now()) {
            self.send(field);
        }
        if !self.watch.due(field.now()) {
            return;
        }
        let reading = field.plant.pv_reading(self.input);
        let beyond = |value: f64, key: Key| value > self.settings.number(key);
        let faults = [
            (beyond(reading.volts, Key::OverVolts), OVP),
            (beyond(reading.amps, Key::OverAmps), OCP),
            (beyond(reading.watts, Key::OverWatts), OPP),
        ];
        self.faults = faults
            .into_iter()
            .filter(|(beyond, _)| *beyond)
            .fold(self.faults, |all, (_, bit)| all | bit);
        if self.faults != 0 {
            self.open(field);
        }
    }
}
