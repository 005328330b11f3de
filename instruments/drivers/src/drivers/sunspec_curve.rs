//! The volt-var curve of a SunSpec device, model 705: curve 1 is the one in force and read-only,
//! a writable one is filled and then adopted (SunSpec DER information model, curve management).

use std::time::Duration;

use super::sunspec_map::{Block, Model};
use crate::clock::Clock;
use crate::error::InstrumentResult;
use crate::roles::VoltVarCurve;
use crate::transport::Modbus;

/// Offsets in the head of the model.
const ADOPT_REQUEST: u16 = 3;
const ADOPT_RESULT: u16 = 4;
const POINTS: u16 = 5;
const CURVES: u16 = 6;
const V_SCALE: u16 = 12;
const VAR_SCALE: u16 = 13;
const TIME_SCALE: u16 = 14;
const HEAD: u16 = 15;
/// Registers of a curve before its points, and offsets among them.
const CURVE_HEAD: u16 = 10;
const AUTO_REFERENCE: u16 = 5;
const RESPONSE: u16 = 7;
const READ_ONLY: u16 = 9;
/// `DeptRef` VA_MAX_PCT, `Pri` REACTIVE.
const OF_RATED_VA: u16 = 3;
const REACTIVE_FIRST: u16 = 1;
/// A device may take this long to adopt a curve.
const ADOPT_POLL: Duration = Duration::from_millis(100);
const ADOPT_POLLS: usize = 50;

/// Where a device keeps its volt-var curves.
#[derive(Debug, Clone, Copy)]
pub(super) struct CurveModel {
    model: Model,
    points: u16,
    curves: u16,
    /// Voltage in percent of nominal, reactive power in percent of rated VA, time in seconds.
    scale: (f64, f64, f64),
}

impl CurveModel {
    /// Reads the head of model 705; `None` where a scale factor is missing or no curve can be
    /// written. A model that is too short for its own curves makes no sense.
    pub(super) async fn find(modbus: &mut Modbus, model: Model) -> InstrumentResult<Option<Self>> {
        let head = Block::read(modbus, model, HEAD - 2).await?;
        let scale = |offset| head.scale(offset);
        let (Some(v), Some(var), Some(time)) =
            (scale(V_SCALE), scale(VAR_SCALE), scale(TIME_SCALE))
        else {
            return Ok(None);
        };
        let (Some(points), Some(curves)) = (head.unsigned(POINTS), head.unsigned(CURVES)) else {
            return Ok(None);
        };
        let found = CurveModel {
            model,
            points,
            curves,
            scale: (v, var, time),
        };
        let needed = u64::from(HEAD) + u64::from(curves) * u64::from(found.length());
        if needed > u64::from(model.registers()) {
            return Err(modbus.nonsense(
                "head of model 705",
                "",
                &format!("{curves} curves of {points} points do not fit into its length"),
            ));
        }
        Ok((points >= 2 && curves >= 2).then_some(found))
    }

    /// Registers of a curve.
    fn length(&self) -> u16 {
        CURVE_HEAD.saturating_add(self.points.saturating_mul(2))
    }

    /// Address of curve `number`, from 1.
    fn curve(&self, number: u16) -> u16 {
        self.model.at(HEAD + (number - 1) * self.length())
    }

    /// The curve in force.
    pub(super) async fn active(&self, modbus: &mut Modbus) -> InstrumentResult<VoltVarCurve> {
        let address = self.curve(1);
        let head = modbus.read_holding(address, CURVE_HEAD).await?;
        let nonsense = |why: &str| modbus.nonsense("active curve of model 705", "", why);
        let [count, base, ..] = head[..] else {
            return Err(nonsense("too few registers"));
        };
        if base != OF_RATED_VA {
            return Err(nonsense(&format!(
                "its reactive power is of reference {base}, not of rated apparent power"
            )));
        }
        if count < 2 || count > self.points {
            return Err(nonsense(&format!(
                "{count} points of at most {}",
                self.points
            )));
        }
        let response = match head[usize::from(RESPONSE)..] {
            [high, low, ..] => f64::from(u32::from(high) << 16 | u32::from(low)) * self.scale.2,
            _ => return Err(nonsense("too few registers")),
        };
        let words = modbus.read_holding(address + CURVE_HEAD, 2 * count).await?;
        let points = words
            .chunks_exact(2)
            .map(|pair| {
                (
                    f64::from(pair[0]) * self.scale.0 / 100.0,
                    f64::from(pair[1].cast_signed()) * self.scale.1 / 100.0,
                )
            })
            .collect();
        Ok(VoltVarCurve {
            points,
            response_s: response,
        })
    }

    /// Writes `curve` into the first writable slot, has it adopted, and proves that it is the one
    /// in force.
    pub(super) async fn adopt(
        &self,
        modbus: &mut Modbus,
        clock: &dyn Clock,
        curve: &VoltVarCurve,
    ) -> InstrumentResult<()> {
        let mut words = self.words(modbus, curve)?;
        let slot = self.writable(modbus).await?;
        let address = self.curve(slot);
        let points = words.split_off(usize::from(CURVE_HEAD) - 1);
        modbus.write_registers(address, &words[..4]).await?;
        // A reference that follows the mean voltage would move the curve away under the test.
        if modbus.read_holding(address + AUTO_REFERENCE, 1).await? == [1] {
            modbus
                .write_registers(address + AUTO_REFERENCE, &[0])
                .await?;
        }
        modbus
            .write_registers(address + RESPONSE, &words[usize::from(RESPONSE)..])
            .await?;
        modbus
            .write_registers(address + CURVE_HEAD, &points)
            .await?;
        modbus
            .write_registers(self.model.at(ADOPT_REQUEST), &[slot])
            .await?;
        for _ in 0..ADOPT_POLLS {
            let result = modbus.read_holding(self.model.at(ADOPT_RESULT), 1).await?;
            match result[..] {
                [0] => clock.sleep(ADOPT_POLL).await,
                [1] => return self.proves(modbus, curve).await,
                _ => {
                    let why = format!("AdptCrvRslt {result:?}: the device refuses the curve");
                    return Err(modbus.refused("AdptCrvReq", why));
                }
            }
        }
        Err(modbus.refused(
            "AdptCrvReq",
            "the device does not finish adopting the curve",
        ))
    }

    async fn writable(&self, modbus: &mut Modbus) -> InstrumentResult<u16> {
        for number in 2..=self.curves {
            let read_only = modbus
                .read_holding(self.curve(number) + READ_ONLY, 1)
                .await?;
            if read_only == [0] {
                return Ok(number);
            }
        }
        Err(modbus.refused("AdptCrvReq", "every curve of model 705 is read-only"))
    }

    /// Registers +0…+8 of a curve, then its points.
    fn words(&self, modbus: &Modbus, curve: &VoltVarCurve) -> InstrumentResult<Vec<u16>> {
        let refused = |why: String| modbus.refused("volt-var curve", why);
        let count = u16::try_from(curve.points.len()).unwrap_or(u16::MAX);
        if count < 2 || count > self.points {
            return Err(refused(format!(
                "{count} points; model 705 of this device takes 2 to {}",
                self.points
            )));
        }
        let (v_scale, var_scale, time_scale) = self.scale;
        let response = (curve.response_s / time_scale).round();
        let volts = |pu: f64| {
            let raw = (100.0 * pu / v_scale).round();
            // The largest word means "not implemented".
            (0.0..65_535.0)
                .contains(&raw)
                .then_some(raw as u16)
                .ok_or_else(|| refused(format!("voltage {pu} pu cannot be expressed")))
        };
        if !(0.0..4_294_967_295.0).contains(&response) {
            let why = format!("response time {} s cannot be expressed", curve.response_s);
            return Err(refused(why));
        }
        let response = response as u32;
        let mut words = vec![
            count,
            OF_RATED_VA,
            REACTIVE_FIRST,
            volts(1.0)?,
            0,
            0,
            0,
            (response >> 16) as u16,
            (response & 0xFFFF) as u16,
        ];
        for &(pu, q) in &curve.points {
            let raw = (100.0 * q / var_scale).round();
            if raw.abs() > 32_767.0 {
                return Err(refused(format!(
                    "reactive power {q} pu cannot be expressed"
                )));
            }
            words.extend([volts(pu)?, (raw as i16).cast_unsigned()]);
        }
        Ok(words)
    }

    async fn proves(&self, modbus: &mut Modbus, curve: &VoltVarCurve) -> InstrumentResult<()> {
        let got = self.active(modbus).await?;
        let (v_step, q_step, t_step) = self.scale;
        let near = |a: f64, b: f64, step: f64| (a - b).abs() <= 0.51 * step;
        let same = got.points.len() == curve.points.len()
            && near(got.response_s, curve.response_s, t_step)
            && got
                .points
                .iter()
                .zip(&curve.points)
                .all(|(a, b)| near(a.0, b.0, v_step / 100.0) && near(a.1, b.1, q_step / 100.0));
        if same {
            return Ok(());
        }
        Err(modbus.nonsense(
            "active curve of model 705",
            "",
            &format!("it says adopted, but {got:?} is in force"),
        ))
    }
}
