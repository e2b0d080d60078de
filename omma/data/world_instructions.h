// The picture-book world as instruction data. Not part of the interface: see instruction_dataset.h.
#pragma once

#include <memory>
#include <string_view>

#include "omma/data/instruction_dataset.h"

namespace omma {

std::unique_ptr<InstructionDataset> open_world_instructions(std::string_view settings, std::string_view split);

}  // namespace omma
