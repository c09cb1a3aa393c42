//! The user's metadata of a call or of a reply: a word while there is none, because every layer moves it about.

use std::{
    ops::{Deref, DerefMut},
    sync::LazyLock,
};

use tonic::metadata::MetadataMap;

/// A [`MetadataMap`], and used like one. An empty one takes neither room nor memory of its own.
#[derive(Debug, Clone, Default)]
pub struct Metadata(Option<Box<MetadataMap>>);

static EMPTY: LazyLock<MetadataMap> = LazyLock::new(MetadataMap::new);

impl Metadata {
    /// None.
    pub const EMPTY: Self = Self(None);

    /// Whether there are no entries.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|map| map.is_empty())
    }

    /// The map by itself.
    pub fn into_map(self) -> MetadataMap {
        self.0.map_or_else(MetadataMap::new, |map| *map)
    }
}

impl Deref for Metadata {
    type Target = MetadataMap;

    fn deref(&self) -> &MetadataMap {
        self.0.as_deref().unwrap_or(&EMPTY)
    }
}

impl DerefMut for Metadata {
    fn deref_mut(&mut self) -> &mut MetadataMap {
        self.0.get_or_insert_default()
    }
}

impl From<MetadataMap> for Metadata {
    fn from(map: MetadataMap) -> Self {
        Self((!map.is_empty()).then(|| Box::new(map)))
    }
}

impl From<Metadata> for MetadataMap {
    fn from(metadata: Metadata) -> Self {
        metadata.into_map()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_and_written_like_the_map_that_it_stands_for() {
        let mut metadata = Metadata::EMPTY;
        assert!(metadata.is_empty() && metadata.get("trace").is_none());
        metadata.insert("trace", "abc".parse().unwrap());
        assert!(!metadata.is_empty());
        let map = MetadataMap::from(metadata.clone());
        assert_eq!(map.get("trace").unwrap(), "abc");
        assert_eq!(metadata.into_map().get("trace").unwrap(), "abc");
    }

    #[test]
    fn a_map_without_entries_is_none() {
        assert!(Metadata::from(MetadataMap::new()).0.is_none());
        assert_eq!(size_of::<Metadata>(), size_of::<usize>());
    }
}
