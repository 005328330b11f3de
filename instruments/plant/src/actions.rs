//! What inputs do to the bench.

use crate::Nanos;
use crate::config::Line;
use crate::input::Input;
use crate::network::ParallelLoad;
use crate::plant::{Action, Mode, Plant};
use crate::pv::PvCurve;
use crate::quasi_static::Admittance;
use crate::stuck::Contact;

/// Steps of voltage (pu) and frequency (Hz) that the quasi-static mode takes.
pub(crate) const GENTLE_PU: f64 = 0.02;
/// See [`GENTLE_PU`].
pub(crate) const GENTLE_HZ: f64 = 0.1;

impl Plant {
    /// The action needs no waveform.
    pub(crate) fn gentle(&self, action: &Action, t: Nanos) -> bool {
        let Action::Input(input) = action else {
            return false;
        };
        let source = &self.bench.source;
        let dead = !self.bench.output.conducting;
        let small = |v: f64, hz: f64| {
            dead || ((v - source.volts(t)).abs() <= GENTLE_PU * self.config.dut.nominal_v
                && (hz - source.hz(t)).abs() <= GENTLE_HZ)
        };
        match input {
            Input::GridSetpoint {
                v_rms,
                hz,
                slew_v_per_s,
                slew_hz_per_s,
            } => {
                let slow_v = slew_v_per_s.is_finite() && *slew_v_per_s > 0.0;
                let slow_hz = slew_hz_per_s.is_finite() && *slew_hz_per_s > 0.0;
                small(
                    if slow_v { source.volts(t) } else { *v_rms },
                    if slow_hz { source.hz(t) } else { *hz },
                )
            }
            Input::GridProgram(segments) => {
                dead || segments
                    .first()
                    .is_none_or(|s| s.start_deg.is_none() && small(s.v_start, s.hz_start))
            }
            Input::GridWave(_) | Input::GridImpedance { .. } => dead,
            Input::GridProgramStop
            | Input::Pv { .. }
            | Input::PvPoints { .. }
            | Input::PvOutput { .. }
            | Input::PvArray { .. }
            | Input::BatterySource { .. }
            | Input::BatteryPack { .. }
            | Input::BmsSilence(_)
            | Input::MeterSilence(_)
            | Input::DrmPins(_)
            | Input::Ambient { .. }
            | Input::Dut(_) => true,
            Input::GridOutput { .. }
            | Input::GridSwitch { .. }
            | Input::IslandLoadSwitch { .. }
            | Input::IslandLoad { .. }
            | Input::BackupLoad { .. } => false,
        }
    }

    /// Does an action at `t`, the present simulated time in waveform mode.
    pub(crate) fn act(&mut self, t: Nanos, action: Action) {
        self.rest_until = 0;
        match action {
            Action::Input(input) => self.act_input(t, input),
            Action::Output(closed) => self.switch_output(t, closed, true),
            Action::Switch(closed) => self.switch_s1(t, closed, true),
        }
        if self.mode == Mode::Waveform {
            self.quiet_cycles = 0;
            self.refresh_topology();
            self.refresh_reach();
            self.e = self.bench.source.instantaneous(t);
        }
    }

    fn act_input(&mut self, t: Nanos, input: Input) {
        self.set_points.note(&input);
        // what the sources have given so far, they gave as they were
        if matches!(
            input,
            Input::Pv { .. }
                | Input::PvPoints { .. }
                | Input::PvOutput { .. }
                | Input::PvArray { .. }
        ) {
            self.settle_meters();
        }
        self.book_sources();
        let (bench, contacts) = (&mut self.bench, &mut self.contacts);
        match input {
            Input::GridOutput {
                closed,
                at_deg: Some(deg),
            } => {
                let at = bench.source.time_of_angle(t, deg);
                self.push(at, Action::Output(closed));
            }
            Input::GridSwitch {
                closed,
                at_deg: Some(deg),
            } => {
                let at = bench.source.time_of_angle(t, deg);
                self.push(at, Action::Switch(closed));
            }
            Input::GridOutput {
                closed,
                at_deg: None,
            } => self.switch_output(t, closed, false),
            Input::GridSwitch {
                closed,
                at_deg: None,
            } => self.switch_s1(t, closed, false),
            Input::GridSetpoint {
                v_rms,
                hz,
                slew_v_per_s,
                slew_hz_per_s,
            } => {
                bench.source.set(t, v_rms, hz, slew_v_per_s, slew_hz_per_s);
            }
            Input::GridProgram(segments) => bench.source.program(t, &segments),
            Input::GridProgramStop => bench.source.stop(t),
            Input::GridWave(wave) => bench.source.shape(t, wave),
            Input::GridImpedance { r_ohm, l_h } => self.set_line(Line {
                r_ohm: self.config.line.r_ohm + r_ohm,
                l_h: self.config.line.l_h + l_h,
            }),
            Input::IslandLoadSwitch { closed } => {
                bench.s2 = contacts.follow(Contact::IslandLoad, closed, bench.s2);
            }
            Input::IslandLoad {
                r_ohm,
                l_h,
                l_ohm,
                c_f,
            } => {
                let l_h = l_h.filter(|&l| l > 0.0);
                bench.load = ParallelLoad {
                    g: r_ohm.map_or(0.0, |r| if r > 0.0 { 1.0 / r } else { 1e3 }),
                    l_h,
                    l_ohm: l_h.map_or(0.0, |_| l_ohm.max(0.0)),
                    c_f: c_f.unwrap_or(0.0).max(0.0),
                };
            }
            Input::BackupLoad { r_ohm } => {
                let before = bench.backup_ohm;
                let closed =
                    contacts.follow(Contact::BackupLoad, r_ohm.is_some(), before.is_some());
                bench.backup_ohm = r_ohm.or(before).filter(|_| closed);
            }
            Input::Pv {
                input,
                on,
                voc,
                isc,
                vmp,
                imp,
            } => {
                let curve = PvCurve::new(on, voc, isc, vmp, imp);
                self.connect_pv(input, curve);
            }
            Input::PvPoints { input, on, points } => {
                let curve = PvCurve::of_points(on, &points, self.config.dut.tracking);
                self.connect_pv(input, curve);
            }
            Input::PvOutput { input, on } => {
                let mut curve = self.dut.dispatch.pv.curve(input);
                curve.on = on;
                self.connect_pv(input, curve);
            }
            Input::PvArray { input, on, array } => {
                let tracking = self.config.dut.tracking;
                if let Some(present) = bench.pv_on.get_mut(input) {
                    *present = on;
                }
                let curve = PvCurve::of_array(on, &array, tracking);
                self.dut.dispatch.pv.connect(input, curve);
            }
            Input::BatterySource {
                on,
                volts,
                source_a,
                sink_a,
            } => {
                let battery = &mut self.dut.dispatch.battery;
                let on = contacts.follow(Contact::BatteryOutput, on, battery.simulator_on());
                battery.set(on, volts, source_a, sink_a);
            }
            Input::BatteryPack { closed } => self.dut.dispatch.battery.wire_pack(closed),
            Input::BmsSilence(silent) => self.dut.dispatch.battery.silence(silent),
            Input::MeterSilence(silent) => self.dut.dispatch.site_meter.silence(silent),
            Input::DrmPins(pins) => {
                self.dut.dispatch.drm.set_pins(&pins);
                bench.drm_pins = pins;
            }
            Input::Ambient { celsius } => bench.ambient_c = celsius,
            Input::Dut(command) => self.dut.command(command),
        }
    }

    /// A simulator with this curve at an input; its relay goes where it can.
    fn connect_pv(&mut self, input: usize, mut curve: PvCurve) {
        let Some(present) = self.bench.pv_on.get_mut(input) else {
            return;
        };
        curve.on = self
            .contacts
            .follow(Contact::PvOutput(input), curve.on, *present);
        *present = curve.on;
        self.dut.dispatch.pv.connect(input, curve);
    }

    /// The path from the source to S1 with what the source has inside.
    fn set_line(&mut self, line: Line) {
        self.network.set_line(line);
        let (topology, hz) = (*self.network.topology(), self.config.dut.nominal_hz);
        self.admittance = Admittance::new(&topology, self.network.line(), hz);
    }

    fn switch_output(&mut self, t: Nanos, closed: bool, at_once: bool) {
        let present = self.bench.output.contact;
        let closed = self.contacts.follow(Contact::GridOutput, closed, present);
        if self.bench.output.contact != closed {
            self.bench.source.pulse(t);
        }
        let before = self.bench.line_conducts();
        match (closed, at_once) {
            (true, _) => self.bench.output.close(),
            (false, true) => self.bench.output.cut(),
            (false, false) => self.bench.output.open(t),
        }
        self.note_loss(t, before);
    }

    fn switch_s1(&mut self, t: Nanos, closed: bool, at_once: bool) {
        let present = self.bench.s1.contact;
        let closed = self.contacts.follow(Contact::GridSwitch, closed, present);
        let before = self.bench.line_conducts();
        match (closed, at_once) {
            (true, _) => self.bench.s1.close(),
            (false, true) => self.bench.s1.cut(),
            (false, false) => self.bench.s1.open(t),
        }
        self.note_loss(t, before);
    }

    /// Tells the DUT's defect model at which angle the grid went.
    pub(crate) fn note_loss(&mut self, t: Nanos, conducted_before: bool) {
        if conducted_before && !self.bench.line_conducts() {
            self.dut.grid_lost_at(self.bench.source.phase(t) * 360.0);
        }
    }
}
