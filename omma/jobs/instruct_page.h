// Instruction data for a person to look at.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "omma/jobs/instruct_summary.h"
#include "omma/vision/image.h"

namespace omma {

// One HTML file that needs nothing else: figures, and the examples with their pictures, what was kept and what was refused and why.
// All text is from outside and shown as text. A picture that `image_of` cannot give (std::invalid_argument) is told in its place.
std::string instruct_page(const InstructSummary& summary, const std::function<Image(std::size_t index)>& image_of);

}  // namespace omma
