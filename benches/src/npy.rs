//! The part of numpy's `.npy` format that the peers' data needs: version 1, C order, items of eight little-endian bytes.
//!
//! Malformed files are [`io::ErrorKind::InvalidData`], with the path and what was wrong.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use adsml::core::ndarray::{Array1, Array2};

/// A matrix of `f64`.
///
/// # Errors
///
/// Of reading; `InvalidData` unless the file holds two dimensions of `<f8`.
pub fn read_matrix(path: &Path) -> io::Result<Array2<f64>> {
    let ([rows, columns], values) = open(path, "<f8", f64::from_le_bytes)?;
    Array2::from_shape_vec((rows, columns), values).map_err(|error| invalid(error.to_string()))
}

/// A vector of `f64`.
///
/// # Errors
///
/// Of reading; `InvalidData` unless the file holds one dimension of `<f8`.
pub fn read_vector(path: &Path) -> io::Result<Array1<f64>> {
    let ([_], values) = open(path, "<f8", f64::from_le_bytes)?;
    Ok(values.into())
}

/// Numbers of rows, stored as `int64`.
///
/// # Errors
///
/// Of reading; `InvalidData` unless the file holds one dimension of `<i8`, none negative.
pub fn read_indices(path: &Path) -> io::Result<Vec<usize>> {
    let ([_], indices) = open(path, "<i8", i64::from_le_bytes)?;
    let natural = |index| usize::try_from(index).map_err(|_| invalid(format!("{}: index {index}", path.display())));
    indices.into_iter().map(natural).collect()
}

fn open<T, const D: usize>(path: &Path, descr: &str, item: fn([u8; 8]) -> T) -> io::Result<([usize; D], Vec<T>)> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(named)?;
    let length = file.metadata().map_err(named)?.len();
    read(BufReader::with_capacity(1 << 16, file), length, descr, item).map_err(named)
}

/// Shape and items of a file of `length` bytes. The length is judged before memory is asked for.
fn read<T, const D: usize>(
    mut file: impl Read,
    length: u64,
    descr: &str,
    item: fn([u8; 8]) -> T,
) -> io::Result<([usize; D], Vec<T>)> {
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    if !start.starts_with(b"\x93NUMPY\x01\x00") {
        return Err(invalid("not an .npy file of version 1.0"));
    }
    let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
    file.read_exact(&mut header)?;
    let header = std::str::from_utf8(&header).map_err(|_| invalid("the header is not text"))?;
    let shape = shape(header, descr).ok_or_else(|| {
        invalid(format!("expected {D} dimensions of {descr} in C order, the header says {}", header.trim()))
    })?;
    let n_items = shape.iter().try_fold(1_usize, |product, &side| product.checked_mul(side));
    let body = length.saturating_sub((start.len() + header.len()) as u64);
    let Some(n_items) = n_items.filter(|&n| (n as u64).checked_mul(8) == Some(body)) else {
        return Err(invalid(format!("shape {shape:?} of eight bytes each, but {body} bytes follow the header")));
    };
    let mut items = Vec::with_capacity(n_items);
    let mut bytes = [0; 8];
    for _ in 0..n_items {
        file.read_exact(&mut bytes)?;
        items.push(item(bytes));
    }
    Ok((shape, items))
}

/// The shape in a header such as `{'descr': '<f8', 'fortran_order': False, 'shape': (10, 23), }`, if all of it is as wished.
fn shape<const D: usize>(header: &str, descr: &str) -> Option<[usize; D]> {
    let value = |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start());
    value("'descr':")?.strip_prefix('\'')?.strip_prefix(descr)?.strip_prefix('\'')?;
    value("'fortran_order':")?.strip_prefix("False")?;
    let (sides, _) = value("'shape':")?.strip_prefix('(')?.split_once(')')?;
    let sides = sides.split(',').map(str::trim).filter(|side| !side.is_empty());
    let sides: Vec<usize> = sides.map(|side| side.parse().ok()).collect::<Option<_>>()?;
    sides.try_into().ok()
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as `numpy.save` writes it.
    fn file(header: &str, items: &[f64]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).expect("a short header").to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(items.iter().flat_map(|item| item.to_le_bytes()));
        bytes
    }

    fn matrix(bytes: &[u8]) -> io::Result<([usize; 2], Vec<f64>)> {
        read(bytes, bytes.len() as u64, "<f8", f64::from_le_bytes)
    }

    const TWO_BY_TWO: &str = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }   \n";

    #[test]
    fn a_matrix_comes_back_row_by_row() {
        let (shape, items) = matrix(&file(TWO_BY_TWO, &[1.0, 2.0, 3.0, 4.0])).expect("a well-formed file");
        assert_eq!((shape, items), ([2, 2], vec![1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn every_malformed_file_is_an_error() {
        let good = file(TWO_BY_TWO, &[1.0, 2.0, 3.0, 4.0]);
        for cut in 0..good.len() {
            matrix(&good[..cut]).expect_err("a file cut short");
        }
        for (from, to) in [
            ("<f8", "<f4"),
            ("False", "True"),
            ("(2, 2)", "(4,)"),
            ("(2, 2)", "(2, 3)"),
            ("(2, 2)", "(-2, -2)"),
            ("(2, 2)", "(2, 2"),
            ("(2, 2)", "(18446744073709551615, 2)"),
            ("(2, 2)", "(9223372036854775807, 1)"),
        ] {
            let bytes = file(&TWO_BY_TWO.replace(from, to), &[1.0, 2.0, 3.0, 4.0]);
            assert_eq!(matrix(&bytes).expect_err(to).kind(), io::ErrorKind::InvalidData, "{to}");
        }
    }
}
