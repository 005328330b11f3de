//! Serial ports, 8 data bits, no parity, 1 stop bit: what every instrument served here uses.

use tokio_serial::SerialPortBuilderExt;

use super::Link;
use crate::error::{InstrumentError, InstrumentResult};

/// Open `path` (`/dev/ttyUSB0`) at `baud`. To be called inside the tokio runtime.
pub fn open_serial(name: &str, path: &str, baud: u32) -> InstrumentResult<Link> {
    match tokio_serial::new(path, baud).open_native_async() {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(InstrumentError::Link {
            instrument: name.into(),
            request: format!("open {path} at {baud} baud"),
            cause: error.to_string(),
        }),
    }
}
