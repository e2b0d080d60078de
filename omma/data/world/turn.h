// Turns by whole degrees in whole numbers.
#pragma once

namespace omma {

// Of 2^16, for any angle in degrees.
int fixed_sine(int degrees);
int fixed_cosine(int degrees);

}  // namespace omma
