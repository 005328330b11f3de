//! An emulated battery on a SocketCAN interface, for programs that open one.

use socketcan::tokio::CanSocket;
use socketcan::{CanFrame, EmbeddedFrame, ExtendedId, Frame as _, StandardId};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use crate::devices::bms::slcan::Frame;
use crate::error::EmulatorError;

/// Carries frames between the bus of an emulated battery, reached through an adapter on `stream`,
/// and the interface, for as long as it is awaited.
pub(crate) async fn bridge(
    interface: &str,
    stream: impl AsyncRead + AsyncWrite,
) -> Result<(), EmulatorError> {
    let socket = CanSocket::open(interface)?;
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).split(b'\r');
    writer.write_all(b"C\rS6\rO\r").await?;
    loop {
        tokio::select! {
            line = lines.next_segment() => {
                let Some(line) = line? else { return Ok(()) };
                // everything but a frame is an answer
                if let Some(frame) = Frame::parse(&line).and_then(|frame| outgoing(&frame)) {
                    socket.write_frame(frame).await?;
                }
            }
            frame = socket.read_frame() => {
                if let Some(frame) = incoming(&frame?) {
                    writer.write_all(frame.text().as_bytes()).await?;
                }
            }
        }
    }
}

fn outgoing(frame: &Frame) -> Option<CanFrame> {
    if frame.remote {
        return None;
    }
    if frame.extended {
        ExtendedId::new(frame.id).and_then(|id| CanFrame::new(id, frame.data()))
    } else {
        let id = u16::try_from(frame.id).ok().and_then(StandardId::new);
        id.and_then(|id| CanFrame::new(id, frame.data()))
    }
}

/// Data frames; remote and error frames mean nothing to a battery.
fn incoming(frame: &CanFrame) -> Option<Frame> {
    match frame {
        CanFrame::Data(data) => Some(Frame::data_frame(
            data.raw_id(),
            data.is_extended(),
            data.data(),
        )),
        CanFrame::Remote(_) | CanFrame::Error(_) => None,
    }
}
