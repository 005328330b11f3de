//! Chroma 61800 series regenerative grid simulator (61809 to 61860).

use std::rc::Rc;
use std::time::Duration;

use super::grid_list::ListProgram;
use super::{fixed, identify};
use crate::clock::Clock;
use crate::error::InstrumentResult;
use crate::roles::{GridSource, GridStep, Instrument, SafeProof, SourceReading};
use crate::transport::{Link, Scpi, ScpiSettings};

/// Between closing the relay and starting the output stage.
const RELAY_TIME: Duration = Duration::from_millis(100);
/// The output stage needs less than 1 ms; one period on top.
const SETTLE_TIME: Duration = Duration::from_millis(20);
/// While the output discharges: up to a second.
const DECAY_POLL: Duration = Duration::from_millis(50);
const DECAY_POLLS: usize = 20;
/// V/ms, the largest slew of the family [?]: 230 V stand after 0.3 ms.
const VOLT_SLEW: f64 = 1200.0;
/// Hz/ms, unit [K], value [?]: 10 Hz within 0.1 ms.
const FREQ_SLEW: f64 = 100.0;

/// What the bench knows about its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chroma61845Params {
    /// 300 V range instead of 150 V.
    pub high_range: bool,
    /// Limit the instrument itself keeps, V.
    pub limit_volts: f64,
    /// Current at which the instrument trips, A.
    pub limit_amps: f64,
    /// Three phases 120° apart, coupled, instead of one.
    pub three_phase: bool,
}

impl Default for Chroma61845Params {
    fn default() -> Self {
        let (limit_volts, limit_amps) = (280.0, 30.0);
        Chroma61845Params {
            high_range: true,
            limit_volts,
            limit_amps,
            three_phase: false,
        }
    }
}

impl Chroma61845Params {
    fn range_volts(&self) -> f64 {
        if self.high_range { 300.0 } else { 150.0 }
    }
}

/// Driver of the 61800 series.
pub struct Chroma61845 {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    params: Chroma61845Params,
    /// Values a finished list left at the output: the instrument is in LIST mode.
    held: Option<(f64, f64)>,
}

impl Chroma61845 {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: Chroma61845Params) -> Self {
        let scpi = Scpi::new(name, link, ScpiSettings::default());
        Chroma61845 {
            scpi,
            clock,
            params,
            held: None,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    /// Leave LIST mode, which rejects all settings, keeping the values the list ended with.
    async fn leave_list(&mut self) -> InstrumentResult<()> {
        if let Some((volts, hertz)) = self.held {
            self.fixed_mode().await?;
            self.levels(volts, hertz).await?;
            self.held = None;
        }
        Ok(())
    }

    async fn fixed_mode(&mut self) -> InstrumentResult<()> {
        self.scpi.command("TRIG OFF").await?;
        self.scpi.command("OUTP:MODE FIXED").await
    }

    async fn levels(&mut self, volts: f64, hertz: f64) -> InstrumentResult<()> {
        self.scpi
            .command(&format!("VOLT:AC {}", fixed(volts, 1)))
            .await?;
        self.scpi
            .command(&format!("FREQ {}", fixed(hertz, 2)))
            .await
    }

    /// Output state and terminal voltage, waiting for the output to discharge.
    async fn proof(&mut self) -> InstrumentResult<SafeProof> {
        let safe_volts = 0.05 * self.params.range_volts();
        let mut polls = 0;
        loop {
            let state = self.scpi.insist_state("OUTP?").await?;
            let volts = self.scpi.insist_number("MEAS:VOLT:ACDC?").await?;
            let proven = !state && volts.abs() < safe_volts;
            if proven || polls == DECAY_POLLS {
                let evidence = format!("output state {}, {volts:.2} V", u8::from(state));
                return Ok(SafeProof { proven, evidence });
            }
            polls += 1;
            self.clock.sleep(DECAY_POLL).await;
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for Chroma61845 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        identify(&mut self.scpi, "CHROMA").await
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        self.scpi.clear_errors().await?;
        self.fixed_mode().await?;
        self.held = None;
        if self.params.three_phase {
            for command in [
                "INST:PHASe THREE",
                "SOUR:PHASe:P12 120.0",
                "SOUR:PHASe:P13 240.0",
                "SOUR:PHASe:THREE INDEPEND",
            ] {
                self.scpi.command(command).await?;
            }
        } else {
            self.scpi.command("INST:PHASe SINGLE").await?;
        }
        let range = if self.params.high_range {
            "HIGH"
        } else {
            "LOW"
        };
        for command in [
            "INST:EDIT ALL",
            "INST:COUP ALL",
            "SOUR:FUNC:SHAPe:A SINE",
            "SOUR:FUNC:SHAPe A",
            &format!("VOLT:RANGe {range}"),
            &format!("SOUR:VOLT:LIMit:AC {}", fixed(self.params.limit_volts, 1)),
            &format!("SOUR:CURR:LIM {}", fixed(self.params.limit_amps, 2)),
            &format!("OUTPut:SLEW:VOLTage:AC {}", fixed(VOLT_SLEW, 1)),
            &format!("OUTPut:SLEW:FREQ {}", fixed(FREQ_SLEW, 1)),
        ] {
            self.scpi.command(command).await?;
        }
        Ok(())
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        self.held = None;
        let off = [
            "TRIG OFF",
            "OUTP:STATe OFF",
            "OUTP:RELay OFF",
            "OUTP:MODE FIXED",
        ];
        self.scpi.post(&off).await?;
        let proof = self.proof().await?;
        self.scpi.forget_errors().await;
        Ok(proof)
    }
}

#[async_trait::async_trait(?Send)]
impl GridSource for Chroma61845 {
    async fn set(&mut self, volts: f64, hertz: f64) -> InstrumentResult<()> {
        if self.held.is_some() {
            self.fixed_mode().await?;
        }
        self.levels(volts, hertz).await?;
        self.held = None;
        Ok(())
    }

    async fn output_on(&mut self) -> InstrumentResult<()> {
        self.scpi.command("OUTPut:RELay ON").await?;
        self.clock.sleep(RELAY_TIME).await;
        self.scpi.command("OUTPut:STATe ON").await?;
        self.clock.sleep(SETTLE_TIME).await;
        if self.scpi.query_state("OUTP?").await? {
            return Ok(());
        }
        Err(self.scpi.refused(
            "OUTPut:STATe ON",
            "output state 0: a protection has tripped",
        ))
    }

    async fn output_off(&mut self) -> InstrumentResult<()> {
        self.held = None;
        for command in [
            "TRIG OFF",
            "OUTP:STATe OFF",
            "OUTP:RELay OFF",
            "OUTP:MODE FIXED",
        ] {
            self.scpi.command(command).await?;
        }
        let proof = self.proof().await?;
        if proof.proven {
            Ok(())
        } else {
            Err(self.scpi.refused("output off", &proof.evidence))
        }
    }

    async fn cut_at(&mut self, angle_deg: f64) -> InstrumentResult<()> {
        // Stop angle [K]: the output stops when it next passes this angle.
        let angle = super::grid_list::degrees(angle_deg);
        self.scpi
            .command(&format!("SOUR:PHASe:OFF {angle}"))
            .await?;
        self.scpi.command("OUTPut:STATe OFF").await
    }

    async fn run_list(&mut self, steps: &[GridStep]) -> InstrumentResult<()> {
        let program = ListProgram::new(steps)
            .map_err(|problem| self.scpi.refused("transient list", &problem))?;
        self.leave_list().await?;
        self.fixed_mode().await?;
        for command in program.commands() {
            self.scpi.command(command).await?;
        }
        self.scpi.command("OUTP:MODE LIST").await?;
        // From here on the instrument is in LIST mode, whatever the answer to TRIG ON.
        self.held = Some(program.ends_with());
        self.scpi.command("TRIG ON").await
    }

    async fn measure(&mut self) -> InstrumentResult<SourceReading> {
        Ok(SourceReading {
            volts: self.scpi.query_number("MEAS:VOLT:ACDC?").await?,
            amps: self.scpi.query_number("MEAS:CURR:AC?").await?,
            watts: self.scpi.query_number("MEAS:POW:AC:REAL?").await?,
        })
    }
}
