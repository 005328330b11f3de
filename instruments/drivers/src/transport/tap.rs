//! A link with two users: the Modbus client, and whoever has to discard late replies.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Link;

/// A shared handle of a link; the users take turns.
#[derive(Clone)]
pub(super) struct Tap(Arc<Mutex<Shared>>);

struct Shared {
    link: Link,
    received: usize,
}

impl Tap {
    pub(super) fn new(link: Link) -> Tap {
        Tap(Arc::new(Mutex::new(Shared { link, received: 0 })))
    }

    /// Bytes received so far.
    pub(super) fn received(&self) -> usize {
        self.shared().received
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut shared = self.shared();
        let before = buf.filled().len();
        let outcome = Pin::new(&mut *shared.link).poll_read(cx, buf);
        shared.received += buf.filled().len() - before;
        outcome
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.shared().link).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.shared().link).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.shared().link).poll_shutdown(cx)
    }
}
