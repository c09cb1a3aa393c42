//! The keys of calls: hashes of the field that a contract names in `hash_field`.

use std::num::NonZeroU64;

use bytes::Bytes;

use crate::policy::balance::hash;

/// The key of a call whose field has this value; none where an optional field is not set, so that the call goes anywhere.
pub fn key(value: &impl Key) -> Option<NonZeroU64> {
    let hash = value.hashed()?;
    // One value of all has to share its key with another.
    Some(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
}

/// A field that can be a key.
pub trait Key {
    /// Its hash. That of a text is the same as that of metadata with this text.
    fn hashed(&self) -> Option<u64>;
}

impl<K: Key> Key for Option<K> {
    fn hashed(&self) -> Option<u64> {
        self.as_ref().and_then(Key::hashed)
    }
}

macro_rules! keys {
    ($($type:ty, $value:ident => $bytes:expr;)*) => {
        $(impl Key for $type {
            fn hashed(&self) -> Option<u64> {
                let $value = self;
                Some(hash($bytes))
            }
        })*
    };
}

keys! {
    String, text => text.as_bytes();
    Vec<u8>, bytes => bytes;
    Bytes, bytes => bytes;
    i32, number => &i64::from(*number).to_le_bytes();
    i64, number => &number.to_le_bytes();
    u32, number => &u64::from(*number).to_le_bytes();
    u64, number => &number.to_le_bytes();
    bool, truth => &[u8::from(*truth)];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_has_the_same_key() {
        assert_eq!(key(&7_i32), key(&7_i64));
        assert_eq!(key(&"a".to_owned()), key(&Bytes::from_static(b"a")));
        assert_ne!(key(&7_i32), key(&8_i32));
        assert_eq!(key(&None::<String>), None);
        assert_eq!(key(&Some(String::new())), key(&String::new()));
    }
}
