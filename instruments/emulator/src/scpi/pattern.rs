//! Header patterns as manuals print them, and the table of an instrument's commands.
//!
//! `[SOURce:]VOLTage[:LEVel]:AC` has optional nodes, `ELEMent<n>` a numeric suffix,
//! `FETCh|MEASure` alternatives. Upper case is the short form.

use super::fault::{self, Fault};

/// How a command may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Only without `?`.
    Set,
    /// Only with `?`.
    Query,
    /// Both.
    Both,
}

/// What names a node besides its short and its long form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Nothing (SCPI-99).
    Exact,
    /// Whatever lies between them: the short form is the least (Tektronix).
    Abbreviated,
}

impl Spelling {
    /// `word` names what has these forms.
    pub(crate) fn fits(self, word: &str, (short, long): (&str, &str)) -> bool {
        let between = || word.starts_with(short) && long.starts_with(word);
        word == short || word == long || (self == Spelling::Abbreviated && between())
    }
}

#[derive(Debug)]
struct Node {
    /// (short, long) in upper case.
    names: Vec<(String, String)>,
    optional: bool,
    suffix: bool,
}

/// One command of a table.
#[derive(Debug)]
struct Entry<C> {
    nodes: Vec<Node>,
    command: C,
    usage: Use,
}

/// The commands of an instrument.
#[derive(Debug)]
pub(crate) struct Table<C> {
    entries: Vec<Entry<C>>,
    spelling: Spelling,
}

/// A command found in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matched<C> {
    /// Which.
    pub(crate) command: C,
    /// Values of the `<n>` nodes; one that was left out has none.
    pub(crate) suffixes: Vec<u32>,
    /// Which of its alternatives the last node that has some was named by.
    pub(crate) word: usize,
    /// Header of a reply in short form, from the root: `:NUM:NORM:VAL`.
    pub(crate) short: String,
    /// In long form.
    pub(crate) long: String,
    /// Nodes at its end may be left out, and were.
    pub(crate) open: bool,
}

impl<C: Copy> Table<C> {
    /// Compiles `(pattern, command, usage)` rows.
    pub(crate) fn new(rows: &[(&str, C, Use)]) -> Self {
        let entries = rows
            .iter()
            .map(|&(pattern, command, usage)| Entry {
                nodes: compile(pattern),
                command,
                usage,
            })
            .collect();
        Self {
            entries,
            spelling: Spelling::Exact,
        }
    }

    /// The same with nodes spelt so.
    pub(crate) fn spelt(self, spelling: Spelling) -> Self {
        Self { spelling, ..self }
    }

    /// The first command that `header` names, or -113, or -114 for a suffix where none belongs.
    /// Exact names come before abbreviations.
    pub(crate) fn find(&self, header: &[String], query: bool) -> Result<Matched<C>, Fault> {
        let exact = self.first(header, query, Spelling::Exact);
        match (&exact, self.spelling) {
            (Err(_), Spelling::Abbreviated) => self.first(header, query, self.spelling),
            (_, Spelling::Exact | Spelling::Abbreviated) => exact,
        }
    }

    fn first(
        &self,
        header: &[String],
        query: bool,
        spelling: Spelling,
    ) -> Result<Matched<C>, Fault> {
        let mut bad_suffix = false;
        let mut trail = Vec::with_capacity(8);
        for entry in &self.entries {
            let wanted = match entry.usage {
                Use::Set => !query,
                Use::Query => query,
                Use::Both => true,
            };
            if !wanted {
                continue;
            }
            trail.clear();
            if walk(&entry.nodes, header, spelling, &mut trail, &mut bad_suffix) {
                return Ok(entry.matched(&trail));
            }
        }
        Err(if bad_suffix {
            fault::HEADER_SUFFIX
        } else {
            fault::UNDEFINED_HEADER
        })
    }
}

/// How many there are of what a pattern leaves open.
pub(crate) trait Members<C> {
    /// Numbers of a node `NAME<n>`, its name in long form.
    fn numbers(&self, command: C, node: &str) -> u32;
    /// Whether each of the alternatives of a node is a setting of its own.
    fn distinct(&self, command: C) -> bool;
    /// Whether the node above tells it.
    fn listed(&self, command: C) -> bool;
}

impl<C: Copy + PartialEq> Table<C> {
    /// The settings below the node that `header` names, in the order of the table, with every member
    /// of the nodes that the header leaves open.
    pub(crate) fn below(&self, header: &[String], members: &impl Members<C>) -> Vec<Matched<C>> {
        let mut all: Vec<Matched<C>> = Vec::new();
        let told = |entry: &&Entry<C>| entry.usage == Use::Both && members.listed(entry.command);
        for entry in self.entries.iter().filter(told) {
            for taken in 1..entry.nodes.len() {
                let mut trail = Vec::with_capacity(8);
                if !walk(
                    &entry.nodes[..taken],
                    header,
                    self.spelling,
                    &mut trail,
                    &mut false,
                ) {
                    continue;
                }
                for trail in entry.spread(taken, trail, members) {
                    let matched = entry.matched(&trail);
                    let known = |one: &Matched<C>| {
                        one.command == matched.command
                            && one.suffixes == matched.suffixes
                            && one.word == matched.word
                    };
                    if !all.iter().any(known) {
                        all.push(matched);
                    }
                }
                break;
            }
        }
        all
    }
}

/// A matched node: its place, the alternative, the suffix as written.
type Step = (usize, usize, Option<u32>);

impl<C: Copy> Entry<C> {
    /// The trail goes on from node `taken` to the end, once for every member of what is open there.
    fn spread(&self, taken: usize, trail: Vec<Step>, members: &impl Members<C>) -> Vec<Vec<Step>> {
        let mut trails = vec![trail];
        for (at, node) in self.nodes.iter().enumerate().skip(taken) {
            let last = node.names.len() - 1;
            let steps: Vec<Step> = if node.suffix {
                let count = members.numbers(self.command, &node.names[last].1);
                // the only one goes without its number
                let number = |n| Some(n).filter(|_| count > 1);
                (1..=count).map(|n| (at, last, number(n))).collect()
            } else if members.distinct(self.command) {
                (0..=last)
                    .map(|alternative| (at, alternative, None))
                    .collect()
            } else {
                vec![(at, 0, None)]
            };
            trails = trails
                .into_iter()
                .flat_map(|trail| {
                    let longer = |&step: &Step| [trail.as_slice(), &[step]].concat();
                    steps.iter().map(longer).collect::<Vec<_>>()
                })
                .collect();
        }
        trails
    }

    fn matched(&self, trail: &[Step]) -> Matched<C> {
        let mut matched = Matched {
            command: self.command,
            suffixes: Vec::new(),
            word: 0,
            short: String::new(),
            long: String::new(),
            open: trail
                .last()
                .is_some_and(|step| step.0 + 1 < self.nodes.len()),
        };
        for (index, node) in self.nodes.iter().enumerate() {
            let step = trail.iter().find(|step| step.0 == index);
            let Some(&(_, alternative, suffix)) = step else {
                continue;
            };
            // of alternatives the last has the suffix: `ALL|ELEMent<n>`
            if node.suffix && (suffix.is_some() || alternative + 1 == node.names.len()) {
                matched.suffixes.push(suffix.unwrap_or(1));
            }
            if node.names.len() > 1 {
                matched.word = alternative;
            }
            let (short, long) = &node.names[alternative];
            let digits = if node.suffix {
                suffix.map_or(String::new(), |n| n.to_string())
            } else {
                String::new()
            };
            matched.short.push_str(&format!(":{short}{digits}"));
            matched.long.push_str(&format!(":{long}{digits}"));
        }
        matched
    }
}

fn compile(pattern: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut optional = false;
    for (index, group) in pattern.split(['[', ']']).enumerate() {
        // groups alternate: outside, inside, outside… brackets
        optional = if index == 0 { false } else { !optional };
        for text in group.split(':').filter(|text| !text.is_empty()) {
            let (text, suffix) = match text.strip_suffix("<n>") {
                Some(text) => (text, true),
                None => (text, false),
            };
            let names = text
                .split('|')
                .map(|name| {
                    let short: String = name.chars().filter(|c| !c.is_ascii_lowercase()).collect();
                    (short, name.to_ascii_uppercase())
                })
                .collect();
            nodes.push(Node {
                names,
                optional,
                suffix,
            });
        }
    }
    nodes
}

fn walk(
    nodes: &[Node],
    words: &[String],
    spelling: Spelling,
    trail: &mut Vec<Step>,
    bad_suffix: &mut bool,
) -> bool {
    fn inner(
        nodes: &[Node],
        at: usize,
        (words, spelling): (&[String], Spelling),
        trail: &mut Vec<Step>,
        bad: &mut bool,
    ) -> bool {
        let Some(node) = nodes.get(at) else {
            return words.is_empty();
        };
        if let Some((word, rest)) = words.split_first()
            && let Some((alternative, suffix)) = node.accept(
                (word, spelling),
                bad,
                rest.is_empty() && at + 1 == nodes.len(),
            )
        {
            trail.push((at, alternative, suffix));
            if inner(nodes, at + 1, (rest, spelling), trail, bad) {
                return true;
            }
            trail.pop();
        }
        node.optional && inner(nodes, at + 1, (words, spelling), trail, bad)
    }
    inner(nodes, 0, (words, spelling), trail, bad_suffix)
}

impl Node {
    /// The alternative and suffix of `word`, if it names this node.
    fn accept(
        &self,
        (word, spelling): (&str, Spelling),
        bad_suffix: &mut bool,
        last: bool,
    ) -> Option<(usize, Option<u32>)> {
        let exact = |word: &str| {
            self.names
                .iter()
                .position(|(short, long)| spelling.fits(word, (short, long)))
        };
        if let Some(alternative) = exact(word) {
            return Some((alternative, None));
        }
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if stem.len() == word.len() {
            return None;
        }
        let alternative = exact(stem)?;
        let number: Option<u32> = word[stem.len()..].parse().ok();
        match number {
            Some(number) if self.suffix || number == 1 => Some((alternative, Some(number))),
            Some(_) | None => {
                *bad_suffix |= last;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<u8> {
        Table::new(&[
            (
                "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]:AC",
                1,
                Use::Both,
            ),
            ("INPut:VOLTage:RANGe[:ELEMent<n>]", 2, Use::Both),
            ("FETCh|MEASure[:SCALar]:VOLTage:ACDC", 3, Use::Query),
            ("[SOURce:]PHASe:P12", 4, Use::Both),
            ("TRIG", 5, Use::Set),
        ])
    }

    fn find(text: &str) -> Result<(u8, Vec<u32>), i32> {
        let header: Vec<String> = text
            .trim_end_matches('?')
            .split(':')
            .map(str::to_owned)
            .collect();
        table()
            .find(&header, text.ends_with('?'))
            .map(|m| (m.command, m.suffixes))
            .map_err(|f| f.code)
    }

    #[test]
    fn short_long_and_optional_nodes() {
        assert_eq!(find("VOLT:AC"), Ok((1, vec![])));
        assert_eq!(find("SOURCE:VOLTAGE:LEV:IMM:AMPL:AC?"), Ok((1, vec![])));
        assert_eq!(find("VOLTA:AC"), Err(-113));
        assert_eq!(find("SOUR:PHAS:P12"), Ok((4, vec![])));
        assert_eq!(find("MEAS:VOLT:ACDC?"), Ok((3, vec![])));
        assert_eq!(find("MEAS:VOLT:ACDC"), Err(-113));
        assert_eq!(find("TRIG?"), Err(-113));
    }

    #[test]
    fn numeric_suffixes() {
        assert_eq!(find("INP:VOLT:RANG:ELEM3"), Ok((2, vec![3])));
        assert_eq!(find("INP:VOLT:RANG"), Ok((2, vec![])), "all of them");
        assert_eq!(find("INP:VOLT:RANG:ELEM"), Ok((2, vec![1])));
        assert_eq!(find("INP:VOLT:RANG:ELEM99999999999"), Err(-114));
        assert_eq!(find("TRIG1"), Ok((5, vec![])));
        assert_eq!(find("TRIG2"), Err(-114));
    }

    /// Two of everything; alternatives of 5 are settings of their own.
    struct Two;

    impl Members<u8> for Two {
        fn numbers(&self, _command: u8, _node: &str) -> u32 {
            2
        }

        fn distinct(&self, command: u8) -> bool {
            command == 5
        }

        fn listed(&self, _command: u8) -> bool {
            true
        }
    }

    #[test]
    fn a_node_stands_for_the_settings_below_it() {
        let table = Table::new(&[
            ("[INPut:]VOLTage:RANGe[:ELEMent<n>]", 1, Use::Both),
            ("[INPut:]VOLTage:RANGe:ALL", 1, Use::Set),
            ("[INPut:]FILTer:LINE", 2, Use::Both),
            ("NUMeric:VALue", 3, Use::Query),
            ("CHANnel<n>:VOLTage:PROBe", 4, Use::Both),
            ("CHANnel<n>:PROBe", 4, Use::Both),
            ("LANGuage:MENU|MESSage", 5, Use::Both),
        ]);
        let below = |text: &str| -> Vec<(u8, Vec<u32>, String)> {
            let header: Vec<String> = text.split(':').map(str::to_owned).collect();
            let all = table.below(&header, &Two).into_iter();
            all.map(|m| (m.command, m.suffixes, m.short)).collect()
        };
        let range = |n: u32| (1, vec![n], format!(":INP:VOLT:RANG:ELEM{n}"));
        let filter = (2, vec![], ":INP:FILT:LINE".to_owned());
        assert_eq!(below("INPUT"), [range(1), range(2), filter]);
        assert_eq!(below("INP:VOLT"), [range(1), range(2)]);
        assert_eq!(below("INP:VOLT:RANG"), [range(1), range(2)]);
        assert_eq!(below("VOLT")[1].2, ":VOLT:RANG:ELEM2");
        assert_eq!(
            below("CHAN3"),
            [(4, vec![3], ":CHAN3:VOLT:PROB".to_owned())]
        );
        let words = [":LANG:MENU", ":LANG:MESS"];
        let shorts: Vec<String> = below("LANG").into_iter().map(|one| one.2).collect();
        assert_eq!(shorts, words);
        assert_eq!(below("NUM"), []);
        assert_eq!(below("INP:VOLT:RANG:ELEM1:X"), []);
    }

    #[test]
    fn reply_headers() {
        let header = ["INP", "VOLT", "RANG", "ELEM2"].map(str::to_owned);
        let matched = table().find(&header, true);
        assert_eq!(
            matched.map(|m| (m.short, m.long)),
            Ok((
                ":INP:VOLT:RANG:ELEM2".to_owned(),
                ":INPUT:VOLTAGE:RANGE:ELEMENT2".to_owned()
            ))
        );
    }
}
