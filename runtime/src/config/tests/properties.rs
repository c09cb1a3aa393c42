//! What holds of any config: one text for one config, and one outcome in whatever order sources are put together.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    proptest,
    sample::Index,
    test_runner::TestCaseError,
};

use crate::json::Node;
use crate::{
    call::{Disabled, Policies},
    config::{
        Origin, ServiceConfig,
        fields::{METHOD, says},
        merge::Merged,
        names::Named,
        value::{Item, Kind},
    },
};

/// What one source says: any of the fields, each with a value that is right for it.
fn policies() -> impl Strategy<Value = Policies> {
    let fields: usize = METHOD.iter().map(|group| group.fields.len()).sum();
    (
        vec(option::of(any::<(Index, u32)>()), fields),
        any::<bool>(),
    )
        .prop_map(|(values, retried)| {
            let mut policies = Policies::UNSET;
            let mut values = values.into_iter();
            for group in METHOD {
                let skipped = if retried {
                    "hedgingPolicy"
                } else {
                    "retryPolicy"
                };
                for (field, value) in group.fields.iter().zip(values.by_ref()) {
                    if let Some((index, number)) = value.filter(|_| group.json != skipped) {
                        (field.set)(&mut policies, item(field.kind, index, number));
                    }
                }
            }
            // No source disables what it says.
            let disabled = policies.disabled.map(|disabled| {
                let named = Disabled::ALL.iter();
                let silent = named.filter(|(name, _)| !says(&policies, name));
                let silent = silent.filter(|(_, one)| disabled.has(*one));
                silent.fold(Disabled::NONE, |all, (_, one)| all.and(*one))
            });
            Policies {
                disabled,
                ..policies
            }
        })
}

/// A value that is right for a field of this kind.
fn item(kind: Kind, index: Index, number: u32) -> Item {
    let text = match kind {
        Kind::Time(..) => format!("\"{}s\"", 1 + number % 10),
        Kind::Count(least, most) => (least + number % 5).min(most).to_string(),
        Kind::Capped(least, most) => (least + number % (most - least)).to_string(),
        Kind::Number(right, _) => {
            let tries = [0.25_f32, 1.5, 50.0];
            let right: Vec<_> = tries.into_iter().filter(|value| right(*value)).collect();
            right[index.index(right.len())].to_string()
        }
        Kind::Truth => number.is_multiple_of(2).to_string(),
        Kind::Codes => format!("[{}, {}]", 1 + number % 16, 1 + number % 7),
        Kind::Code => (number % 17).to_string(),
        Kind::Choice(known) => format!("\"{}\"", known[index.index(known.len())]),
        Kind::Policies => {
            let (name, _) = Disabled::ALL[index.index(Disabled::ALL.len())];
            format!("[\"{name}\"]")
        }
        Kind::Window => return Item::Window(crate::call::Window::Count(1 + number % 100)),
    };
    let node = crate::json::parse(&text).unwrap();
    kind.read(&node).unwrap()
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Contract),
        Just(Origin::Pushed),
        Just(Origin::Code)
    ]
}

fn merged() -> impl Strategy<Value = Merged> {
    (policies(), origin()).prop_map(|(policies, origin)| Merged::of(&policies, &origin))
}

/// JSON of any shape, with the keys that a config has.
fn json() -> impl Strategy<Value = Node> {
    let keys: Vec<String> = METHOD
        .iter()
        .flat_map(|group| {
            let fields = group.fields.iter().flat_map(|field| field.keys());
            fields.chain([group.json.to_owned()])
        })
        .chain(
            [
                "methodConfig",
                "name",
                "service",
                "retryThrottling",
                "loadBalancingConfig",
            ]
            .map(str::to_owned),
        )
        .chain(["outlier_detection_experimental", "gate", "maxTokens", ""].map(str::to_owned))
        .collect();
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Truth),
        any::<i64>().prop_map(|number| Node::Number(number.to_string())),
        any::<f32>()
            .prop_filter("JSON has no other", |number| number.is_finite())
            .prop_map(|number| Node::Number(format!("{number:e}"))),
        "[-0-9.]{0,12}s?|UNAVAILABLE|COUNT|NaN|\\PC{0,8}".prop_map(Node::Text),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let key = proptest::sample::select(keys.clone());
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Node::List),
            vec((key, inner), 0..6).prop_map(Node::Map),
        ]
    })
}

fn canonical(config: &ServiceConfig) -> Result<(), TestCaseError> {
    let text = config.to_json();
    let again = ServiceConfig::from_json(&text)
        .map_err(|errors| TestCaseError::fail(format!("{text}: {errors}")))?;
    proptest::prop_assert_eq!(again.to_json(), text);
    Ok(())
}

proptest! {
    #[test]
    fn one_config_has_one_text(policies in vec(policies(), 0..4)) {
        let mut config = ServiceConfig::new();
        for (index, policies) in policies.into_iter().enumerate() {
            config = config.service(&format!("s{index}"), policies);
        }
        // What contradicts itself is refused, and has no text to read.
        if config.check().is_ok() && ServiceConfig::from_json(&config.to_json()).is_ok() {
            canonical(&config)?;
        }
    }

    #[test]
    fn sources_can_be_put_together_in_any_grouping(a in merged(), b in merged(), c in merged()) {
        let left = a.clone().under(b.clone()).under(c.clone());
        let right = a.under(b.under(c));
        proptest::prop_assert_eq!(left, right);
    }

    #[test]
    fn the_narrower_source_wins_wherever_it_says_something(wide in policies(), narrow in policies()) {
        let both = Merged::of(&wide, &Origin::Contract).under(Merged::of(&narrow, &Origin::Code));
        let off = both.disabled().fold(Disabled::NONE, |all, (one, _)| all.and(one));
        let both = both.policies();
        for (name, one) in Disabled::ALL {
            let said_off = |said: &Policies| said.disabled.is_some_and(|said| said.has(*one));
            let expected = said_off(&narrow) || said_off(&wide) && !says(&narrow, name);
            proptest::prop_assert_eq!(off.has(*one), expected, "{}", name);
            proptest::prop_assert!(!off.has(*one) || !says(&both, name) || *name == "circuitBreaker");
        }
        for group in METHOD {
            for field in group.fields {
                match ((field.get)(&wide), (field.get)(&narrow)) {
                    _ if matches!(field.kind, Kind::Policies) => {}
                    _ if off.has(Disabled::BREAKER) && group.json == "circuitBreaker" => {}
                    _ if off.has(Disabled::TIMEOUT) && field.name == "timeout" => {}
                    (_, Some(said)) => proptest::prop_assert_eq!((field.get)(&both), Some(said)),
                    (said, None) if (group.has)(&both) => proptest::prop_assert_eq!((field.get)(&both), said),
                    _ => {}
                }
            }
        }
        let repeats = narrow.retry.is_some() || narrow.hedging.is_some();
        if repeats {
            proptest::prop_assert_eq!(both.retry.is_some(), narrow.retry.is_some());
            proptest::prop_assert_eq!(both.hedging.is_some(), narrow.hedging.is_some());
        }
    }

    #[test]
    fn no_json_makes_a_panic_and_what_is_accepted_is_canonical(node in json()) {
        if let Ok(config) = ServiceConfig::from_json(&node.to_string()) {
            canonical(&config)?;
        }
    }

    #[test]
    fn no_text_makes_a_panic(text in "\\PC{0,64}|[\\[\\]{}\",:0-9eE.\\\\u+-]{0,64}") {
        let _ = ServiceConfig::from_json(&text);
    }
}
