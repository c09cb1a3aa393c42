//! From what a source declares to what a policy works with: the defaults where the source is silent.

/// Puts the fields that are `declared` in the place of those of `config`, which are the defaults.
macro_rules! take {
    ($declared:ident => $config:ident: $($field:ident),* $(,)?) => {
        $(if let Some(value) = $declared.$field {
            $config.$field = value;
        })*
    };
}

pub(super) use take;
