//! ITECH IT6000C bidirectional DC source as battery simulator.

use std::rc::Rc;
use std::time::Duration;

use super::{SAFE_DC_VOLTS, fixed, identify};
use crate::clock::Clock;
use crate::error::InstrumentResult;
use crate::roles::{BatterySource, Instrument, SafeProof, SourceReading};
use crate::transport::{Link, Scpi, ScpiSettings};

/// Between two messages.
const PACE: Duration = Duration::from_millis(20);
const DECAY_POLL: Duration = Duration::from_millis(200);
const DECAY_POLLS: usize = 15;

/// What the bench knows about its source.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ItechIt6000cParams {
    /// The instrument switches its output off after so many seconds without traffic. What counts
    /// as traffic is [?], so the watchdog stays untouched unless the bench asks for it.
    pub watchdog_s: Option<u32>,
}

/// Driver of the IT6000C in voltage priority. Positive current is sourced, as in the role.
pub struct ItechIt6000c {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    params: ItechIt6000cParams,
}

impl ItechIt6000c {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: ItechIt6000cParams) -> Self {
        let settings = ScpiSettings {
            error_query: "SYST:ERR?",
            ..ScpiSettings::default()
        };
        let scpi = Scpi::new(name, link, settings).paced(Rc::clone(&clock), PACE);
        ItechIt6000c {
            scpi,
            clock,
            params,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    async fn proof(&mut self) -> InstrumentResult<SafeProof> {
        let mut polls = 0;
        loop {
            let state = self.scpi.insist_state("OUTP?").await?;
            let volts = self.scpi.insist_number("MEAS:VOLT?").await?;
            let proven = !state && volts.abs() < SAFE_DC_VOLTS;
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
impl Instrument for ItechIt6000c {
    async fn identify(&mut self) -> InstrumentResult<String> {
        identify(&mut self.scpi, "ITECH").await
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        // In local mode every setting fails: remote first, then the old errors go.
        self.scpi.post(&["SYST:REM", "*CLS"]).await?;
        self.scpi.clear_errors().await?;
        for command in [
            "OUTP OFF",
            "OUTP:PROT:CLE",
            "FUNC:MODE FIXED",
            "FUNC VOLT",
            "CURR:LIM 0.00",
            "CURR:LIM:NEG 0.00",
        ] {
            self.scpi.command(command).await?;
        }
        if let Some(seconds) = self.params.watchdog_s {
            self.scpi
                .command(&format!("OUTP:PROT:WDOG:DEL {seconds}"))
                .await?;
            self.scpi.command("OUTP:PROT:WDOG:STAT ON").await?;
        }
        Ok(())
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        self.scpi
            .post(&["SYST:REM", "OUTP OFF", "VOLT 0.00", "CURR:LIM 0.00"])
            .await?;
        let proof = self.proof().await?;
        self.scpi.forget_errors().await;
        Ok(proof)
    }
}

#[async_trait::async_trait(?Send)]
impl BatterySource for ItechIt6000c {
    async fn set(&mut self, volts: f64, source_a: f64, sink_a: f64) -> InstrumentResult<()> {
        self.scpi
            .command(&format!("CURR:LIM {}", fixed(source_a, 2)))
            .await?;
        self.scpi
            .command(&format!("CURR:LIM:NEG {}", fixed(-sink_a, 2)))
            .await?;
        self.scpi
            .command(&format!("VOLT {}", fixed(volts, 2)))
            .await
    }

    async fn output_on(&mut self) -> InstrumentResult<()> {
        self.scpi.command("OUTP ON").await?;
        if self.scpi.insist_state("OUTP?").await? {
            return Ok(());
        }
        Err(self
            .scpi
            .refused("OUTP ON", "output state 0: a protection has tripped"))
    }

    async fn output_off(&mut self) -> InstrumentResult<()> {
        self.scpi.command("OUTP OFF").await?;
        let proof = self.proof().await?;
        if proof.proven {
            Ok(())
        } else {
            Err(self.scpi.refused("output off", &proof.evidence))
        }
    }

    async fn measure(&mut self) -> InstrumentResult<SourceReading> {
        Ok(SourceReading {
            volts: self.scpi.query_number("MEAS:VOLT?").await?,
            amps: self.scpi.query_number("MEAS:CURR?").await?,
            watts: self.scpi.query_number("MEAS:POW?").await?,
        })
    }
}
