//! Which ports the rows of a model name: they are read once, when the models are.

use super::schema::{Condition, ModelFile, StreamSpec};
use super::serving::TransportSpec;

/// Calls `visit` with every port text of a file.
pub(super) fn port_texts(file: &ModelFile, visit: &mut dyn FnMut(&str)) {
    let all = |texts: &[String], visit: &mut dyn FnMut(&str)| texts.iter().for_each(|text| visit(text));
    let when = |conditions: &[Condition], visit: &mut dyn FnMut(&str)| conditions.iter().for_each(|c| visit(&c.port));
    let spec = |spec: &StreamSpec, visit: &mut dyn FnMut(&str)| {
        if let StreamSpec::Ports(ports) = spec {
            ports.from.iter().for_each(|text| visit(text));
        }
    };
    for row in &file.streams {
        spec(&row.stream, visit);
        when(&row.when, visit);
    }
    for row in &file.sinks {
        all(&row.takes, visit);
        row.stream.iter().for_each(|stream| spec(stream, visit));
        row.errors.iter().for_each(|errors| all(&errors.unless, visit));
        row.fills.iter().for_each(|fills| all(&fills.unless, visit));
        if let Some(printed) = &row.printed {
            [&printed.format, &printed.outputs, &printed.own, &printed.last].into_iter().for_each(|text| visit(text));
        }
        if let Some(shown) = &row.shown {
            visit(&shown.level);
            shown.outputs.iter().for_each(|text| visit(text));
            all(&shown.unless, visit);
        }
        row.shown_with.iter().for_each(|with| when(&with.any, visit));
        when(&row.when, visit);
    }
    for row in &file.loggers {
        all(&row.redacts, visit);
        spec(&row.stream, visit);
        when(&row.when, visit);
    }
    for row in &file.children {
        all(&row.command, visit);
        spec(&row.stdout, visit);
        when(&row.when, visit);
    }
    for row in &file.rebinds {
        row.stream.iter().for_each(|stream| spec(stream, visit));
        when(&row.when, visit);
    }
    for row in &file.transports {
        all(&row.own_stream, visit);
    }
    for row in &file.serves {
        if let TransportSpec::Ports(ports) = &row.transport {
            all(&ports.from, visit);
        }
        all(&row.server, visit);
        when(&row.when, visit);
    }
    for row in &file.servers {
        all(&row.name, visit);
    }
    for row in &file.handlers {
        all(&row.func, visit);
        all(&row.name, visit);
        all(&row.args, visit);
        all(&row.address, visit);
        all(&row.schema, visit);
        when(&row.when, visit);
    }
    for row in &file.exits {
        when(&row.when, visit);
    }
    for row in &file.crashes {
        all(&row.handler, visit);
        when(&row.when, visit);
    }
    for row in &file.callbacks {
        all(&row.func, visit);
        all(&row.gives, visit);
        when(&row.gives_when, visit);
        row.puts.iter().for_each(|text| visit(text));
        row.topic.iter().for_each(|text| visit(text));
    }
    for row in &file.sources {
        row.name.iter().chain(&row.default).for_each(|text| visit(text));
        all(&row.gives, visit);
        when(&row.when, visit);
    }
    for row in &file.requests {
        all(&row.headers, visit);
    }
    for row in &file.echoes {
        all(&row.takes, visit);
        when(&row.when, visit);
    }
    for row in &file.levels {
        all(&row.level, visit);
        all(&row.logger, visit);
        when(&row.when, visit);
    }
    for row in &file.flows {
        row.errors.iter().for_each(|errors| all(&errors.unless, visit));
        all(&row.from, visit);
        all(&row.to, visit);
        row.member.iter().for_each(|text| visit(text));
        row.topic.iter().for_each(|text| visit(text));
        all(&row.kept_as, visit);
        all(&row.redacts, visit);
        all(&row.only, visit);
        all(&row.drops, visit);
        when(&row.when, visit);
    }
    for row in &file.namings {
        all(&row.names, visit);
    }
    for row in &file.terminals {
        when(&row.when, visit);
    }
    for row in &file.cleans {
        all(&row.numbers, visit);
        all(&row.proves, visit);
        row.member.iter().flat_map(|member| [&member.name, &member.of]).for_each(|text| visit(text));
        row.truth_of.iter().chain(&row.false_of_nothing).chain(&row.true_of_some).for_each(|text| visit(text));
    }
    for row in &file.loaders {
        let packages = [&row.module, &row.package, &row.pattern, &row.file, &row.lists, &row.prefix];
        for texts in packages.into_iter().chain([&row.members, &row.predicate]) {
            all(texts, visit);
        }
        row.asks_kind.iter().flat_map(|asked| [&asked.class, &asked.of]).for_each(|text| visit(text));
    }
    for row in &file.unshown {
        when(&row.when, visit);
    }
    file.lines.iter().for_each(|row| all(&row.of, visit));
    for row in &file.plains {
        all(&row.lists, visit);
        all(&row.of, visit);
    }
}
