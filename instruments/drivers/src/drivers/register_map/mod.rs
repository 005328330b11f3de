//! Any inverter with Modbus registers, as a register file describes it.

mod codec;
mod io;

use std::rc::Rc;
use std::time::Duration;

use gridproof_model::register_file::{ModbusProtocol, RegisterFile, Sign};

use codec::Value;

use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{DutCapability, DutInterface, DutMode, DutStatus, Instrument, SafeProof};
use crate::transport::{Framing, Link, Modbus};

/// Look this often whether the power is gone.
const OFF_POLL: Duration = Duration::from_millis(100);
/// What counts as off where the file does not say: time, W, fraction of the rated power.
const OFF_WITHIN: Duration = Duration::from_secs(2);
const OFF_WATTS: f64 = 20.0;
const OFF_FRACTION: f64 = 0.01;

/// What is known about the product.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterMapParams {
    /// Its registers.
    pub file: RegisterFile,
    /// Unit identifier.
    pub unit: u8,
    /// Rated power, W: the base of `percent-of-power`.
    pub rated_watts: f64,
    /// Rated charging power, W: the base of `percent-of-charge-power`.
    pub rated_charge_watts: Option<f64>,
}

/// Driver of a product with a register file.
pub struct RegisterMap {
    modbus: Modbus,
    clock: Rc<dyn Clock>,
    params: RegisterMapParams,
    capabilities: Vec<DutCapability>,
}

impl RegisterMap {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: RegisterMapParams) -> Self {
        let file = &params.file;
        let framing = match file.protocol.value {
            ModbusProtocol::ModbusTcp => Framing::Tcp,
            ModbusProtocol::ModbusRtu => Framing::Rtu,
        };
        let mut modbus = Modbus::new(name, link, framing, params.unit);
        if let Some(gap) = file.gap {
            modbus = modbus.paced(Rc::clone(&clock), Duration::from_secs_f64(gap.0));
        }
        let offered = [
            (DutCapability::ActivePower, true),
            (
                DutCapability::Charge,
                file.set_active_power.charge.is_some(),
            ),
            (DutCapability::VoltVar, file.volt_var.is_some()),
            (DutCapability::VoltWatt, file.volt_watt.is_some()),
            (DutCapability::Connect, true),
        ];
        let capabilities = offered
            .into_iter()
            .filter_map(|(capability, there)| there.then_some(capability))
            .collect();
        RegisterMap {
            modbus,
            clock,
            params,
            capabilities,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.modbus.set_timeout(limit);
    }

    fn unsupported(&self, what: impl std::fmt::Display) -> InstrumentError {
        let file = &self.params.file.registers;
        InstrumentError::Unsupported {
            instrument: self.modbus.name().into(),
            capability: format!("{what} in register file `{file}`"),
        }
    }

    async fn disconnect_and_prove(&mut self) -> InstrumentResult<SafeProof> {
        self.connect(false).await?;
        let (most, within, off) = match self.params.file.safe.clone() {
            Some(safe) => {
                let within = Duration::from_secs_f64(safe.within.0);
                (safe.power.0, within, safe.disconnected)
            }
            None => {
                let most = OFF_WATTS.max(OFF_FRACTION * self.params.rated_watts);
                (most, OFF_WITHIN, None)
            }
        };
        let deadline = self.clock.now() + within;
        loop {
            let status = self.status().await?;
            let (disconnected, by) = match &off {
                Some(off) => match self.read(&[&off.point]).await?[..] {
                    [Value::Number(code)] => {
                        let said = format!("`{}` {code}", off.point);
                        (off.codes.contains(&(code as i64)), said)
                    }
                    [..] => (false, format!("`{}` is no number", off.point)),
                },
                None => {
                    let running = matches!(status.mode, DutMode::Grid | DutMode::Backup);
                    (!running, "forbidden".to_owned())
                }
            };
            let proven = disconnected && status.watts.abs() <= most;
            if proven || self.clock.now() >= deadline {
                let evidence = format!("{by}, {:?}, {:.0} W", status.mode, status.watts);
                return Ok(SafeProof { proven, evidence });
            }
            self.clock.sleep(OFF_POLL).await;
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for RegisterMap {
    async fn identify(&mut self) -> InstrumentResult<String> {
        let names = self.params.file.identify.clone();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let texts: Vec<String> = self
            .read(&names)
            .await?
            .into_iter()
            .map(|value| match value {
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text,
            })
            .collect();
        if texts.iter().all(String::is_empty) {
            let asked = names.join(", ");
            return Err(self
                .modbus
                .nonsense(asked, "", "none of them says anything"));
        }
        Ok(texts.join(","))
    }

    /// Every register of the status is asked for once: an address that the unit does not have is
    /// found before anything is energised.
    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.status().await?;
        let steps = self.params.file.initialise.clone();
        self.steps(&steps).await
    }

    async fn make_safe(&mut self) -> InstrumentResult<SafeProof> {
        // Once more after a lost reply: de-energising must not fail for one lost packet.
        match self.disconnect_and_prove().await {
            Err(InstrumentError::Link { .. }) => self.disconnect_and_prove().await,
            outcome => outcome,
        }
    }
}

#[async_trait::async_trait(?Send)]
impl DutInterface for RegisterMap {
    fn capabilities(&self) -> &[DutCapability] {
        &self.capabilities
    }

    async fn status(&mut self) -> InstrumentResult<DutStatus> {
        let status = self.params.file.status.clone();
        let codes = &status.mode;
        let names = [
            &codes.point,
            &status.watts.point,
            &status.volts,
            &status.hertz,
        ];
        let values = self.read(&names.map(String::as_str)).await?;
        let [
            Value::Number(code),
            Value::Number(watts),
            Value::Number(volts),
            Value::Number(hertz),
        ] = values[..]
        else {
            return Err(self.unsupported("a status in numbers"));
        };
        let lists = [
            (DutMode::Standby, &codes.standby),
            (DutMode::Waiting, &codes.waiting),
            (DutMode::Grid, &codes.grid),
            (DutMode::Backup, &codes.backup),
            (DutMode::Fault, &codes.fault),
        ];
        let mode = lists
            .into_iter()
            .find(|(_, list)| list.contains(&(code as i64)))
            .map(|(mode, _)| mode)
            .ok_or_else(|| {
                let request = format!("mode `{}`", codes.point);
                let problem = "no state of the register file has this code";
                self.modbus.nonsense(request, code.to_string(), problem)
            })?;
        let watts = match status.watts.sign {
            Sign::Injected => watts,
            Sign::Drawn => -watts,
        };
        Ok(DutStatus {
            mode,
            watts,
            volts,
            hertz,
        })
    }

    async fn set_active_power(&mut self, watts: f64) -> InstrumentResult<()> {
        let operation = &self.params.file.set_active_power;
        let steps = match (&operation.charge, watts < 0.0) {
            (_, false) => &operation.feed,
            (Some(charge), true) => charge,
            (None, true) => return Err(self.unsupported("`charge`")),
        };
        let writes = self.plan(steps, watts)?;
        self.carry_out(writes).await
    }

    async fn connect(&mut self, permitted: bool) -> InstrumentResult<()> {
        let operation = self.params.file.connect.clone();
        let steps = if permitted {
            operation.permit
        } else {
            operation.forbid
        };
        self.steps(&steps).await
    }

    async fn volt_var(&mut self, enabled: bool) -> InstrumentResult<()> {
        let Some(switch) = self.params.file.volt_var.clone() else {
            return Err(self.unsupported("`volt_var`"));
        };
        self.steps(if enabled { &switch.on } else { &switch.off })
            .await
    }

    async fn volt_watt(&mut self, enabled: bool) -> InstrumentResult<()> {
        let Some(switch) = self.params.file.volt_watt.clone() else {
            return Err(self.unsupported("`volt_watt`"));
        };
        self.steps(if enabled { &switch.on } else { &switch.off })
            .await
    }
}
