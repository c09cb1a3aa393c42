//! How contracts evolve: generated changes of contracts that nobody here wrote, judged by the rules, by buf, and by what
//! messages say once they have been read by the other side.

mod buf;
mod mutation;
mod places;
mod properties;
mod random;
mod schema;
