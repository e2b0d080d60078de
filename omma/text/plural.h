// English plurals of what things are called.
#pragma once

#include <string>

namespace omma {

// By rule, of the last word: "box" gives "boxes", "berry" "berries", "red blood cell" "red blood cells"; and the few that people
// draw and label and that follow none: "person" gives "people", "jellyfish" stays.
std::string plural_of(const std::string& singular);

}  // namespace omma
