//! Tektronix MDO4000 oscilloscope as waveform recorder: four analogue channels.
//!
//! Replies carry headers until `HEADer OFF`. Errors are events: `*ESR?`, `EVMsg?`, `ALLEv?`. It
//! runs after power-on; `ACQuire:STOPAfter SEQuence` and `ACQuire:STATE RUN` make one acquisition,
//! which `*OPC?` and `BUSY?` wait for.

mod acquire;
mod act;
mod alias;
mod commands;
mod events;
mod fixed;
mod image;
mod kept;
mod screen;
mod waveform;

use std::collections::BTreeMap;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::signal::Signal;

use self::acquire::Armed;
use self::alias::Aliases;
use self::commands::{CHANNELS, Command as C, Key, SETTINGS, SLOTS};
use super::yokogawa_dl850::Fitted;
use super::yokogawa_dl850::convert::{Sensor, is_contact};
use super::yokogawa_dl850::timebase::{TimeBase, lag_s};
use crate::field::{Disturbance, Drifts, Field};
use crate::scpi::engine::{Dialect, Reply, ReplyHeader, ScpiDevice};
use crate::scpi::fault::Fault;
use crate::scpi::pattern::{Spelling, Use};
use crate::scpi::setting::{Settings, Style, Value};
use crate::scpi::{Call, Outcome};

/// Words may be abbreviated like headers.
const STYLE: Style = Style {
    spelling: Spelling::Abbreviated,
    ..Style::SCPI
};

/// What is connected to a channel.
#[derive(Debug)]
struct Input {
    signal: Signal,
    unit: &'static str,
    /// Scale after power-on, from the bench file.
    scale: f64,
    sensor: Sensor,
    /// Delay of the signal in the channel, s.
    lag_s: f64,
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
    /// What the last snapshot measured, in the order of the types.
    snapshot: Vec<Option<f64>>,
    acquisitions: u64,
    time_base: TimeBase,
    drifts: Drifts,
    aliases: Aliases,
    /// Commands that `*TRG` carries out, and protected user data; `*RST` leaves both.
    on_trigger: String,
    user_data: String,
}

impl Mdo4000 {
    /// With its connected channels; those beyond the fourth have no input. `clock` is the sample
    /// clock's accuracy, as a fraction.
    pub(crate) fn new(seed: u64, name: &str, fitted: &[Fitted], clock: f64) -> Self {
        let inputs = fitted
            .iter()
            .filter(|f| usize::from(f.number) <= CHANNELS)
            .map(|f| {
                let sensor = Sensor::new(seed, name, f);
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
                    lag_s: if is_contact(f.signal) {
                        0.0
                    } else {
                        lag_s(seed, name, f.number, f.skew_s)
                    },
                };
                (f.number, input)
            })
            .collect();
        let mut scope = Self {
            settings: Settings::new(SETTINGS, STYLE, SLOTS),
            inputs,
            running: true,
            armed: None,
            record: None,
            snapshot: Vec::new(),
            acquisitions: 0,
            time_base: TimeBase::new(seed, name, clock),
            drifts: Drifts::default(),
            aliases: Aliases::default(),
            on_trigger: String::new(),
            user_data: String::new(),
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
    fn named(&self, row: u16, call: &Call<'_>) -> Result<Option<usize>, Fault> {
        if call.suffixes.is_empty() || self.settings.key(row) == Key::TriggerLevel {
            return Ok(None);
        }
        let suffix = call.suffix_up_to(0, lanes(SETTINGS[usize::from(row)].0) as u32)?;
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
}

/// How many numbers the node of a pattern has that is numbered; one without any.
fn lanes(pattern: &str) -> usize {
    let pattern = pattern.split(' ').next().unwrap_or_default();
    match pattern.split_once("<n>") {
        Some((path, _)) => members(path.rsplit(':').next().unwrap_or_default()) as usize,
        None => 1,
    }
}

/// How many numbers a node has, by its name.
fn members(node: &str) -> u32 {
    match node.to_ascii_uppercase().as_str() {
        "MEAS" => SLOTS as u32,
        "POSITION" | "MID" | "VAR" | "EDGE" | "ALTERNATE" | "HPOS" => 2,
        _ => CHANNELS as u32,
    }
}

impl ScpiDevice for Mdo4000 {
    type Command = C;

    fn dialect(&self) -> Dialect {
        Dialect::TEKTRONIX
    }

    fn commands() -> Vec<(&'static str, C, Use)> {
        commands::all()
    }

    fn identity(&self) -> String {
        "TEKTRONIX,MDO4104C,C010001,CF:91.1CT FV:v1.24".to_owned()
    }

    fn execute(&mut self, command: C, call: &Call<'_>, field: &mut Field) -> Outcome {
        self.collect(field);
        if call.query {
            self.answer(command, call, field)
        } else if command == C::Screen {
            call.params.choice(0, &["STARt"])?;
            Ok(Reply::Block(self.screen()))
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

    fn members(&self, _command: C, node: &str) -> u32 {
        members(node)
    }

    fn distinct(&self, command: C) -> bool {
        matches!(command, C::Fixed(_))
    }

    fn listed(&self, command: C) -> bool {
        command != C::AliasDefine
    }

    fn alias(&self, header: &[String]) -> Result<Option<String>, Fault> {
        self.expansion(header)
    }

    fn takes(&self, fault: FaultKind) -> bool {
        matches!(fault, FaultKind::MeterDrift | FaultKind::ClockSkew)
    }

    fn disturb(&mut self, what: Disturbance, _field: &mut Field) -> Option<Fault> {
        match what {
            Disturbance::Skew(fast) => self.time_base.fault = fast,
            Disturbance::Mended(FaultKind::ClockSkew) => self.time_base.fault = 0.0,
            Disturbance::Drift { .. } | Disturbance::Mended(_) => self.drifts.disturb(what),
            Disturbance::Trip | Disturbance::Silence(_) => {}
        }
        None
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
