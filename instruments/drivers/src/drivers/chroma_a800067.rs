//! Chroma A800067 RLC load, phase 1 of it, with its grid switch S1 and load switch.

use std::rc::Rc;
use std::time::Duration;

use super::{fixed, identify};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{Instrument, RlcLoad, RlcPower, SafeProof};
use crate::transport::{Link, Scpi, ScpiSettings, reply};

/// Contactor travel and bounce: pull-in 15 to 30 ms, drop-out 10 to 20 ms.
const CONTACTOR_TIME: Duration = Duration::from_millis(60);

/// What the bench knows about its load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChromaA800067Params {
    /// Smallest step, W or var.
    pub resolution: f64,
    /// Voltage at which the branch powers are meant, V.
    pub reference_volts: f64,
    /// Frequency at which the branch powers are meant, Hz.
    pub reference_hertz: f64,
}

impl Default for ChromaA800067Params {
    fn default() -> Self {
        ChromaA800067Params {
            resolution: 1.0,
            reference_volts: 230.0,
            reference_hertz: 50.0,
        }
    }
}

/// Driver of the A800067, single phase.
pub struct ChromaA800067 {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    params: ChromaA800067Params,
}

impl ChromaA800067 {
    /// Attach to a link; sends nothing.
    pub fn new(
        name: String,
        link: Link,
        clock: Rc<dyn Clock>,
        params: ChromaA800067Params,
    ) -> Self {
        let scpi = Scpi::new(name, link, ScpiSettings::default());
        ChromaA800067 {
            scpi,
            clock,
            params,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    /// `branch` is `R`, `L` or `C`. Values are W or var at the reference [?]: the facts leave
    /// "W or ohm" open, and powers are what the front panel of such banks shows.
    async fn branch(&mut self, branch: char, power: f64) -> InstrumentResult<()> {
        let step = self.params.resolution;
        let rounded = (power / step).round() * step;
        if rounded <= 0.0 {
            return self
                .scpi
                .command(&format!("PHASE1:{branch}LOADE OFF"))
                .await;
        }
        let decimals = (0..4)
            .find(|places| step * 10_f64.powi(*places) >= 0.999)
            .unwrap_or(4);
        let value = fixed(rounded, usize::try_from(decimals).unwrap_or_default());
        self.scpi
            .command(&format!("PHASE1:{branch}LOAD {value}"))
            .await?;
        self.scpi.command(&format!("PHASE1:{branch}LOADE ON")).await
    }

    async fn switch(&mut self, which: &str, closed: bool) -> InstrumentResult<()> {
        let state = if closed { "ON" } else { "OFF" };
        self.scpi
            .command(&format!("FUNCtion:{which} {state}"))
            .await?;
        self.clock.sleep(CONTACTOR_TIME).await;
        Ok(())
    }

    /// State of a switch [K: the facts list no query]; `None` if the instrument does not know it.
    async fn switch_state(&mut self, which: &str) -> InstrumentResult<Option<bool>> {
        let request = format!("FUNCtion:{which}?");
        match self.scpi.query(&request).await {
            Ok(text) => match reply::boolean(&text) {
                Ok(state) => Ok(Some(state)),
                Err(problem) => Err(self.scpi.nonsense(&request, &text, &problem)),
            },
            Err(error @ InstrumentError::Link { .. }) => {
                // Either the link is broken, or the query is unknown and has no reply.
                let entry = self.scpi.query("SYSTem:ERRor?").await?;
                match reply::error_code(&entry) {
                    Some(code) if code != 0 => Ok(None),
                    Some(_) | None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for ChromaA800067 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        identify(&mut self.scpi, "CHROMA").await
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        self.scpi.clear_errors().await?;
        self.scpi.command("FUNCtion:S1 OFF").await?;
        self.scpi.command("FUNCtion:SLOAD OFF").await?;
        for phase in 1..=3 {
            for branch in ['R', 'L', 'C'] {
                self.scpi
                    .command(&format!("PHASE{phase}:{branch}LOADE OFF"))
                    .await?;
            }
        }
        self.clock.sleep(CONTACTOR_TIME).await;
        Ok(())
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        self.scpi
            .post(&[
                "FUNCtion:S1 OFF",
                "FUNCtion:SLOAD OFF",
                "PHASE1:RLOADE OFF",
                "PHASE1:LLOADE OFF",
                "PHASE1:CLOADE OFF",
            ])
            .await?;
        self.clock.sleep(CONTACTOR_TIME).await;
        self.scpi.forget_errors().await;
        let grid = self.switch_state("S1").await?;
        let load = self.switch_state("SLOAD").await?;
        let word = |state: Option<bool>| match state {
            Some(true) => "closed",
            Some(false) => "open",
            None => "commanded open, no read-back available",
        };
        Ok(SafeProof {
            proven: grid == Some(false) && load == Some(false),
            evidence: format!("S1 {}, load switch {}", word(grid), word(load)),
        })
    }
}

#[async_trait::async_trait(?Send)]
impl RlcLoad for ChromaA800067 {
    fn reference(&self) -> (f64, f64) {
        (self.params.reference_volts, self.params.reference_hertz)
    }

    fn resolution(&self) -> f64 {
        self.params.resolution
    }

    async fn set(&mut self, power: RlcPower) -> InstrumentResult<()> {
        let branches = [power.r_watts, power.l_vars, power.c_vars];
        if !branches
            .iter()
            .all(|value| value.is_finite() && *value >= 0.0)
        {
            return Err(self
                .scpi
                .refused(&format!("{power:?}"), "a branch is no positive number"));
        }
        self.branch('R', power.r_watts).await?;
        self.branch('L', power.l_vars).await?;
        self.branch('C', power.c_vars).await
    }

    async fn grid_switch(&mut self, closed: bool) -> InstrumentResult<()> {
        self.switch("S1", closed).await
    }

    async fn load_switch(&mut self, closed: bool) -> InstrumentResult<()> {
        self.switch("SLOAD", closed).await
    }
}
