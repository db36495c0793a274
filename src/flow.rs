//! How does data move, what runs while stdio is served.
//!
//! | file | answers |
//! | --- | --- |
//! | `abs` | what is known of a value at one point: a constant, a name for an unknown, a test of one |
//! | `choices`, `joins` | what is known where ways meet |
//! | `aliases` | which places of a function hold one object |
//! | `addresses` | addresses that have no password any more |
//! | `again` | once more round a loop: what is asked there is asked anew |
//! | `alternatives` | what an unknown is on each of the ways that led to it, and what it tells of them |
//! | `explore`, `frames` | which code a process runs, in order, from its entry, and what is found there |
//! | `ends` | what the ways out of a function have in common |
//! | `assumed`, `aside` | what holds in the whole process, since it serves on stdio; whether that makes a difference |
//! | `blocks` | what of a function is reached |
//! | `step` | what one instruction does to the state of the exploration |
//! | `arguments` | what a called function is known to be given |
//! | `lazy` | variables that are filled once, and what holds of them from then on |
//! | `known` | what a value is known to be while exploring |
//! | `told_texts` | what texts that are known say when they are asked |
//! | `occupied` | tables and lists into which each way to a condition put something |
//! | `present` | which values are surely objects, so that a condition that asks for one is true; what of a literal stands on top |
//! | `receivers` | which variant of an enum a method is called on |
//! | `picked` | which of several objects stands where a method is called |
//! | `literals` | which fields of objects that are written out the functions ask for that get them |
//! | `instances` | which fields differ between the objects of a class, as those say who make them |
//! | `lacking` | which objects have no field that a condition asks for, beside others that have it |
//! | `settled` | which variables that are written several times hold one constant in a process |
//! | `singles` | objects of which there is one, made by the first call of a function |
//! | `unset` | which fields and variables nothing is put into |
//! | `settings` | variables of the environment and options, and which of them are switches |
//! | `main_module` | whether a module is the program that was started, as the module asks it |
//! | `making` | where objects of the program's classes are made, and of which a process makes none |
//! | `remade` | what is no longer known where another object of a class is made |
//! | `loaded`, `needed` | which modules a process can load, which imports it cannot do without |
//! | `rebinding` | streams and writers that something else is put in place of |
//! | `reading` | where reading a property runs code |
//! | `apps` | when the routes of a web application are answered |
//! | `commands` | commands of a command line that the process does not use |
//! | `serving`, `transport` | calls that start to serve, and over which transport |
//! | `started` | coroutines that are made in one place and waited for in another |
//! | `phase` | where a process is in its life |
//! | `prepared` | what is found out once for all processes of a program |
//! | `process` | one server process, explored to the end |
//! | `by_trait` | which methods of the program's objects a language or library calls |
//! | `live` | which of that can run in the same execution as serving stdio |
//! | `words` | which names tell that a value is secret |
//! | `domain`, `tree` | what the taint pass knows of a value: its origins, and where in it each sits |
//! | `marks` | what lowers the confidence in an origin, and what is known of the text that it is in |
//! | `path`, `trace` | names of fields inwards, and the steps by which a value got somewhere |
//! | `summary` | what a function does with what it is given |
//! | `transfer` | one function, instruction by instruction |
//! | `checks`, `guards`, `questions`, `listed`, `looked_up` | what a condition tells of a value; what the answers of functions do, and which of them it asks for; what the program itself names |
//! | `no_error` | which conditions tell that a value is no error, without asking for its class |
//! | `spelled` | the spellings of a text of which a condition knows one |
//! | `thrown` | results that are thrown and are no errors |
//! | `records` | which written-out object is left, once a field was asked for? |
//! | `naming` | which variables hold the names of tools? |
//! | `places` | what variables and fields hold |
//! | `homes` | which classes share a field |
//! | `captured` | what a function knows of the variables of those around it |
//! | `exported`, `inert` | which variables stand behind the names that modules share, and which never hold a source |
//! | `apply` | what a call does: functions of the program |
//! | `made_here` | functions that are called where they are written |
//! | `construct` | what objects are made with |
//! | `constructed` | what a field holds while its object is being made |
//! | `redone` | what is explored again since something turned out to be otherwise |
//! | `rounds` | which loops are gone through at least once |
//! | `said` | which words a condition asks for in the text of a caught error |
//! | `exits` | what a function gives back and raises, by the way out |
//! | `when`, `conditions` | what has to be true of what a function is given for something to get somewhere |
//! | `own_instances` | which objects a check of their own class leaves as they are |
//! | `overridden` | which of the methods that override each other runs |
//! | `answers`, `rest` | which calls rule that out |
//! | `together` | what stands beside a value that a function gives in one return |
//! | `switches` | what is the same in the whole process, whoever asks for it |
//! | `mapped` | whether a function is handed the items of something, or what an option or a result holds |
//! | `library`, `callbacks` | what library calls give, what functions handed to them are called with |
//! | `bound` | what methods of a library's objects raise that a call runs |
//! | `described` | the calls that make the schemas by which handlers are described |
//! | `keeping` | what is kept in containers, and looked up there by a name |
//! | `sent` | what goes through channels and emitters |
//! | `sent_headers` | tables that are sent as the headers of requests |
//! | `sources`, `sinks` | where values of interest come from, where they leave |
//! | `printed` | which fields of a record the lines of a logger show |
//! | `read_out` | texts out of which the program itself reads a credential |
//! | `raised` | secrets in errors of libraries that a helper and its callers let through |
//! | `credentials` | what holds a credential by its name |
//! | `asked` | what a variable of the environment is called that a helper reads |
//! | `items`, `keys` | what going through a container gives, and what is left of it where the program asks for names |
//! | `from_env` | classes whose objects a library fills from the environment |
//! | `formatted` | what an object shows whose type says itself how it is put into a text |
//! | `shown` | what an object shows when the whole of it is put into a text |
//! | `reach` | the question the other way round: which sources are in one value |
//! | `written` | where a part of what is given back or raised was written |
//! | `fields_told` | which fields the lists and objects at the ports of a call name |
//! | `flags` | flags of the command line, as a program looks for them and as a library does |
//! | `found` | what the taint pass found, each fact once |
//! | `solve`, `circles` | the whole program: functions callees first, then handlers |
//! | `spread` | what passes through variables that outlive a call |

pub(crate) mod abs;
mod addresses;
mod again;
mod aliases;
mod alternatives;
mod answers;
pub(crate) mod apply;
mod apps;
mod arguments;
mod aside;
mod asked;
mod assumed;
pub(crate) mod blocks;
mod bound;
mod by_trait;
pub(crate) mod callbacks;
mod captured;
pub(crate) mod checks;
pub(crate) mod choices;
mod circles;
pub(crate) mod clauses;
mod commands;
mod conditions;
mod construct;
mod constructed;
mod credentials;
pub(crate) mod declared;
mod described;
pub(crate) mod domain;
mod ends;
mod entered;
mod exits;
pub(crate) mod explore;
mod exported;
mod failed;
mod fields_told;
mod filled;
mod flags;
pub(crate) mod formatted;
pub(crate) mod found;
pub(crate) mod frames;
mod from_env;
mod guards;
mod handed;
mod homes;
mod inert;
mod instances;
mod items;
pub(crate) mod joins;
mod keeping;
mod keys;
mod known;
mod lacking;
mod lazy;
pub(crate) mod leading;
pub(crate) mod library;
mod listed;
mod literals;
pub(crate) mod live;
pub(crate) mod loaded;
mod looked_at;
mod looked_up;
mod made_here;
pub(crate) mod main_module;
mod making;
mod mapped;
mod marks;
mod naming;
mod needed;
mod no_error;
mod occupied;
pub(crate) mod offered;
mod overridden;
mod own_instances;
mod parts;
pub(crate) mod path;
mod phase;
mod picked;
pub(crate) mod places;
pub(crate) mod prepared;
mod present;
mod printed;
pub(crate) mod process;
mod puts;
mod questions;
mod raised;
pub(crate) mod reach;
mod read_out;
mod reading;
pub(crate) mod rebinding;
mod receivers;
mod records;
pub(crate) mod redaction;
mod redone;
mod remade;
mod rest;
mod rounds;
mod said;
mod sent;
mod sent_headers;
pub(crate) mod serving;
pub(crate) mod settings;
mod settled;
pub(crate) mod shown;
mod singles;
pub(crate) mod sinks;
pub(crate) mod solve;
pub(crate) mod sources;
mod spelled;
pub(crate) mod spread;
mod started;
pub(crate) mod step;
pub(crate) mod summary;
pub(crate) mod switches;
mod texts;
mod thrown;
mod together;
mod told_texts;
pub(crate) mod trace;
pub(crate) mod transfer;
pub(crate) mod transport;
pub(crate) mod tree;
mod unset;
mod variants;
mod vars;
pub(crate) mod when;
pub(crate) mod words;
pub(crate) mod wrapper;
mod written;
