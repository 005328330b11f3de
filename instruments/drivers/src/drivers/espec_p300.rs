//! ESPEC P300 / SCP-220 climatic chamber (ASCII, CR LF).

use std::rc::Rc;
use std::time::Duration;

use super::fixed;
use crate::clock::Clock;
use crate::error::InstrumentResult;
use crate::roles::{Chamber, Instrument, SafeProof};
use crate::transport::{Link, Scpi, ScpiSettings, reply};

/// Between two messages.
const PACE: Duration = Duration::from_millis(300);

/// Driver of the chamber.
pub struct EspecP300 {
    scpi: Scpi,
}

impl EspecP300 {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>) -> Self {
        let timeout = Duration::from_secs(3);
        let settings = ScpiSettings {
            terminator: "\r\n",
            timeout,
            ..ScpiSettings::default()
        };
        EspecP300 {
            scpi: Scpi::new(name, link, settings).paced(clock, PACE),
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    /// Ask; the chamber answers `NA:<reason>` when it cannot tell.
    async fn ask(&mut self, request: &str) -> InstrumentResult<String> {
        let text = self.scpi.insist(request).await?;
        if text.starts_with("NA:") {
            return Err(self.scpi.refused(request, &text));
        }
        Ok(text)
    }

    /// Set; the chamber answers `OK:…` or `NA:<reason>`.
    async fn command(&mut self, request: &str) -> InstrumentResult<()> {
        let text = self.ask(request).await?;
        if text.starts_with("OK:") {
            return Ok(());
        }
        Err(self.scpi.nonsense(request, &text, "neither OK: nor NA:"))
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for EspecP300 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        Ok(self.ask("TYPE?").await?.trim().into())
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        self.temperature().await.map(drop)
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        self.command("MODE,STANDBY").await?;
        let mode = self.ask("MODE?").await?;
        let mode = mode.trim().to_ascii_uppercase();
        let proven = matches!(mode.as_str(), "STANDBY" | "OFF");
        Ok(SafeProof {
            proven,
            evidence: format!("mode {}", reply::shorten(&mode)),
        })
    }
}

#[async_trait::async_trait(?Send)]
impl Chamber for EspecP300 {
    async fn set_temperature(&mut self, celsius: f64) -> InstrumentResult<()> {
        self.command(&format!("TEMP, S{}", fixed(celsius, 1)))
            .await?;
        self.command("MODE,CONSTANT").await
    }

    async fn temperature(&mut self) -> InstrumentResult<f64> {
        // `pv,sp,hi,lo`
        let text = self.ask("TEMP?").await?;
        let first = text.split(',').next().unwrap_or_default();
        reply::number(first).map_err(|problem| self.scpi.nonsense("TEMP?", &text, &problem))
    }
}
