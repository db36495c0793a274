//! What can each value be, who calls whom, which servers are here.
//!
//! | file | answers |
//! | --- | --- |
//! | `beside` | what does a registration take from the same object as the handler? |
//! | `byhand` | which reads of standard input are a server without an SDK? |
//! | `link` | which module does an import mean? |
//! | `folders` | which folders are packages without a file of their own? |
//! | `filled_in` | how many arguments of a function are given before it is called? |
//! | `loaders` | which modules does a call load by a name? |
//! | `loaded_paths` | which modules does a script load by a path that it makes? |
//! | `values` | the vocabulary: values, objects, slots |
//! | `growing` | the values of a slot while they are propagated |
//! | `edges` | the constraints of a slot |
//! | `solve` | the worklist that propagates values along constraints |
//! | `generate` | the constraints each instruction makes |
//! | `calls` | what a call does to values: arguments, results, library callbacks |
//! | `constructing` | what making an object of the program does |
//! | `decided` | what a decorator asks of its function, for each use |
//! | `handed` | sinks that a library is handed to call them get a function around them |
//! | `holders` | which literals are rows of a table of handlers? |
//! | `replaced` | functions that a program puts in the way of a client's errors |
//! | `schemas` | the fields that a schema names |
//! | `channels` | what goes through channels and queues |
//! | `converted` | which errors does a program convert where nothing says so? |
//! | `containers` | what goes into containers and what comes out |
//! | `extended` | which methods has a type of a library by a trait of the program? |
//! | `impls` | Rust's `impl` blocks: whose methods they are, and by which traits |
//! | `hierarchy` | the class hierarchy: which methods an object of a class has |
//! | `members` | what a member of a value is: fields and methods |
//! | `exports` | what a module exports under a name |
//! | `platform` | what a platform hands to the functions that a module exports for it |
//! | `marks` | which functions does a library find by attributes and base types? |
//! | `outside` | which calls are made from outside the program? |
//! | `unseen` | which calls are taken to start a server though they do not say so? |
//! | `unread` | which types can no library make from what it receives? |
//! | `ports` | the values at a model's port of a call |
//! | `endings` | what does a text end with that a call is given? |
//! | `counted` | does a query ask a database for counts and nothing else? |
//! | `conditions` | do the conditions of a model's row hold of a call? |
//! | `streams` | which stream does a call or value mean? |
//! | `walked` | which modules and classes does a program find by going through its packages? |
//! | `wrapped` | what is inside an object that hands its calls on? |
//! | `used` | which methods are called on what a call made? |

pub(crate) mod beside;
pub(crate) mod byhand;
pub(crate) mod calls;
pub(crate) mod channels;
mod conditions;
mod constructing;
mod containers;
pub(crate) mod converted;
mod counted;
mod data;
mod decided;
mod edges;
mod endings;
mod exports;
mod extended;
mod fields;
mod filled_in;
pub(crate) mod folders;

mod foreign;
pub(crate) mod forwarded;
pub(crate) mod generate;
mod getters;
pub(crate) mod growing;
pub(crate) mod handed;
pub(crate) mod hierarchy;
mod holders;
mod impls;
pub(crate) mod levels;
pub(crate) mod link;
mod literals;
mod loaded_paths;
mod loaders;
pub(crate) mod marks;
pub(crate) mod members;
mod named;
pub(crate) mod outside;
mod platform;
pub(crate) mod ports;
mod reaching;
mod registered;
mod replaced;
mod schemas;
pub(crate) mod solve;
pub(crate) mod specialise;
pub(crate) mod streams;
mod unread;
mod unseen;
mod used;
pub(crate) mod values;
pub(crate) mod versions;
mod walked;
mod wrapped;
