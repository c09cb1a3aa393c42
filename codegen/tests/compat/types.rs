//! What a change of type breaks, measured: values at the bounds of every type, read as every other one.
//!
//! `COUPLET_BLESS=1 cargo test -p couplet-codegen --test compat` writes the table that the rules read. A second table, of
//! counts that other implementations gave for the same pairs, must lead to the same effects.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use couplet_codegen::compat::{Contract, Effect, Effects, Terms};
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value};

use crate::contracts::{Files, changes, contract};

const TABLE: &str = "src/compat/rules/types.txt";
const COUNTS: &str = include_str!("../../../tests/cases/types.json");

const TYPES: [&str; 17] = [
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32",
    "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes", "enum", "message",
];

/// Types that are numbers in JSON, too: the first twelve.
const NUMBERS: usize = 12;

/// Types that read each other's bytes, though not every value.
const READABLE: [&[&str]; 4] = [
    &["int32", "int64", "uint32", "uint64", "bool"],
    &["sint32", "sint64"],
    &["fixed32", "sfixed32"],
    &["fixed64", "sfixed64"],
];

/// Types that are one in Rust.
const IN_RUST: [&[&str]; 4] = [
    &["int32", "sint32", "sfixed32"],
    &["int64", "sint64", "sfixed64"],
    &["uint32", "fixed32"],
    &["uint64", "fixed64"],
];

/// How a type is written in the contract of these tests.
fn written(name: &str) -> &str {
    match name {
        "enum" => "E",
        "message" => "N",
        _ => name,
    }
}

/// A message for each type, whose one field is of that type.
fn holders() -> Contract {
    let mut text =
        "syntax = \"proto3\"; package a; enum E { A = 0; B = 1; } message N { int32 x = 1; }"
            .to_owned();
    for (at, name) in TYPES.iter().enumerate() {
        let _ = write!(
            text,
            "message M{at} {{ optional {} a = 1; }}",
            written(name)
        );
    }
    contract(&Files::from([("a.proto".to_owned(), text)])).expect("a contract")
}

/// Values at the bounds of a type, and one that most types have.
fn bounds(name: &str, inner: &MessageDescriptor) -> Vec<Value> {
    match name {
        "double" => [1.0, 0.5, 1e300].map(Value::F64).to_vec(),
        "float" => [1.0, 0.5].map(Value::F32).to_vec(),
        "int32" | "sint32" | "sfixed32" => [1, -1, 7, i32::MIN, i32::MAX].map(Value::I32).to_vec(),
        "int64" | "sint64" | "sfixed64" => [1, -1, 7, i64::MIN, i64::MAX].map(Value::I64).to_vec(),
        "uint32" | "fixed32" => [1, 7, u32::MAX].map(Value::U32).to_vec(),
        "uint64" | "fixed64" => [1, 7, u64::MAX].map(Value::U64).to_vec(),
        "bool" => vec![Value::Bool(true)],
        "string" => ["a", "1", "é"]
            .map(|text| Value::String(text.to_owned()))
            .to_vec(),
        "bytes" => vec![
            Value::Bytes(vec![0xff, 0xfe].into()),
            Value::Bytes(vec![b'a'].into()),
        ],
        "enum" => [1, 7].map(Value::EnumNumber).to_vec(),
        _ => {
            let mut message = DynamicMessage::new(inner.clone());
            message.set_field_by_name("x", Value::I32(1));
            vec![Value::Message(message)]
        }
    }
}

/// A value as something that is the same for types which mean the same.
#[derive(Debug, PartialEq)]
enum Meaning {
    Integer(i128),
    Real(f64),
    Bytes(Vec<u8>),
    Other(String),
}

fn meaning(value: &Value) -> Meaning {
    match value {
        Value::Bool(value) => Meaning::Integer(i128::from(*value)),
        Value::I32(value) | Value::EnumNumber(value) => Meaning::Integer(i128::from(*value)),
        Value::I64(value) => Meaning::Integer(i128::from(*value)),
        Value::U32(value) => Meaning::Integer(i128::from(*value)),
        Value::U64(value) => Meaning::Integer(i128::from(*value)),
        // A real number that is whole means the integer.
        Value::F32(value) => real(f64::from(*value)),
        Value::F64(value) => real(*value),
        Value::String(value) => Meaning::Bytes(value.as_bytes().to_vec()),
        Value::Bytes(value) => Meaning::Bytes(value.to_vec()),
        other => Meaning::Other(other.to_string()),
    }
}

fn real(value: f64) -> Meaning {
    let whole = format!("{value}").parse();
    whole.map_or(Meaning::Real(value), Meaning::Integer)
}

/// What of a type's values another one reads as they were meant.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    all: usize,
    binary: usize,
    json: usize,
}

impl Kept {
    fn is_all(self) -> [bool; 2] {
        [self.binary == self.all, self.json == self.all]
    }
}

fn kept(contract: &Contract, from: usize, to: usize) -> Kept {
    let holder = |at: usize| {
        let message = contract.pool().get_message_by_name(&format!("a.M{at}"));
        message.expect("a message")
    };
    let inner = contract.pool().get_message_by_name("a.N");
    let mut kept = Kept::default();
    for value in bounds(TYPES[from], &inner.expect("a message")) {
        let mut sent = DynamicMessage::new(holder(from));
        sent.set_field_by_name("a", value.clone());
        let is_kept = |read: Option<DynamicMessage>| {
            let field = read.filter(|read| read.has_field_by_name("a"));
            field.is_some_and(|read| {
                let read = read.get_field_by_name("a");
                read.is_some_and(|read| meaning(&read) == meaning(&value))
            })
        };
        let binary = DynamicMessage::decode(holder(to), sent.encode_to_vec().as_slice());
        let text = serde_json::to_string(&sent).expect("JSON");
        let json =
            DynamicMessage::deserialize(holder(to), &mut serde_json::Deserializer::from_str(&text));
        kept.all += 1;
        kept.binary += usize::from(is_kept(binary.ok()));
        kept.json += usize::from(is_kept(json.ok()));
    }
    kept
}

fn are_in(groups: &[&[&str]], old: usize, new: usize) -> bool {
    let is_in = |group: &&[&str]| group.contains(&TYPES[old]) && group.contains(&TYPES[new]);
    groups.iter().any(is_in)
}

/// The effects of a change of type, from what is kept on the way there and on the way back.
fn effects(old: usize, new: usize, there: Kept, back: Kept) -> Effects {
    let [binary, json] = [0, 1].map(|at| there.is_all()[at] && back.is_all()[at]);
    let is_readable =
        are_in(&READABLE, old, new) || (TYPES[old], TYPES[new]) == ("string", "bytes");
    let are_numbers = old < NUMBERS && new < NUMBERS;
    let grade = |is_same, is_cond| match (is_same, is_cond) {
        (true, _) => Effect::None,
        (false, true) => Effect::Cond,
        (false, false) => Effect::Major,
    };
    Effects::new(
        grade(are_in(&IN_RUST, old, new), false),
        grade(binary, is_readable),
        grade(json, are_numbers && there.json + back.json > 0),
    )
}

/// Every effect, each type in the order of the table.
fn table(effects: impl Fn(usize, usize) -> Effects) -> String {
    let sign = |effect: Effect| match effect {
        Effect::None => '.',
        Effect::Minor => 'm',
        Effect::Cond => 'c',
        Effect::Major => 'M',
    };
    let mut table =
        "# What a change of type does to source, wire and JSON, the old type in front: \
                     . none, c cond, M major.\n"
            .to_owned();
    let row = |first: &str, cells: Vec<String>| {
        let cells = std::iter::once(first.to_owned()).chain(cells);
        let line: String = cells.map(|cell| format!("{cell:9}")).collect();
        line.trim_end().to_owned() + "\n"
    };
    table += &row("", TYPES.map(str::to_owned).to_vec());
    for (old, name) in TYPES.iter().enumerate() {
        let cells = (0..TYPES.len()).map(|new| {
            let Effects { source, wire, json } = match old == new {
                true => Effects::NONE,
                false => effects(old, new),
            };
            [source, wire, json].map(sign).iter().collect()
        });
        table += &row(name, cells.collect());
    }
    table
}

#[test]
fn the_table_is_what_is_measured() {
    let contract = holders();
    let measured = table(|old, new| {
        let (there, back) = (kept(&contract, old, new), kept(&contract, new, old));
        effects(old, new, there, back)
    });
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(TABLE, &measured).expect("the folder of the rules");
    }
    let known = fs::read_to_string(TABLE).expect("the table");
    assert!(
        known == measured,
        "measured is\n{measured}\nlook at the difference after COUPLET_BLESS=1"
    );
}

#[test]
fn other_implementations_measured_the_same() {
    let pairs: Vec<serde_json::Value> = serde_json::from_str(COUNTS).expect("a list of pairs");
    let at = |name: &serde_json::Value| {
        let name = name.as_str().expect("a type");
        TYPES
            .iter()
            .position(|it| written(it) == name)
            .expect("a type")
    };
    let kept = |counts: &serde_json::Value| {
        let count = |of: &serde_json::Value, only: Option<&str>| -> usize {
            let counts = of.as_object().expect("counts by outcome");
            let counts = counts
                .iter()
                .filter(|(outcome, _)| only.is_none_or(|only| *outcome == only));
            let counts = counts.map(|(_, count)| count.as_u64().expect("a count"));
            usize::try_from(counts.sum::<u64>()).expect("a small count")
        };
        Kept {
            all: count(&counts["binary"], None),
            binary: count(&counts["binary"], Some("same")),
            json: count(&counts["json"], Some("same")),
        }
    };
    let others: BTreeMap<_, _> = pairs
        .iter()
        .map(|pair| {
            let (old, new) = (at(&pair["old"]), at(&pair["new"]));
            let (there, back) = (kept(&pair["old_to_new"]), kept(&pair["new_to_old"]));
            ((old, new), effects(old, new, there, back))
        })
        .collect();
    assert_eq!(others.len(), 272);
    let known = fs::read_to_string(TABLE).expect("the table");
    assert_eq!(table(|old, new| others[&(old, new)]), known);
}

#[test]
fn a_field_of_another_type_is_graded_as_the_table_says() {
    let (mut old, mut new) = (header(), header());
    for (from, one) in TYPES.iter().enumerate() {
        for (to, other) in TYPES.iter().enumerate() {
            let number = from * TYPES.len() + to + 1;
            let _ = writeln!(
                old,
                "optional {} f_{from}_to_{to} = {number};",
                written(one)
            );
            let _ = writeln!(
                new,
                "optional {} f_{from}_to_{to} = {number};",
                written(other)
            );
        }
    }
    let files = |text: String| Files::from([("a.proto".to_owned(), text + "}")]);
    let changes = changes(&files(old), &files(new), &Terms::default()).expect("two contracts");
    let by_field: BTreeMap<_, _> = changes
        .iter()
        .map(|change| (change.subject.as_str(), change.effects))
        .collect();
    let known = fs::read_to_string(TABLE).expect("the table");
    let graded = table(|old, new| by_field[format!("a.M.f_{old}_to_{new}").as_str()]);
    assert_eq!((changes.len(), graded), (272, known));
}

fn header() -> String {
    "syntax = \"proto3\"; package a; enum E { A = 0; B = 1; } message N { int32 x = 1; } message M {\n"
        .to_owned()
}
