//! Byte transports and the message exchanges on top of them.

mod bms_pylontech;
mod can;
mod modbus;
mod pace;
pub mod reply;
mod scpi;
mod serial;
mod socketcan;
mod tap;
mod tcp;

pub use bms_pylontech::{BmsState, FrameProblem, KEEPALIVE};
pub use can::{CanBus, CanError, CanMessage, MemoryBus, MemoryNode};
pub use modbus::{Framing, Modbus};
pub use pace::Pace;
pub use scpi::{Scpi, ScpiSettings};
pub use serial::open_serial;
pub use socketcan::SocketCan;
pub use tcp::connect_tcp;

use tokio::io::{AsyncRead, AsyncWrite};

/// Anything bytes go through in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for T {}

/// An open connection to an instrument.
pub type Link = Box<dyn ByteStream>;
