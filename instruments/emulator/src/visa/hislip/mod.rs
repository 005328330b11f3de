//! HiSLIP 1.0: a synchronous channel for messages and an asynchronous one for everything else.
//!
//! The server prefers synchronized mode. A client that sends on without having read a reply finds
//! that reply under the number of the older message and discards it (IVI-6.1, 3.1.1).

mod frame;
mod sync;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use self::frame::{Decoder, Frame, Kind, encode};
use super::link::MESSAGE_AVAILABLE;
use super::locks::{Locks, Wish};
use crate::bench::EmulatedBench;

/// Version 1.0.
const VERSION: u32 = 0x0100;
/// Number of the message before the first of a session.
const BEFORE_FIRST: u32 = 0xffff_fefe;
/// Wait for a message that a client says it has sent, and how many may be on their way.
const IN_FLIGHT: Duration = Duration::from_millis(200);
const MOST_IN_FLIGHT: u32 = 32;
/// Turns in which the other channel is read to the end of what has come; in each the sockets are
/// looked at.
const TURNS: usize = 3;
const TURN: Duration = Duration::from_millis(1);
/// Vendor of clients without a registered one, such as pyvisa-py: it takes a service request for
/// the answer to its next question, so these get none.
const UNREGISTERED: u32 = u16::from_be_bytes(*b"xx") as u32;
/// Master summary, bit 6 of the status byte.
const MASTER_SUMMARY: u8 = 1 << 6;

/// Fatal errors (IVI-6.1, table 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fatal {
    BadHeader = 1,
    BothChannels = 2,
    BadInitialization = 3,
}

/// Errors that leave a session alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Complaint {
    UnknownType = 1,
    TooLarge = 4,
}

/// One instrument behind HiSLIP.
pub(crate) struct Gateway {
    bench: EmulatedBench,
    instrument: String,
    locks: Rc<Locks>,
    sessions: RefCell<BTreeMap<u16, Rc<Session>>>,
}

/// What the two channels of a client share.
struct Session {
    id: u16,
    /// Its name towards the locks.
    client: u64,
    /// It understands service requests.
    serviced: bool,
    /// The asynchronous channel is there.
    complete: Cell<bool>,
    /// Longest payload that the client takes, bytes.
    longest: Cell<usize>,
    /// Number of the last message that was handed to the instrument.
    received: Cell<u32>,
    /// A reply was sent that the client has not told to have read.
    unread: Cell<bool>,
    /// Between a device clear and its completion.
    clearing: Cell<bool>,
    /// One of the channels is gone.
    closed: Cell<bool>,
    /// Something of the above has changed.
    changed: Notify,
}

impl Session {
    fn close(&self) {
        self.closed.set(true);
        self.changed.notify_waiters();
    }

    /// Until every message up to `number` has been handed to the instrument. That is the number of
    /// the client's last message, or, as some clients understand the standard, of its next. What
    /// must have been sent may be on its way; what may have been is in the socket by now.
    async fn caught_up(&self, number: u32) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if !self.lacks(number.wrapping_sub(2)) {
                    return;
                }
                changed.await;
            }
        };
        // a number that never comes is the client's own affair
        let _in_time = tokio::time::timeout(IN_FLIGHT, wait).await;
        for _ in 0..TURNS {
            if !self.lacks(number) {
                return;
            }
            tokio::time::sleep(TURN).await;
        }
    }

    /// Whether the message `number` may still come; numbers go up by 2 and wrap around.
    fn lacks(&self, number: u32) -> bool {
        let ahead = number.wrapping_sub(self.received.get());
        (1..=2 * MOST_IN_FLIGHT).contains(&ahead)
    }
}

impl Gateway {
    /// In front of an instrument.
    pub(crate) fn new(bench: &EmulatedBench, instrument: &str, locks: &Rc<Locks>) -> Self {
        Self {
            bench: bench.clone(),
            instrument: instrument.to_owned(),
            locks: Rc::clone(locks),
            sessions: RefCell::default(),
        }
    }

    /// Serves every client of a listener, for as long as it is awaited.
    pub(crate) async fn serve(self: Rc<Self>, listener: TcpListener) {
        loop {
            let stream = EmulatedBench::accept(&listener).await;
            let gateway = Rc::clone(&self);
            tokio::task::spawn_local(async move {
                // a client that is gone needs no answer
                let _ended = gateway.channel(stream).await;
            });
        }
    }

    /// Tells the channels apart by their first message.
    async fn channel(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut decoder = Decoder::default();
        let first = loop {
            match decoder.next() {
                Ok(Some(frame)) => break frame,
                Ok(None) => {}
                Err(_) => return fatal(&mut stream, Fatal::BadHeader).await,
            }
            if stream.read_buf(&mut decoder.input).await? == 0 {
                return Ok(());
            }
        };
        match first.kind {
            Some(Kind::Initialize) => {
                let vendor = first.parameter & 0xffff;
                let Some(session) = self.open(vendor != UNREGISTERED) else {
                    return Ok(());
                };
                let version = (first.parameter >> 16).clamp(1, VERSION);
                let parameter = version << 16 | u32::from(session.id);
                let answer = encode(Kind::InitializeResponse, 0, parameter, b"");
                let outcome = match stream.write_all(&answer).await {
                    Ok(()) => self.synchronous(stream, decoder, &session).await,
                    Err(error) => Err(error),
                };
                session.close();
                self.locks.forget(session.client);
                self.sessions.borrow_mut().remove(&session.id);
                outcome
            }
            Some(Kind::AsyncInitialize) => {
                let session = u16::try_from(first.parameter)
                    .ok()
                    .and_then(|id| self.sessions.borrow().get(&id).cloned());
                match session {
                    Some(session) if !session.complete.replace(true) => {
                        let outcome = self.asynchronous(stream, decoder, &session).await;
                        session.close();
                        outcome
                    }
                    Some(_) | None => fatal(&mut stream, Fatal::BadInitialization).await,
                }
            }
            Some(_) | None => fatal(&mut stream, Fatal::BadInitialization).await,
        }
    }

    /// A session with the lowest free number.
    fn open(&self, serviced: bool) -> Option<Rc<Session>> {
        let mut sessions = self.sessions.borrow_mut();
        let id = (1..=u16::MAX).find(|id| !sessions.contains_key(id))?;
        let session = Rc::new(Session {
            id,
            client: self.locks.client(),
            serviced,
            complete: Cell::new(false),
            longest: Cell::new(frame::LONGEST as usize),
            received: Cell::new(BEFORE_FIRST),
            unread: Cell::new(false),
            clearing: Cell::new(false),
            closed: Cell::new(false),
            changed: Notify::new(),
        });
        sessions.insert(id, Rc::clone(&session));
        Some(session)
    }

    async fn asynchronous(
        &self,
        mut stream: TcpStream,
        mut decoder: Decoder,
        session: &Session,
    ) -> io::Result<()> {
        let vendor = u32::from_be_bytes([0, 0, b'G', b'P']);
        stream
            .write_all(&encode(Kind::AsyncInitializeResponse, 0, vendor, b""))
            .await?;
        let mut requested = self.requests_service();
        loop {
            match decoder.next() {
                Ok(Some(frame)) => {
                    requested &= self.requests_service();
                    let answer = self.answer(frame, session).await;
                    stream.write_all(&answer).await?;
                    continue;
                }
                Ok(None) => {}
                Err(_) => return fatal(&mut stream, Fatal::BadHeader).await,
            }
            // at every turn: while a message was answered, a cause may have gone and come again
            let requests = session.serviced && self.requests_service();
            if requests && !requested {
                let status = self.status(session);
                let message = encode(Kind::AsyncServiceRequest, status, 0, b"");
                stream.write_all(&message).await?;
            }
            requested = requests;
            tokio::select! {
                read = stream.read_buf(&mut decoder.input) => {
                    if read? == 0 {
                        return Ok(());
                    }
                }
                () = self.bench.stirred(), if session.serviced => {}
                () = session.changed.notified() => {
                    if session.closed.get() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn requests_service(&self) -> bool {
        self.bench.status_byte(&self.instrument) & MASTER_SUMMARY != 0
    }

    fn status(&self, session: &Session) -> u8 {
        let available = if session.unread.get() {
            MESSAGE_AVAILABLE
        } else {
            0
        };
        self.bench.status_byte(&self.instrument) | available
    }

    /// The answer to a message on the asynchronous channel.
    async fn answer(&self, frame: Frame, session: &Session) -> Vec<u8> {
        if frame.too_large {
            return complaint(Complaint::TooLarge);
        }
        match frame.kind {
            Some(Kind::AsyncMaximumMessageSize) => {
                if let Some(size) = frame.payload.first_chunk::<8>() {
                    let payload =
                        u64::from_be_bytes(*size).clamp(frame::HEADER as u64 + 1, 1 << 20);
                    session.longest.set(payload as usize - frame::HEADER);
                }
                let most = (frame::LONGEST + frame::HEADER as u64).to_be_bytes();
                encode(Kind::AsyncMaximumMessageSizeResponse, 0, 0, &most)
            }
            Some(Kind::AsyncLock) => {
                let control = self.lock(&frame, session).await;
                encode(Kind::AsyncLockResponse, control, 0, b"")
            }
            Some(Kind::AsyncLockInfo) => {
                let (alone, holders) = self.locks.holders();
                encode(Kind::AsyncLockInfoResponse, u8::from(alone), holders, b"")
            }
            Some(Kind::AsyncRemoteLocalControl) => {
                session.caught_up(frame.parameter).await;
                encode(Kind::AsyncRemoteLocalResponse, 0, 0, b"")
            }
            Some(Kind::AsyncStatusQuery) => {
                session.caught_up(frame.parameter).await;
                if frame.control & 1 == 1 {
                    session.unread.set(false);
                }
                encode(Kind::AsyncStatusResponse, self.status(session), 0, b"")
            }
            Some(Kind::AsyncDeviceClear) => {
                session.clearing.set(true);
                session.changed.notify_waiters();
                encode(Kind::AsyncDeviceClearAcknowledge, 0, 0, b"")
            }
            Some(Kind::FatalError) => {
                session.close();
                Vec::new()
            }
            Some(Kind::Error) => Vec::new(),
            Some(_) | None => complaint(Complaint::UnknownType),
        }
    }

    /// Control code of the response to a lock request (IVI-6.1, table 18).
    async fn lock(&self, frame: &Frame, session: &Session) -> u8 {
        if frame.control == 1 {
            let patience = Duration::from_millis(u64::from(frame.parameter));
            let wish = self.locks.acquire(session.client, &frame.payload, patience);
            return match wish.await {
                Wish::Refused => 0,
                Wish::Granted => 1,
                Wish::Held => 3,
            };
        }
        session.caught_up(frame.parameter).await;
        match self.locks.release(session.client) {
            Some(true) => 1,
            Some(false) => 2,
            None => 3,
        }
    }
}

fn complaint(about: Complaint) -> Vec<u8> {
    let text: &[u8] = match about {
        Complaint::UnknownType => b"unrecognized message type",
        Complaint::TooLarge => b"message too large",
    };
    encode(Kind::Error, about as u8, 0, text)
}

/// Says why and ends the channel.
async fn fatal(stream: &mut TcpStream, why: Fatal) -> io::Result<()> {
    let text: &[u8] = match why {
        Fatal::BadHeader => b"poorly formed message header",
        Fatal::BothChannels => b"use of the connection before both channels are there",
        Fatal::BadInitialization => b"invalid initialization sequence",
    };
    let message = encode(Kind::FatalError, why as u8, 0, text);
    stream.write_all(&message).await?;
    stream.shutdown().await
}
