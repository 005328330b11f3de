//! Any inverter with a SunSpec map, over Modbus TCP or RTU.

use std::rc::Rc;
use std::time::Duration;

use super::sunspec_device::{Device, SunSpecParams, unsupported};
use super::sunspec_map::{Block, Model};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{
    DutCapability, DutInterface, DutMode, DutStatus, Instrument, SafeProof, VoltVarCurve,
};
use crate::transport::{Link, Modbus};

/// After being disconnected the power must be gone within two seconds.
const OFF_POLL: Duration = Duration::from_millis(100);
const OFF_POLLS: usize = 20;
/// Registers of the common model and of an inverter model.
const COMMON_LENGTH: u16 = 66;
const INVERTER_LENGTH: u16 = 50;
/// Driver of a SunSpec device. Until `initialise` it reports every capability the models can
/// have, afterwards those the device has.
pub struct SunSpec {
    modbus: Modbus,
    clock: Rc<dyn Clock>,
    device: Option<Device>,
    capabilities: Vec<DutCapability>,
}

impl SunSpec {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: SunSpecParams) -> Self {
        use DutCapability::{ActivePower, Charge, Connect, VoltVar, VoltVarCurve, VoltWatt};
        let modbus = Modbus::new(name, link, params.framing, params.unit);
        let capabilities = vec![
            ActivePower,
            Charge,
            VoltVar,
            VoltWatt,
            VoltVarCurve,
            Connect,
        ];
        SunSpec {
            modbus,
            clock,
            device: None,
            capabilities,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.modbus.set_timeout(limit);
    }

    async fn device(&mut self) -> InstrumentResult<Device> {
        if let Some(device) = &self.device {
            return Ok(device.clone());
        }
        let device = Device::find(&mut self.modbus).await?;
        self.device = Some(device.clone());
        Ok(device)
    }

    fn unsupported(&self, capability: &str) -> InstrumentError {
        unsupported(&self.modbus, capability)
    }

    /// `value` in the steps of the point, if it fits.
    fn raw(&self, request: &str, value: f64, scale: Option<f64>) -> InstrumentResult<i32> {
        let steps = (value / scale.unwrap_or(1.0)).round();
        // WMaxLimPct and InWRte are 16 bits wide, WSet 32; the device refuses what exceeds it.
        if steps.abs() <= 2e9 {
            return Ok(steps as i32);
        }
        Err(self
            .modbus
            .refused(request, format!("{value} cannot be expressed")))
    }

    fn raw_word(&self, request: &str, value: f64, scale: Option<f64>) -> InstrumentResult<u16> {
        let steps = self.raw(request, value, scale)?;
        u16::try_from(steps)
            .ok()
            .filter(|word| *word < u16::MAX)
            .ok_or_else(|| {
                self.modbus
                    .refused(request, format!("{value} cannot be expressed"))
            })
    }

    async fn write(&mut self, model: Model, offset: u16, words: &[u16]) -> InstrumentResult<()> {
        self.modbus.write_registers(model.at(offset), words).await
    }

    /// A command with a reversion timer must not revert behind our back.
    async fn hold(&mut self, block: &Block, timer: u16) -> InstrumentResult<()> {
        match block.unsigned(timer) {
            None | Some(0) => Ok(()),
            Some(_) => self.write(block.model, timer, &[0]).await,
        }
    }

    async fn feed(&mut self, device: &Device, watts: f64) -> InstrumentResult<()> {
        if let Some(storage) = &device.storage {
            // No charge or discharge command left from before.
            self.write(storage.model, 5, &[0]).await?;
        }
        if let Some(der) = &device.der {
            let [high, low] = words(self.raw("WSet", watts, der.scale(55))?);
            // WSetMod 1: watts. Value first, then enable.
            self.write(der.model, 23, &[1, high, low]).await?;
            return self.write(der.model, 22, &[1]).await;
        }
        let Some(controls) = &device.controls else {
            return Err(self.unsupported("active power control (models 704 or 123)"));
        };
        let percent = 100.0 * watts / device.rated_watts;
        let limit = self.raw_word("WMaxLimPct", percent, controls.scale(23))?;
        self.write(controls.model, 5, &[limit]).await?;
        self.hold(controls, 7).await?;
        self.write(controls.model, 9, &[1]).await
    }

    async fn charge(&mut self, device: &Device, watts: f64) -> InstrumentResult<()> {
        let Some(storage) = &device.storage else {
            return Err(self.unsupported("charge control (model 124)"));
        };
        let most = storage.scaled_unsigned(2, 18).unwrap_or(device.rated_watts);
        let rate = self.raw_word("InWRte", 100.0 * watts / most, storage.scale(25))?;
        if let Some(der) = &device.der {
            self.write(der.model, 22, &[0]).await?;
        }
        self.write(storage.model, 13, &[rate]).await?;
        self.hold(storage, 15).await?;
        if storage.unsigned(17) == Some(0) {
            // ChaGriSet: charging from the grid is permitted.
            self.write(storage.model, 17, &[1]).await?;
        }
        // StorCtl_Mod bit 0: charge.
        self.write(storage.model, 5, &[1]).await
    }

    async fn switch(&mut self, enable: Option<u16>, name: &str, on: bool) -> InstrumentResult<()> {
        let Some(address) = enable else {
            return Err(self.unsupported(name));
        };
        self.modbus.write_registers(address, &[u16::from(on)]).await
    }

    async fn disconnect_and_prove(&mut self) -> InstrumentResult<SafeProof> {
        let device = self.device().await?;
        let connected = device
            .controls
            .as_ref()
            .map(|controls| controls.model.at(4));
        match connected {
            Some(_) => self.connect(false).await?,
            None => self.set_active_power(0.0).await?,
        }
        let small = 20_f64.max(0.01 * device.rated_watts);
        let mut polls = 0;
        loop {
            let status = self.status().await?;
            let conn = match connected {
                Some(address) => self.modbus.read_holding(address, 1).await?.first().copied(),
                None => None,
            };
            let proven = status.watts.abs() <= small && matches!(conn, None | Some(0));
            if proven || polls == OFF_POLLS {
                let conn = conn.map_or("-".into(), |word| word.to_string());
                let evidence = format!("Conn {conn}, {:?}, {:.0} W", status.mode, status.watts);
                return Ok(SafeProof { proven, evidence });
            }
            polls += 1;
            self.clock.sleep(OFF_POLL).await;
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for SunSpec {
    async fn identify(&mut self) -> InstrumentResult<String> {
        let device = self.device().await?;
        let Some(common) = device.common else {
            return Err(self.unsupported("common model 1"));
        };
        let block = Block::read(&mut self.modbus, common, COMMON_LENGTH).await?;
        let [maker, model] = [2, 18].map(|at| block.text(at, 16));
        Ok(format!(
            "{maker},{model},{},{}",
            block.text(50, 16),
            block.text(42, 8)
        ))
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.device = None;
        let device = self.device().await?;
        self.capabilities.clear();
        let has = [
            (
                DutCapability::ActivePower,
                device.der.is_some() || device.controls.is_some(),
            ),
            (DutCapability::Charge, device.storage.is_some()),
            (DutCapability::VoltVar, device.volt_var.is_some()),
            (DutCapability::VoltWatt, device.volt_watt.is_some()),
            (DutCapability::VoltVarCurve, device.volt_var_curve.is_some()),
            (DutCapability::Connect, device.controls.is_some()),
        ];
        self.capabilities.extend(
            has.iter()
                .filter(|(_, there)| *there)
                .map(|(what, _)| *what),
        );
        Ok(())
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
impl DutInterface for SunSpec {
    fn capabilities(&self) -> &[DutCapability] {
        &self.capabilities
    }

    async fn status(&mut self) -> InstrumentResult<DutStatus> {
        let inverter = self.device().await?.inverter;
        let block = Block::read(&mut self.modbus, inverter, INVERTER_LENGTH).await?;
        let missing = |point: &str| {
            let request = format!("model {} {point}", inverter.id);
            self.modbus
                .nonsense(request, "", "a mandatory point is not implemented")
        };
        let mode = match block.unsigned(38) {
            Some(1 | 2 | 6 | 8) => DutMode::Standby,
            Some(3) => DutMode::Waiting,
            Some(4 | 5) => DutMode::Grid,
            Some(7) => DutMode::Fault,
            Some(_) | None => return Err(missing("St")),
        };
        Ok(DutStatus {
            mode,
            watts: block.scaled_signed(14, 15).ok_or_else(|| missing("W"))?,
            volts: block
                .scaled_unsigned(10, 13)
                .ok_or_else(|| missing("PhVphA"))?,
            hertz: block.scaled_unsigned(16, 17).ok_or_else(|| missing("Hz"))?,
        })
    }

    async fn set_active_power(&mut self, watts: f64) -> InstrumentResult<()> {
        let device = self.device().await?;
        if watts >= 0.0 {
            self.feed(&device, watts).await
        } else {
            self.charge(&device, -watts).await
        }
    }

    async fn connect(&mut self, permitted: bool) -> InstrumentResult<()> {
        let Some(controls) = self.device().await?.controls else {
            return Err(self.unsupported("connect control (model 123)"));
        };
        self.hold(&controls, 3).await?;
        self.write(controls.model, 4, &[u16::from(permitted)]).await
    }

    async fn volt_var(&mut self, enabled: bool) -> InstrumentResult<()> {
        let enable = self.device().await?.volt_var;
        self.switch(enable, "volt-var control (models 126 or 705)", enabled)
            .await
    }

    async fn volt_var_curve(&mut self) -> InstrumentResult<VoltVarCurve> {
        let Some(curves) = self.device().await?.volt_var_curve else {
            return Err(self.unsupported("a volt-var curve that can be set (model 705)"));
        };
        curves.active(&mut self.modbus).await
    }

    async fn set_volt_var_curve(&mut self, curve: &VoltVarCurve) -> InstrumentResult<()> {
        let Some(curves) = self.device().await?.volt_var_curve else {
            return Err(self.unsupported("a volt-var curve that can be set (model 705)"));
        };
        curves
            .adopt(&mut self.modbus, self.clock.as_ref(), curve)
            .await
    }

    async fn volt_watt(&mut self, enabled: bool) -> InstrumentResult<()> {
        let enable = self.device().await?.volt_watt;
        self.switch(enable, "volt-watt control (models 132 or 706)", enabled)
            .await
    }
}

/// High word first.
fn words(value: i32) -> [u16; 2] {
    let [a, b, c, d] = value.to_be_bytes();
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}
