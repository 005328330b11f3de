//! What each command and query of the 61845 does.

use super::commands::Command::{self, self as C};
use super::commands::{Key, SHAPES};
use super::program::{Base, MOST_HARMONICS, MOST_POINTS};
use super::{Chroma61845, FASTEST_HZ_PER_MS, FASTEST_V_PER_MS, MODE_WORDS, MODES, Mode, within};
use crate::field::Field;
use crate::scpi::engine::Reply;
use crate::scpi::fault::{self, Fault};
use crate::scpi::setting::{chosen, limit};
use crate::scpi::{Call, Outcome, Params};

impl Chroma61845 {
    /// A command without `?`.
    pub(super) fn command(
        &mut self,
        command: Command,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let named = self.named(command, call.params);
        let params = match &named {
            Some(number) => Params::new(number),
            None => call.params,
        };
        let call = &Call { params, ..*call };
        let on_off = |params: Params<'_>| -> Result<bool, Fault> { params.only_boolean() };
        match command {
            C::Trigger => {
                if on_off(params)? {
                    self.start(field)?;
                } else {
                    self.stop(field);
                }
            }
            C::Relay => {
                let relay = on_off(params)?;
                self.switch(relay, self.state, field);
            }
            C::State => {
                let state = on_off(params)?;
                if state && self.tripped {
                    return Err(fault::PROTECTION);
                }
                self.switch(self.relay, state, field);
            }
            C::Protection => {
                params.none()?;
                self.tripped = false;
            }
            C::Kept(row) => {
                // orders of a synthesis are kept as they are written
                let joined = [params.joined()];
                let listed = params.len() > 1;
                let single = Params::new(if listed { &joined } else { params.all() });
                self.kept.write(row, single)?;
                if !matches!(self.kept.key(row), Key::Kept | Key::SweepStart) {
                    self.send_impedance(field);
                }
            }
            C::Interface => params.none()?,
            C::Phases => self.three_phase = params.choice(0, &["SINGLE", "THREE"])? == 1,
            C::Edit => self.edit_all = params.choice(0, &["EACH", "ALL"])? == 1,
            C::Select => self.selected = Self::phase(params)?,
            C::ListTrigger => {
                self.settings.list_trigger = params.choice(0, &["AUTO", "MANUAL", "EXCITE"])?;
            }
            C::P12 => self.settings.p12 = within(params.only_number("")?, 0.0, 360.0)?,
            C::P13 => self.settings.p13 = within(params.only_number("")?, 0.0, 360.0)?,
            C::Shape => {
                self.settings.shape_b = params.choice(0, &["A", "B"])? == 1;
                self.follow_shape(field);
            }
            C::ShapeForm => {
                self.settings.shape = chosen(params, SHAPES)?;
                self.follow_shape(field);
            }
            C::ShapeThd => {
                self.settings.shape_thd = within(params.only_number("")?, 0.0, 43.0)?;
                self.follow_shape(field);
            }
            C::SynthCompose
            | C::SynthAmplitudes
            | C::SynthPhases
            | C::SynthFundamental
            | C::SynthDc => {
                self.idle()?;
                self.set_synthesis(command, call)?;
            }
            C::OutputMode => {
                let mode = MODES[params.choice(0, &MODE_WORDS)?];
                self.set_mode(mode, field)?;
            }
            C::Volts
            | C::VoltsDc
            | C::Hertz
            | C::Range
            | C::VoltLimit
            | C::CurrentLimit
            | C::CurrentDelay
            | C::PhaseOn
            | C::PhaseOff
            | C::SlewVolts
            | C::SlewDc
            | C::SlewHertz => {
                self.idle()?;
                self.set_level(command, call, field)?;
            }
            C::ListCount
            | C::ListBase
            | C::ListDwell
            | C::ListShape
            | C::ListVoltsStart
            | C::ListVoltsEnd
            | C::ListDcStart
            | C::ListDcEnd
            | C::ListHertzStart
            | C::ListHertzEnd
            | C::ListDegree
            | C::PulseVolts
            | C::PulseHertz
            | C::PulsePhase
            | C::PulseCount
            | C::PulseDuty
            | C::PulsePeriod
            | C::StepVolts
            | C::StepDeltaVolts
            | C::StepHertz
            | C::StepDeltaHertz
            | C::StepPhase
            | C::StepDwell
            | C::StepCount => {
                self.editable()?;
                self.set_program(command, call)?;
            }
            C::TriggerState | C::ListPoints | C::Measure(_) => {
                return Err(fault::UNDEFINED_HEADER);
            }
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`command` passes only levels on"
    )]
    fn set_level(
        &mut self,
        command: Command,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Result<(), Fault> {
        let params = call.params;
        let number = |unit| params.only_number(unit);
        match command {
            C::Volts => {
                let volts = self.check_volts(number("V")?)?;
                // EDIT EACH sets the selected phase alone
                if self.edit_all || self.selected == 1 {
                    self.settings.volts = volts;
                }
                for phase in [2, 3] {
                    if self.edit_all || self.selected == phase {
                        self.settings.others_volts[phase as usize - 2] = volts;
                    }
                }
                self.follow(field);
            }
            C::Hertz => {
                self.settings.hz = Self::check_hz(number("HZ")?)?;
                self.follow(field);
            }
            C::VoltsDc => {
                self.settings.volts_dc = within(number("V")?, -424.2, 424.2)?;
                self.follow_shape(field);
            }
            C::Range => {
                let high = call.params.choice(0, &["LOW", "HIGH", "HI", "AUTO"])? > 0;
                if !high && self.settings.volts > 150.0 {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                self.settings.high_range = high;
            }
            C::VoltLimit => {
                let limit = within(number("V")?, 0.0, 300.0)?;
                if limit < self.settings.volts {
                    return Err(fault::SETTINGS_CONFLICT);
                }
                self.settings.volt_limit = limit;
            }
            C::CurrentLimit => self.settings.current_limit = within(number("A")?, 0.0, 200.0)?,
            C::CurrentDelay => self.settings.current_delay = within(number("S")?, 0.0, 5.0)?,
            C::PhaseOn | C::PhaseOff => {
                let angle = if call
                    .params
                    .text(0)?
                    .starts_with(|c: char| c.is_ascii_alphabetic())
                {
                    call.params.choice(0, &["IMMediate"])?;
                    360.0
                } else {
                    within(number("")?, 0.0, 360.0)?
                };
                if command == C::PhaseOn {
                    self.settings.phase_on = angle;
                } else {
                    self.settings.phase_off = angle;
                }
            }
            C::SlewVolts => {
                self.settings.slew_v_per_ms = within(number("V/MS")?, 0.0, FASTEST_V_PER_MS)?
            }
            C::SlewDc => {
                self.settings.slew_dc_v_per_ms = within(number("V/MS")?, 0.0, FASTEST_V_PER_MS)?
            }
            _ => self.settings.slew_hz_per_ms = within(number("HZ/MS")?, 0.0, FASTEST_HZ_PER_MS)?,
        }
        Ok(())
    }

    /// `1`–`3`, or `OUTPut1`–`OUTPut3`.
    fn phase(params: Params<'_>) -> Result<u32, Fault> {
        let text = params.text(0)?;
        if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let words = ["OUTPut1|OUTP1", "OUTPut2|OUTP2", "OUTPut3|OUTP3"];
            return Ok(chosen(params, &words)? as u32 + 1);
        }
        within(params.only_number("")?, 1.0, 3.0).map(|phase| phase as u32)
    }

    /// The number that `MIN`, `MAX` or `DEF` stands for.
    fn named(&self, command: Command, params: Params<'_>) -> Option<[String; 1]> {
        let (least, most, default, _) = self.limits(command)?;
        let text = params.text(0).ok().filter(|_| params.len() == 1)?;
        limit(text, least, most, default).map(|number| [number.to_string()])
    }

    /// Least, most and value after `*RST` of a number, with the decimals of its replies.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other commands have no limits to ask for"
    )]
    fn limits(&self, command: Command) -> Option<(f64, f64, f64, usize)> {
        let volts = self.range_v().min(self.settings.volt_limit);
        Some(match command {
            C::Volts => (0.0, volts, 0.0, 1),
            C::VoltsDc => (-424.2, 424.2, 0.0, 1),
            C::Hertz => (30.0, 100.0, 50.0, 2),
            C::VoltLimit => (0.0, 300.0, 300.0, 1),
            C::CurrentLimit => (0.0, 200.0, 90.0, 2),
            C::CurrentDelay => (0.0, 5.0, 0.0, 1),
            C::SlewVolts | C::SlewDc => (0.0, FASTEST_V_PER_MS, FASTEST_V_PER_MS, 3),
            C::SlewHertz => (0.0, FASTEST_HZ_PER_MS, FASTEST_HZ_PER_MS, 3),
            C::PhaseOn | C::PhaseOff | C::PulsePhase | C::StepPhase => (0.0, 360.0, 360.0, 1),
            C::P12 => (0.0, 360.0, 120.0, 1),
            C::P13 => (0.0, 360.0, 240.0, 1),
            C::ShapeThd => (0.0, 43.0, 0.0, 1),
            C::SynthFundamental => (0.0, self.range_v(), 0.0, 1),
            C::SynthDc => (-424.2, 424.2, 0.0, 1),
            C::ListCount | C::PulseCount | C::StepCount => (0.0, 65_535.0, 1.0, 0),
            C::PulseVolts | C::StepVolts => (0.0, volts, 0.0, 1),
            C::PulseHertz | C::StepHertz => (30.0, 100.0, 50.0, 2),
            C::StepDeltaVolts => (-300.0, 300.0, 0.0, 1),
            C::StepDeltaHertz => (-100.0, 100.0, 0.0, 2),
            C::PulseDuty => (0.0, 100.0, 50.0, 1),
            C::PulsePeriod | C::StepDwell => (0.0, 99_999_999.9, 1000.0, 1),
            _ => return None,
        })
    }

    /// Outside FIXED mode a new level waits for the return to it.
    fn follow(&mut self, field: &mut Field) {
        if self.mode == Mode::Fixed {
            self.send_fixed(field);
        }
    }

    /// While a synthesis runs a new waveform waits for its end.
    fn follow_shape(&mut self, field: &mut Field) {
        if self.running.is_none() || self.mode != Mode::Synthesis {
            self.send_shape(field);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`command` passes only settings of the synthesis on"
    )]
    fn set_synthesis(&mut self, command: Command, call: &Call<'_>) -> Result<(), Fault> {
        let params = call.params;
        let list = |unit: &str, most: f64| -> Result<Vec<f64>, Fault> {
            let values = params.numbers(unit)?;
            if values.len() > MOST_HARMONICS {
                return Err(fault::PARAMETER_NOT_ALLOWED);
            }
            values
                .into_iter()
                .map(|value| within(value, 0.0, most))
                .collect()
        };
        let range = self.range_v();
        let synthesis = &mut self.settings.synthesis;
        match command {
            C::SynthCompose => {
                synthesis.percent = params.choice(0, &["VALUE", "PERCENT"])? == 1;
            }
            C::SynthAmplitudes => synthesis.amplitudes = list("V", range)?,
            C::SynthPhases => synthesis.phases = list("", 360.0)?,
            C::SynthFundamental => {
                synthesis.fundamental = within(params.only_number("V")?, 0.0, range)?;
            }
            _ => synthesis.dc = within(params.only_number("V")?, -424.2, 424.2)?,
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "`command` passes only program settings on"
    )]
    fn set_program(&mut self, command: Command, call: &Call<'_>) -> Result<(), Fault> {
        let params = call.params;
        let numbers = |unit: &str, least: f64, most: f64| -> Result<Vec<f64>, Fault> {
            let values = params.numbers(unit)?;
            if values.len() > MOST_POINTS {
                return Err(fault::PARAMETER_NOT_ALLOWED);
            }
            values
                .into_iter()
                .map(|value| within(value, least, most))
                .collect()
        };
        let count =
            || within(params.only_number("")?, 0.0, 65_535.0).map(|count| count.round() as u32);
        let range = self.range_v();
        let volts = |p: &Self| p.check_volts(params.only_number("V")?);
        match command {
            C::ListCount => self.settings.list.count = count()?,
            C::ListBase => {
                self.settings.list.base =
                    [Base::Time, Base::Cycle][params.choice(0, &["TIME", "CYCLE"])?];
            }
            C::ListDwell => self.settings.list.dwell = numbers("MS", 0.0, 99_999_999.9)?,
            C::ListShape => {
                let words: Result<Vec<String>, Fault> = (0..params.len())
                    .map(|index| Ok(["A", "B"][params.choice(index, &["A", "B"])?].to_owned()))
                    .collect();
                self.settings.list.shape = words?;
            }
            C::ListVoltsStart => self.settings.list.v_start = numbers("V", 0.0, range)?,
            C::ListVoltsEnd => self.settings.list.v_end = numbers("V", 0.0, range)?,
            C::ListDcStart => self.settings.list.dc_start = numbers("V", -424.2, 424.2)?,
            C::ListDcEnd => self.settings.list.dc_end = numbers("V", -424.2, 424.2)?,
            C::ListHertzStart => self.settings.list.hz_start = numbers("HZ", 30.0, 100.0)?,
            C::ListHertzEnd => self.settings.list.hz_end = numbers("HZ", 30.0, 100.0)?,
            C::ListDegree => self.settings.list.degree = numbers("", 0.0, 360.0)?,
            C::PulseVolts => self.settings.pulse.volts = volts(self)?,
            C::StepVolts => self.settings.step.volts = volts(self)?,
            C::StepDeltaVolts => {
                self.settings.step.delta_volts = within(params.only_number("V")?, -300.0, 300.0)?;
            }
            C::StepHertz => self.settings.step.hz = Self::check_hz(params.only_number("HZ")?)?,
            C::StepDeltaHertz => {
                self.settings.step.delta_hz = within(params.only_number("HZ")?, -100.0, 100.0)?;
            }
            C::StepPhase => {
                self.settings.step.start_deg = within(params.only_number("")?, 0.0, 360.0)?;
            }
            C::StepDwell => {
                self.settings.step.dwell_ms = within(params.only_number("MS")?, 0.0, 99_999_999.9)?;
            }
            C::StepCount => self.settings.step.count = count()?,
            C::PulseHertz => self.settings.pulse.hz = Self::check_hz(params.only_number("HZ")?)?,
            C::PulsePhase => {
                self.settings.pulse.start_deg = within(params.only_number("")?, 0.0, 360.0)?
            }
            C::PulseCount => self.settings.pulse.count = count()?,
            C::PulseDuty => {
                self.settings.pulse.duty_percent = within(params.only_number("")?, 0.0, 100.0)?
            }
            _ => {
                self.settings.pulse.period_ms =
                    within(params.only_number("MS")?, 0.0, 99_999_999.9)?
            }
        }
        Ok(())
    }

    /// A query.
    pub(super) fn answer(
        &mut self,
        command: Command,
        call: &Call<'_>,
        field: &mut Field,
    ) -> Outcome {
        call.params.at_most(1)?;
        if let (Some((least, most, default, digits)), Ok(text)) =
            (self.limits(command), call.params.text(0))
        {
            let asked = limit(text, least, most, default).ok_or(fault::ILLEGAL_VALUE)?;
            return Ok(Reply::Text(format!("{asked:.digits$}")));
        }
        let s = &self.settings;
        let joined = |values: &[f64], digits: usize| {
            values
                .iter()
                .map(|value| format!("{value:.digits$}"))
                .collect::<Vec<_>>()
                .join(",")
        };
        Ok(Reply::Text(match command {
            C::Phases => if self.three_phase { "THREE" } else { "SINGLE" }.to_owned(),
            C::Edit => if self.edit_all { "ALL" } else { "EACH" }.to_owned(),
            C::Select => self.selected.to_string(),
            C::P12 => format!("{:.1}", s.p12),
            C::P13 => format!("{:.1}", s.p13),
            C::PhaseOn => format!("{:.1}", s.phase_on),
            C::PhaseOff => format!("{:.1}", s.phase_off),
            C::Kept(row) => return self.kept.answer(row, 0, call),
            C::Volts => format!("{:.1}", self.set_volts()),
            C::VoltsDc => format!("{:.1}", s.volts_dc),
            C::StepVolts => format!("{:.1}", s.step.volts),
            C::StepDeltaVolts => format!("{:.1}", s.step.delta_volts),
            C::StepHertz => format!("{:.2}", s.step.hz),
            C::StepDeltaHertz => format!("{:.2}", s.step.delta_hz),
            C::StepPhase => format!("{:.1}", s.step.start_deg),
            C::StepDwell => format!("{:.1}", s.step.dwell_ms),
            C::StepCount => s.step.count.to_string(),
            C::Hertz => format!("{:.2}", s.hz),
            C::Range => if s.high_range { "HIGH" } else { "LOW" }.to_owned(),
            C::VoltLimit => format!("{:.1}", s.volt_limit),
            // the unit is known to append one character here
            C::CurrentLimit => format!("{:.2} ", s.current_limit),
            C::CurrentDelay => s.current_delay.to_string(),
            C::SlewVolts => format!("{:.3}", s.slew_v_per_ms),
            C::SlewDc => format!("{:.3}", s.slew_dc_v_per_ms),
            C::SlewHertz => format!("{:.3}", s.slew_hz_per_ms),
            C::Relay => u8::from(self.relay).to_string(),
            C::State => u8::from(self.state).to_string(),
            C::OutputMode => MODES
                .iter()
                .position(|&mode| mode == self.mode)
                .map_or("FIXED", |index| MODE_WORDS[index])
                .to_owned(),
            C::Shape => if s.shape_b { "B" } else { "A" }.to_owned(),
            C::ShapeForm => SHAPES[s.shape]
                .split('|')
                .next()
                .unwrap_or("SINE")
                .to_owned(),
            C::ShapeThd => format!("{:.1}", s.shape_thd),
            C::SynthCompose => if s.synthesis.percent {
                "PERCENT"
            } else {
                "VALUE"
            }
            .to_owned(),
            C::SynthAmplitudes => joined(&s.synthesis.amplitudes, 1),
            C::SynthPhases => joined(&s.synthesis.phases, 1),
            C::SynthFundamental => format!("{:.1}", s.synthesis.fundamental),
            C::SynthDc => format!("{:.1}", s.synthesis.dc),
            C::Interface => return Err(fault::UNDEFINED_HEADER),
            C::TriggerState => if self.running.is_some() {
                "RUNNING"
            } else {
                "OFF"
            }
            .to_owned(),
            C::ListTrigger => ["AUTO", "MANUAL", "EXCITE"][s.list_trigger].to_owned(),
            C::ListCount => s.list.count.to_string(),
            C::ListBase => if s.list.base == Base::Time {
                "TIME"
            } else {
                "CYCLE"
            }
            .to_owned(),
            C::ListPoints => s.list.dwell.len().to_string(),
            C::ListDwell => joined(&s.list.dwell, 1),
            C::ListShape => s.list.shape.join(","),
            C::ListVoltsStart => joined(&s.list.v_start, 1),
            C::ListVoltsEnd => joined(&s.list.v_end, 1),
            C::ListDcStart => joined(&s.list.dc_start, 1),
            C::ListDcEnd => joined(&s.list.dc_end, 1),
            C::ListHertzStart => joined(&s.list.hz_start, 2),
            C::ListHertzEnd => joined(&s.list.hz_end, 2),
            C::ListDegree => joined(&s.list.degree, 1),
            C::PulseVolts => format!("{:.1}", s.pulse.volts),
            C::PulseHertz => format!("{:.2}", s.pulse.hz),
            C::PulsePhase => format!("{:.1}", s.pulse.start_deg),
            C::PulseCount => s.pulse.count.to_string(),
            C::PulseDuty => format!("{:.1}", s.pulse.duty_percent),
            C::PulsePeriod => format!("{:.1}", s.pulse.period_ms),
            C::Measure(what) => self.measure(what, field),
            C::Trigger | C::Protection => return Err(fault::UNDEFINED_HEADER),
        }))
    }
}
