//! The traffic cop: dispatch, prepared statements, portals, settings, role, transaction.
