//! SAJ AS1 AC-coupled storage inverter over Modbus RTU.

use std::rc::Rc;
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};
use crate::roles::{DutCapability, DutInterface, DutMode, DutStatus, Instrument, SafeProof};
use crate::transport::{Framing, Link, Modbus};

const INFORMATION: u16 = 0x8F00;
const INFORMATION_LENGTH: u16 = 29;
const MODE: u16 = 0x4004;
const GRID: u16 = 0x4031;
const INVERTER_WATTS: u16 = 0x40A9;
/// 1 stops the inverter [?: the facts name the register only].
const INVERTER_STOP: u16 = 0x3337;
const USER_MODE: u16 = 0x3371;
const TIME_OF_USE: u16 = 2;
const SAFETY_MODE: u16 = 0x3376;
const DRM_ENABLE: u16 = 1 << 10;
const CHARGE_MASK: u16 = 0x3604;
const DISCHARGE_MASK: u16 = 0x3605;
const CHARGE_SLOT: u16 = 0x3606;
const DISCHARGE_SLOT: u16 = 0x361B;
/// 00:00 to 23:59, hours in the high byte: the last minute of the day is outside.
const WHOLE_DAY: [u16; 2] = [0x0000, 0x173B];
/// All seven weekdays, high byte of the power register.
const EVERY_DAY: u16 = 0x7F00;
/// Turnaround between a reply and the next request [K: 50 to 200 ms].
const PACE: Duration = Duration::from_millis(50);
const OFF_POLL: Duration = Duration::from_millis(100);
const OFF_POLLS: usize = 6;

const CAPABILITIES: [DutCapability; 3] = [
    DutCapability::ActivePower,
    DutCapability::Charge,
    DutCapability::Connect,
];

/// What the bench knows about the inverter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SajAs1Params {
    /// Rated power, W: the base of the percent settings.
    pub rated_watts: f64,
    /// RS-485 address.
    pub unit: u8,
}

/// Driver of the AS1.
pub struct SajAs1 {
    modbus: Modbus,
    clock: Rc<dyn Clock>,
    rated_watts: f64,
}

impl SajAs1 {
    /// Attach to a link; sends nothing.
    pub fn new(name: String, link: Link, clock: Rc<dyn Clock>, params: SajAs1Params) -> Self {
        let modbus =
            Modbus::new(name, link, Framing::Rtu, params.unit).paced(Rc::clone(&clock), PACE);
        SajAs1 {
            modbus,
            clock,
            rated_watts: params.rated_watts,
        }
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.modbus.set_timeout(limit);
    }

    async fn word(&mut self, address: u16) -> InstrumentResult<u16> {
        let words = self.modbus.read_holding(address, 1).await?;
        Ok(words.first().copied().unwrap_or_default())
    }

    async fn disconnect_and_prove(&mut self) -> InstrumentResult<SafeProof> {
        self.connect(false).await?;
        let small = 20_f64.max(0.01 * self.rated_watts);
        let mut polls = 0;
        loop {
            let stop = self.word(INVERTER_STOP).await?;
            let status = self.status().await?;
            let running = matches!(status.mode, DutMode::Grid | DutMode::Backup);
            let proven = stop == 1 && !running && status.watts.abs() <= small;
            if proven || polls == OFF_POLLS {
                let evidence = format!("stop {stop}, {:?}, {:.0} W", status.mode, status.watts);
                return Ok(SafeProof { proven, evidence });
            }
            polls += 1;
            self.clock.sleep(OFF_POLL).await;
        }
    }
}

#[async_trait::async_trait(?Send)]
impl Instrument for SajAs1 {
    async fn identify(&mut self) -> InstrumentResult<String> {
        let words = self
            .modbus
            .read_holding(INFORMATION, INFORMATION_LENGTH)
            .await?;
        let version = |at: usize| f64::from(words.get(at).copied().unwrap_or_default()) / 1000.0;
        let (serial, product) = (text(&words, 3), text(&words, 13));
        Ok(format!(
            "SAJ,{product},{serial},display {:.3} master {:.3} slave {:.3}",
            version(23),
            version(24),
            version(25)
        ))
    }

    async fn initialise(&mut self) -> InstrumentResult<()> {
        self.identify().await?;
        let safety = self.word(SAFETY_MODE).await?;
        if safety & DRM_ENABLE == 0 {
            self.modbus
                .write_register(SAFETY_MODE, safety | DRM_ENABLE)
                .await?;
        }
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
impl DutInterface for SajAs1 {
    fn capabilities(&self) -> &[DutCapability] {
        &CAPABILITIES
    }

    async fn status(&mut self) -> InstrumentResult<DutStatus> {
        let mode = match self.word(MODE).await? {
            0 | 6 | 7 | 9 => DutMode::Standby,
            1 | 8 => DutMode::Waiting,
            2 | 4 => DutMode::Grid,
            3 => DutMode::Backup,
            5 => DutMode::Fault,
            other => {
                let problem = "not one of the working modes 0 to 9";
                return Err(self.modbus.nonsense(
                    "working mode 0x4004",
                    other.to_string(),
                    problem,
                ));
            }
        };
        let grid = self.modbus.read_holding(GRID, 3).await?;
        let [volts, _, hertz] = grid[..] else {
            return Err(self
                .modbus
                .nonsense("grid 0x4031", "", "three registers expected"));
        };
        let watts = f64::from(self.word(INVERTER_WATTS).await?.cast_signed());
        Ok(DutStatus {
            mode,
            watts,
            volts: f64::from(volts) * 0.1,
            hertz: f64::from(hertz) * 0.01,
        })
    }

    /// In steps of 1 % of the rated power: slot 0 of the time-of-use plan covers the whole day.
    async fn set_active_power(&mut self, watts: f64) -> InstrumentResult<()> {
        let percent = (100.0 * watts.abs() / self.rated_watts).round();
        if !(0.0..=100.0).contains(&percent) {
            let request = format!("active power {watts} W");
            return Err(self
                .modbus
                .refused(request, format!("{percent} % of the rated power")));
        }
        let (slot, mask, other) = if watts < 0.0 {
            (CHARGE_SLOT, CHARGE_MASK, DISCHARGE_MASK)
        } else {
            (DISCHARGE_SLOT, DISCHARGE_MASK, CHARGE_MASK)
        };
        let [start, end] = WHOLE_DAY;
        self.modbus.write_register(other, 0).await?;
        self.modbus
            .write_registers(slot, &[start, end, EVERY_DAY | percent as u16])
            .await?;
        self.modbus.write_register(mask, 1).await?;
        self.modbus.write_register(USER_MODE, TIME_OF_USE).await
    }

    async fn connect(&mut self, permitted: bool) -> InstrumentResult<()> {
        self.modbus
            .write_register(INVERTER_STOP, u16::from(!permitted))
            .await
    }
}

/// Ten registers from `at`, first character in the high byte.
fn text(words: &[u16], at: usize) -> String {
    let bytes: Vec<u8> = words
        .iter()
        .skip(at)
        .take(10)
        .flat_map(|word| word.to_be_bytes())
        .filter(|byte| *byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).trim().into()
}
