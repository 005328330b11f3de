//! What a procedure works with: the rig behind the envelope, events, readings, captures, time.
//! Every command of a procedure goes through here, is checked against the envelope, recorded as
//! an event, and refused once the operator has asked to stop.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use gridproof_instruments::roles::{
    CaptureSetup, GridStep, PowerReading, PvCurve, RecorderState, RlcPower, VoltVarCurve,
};
use gridproof_measure::zero_crossing;
use gridproof_model::capture::{Capture, ChannelKind};
use gridproof_model::event::{EventKind, StoredCapture};
use gridproof_model::record::Reading;

use crate::envelope::Envelope;
use crate::error::Halt;
use crate::rig::Rig;
use crate::stop::StopFlag;

/// Longest stretch of bench time slept without looking at the stop flag, s.
const NAP_S: f64 = 1.0;

pub(crate) struct Context<'a> {
    pub(crate) rig: &'a mut Rig,
    envelope: Envelope,
    stop: StopFlag,
    emit: &'a mut dyn FnMut(&str, f64, EventKind),
    recordings: PathBuf,
    /// File stem of captures of the running case, and the case's id.
    case: String,
    stem: String,
    pub(crate) readings: Vec<Reading>,
    pub(crate) captures: Vec<Capture>,
    pub(crate) stored: Vec<StoredCapture>,
    /// What the sources were told: Hz, V of the open PV array by PV input, V of the battery.
    grid_hz: Option<f64>,
    pv_v: BTreeMap<u8, f64>,
    battery_v: Option<f64>,
    /// The grid's frequency when the recorder was armed, Hz.
    armed_hz: Option<f64>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        rig: &'a mut Rig,
        stop: StopFlag,
        recordings: PathBuf,
        emit: &'a mut dyn FnMut(&str, f64, EventKind),
    ) -> Self {
        let envelope = Envelope::new(&rig.bench, &rig.profile);
        Self {
            rig,
            envelope,
            stop,
            emit,
            recordings,
            case: String::new(),
            stem: String::new(),
            readings: Vec::new(),
            captures: Vec::new(),
            stored: Vec::new(),
            grid_hz: None,
            pv_v: BTreeMap::new(),
            battery_v: None,
            armed_hz: None,
        }
    }

    /// Start collecting for another case.
    pub(crate) fn begin_case(&mut self, id: &str) {
        self.case = id.to_owned();
        self.stem = id.replace('/', "_");
        self.readings.clear();
        self.captures.clear();
        self.stored.clear();
    }

    /// Bench time, s.
    pub(crate) fn now_s(&self) -> f64 {
        self.rig.clock.now().as_secs_f64()
    }

    pub(crate) fn event(&mut self, what: EventKind) {
        let at_s = self.now_s();
        (self.emit)(&self.case, at_s, what);
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.event(EventKind::Note { text: text.into() });
    }

    fn stimulus(&mut self, role: &str, action: String) {
        self.event(EventKind::Stimulus {
            role: role.to_owned(),
            action,
        });
    }

    fn permit(&mut self, role: &str, checked: Result<(), Halt>) -> Result<(), Halt> {
        if self.stop.is_raised() {
            return Err(Halt::Aborted);
        }
        if let Err(Halt::Refused(reason)) = &checked {
            self.event(EventKind::Refused {
                role: role.to_owned(),
                reason: reason.clone(),
            });
        }
        checked
    }

    /// Let bench time pass.
    pub(crate) async fn wait(&mut self, seconds: f64) -> Result<(), Halt> {
        let mut left = seconds;
        while left > 0.0 {
            if self.stop.is_raised() {
                return Err(Halt::Aborted);
            }
            let nap = left.min(NAP_S);
            self.rig.clock.sleep(Duration::from_secs_f64(nap)).await;
            left -= nap;
        }
        Ok(())
    }

    pub(crate) async fn grid_set(&mut self, volts: f64, hertz: f64) -> Result<(), Halt> {
        self.permit("grid", self.envelope.grid(volts, hertz))?;
        self.stimulus("grid", format!("set {volts:.2} V, {hertz:.3} Hz"));
        self.grid_hz = Some(hertz);
        Ok(self.rig.grid.set(volts, hertz).await?)
    }

    pub(crate) async fn grid_on(&mut self) -> Result<(), Halt> {
        self.permit("grid", Ok(()))?;
        self.stimulus("grid", "output on".into());
        Ok(self.rig.grid.output_on().await?)
    }

    pub(crate) async fn grid_cut(&mut self, angle_deg: f64) -> Result<(), Halt> {
        self.permit("grid", Ok(()))?;
        self.stimulus("grid", format!("output opens at {angle_deg:.0}°"));
        Ok(self.rig.grid.cut_at(angle_deg).await?)
    }

    /// Step to new values which then hold.
    pub(crate) async fn grid_step(
        &mut self,
        volts: f64,
        hertz: f64,
        hold_s: f64,
    ) -> Result<(), Halt> {
        self.permit("grid", self.envelope.grid(volts, hertz))?;
        self.stimulus("grid", format!("step to {volts:.2} V, {hertz:.3} Hz"));
        let step = GridStep {
            dwell_s: hold_s,
            v_start: volts,
            v_end: volts,
            hz_start: hertz,
            hz_end: hertz,
            start_deg: None,
        };
        self.grid_hz = Some(hertz);
        Ok(self.rig.grid.run_list(&[step]).await?)
    }

    /// Curve and output of the PV simulator at one PV input, from 1.
    pub(crate) async fn pv_on(&mut self, input: u8, curve: PvCurve) -> Result<(), Halt> {
        self.permit("pv", self.envelope.pv(curve.voc, curve.isc))?;
        let Some((pv, output)) = self.rig.pv_at(input) else {
            return Err(Halt::Bench(format!(
                "the bench has no PV simulator{}",
                self.at_pv_input(input)
            )));
        };
        pv.set_curve(output, curve).await?;
        pv.output_on(output).await?;
        self.pv_v.insert(input, curve.voc);
        let place = match self.rig.profile.pv_inputs() {
            0 | 1 => String::new(),
            _ => format!("input {input}: "),
        };
        self.stimulus(
            "pv",
            format!(
                "{place}Voc {:.1} V, Isc {:.2} A, Vmp {:.1} V, Imp {:.2} A, on",
                curve.voc, curve.isc, curve.vmp, curve.imp
            ),
        );
        Ok(())
    }

    /// ` at PV input 2`; nothing where there is but one.
    fn at_pv_input(&self, input: u8) -> String {
        match self.rig.profile.pv_inputs() {
            0 | 1 => String::new(),
            _ => format!(" at PV input {input}"),
        }
    }

    pub(crate) async fn battery_on(
        &mut self,
        volts: f64,
        source_a: f64,
        sink_a: f64,
    ) -> Result<(), Halt> {
        self.permit(
            "battery",
            self.envelope.battery(volts, source_a.max(sink_a)),
        )?;
        let Some(battery) = self.rig.battery.as_mut() else {
            return Err(Halt::Bench("the bench has no battery simulator".into()));
        };
        battery.set(volts, source_a, sink_a).await?;
        battery.output_on().await?;
        self.battery_v = Some(volts);
        self.stimulus(
            "battery",
            format!("{volts:.1} V, source {source_a:.1} A, sink {sink_a:.1} A, on"),
        );
        Ok(())
    }

    pub(crate) async fn island_load(&mut self, power: RlcPower) -> Result<(), Halt> {
        let largest = power.r_watts.max(power.l_vars).max(power.c_vars);
        self.permit("island-load", self.envelope.load(largest))?;
        self.stimulus(
            "island-load",
            format!(
                "R {:.0} W, L {:.0} var, C {:.0} var",
                power.r_watts, power.l_vars, power.c_vars
            ),
        );
        Ok(self.rig.island_load.set(power).await?)
    }

    pub(crate) async fn grid_switch(&mut self, closed: bool) -> Result<(), Halt> {
        self.permit("island-load", Ok(()))?;
        self.stimulus(
            "island-load",
            format!("S1 {}", if closed { "closes" } else { "opens" }),
        );
        Ok(self.rig.island_load.grid_switch(closed).await?)
    }

    pub(crate) async fn load_switch(&mut self, closed: bool) -> Result<(), Halt> {
        self.permit("island-load", Ok(()))?;
        self.stimulus(
            "island-load",
            format!("S2 {}", if closed { "closes" } else { "opens" }),
        );
        Ok(self.rig.island_load.load_switch(closed).await?)
    }

    /// Resistive load at the back-up port, W at nominal voltage; 0 opens it.
    pub(crate) async fn backup_load(&mut self, watts: f64) -> Result<(), Halt> {
        self.permit("backup-load", self.envelope.backup_load(watts))?;
        self.stimulus("backup-load", format!("{watts:.0} W"));
        let Some(load) = self.rig.backup_load.as_mut() else {
            return Err(Halt::Bench("the bench has no back-up load".into()));
        };
        load.load_switch(false).await?;
        if watts > 0.0 {
            load.set(RlcPower {
                r_watts: watts,
                ..RlcPower::default()
            })
            .await?;
            load.load_switch(true).await?;
        }
        Ok(())
    }

    pub(crate) async fn dut_power(&mut self, watts: f64) -> Result<(), Halt> {
        self.permit("dut", self.envelope.dut_power(watts))?;
        self.stimulus("dut", format!("active power {watts:.0} W"));
        Ok(self.rig.dut.set_active_power(watts).await?)
    }

    pub(crate) async fn dut_connect(&mut self) -> Result<(), Halt> {
        self.permit("dut", Ok(()))?;
        self.stimulus("dut", "connection permitted".into());
        Ok(self.rig.dut.connect(true).await?)
    }

    pub(crate) async fn dut_disconnect(&mut self) -> Result<(), Halt> {
        self.permit("dut", Ok(()))?;
        self.stimulus("dut", "connection forbidden".into());
        Ok(self.rig.dut.connect(false).await?)
    }

    /// Which of the two voltage responses act.
    pub(crate) async fn dut_responses(&mut self, var: bool, watt: bool) -> Result<(), Halt> {
        self.permit("dut", Ok(()))?;
        let word = |on| if on { "on" } else { "off" };
        let action = format!("volt-var {}, volt-watt {}", word(var), word(watt));
        self.stimulus("dut", action);
        self.rig.dut.volt_var(var).await?;
        Ok(self.rig.dut.volt_watt(watt).await?)
    }

    /// The volt-var curve in force.
    pub(crate) async fn dut_volt_var_curve(&mut self) -> Result<VoltVarCurve, Halt> {
        self.permit("dut", Ok(()))?;
        Ok(self.rig.dut.volt_var_curve().await?)
    }

    /// Puts a volt-var curve into force.
    pub(crate) async fn set_dut_volt_var_curve(
        &mut self,
        curve: &VoltVarCurve,
    ) -> Result<(), Halt> {
        self.permit("dut", Ok(()))?;
        let points: Vec<String> = curve
            .points
            .iter()
            .map(|(volts, vars)| format!("{volts:.4} pu {vars:+.4}"))
            .collect();
        let action = format!(
            "volt-var curve {}, response time {} s",
            points.join(", "),
            curve.response_s
        );
        self.stimulus("dut", action);
        Ok(self.rig.dut.set_volt_var_curve(curve).await?)
    }

    pub(crate) async fn chamber(&mut self, celsius: f64) -> Result<(), Halt> {
        self.permit("chamber", self.envelope.ambient(celsius))?;
        self.stimulus("chamber", format!("set {celsius:.1} °C"));
        let Some(chamber) = self.rig.chamber.as_mut() else {
            return Err(Halt::Bench("the bench has no chamber".into()));
        };
        Ok(chamber.set_temperature(celsius).await?)
    }

    pub(crate) async fn chamber_temperature(&mut self) -> Result<f64, Halt> {
        self.permit("chamber", Ok(()))?;
        match self.rig.chamber.as_mut() {
            Some(chamber) => Ok(chamber.temperature().await?),
            None => Err(Halt::Bench("the bench has no chamber".into())),
        }
    }

    /// Short exactly the pins of these demand-response modes.
    pub(crate) async fn drm(&mut self, modes: &[u8]) -> Result<(), Halt> {
        self.permit("dred", Ok(()))?;
        let pins: Vec<(u8, u8)> = modes.iter().map(|&mode| drm_pins(mode)).collect();
        self.stimulus(
            "dred",
            if modes.is_empty() {
                "all contacts open".into()
            } else {
                format!("DRM {modes:?}")
            },
        );
        let wiring = self.rig.bench.drm_wiring.clone();
        for (name, relays) in &mut self.rig.relays {
            let mut closed = vec![false; relays.relays()];
            for wire in wiring.iter().filter(|wire| wire.bank == *name) {
                if let Some(contact) = closed.get_mut(usize::from(wire.relay)) {
                    *contact = pins.contains(&(wire.pins.0, wire.pins.1));
                }
            }
            relays.set_all(&closed).await?;
        }
        Ok(())
    }

    /// One analyser reading of a window that begins now.
    pub(crate) async fn power(&mut self) -> Result<PowerReading, Halt> {
        self.permit("analyser", Ok(()))?;
        Ok(self.rig.analyser.read().await?)
    }

    /// Take `count` readings for the record, spread evenly over `window_s`.
    pub(crate) async fn record_readings(
        &mut self,
        label: &str,
        step: u32,
        stimulus: f64,
        window_s: f64,
        count: u32,
    ) -> Result<(), Halt> {
        let begin = self.now_s();
        for index in 0..count {
            let due = begin + window_s * f64::from(index) / f64::from(count.max(1));
            let ahead = due - self.now_s();
            self.wait(ahead).await?;
            let got = self.power().await?;
            let reading = Reading {
                at_s: self.now_s(),
                label: label.to_owned(),
                step,
                stimulus,
                // what was measured lies within, however late it arrived
                window_s: self.rig.analyser.interval_s() + self.rig.analyser.latency_s(),
                volts: got.volts,
                amps: got.amps,
                watts: got.watts,
                vars: got.vars,
                hz: got.hertz,
            };
            self.event(EventKind::Read {
                reading: reading.clone(),
            });
            self.readings.push(reading);
        }
        let rest = begin + window_s - self.now_s();
        self.wait(rest).await
    }

    /// Arm the recorder and let it fill its pre-trigger memory.
    pub(crate) async fn arm(&mut self, setup: &CaptureSetup) -> Result<(), Halt> {
        self.permit("recorder", Ok(()))?;
        let plan = self.rig.recorder.arm(setup).await?;
        self.armed_hz = self.grid_hz;
        self.wait(plan.pre_fill_s).await
    }

    /// Wait for the end of the armed capture, at most `limit_s`, download and store it.
    pub(crate) async fn finish_capture(&mut self, limit_s: f64) -> Result<(), Halt> {
        let deadline = self.now_s() + limit_s;
        loop {
            self.permit("recorder", Ok(()))?;
            match self.rig.recorder.state().await? {
                RecorderState::Done => break,
                RecorderState::Stopped => {
                    return Err(Halt::Bench("the recorder stopped by itself".into()));
                }
                RecorderState::Waiting | RecorderState::Running => {}
            }
            if self.now_s() > deadline {
                return Err(Halt::Bench(format!(
                    "the recorder did not finish within {limit_s:.1} s: no trigger?"
                )));
            }
            self.wait(0.05).await?;
        }
        let capture = self.rig.recorder.fetch().await?;
        self.clocks_agree(&capture)?;
        let stem = format!("{}_{}", self.stem, capture.name);
        let stored = gridproof_recordings::write_capture(&self.recordings, &stem, &capture)
            .map_err(|error| Halt::Bench(error.to_string()))?;
        self.event(EventKind::Captured {
            capture: stored.clone(),
        });
        self.stored.push(stored);
        self.captures.push(capture);
        Ok(())
    }
}

/// Grid simulator and recorder count time alike within this fraction: more than both
/// specifications (0.01 % each) and the noise of crossings, less than a clock that is wrong.
const CLOCKS_AGREE: f64 = 3e-4;
/// Shortest undisturbed record that shows a frequency so well, s.
const CLOCK_WINDOW_S: f64 = 0.15;
/// A dc source whose terminals carry less than this fraction of its set-point is not on.
const DC_ON: f64 = 0.5;

impl Context<'_> {
    /// Before its trigger a record of the grid must have the frequency the grid was set to: a sample
    /// clock that is off would put its error on every time of the DUT.
    fn clocks_agree(&self, capture: &Capture) -> Result<(), Halt> {
        let (Some(set), Some(channel)) = (self.armed_hz, capture.channel(ChannelKind::GridVoltage))
        else {
            return Ok(());
        };
        let values = channel.values();
        let before = &values[..capture.trigger_index.min(values.len())];
        if (before.len() as f64) < CLOCK_WINDOW_S * capture.rate_hz {
            return Ok(());
        }
        match zero_crossing::frequency(before, capture.rate_hz, set) {
            Some(seen) if (seen / set - 1.0).abs() > CLOCKS_AGREE => Err(Halt::Bench(format!(
                "the clocks contradict each other: the grid simulator is set to {set:.3} Hz, the recorder sees {seen:.3} Hz; one of them needs calibration"
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// The dc sources that were switched on carry their voltage.
    pub(crate) async fn dc_sources_are_on(&mut self) -> Result<(), Halt> {
        let mut off = None;
        for (&input, &set) in &self.pv_v {
            if let Some((pv, output)) = self.rig.pv_at(input) {
                let volts = pv.measure(output).await?.volts;
                if volts < DC_ON * set {
                    let which = format!("PV simulator{}", self.at_pv_input(input));
                    off = off.or(Some((which, set, volts)));
                }
            }
        }
        if let (Some(set), Some(battery)) = (self.battery_v, self.rig.battery.as_mut()) {
            let volts = battery.measure().await?.volts;
            if volts < DC_ON * set {
                off = off.or(Some(("battery simulator".to_owned(), set, volts)));
            }
        }
        match off {
            Some((which, set, volts)) => Err(Halt::Bench(format!(
                "the {which} is set to {set:.1} V and reads {volts:.1} V: its output is open or has tripped"
            ))),
            None => Ok(()),
        }
    }
}

/// The pins a demand-response mode shorts (AS/NZS 4777.2 clause 3.2: DRM0 5–6, DRM1–4 n–6,
/// DRM5–8 (n−4)–5).
fn drm_pins(mode: u8) -> (u8, u8) {
    match mode {
        0 => (5, 6),
        1..=4 => (mode, 6),
        _ => (mode - 4, 5),
    }
}
