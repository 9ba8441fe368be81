//! HubSpot's own association types: their numbers, directions, names and labels.
//!
//! Numbers from HubSpot's guide "Associations v4", section "Association type ID values". Types that an account defines
//! itself (`USER_DEFINED`) are not here.

use super::object_types::ObjectType::{self, Communication, Company, Contact, Deal, Note, Ticket};

/// The category of every type here.
pub(crate) const CATEGORY: &str = "HUBSPOT_DEFINED";

/// One direction of an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AssociationType {
    pub(crate) id: u32,
    pub(crate) from: ObjectType,
    pub(crate) to: ObjectType,
    /// The type that the other side has.
    pub(crate) inverse: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// That there is an association at all.
    Unlabeled,
    /// The one company that counts most.
    Primary,
    Parent,
    Child,
}

/// Both directions in a row: type id and kind from the first to the second, then back.
type Pair = (ObjectType, ObjectType, u32, Kind, u32, Kind);

const PAIRS: [Pair; 22] = [
    (Contact, Contact, 449, Kind::Unlabeled, 449, Kind::Unlabeled),
    (Company, Company, 450, Kind::Unlabeled, 450, Kind::Unlabeled),
    (Deal, Deal, 451, Kind::Unlabeled, 451, Kind::Unlabeled),
    (Ticket, Ticket, 452, Kind::Unlabeled, 452, Kind::Unlabeled),
    (Company, Company, 13, Kind::Parent, 14, Kind::Child),
    (Contact, Company, 279, Kind::Unlabeled, 280, Kind::Unlabeled),
    (Contact, Company, 1, Kind::Primary, 2, Kind::Primary),
    (Deal, Contact, 3, Kind::Unlabeled, 4, Kind::Unlabeled),
    (Deal, Company, 341, Kind::Unlabeled, 342, Kind::Unlabeled),
    (Deal, Company, 5, Kind::Primary, 6, Kind::Primary),
    (Ticket, Contact, 16, Kind::Unlabeled, 15, Kind::Unlabeled),
    (Ticket, Company, 339, Kind::Unlabeled, 340, Kind::Unlabeled),
    (Ticket, Company, 26, Kind::Primary, 25, Kind::Primary),
    (Ticket, Deal, 28, Kind::Unlabeled, 27, Kind::Unlabeled),
    (Note, Contact, 202, Kind::Unlabeled, 201, Kind::Unlabeled),
    (Note, Company, 190, Kind::Unlabeled, 189, Kind::Unlabeled),
    (Note, Deal, 214, Kind::Unlabeled, 213, Kind::Unlabeled),
    (Note, Ticket, 228, Kind::Unlabeled, 227, Kind::Unlabeled),
    (Communication, Contact, 81, Kind::Unlabeled, 82, Kind::Unlabeled),
    (Communication, Company, 87, Kind::Unlabeled, 88, Kind::Unlabeled),
    (Communication, Deal, 85, Kind::Unlabeled, 86, Kind::Unlabeled),
    (Communication, Ticket, 83, Kind::Unlabeled, 84, Kind::Unlabeled),
];

/// Every type in every direction.
fn all() -> impl Iterator<Item = AssociationType> {
    PAIRS.into_iter().flat_map(|(from, to, id, kind, inverse, back)| {
        let forth = AssociationType {
            id,
            from,
            to,
            inverse,
            kind,
        };
        let back = AssociationType {
            id: inverse,
            from: to,
            to: from,
            inverse: id,
            kind: back,
        };
        std::iter::once(forth).chain((id != inverse).then_some(back))
    })
}

impl AssociationType {
    pub(crate) fn by_id(id: u32) -> Option<Self> {
        all().find(|known| known.id == id)
    }

    /// The types from one kind of record to another.
    pub(crate) fn between(from: ObjectType, to: ObjectType) -> impl Iterator<Item = Self> {
        all().filter(move |known| known.from == from && known.to == to)
    }

    /// The type that only says that two records belong together; `None` when such records never do.
    pub(crate) fn unlabeled(from: ObjectType, to: ObjectType) -> Option<Self> {
        Self::between(from, to).find(Self::is_unlabeled)
    }

    pub(crate) fn is_unlabeled(&self) -> bool {
        self.kind == Kind::Unlabeled
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.kind == Kind::Primary
    }

    /// Whether a record has at most one association of this type: a contact has one primary company, a company is that of many
    /// contacts.
    pub(crate) fn is_only_one(&self) -> bool {
        self.is_primary() && self.to == Company
    }

    /// The name in answers of v3: where there is a primary type, it has the plain name.
    pub(crate) fn name(&self) -> String {
        let plain = format!("{}_to_{}", self.from.singular(), self.to.singular());
        match self.kind {
            Kind::Parent => "parent_to_child_company".to_owned(),
            Kind::Child => "child_to_parent_company".to_owned(),
            Kind::Unlabeled if Self::between(self.from, self.to).any(|known| known.is_primary()) => {
                format!("{plain}_unlabeled")
            }
            Kind::Unlabeled | Kind::Primary => plain,
        }
    }

    /// The label in answers of v4.
    pub(crate) const fn label(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Unlabeled => None,
            Kind::Primary => Some("Primary"),
            Kind::Parent => Some("Parent Company"),
            Kind::Child => Some("Child Company"),
        }
    }

    /// What webhooks call an association of this type: `CONTACT_TO_COMPANY`, and `CONTACT_TO_ENGAGEMENT` for notes and
    /// communications.
    pub(crate) fn change_name(&self) -> String {
        let name = |object_type: ObjectType| {
            if object_type.is_engagement() {
                "ENGAGEMENT".to_owned()
            } else {
                object_type.singular().to_uppercase()
            }
        };
        format!("{}_TO_{}", name(self.from), name(self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_means_one_direction_and_leads_back() {
        for known in all() {
            assert_eq!(AssociationType::by_id(known.id), Some(known));
            let back = AssociationType::by_id(known.inverse).unwrap();
            assert_eq!((back.from, back.to, back.inverse), (known.to, known.from, known.id));
        }
    }

    #[test]
    fn names_are_those_of_hubspots_answers() {
        let name = |id| AssociationType::by_id(id).unwrap().name();
        assert_eq!(name(1), "contact_to_company");
        assert_eq!(name(279), "contact_to_company_unlabeled");
        assert_eq!(name(202), "note_to_contact");
        assert_eq!(name(4), "contact_to_deal");
        assert_eq!(
            AssociationType::by_id(201).unwrap().change_name(),
            "CONTACT_TO_ENGAGEMENT"
        );
    }
}
