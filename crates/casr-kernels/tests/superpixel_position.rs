//! The values of superpixels depend neither on how the image is cropped (four cells away from the
//! cuts) nor on the number of threads.

mod noise;
mod superpixel_support;

use superpixel_support::window::{assert_dependent_beside_cuts, assert_independent_of_cuts};
use superpixel_support::{Case, assert_independent_of_threads};

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    assert_independent_of_cuts(Case::results);
}

#[test]
fn a_cut_changes_values_beside_it() {
    assert_dependent_beside_cuts(Case::results);
}

#[test]
fn results_do_not_depend_on_threads() {
    assert_independent_of_threads(Case::results);
}
