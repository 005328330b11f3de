//! Layout of the SunSpec models the DUT shows: offsets from the model's ID register as in the
//! tables of the SunSpec models, and what is writable.

/// First register: `SunS`.
pub(crate) const BASE: u16 = 40_000;

/// Not implemented.
pub(crate) const NO_U16: u16 = 0xffff;
pub(crate) const NO_I16: u16 = 0x8000;

/// A model: identifier, L, and its writable offsets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) id: u16,
    pub(crate) length: u16,
    pub(crate) writable: &'static [u16],
}

const fn layout(id: u16, length: u16, writable: &'static [u16]) -> Layout {
    Layout {
        id,
        length,
        writable,
    }
}

/// Models in the order of the map; storage (124) only with a battery.
pub(crate) fn layouts(battery: bool) -> Vec<Layout> {
    let mut all = vec![
        layout(1, 66, &[66]),
        layout(101, 50, &[]),
        layout(120, 26, &[]),
        layout(
            121,
            30,
            &[
                2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
            ],
        ),
        layout(122, 44, &[]),
        layout(
            123,
            24,
            &[
                2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
            ],
        ),
    ];
    if battery {
        all.push(layout(124, 24, &[2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17]));
    }
    all.push(layout(704, 65, WRITABLE_704));
    all
}

const WRITABLE_704: &[u16] = &[
    2, 3, 4, 5, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 49, 50, 51, 52, 59, 60, 61, 62, 63, 64, 65, 66,
];

/// First offsets of two-register points, which one request must write whole.
pub(crate) const PAIRS_704: &[u16] = &[4, 10, 18, 24, 26, 31, 38, 40, 45];

/// The models as one array of registers from [`BASE`].
#[derive(Debug, Clone)]
pub(crate) struct Map {
    registers: Vec<u16>,
    /// (layout, index of its ID register).
    models: Vec<(Layout, usize)>,
}

impl Map {
    /// Marker, model headers, zeros, end marker.
    pub(crate) fn new(battery: bool) -> Self {
        let mut registers = vec![0x5375, 0x6e53];
        let mut models = Vec::new();
        for layout in layouts(battery) {
            models.push((layout, registers.len()));
            registers.extend([layout.id, layout.length]);
            registers.resize(registers.len() + usize::from(layout.length), 0);
        }
        registers.extend([0xffff, 0]);
        Self { registers, models }
    }

    /// `count` registers from a PDU address, if all exist.
    pub(crate) fn read(&self, start: u16, count: u16) -> Option<&[u16]> {
        let first = usize::from(start.checked_sub(BASE)?);
        self.registers.get(first..first + usize::from(count))
    }

    fn index(&self, id: u16, offset: u16) -> Option<usize> {
        let (_, start) = self.models.iter().find(|(layout, _)| layout.id == id)?;
        Some(start + usize::from(offset))
    }

    /// A register of a model; 0 when the model is absent.
    pub(crate) fn get(&self, id: u16, offset: u16) -> u16 {
        self.index(id, offset)
            .map_or(0, |index| self.registers[index])
    }

    /// Sets a register of a model, if it is there.
    pub(crate) fn set(&mut self, id: u16, offset: u16, value: u16) {
        if let Some(index) = self.index(id, offset) {
            self.registers[index] = value;
        }
    }

    /// Sets several registers from `offset`.
    pub(crate) fn fill(&mut self, id: u16, offset: u16, values: &[u16]) {
        for (at, &value) in (offset..).zip(values) {
            self.set(id, at, value);
        }
    }

    /// Sets a 32-bit point, high word first.
    pub(crate) fn set32(&mut self, id: u16, offset: u16, value: u32) {
        self.fill(id, offset, &[(value >> 16) as u16, value as u16]);
    }

    /// A signed 32-bit point.
    pub(crate) fn get32(&self, id: u16, offset: u16) -> i32 {
        (u32::from(self.get(id, offset)) << 16 | u32::from(self.get(id, offset + 1))) as i32
    }

    /// Sets a string of `length` registers, padded with NUL.
    pub(crate) fn set_text(&mut self, id: u16, offset: u16, length: u16, text: &str) {
        let mut bytes = text.bytes().chain(std::iter::repeat(0));
        for at in offset..offset + length {
            let pair = [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)];
            self.set(id, at, u16::from_be_bytes(pair));
        }
    }

    /// The model and offset of an address, if `count` registers from there lie inside its body.
    pub(crate) fn locate(&self, start: u16, count: u16) -> Option<(Layout, u16)> {
        let first = usize::from(start.checked_sub(BASE)?);
        self.models.iter().find_map(|&(layout, at)| {
            let body = at + 2..at + 2 + usize::from(layout.length);
            (body.contains(&first) && first + usize::from(count) <= body.end)
                .then_some((layout, (first - at) as u16))
        })
    }
}
