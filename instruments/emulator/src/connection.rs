//! One connection to one instrument: a state machine over a byte stream.
//!
//! It is polled by its own task, and by the bench before time moves, so that everything that was
//! written before a wait is carried out before the wait. Nothing here grows without bound: a
//! client that takes no replies is not read, nor one that floods an instrument that waits.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use gridproof_plant::Nanos;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio_serial::SerialStream;

use crate::faults::{Delivery, Faults};
use crate::field::{Field, Instrument};
use crate::session::{Session, Spoken};

/// A byte stream in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Prepares the stream for being torn down without a farewell.
    fn abort(&mut self) {}

    /// Tells the other side at once that its bytes have arrived.
    fn acknowledge(&self) {}

    /// What is spoken over it, where the stream itself tells.
    fn spoken(&self) -> Option<Spoken> {
        None
    }
}
impl Stream for DuplexStream {}
impl Stream for SerialStream {}
impl Stream for TcpStream {
    /// Most clients send with Nagle's algorithm: a second setting, which like the first nothing answers,
    /// stays with them until the first is acknowledged, which the system delays by up to 40 ms. A client
    /// that moves bench time meanwhile would find its settings behind it.
    fn acknowledge(&self) {
        #[cfg(target_os = "linux")]
        // where that fails the acknowledgement comes later
        let _at_once = self.set_quickack(true);
    }

    fn abort(&mut self) {
        // where that fails the client sees an orderly end instead of a reset
        let _reset = self.set_zero_linger();
    }
}

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Chunks read before others get their turn.
const MOST_CHUNKS: usize = 64;
/// Bytes kept for an instrument that waits.
const MOST_INPUT: usize = 256 * 1024;
/// Replies kept back for later.
const MOST_HELD: usize = 1024;

/// A connection.
pub(crate) struct Connection {
    /// Name of the instrument.
    pub(crate) instrument: String,
    inner: RefCell<Inner>,
    waker: RefCell<Option<Waker>>,
    waiting_since: Cell<Option<Nanos>>,
}

struct Inner {
    stream: Box<dyn Stream>,
    session: Session,
    /// Replies on their way.
    out: Vec<u8>,
    sent: usize,
    /// Late replies with the time at which they go out, in order.
    held: VecDeque<(Nanos, Vec<u8>)>,
    closed: bool,
}

/// What a connection works on.
pub(crate) struct Bench<'a> {
    /// Its instrument.
    pub(crate) instrument: &'a mut dyn Instrument,
    /// The wires.
    pub(crate) field: &'a mut Field,
    /// Faults of links.
    pub(crate) faults: &'a mut Faults,
}

impl Connection {
    /// Over a stream.
    pub(crate) fn new(instrument: &str, stream: Box<dyn Stream>) -> Self {
        Self {
            instrument: instrument.to_owned(),
            inner: RefCell::new(Inner {
                session: Session {
                    spoken: stream.spoken(),
                    ..Session::default()
                },
                stream,
                out: Vec::new(),
                sent: 0,
                held: VecDeque::new(),
                closed: false,
            }),
            waker: RefCell::new(None),
            waiting_since: Cell::new(None),
        }
    }

    /// Polled by its own task: ready when the connection is closed.
    pub(crate) fn poll_task(&self, context: &mut Context<'_>, bench: &mut Bench<'_>) -> Poll<()> {
        *self.waker.borrow_mut() = Some(context.waker().clone());
        self.inner
            .borrow_mut()
            .poll(context, &self.instrument, bench)
    }

    /// Carries out what has arrived, without its task. The task is woken to register again.
    pub(crate) fn pump(&self, bench: &mut Bench<'_>) {
        let mut context = Context::from_waker(Waker::noop());
        let poll = std::future::poll_fn(|context| {
            self.inner
                .borrow_mut()
                .poll(context, &self.instrument, bench)
        });
        // outside the budget of the calling task, which may be spent
        let mut unbudgeted = std::pin::pin!(tokio::task::unconstrained(poll));
        let _closed_or_not = unbudgeted.as_mut().poll(&mut context);
        self.wake();
    }

    /// A command of this connection waits for its instrument, or a reply for its time.
    pub(crate) fn waits(&self) -> bool {
        let inner = self.inner.borrow();
        !inner.closed && (inner.session.waiting || !inner.held.is_empty())
    }

    /// Time that has moved may have something for this connection.
    pub(crate) fn attends(&self) -> bool {
        let inner = self.inner.borrow();
        let listening = !inner.closed && inner.session.listening;
        drop(inner);
        listening || self.waits()
    }

    /// Since when it has been waiting, if it is at `now`.
    pub(crate) fn waiting_since(&self, now: Nanos) -> Option<Nanos> {
        let since = self
            .waits()
            .then(|| self.waiting_since.get().unwrap_or(now));
        self.waiting_since.set(since);
        since
    }

    /// When the next late reply goes out.
    pub(crate) fn next_event(&self) -> Option<Nanos> {
        let inner = self.inner.borrow();
        inner.held.front().map(|held| held.0)
    }

    /// Tears the connection down.
    pub(crate) fn reset(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.stream.abort();
        inner.closed = true;
        drop(inner);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }
}

impl Inner {
    fn poll(&mut self, context: &mut Context<'_>, name: &str, bench: &mut Bench<'_>) -> Poll<()> {
        if self.session.waiting || self.session.listening {
            self.receive(name, bench);
        }
        match self.exchange(context, name, bench) {
            Poll::Pending => Poll::Pending,
            // a broken stream ends the connection like a closed one
            Poll::Ready(Ok(()) | Err(_)) => {
                self.closed = true;
                Poll::Ready(())
            }
        }
    }

    /// Lets the instrument look at the input; what it answers goes through the faults of its link.
    fn receive(&mut self, name: &str, bench: &mut Bench<'_>) {
        bench.instrument.receive(&mut self.session, bench.field);
        if self.session.output.is_empty() {
            return;
        }
        let reply = std::mem::take(&mut self.session.output);
        let now = bench.field.now();
        match bench.faults.deliver(name, now, reply) {
            Delivery::Now(reply) if self.held.is_empty() => {
                if self.out.is_empty() {
                    self.out = reply;
                } else {
                    self.out.extend_from_slice(&reply);
                }
            }
            // a stream keeps its order: what follows a late reply is late too
            Delivery::Now(reply) => self.hold(now, reply),
            Delivery::At(due, reply) => self.hold(due, reply),
            Delivery::Never => {}
        }
    }

    fn hold(&mut self, due: Nanos, reply: Vec<u8>) {
        let due = self.held.back().map_or(due, |last| due.max(last.0));
        if self.held.len() < MOST_HELD {
            self.held.push_back((due, reply));
        }
    }

    fn release(&mut self, now: Nanos) {
        while self.held.front().is_some_and(|held| held.0 <= now) {
            if let Some((_, reply)) = self.held.pop_front() {
                self.out.extend_from_slice(&reply);
            }
        }
    }

    fn write_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.out.len() {
            let rest = &self.out[self.sent..];
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.sent += written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.out.clear();
        self.sent = 0;
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    fn exchange(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        bench: &mut Bench<'_>,
    ) -> Poll<io::Result<()>> {
        // polled far more often than there is something to read: not zeroed each time
        let mut chunk = [const { MaybeUninit::uninit() }; CHUNK];
        let mut chunks = 0;
        loop {
            if self.closed {
                return Poll::Ready(Ok(()));
            }
            self.release(bench.field.now());
            match self.write_out(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
            if self.session.paused {
                self.session.paused = false;
                self.receive(name, bench);
                continue;
            }
            if self.session.waiting && self.session.input.len() >= MOST_INPUT {
                // read on when the wait is over, which wakes the task
                return Poll::Pending;
            }
            if chunks == MOST_CHUNKS {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            chunks += 1;
            let mut buffer = ReadBuf::uninit(&mut chunk);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    self.session.input.extend_from_slice(buffer.filled());
                    self.stream.acknowledge();
                    self.receive(name, bench);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
