//! Chroma 61845 regenerative grid simulator, one phase wired.
//!
//! Two-layer output (relay and state); `TRIG ON` runs a list or a pulse train, during which set
//! commands are refused with -221; a finished list holds its last values until `OUTP:MODE FIXED`.

mod act;
mod commands;
mod measure;
mod program;

use std::collections::BTreeMap;

use gridproof_model::fault::FaultKind;
use gridproof_plant::Nanos;
use gridproof_plant::input::{GridSegment, GridWave};
use gridproof_plant::signal::MeterPoint;

use self::commands::{Command, KEPT, Key, SHAPES};
use self::program::{IMMEDIATE_DEG, List, Pulse, Step, Synthesis};
use super::amplifier::Amplifier;
use super::shape::{clipped_sine, square};
use super::watch::Watch;
use crate::field::{Disturbance, Field};
use crate::scpi::engine::{Conditions, Dialect, Reply, ScpiDevice};
use crate::scpi::fault::{self, Fault};
use crate::scpi::pattern::Use;
use crate::scpi::setting::{Settings, Style, patterns};
use crate::scpi::{Call, Outcome};

/// Largest slew, V/ms: the unit's own response; taken as a step.
const FASTEST_V_PER_MS: f64 = 1200.0;
/// Largest slew, Hz/ms; taken as a step.
const FASTEST_HZ_PER_MS: f64 = 1600.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Fixed,
    List,
    Pulse,
    Step,
    /// Harmonic synthesis.
    Synthesis,
    /// Interharmonics; nothing runs, the emulated amplifier makes none.
    Interharmonics,
}

/// Words of the modes, in the order of [`MODES`].
const MODE_WORDS: [&str; 6] = ["FIXED", "LIST", "PULSE", "STEP", "SYNTH", "INTERHAR"];
/// The modes.
const MODES: [Mode; 6] = [
    Mode::Fixed,
    Mode::List,
    Mode::Pulse,
    Mode::Step,
    Mode::Synthesis,
    Mode::Interharmonics,
];

/// A running program.
#[derive(Debug)]
struct Running {
    segments: Vec<GridSegment>,
    pass_ends: Nanos,
    /// Passes left after the present one; `None` is endless.
    left: Option<u32>,
}

/// Settings that `*RST` restores.
#[derive(Debug, Clone)]
struct Setup {
    volts: f64,
    /// Phases 2 and 3, which are not wired.
    others_volts: [f64; 2],
    volts_dc: f64,
    hz: f64,
    high_range: bool,
    volt_limit: f64,
    current_limit: f64,
    /// In steps of 0.5 s.
    current_delay: f64,
    slew_v_per_ms: f64,
    slew_dc_v_per_ms: f64,
    slew_hz_per_ms: f64,
    phase_on: f64,
    phase_off: f64,
    p12: f64,
    p13: f64,
    shape_b: bool,
    shape: usize,
    /// Of a clipped sine, %.
    shape_thd: f64,
    synthesis: Synthesis,
    list_trigger: usize,
    list: List,
    pulse: Pulse,
    step: Step,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            volts: 0.0,
            others_volts: [0.0; 2],
            volts_dc: 0.0,
            hz: 50.0,
            high_range: true,
            volt_limit: 300.0,
            current_limit: 90.0,
            current_delay: 0.0,
            slew_v_per_ms: FASTEST_V_PER_MS,
            slew_dc_v_per_ms: FASTEST_V_PER_MS,
            slew_hz_per_ms: FASTEST_HZ_PER_MS,
            phase_on: IMMEDIATE_DEG,
            phase_off: IMMEDIATE_DEG,
            p12: 120.0,
            p13: 240.0,
            shape_b: false,
            shape: 0,
            shape_thd: 0.0,
            synthesis: Synthesis::default(),
            list_trigger: 0,
            list: List::default(),
            pulse: Pulse::default(),
            step: Step::default(),
        }
    }
}

/// The grid simulator.
#[derive(Debug)]
pub(crate) struct Chroma61845 {
    amplifier: Amplifier,
    settings: Setup,
    relay: bool,
    state: bool,
    mode: Mode,
    running: Option<Running>,
    three_phase: bool,
    selected: u32,
    edit_all: bool,
    kept: Settings<Key>,
    saved: BTreeMap<u8, Setup>,
    /// The over-current protection has opened the output and was not cleared.
    tripped: bool,
    watch: Watch,
}

impl Chroma61845 {
    /// As after power-on: output off, 0 V.
    pub(crate) fn new(amplifier: Amplifier) -> Self {
        Self {
            amplifier,
            settings: Setup::default(),
            relay: false,
            state: false,
            mode: Mode::Fixed,
            running: None,
            three_phase: false,
            selected: 1,
            edit_all: true,
            kept: Settings::new(KEPT, Style::LONG, 1),
            saved: BTreeMap::new(),
            tripped: false,
            watch: Watch::default(),
        }
    }

    /// Set voltage of the selected phase.
    fn set_volts(&self) -> f64 {
        match self.selected {
            1 => self.settings.volts,
            phase => self.settings.others_volts[phase as usize - 2],
        }
    }

    /// Opens the output when the current was beyond its limit for the delay.
    fn protect(&mut self, field: &mut Field) {
        let now = field.now();
        if !self.watch.due(now) {
            return;
        }
        let limit = self.settings.current_limit;
        let beyond = limit > 0.0 && field.plant.reading(MeterPoint::Source).amps > limit;
        if self
            .watch
            .trips(now, beyond, 0.5 * self.settings.current_delay)
        {
            self.trip(field);
        }
    }

    /// The output opens at once and stays open until the protection is cleared.
    fn trip(&mut self, field: &mut Field) {
        self.stop(field);
        self.settings.phase_off = IMMEDIATE_DEG;
        self.switch(self.relay, false, field);
        self.tripped = true;
    }

    fn range_v(&self) -> f64 {
        if self.settings.high_range {
            300.0
        } else {
            150.0
        }
    }

    fn check_volts(&self, volts: f64) -> Result<f64, Fault> {
        let most = self.range_v().min(self.settings.volt_limit);
        if (0.0..=most).contains(&volts) {
            Ok((volts * 10.0).round() / 10.0)
        } else {
            Err(fault::OUT_OF_RANGE)
        }
    }

    fn check_hz(hz: f64) -> Result<f64, Fault> {
        within(hz, 30.0, 100.0).map(|hz| (hz * 100.0).round() / 100.0)
    }

    /// Set commands are refused while a program runs.
    fn idle(&self) -> Result<(), Fault> {
        if self.running.is_some() {
            Err(fault::SETTINGS_CONFLICT)
        } else {
            Ok(())
        }
    }

    /// Programs may be edited only in FIXED mode with nothing running.
    fn editable(&self) -> Result<(), Fault> {
        self.idle()?;
        if self.mode == Mode::Fixed {
            Ok(())
        } else {
            Err(fault::SETTINGS_CONFLICT)
        }
    }

    fn closed(&self) -> bool {
        self.relay && self.state
    }

    /// Sends the fixed set-point; with the output open it is reached at once.
    fn send_fixed(&mut self, field: &mut Field) {
        let slew = |per_ms: f64, fastest: f64| {
            // 0 is the fastest
            if !self.closed() || per_ms >= fastest || per_ms == 0.0 {
                f64::INFINITY
            } else {
                per_ms * 1e3
            }
        };
        let slews = (
            slew(self.settings.slew_v_per_ms, FASTEST_V_PER_MS),
            slew(self.settings.slew_hz_per_ms, FASTEST_HZ_PER_MS),
        );
        let level = (self.settings.volts, self.settings.hz);
        self.amplifier.set(level, slews, field);
    }

    fn switch(&mut self, relay: bool, state: bool, field: &mut Field) {
        let (before, by_state) = (self.closed(), self.state != state);
        self.relay = relay;
        self.state = state;
        let after = self.closed();
        if after && !before {
            self.watch.arm(field.now());
        } else if !after {
            self.watch.disarm();
        }
        if before == after {
            return;
        }
        let angle = if after {
            self.settings.phase_on
        } else {
            self.settings.phase_off
        };
        // the stop angle belongs to the state; the relay opens when it is told to
        let at_deg = Some(angle).filter(|&deg| by_state && deg < IMMEDIATE_DEG);
        self.amplifier.output(after, at_deg, field);
    }

    fn start(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.idle()?;
        let (volts, hz) = (self.settings.volts, self.settings.hz);
        let (segments, count) = match self.mode {
            Mode::Fixed => return Err(fault::SETTINGS_CONFLICT),
            Mode::List => (
                self.settings.list.segments(volts, hz)?,
                self.settings.list.count,
            ),
            Mode::Pulse => (
                self.settings.pulse.segments(volts, hz)?,
                self.settings.pulse.count,
            ),
            Mode::Step => (self.settings.step.segments(self.range_v())?, 1),
            Mode::Synthesis => return self.synthesise(field),
            Mode::Interharmonics => return Ok(()),
        };
        let pass: u64 = segments.iter().map(|segment| segment.dwell_ns).sum();
        if pass == 0 {
            return Err(fault::SETTINGS_CONFLICT);
        }
        self.amplifier.program(&segments, field);
        self.running = Some(Running {
            segments,
            pass_ends: field.now() + pass,
            left: count.checked_sub(1),
        });
        Ok(())
    }

    /// `TRIG ON` in mode SYNTH: the composed wave, until it is stopped.
    fn synthesise(&mut self, field: &mut Field) -> Result<(), Fault> {
        let synthesis = &self.settings.synthesis;
        let (wave, v_rms) = (synthesis.wave()?, synthesis.fundamental);
        let v_rms = if v_rms > 0.0 {
            v_rms
        } else {
            self.settings.volts
        };
        let at_once = (f64::INFINITY, f64::INFINITY);
        self.amplifier
            .set((v_rms, self.settings.hz), at_once, field);
        self.amplifier.make(wave, field);
        self.running = Some(Running {
            segments: Vec::new(),
            pass_ends: Nanos::MAX,
            left: None,
        });
        Ok(())
    }

    /// The wave of waveform A in use; what the stored waveforms look like is not known: they are
    /// sines here, as waveform B is.
    fn send_shape(&mut self, field: &mut Field) {
        let s = &self.settings;
        let wave = match SHAPES[s.shape] {
            "SQUA|SQUARE" if !s.shape_b => square(),
            "CSIN|CSINE" if !s.shape_b => clipped_sine(s.shape_thd),
            _ => GridWave::default(),
        };
        let dc_v = s.volts_dc;
        self.amplifier.make(GridWave { dc_v, ..wave }, field);
    }

    /// The programmed output impedance.
    fn send_impedance(&mut self, field: &mut Field) {
        let programmed = if self.kept.on(Key::Impedance) {
            let value = |key: Key| self.kept.number(key);
            (value(Key::Resistance), 1e-3 * value(Key::Inductance))
        } else {
            (0.0, 0.0)
        };
        self.amplifier.impedance(programmed, field);
    }

    fn stop(&mut self, field: &mut Field) {
        if self.running.take().is_none() {
            return;
        }
        self.amplifier.stop(field);
        if self.mode == Mode::Synthesis {
            self.send_shape(field);
            self.send_fixed(field);
        }
    }

    fn set_mode(&mut self, mode: Mode, field: &mut Field) -> Result<(), Fault> {
        self.idle()?;
        if mode == Mode::Fixed && self.mode != Mode::Fixed {
            self.send_fixed(field);
        }
        self.mode = mode;
        Ok(())
    }
}

/// `value` when it lies in the closed range, else -222.
pub(crate) fn within(value: f64, least: f64, most: f64) -> Result<f64, Fault> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(fault::OUT_OF_RANGE)
    }
}

impl ScpiDevice for Chroma61845 {
    type Command = Command;

    fn dialect(&self) -> Dialect {
        Dialect::CHROMA
    }

    fn commands() -> Vec<(&'static str, Command, Use)> {
        let mut all = commands::TABLE.to_vec();
        all.extend(patterns(KEPT, Command::Kept));
        all
    }

    fn identity(&self) -> String {
        "Chroma,61845,618450000001,1.10".to_owned()
    }

    fn execute(&mut self, command: Command, call: &Call<'_>, field: &mut Field) -> Outcome {
        if call.query {
            self.answer(command, call, field)
        } else {
            self.command(command, call, field).map(|()| Reply::None)
        }
    }

    fn power_on(&mut self, field: &mut Field) {
        self.amplifier.power_on(field);
        self.send_fixed(field);
    }

    fn takes(&self, fault: FaultKind) -> bool {
        fault == FaultKind::SourceTrip
    }

    /// The over-current protection trips.
    fn disturb(&mut self, what: Disturbance, field: &mut Field) -> Option<Fault> {
        if what != Disturbance::Trip {
            return None;
        }
        self.trip(field);
        Some(fault::PROTECTION)
    }

    fn reset(&mut self, field: &mut Field) {
        self.stop(field);
        self.settings.phase_off = IMMEDIATE_DEG;
        self.switch(false, false, field);
        self.settings = Setup::default();
        self.kept.reset();
        self.send_impedance(field);
        self.tripped = false;
        self.mode = Mode::Fixed;
        self.send_shape(field);
        self.send_fixed(field);
    }

    fn trigger(&mut self, field: &mut Field) -> Result<(), Fault> {
        self.start(field)
    }

    fn save(&mut self, slot: u8) -> Result<(), Fault> {
        self.kept.save(slot)?;
        self.saved.insert(slot, self.settings.clone());
        Ok(())
    }

    fn recall(&mut self, slot: u8, field: &mut Field) -> Result<(), Fault> {
        self.editable()?;
        self.kept.recall(slot)?;
        self.send_impedance(field);
        self.settings = self.saved.get(&slot).cloned().unwrap_or_default();
        self.send_shape(field);
        self.send_fixed(field);
        Ok(())
    }

    fn set_points(&self) -> Vec<(&'static str, f64)> {
        vec![("current_limit_a", self.settings.current_limit)]
    }

    /// QUEStionable: bit 1, over-current.
    fn conditions(&self, _field: &Field) -> Option<Conditions> {
        Some(Conditions {
            operation: 0,
            questionable: u16::from(self.tripped) << 1,
        })
    }

    fn next_event(&self) -> Option<Nanos> {
        let ends = self.running.as_ref().map(|running| running.pass_ends);
        [ends, self.watch.next()].into_iter().flatten().min()
    }

    fn on_time(&mut self, field: &mut Field) {
        self.protect(field);
        let now = field.now();
        let Some(running) = &mut self.running else {
            return;
        };
        if running.pass_ends > now {
            return;
        }
        match running.left {
            Some(0) => {
                self.running = None;
                return;
            }
            Some(left) => running.left = Some(left - 1),
            None => {}
        }
        running.pass_ends = now
            + running
                .segments
                .iter()
                .map(|segment| segment.dwell_ns)
                .sum::<u64>();
        self.amplifier.program(&running.segments, field);
    }
}
