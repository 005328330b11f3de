//! The bytes below the messages: sending, waiting for lines and blocks, what went wrong.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::super::reply;
use super::Scpi;
use crate::error::{InstrumentError, InstrumentResult};

/// How long the line must be silent before a reply that was given up counts as lost.
const QUIET: Duration = Duration::from_millis(20);
enum Fault {
    Io(io::Error),
    Closed,
    Nonsense(String, String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

impl Scpi {
    pub(super) async fn transmit(&mut self, messages: &[&str], owed: bool) -> InstrumentResult<()> {
        if let Some(pace) = &mut self.pace {
            pace.wait().await;
        }
        let request = messages.first().copied().unwrap_or_default();
        let limit = self.settings.timeout;
        let outcome = timeout(limit, self.put(messages, owed)).await;
        if let Some(pace) = &mut self.pace {
            pace.mark();
        }
        self.conclude(request, outcome.ok())
    }

    async fn put(&mut self, messages: &[&str], owed: bool) -> Result<(), Fault> {
        if self.owed {
            self.drain().await?;
        }
        self.inbox.clear();
        self.outbox.clear();
        if self.cut {
            self.outbox
                .extend_from_slice(self.settings.terminator.as_bytes());
        }
        for message in messages {
            self.outbox.extend_from_slice(message.as_bytes());
            self.outbox
                .extend_from_slice(self.settings.terminator.as_bytes());
        }
        self.cut = true;
        self.owed |= owed;
        self.link.write_all(&self.outbox).await?;
        self.link.flush().await?;
        self.cut = false;
        Ok(())
    }

    /// Let a reply that somebody gave up waiting for pass by.
    async fn drain(&mut self) -> Result<(), Fault> {
        loop {
            self.inbox.clear();
            match timeout(QUIET, self.link.read_buf(&mut self.inbox)).await {
                Err(_silent) => break,
                Ok(Ok(0)) => return Err(Fault::Closed),
                Ok(Ok(_late)) => {}
                Ok(Err(error)) => return Err(error.into()),
            }
        }
        self.owed = false;
        Ok(())
    }

    pub(super) async fn receive_line(&mut self, request: &str) -> InstrumentResult<String> {
        let (limit, longest) = (self.settings.timeout, self.settings.max_reply);
        let outcome = timeout(
            limit,
            self.wait_for(|inbox| match reply::take_line(inbox) {
                Some(line) if line.len() <= longest => match String::from_utf8(line) {
                    Ok(text) => Ok(Some(text)),
                    Err(error) => Err(Fault::Nonsense(
                        excerpt(error.as_bytes()),
                        "not text".into(),
                    )),
                },
                None if inbox.len() <= longest => Ok(None),
                Some(_) | None => Err(Fault::Nonsense(
                    excerpt(inbox),
                    format!("longer than {longest} bytes"),
                )),
            }),
        )
        .await;
        let line = self.conclude(request, outcome.ok());
        if let Some(pace) = &mut self.pace {
            pace.mark();
        }
        line
    }

    pub(super) async fn receive_block(
        &mut self,
        request: &str,
        longest: usize,
    ) -> InstrumentResult<Vec<u8>> {
        self.inbox.reserve((longest + 16).min(1 << 20));
        let limit = self.settings.timeout;
        let block = self.wait_for(|inbox| {
            reply::take_block(inbox, longest)
                .map_err(|problem| Fault::Nonsense(excerpt(inbox), problem))
        });
        let outcome = timeout(limit, block).await;
        let block = self.conclude(request, outcome.ok());
        if let Some(pace) = &mut self.pace {
            pace.mark();
        }
        block
    }

    async fn wait_for<T>(
        &mut self,
        mut take: impl FnMut(&mut Vec<u8>) -> Result<Option<T>, Fault>,
    ) -> Result<T, Fault> {
        loop {
            if let Some(found) = take(&mut self.inbox)? {
                self.owed = false;
                return Ok(found);
            }
            if self.link.read_buf(&mut self.inbox).await? == 0 {
                return Err(Fault::Closed);
            }
        }
    }

    /// `None` is a time-out.
    fn conclude<T>(
        &mut self,
        request: &str,
        outcome: Option<Result<T, Fault>>,
    ) -> InstrumentResult<T> {
        let cause = match outcome {
            Some(Ok(value)) => return Ok(value),
            Some(Err(Fault::Nonsense(answer, problem))) => {
                return Err(self.nonsense(request, &answer, &problem));
            }
            Some(Err(Fault::Io(error))) => error.to_string(),
            Some(Err(Fault::Closed)) => "connection closed by the instrument".into(),
            None if self.inbox.is_empty() => format!("no reply within {:?}", self.settings.timeout),
            None => format!(
                "reply not finished within {:?}: `{}`",
                self.settings.timeout,
                excerpt(&self.inbox)
            ),
        };
        Err(InstrumentError::Link {
            instrument: self.name.clone(),
            request: reply::shorten(request),
            cause,
        })
    }
}

fn excerpt(bytes: &[u8]) -> String {
    let head = bytes.get(..bytes.len().min(120)).unwrap_or_default();
    reply::shorten(&String::from_utf8_lossy(head))
}
