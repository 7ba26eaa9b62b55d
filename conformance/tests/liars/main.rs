//! An adapter that lies: the reference, with one thing wrong about it.
fn main() {}
