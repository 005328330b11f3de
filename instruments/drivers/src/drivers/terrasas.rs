//! AMETEK TerraSAS / ETS photovoltaic simulator, one channel of it.

use std::rc::Rc;
use std::time::Duration;

use super::{SAFE_DC_VOLTS, fixed};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{Instrument, PvCurve, PvSource, SafeProof, SourceReading};
use crate::transport::{Link, Scpi, ScpiSettings};

/// A curve in use cannot be deleted: two names take turns.
const CURVES: [&str; 2] = ["GRIDPROOF A", "GRIDPROOF B"];
/// The input capacitors of the DUT discharge for seconds.
const DECAY_POLL: Duration = Duration::from_millis(200);
const DECAY_POLLS: usize = 20;

/// What the bench knows about its simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerraSasParams {
    /// Channel of the system, from 1.
    pub channel: u8,
}

/// Driver of one TerraSAS channel.
pub struct TerraSas {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    channel: u8,
    /// Index into [`CURVES`] of the active curve.
    active: Option<usize>,
}

impl TerraSas {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: TerraSasParams) -> Self {
        let settings = ScpiSettings {
            terminator: "\r",
            ..ScpiSettings::default()
        };
        TerraSas {
            scpi: Scpi::new(name, link, settings),
            clock,
            channel: params.channel,
            active: None,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    fn ask(&self, query: &str) -> String {
        format!("{query}? (@{})", self.channel)
    }

    async fn stage(&mut self, setting: &str) -> InstrumentResult<()> {
        self.scpi
            .command(&format!("{setting}, (@{})", self.channel))
            .await
    }

    /// Put the staged parameters into the pool under `name`.
    async fn add_curve(&mut self, name: &str, curve: PvCurve) -> InstrumentResult<()> {
        match self.scpi.command(&format!("CURVe:DELEte \"{name}\"")).await {
            // Absent is fine; in use shows when it is added again.
            Ok(()) | Err(InstrumentError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        let (voc, isc) = (fixed(curve.voc, 3), fixed(curve.isc, 4));
        let (vmp, imp) = (fixed(curve.vmp, 3), fixed(curve.imp, 4));
        self.scpi
            .command(&format!("CURVe:VIparms {voc}, {isc}"))
            .await?;
        self.scpi
            .command(&format!("CURVe:MPPparms {vmp}, {imp}"))
            .await?;
        self.scpi.command(&format!("CURVe:ADD \"{name}\"")).await
    }

    async fn output_state(&mut self) -> InstrumentResult<bool> {
        let request = self.ask("OUTPut:STATe");
        self.scpi.insist_state(&request).await
    }

    async fn proof(&mut self) -> InstrumentResult<SafeProof> {
        let volts_query = self.ask("MEASure:SCALar:VOLTage:DC");
        let mut polls = 0;
        loop {
            let state = self.output_state().await?;
            let volts = self.scpi.insist_number(&volts_query).await?;
            let proven = !state && volts.abs() < SAFE_DC_VOLTS;
            if proven || polls == DECAY_POLLS {
                let evidence = format!("output state {}, {volts:.1} V", u8::from(state));
                return Ok(SafeProof { proven, evidence });
            }
            polls += 1;
            self.clock.sleep(DECAY_POLL).await;
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for TerraSas {
    async fn identify(&mut self) -> InstrumentResult<String> {
        // The form of the reply is not documented: any text will do.
        Ok(self.scpi.query("*IDN?").await?.trim().into())
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        self.scpi.clear_errors().await?;
        let count = self.scpi.query_number("SYSTem:CHANnel:COUNt?").await?;
        if f64::from(self.channel) > count {
            let answer = count.to_string();
            let problem = format!("channel {} of the bench file does not exist", self.channel);
            return Err(self
                .scpi
                .nonsense("SYSTem:CHANnel:COUNt?", &answer, &problem));
        }
        self.active = None;
        Ok(())
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        let abort = format!("ABORt (@{})", self.channel);
        let off = format!("OUTPut:STATe OFF, (@{})", self.channel);
        self.scpi.post(&[&off, &abort]).await?;
        let proof = self.proof().await?;
        // ABORt is refused when no profile runs.
        self.scpi.forget_errors().await;
        Ok(proof)
    }
}

#[async_trait::async_trait(?Send)]
impl PvSource for TerraSas {
    async fn set_curve(&mut self, curve: PvCurve) -> InstrumentResult<()> {
        let wanted = self.active.map_or(0, |active| 1 - active);
        let index = match self.add_curve(CURVES[wanted], curve).await {
            Ok(()) => wanted,
            // Left active by an earlier session: take the other name.
            Err(InstrumentError::Refused { .. }) if self.active.is_none() => {
                self.add_curve(CURVES[1], curve).await?;
                1
            }
            Err(error) => return Err(error),
        };
        self.stage(&format!("SOURce:CURVe \"{}\"", CURVES[index]))
            .await?;
        self.stage("SOURce:IRRadiance 1000").await?;
        self.stage("SOURce:TEMPerature 25").await?;
        self.scpi
            .command(&format!("SOURce:EXECute (@{})", self.channel))
            .await?;
        self.active = Some(index);
        Ok(())
    }

    async fn output_on(&mut self) -> InstrumentResult<()> {
        self.stage("OUTPut:STATe ON").await?;
        if self.output_state().await? {
            return Ok(());
        }
        Err(self.scpi.refused(
            "OUTPut:STATe ON",
            "output state OFF: a protection has tripped",
        ))
    }

    async fn output_off(&mut self) -> InstrumentResult<()> {
        self.stage("OUTPut:STATe OFF").await?;
        let proof = self.proof().await?;
        if proof.proven {
            Ok(())
        } else {
            Err(self.scpi.refused("output off", &proof.evidence))
        }
    }

    async fn measure(&mut self) -> InstrumentResult<SourceReading> {
        let [volts, amps, watts] = ["VOLTage", "CURRent", "POWer"]
            .map(|what| self.ask(&format!("MEASure:SCALar:{what}:DC")));
        Ok(SourceReading {
            volts: self.scpi.query_number(&volts).await?,
            amps: self.scpi.query_number(&amps).await?,
            watts: self.scpi.query_number(&watts).await?,
        })
    }
}
