//! Examples; see the files beside this one and `README.md`.
