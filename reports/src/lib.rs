//! HTML, JUnit and JSON reports and plots of a judged gridproof run
