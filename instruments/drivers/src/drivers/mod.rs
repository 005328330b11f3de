//! Drivers, one per family of instruments. Mnemonics marked `[K]` come from general knowledge of
//! the family and `[?]` are uncertain: verify them on the real unit before relying on them.

mod adam_6060;
mod chroma_61845;
mod chroma_a800067;
mod dl850_frame;
mod dl850_record;
mod espec_p300;
mod grid_list;
mod itech_it6000c;
mod register_map;
mod saj_as1;
mod sunspec;
mod sunspec_curve;
mod sunspec_device;
mod sunspec_map;
mod terrasas;
mod yokogawa_dl850;
mod yokogawa_wt3000;

pub use adam_6060::Adam6060;
pub use chroma_61845::{Chroma61845, Chroma61845Params};
pub use chroma_a800067::{ChromaA800067, ChromaA800067Params};
pub use dl850_frame::{RecorderInput, YokogawaDl850Params};
pub use espec_p300::EspecP300;
pub use itech_it6000c::{ItechIt6000c, ItechIt6000cParams};
pub use register_map::{RegisterMap, RegisterMapParams};
pub use saj_as1::{SajAs1, SajAs1Params};
pub use sunspec::SunSpec;
pub use sunspec_device::SunSpecParams;
pub use terrasas::{TerraSas, TerraSasParams};
pub use yokogawa_dl850::YokogawaDl850;
pub use yokogawa_wt3000::{YokogawaWt3000, YokogawaWt3000Params};

use crate::error::InstrumentResult;
use crate::transport::Scpi;

/// Below this a DC terminal is safe to touch, V.
const SAFE_DC_VOLTS: f64 = 60.0;

/// Ask for the identity and check the maker: a wrong address must not be driven.
async fn identify(scpi: &mut Scpi, maker: &str) -> InstrumentResult<String> {
    let text = scpi.query("*IDN?").await?;
    if text.to_ascii_uppercase().contains(maker) {
        return Ok(text.trim().into());
    }
    Err(scpi.nonsense(
        "*IDN?",
        &text,
        &format!("this driver is for instruments of {maker}"),
    ))
}

/// `value` with `decimals` decimals and without a negative zero.
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => digits.into(),
        Some(_) | None => text,
    }
}
