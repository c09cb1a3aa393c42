//! The contracts of others: gRPC's interop service and etcd's API.

couplet::include_contract!();
