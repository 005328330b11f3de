//! Reading numeric data: which items, in which format.

use super::Wt3000;
use super::items::{Item, MOST_ITEMS, MOST_LISTS, Number};
use crate::devices::chroma_61845::within;
use crate::field::Field;
use crate::scpi::engine::Reply;
use crate::scpi::fault::Fault;
use crate::scpi::format::block;
use crate::scpi::{Call, Outcome, Params};

impl Wt3000 {
    /// All items up to NUMBer, or the one asked for.
    pub(super) fn values(&mut self, call: &Call<'_>, field: &mut Field) -> Outcome {
        let wanted = asked(call.params, self.number, MOST_ITEMS)?;
        let items = self.items[wanted.clone()].iter().flatten();
        if items.into_iter().any(|item| self.wants_waves(item)) {
            self.see_waves(field);
        }
        let items = self.items[wanted].iter();
        let numbers = items.map(|item| self.number(item.as_ref())).collect();
        Ok(self.numbers(numbers, 4))
    }

    /// The harmonics of all list items up to NUMBer, or of the one asked for.
    pub(super) fn list_values(&mut self, call: &Call<'_>, field: &mut Field) -> Outcome {
        let wanted = asked(call.params, self.list_number, MOST_LISTS)?;
        self.see_waves(field);
        let items = self.lists[wanted].iter();
        let numbers = items.flat_map(|item| self.list(item.as_ref())).collect();
        Ok(self.numbers(numbers, 6))
    }

    /// Numbers in the format that is set, a block with so many digits in its header.
    fn numbers(&self, numbers: Vec<Number>, digits: usize) -> Reply {
        if self.float {
            let bytes: Vec<u8> = numbers.into_iter().flat_map(Number::bytes).collect();
            return Reply::Block(block(&bytes, digits));
        }
        let texts: Vec<String> = numbers.into_iter().map(Number::text).collect();
        Reply::Text(texts.join(","))
    }
}

/// An item that is none.
pub(super) const NONE: &str = "NONE";
pub(super) fn described(item: Option<&Item>, list: bool) -> String {
    item.map_or_else(|| NONE.to_owned(), |item| item.describe(list))
}

/// `ALL` or a number up to `most`.
pub(super) fn count(params: Params<'_>, most: usize) -> Result<usize, Fault> {
    if params.text(0)?.eq_ignore_ascii_case("ALL") {
        params.at_most(1)?;
        return Ok(most);
    }
    Ok(within(params.only_number("")?, 1.0, most as f64)? as usize)
}

/// Places from zero: the one asked for, or the first `number`.
pub(super) fn asked(
    params: Params<'_>,
    number: usize,
    most: usize,
) -> Result<std::ops::Range<usize>, Fault> {
    if params.len() == 0 {
        return Ok(0..number);
    }
    let index = within(params.only_number("")?, 1.0, most as f64)? as usize;
    Ok(index - 1..index)
}

/// `ALL`, or `from[,to]`, as places from zero; without `to` it ends at `end`.
pub(super) fn span(
    params: Params<'_>,
    most: usize,
    end: usize,
) -> Result<std::ops::Range<usize>, Fault> {
    let (from, to) = if params.text(0)?.eq_ignore_ascii_case("ALL") {
        (1, most)
    } else {
        let from = within(params.number(0, "")?, 1.0, most as f64)? as usize;
        let to = if params.len() > 1 {
            within(params.number(1, "")?, from as f64, most as f64)? as usize
        } else {
            end
        };
        (from, to)
    };
    Ok(from - 1..to)
}
