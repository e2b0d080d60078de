// One turn of a dialogue about a picture.
#pragma once

#include <string>

namespace omma {

struct InstructionRound {
  std::string question;
  std::string answer;
  bool operator==(const InstructionRound&) const = default;
};

}  // namespace omma
