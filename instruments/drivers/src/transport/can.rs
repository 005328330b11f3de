//! CAN behind a trait, so that only the last layer needs a kernel with CAN.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A classic CAN data frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CanMessage {
    /// Identifier, 11 bits, or 29 when `extended`.
    pub id: u32,
    /// 29-bit identifier.
    pub extended: bool,
    /// Number of valid bytes, 0 to 8.
    length: u8,
    bytes: [u8; 8],
}

impl CanMessage {
    /// A frame with an 11-bit identifier; `None` if `id` or `data` do not fit.
    pub fn standard(id: u32, data: &[u8]) -> Option<Self> {
        (id <= 0x7FF).then(|| Self::with(id, false, data)).flatten()
    }

    /// A frame with a 29-bit identifier; `None` if `id` or `data` do not fit.
    pub fn extended(id: u32, data: &[u8]) -> Option<Self> {
        (id <= 0x1FFF_FFFF)
            .then(|| Self::with(id, true, data))
            .flatten()
    }

    /// The payload.
    pub fn data(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    fn with(id: u32, extended: bool, data: &[u8]) -> Option<Self> {
        let mut bytes = [0; 8];
        bytes.get_mut(..data.len())?.copy_from_slice(data);
        Some(CanMessage {
            id,
            extended,
            length: u8::try_from(data.len()).ok()?,
            bytes,
        })
    }
}

/// Failure of a CAN bus.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CAN bus {bus}: {cause}")]
pub struct CanError {
    /// Name of the interface.
    pub bus: String,
    /// What happened.
    pub cause: String,
}

/// One node on a CAN bus.
#[async_trait::async_trait(?Send)]
pub trait CanBus {
    /// Put a frame on the bus.
    async fn send(&mut self, message: &CanMessage) -> Result<(), CanError>;
    /// Wait for the next frame of another node.
    async fn receive(&mut self) -> Result<CanMessage, CanError>;
}

/// A bus in memory. Every frame reaches every other node, in order.
#[derive(Clone, Default)]
pub struct MemoryBus {
    nodes: Rc<RefCell<Vec<UnboundedSender<CanMessage>>>>,
}

impl MemoryBus {
    /// An empty bus.
    pub fn new() -> Self {
        Self::default()
    }

    /// Attach a node.
    pub fn attach(&self) -> MemoryNode {
        let (sender, inbox) = unbounded_channel();
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(sender);
        MemoryNode {
            bus: self.clone(),
            index: nodes.len() - 1,
            inbox,
        }
    }
}

/// A node on a [`MemoryBus`].
pub struct MemoryNode {
    bus: MemoryBus,
    index: usize,
    inbox: UnboundedReceiver<CanMessage>,
}

#[async_trait::async_trait(?Send)]
impl CanBus for MemoryNode {
    async fn send(&mut self, message: &CanMessage) -> Result<(), CanError> {
        for (index, node) in self.bus.nodes.borrow().iter().enumerate() {
            if index != self.index {
                // A node that has left the bus hears nothing; that is no fault of the sender.
                let _left = node.send(*message);
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<CanMessage, CanError> {
        let gone = || CanError {
            bus: "memory".into(),
            cause: "bus is gone".into(),
        };
        self.inbox.recv().await.ok_or_else(gone)
    }
}
