use super::*;

fn sym() -> Abs {
    Abs::Sym("mode".into())
}

#[test]
fn a_path_condition_decides_the_opposite_test() {
    let is_http = equal(&sym(), &Abs::Const(Const::str("http"))).expect("a test");
    let mut facts = Facts::default();
    facts.assume(&is_http, false);
    assert_eq!(truth(&is_http, &[&facts]), Some(false));
    assert_eq!(truth(&not(&is_http), &[&facts]), Some(true));
}

#[test]
fn a_text_that_is_something_may_be_blank() {
    let trimmed = Abs::Sym(spelled(&"mode".into(), "trim", Spelling::Trimmed));
    let mut facts = Facts::default();
    facts.assume(&sym(), true);
    assert_eq!(truth(&trimmed, &[&facts]), None);
    facts.assume(&sym(), false);
    assert_eq!(truth(&trimmed, &[&facts]), Some(false));
    let is_http = |abs: &Abs| equal(abs, &Abs::Const(Const::str("http"))).expect("a test");
    assert_eq!(is_http(&trimmed), is_http(&sym()));
}

#[test]
fn equality_with_one_constant_excludes_others() {
    let mut facts = Facts::default();
    facts.assume(&equal(&sym(), &Abs::Const(Const::str("stdio"))).expect("a test"), true);
    let is_sse = equal(&sym(), &Abs::Const(Const::str("sse"))).expect("a test");
    assert_eq!(truth(&is_sse, &[&facts]), Some(false));
}

#[test]
fn one_constant_and_others_left_out_meet() {
    let test = |word: &str| equal(&sym(), &Abs::Const(Const::str(word))).expect("a test");
    let (mut a, mut b) = (Facts::default(), Facts::default());
    a.assume(&test("stdio"), true);
    b.assume(&test("stdio"), false);
    b.assume(&test("sse"), false);
    assert_eq!(truth(&test("sse"), &[&a.meet(&b)]), Some(false));
    assert_eq!(truth(&test("stdio"), &[&a.meet(&b)]), None);
}

#[test]
fn two_constants_leave_the_others_out() {
    let test = |word: &str| equal(&sym(), &Abs::Const(Const::str(word))).expect("a test");
    let (mut a, mut b) = (Facts::default(), Facts::default());
    a.assume(&test("stdio"), true);
    b.assume(&test("both"), true);
    let mut either = a.meet(&b);
    assert_eq!(truth(&test("http"), &[&either]), Some(false));
    assert_eq!(truth(&test("both"), &[&either]), None);
    either.assume(&test("stdio"), false);
    assert_eq!(truth(&test("both"), &[&either]), Some(true));
}

#[test]
fn one_of_several_constants_is_none_of_the_others() {
    let is_web = member(&sym(), &[Const::str("sse"), Const::str("http")]).expect("a test");
    let is = |word: &str| equal(&sym(), &Abs::Const(Const::str(word))).expect("a test");
    let (mut web, mut other) = (Facts::default(), Facts::default());
    web.assume(&is_web, true);
    other.assume(&is_web, false);
    assert_eq!(truth(&is("stdio"), &[&web]), Some(false));
    assert_eq!(truth(&is("sse"), &[&web]), None);
    assert_eq!(truth(&is("sse"), &[&other]), Some(false));
    assert_eq!(truth(&is_web, &[&other]), Some(false));
    web.assume(&is("sse"), false);
    assert_eq!(truth(&is("http"), &[&web]), Some(true));
}

#[test]
fn paths_keep_only_what_both_know() {
    let (mut a, mut b) = (Facts::default(), Facts::default());
    a.assume(&sym(), true);
    b.assume(&sym(), false);
    assert!(a.meet(&b).is_empty());
}
