//! What needs a foreign peer.

mod etcd;
