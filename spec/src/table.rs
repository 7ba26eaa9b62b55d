//! Tables of a machine: every state takes every input, and a snapshot keeps what came of it.
//!
//! Each cell is the outcome of the real decision: `said -> state` where facts changed, `said =`
//! where they did not, the number of the error where it was refused, `.` where a state has no such
//! input. What was refused has changed no facts, which is asserted in every cell.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{Debug, Write};

use crate::error::Code;

/// The facts of one machine, with the surroundings that its decisions read.
pub(crate) trait Machine: Clone + PartialEq + Debug {
    /// Makes an input, as the one who sends it to this state would, if there is one.
    type Input: Copy;

    /// The state's name.
    fn state(&self) -> String;

    /// Decides on the input and stores what the decision writes; what is said then.
    fn take(&mut self, input: Self::Input) -> Option<Result<String, Code>>;
}

/// Columns that are printed beside each other.
pub(crate) type Group<'a, I> = &'a [(&'a str, I)];

/// The table: a row for each state, in blocks of columns, and the errors' names below.
pub(crate) fn table<M: Machine>(states: &[M], groups: &[Group<'_, M::Input>]) -> String {
    let mut codes = BTreeSet::new();
    let mut out = String::new();
    for group in groups {
        let mut rows = Vec::new();
        let mut head = Vec::from(["".to_owned()]);
        head.extend(group.iter().map(|(name, _)| (*name).to_owned()));
        rows.push(head);
        for before in states {
            let mut row = Vec::from([before.state()]);
            row.extend(group.iter().map(|(_, input)| {
                let (cell, code) = cell(before, *input);
                codes.extend(code);
                cell
            }));
            rows.push(row);
        }
        print(&mut out, &rows);
        out.push('\n');
    }
    for code in codes {
        let code = Code::from_number(code).unwrap();
        writeln!(out, "{} {}", code.number(), code.name()).unwrap();
    }
    out
}

/// Takes one input in one state.
fn cell<M: Machine>(before: &M, input: M::Input) -> (String, Option<u16>) {
    let mut after = before.clone();
    match after.take(input) {
        None => (".".to_owned(), None),
        Some(Err(code)) => {
            assert_eq!(&after, before, "{code:?} is no change");
            let number = code.number();
            (format!("{number}"), Some(number))
        }
        Some(Ok(said)) if after == *before => (format!("{said} ="), None),
        Some(Ok(said)) => (format!("{said} -> {}", after.state()), None),
    }
}

/// Columns as wide as their widest cell.
fn print(out: &mut String, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            write!(line, "{cell:width$} | ").unwrap();
        }
        writeln!(out, "{}", line.trim_end_matches([' ', '|'])).unwrap();
    }
}
