//! One of something for each kind of record, so that looking one up cannot fail.

use serde::{Deserialize, Serialize};

use super::object_types::ObjectType;

/// A value for each kind of record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PerType<T> {
    contacts: T,
    companies: T,
    deals: T,
    tickets: T,
    notes: T,
    communications: T,
}

impl<T> PerType<T> {
    pub(crate) fn new(mut make: impl FnMut(ObjectType) -> T) -> Self {
        Self {
            contacts: make(ObjectType::Contact),
            companies: make(ObjectType::Company),
            deals: make(ObjectType::Deal),
            tickets: make(ObjectType::Ticket),
            notes: make(ObjectType::Note),
            communications: make(ObjectType::Communication),
        }
    }

    pub(crate) const fn of(&self, object_type: ObjectType) -> &T {
        match object_type {
            ObjectType::Contact => &self.contacts,
            ObjectType::Company => &self.companies,
            ObjectType::Deal => &self.deals,
            ObjectType::Ticket => &self.tickets,
            ObjectType::Note => &self.notes,
            ObjectType::Communication => &self.communications,
        }
    }

    pub(crate) const fn of_mut(&mut self, object_type: ObjectType) -> &mut T {
        match object_type {
            ObjectType::Contact => &mut self.contacts,
            ObjectType::Company => &mut self.companies,
            ObjectType::Deal => &mut self.deals,
            ObjectType::Ticket => &mut self.tickets,
            ObjectType::Note => &mut self.notes,
            ObjectType::Communication => &mut self.communications,
        }
    }
}
