//! What goes when something goes: DROP's RESTRICT and CASCADE, and what keeps a role.
use std::collections::HashMap;
use std::sync::Arc;

use medley_diagnostic::Report;

use crate::acl::Behavior;
use crate::error::{Error, Result};
use crate::ids::{Class, ObjectAddress, RoleOid};
use crate::locks::{LockMode, LockTag};
use crate::objects::{Reference, ReferenceKind};
use crate::search_path::SearchPath;
use crate::snapshot::Snapshot;
use crate::transaction::Transaction;

/// How many lines a message lists at most.
const MOST_LINES: usize = 100;

/// What a DROP comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DropPlan {
    /// What goes, dependents before what they depend on.
    steps: Vec<Step>,
}

/// One object that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    object: ObjectAddress,
    /// What it depends on that goes too; nothing for what was named.
    because_of: Option<ObjectAddress>,
    /// It was named.
    named: bool,
    /// It goes without a word.
    silent: bool,
}

/// Why an object was reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Named,
    Normal,
    Silent,
}

impl Snapshot {
    /// Finds all that goes with `targets`, in PostgreSQL's order. Fails only for a member of an
    /// extension that does not go itself.
    pub fn drop_plan(&self, targets: &[ObjectAddress], path: &SearchPath) -> Result<DropPlan> {
        let mut search =
            Search { snapshot: self, path, targets, plan: Vec::new(), known: HashMap::new() };
        let mut stack = Vec::new();
        for target in targets {
            search.visit(*target, Reached::Named, &mut stack)?;
        }
        Ok(DropPlan { steps: search.plan })
    }
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    path: &'a SearchPath,
    targets: &'a [ObjectAddress],
    plan: Vec<Step>,
    /// Where in the plan an object is.
    known: HashMap<ObjectAddress, usize>,
}

impl Search<'_> {
    /// Adds an object after all that depends on it. The newest of those comes first, so that the
    /// plan read backwards has them by ascending oid.
    fn visit(
        &mut self,
        object: ObjectAddress,
        reached: Reached,
        stack: &mut Vec<ObjectAddress>,
    ) -> Result<()> {
        if stack.contains(&object) || self.is_planned(object, reached) {
            return Ok(());
        }
        if let Some(extension) = self.snapshot.extension_of(object) {
            let owner = extension.oid.address();
            if stack.is_empty() && !self.targets.contains(&owner) {
                return Err(self.required(object, owner));
            }
            if !stack.is_empty() && !stack.contains(&owner) {
                return self.visit(owner, reached, stack);
            }
        }
        stack.push(object);
        for reference in self.dependents(object) {
            let reached = match reference.kind {
                ReferenceKind::Normal => Reached::Normal,
                _ => Reached::Silent,
            };
            self.visit(reference.from, reached, stack)?;
        }
        stack.pop();
        self.known.insert(object, self.plan.len());
        self.plan.push(Step {
            object,
            because_of: stack.last().copied(),
            named: reached == Reached::Named,
            silent: reached == Reached::Silent,
        });
        Ok(())
    }

    /// Whether it, or the whole of which it is a column, is in the plan; notes why it is.
    fn is_planned(&mut self, object: ObjectAddress, reached: Reached) -> bool {
        let known = self.known.get(&object).or_else(|| self.known.get(&object.whole()));
        let Some(step) = known.and_then(|index| self.plan.get_mut(*index)) else { return false };
        step.named |= reached == Reached::Named && step.object == object;
        step.silent |= reached == Reached::Silent;
        true
    }

    /// What must go with it, by descending oid. Roles are not dropped so.
    fn dependents(&self, of: ObjectAddress) -> Vec<Reference> {
        let mut found = self.snapshot.dependents(of);
        found.retain(|it| !matches!(it.kind, ReferenceKind::Owner | ReferenceKind::Acl));
        found.sort_by_key(|it| {
            (std::cmp::Reverse((it.from.oid, it.from.class)), it.from.subid, it.kind)
        });
        found.dedup_by_key(|it| it.from);
        found
    }

    fn required(&self, member: ObjectAddress, extension: ObjectAddress) -> Error {
        let describe = |object| self.snapshot.describe(object, self.path).unwrap_or_default();
        let (member, extension) = (describe(member), describe(extension));
        Error::DependentsExist {
            message: format!("cannot drop {member} because {extension} requires it"),
            detail: None,
            hint: Some(format!("You can drop {extension} instead.")),
        }
    }
}

impl DropPlan {
    /// What goes, dependents first; columns among them.
    pub fn objects(&self) -> impl Iterator<Item = ObjectAddress> {
        self.steps.iter().map(|step| step.object)
    }

    /// With RESTRICT, the error if more would go than was named; with CASCADE, the notice that
    /// says what goes.
    pub fn judge(
        &self,
        snapshot: &Snapshot,
        targets: &[ObjectAddress],
        behavior: Behavior,
        path: &SearchPath,
    ) -> Result<Option<Report>> {
        let describe = |object| snapshot.describe(object, path).unwrap_or_default();
        let told = self.steps.iter().rev().filter(|step| !step.named && !step.silent);
        let told: Vec<_> = told.filter(|step| step.because_of.is_some()).collect();
        if told.is_empty() {
            return Ok(None);
        }
        if behavior == Behavior::Cascade {
            let lines =
                told.iter().map(|step| format!("drop cascades to {}", describe(step.object)));
            return Ok(Some(cascade_notice(lines.collect())));
        }
        let lines = told.iter().map(|step| {
            let on = step.because_of.map(describe).unwrap_or_default();
            format!("{} depends on {on}", describe(step.object))
        });
        let message = match targets {
            [one] => {
                format!("cannot drop {} because other objects depend on it", describe(*one))
            }
            _ => "cannot drop desired object(s) because other objects depend on them".to_owned(),
        };
        Err(Error::DependentsExist {
            message,
            detail: Some(limited(lines.collect())),
            hint: Some("Use DROP ... CASCADE to drop the dependent objects too.".into()),
        })
    }
}

fn cascade_notice(mut lines: Vec<String>) -> Report {
    match lines.len() {
        1 => Report::notice(lines.remove(0)),
        count => Report::notice(format!("drop cascades to {count} other objects"))
            .with_detail(limited(lines)),
    }
}

/// At most a hundred lines, and how many more there are.
fn limited(mut lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    if more > 0 {
        let noun = if more == 1 { "object" } else { "objects" };
        lines.push(format!("and {more} other {noun} (see server log for list)"));
    }
    lines.join("\n")
}

/// What a DROP did.
pub struct Dropped {
    /// What is said of what went too.
    pub notice: Option<Report>,
    /// What went, dependents first; columns among them.
    pub objects: Vec<ObjectAddress>,
    /// The catalog as it was.
    pub before: Arc<Snapshot>,
}

impl Transaction {
    /// DROP: takes these objects out with all that depends on them, or fails with 2BP01. Of a column among the targets, only its dependents go: the
    /// caller changes its relation.
    ///
    /// Every object that goes is locked first, so that nobody can be about to refer to it.
    pub fn drop_objects(
        &mut self,
        targets: &[ObjectAddress],
        behavior: Behavior,
        path: &SearchPath,
    ) -> Result<Dropped> {
        let plan = self.locked_plan(targets, path)?;
        let before = self.snapshot();
        let notice = plan.judge(&before, targets, behavior, path)?;
        for object in plan.objects().filter(|object| object.subid == 0) {
            self.remove(object)?;
        }
        Ok(Dropped { notice, objects: plan.objects().collect(), before })
    }

    /// Locks all that goes, until nothing more goes than is locked.
    fn locked_plan(&mut self, targets: &[ObjectAddress], path: &SearchPath) -> Result<DropPlan> {
        let mut plan = self.snapshot().drop_plan(targets, path)?;
        loop {
            for object in plan.objects().collect::<Vec<_>>() {
                self.lock(LockTag::Object(object.whole()), LockMode::Exclusive)?;
            }
            let again = self.snapshot().drop_plan(targets, path)?;
            if again == plan {
                return Ok(plan);
            }
            plan = again;
        }
    }

    /// DROP ROLE: takes these roles out with their memberships and settings, or fails with 2BP01
    /// if something is still theirs or names them.
    pub fn drop_roles(&mut self, roles: &[RoleOid], path: &SearchPath) -> Result<()> {
        for role in roles {
            self.lock_for_removal(role.address()).map_err(|error| match error {
                Error::CacheLookup { class, oid } => Error::NoTuple { class, oid },
                other => other,
            })?;
        }
        // Memberships among those that go keep none of them.
        for role in roles {
            self.remove_belongings(role.address())?;
        }
        for role in roles {
            self.snapshot().check_role_is_free(*role, path)?;
            self.remove(role.address())?;
        }
        Ok(())
    }
}

/// What keeps a role.
impl Snapshot {
    /// What the role owns and what names it in privileges, by ascending oid.
    pub fn role_references(&self, role: RoleOid) -> Vec<Reference> {
        let mut found = self.dependents(role.address());
        found.sort_by_key(|it| (it.from.oid, it.from.class.oid(), it.from.subid, it.kind));
        found
    }

    /// Fails with 2BP01 and a line for each thing that keeps the role from being dropped.
    pub fn check_role_is_free(&self, role: RoleOid, path: &SearchPath) -> Result<()> {
        let line = |reference: &Reference| {
            let what = match reference.kind {
                ReferenceKind::Acl => "privileges for",
                _ => "owner of",
            };
            Some(format!("{what} {}", self.describe(reference.from, path)?))
        };
        let lines: Vec<_> = self.role_references(role).iter().filter_map(line).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let name = self.role_name(role);
        Err(Error::DependentsExist {
            message: format!("role \"{name}\" cannot be dropped because some objects depend on it"),
            detail: Some(limited(lines)),
            hint: None,
        })
    }
}

/// Whether a class is one of which DROP OWNED drops objects.
pub fn is_owned_class(class: Class) -> bool {
    matches!(
        class,
        Class::Wrapper
            | Class::Server
            | Class::UserMapping
            | Class::Schema
            | Class::Relation
            | Class::Extension
    )
}
