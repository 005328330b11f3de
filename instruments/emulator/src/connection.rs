//! One connection to one instrument: a state machine over a byte stream.
//!
//! It is polled by its own task, and by the bench before time moves, so that everything that was
//! written before a wait is carried out before the wait.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::field::{Field, Instrument};
use crate::session::Session;

/// A byte stream in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// Bytes read at once.
const CHUNK: usize = 16 * 1024;

/// A connection.
pub(crate) struct Connection {
    /// Name of the instrument.
    pub(crate) instrument: String,
    inner: RefCell<Inner>,
    waker: RefCell<Option<Waker>>,
}

struct Inner {
    stream: Box<dyn Stream>,
    session: Session,
    sent: usize,
    closed: bool,
}

impl Connection {
    /// Over a stream.
    pub(crate) fn new(instrument: &str, stream: Box<dyn Stream>) -> Self {
        Self {
            instrument: instrument.to_owned(),
            inner: RefCell::new(Inner {
                stream,
                session: Session::default(),
                sent: 0,
                closed: false,
            }),
            waker: RefCell::new(None),
        }
    }

    /// Polled by its own task: ready when the connection is closed.
    pub(crate) fn poll_task(
        &self,
        context: &mut Context<'_>,
        instrument: &mut dyn Instrument,
        field: &mut Field,
    ) -> Poll<()> {
        *self.waker.borrow_mut() = Some(context.waker().clone());
        self.inner.borrow_mut().poll(context, instrument, field)
    }

    /// Carries out what has arrived, without its task. The task is woken to register again.
    pub(crate) fn pump(&self, instrument: &mut dyn Instrument, field: &mut Field) {
        let mut context = Context::from_waker(Waker::noop());
        let poll = std::future::poll_fn(|context| {
            self.inner.borrow_mut().poll(context, instrument, field)
        });
        // outside the budget of the calling task, which may be spent
        let mut unbudgeted = std::pin::pin!(tokio::task::unconstrained(poll));
        let _closed_or_not = unbudgeted.as_mut().poll(&mut context);
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    /// A command of this connection waits for its instrument.
    pub(crate) fn waits(&self) -> bool {
        self.inner.borrow().session.waiting
    }
}

impl Inner {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        instrument: &mut dyn Instrument,
        field: &mut Field,
    ) -> Poll<()> {
        if self.session.waiting {
            instrument.receive(&mut self.session, field);
        }
        match self.exchange(context, instrument, field) {
            Poll::Pending => Poll::Pending,
            // a broken stream ends the connection like a closed one
            Poll::Ready(Ok(()) | Err(_)) => {
                self.closed = true;
                Poll::Ready(())
            }
        }
    }

    fn exchange(
        &mut self,
        context: &mut Context<'_>,
        instrument: &mut dyn Instrument,
        field: &mut Field,
    ) -> Poll<io::Result<()>> {
        let mut chunk = [0u8; CHUNK];
        loop {
            if self.closed {
                return Poll::Ready(Ok(()));
            }
            while self.sent < self.session.output.len() {
                let rest = &self.session.output[self.sent..];
                match Pin::new(&mut self.stream).poll_write(context, rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(written)) => self.sent += written,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            self.session.output.clear();
            self.sent = 0;
            if let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(context) {
                return Poll::Ready(Err(error));
            }
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => {
                    self.session.input.extend_from_slice(buffer.filled());
                    instrument.receive(&mut self.session, field);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
