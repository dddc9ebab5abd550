//! The bits of the superpixels' gradients depend neither on the instruction set, nor on how the
//! image is cropped (four cells away from the cuts), nor on the number of threads.

use super::superpixel_support::window::{assert_dependent_beside_cuts, assert_independent_of_cuts};
use super::superpixel_support::{
    Case, assert_exact, assert_independent_of_threads, plain_and_sharp_cases,
};
use casr_kernels::InstructionSet;

#[test]
fn instruction_sets_agree_bit_for_bit() {
    assert_exact(plain_and_sharp_cases(), Case::gradients);
}

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    assert_independent_of_cuts(Case::gradients);
}

#[test]
fn a_cut_changes_values_beside_it() {
    assert_dependent_beside_cuts(Case::gradients);
}

#[test]
fn gradients_do_not_depend_on_threads() {
    assert_independent_of_threads(Case::gradients);
}

#[test]
fn an_empty_image_has_no_gradients() {
    for (images, height, width) in [(0, 5, 5), (2, 0, 9), (2, 9, 0)] {
        let case = Case::new((images, height, width), 3, 8);
        for set in InstructionSet::available() {
            for (what, _, values) in case.gradients(set) {
                assert!(values.iter().all(|value| *value == 0.0), "{what}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "output gradient length")]
fn a_wrong_output_gradient_is_refused() {
    let mut case = Case::new((1, 5, 7), 3, 4);
    case.of_moments.push(0.0);
    let set = InstructionSet::best();
    case.moments_gradient(set, &case.assign(set), true);
}
