//! Parameters of a SunSpec link, and what the device can do, found by walking its models.

use super::sunspec_curve::CurveModel;
use super::sunspec_map::{Block, Model, discover};
use crate::error::{InstrumentError, InstrumentResult};
use crate::transport::{Framing, Modbus};

/// The longest control model (704): longer ones hold nothing this driver writes.
const CONTROL_LENGTH: u16 = 65;

/// What the bench knows about the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SunSpecParams {
    /// Unit identifier.
    pub unit: u8,
    /// Framing of the link.
    pub framing: Framing,
}

impl Default for SunSpecParams {
    fn default() -> Self {
        SunSpecParams {
            unit: 1,
            framing: Framing::Tcp,
        }
    }
}

/// What discovery found.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) common: Option<Model>,
    pub(super) inverter: Model,
    pub(super) rated_watts: f64,
    /// 123
    pub(super) controls: Option<Block>,
    /// 124
    pub(super) storage: Option<Block>,
    /// 704 with an implemented WSet
    pub(super) der: Option<Block>,
    /// Address of the enable register of model 705 or 126.
    pub(super) volt_var: Option<u16>,
    /// The same of model 706 or 132.
    pub(super) volt_watt: Option<u16>,
    /// 705 with a writable curve.
    pub(super) volt_var_curve: Option<CurveModel>,
}

impl Device {
    /// Discover the map and read the control models with their scale factors.
    pub(super) async fn find(modbus: &mut Modbus) -> InstrumentResult<Device> {
        let models = discover(modbus).await?;
        let find = |ids: &[u16]| models.iter().find(|model| ids.contains(&model.id)).copied();
        let Some(inverter) = find(&[101, 102, 103]) else {
            return Err(unsupported(modbus, "inverter model 101, 102 or 103"));
        };
        let controls = block(modbus, find(&[123])).await?;
        let storage = block(modbus, find(&[124])).await?;
        let der = block(modbus, find(&[704]))
            .await?
            .filter(|block| block.scale(55).is_some());
        // 121 WMax is the base of all percentages; 120 WRtg where it is missing.
        let settings = block(modbus, find(&[121])).await?;
        let maximum = settings
            .as_ref()
            .and_then(|block| block.scaled_unsigned(2, 22));
        let rating = match maximum {
            Some(watts) => Some(watts),
            None => block(modbus, find(&[120]))
                .await?
                .and_then(|block| block.scaled_unsigned(3, 4)),
        };
        let Some(rated_watts) = rating.filter(|watts| *watts > 0.0) else {
            return Err(unsupported(modbus, "power rating in models 120 or 121"));
        };
        // The newer models where a device has both: their curves can be set.
        let enable = |static_model, curve_model| {
            let new = find(&[curve_model]).map(|model| model.at(2));
            new.or_else(|| find(&[static_model]).map(|model| model.at(3)))
        };
        let (volt_var, volt_watt) = (enable(126, 705), enable(132, 706));
        let volt_var_curve = match find(&[705]) {
            Some(model) => CurveModel::find(modbus, model).await?,
            None => None,
        };
        let common = find(&[1]);
        Ok(Device {
            common,
            inverter,
            rated_watts,
            controls,
            storage,
            der,
            volt_var,
            volt_var_curve,
            volt_watt,
        })
    }
}

async fn block(modbus: &mut Modbus, model: Option<Model>) -> InstrumentResult<Option<Block>> {
    match model {
        Some(model) => Block::read(modbus, model, CONTROL_LENGTH).await.map(Some),
        None => Ok(None),
    }
}

pub(super) fn unsupported(modbus: &Modbus, capability: &str) -> InstrumentError {
    InstrumentError::Unsupported {
        instrument: modbus.name().into(),
        capability: capability.into(),
    }
}
