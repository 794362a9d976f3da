use medley_catalog::ids::RoleOid;

/// Who a session is. SET ROLE and SET SESSION AUTHORIZATION belong to the transaction, as other
/// settings do: undone with it, and ended with it where they are LOCAL.
#[derive(Clone, Debug)]
pub struct Identity {
    authenticated: RoleOid,
    /// What RESET ROLE goes back to: ALTER ROLE … SET role says it.
    initial_role: Option<RoleOid>,
    now: State,
    /// At the start of the transaction and of each savepoint, the latest last.
    saved: Vec<State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    session_user: Value<RoleOid>,
    /// None after SET ROLE NONE: the session user.
    role: Value<Option<RoleOid>>,
}

/// What was set for the session, and over it what was set until the transaction ends: each of the
/// two settings by itself, so that a SET of one does not make the other's SET LOCAL last.
#[derive(Clone, Copy, Debug)]
struct Value<T> {
    session: T,
    local: Option<T>,
}

impl<T: Copy> Value<T> {
    fn new(session: T) -> Self {
        Self { session, local: None }
    }

    fn get(self) -> T {
        self.local.unwrap_or(self.session)
    }

    fn set(&mut self, value: T, local: bool) {
        *self = match local {
            true => Self { local: Some(value), ..*self },
            false => Self::new(value),
        };
    }
}

impl Identity {
    /// Of somebody who has just logged in.
    pub fn new(authenticated: RoleOid) -> Self {
        let now = State { session_user: Value::new(authenticated), role: Value::new(None) };
        Self { authenticated, initial_role: None, now, saved: Vec::new() }
    }

    /// The same person in this role, from the start.
    pub fn beginning_as(mut self, role: RoleOid) -> Self {
        self.initial_role = Some(role);
        self.set_role(Some(role), false);
        self
    }

    /// Who logged in.
    pub fn authenticated(&self) -> RoleOid {
        self.authenticated
    }

    /// What `session_user` says.
    pub fn session_user(&self) -> RoleOid {
        self.now.session_user.get()
    }

    /// What `current_user` says: whose privileges count.
    pub fn current_user(&self) -> RoleOid {
        self.role().unwrap_or(self.session_user())
    }

    /// What SET ROLE set; None for NONE.
    pub fn role(&self) -> Option<RoleOid> {
        self.now.role.get()
    }

    /// SET ROLE.
    pub fn set_role(&mut self, role: Option<RoleOid>, local: bool) {
        self.now.role.set(role, local);
    }

    /// RESET ROLE.
    pub fn reset_role(&mut self, local: bool) {
        self.set_role(self.initial_role, local);
    }

    /// SET SESSION AUTHORIZATION, which also ends SET ROLE.
    pub fn set_session_user(&mut self, session_user: RoleOid, local: bool) {
        self.now.session_user.set(session_user, local);
        self.now.role.set(None, local);
    }

    /// A transaction or a savepoint begins.
    pub fn push(&mut self) {
        self.saved.push(self.now);
    }

    /// Savepoints beyond this depth are released.
    pub fn release(&mut self, depth: usize) {
        self.saved.truncate(depth);
    }

    /// Undoes what came after the savepoint at this depth, and keeps the savepoint.
    pub fn rollback_to(&mut self, depth: usize) {
        self.saved.truncate(depth + 1);
        if let Some(saved) = self.saved.last() {
            self.now = *saved;
        }
    }

    /// The transaction is over.
    pub fn commit(&mut self) {
        self.saved.clear();
        self.end_local();
    }

    /// The transaction is undone.
    pub fn rollback(&mut self) {
        if let Some(first) = self.saved.drain(..).next() {
            self.now = first;
        }
        self.end_local();
    }

    fn end_local(&mut self) {
        self.now.session_user.local = None;
        self.now.role.local = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: RoleOid = RoleOid(1);
    const BOB: RoleOid = RoleOid(2);
    const CAROL: RoleOid = RoleOid(3);

    #[test]
    fn a_role_is_given_back_with_the_transaction() {
        let mut identity = Identity::new(ALICE);
        identity.push();
        identity.set_role(Some(BOB), false);
        assert_eq!((identity.session_user(), identity.current_user()), (ALICE, BOB));
        identity.rollback();
        assert_eq!(identity.current_user(), ALICE);
    }

    #[test]
    fn reset_goes_back_to_the_role_of_the_start() {
        let mut identity = Identity::new(ALICE).beginning_as(BOB);
        identity.set_role(None, false);
        assert_eq!(identity.current_user(), ALICE);
        identity.reset_role(false);
        assert_eq!(identity.current_user(), BOB);
    }

    #[test]
    fn a_local_role_ends_with_the_transaction() {
        let mut identity = Identity::new(ALICE);
        identity.push();
        identity.set_role(Some(BOB), true);
        assert_eq!(identity.current_user(), BOB);
        identity.commit();
        assert_eq!(identity.current_user(), ALICE);
    }

    #[test]
    fn a_local_session_user_ends_though_a_role_was_set() {
        let mut identity = Identity::new(ALICE);
        identity.push();
        identity.set_session_user(BOB, true);
        identity.set_role(Some(CAROL), false);
        assert_eq!((identity.session_user(), identity.current_user()), (BOB, CAROL));
        identity.commit();
        assert_eq!((identity.session_user(), identity.current_user()), (ALICE, CAROL));
    }

    #[test]
    fn session_authorization_ends_set_role() {
        let mut identity = Identity::new(ALICE);
        identity.set_role(Some(ALICE), false);
        identity.set_session_user(BOB, false);
        assert_eq!((identity.session_user(), identity.role()), (BOB, None));
        assert_eq!(identity.authenticated(), ALICE);
    }
}
