//! CAN through the Linux kernel.

use socketcan::tokio::CanSocket;
use socketcan::{CanFrame, EmbeddedFrame, ExtendedId, Frame, StandardId};

use super::can::{CanBus, CanError, CanMessage};

/// A SocketCAN interface such as `can0` or `vcan0`.
pub struct SocketCan {
    bus: String,
    socket: CanSocket,
}

impl SocketCan {
    /// Open `interface`. A missing interface and a kernel without CAN both report `ENODEV`, as
    /// the name is resolved first; [`SocketCan::kernel_has_can`] tells them apart.
    pub fn open(interface: &str) -> Result<Self, CanError> {
        let failed = |error: std::io::Error| CanError {
            bus: interface.into(),
            cause: error.to_string(),
        };
        let socket = CanSocket::open(interface).map_err(failed)?;
        Ok(SocketCan {
            bus: interface.into(),
            socket,
        })
    }

    /// Whether a raw CAN socket can be made at all (`EAFNOSUPPORT` if not).
    pub fn kernel_has_can() -> Result<(), CanError> {
        CanSocket::open_if(0).map(drop).map_err(|error| CanError {
            bus: "any".into(),
            cause: error.to_string(),
        })
    }

    fn failed(&self, cause: impl std::fmt::Display) -> CanError {
        CanError {
            bus: self.bus.clone(),
            cause: cause.to_string(),
        }
    }
}

#[async_trait::async_trait(?Send)]
impl CanBus for SocketCan {
    async fn send(&mut self, message: &CanMessage) -> Result<(), CanError> {
        let frame = if message.extended {
            ExtendedId::new(message.id).and_then(|id| CanFrame::new(id, message.data()))
        } else {
            let id = u16::try_from(message.id).ok().and_then(StandardId::new);
            id.and_then(|id| CanFrame::new(id, message.data()))
        };
        let frame = frame.ok_or_else(|| self.failed("identifier or length out of range"))?;
        self.socket
            .write_frame(frame)
            .await
            .map_err(|error| self.failed(error))
    }

    async fn receive(&mut self) -> Result<CanMessage, CanError> {
        loop {
            let frame = self
                .socket
                .read_frame()
                .await
                .map_err(|error| self.failed(error))?;
            // Remote and error frames carry no battery data.
            if let CanFrame::Data(data) = frame {
                let message = if data.is_extended() {
                    CanMessage::extended(data.raw_id(), data.data())
                } else {
                    CanMessage::standard(data.raw_id(), data.data())
                };
                return message.ok_or_else(|| self.failed("frame with an impossible identifier"));
            }
        }
    }
}
