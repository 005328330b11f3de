//! Yokogawa DL850 recorder: channels of the bench file, simple edge trigger, block download.
//!
//! Analogue WORD data: value = range × count × 10 / 24000 with the range in V per division. The
//! sensors are 1:1, so that the value is directly V or A; contacts read 5 V closed. Sample clock and
//! channels have the errors of time that the bench file states.

pub(crate) mod acquire;
mod act;
mod commands;
pub(crate) mod convert;
pub(crate) mod timebase;
mod waveform;

use std::collections::BTreeMap;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::signal::{LowPass, Signal};

use self::commands::{Command, KEPT, Key};
use self::convert::{Coupling, Sensor};
use self::timebase::TimeBase;
use crate::devices::sensor::SensorSpec;
use crate::field::{Disturbance, Drifts, Field};
use crate::rng::Rng;
use crate::scpi::engine::{Dialect, ReplyHeader, ScpiDevice};
use crate::scpi::fault::Fault;
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, patterns};
use crate::scpi::{Call, Outcome};

/// Slots for input modules.
const SLOTS: usize = 16;

/// One fitted channel.
#[derive(Debug)]
struct Channel {
    signal: Signal,
    display: bool,
    range_v: f64,
    power_on_range_v: f64,
    coupling: Coupling,
    sensor: Sensor,
    /// Delay of the signal in the channel, s.
    lag_s: f64,
}

/// What to fit into a slot: the signal, full scale of ten divisions, and the accuracy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fitted {
    /// Channel number.
    pub(crate) number: u8,
    /// Connected signal.
    pub(crate) signal: Signal,
    /// Full scale over ten divisions, V or A.
    pub(crate) full_scale: f64,
    /// ± of reading, fraction.
    pub(crate) reading: f64,
    /// ± of range, fraction.
    pub(crate) range: f64,
    /// Lag of contacts at most, s.
    pub(crate) contact_lag_s: f64,
    /// Delays of analogue channels differ by at most this, s.
    pub(crate) skew_s: f64,
    /// Sensor in front of it.
    pub(crate) sensor: SensorSpec,
    /// Resolution of the converter.
    pub(crate) bits: u8,
    /// Noise, standard deviation as a fraction of full scale.
    pub(crate) noise: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TriggerMode {
    Auto,
    /// AUTO as well: the level that it sets itself is not needed.
    AutoLevel,
    Normal,
    Single,
    /// A number of records; the emulated unit keeps the first, as from SINGle.
    SingleN,
    /// At once, whatever the trigger.
    OnStart,
}

/// Where the trigger comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TriggerSource {
    Channel(u8),
    /// The trigger terminal, wired to the trigger output of the grid simulator.
    External,
    /// The recorder's own supply, the mains of the room.
    Line,
    /// The recorder's clock, which begins with the bench.
    Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Word,
    Byte,
    Ascii,
}

/// An armed capture.
#[derive(Debug)]
struct Armed {
    /// Channels that are recorded.
    shown: Vec<u8>,
    /// True samples per recorded one.
    decimate: usize,
    /// True samples that are shown.
    samples: usize,
    /// Of these, before the trigger.
    before: usize,
    /// True samples from what triggered to the trigger.
    delay: usize,
    /// Delays of the anti-alias filters of the channels, s, which the time axis leaves out.
    delays: Vec<f64>,
}

/// A finished record.
#[derive(Debug)]
struct Record {
    rate: u32,
    trigger: usize,
    start_ns: Nanos,
    /// Samples of a trace.
    length: usize,
    traces: Vec<Trace>,
}

/// A channel of a record.
#[derive(Debug)]
struct Trace {
    channel: u8,
    /// V per division when it was taken.
    range_v: f64,
    content: Content,
}

/// What a trace holds: nobody looks at most channels of most records, so they are converted when
/// somebody does.
#[derive(Debug)]
enum Content {
    /// What the plant sampled.
    Taken(acquire::Taken),
    /// Counts of the converter.
    Counts(Vec<i16>),
}

/// The recorder.
#[derive(Debug)]
pub(crate) struct Dl850 {
    /// A DL950: it answers to the same commands.
    dl950: bool,
    header: bool,
    verbose: bool,
    channels: BTreeMap<u8, Channel>,
    tdiv_s: f64,
    record_length: u64,
    trigger_mode: TriggerMode,
    source: TriggerSource,
    /// Time of the first trigger of source TIME after midnight, s, and the interval between them.
    timer: (f64, f64),
    /// Phase of the mains when the bench begins, ns before a rising crossing.
    mains: Nanos,
    level: f64,
    /// Rising, falling, both.
    slope: usize,
    position: f64,
    /// From what triggers to the trigger point, s.
    delay_s: f64,
    armed: Option<Armed>,
    record: Option<Record>,
    trace: u8,
    format: Format,
    little_endian: bool,
    first: usize,
    last: Option<usize>,
    kept: Settings<Key>,
    mode: usize,
    probe: [String; SLOTS],
    bandwidth: [String; SLOTS],
    hysteresis: usize,
    /// When a waiting `:SSTart?` gives up.
    deadline: Option<Nanos>,
    /// The same, until it has come.
    wake: Option<Nanos>,
    /// Transition filters of the extended event register: never, rise, fall, both.
    filter: [u8; 16],
    /// The extended event register.
    events: u16,
    /// The condition register as the filters last saw it.
    ran: u16,
    time_base: TimeBase,
    /// Anti-alias filter of the modules; its cut-off is in sampling rates.
    anti_alias: Option<LowPass>,
    drifts: Drifts,
}

impl Dl850 {
    /// With its fitted channels; `clock` is the sample clock's accuracy, as a fraction, and the cut-off
    /// of the anti-alias filter is in sampling rates.
    pub(crate) fn new(
        dl950: bool,
        seed: u64,
        name: &str,
        fitted: &[Fitted],
        (clock, anti_alias): (f64, Option<LowPass>),
    ) -> Self {
        let channels: BTreeMap<u8, Channel> = fitted
            .iter()
            .map(|f| {
                let sensor = Sensor::new(seed, name, f);
                // the screen shows ± five divisions; a contact has one sign
                let divisions = if convert::is_contact(f.signal) {
                    10.0
                } else {
                    5.0
                };
                let range_v = f.full_scale / divisions;
                (
                    f.number,
                    Channel {
                        signal: f.signal,
                        display: true,
                        range_v,
                        power_on_range_v: range_v,
                        coupling: Coupling::Dc,
                        sensor,
                        lag_s: if convert::is_contact(f.signal) {
                            0.0
                        } else {
                            timebase::lag_s(seed, name, f.number, f.skew_s)
                        },
                    },
                )
            })
            .collect();
        let first = channels.keys().next().copied().unwrap_or(1);
        Self {
            dl950,
            header: true,
            verbose: true,
            channels,
            tdiv_s: 0.1,
            record_length: 100_000,
            trigger_mode: TriggerMode::Auto,
            source: TriggerSource::Channel(first),
            timer: (0.0, 60.0),
            mains: Rng::new(seed, name, "mains").next(),
            level: 0.0,
            slope: 0,
            position: 50.0,
            delay_s: 0.0,
            armed: None,
            record: None,
            trace: first,
            format: Format::Word,
            little_endian: false,
            first: 0,
            last: None,
            kept: Settings::new(KEPT, Style::LONG, SLOTS),
            mode: 0,
            probe: std::array::from_fn(|_| "1".to_owned()),
            bandwidth: std::array::from_fn(|_| power_on_bandwidth(anti_alias)),
            filter: [0; 16],
            events: 0,
            ran: 0,
            hysteresis: 0,
            deadline: None,
            wake: None,
            time_base: TimeBase::new(seed, name, clock),
            anti_alias,
            drifts: Drifts::default(),
        }
    }
}

/// Modules with an anti-alias filter use it.
fn power_on_bandwidth(anti_alias: Option<LowPass>) -> String {
    if anti_alias.is_some() { "AUTO" } else { "FULL" }.to_owned()
}

impl ScpiDevice for Dl850 {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect::YOKOGAWA
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        let mut all = commands::TABLE.to_vec();
        all.extend(patterns(KEPT, Command::Kept));
        all
    }

    fn identity(&self) -> String {
        let model = if self.dl950 {
            "YOKOGAWA,DL950,91U000001,F1.10"
        } else {
            "YOKOGAWA,DL850E,91M000001,F3.05"
        };
        model.to_owned()
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        self.collect(field);
        self.observe(field);
        let outcome = if call.query {
            self.answer(command, call, field)
        } else {
            self.set(command, call, field)
        };
        self.observe(field);
        outcome
    }

    fn clear(&mut self) {
        self.events = 0;
    }

    fn extended_summary(&self) -> bool {
        self.events & self.kept.number(Key::EventEnable) as u16 != 0
    }

    fn tells_messages(&self) -> bool {
        self.kept.on(Key::Messages)
    }

    /// Acquisition settings; header, verbose and the record stay.
    fn reset(&mut self, field: &mut Field) {
        self.stop(field);
        for channel in self.channels.values_mut() {
            channel.range_v = channel.power_on_range_v;
            channel.coupling = Coupling::Dc;
            channel.display = true;
        }
        self.tdiv_s = 0.1;
        self.record_length = 100_000;
        self.trigger_mode = TriggerMode::Auto;
        self.level = 0.0;
        self.slope = 0;
        self.position = 50.0;
        self.delay_s = 0.0;
        self.timer = (0.0, 60.0);
        self.kept.reset();
        self.mode = 0;
        self.bandwidth.fill(power_on_bandwidth(self.anti_alias));
    }

    fn next_event(&self) -> Option<Nanos> {
        self.wake
    }

    fn on_time(&mut self, field: &mut Field) {
        self.wake = self.wake.filter(|&at| at > field.now());
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
        match (self.header, self.verbose) {
            (false, _) => ReplyHeader::Off,
            (true, false) => ReplyHeader::Short,
            (true, true) => ReplyHeader::Long,
        }
    }
}
