//! Yokogawa WT3000 power analyser, one element of it. The analyser is wired so that power into
//! the grid is positive.

use std::rc::Rc;
use std::time::Duration;

use super::identify;
use crate::clock::Clock;
use crate::error::InstrumentResult;
use crate::roles::{Instrument, PowerAnalyser, PowerReading, SafeProof};
use crate::transport::{Link, Scpi, ScpiSettings, reply};

/// Functions read, in this order.
const FUNCTIONS: [&str; 5] = ["U", "I", "P", "Q", "FU"];
const VALUES: &str = ":NUM:NORM:VAL?";
/// Extended event register: reading clears it. Bit 0 with filter FALL: an update ended.
const EVENTS: &str = ":STAT:EESR?";
/// Wait until an enabled event has happened; returns at once if it is still in the register.
const WAIT: &str = ":COMM:WAIT 1";
/// Below this voltage the frequency is not measurable and reads as 0 Hz.
const NO_VOLTAGE: f64 = 10.0;

/// What the bench knows about its analyser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YokogawaWt3000Params {
    /// Element wired to the measuring point, from 1.
    pub element: u8,
    /// Update interval.
    pub interval: Duration,
    /// Longest time from the end of an interval until its values can be read.
    pub latency: Duration,
    /// Voltage range to set, V.
    pub volts_range: Option<f64>,
    /// Current range to set, A.
    pub amps_range: Option<f64>,
}

impl Default for YokogawaWt3000Params {
    fn default() -> Self {
        let interval = Duration::from_millis(200);
        YokogawaWt3000Params {
            element: 1,
            interval,
            latency: Duration::ZERO,
            volts_range: None,
            amps_range: None,
        }
    }
}

/// Driver of one analyser element.
pub struct YokogawaWt3000 {
    scpi: Scpi,
    clock: Rc<dyn Clock>,
    params: YokogawaWt3000Params,
}

impl YokogawaWt3000 {
    /// Attach to a link; sends nothing.
    pub fn new(
        name: String,
        link: Link,
        clock: Rc<dyn Clock>,
        params: YokogawaWt3000Params,
    ) -> Self {
        let settings = ScpiSettings {
            error_query: ":STATus:ERRor?",
            ..ScpiSettings::default()
        };
        YokogawaWt3000 {
            scpi: Scpi::new(name, link, settings),
            clock,
            params,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.scpi.set_timeout(limit);
    }

    fn rate_word(&self) -> String {
        let millis = self.params.interval.as_millis();
        if millis.is_multiple_of(1000) {
            format!("{}S", millis / 1000)
        } else {
            format!("{millis}MS")
        }
    }

    /// Let the next end of an update pass. On return it has happened and the register is empty.
    async fn pass_update(&mut self) -> InstrumentResult<()> {
        // A little more than one interval, and what one update may be later than another: at least one
        // arrives meanwhile.
        let (interval, latency) = (self.params.interval, self.params.latency);
        self.clock.sleep(interval + interval / 50 + latency).await;
        self.scpi.post(&[WAIT]).await?;
        let events = self.scpi.query_number(EVENTS).await?;
        if events.rem_euclid(2.0) >= 1.0 {
            return Ok(());
        }
        let problem = "no update within one interval: is the rate set, or HOLD on?";
        Err(self.scpi.nonsense(EVENTS, &events.to_string(), problem))
    }

    fn parse(&self, text: &str) -> InstrumentResult<PowerReading> {
        let fields: Vec<&str> = reply::payload(text).split(',').collect();
        let [volts, amps, watts, vars, hertz] = fields[..] else {
            return Err(self.scpi.nonsense(VALUES, text, "five values expected"));
        };
        let number = |at: usize, field: &str| {
            reply::number(field).map_err(|problem| {
                let item = FUNCTIONS.get(at).copied().unwrap_or_default();
                self.scpi
                    .nonsense(VALUES, text, &format!("{item}: {problem}"))
            })
        };
        let volts = number(0, volts)?;
        let hertz = match number(4, hertz) {
            Err(_) if volts < NO_VOLTAGE && hertz.trim().eq_ignore_ascii_case("nan") => 0.0,
            hertz => hertz?,
        };
        let (amps, watts, vars) = (number(1, amps)?, number(2, watts)?, number(3, vars)?);
        Ok(PowerReading {
            volts,
            amps,
            watts,
            vars,
            hertz,
        })
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for YokogawaWt3000 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        identify(&mut self.scpi, "YOKOGAWA").await
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        self.scpi.post(&["*CLS"]).await?;
        self.scpi.clear_errors().await?;
        for command in [
            ":COMM:REM ON",
            ":COMM:HEAD OFF",
            ":COMM:VERB OFF",
            ":NUM:FORM ASC",
            &format!(":NUM:NORM:NUMB {}", FUNCTIONS.len()),
        ] {
            self.scpi.command(command).await?;
        }
        let element = self.params.element;
        for (item, function) in (1..).zip(FUNCTIONS) {
            self.scpi
                .command(&format!(":NUM:NORM:ITEM{item} {function},{element}"))
                .await?;
        }
        if let Some(volts) = self.params.volts_range {
            self.scpi
                .command(&format!(":INP:VOLT:RANG:ELEM{element} {volts}V"))
                .await?;
        }
        if let Some(amps) = self.params.amps_range {
            self.scpi
                .command(&format!(":INP:CURR:RANG:ELEM{element} {amps}A"))
                .await?;
        }
        self.scpi
            .command(&format!(":RATE {}", self.rate_word()))
            .await?;
        self.scpi.command(":STAT:FILT1 FALL").await
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        self.scpi.post(&[":HOLD OFF", ":COMM:REM OFF"]).await?;
        let condition = self.scpi.insist_number(":STAT:COND?").await?;
        self.scpi.forget_errors().await;
        Ok(SafeProof {
            proven: true,
            evidence: format!("no output; released, condition {condition}"),
        })
    }
}

#[async_trait::async_trait(?Send)]
impl PowerAnalyser for YokogawaWt3000 {
    fn interval_s(&self) -> f64 {
        self.params.interval.as_secs_f64()
    }

    fn latency_s(&self) -> f64 {
        self.params.latency.as_secs_f64()
    }

    async fn read(&mut self) -> InstrumentResult<PowerReading> {
        // Forget updates from before the call, let the running interval end, then a whole one. What has
        // arrived by then ended at most the latency earlier, after a whole interval since the call.
        self.scpi.query_number(EVENTS).await?;
        self.pass_update().await?;
        self.pass_update().await?;
        let text = self.scpi.query(VALUES).await?;
        self.parse(&text)
    }
}
