//! The shape of a YAML text with the place of every key and value, so that a check of a typed
//! value can point at where it was written.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::located::Position;

/// A place and how many characters it spans (0 when not known).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) at: Position,
    pub(super) width: usize,
}

/// A value with its place.
#[derive(Debug)]
pub(super) struct Node {
    place: Place,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar,
    List(Vec<Node>),
    Map(Vec<(String, Place, Node)>),
}

fn place<T>(spanned: &Spanned<T>) -> Place {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let location = spanned.referenced;
    Place {
        at: Position {
            line: small(location.line()),
            column: small(location.column()),
        },
        width: usize::try_from(location.span().len()).unwrap_or(0),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Node {
            place: place(&spanned),
            kind: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_none<E: de::Error>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let at = place(&key);
            entries.push((key.value, at, map.next_value()?));
        }
        Ok(Kind::Map(entries))
    }
}

impl Node {
    /// The key or scalar that starts exactly at `at`.
    pub(super) fn place_at(&self, at: Position) -> Option<Place> {
        let own = (self.place.at == at && matches!(self.kind, Kind::Scalar)).then_some(self.place);
        own.or_else(|| match &self.kind {
            Kind::Scalar => None,
            Kind::List(items) => items.iter().find_map(|item| item.place_at(at)),
            Kind::Map(entries) => entries.iter().find_map(|(_, place, value)| {
                if place.at == at {
                    Some(*place)
                } else {
                    value.place_at(at)
                }
            }),
        })
    }

    /// The key whose value is at `at`, or is the table or list that holds what is at `at`; with
    /// the place to point at when something is missing there.
    pub(super) fn owner_of(&self, at: Position) -> Option<(&str, Place)> {
        self.owner_below(at, None)
    }

    fn owner_below<'a>(
        &'a self,
        at: Position,
        owner: Option<(&'a str, Place)>,
    ) -> Option<(&'a str, Place)> {
        let here = self.place.at == at;
        match &self.kind {
            Kind::Scalar => owner.filter(|_| here),
            Kind::List(items) => owner.filter(|_| here).or_else(|| {
                items.iter().find_map(|item| {
                    item.owner_below(at, owner.map(|(name, _)| (name, item.place)))
                })
            }),
            Kind::Map(entries) => {
                let here = here || entries.iter().any(|(_, key, _)| key.at == at);
                owner.filter(|_| here).or_else(|| {
                    entries
                        .iter()
                        .find_map(|(key, place, value)| value.owner_below(at, Some((key, *place))))
                })
            }
        }
    }

    /// The first key of the table, which in our files says what they are.
    pub(super) fn first_key(&self) -> Option<&str> {
        match &self.kind {
            Kind::Map(entries) => entries.first().map(|(key, _, _)| key.as_str()),
            Kind::Scalar | Kind::List(_) => None,
        }
    }

    /// Whether a scalar or a list starts exactly at `at`.
    pub(super) fn has_no_table_at(&self, at: Position) -> bool {
        match &self.kind {
            Kind::Scalar => self.place.at == at,
            Kind::List(items) => {
                let first_is_table = items
                    .first()
                    .is_some_and(|item| item.place.at == at && matches!(item.kind, Kind::Map(_)));
                (self.place.at == at && !first_is_table)
                    || items.iter().any(|item| item.has_no_table_at(at))
            }
            Kind::Map(entries) => entries
                .iter()
                .any(|(_, _, value)| value.has_no_table_at(at)),
        }
    }

    /// The last scalar that starts before `at`.
    pub(super) fn scalar_before(&self, at: Position) -> Option<Place> {
        match &self.kind {
            Kind::Scalar => (self.place.at < at).then_some(self.place),
            Kind::List(items) => items.iter().rev().find_map(|item| item.scalar_before(at)),
            Kind::Map(entries) => entries
                .iter()
                .rev()
                .find_map(|(_, _, value)| value.scalar_before(at)),
        }
    }
}

/// A place in the outline, walked down by key and index beside the typed value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    node: Option<&'a Node>,
    place: Place,
}

impl<'a> Cursor<'a> {
    /// The whole text.
    pub(super) fn root(node: &'a Node) -> Self {
        let start = Place {
            at: Position { line: 1, column: 1 },
            width: 0,
        };
        let place = if node.place.at.line == 0 {
            start
        } else {
            node.place
        };
        Cursor {
            node: Some(node),
            place,
        }
    }

    /// Where it is.
    pub(super) fn place(self) -> Place {
        self.place
    }

    fn entry(self, name: &str) -> Option<&'a (String, Place, Node)> {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().find(|(key, _, _)| key == name),
            Some(Kind::Scalar | Kind::List(_)) | None => None,
        }
    }

    /// The value of a key; the same place when the key is not there. A table or list in block
    /// style has no mark of its own: its key stands for it.
    pub(super) fn key(self, name: impl AsRef<str>) -> Self {
        match self.entry(name.as_ref()) {
            Some((_, key, node)) => {
                let block = !matches!(node.kind, Kind::Scalar) && node.place.width == 0;
                let place = if block { *key } else { node.place };
                Cursor {
                    node: Some(node),
                    place,
                }
            }
            None => Cursor {
                node: None,
                place: self.place,
            },
        }
    }

    /// A key itself; the same place when it is not there.
    pub(super) fn name(self, name: impl AsRef<str>) -> Self {
        let place = self
            .entry(name.as_ref())
            .map_or(self.place, |(_, place, _)| *place);
        Cursor { node: None, place }
    }

    /// A list item, from 0; the same place when it is not there.
    pub(super) fn item(self, index: usize) -> Self {
        let item = match self.node.map(|node| &node.kind) {
            Some(Kind::List(items)) => items.get(index),
            Some(Kind::Scalar | Kind::Map(_)) | None => None,
        };
        item.map_or(
            Cursor {
                node: None,
                place: self.place,
            },
            |node| Cursor {
                node: Some(node),
                place: node.place,
            },
        )
    }
}
