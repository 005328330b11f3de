//! Advantech ADAM-6060: six relays over Modbus TCP.

use std::rc::Rc;
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{Instrument, RelayBank, SafeProof};
use crate::transport::{Framing, Link, Modbus};

/// First relay coil (reference 00017).
const RELAY_0: u16 = 0x0010;
const RELAYS: usize = 6;
/// Module name registers (reference 40211) [K].
const MODULE_NAME: u16 = 0x00D2;
/// The unit identifier is not looked at.
const UNIT: u8 = 1;
/// A relay closes in 7 ms and opens in 3 ms.
const RELAY_TIME: Duration = Duration::from_millis(10);
/// The module scans its points within 100 ms.
const SCAN_TIME: Duration = Duration::from_millis(100);

/// Driver of the relay module.
pub struct Adam6060 {
    modbus: Modbus,
    clock: Rc<dyn Clock>,
}

impl Adam6060 {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>) -> Self {
        Adam6060 {
            modbus: Modbus::new(name, link, Framing::Tcp, UNIT),
            clock,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.modbus.set_timeout(limit);
    }

    async fn read(&mut self) -> InstrumentResult<Vec<bool>> {
        self.modbus.read_coils(RELAY_0, 6).await
    }

    /// Write all relays and return what they read back as, at the latest after one scan.
    async fn write(&mut self, closed: &[bool]) -> InstrumentResult<Vec<bool>> {
        self.modbus.write_coils(RELAY_0, closed).await?;
        self.clock.sleep(RELAY_TIME).await;
        let states = self.read().await?;
        if states == closed {
            return Ok(states);
        }
        self.clock.sleep(SCAN_TIME).await;
        self.read().await
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for Adam6060 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        match self.modbus.read_holding(MODULE_NAME, 2).await {
            Ok(words) => {
                let code: Vec<String> = words.iter().map(|word| format!("{word:04X}")).collect();
                Ok(format!("ADAM module {}", code.join(" ")))
            }
            // Older firmware has no such register: the relays answering is all there is.
            Err(InstrumentError::Refused { reply, .. }) => {
                let relays = self.read().await?.len();
                Ok(format!(
                    "module with {relays} relays, no name register ({reply})"
                ))
            }
            Err(error) => Err(error),
        }
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.read().await.map(drop)
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        let states = match self.write(&[false; RELAYS]).await {
            Err(InstrumentError::Link { .. }) => self.write(&[false; RELAYS]).await?,
            states => states?,
        };
        Ok(SafeProof {
            proven: !states.contains(&true),
            evidence: describe(&states),
        })
    }
}

#[async_trait::async_trait(?Send)]
impl RelayBank for Adam6060 {
    fn relays(&self) -> usize {
        RELAYS
    }

    async fn set_all(&mut self, closed: &[bool]) -> InstrumentResult<()> {
        let request = || format!("relays to {closed:?}");
        if closed.len() != RELAYS {
            return Err(self
                .modbus
                .refused(request(), format!("the module has {RELAYS} relays")));
        }
        let states = self.write(closed).await?;
        if states == closed {
            return Ok(());
        }
        Err(self.modbus.refused(request(), describe(&states)))
    }

    async fn states(&mut self) -> InstrumentResult<Vec<bool>> {
        self.read().await
    }
}

fn describe(states: &[bool]) -> String {
    let closed: Vec<String> = (0..states.len())
        .filter(|relay| states.get(*relay) == Some(&true))
        .map(|relay| relay.to_string())
        .collect();
    if closed.is_empty() {
        "all relays read open".into()
    } else {
        format!("relays {} read closed", closed.join(", "))
    }
}
