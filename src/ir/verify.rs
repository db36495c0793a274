//! The invariants every front end must keep. Run by the lowering tests and `mcpleaks debug ir`.

use crate::base::idx::Id;
use crate::base::span::Span;

use super::func::{End, FuncId, Function};
use super::instr::{Base, Op};
use super::program::{ModuleId, Program};

/// Checks a program; each broken invariant is one sentence.
pub(crate) fn verify(program: &Program) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, func) in program.funcs.iter_enumerated() {
        let mut report = |what: String| faults.push(format!("{id} {}: {what}", func.name));
        verify_func(program, func, &mut report);
    }
    for (id, class) in program.classes.iter_enumerated() {
        for (name, method) in &class.methods {
            if program.funcs.get(*method).is_none() {
                faults.push(format!("{id} {}: method {name} is no function", class.name));
            }
        }
    }
    verify_spans(program, &mut faults);
    for module in program.modules.iter() {
        let cells = module.names.iter().chain(&module.exports.names);
        for (name, cell) in cells {
            if program.cells.get(*cell).is_none() {
                faults.push(format!("module of {}: name {name} has no cell", module.file));
            }
        }
    }
    faults
}

/// Declarations lie inside their file, which the top-level code of its module spans: a byte order mark or a shebang that a parser
/// leaves out would move them.
fn verify_spans(program: &Program, faults: &mut Vec<String>) {
    let mut check = |what: &str, module: ModuleId, spans: &mut dyn Iterator<Item = Span>| {
        let file = program.funcs[outermost(program, module)].span;
        for span in spans {
            if span.end < span.start || span.end > file.end.max(file.start) {
                faults.push(format!("{what}: {span:?} is outside of its file"));
            }
        }
    };
    for class in program.classes.iter() {
        let marks = class.annotations.iter().map(|mark| mark.span);
        let fields = class.fields.iter().map(|field| field.span);
        let variants = class.variants.iter().map(|variant| variant.span);
        check(&class.name, class.module, &mut marks.chain(fields).chain(variants).chain([class.span]));
    }
    for cell in program.cells.iter() {
        check(&cell.name, program.funcs[cell.owner].module, &mut [cell.span].into_iter());
    }
    for (id, module) in program.modules.iter_enumerated() {
        check("an impl block", id, &mut module.impls.iter().map(|block| block.span));
    }
}

/// The top-level code of the file that holds a module.
fn outermost(program: &Program, mut module: ModuleId) -> FuncId {
    while let Some((around, _)) = &program.modules[module].within {
        module = *around;
    }
    program.modules[module].init
}

fn verify_func(program: &Program, func: &Function, report: &mut dyn FnMut(String)) {
    if func.blocks.is_empty() {
        report("has no block".into());
    }
    let mut placed = vec![0_u32; func.instrs.len()];
    for (id, block) in func.blocks.iter_enumerated() {
        for instr in &block.instrs {
            match placed.get_mut(instr.index()) {
                Some(times) => *times += 1,
                None => report(format!("{id} holds {instr}, which does not exist")),
            }
        }
        let targets = block.end.successors().chain(block.unwind);
        for target in targets {
            if func.blocks.get(target).is_none() {
                report(format!("{id} leads to {target}, which does not exist"));
            }
        }
        let value = match &block.end {
            End::Branch { on, .. } => Some(*on),
            End::Return(value) => *value,
            End::Throw(value) => Some(*value),
            End::Goto(_) | End::Stop => None,
        };
        if let Some(value) = value
            && func.instrs.get(value).is_none()
        {
            report(format!("{id} ends with {value}, which does not exist"));
        }
    }
    for (id, instr) in func.instrs.iter_enumerated() {
        if placed[id.index()] != 1 {
            report(format!("{id} stands in {} blocks", placed[id.index()]));
        }
        instr.op.operands(|value| {
            if func.instrs.get(value).is_none() {
                report(format!("{id} reads {value}, which does not exist"));
            }
        });
        let place = match &instr.op {
            Op::Load(place) | Op::Store(place, _) => Some(place),
            Op::Call(call) => Some(&call.callee),
            Op::Closure(inner) if program.funcs.get(*inner).is_none() => {
                report(format!("{id} closes over {inner}, which does not exist"));
                None
            }
            _ => None,
        };
        let exists = match place.map(|place| &place.base) {
            Some(Base::Local(local)) => func.locals.get(*local).is_some(),
            Some(Base::Cell(cell)) => program.cells.get(*cell).is_some(),
            _ => true,
        };
        if !exists {
            report(format!("{id} names a variable that does not exist"));
        }
    }
}
