//! The agents, and the customers whom each of them serves. A real portal reads them from its CRM.

use std::fmt;

use aws_lc_rs::{constant_time::verify_slices_are_equal, error::Unspecified, rand};

/// The agents and customers.
#[derive(Debug)]
pub struct Directory {
    agents: Vec<Agent>,
    customers: Vec<Customer>,
    password: Password,
}

/// An agent, identified by email.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) email: String,
    pub(crate) name: String,
}

/// A customer. The customer's devices report the id as `user_id`.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) about: String,
    /// The emails of the agents who serve this customer.
    served_by: Vec<String>,
}

impl Directory {
    /// Returns two agents and three customers, one of whom both agents serve.
    #[must_use]
    pub fn demo(password: Password) -> Self {
        let [jane, omar] = [("jane@example.com", "Jane Doe"), ("omar@example.com", "Omar Haddad")];
        let customer = |id: &str, name: &str, about: &str, agents: &[(&str, &str)]| Customer {
            id: id.into(),
            name: name.into(),
            about: about.into(),
            served_by: agents.iter().map(|(email, _)| (*email).into()).collect(),
        };
        Self {
            agents: [jane, omar].map(|(email, name)| Agent { email: email.into(), name: name.into() }).into(),
            customers: vec![
                customer("42", "Ada Lindqvist", "Cannot find her last invoice", &[jane]),
                customer("43", "Björn Okafor", "Locked out of the app", &[jane, omar]),
                customer("44", "Chiara Núñez", "Wants to raise a limit", &[omar]),
            ],
            password,
        }
    }

    pub(crate) fn emails(&self) -> String {
        self.agents.iter().map(|agent| agent.email.as_str()).collect::<Vec<_>>().join(" or ")
    }

    /// Returns the agent with this email if the password matches.
    pub(crate) fn authenticate(&self, email: &str, password: &str) -> Option<&Agent> {
        verify_slices_are_equal(self.password.0.as_bytes(), password.as_bytes()).ok()?;
        self.agent(email.trim())
    }

    pub(crate) fn agent(&self, email: &str) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.email.eq_ignore_ascii_case(email))
    }

    /// Returns the customers whom this agent serves.
    pub(crate) fn customers_of(&self, agent: &Agent) -> impl Iterator<Item = &Customer> {
        self.customers.iter().filter(|customer| customer.served_by.contains(&agent.email))
    }

    /// Returns the customer with this id if this agent serves them.
    pub(crate) fn customer_of(&self, agent: &Agent, id: &str) -> Option<&Customer> {
        self.customers_of(agent).find(|customer| customer.id == id)
    }
}

/// The demo agents' password.
pub struct Password(String);

impl Password {
    /// Returns the given password.
    #[must_use]
    pub const fn new(password: String) -> Self {
        Self(password)
    }

    /// Returns a random password, and a text that contains it for the operator.
    ///
    /// # Errors
    ///
    /// If the operating system returns no random bytes.
    pub fn random() -> Result<(Self, String), Unspecified> {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes)?;
        let password = format!("{:016x}", u64::from_be_bytes(bytes));
        let hint = format!("the password {password}");
        Ok((Self(password), hint))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}
