//! A connection to an instrument whose messages have ends.

use std::io;
use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf};

use crate::bench::EmulatedBench;
use crate::connection::Connection;
use crate::error::EmulatorError;
use crate::scpi::framing::Scanner;

/// Unread replies beyond which the instrument is not read any further, bytes.
const MOST_UNREAD: usize = 256 * 1024;
/// Bytes read at once.
const CHUNK: usize = 16 * 1024;
/// Message available, bit 4 of the status byte.
pub(crate) const MESSAGE_AVAILABLE: u8 = 1 << 4;

/// A client's link to one instrument whose messages end with LF. Dropping it ends what the
/// instrument was doing for it.
pub(crate) struct Link {
    bench: EmulatedBench,
    instrument: String,
    stream: DuplexStream,
    connection: Weak<Connection>,
    /// The last byte that was sent did not end a message.
    open_message: bool,
    /// Replies that have not been taken.
    replies: Vec<u8>,
    /// Replies looked at, and where in them the first message ends.
    scanned: usize,
    end: Option<usize>,
    scanner: Scanner,
}

impl Link {
    /// To an instrument of the bench.
    pub(crate) fn open(bench: &EmulatedBench, instrument: &str) -> Result<Self, EmulatorError> {
        let (stream, connection) = bench.attach(instrument)?;
        Ok(Self {
            bench: bench.clone(),
            instrument: instrument.to_owned(),
            stream,
            connection,
            open_message: false,
            replies: Vec::new(),
            scanned: 0,
            end: None,
            scanner: Scanner::of_responses(),
        })
    }

    /// Device clear: what was sent, what is being carried out and what was not read is forgotten;
    /// settings and status stay.
    pub(crate) fn clear(&mut self) -> Result<(), EmulatorError> {
        *self = Self::open(&self.bench, &self.instrument)?;
        Ok(())
    }

    /// Sends a piece of a message; `end` makes it the last. The instrument has looked at it when
    /// this returns, and what it answered at once is there.
    pub(crate) async fn send(&mut self, piece: &[u8], end: bool) -> io::Result<()> {
        self.put(piece).await?;
        if let Some(last) = piece.last() {
            self.open_message = *last != b'\n';
        }
        if end && std::mem::take(&mut self.open_message) {
            self.put(b"\n").await?;
        }
        self.bench.carry_out();
        self.collect();
        Ok(())
    }

    async fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let hungry = self.hungry();
            let (mut reader, mut writer) = tokio::io::split(&mut self.stream);
            // an instrument that is full of replies takes nothing until they are read
            tokio::select! {
                written = writer.write(bytes) => bytes = &bytes[written?..],
                read = reader.read_buf(&mut self.replies), if hungry => {
                    if read? == 0 {
                        return Err(io::ErrorKind::ConnectionReset.into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes over what the instrument has answered so far.
    fn collect(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        let mut chunk = [0u8; CHUNK];
        while self.hungry() {
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.replies.extend_from_slice(buffer.filled());
                }
                // an end shows again when somebody waits for more
                Poll::Ready(_) | Poll::Pending => return,
            }
        }
    }

    /// Waits for more of an answer; an error when the connection has been torn down.
    pub(crate) async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.replies).await? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            _ => Ok(()),
        }
    }

    /// Whether there is room for more of an answer.
    pub(crate) fn hungry(&self) -> bool {
        self.replies.len() < MOST_UNREAD
    }

    /// Whether an answer is on its way that needs time.
    pub(crate) fn waits(&self) -> bool {
        self.connection
            .upgrade()
            .is_some_and(|connection| connection.waits())
    }

    /// The replies that have not been taken.
    pub(crate) fn replies(&mut self) -> &[u8] {
        self.collect();
        &self.replies
    }

    /// Whether the first response message is there as a whole, or too long to wait for its end.
    pub(crate) fn ready(&mut self) -> bool {
        self.find_end().is_some() || !self.hungry()
    }

    fn find_end(&mut self) -> Option<usize> {
        if self.end.is_none() {
            let found = self.scanner.scan(&self.replies[self.scanned..]);
            self.end = found.map(|index| self.scanned + index + 1);
            self.scanned = self.end.unwrap_or(self.replies.len());
        }
        self.end
    }

    /// Takes up to `most` bytes of the first response message, and tells whether they end it.
    pub(crate) fn part(&mut self, most: usize) -> (Vec<u8>, bool) {
        let end = self.find_end();
        let length = self.scanned.min(most);
        self.scanned -= length;
        self.end = end.map(|end| end - length).filter(|&left| left > 0);
        (self.replies.drain(..length).collect(), end == Some(length))
    }

    /// The status byte without the bit for a message that is available.
    pub(crate) fn status(&self) -> u8 {
        self.bench.status_byte(&self.instrument)
    }
}
