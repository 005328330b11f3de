//! Which share runs on which emulated bench: workers take the next one when they are free.

use std::sync::Mutex;

/// Hands out numbers of shares, each once, longest first where lengths are known.
pub(crate) struct Schedule {
    order: Mutex<std::vec::IntoIter<usize>>,
}

impl Schedule {
    /// Shares 0..n with their expected costs; expensive ones first so that workers end together.
    pub(crate) fn longest_first(costs: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
        Self {
            order: Mutex::new(order.into_iter()),
        }
    }

    /// Shares in plan order.
    pub(crate) fn in_order(shares: usize) -> Self {
        Self {
            order: Mutex::new((0..shares).collect::<Vec<_>>().into_iter()),
        }
    }

    /// The next share, if any is left.
    pub(crate) fn next(&self) -> Option<usize> {
        self.order.lock().map_or(None, |mut order| order.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_share_once_expensive_first() {
        let schedule = Schedule::longest_first(&[1.0, 5.0, 5.0, 2.0]);
        let got: Vec<_> = std::iter::from_fn(|| schedule.next()).collect();
        assert_eq!(got, [1, 2, 3, 0]);
    }
}
