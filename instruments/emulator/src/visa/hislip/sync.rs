//! The synchronous channel: messages to the instrument and its replies.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::frame::{Decoder, Frame, Kind, encode};
use super::{BEFORE_FIRST, Complaint, Fatal, Gateway, Session, complaint, fatal};
use crate::visa::Link;

/// Replies to a client that takes none, beyond which it is not read any further, bytes.
const MOST_OUTPUT: usize = 256 * 1024;

impl Gateway {
    pub(super) async fn synchronous(
        &self,
        mut stream: TcpStream,
        mut decoder: Decoder,
        session: &Session,
    ) -> io::Result<()> {
        let mut link = Link::open(&self.bench, &self.instrument).map_err(io::Error::other)?;
        let mut out: Vec<u8> = Vec::new();
        loop {
            if session.closed.get() {
                return Ok(());
            }
            reply(&mut link, &mut out, session);
            let admitted = self.locks.admits(session.client);
            if admitted && out.len() < MOST_OUTPUT {
                match decoder.next() {
                    Ok(Some(_)) if !session.complete.get() => {
                        return fatal(&mut stream, Fatal::BothChannels).await;
                    }
                    Ok(Some(frame)) => {
                        out.extend(take(frame, &mut link, session).await?);
                        continue;
                    }
                    Ok(None) => {}
                    Err(_) => return fatal(&mut stream, Fatal::BadHeader).await,
                }
            }
            let roomy = out.len() < MOST_OUTPUT;
            let (mut reader, mut writer) = stream.split();
            tokio::select! {
                written = writer.write(&out), if !out.is_empty() => {
                    out.drain(..written?);
                }
                read = reader.read_buf(&mut decoder.input), if roomy && admitted => {
                    if read? == 0 {
                        return Ok(());
                    }
                }
                more = link.more(), if roomy && link.hungry() => more?,
                () = self.locks.admission(session.client), if !admitted => {}
                () = session.changed.notified() => {
                    if session.clearing.get() {
                        link.clear().map_err(io::Error::other)?;
                    }
                }
            }
        }
    }
}

/// Puts the replies that are there into messages. They carry the number of the last message that
/// the instrument was given.
fn reply(link: &mut Link, out: &mut Vec<u8>, session: &Session) {
    while out.len() < MOST_OUTPUT && link.ready() {
        let (data, end) = link.part(session.longest.get());
        let kind = if end { Kind::DataEnd } else { Kind::Data };
        out.extend(encode(kind, 0, session.received.get(), &data));
        session.unread.set(true);
    }
}

/// Carries a message out and tells what to answer at once.
async fn take(frame: Frame, link: &mut Link, session: &Session) -> io::Result<Vec<u8>> {
    if frame.too_large {
        return Ok(complaint(Complaint::TooLarge));
    }
    let message = matches!(frame.kind, Some(Kind::Data | Kind::DataEnd | Kind::Trigger));
    if message && session.clearing.get() {
        return Ok(Vec::new());
    }
    if message && frame.control & 1 == 1 {
        session.unread.set(false);
    }
    match frame.kind {
        Some(Kind::Data) => {
            session.received.set(frame.parameter);
            link.send(&frame.payload, false).await?;
        }
        Some(Kind::DataEnd) => {
            session.received.set(frame.parameter);
            link.send(&frame.payload, true).await?;
        }
        Some(Kind::Trigger) => {
            session.received.set(frame.parameter);
            link.send(b"*TRG", true).await?;
        }
        Some(Kind::DeviceClearComplete) => {
            link.clear().map_err(io::Error::other)?;
            session.clearing.set(false);
            session.unread.set(false);
            session.received.set(BEFORE_FIRST);
            session.changed.notify_waiters();
            return Ok(encode(Kind::DeviceClearAcknowledge, 0, 0, b""));
        }
        Some(Kind::FatalError) => session.close(),
        Some(Kind::Error) => {}
        Some(_) | None => return Ok(complaint(Complaint::UnknownType)),
    }
    session.changed.notify_waiters();
    Ok(Vec::new())
}
