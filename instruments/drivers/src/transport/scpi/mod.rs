//! Request and reply in ASCII over a byte stream: SCPI and its relatives.

mod wire;

use std::rc::Rc;
use std::time::Duration;

use super::{Link, Pace, reply};
use crate::clock::Clock;
use crate::error::{InstrumentError, InstrumentResult};

/// How one family of instruments wants to be spoken to.
#[derive(Debug, Clone, Copy)]
pub struct ScpiSettings {
    /// Ends each message to the instrument; replies may end with CR, LF or both.
    pub terminator: &'static str,
    /// Query that pops the error queue.
    pub error_query: &'static str,
    /// Longest wait for one reply.
    pub timeout: Duration,
    /// Longest line accepted, bytes.
    pub max_reply: usize,
}

impl Default for ScpiSettings {
    fn default() -> Self {
        ScpiSettings {
            terminator: "\n",
            error_query: "SYSTem:ERRor?",
            timeout: Duration::from_secs(2),
            max_reply: 64 * 1024,
        }
    }
}

/// Error queues hold 10 to 30 entries.
const LONGEST_QUEUE: usize = 32;

/// A conversation with one instrument.
pub struct Scpi {
    name: String,
    link: Link,
    settings: ScpiSettings,
    pace: Option<Pace>,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// A reply was asked for and not consumed: after a time-out, or when a caller gave up.
    owed: bool,
    /// A message went out in part only.
    cut: bool,
}

impl Scpi {
    /// Start a conversation; sends nothing.
    pub fn new(name: String, link: Link, settings: ScpiSettings) -> Self {
        let (inbox, outbox) = (Vec::with_capacity(512), Vec::with_capacity(256));
        Scpi {
            name,
            link,
            settings,
            pace: None,
            inbox,
            outbox,
            owed: false,
            cut: false,
        }
    }

    /// Keep at least `gap` of bench time between messages.
    pub fn paced(mut self, clock: Rc<dyn Clock>, gap: Duration) -> Self {
        self.pace = Some(Pace::new(clock, gap));
        self
    }

    /// Name of the instrument in the bench file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Replace the time-out of one request.
    pub fn set_timeout(&mut self, limit: Duration) {
        self.settings.timeout = limit;
    }

    /// Send messages that have no reply, without asking whether they were accepted. For
    /// de-energising, where a reading is the proof; everything else goes through `command`.
    pub async fn post(&mut self, messages: &[&str]) -> InstrumentResult<()> {
        if self.pace.is_none() {
            return self.transmit(messages, false).await;
        }
        for message in messages {
            self.transmit(&[message], false).await?;
        }
        Ok(())
    }

    /// Send a setting and have the error queue confirm it.
    pub async fn command(&mut self, message: &str) -> InstrumentResult<()> {
        let query = self.settings.error_query;
        if self.pace.is_none() {
            self.transmit(&[message, query], true).await?;
        } else {
            self.transmit(&[message], false).await?;
            self.transmit(&[query], true).await?;
        }
        let first = self.receive_line(message).await?;
        if self.is_no_error(message, &first)? {
            return Ok(());
        }
        let mut answer = first;
        for _ in 0..LONGEST_QUEUE {
            let next = self.query(query).await?;
            if self.is_no_error(message, &next)? {
                break;
            }
            answer.push_str("; ");
            answer.push_str(&next);
        }
        Err(self.refused(message, &answer))
    }

    /// Empty the error queue, so that old entries are not blamed on new commands.
    pub async fn clear_errors(&mut self) -> InstrumentResult<()> {
        let query = self.settings.error_query;
        for _ in 0..LONGEST_QUEUE {
            let entry = self.query(query).await?;
            if self.is_no_error(query, &entry)? {
                return Ok(());
            }
        }
        Err(self.nonsense(query, "", "the error queue never runs empty"))
    }

    /// Empty the error queue as far as possible: after de-energising, what was refused there must
    /// not be blamed on the next command, and must not spoil the proof either.
    pub async fn forget_errors(&mut self) {
        // A link that fails here fails again, and is reported, at the next command.
        let _outcome = self.clear_errors().await;
    }

    /// Ask for one line.
    pub async fn query(&mut self, request: &str) -> InstrumentResult<String> {
        self.transmit(&[request], true).await?;
        self.receive_line(request).await
    }

    /// Ask again once if the reply was lost: for proofs that must not fail for one lost packet.
    pub async fn insist(&mut self, request: &str) -> InstrumentResult<String> {
        match self.query(request).await {
            Err(InstrumentError::Link { .. }) => self.query(request).await,
            other => other,
        }
    }

    /// A number for a proof.
    pub async fn insist_number(&mut self, request: &str) -> InstrumentResult<f64> {
        let text = self.insist(request).await?;
        reply::number(&text).map_err(|problem| self.nonsense(request, &text, &problem))
    }

    /// A state for a proof, `ON`/`OFF` or `1`/`0`.
    pub async fn insist_state(&mut self, request: &str) -> InstrumentResult<bool> {
        let text = self.insist(request).await?;
        reply::boolean(&text).map_err(|problem| self.nonsense(request, &text, &problem))
    }

    /// Ask for one number.
    pub async fn query_number(&mut self, request: &str) -> InstrumentResult<f64> {
        let text = self.query(request).await?;
        reply::number(&text).map_err(|problem| self.nonsense(request, &text, &problem))
    }

    /// Ask for a state, `ON`/`OFF` or `1`/`0`.
    pub async fn query_state(&mut self, request: &str) -> InstrumentResult<bool> {
        let text = self.query(request).await?;
        reply::boolean(&text).map_err(|problem| self.nonsense(request, &text, &problem))
    }

    /// Ask for a definite-length block of at most `longest` bytes.
    pub async fn query_block(
        &mut self,
        request: &str,
        longest: usize,
    ) -> InstrumentResult<Vec<u8>> {
        self.transmit(&[request], true).await?;
        self.receive_block(request, longest).await
    }

    /// The instrument said no to `request`.
    pub fn refused(&self, request: &str, answer: &str) -> InstrumentError {
        InstrumentError::Refused {
            instrument: self.name.clone(),
            request: reply::shorten(request),
            reply: reply::shorten(answer),
        }
    }

    /// `answer` is no answer to `request`.
    pub fn nonsense(&self, request: &str, answer: &str, problem: &str) -> InstrumentError {
        InstrumentError::Nonsense {
            instrument: self.name.clone(),
            request: reply::shorten(request),
            reply: reply::shorten(answer),
            problem: problem.into(),
        }
    }

    fn is_no_error(&self, request: &str, entry: &str) -> InstrumentResult<bool> {
        match reply::error_code(entry) {
            Some(code) => Ok(code == 0),
            None => Err(self.nonsense(request, entry, "no entry of an error queue")),
        }
    }
}
