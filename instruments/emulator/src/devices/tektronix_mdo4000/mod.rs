//! Tektronix MDO4000 oscilloscope as waveform recorder: four analogue channels.
//!
//! Replies carry headers until `HEADer OFF`. Errors are events: `*ESR?`, `EVMsg?`, `ALLEv?`. It
//! runs after power-on; `ACQuire:STOPAfter SEQuence` and `ACQuire:STATE RUN` make one acquisition,
//! which `*OPC?` and `BUSY?` wait for.

mod acquire;
mod commands;
mod waveform;

use std::collections::BTreeMap;

use gridproof_plant::Nanos;
use gridproof_plant::signal::Signal;

use self::acquire::Armed;
use self::commands::{CHANNELS, Command as C, Key, LENGTHS, SETTINGS, TABLE};
use super::yokogawa_dl850::Fitted;
use super::yokogawa_dl850::convert::{Sensor, is_contact};
use crate::field::Field;
use crate::scpi::engine::{Dialect, Reply, ReplyHeader, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::format::nr3;
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, Value, patterns};
use crate::scpi::{Call, Outcome};

/// What is connected to a channel.
#[derive(Debug)]
struct Input {
    signal: Signal,
    unit: &'static str,
    /// Scale after power-on, from the bench file.
    scale: f64,
    sensor: Sensor,
}

/// A finished record.
#[derive(Debug)]
struct Record {
    interval_s: f64,
    before_s: f64,
    /// Words by channel.
    traces: Vec<(u8, Vec<i16>)>,
}

/// The oscilloscope.
#[derive(Debug)]
pub(crate) struct Mdo4000 {
    settings: Settings<Key>,
    inputs: BTreeMap<u8, Input>,
    running: bool,
    armed: Option<Armed>,
    record: Option<Record>,
    acquisitions: u64,
}

impl Mdo4000 {
    /// With its connected channels; those beyond the fourth have no input.
    pub(crate) fn new(seed: u64, name: &str, fitted: &[Fitted]) -> Self {
        let inputs = fitted
            .iter()
            .filter(|f| usize::from(f.number) <= CHANNELS)
            .map(|f| {
                let sensor = Sensor::new(
                    seed,
                    name,
                    f.number,
                    f.signal,
                    f.reading,
                    f.range,
                    f.contact_lag_s,
                );
                let current = matches!(
                    f.signal,
                    Signal::DutCurrent | Signal::SourceCurrent | Signal::BackupCurrent
                );
                let input = Input {
                    signal: f.signal,
                    unit: if current && !is_contact(f.signal) {
                        "A"
                    } else {
                        "V"
                    },
                    scale: f.full_scale / 5.0,
                    sensor,
                };
                (f.number, input)
            })
            .collect();
        let mut scope = Self {
            settings: Settings::new(SETTINGS, Style::SCPI, CHANNELS),
            inputs,
            running: true,
            armed: None,
            record: None,
            acquisitions: 0,
        };
        scope.default_scales();
        scope
    }

    fn default_scales(&mut self) {
        for (channel, input) in &self.inputs {
            self.settings
                .put_at(Key::Scale, usize::from(*channel) - 1, input.scale);
        }
    }

    /// Changes the settings but `HEADer` and `VERBose`, which belong to the interface.
    fn keeping_interface<T>(&mut self, change: impl FnOnce(&mut Settings<Key>) -> T) -> T {
        let kept = [Key::Header, Key::Verbose].map(|key| (key, self.settings.on(key)));
        let result = change(&mut self.settings);
        for (row, index) in SETTINGS.iter().zip(0..) {
            if let Some((_, on)) = kept.iter().find(|(key, _)| *key == row.1) {
                self.settings.store(index, 0..CHANNELS, &Value::On(*on));
            }
        }
        result
    }

    /// The lane that a header's suffix names.
    fn named(call: &Call<'_>) -> Result<Option<usize>, Fault> {
        if call.suffixes.is_empty() {
            return Ok(None);
        }
        let suffix = call.suffix_up_to(0, CHANNELS as u32)?;
        Ok(Some(suffix as usize - 1))
    }

    /// A setting that changes what is acquired starts the present acquisition anew.
    fn restart(&mut self, field: &mut Field) {
        if self.armed.take().is_some() {
            field.plant.disarm();
        }
        if self.running {
            self.arm(false, field);
        }
    }

    fn run(&mut self, run: bool, field: &mut Field) {
        self.running = run;
        if run {
            self.acquisitions = 0;
        }
        self.restart(field);
    }

    fn set(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Result<(), Fault> {
        let params = call.params;
        match command {
            C::Setting(row) => {
                let key = self.settings.key(row);
                let mut value = self.settings.parse(row, params)?;
                if let (Key::RecordLength, Value::Number(points)) = (key, &value) {
                    let fits = LENGTHS.into_iter().find(|length| *length >= *points);
                    value = Value::Number(fits.unwrap_or(LENGTHS[LENGTHS.len() - 1]));
                }
                let per_channel = matches!(
                    key,
                    Key::Scale | Key::Position | Key::Offset | Key::Shown | Key::Kept
                );
                match Self::named(call)?.filter(|_| per_channel) {
                    Some(lane) => self.settings.store(row, [lane], &value),
                    None => self.settings.store(row, 0..CHANNELS, &value),
                }
                let acquires = !matches!(
                    key,
                    Key::Kept
                        | Key::Header
                        | Key::Verbose
                        | Key::Encoding
                        | Key::Width
                        | Key::DataSource
                        | Key::DataStart
                        | Key::DataStop
                        | Key::MeasureKind
                        | Key::MeasureSource
                        | Key::Shown
                );
                if acquires {
                    self.restart(field);
                }
            }
            C::AcquireState => {
                let run = match params.choice(0, &["STOP", "OFF", "RUN", "ON"]) {
                    Ok(word) => word >= 2,
                    Err(_) => params.only_boolean()?,
                };
                self.run(run, field);
            }
            C::SampleRate => {
                let rate = params.only_number("S/S|HZ")?;
                let points = rate * 10.0 * self.settings.number(Key::TimeScale);
                let fits = LENGTHS.into_iter().find(|length| *length >= points);
                self.settings
                    .put(Key::RecordLength, fits.unwrap_or(LENGTHS[5]));
                self.restart(field);
            }
            C::Trigger => {
                params.choice(0, &["FORCe"])?;
                if self.running {
                    self.arm(true, field);
                }
            }
            C::SetLevel => {
                params.choice(0, &["SETLevel"])?;
                self.settings.put(Key::TriggerLevel, 0.0);
                self.restart(field);
            }
            C::AutoSet => {
                params.choice(0, &["EXECute", "UNDo"])?;
                self.default_scales();
                self.settings.put(Key::TimeScale, 0.01);
                self.settings.put(Key::TriggerLevel, 0.0);
                self.restart(field);
            }
            C::Front => match params.choice(
                0,
                &[
                    "RUnstop",
                    "SINGleseq",
                    "FORCetrig",
                    "AUTOset",
                    "DEFaultsetup",
                ],
            )? {
                0 => self.run(!self.running, field),
                1 => {
                    let row = SETTINGS.iter().position(|row| row.1 == Key::StopAfter);
                    let row = row.and_then(|row| u16::try_from(row).ok()).unwrap_or(0);
                    self.settings.store(row, 0..CHANNELS, &Value::Word(1));
                    self.run(true, field);
                }
                _ => {}
            },
            C::DataInit => {
                params.choice(0, &["INIT", "SNAp"])?;
                self.settings.put(Key::DataStart, 1.0);
                self.settings.put(Key::DataStop, self.points() as f64);
            }
            C::Factory => self.reset(field),
            C::Done => {}
            C::Acquisitions
            | C::MaxRate
            | C::TriggerState
            | C::Busy
            | C::Curve
            | C::Wave
            | C::Preamble(_)
            | C::PreambleAll
            | C::MeasureValue
            | C::MeasureUnits
            | C::Identity
            | C::Unit
            | C::ChannelAll
            | C::HorizontalAll
            | C::TriggerAll
            | C::AcquireAll
            | C::DataAll => return Err(fault::UNDEFINED_HEADER),
        }
        Ok(())
    }

    fn answer(&self, command: C, call: &Call<'_>, field: &Field) -> Outcome {
        let number = |key: Key| nr3(self.settings.number(key), 4);
        Ok(Reply::Text(match command {
            C::Setting(row) => {
                let lane = Self::named(call)?.unwrap_or(0);
                return self.settings.answer(row, lane, call);
            }
            C::AcquireState => u8::from(self.running).to_string(),
            C::Acquisitions => self.acquisitions.to_string(),
            C::MaxRate => nr3(2.5e9, 4),
            C::SampleRate => nr3(1.0 / self.interval_s(), 4),
            C::TriggerState => self.trigger_state(field).to_owned(),
            C::Busy => u8::from(self.busy(field)).to_string(),
            C::Curve => return self.curve(),
            C::Wave => {
                let Reply::Block(block) = self.curve()? else {
                    return Err(fault::SETTINGS_CONFLICT);
                };
                let mut out = self.preamble_all().into_bytes();
                out.push(b';');
                out.extend(block);
                return Ok(Reply::Block(out));
            }
            C::Preamble(part) => self.preamble(part),
            C::PreambleAll => self.preamble_all(),
            C::MeasureValue => nr3(self.measured(), 6),
            C::MeasureUnits => self.measured_unit().to_owned(),
            C::Identity => "TEK/MDO4104C,CF:91.1CT,FV:v1.24".to_owned(),
            C::Unit => "\"V\"".to_owned(),
            C::ChannelAll => {
                let lane = Self::named(call)?.unwrap_or(0);
                let of = |key| nr3(self.settings.number_at(key, lane), 4);
                format!(
                    "{};{};{}",
                    of(Key::Scale),
                    of(Key::Position),
                    of(Key::Offset)
                )
            }
            C::HorizontalAll => format!(
                "{};{};{};{}",
                self.points(),
                number(Key::TimeScale),
                number(Key::TimePosition),
                nr3(1.0 / self.interval_s(), 4)
            ),
            C::TriggerAll => format!("EDGE;{}", number(Key::TriggerLevel)),
            C::AcquireAll => format!("{};{}", u8::from(self.running), self.acquisitions),
            C::DataAll => format!("{};{}", number(Key::DataStart), number(Key::DataStop)),
            C::Trigger
            | C::SetLevel
            | C::AutoSet
            | C::Front
            | C::DataInit
            | C::Factory
            | C::Done => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}

impl ScpiDevice for Mdo4000 {
    type Command = C;

    fn dialect(&self) -> Dialect {
        Dialect::TEKTRONIX
    }

    fn commands() -> Vec<(&'static str, C, Use)> {
        let mut all = TABLE.to_vec();
        all.extend(patterns(SETTINGS, C::Setting));
        all
    }

    fn identity(&self) -> String {
        "TEKTRONIX,MDO4104C,C010001,CF:91.1CT FV:v1.24".to_owned()
    }

    fn execute(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Outcome {
        self.collect(field);
        if call.query {
            self.answer(command, call, field)
        } else {
            self.set(command, call, field).map(|()| Reply::None)
        }
    }

    /// Header and verbosity are settings of the interface and stay.
    fn reset(&mut self, field: &mut Field) {
        self.keeping_interface(Settings::reset);
        self.default_scales();
        self.run(true, field);
    }

    fn trigger(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.arm(true, field);
        Ok(())
    }

    fn save(&mut self, slot: u8) -> Result<(), Fault> {
        self.settings.save(slot)
    }

    fn recall(&mut self, slot: u8, field: &mut Field) -> Result<(), Fault> {
        self.keeping_interface(|settings| settings.recall(slot))?;
        self.restart(field);
        Ok(())
    }

    /// A single sequence is pending.
    fn busy(&self, field: &Field) -> bool {
        let waits = !matches!(
            field.plant.capture_state(),
            gridproof_plant::signal::CaptureState::Done
        );
        self.settings.word(Key::StopAfter) == 1 && self.running && waits
    }

    fn reply_header(&self) -> ReplyHeader {
        match (
            self.settings.on(Key::Header),
            self.settings.on(Key::Verbose),
        ) {
            (false, _) => ReplyHeader::Off,
            (true, false) => ReplyHeader::Short,
            (true, true) => ReplyHeader::Long,
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        self.auto_at()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.auto_trigger(field);
    }
}
