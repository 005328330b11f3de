//! Points of a register file as registers, and which of them are read together.

use gridproof_model::register_file::{Point, PointType, Table, WordOrder};

/// What a point says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// In the unit of the point.
    Number(f64),
    /// A string without its padding.
    Text(String),
}

/// Registers that follow each other without a gap: one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) table: Table,
    pub(super) address: u16,
    pub(super) count: u16,
}

impl Block {
    /// Place of `point` in what the block reads.
    pub(super) fn range(&self, point: &Point) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(point.address.checked_sub(u32::from(self.address))?).ok()?;
        let end = start + usize::from(point.registers());
        let inside = point.table == self.table && end <= usize::from(self.count);
        inside.then_some(start..end)
    }
}

/// The fewest reads that ask for these points and for nothing that the file does not name: many
/// products refuse a read that touches a register they do not have.
pub(super) fn blocks(points: &[&Point], longest: u16) -> Vec<Block> {
    let mut places: Vec<(Table, u32, u16)> = points
        .iter()
        .map(|point| (point.table, point.address, point.registers()))
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut blocks: Vec<Block> = Vec::new();
    for (table, address, count) in places {
        // The loader lets no address beyond 65535 pass.
        let address = u16::try_from(address).unwrap_or(u16::MAX);
        match blocks.last_mut() {
            Some(last)
                if last.table == table
                    && last.address.checked_add(last.count) == Some(address)
                    && last.count + count <= longest =>
            {
                last.count += count;
            }
            Some(_) | None => blocks.push(Block {
                table,
                address,
                count,
            }),
        }
    }
    blocks
}

/// What the registers of `point` say, or why they say nothing.
pub(super) fn decode(point: &Point, words: &[u16]) -> Result<Value, &'static str> {
    let number = match (point.kind, words) {
        (PointType::U16, [word]) => f64::from(*word),
        (PointType::I16, [word]) => f64::from(word.cast_signed()),
        (PointType::U32, [one, two]) => f64::from(joined(point, *one, *two)),
        (PointType::I32, [one, two]) => f64::from(joined(point, *one, *two).cast_signed()),
        (PointType::F32, [one, two]) => f64::from(f32::from_bits(joined(point, *one, *two))),
        (PointType::String, words) => return text(words).map(Value::Text),
        (PointType::U16 | PointType::I16 | PointType::U32 | PointType::I32 | PointType::F32, _) => {
            return Err("the number of registers is not that of the type");
        }
    };
    if !number.is_finite() {
        return Err("not a finite number");
    }
    Ok(Value::Number(number * point.step().value))
}

/// The registers that hold `value`, which is in the unit of the point; `None` when it does not fit.
pub(super) fn encode(point: &Point, value: f64) -> Option<Vec<u16>> {
    let steps = point.steps(value)?;
    let words = |bits: u32| {
        let (high, low) = ((bits >> 16) as u16, bits as u16);
        match point.words.unwrap_or_default() {
            WordOrder::Big => vec![high, low],
            WordOrder::Little => vec![low, high],
        }
    };
    // `steps` is inside the range of the type.
    match point.kind {
        PointType::U16 => Some(vec![steps as u16]),
        PointType::I16 => Some(vec![(steps as i16).cast_unsigned()]),
        PointType::U32 => Some(words(steps as u32)),
        PointType::I32 => Some(words((steps as i32).cast_unsigned())),
        PointType::F32 => Some(words((steps as f32).to_bits())),
        PointType::String => None,
    }
}

fn joined(point: &Point, one: u16, two: u16) -> u32 {
    let (high, low) = match point.words.unwrap_or_default() {
        WordOrder::Big => (one, two),
        WordOrder::Little => (two, one),
    };
    u32::from(high) << 16 | u32::from(low)
}

/// Text up to the padding. Anything unprintable was never meant as text.
fn text(words: &[u16]) -> Result<String, &'static str> {
    let bytes: Vec<u8> = words
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .take_while(|byte| *byte != 0)
        .collect();
    let text = String::from_utf8(bytes).map_err(|_not_text| "not text")?;
    if text.chars().any(char::is_control) {
        return Err("not text");
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(address: u32, kind: PointType, words: WordOrder) -> Point {
        Point {
            address,
            table: Table::Holding,
            kind,
            words: Some(words),
            scale: None,
            length: None,
        }
    }

    #[test]
    fn every_type_in_both_orders() {
        use PointType::{F32, I16, I32, U16, U32};
        for (kind, value, big) in [
            (U16, 65_535.0, vec![0xFFFF]),
            (I16, -2.0, vec![0xFFFE]),
            (U32, 65_538.0, vec![1, 2]),
            (I32, -65_536.0, vec![0xFFFF, 0]),
            (F32, -2.5, vec![0xC020, 0]),
        ] {
            for order in [WordOrder::Big, WordOrder::Little] {
                let point = point(0, kind, order);
                let mut words = big.clone();
                if order == WordOrder::Little {
                    words.reverse();
                }
                assert_eq!(encode(&point, value), Some(words.clone()), "{kind:?}");
                assert_eq!(decode(&point, &words), Ok(Value::Number(value)), "{kind:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        use PointType::{F32, I16, I32, U16, U32};
        for (kind, value) in [
            (U16, -1.0),
            (U16, 65_536.0),
            (I16, 32_768.0),
            (U32, 4_294_967_296.0),
            (I32, 2_147_483_648.0),
            (F32, 1e39),
            (I32, f64::NAN),
            (F32, f64::INFINITY),
        ] {
            assert_eq!(
                encode(&point(0, kind, WordOrder::Big), value),
                None,
                "{kind:?} {value}"
            );
        }
        assert_eq!(encode(&point(0, U16, WordOrder::Big), -0.4), Some(vec![0]));
        assert_eq!(
            encode(&point(0, U16, WordOrder::Big), 65_535.4),
            Some(vec![0xFFFF])
        );
    }

    #[test]
    fn neighbours_are_read_together_and_gaps_never() {
        let at = |address| point(address, PointType::U32, WordOrder::Big);
        let points = [at(10), at(14), at(12), at(20), at(10)];
        let asked: Vec<&Point> = points.iter().collect();
        let sizes = |longest| -> Vec<(u16, u16)> {
            blocks(&asked, longest)
                .iter()
                .map(|block| (block.address, block.count))
                .collect()
        };
        assert_eq!(sizes(125), [(10, 6), (20, 2)]);
        assert_eq!(sizes(4), [(10, 4), (14, 2), (20, 2)]);
    }

    #[test]
    fn text_ends_at_its_padding() {
        let point = Point {
            length: Some(3),
            ..point(0, PointType::String, WordOrder::Big)
        };
        let text = |words: &[u16]| decode(&point, words);
        assert_eq!(text(&[0x4142, 0x4300, 0]), Ok(Value::Text("ABC".into())));
        assert_eq!(text(&[0x4120, 0x2020, 0x2020]), Ok(Value::Text("A".into())));
        assert_eq!(text(&[0x0102, 0, 0]), Err("not text"));
        assert_eq!(text(&[0xFFFF, 0, 0]), Err("not text"));
    }
}
