#include "omma/models/grounding_dino/probe.h"

#include <fmt/format.h>

namespace omma::grounding_dino {

void Probe::operator()(std::string_view before, std::size_t index, std::string_view after, const Tensor& value) const {
  if (see) see(fmt::format("{}.{}.{}", before, index, after), value);
}

}  // namespace omma::grounding_dino
