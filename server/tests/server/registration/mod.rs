//! Registration: what is taken, what is refused and how, what is held back, what is sent again, and what is given away, which is
//! nothing.

mod again;
mod apart;
mod forms;
mod held;
mod tokens;
