//! Library knowledge as typed tables, read from `rules/models/**.toml`.

pub(crate) mod schema;
