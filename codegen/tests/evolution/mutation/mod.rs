//! Changes of a contract, one at a time, each at a random place where it is possible.

mod fields;
mod methods;
mod moves;
mod types;

pub(crate) use fields::SCALARS;
use prost_types::FileDescriptorSet;

use crate::random::Random;

/// A kind of change, by its name.
pub(crate) type Mutation = (&'static str, Change);

/// Makes one change in the file with this index, and says what it did; nothing where it is not possible there.
pub(crate) type Change = fn(&mut FileDescriptorSet, usize, &mut Random) -> Option<String>;

/// Every kind of change.
pub(crate) fn all() -> impl Iterator<Item = &'static Mutation> + Clone {
    let families = [
        fields::MUTATIONS,
        types::MUTATIONS,
        methods::MUTATIONS,
        moves::MUTATIONS,
    ];
    families.into_iter().flatten()
}
