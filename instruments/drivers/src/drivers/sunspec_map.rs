//! SunSpec discovery and points: where the models are, and values with scale factors.

use crate::error::{InstrumentError, InstrumentResult};
use crate::transport::Modbus;

/// Where a map may begin, in the order of the reference client.
const BASES: [u16; 3] = [40_000, 0, 50_000];
/// "SunS"
const MARKER: [u16; 2] = [0x5375, 0x6E53];
/// Registers of one read.
const LONGEST_READ: u16 = 125;
/// More models than any device has: a chain that long is garbage.
const MOST_MODELS: usize = 100;
const END: u16 = 0xFFFF;
/// A scale factor that is not implemented.
const NO_SCALE: i16 = i16::MIN;

/// A model of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// Model number.
    pub(super) id: u16,
    /// Address of its ID register; offsets of the model tables count from here.
    pub(super) address: u16,
    length: u16,
}

impl Model {
    /// Registers of the model that have an address, with ID and L.
    pub(super) fn registers(&self) -> u16 {
        self.length.saturating_add(2).min(u16::MAX - self.address)
    }

    /// Address of the point at `offset`.
    pub(super) fn at(&self, offset: u16) -> u16 {
        self.address.saturating_add(offset)
    }
}

/// Find the map and walk its models.
pub(super) async fn discover(modbus: &mut Modbus) -> InstrumentResult<Vec<Model>> {
    for base in BASES {
        match modbus.read_holding(base, 2).await {
            Ok(words) if words == MARKER => return walk(modbus, base).await,
            Ok(_) | Err(InstrumentError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(modbus.nonsense(
        "SunSpec marker at 40000, 0 and 50000",
        "",
        "no `SunS` at any of them",
    ))
}

async fn walk(modbus: &mut Modbus, base: u16) -> InstrumentResult<Vec<Model>> {
    let mut models = Vec::new();
    let mut at = u32::from(base) + 2;
    while models.len() < MOST_MODELS {
        let Ok(address) = u16::try_from(at) else {
            break;
        };
        let head = modbus.read_holding(address, 2).await?;
        let [id, length] = head[..] else { break };
        if id == END {
            return Ok(models);
        }
        models.push(Model {
            id,
            address,
            length,
        });
        at += 2 + u32::from(length);
    }
    Err(modbus.nonsense(
        "model chain",
        format!("{} models", models.len()),
        "it has no end model",
    ))
}

/// The registers of a model, read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The model.
    pub(super) model: Model,
    words: Vec<u16>,
}

impl Block {
    /// Read all registers of `model`, at most `longest` of them.
    pub(super) async fn read(
        modbus: &mut Modbus,
        model: Model,
        longest: u16,
    ) -> InstrumentResult<Block> {
        let length = model.length.min(longest);
        let mut words = Vec::with_capacity(usize::from(length));
        let mut done = 0;
        while done < length {
            let count = LONGEST_READ.min(length - done);
            words.extend(modbus.read_holding(model.at(2 + done), count).await?);
            done += count;
        }
        Ok(Block { model, words })
    }

    /// Register at `offset`, if the model is that long.
    pub(super) fn word(&self, offset: u16) -> Option<u16> {
        self.words.get(usize::from(offset).checked_sub(2)?).copied()
    }

    /// An unsigned 16-bit point that is implemented.
    pub(super) fn unsigned(&self, offset: u16) -> Option<u16> {
        self.word(offset).filter(|word| *word != u16::MAX)
    }

    /// A scale factor that is implemented, as a power of ten.
    pub(super) fn scale(&self, offset: u16) -> Option<f64> {
        let exponent = self.word(offset)?.cast_signed();
        if exponent == NO_SCALE || !(-10..=10).contains(&exponent) {
            return None;
        }
        Some(10_f64.powi(i32::from(exponent)))
    }

    /// An unsigned point with its scale factor.
    pub(super) fn scaled_unsigned(&self, offset: u16, scale: u16) -> Option<f64> {
        Some(f64::from(self.unsigned(offset)?) * self.scale(scale)?)
    }

    /// A signed point with its scale factor.
    pub(super) fn scaled_signed(&self, offset: u16, scale: u16) -> Option<f64> {
        let value = self.word(offset)?.cast_signed();
        (value != i16::MIN).then_some(())?;
        Some(f64::from(value) * self.scale(scale)?)
    }

    /// A string of `count` registers, first character in the high byte, padded with NUL.
    pub(super) fn text(&self, offset: u16, count: u16) -> String {
        let bytes: Vec<u8> = (offset..offset.saturating_add(count))
            .filter_map(|at| self.word(at))
            .flat_map(u16::to_be_bytes)
            .take_while(|byte| *byte != 0)
            .collect();
        String::from_utf8_lossy(&bytes).trim().into()
    }
}
