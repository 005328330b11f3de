//! AMETEK TerraSAS / ETS photovoltaic simulator: as many of its channels as the bench uses.

use std::rc::Rc;
use std::time::Duration;

use super::{SAFE_DC_VOLTS, fixed};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{Instrument, PvCurve, PvSource, SafeProof, SourceReading};
use crate::transport::{Link, Scpi, ScpiSettings};

/// The input capacitors of the DUT discharge for seconds.
const DECAY_POLL: Duration = Duration::from_millis(200);
const DECAY_POLLS: usize = 20;

/// What the bench knows about its simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerraSasParams {
    /// First channel of the system that is used, from 1.
    pub channel: u8,
    /// Channels used, this one and those that follow.
    pub outputs: u8,
}

/// Driver of the channels of a TerraSAS.
pub struct TerraSas {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    channels: Vec<Channel>,
}

/// One channel, an output of the role.
struct Channel {
    number: u8,
    /// Which of its two curves is active.
    active: Option<usize>,
}

impl Channel {
    /// A curve in use cannot be deleted, and all channels share one pool: two names of its own take
    /// turns.
    fn curve(&self, which: usize) -> String {
        format!("GRIDPROOF {}{}", self.number, ["A", "B"][which])
    }
}

impl TerraSas {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: TerraSasParams) -> Self {
        let settings = ScpiSettings {
            terminator: "\r",
            ..ScpiSettings::default()
        };
        let channels = (0..params.outputs).map(|after| Channel {
            number: params.channel.saturating_add(after),
            active: None,
        });
        TerraSas {
            scpi: Scpi::new(name, link, settings),
            clock,
            channels: channels.collect(),
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    fn channel(&self, output: usize) -> InstrumentResult<&Channel> {
        self.channels.get(output).ok_or_else(|| {
            let why = format!("{} outputs are used", self.channels.len());
            self.scpi.refused(&format!("output {}", output + 1), &why)
        })
    }

    async fn stage(&mut self, channel: u8, setting: &str) -> InstrumentResult<()> {
        self.scpi.command(&format!("{setting}, (@{channel})")).await
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

    async fn output_state(&mut self, channel: u8) -> InstrumentResult<bool> {
        let request = ask(channel, "OUTPut:STATe");
        self.scpi.insist_state(&request).await
    }

    async fn proof(&mut self, channel: u8) -> InstrumentResult<SafeProof> {
        let volts_query = ask(channel, "MEASure:SCALar:VOLTage:DC");
        let mut polls = 0;
        loop {
            let state = self.output_state(channel).await?;
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

fn ask(channel: u8, query: &str) -> String {
    format!("{query}? (@{channel})")
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
        let mut numbers = self.channels.iter().map(|channel| channel.number);
        if let Some(number) = numbers.find(|&number| f64::from(number) > count) {
            let answer = count.to_string();
            let problem = format!("channel {number} of the bench file does not exist");
            return Err(self
                .scpi
                .nonsense("SYSTem:CHANnel:COUNt?", &answer, &problem));
        }
        for channel in &mut self.channels {
            channel.active = None;
        }
        Ok(())
    }

    /// Every channel is told before the first is asked: none waits for the proof of another.
    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        let numbers: Vec<u8> = self.channels.iter().map(|channel| channel.number).collect();
        for number in &numbers {
            let off = format!("OUTPut:STATe OFF, (@{number})");
            let abort = format!("ABORt (@{number})");
            self.scpi.post(&[&off, &abort]).await?;
        }
        let several = numbers.len() > 1;
        let mut proven = true;
        let mut evidence = Vec::new();
        for &number in &numbers {
            let proof = self.proof(number).await?;
            proven &= proof.proven;
            evidence.push(if several {
                format!("channel {number}: {}", proof.evidence)
            } else {
                proof.evidence
            });
        }
        // ABORt is refused when no profile runs.
        self.scpi.forget_errors().await;
        let evidence = evidence.join("; ");
        Ok(SafeProof { proven, evidence })
    }
}

#[async_trait::async_trait(?Send)]
impl PvSource for TerraSas {
    fn outputs(&self) -> usize {
        self.channels.len()
    }

    async fn set_curve(&mut self, output: usize, curve: PvCurve) -> InstrumentResult<()> {
        let channel = self.channel(output)?;
        let (number, active) = (channel.number, channel.active);
        let names = [channel.curve(0), channel.curve(1)];
        let wanted = active.map_or(0, |active| 1 - active);
        let index = match self.add_curve(&names[wanted], curve).await {
            Ok(()) => wanted,
            // Left active by an earlier session: take the other name.
            Err(InstrumentError::Refused { .. }) if active.is_none() => {
                self.add_curve(&names[1], curve).await?;
                1
            }
            Err(error) => return Err(error),
        };
        self.stage(number, &format!("SOURce:CURVe \"{}\"", names[index]))
            .await?;
        self.stage(number, "SOURce:IRRadiance 1000").await?;
        self.stage(number, "SOURce:TEMPerature 25").await?;
        self.scpi
            .command(&format!("SOURce:EXECute (@{number})"))
            .await?;
        self.channels[output].active = Some(index);
        Ok(())
    }

    async fn output_on(&mut self, output: usize) -> InstrumentResult<()> {
        let number = self.channel(output)?.number;
        self.stage(number, "OUTPut:STATe ON").await?;
        if self.output_state(number).await? {
            return Ok(());
        }
        Err(self.scpi.refused(
            "OUTPut:STATe ON",
            "output state OFF: a protection has tripped",
        ))
    }

    async fn output_off(&mut self, output: usize) -> InstrumentResult<()> {
        let number = self.channel(output)?.number;
        self.stage(number, "OUTPut:STATe OFF").await?;
        let proof = self.proof(number).await?;
        if proof.proven {
            Ok(())
        } else {
            Err(self.scpi.refused("output off", &proof.evidence))
        }
    }

    async fn measure(&mut self, output: usize) -> InstrumentResult<SourceReading> {
        let number = self.channel(output)?.number;
        let [volts, amps, watts] = ["VOLTage", "CURRent", "POWer"]
            .map(|what| ask(number, &format!("MEASure:SCALar:{what}:DC")));
        Ok(SourceReading {
            volts: self.scpi.query_number(&volts).await?,
            amps: self.scpi.query_number(&amps).await?,
            watts: self.scpi.query_number(&watts).await?,
        })
    }
}
