//! The audit cut short after a stage, for timing: what does a stage cost, and how much of it all is reading and parsing?
//!
//! Each stage does the work of those before it, as the audit does it, and throws the result away.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;

use rayon::prelude::*;

use crate::base::span::FileId;
use crate::config::Options;
use crate::flow::words::Words;
use crate::lower::parse_only;
use crate::models::Models;
use crate::resolve::converted::convert;
use crate::resolve::folders::add_folders;
use crate::resolve::handed::put_around;
use crate::resolve::link::Linker;
use crate::resolve::outside::add_outside;
use crate::resolve::solve::solve;
use crate::resolve::specialise::specialise;
use crate::resolve::versions::Versions;
use crate::rules::flow::spans::Inside;
use crate::rules::{self, Cx, Which};
use crate::source::workspace::{Role, Workspace};

use super::generated::Generated;
use super::{LoweredAll, Run, lower_all, named, on_analysis_stack, read, servers};

/// A stage of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Stage {
    /// Walk and read
    Read,
    /// And parse, with the same parsers: the floor
    Parse,
    /// Walk, read, parse and lower
    Lower,
    /// And find what values can be
    Values,
    /// And explore the servers
    Servers,
    /// And run the rules about streams
    Streams,
    /// And run the rules about where values go
    Flows,
}

/// Runs the audit up to a stage; gives a line that says how much there was.
///
/// # Errors
/// When a path can't be read, or a model file is wrong.
pub(crate) fn run(options: &Options, stage: Stage) -> Result<String, String> {
    let (pool, workspace) = read(options)?;
    let is_read = |id: &FileId| workspace.roles[*id] != Role::Test && !workspace.generated.contains(id);
    let n_files = workspace.files.ids().filter(is_read).count();
    if stage == Stage::Read {
        return Ok(format!("{n_files} files\n"));
    }
    if stage == Stage::Parse {
        let n_nodes: usize = pool.install(|| {
            let ids: Vec<FileId> = workspace.files.ids().filter(is_read).collect();
            ids.par_iter().map(|id| parse_only(&workspace.files[*id])).sum()
        });
        return Ok(format!("{n_files} files, {n_nodes} nodes at their tops\n"));
    }
    let run = Run { options, pool: &pool, workspace: &workspace, only: None };
    let LoweredAll { program, .. } = lower_all(&run, Generated::Named);
    if stage == Stage::Lower {
        return Ok(format!("{n_files} files, {} functions\n", program.funcs.len()));
    }
    on_analysis_stack(|| analyse(options, program, &workspace, stage))
}

fn analyse(
    options: &Options,
    program: crate::ir::program::Program,
    workspace: &Workspace,
    stage: Stage,
) -> Result<String, String> {
    // As in the audit, what the passes made is not given back piece by piece.
    let mut program = ManuallyDrop::new(program);
    let models = ManuallyDrop::new(Models::load(&options.own, |language| program.speaks(language))?);
    add_folders(&mut program, workspace);
    let linker = Linker::new(&program, workspace)
        .modelled(models.index.imported())
        .described(named::described(&models, workspace));
    put_around(&mut program, &models);
    convert(&mut program);
    add_outside(&mut program, &workspace.manifests, &linker, &models);
    specialise(&mut program, &linker, &models);
    program.part_raising();
    let versions = Versions::new(workspace);
    let values = ManuallyDrop::new(solve(&program, &models, &linker, &versions));
    if stage == Stage::Values {
        return Ok(format!("{} call edges\n", values.call_graph.len()));
    }
    let (found, _) = servers::find(&values, workspace, options);
    let found = ManuallyDrop::new(found);
    if stage == Stage::Servers {
        return Ok(format!("{} servers\n", found.len()));
    }
    let found = ManuallyDrop::into_inner(found).into_iter();
    let units: ManuallyDrop<Vec<rules::Unit<'_>>> =
        ManuallyDrop::new(found.enumerate().map(|(number, server)| server.unit(number)).collect());
    let words = Words::load(models.own_names());
    let cx = Cx { values: &values, units: &units, words: &words, texts: &|_| String::new(), inside: Inside::default() };
    let which = if stage == Stage::Streams { Which::Streams } else { Which::All };
    let ran = rules::run(&cx, &BTreeMap::new(), which);
    let explored: usize = units.iter().map(|unit| unit.process.explorer.n_steps).sum();
    let (found, values) = (ran.findings.len(), values.n_steps);
    Ok(format!("{found} findings; steps: {values} values, {explored} explored, {} taint\n", ran.taint.n_steps))
}
