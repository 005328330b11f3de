//! Which unit runs on which emulated bench: workers take the next unit when they are free.

use std::sync::Mutex;

/// Hands out unit numbers, each once, longest first where lengths are known.
pub(crate) struct Schedule {
    order: Mutex<std::vec::IntoIter<usize>>,
}

impl Schedule {
    /// Units 0..n with their expected costs; expensive ones first so that workers end together.
    pub(crate) fn longest_first(costs: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        order.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
        Self {
            order: Mutex::new(order.into_iter()),
        }
    }

    /// Units in plan order.
    pub(crate) fn in_order(units: usize) -> Self {
        Self {
            order: Mutex::new((0..units).collect::<Vec<_>>().into_iter()),
        }
    }

    /// The next unit, if any is left.
    pub(crate) fn next(&self) -> Option<usize> {
        self.order.lock().map_or(None, |mut order| order.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_once_expensive_first() {
        let schedule = Schedule::longest_first(&[1.0, 5.0, 5.0, 2.0]);
        let got: Vec<_> = std::iter::from_fn(|| schedule.next()).collect();
        assert_eq!(got, [1, 2, 3, 0]);
    }
}
