//! What may come of a model file on its way, and what a model that was read is put through.

use adsml_core::{ModelFile, Regressor, Stream};
use ndarray::{Array2, s};

/// A model that was read must be as good as any other: nothing it does panics.
pub(super) fn use_model(model: &dyn Regressor, x: &Array2<f64>) {
    let x = x.slice(s![..8, ..]);
    let _ = model.predict(x);
    let _ = model.as_classifier().map(|classifier| classifier.predict_proba(x));
    for row in x.outer_iter() {
        let _ = (model.predict_row(&row.to_vec()), model.steps_along(0, &row.to_vec()));
    }
    let _ = model.importance();
    let _ = model.to_file().map(|file| file.to_bytes());
}

/// A file cut short, and one with a bit turned over, is no file.
pub(super) fn assert_damage_is_refused(bytes: &[u8]) {
    assert!(ModelFile::from_bytes(bytes).is_ok());
    for length in (0..bytes.len()).step_by(7) {
        assert!(ModelFile::from_bytes(&bytes[..length]).is_err(), "{length} bytes of {}", bytes.len());
    }
    let mut damaged = bytes.to_vec();
    for bit in (0..8 * bytes.len()).step_by(41) {
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(ModelFile::from_bytes(&damaged).is_err(), "bit {bit}");
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
}

/// Others in place of a section: up to `n_lengths` of its beginnings and ends, one byte all over, and `n_bits` with a bit turned over.
pub(super) fn others(section: &[u8], n_lengths: usize, n_bits: usize, stream: &mut Stream) -> Vec<Vec<u8>> {
    let lengths = 0..section.len().min(n_lengths);
    let cut = lengths.flat_map(|length| [section[..length].to_vec(), section[section.len() - length..].to_vec()]);
    let filled = [0x00, 0x7f, 0x80, 0xff].map(|fill| vec![fill; section.len()]);
    let turned = (0..n_bits).map(|_| {
        let mut other = section.to_vec();
        let bit = stream.below(8 * section.len());
        other[bit / 8] ^= 1 << (bit % 8);
        other
    });
    cut.chain(filled).chain(turned).collect()
}
