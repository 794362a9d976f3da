//! The program, as people run it: one test binary, a module for each subject.
mod demo;
